//! The C3 risk with its two parts, beside the causal error.

use maud::{Markup, html};

use super::RunReport;
use super::figures::{at, figure, run_class, short};
use crate::measure::C3Risk;

const WIDTH: f64 = 960.0;
/// How far the drawing may be enlarged.
const LARGEST: f64 = 1.22;
/// How long each of the two scales is, and the space between them.
const RISK: f64 = 400.0;
const ERROR: f64 = 220.0;
const BETWEEN: f64 = 80.0;
/// Room for the runs' names.
const NAMES: (f64, f64) = (60.0, 200.0);
const TOP: f64 = 34.0;
const ROW: f64 = 38.0;
const BAR: f64 = 20.0;
/// The C3 risk lies between 0 and 2.
const RISK_END: f64 = 2.0;

/// The section: risk and error side by side, the same in figures, and how to read them together.
pub(super) fn section(runs: &[RunReport], names: &[String]) -> Markup {
    html! {
        section #risk {
            h2 { "C3 risk beside causal error" }
            p.lead {
                "On the left what the C3R objective brings down and can be computed without "
                "knowing the scene; on the right what it is meant to bring down, which only the "
                "scene’s own twins can tell. Where the left bar is short and the right bar is not, "
                "the risk has been lowered without learning the causes."
            }
            (chart(runs, names))
            (table(runs, names))
            div.remark {
                p {
                    b { "Causal error" } " is the mean distance between learned and true PNS over "
                    "all factors, all classes of the label and both directions: how far the coloured "
                    "bars above miss the truth. 0 is perfect."
                }
                p {
                    b { "C3 risk" } " is the share of samples predicted wrongly (sufficiency) plus "
                    "the share whose hypothetical branch is still given the true label "
                    "(necessity). A hypothetical branch equal to the real one gives exactly 1."
                }
                p {
                    b { "Read them together. " }
                    "With a linear head over two classes the gradient counterfactual is a "
                    "function of the sample’s margin alone, so it can’t tell one factor from "
                    "another. A C3 risk near 0 is therefore no evidence of a causal "
                    "representation."
                }
            }
        }
    }
}

fn chart(runs: &[RunReport], names: &[String]) -> Markup {
    let bottom = TOP + ROW * runs.len() as f64;
    let errors = runs.iter().map(causal_error).filter(|error| error.is_finite());
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let left = (longest as f64 * 7.4 + 16.0).clamp(NAMES.0, NAMES.1);
    let risk = Scale { left, long: RISK, end: RISK_END };
    let end = round_up(errors.fold(0.0, f64::max));
    let error = Scale { left: left + RISK + BETWEEN, long: ERROR, end };
    html! {
        svg.chart viewBox={ "0 0 " (at(WIDTH)) " " (at(bottom + 30.0)) }
            style={ "max-width:" (at(WIDTH * LARGEST)) "px" } role="img"
            aria-label="C3 risk and causal error of every run" {
            text.head x=(at(risk.left)) y="16" {
                "C3 risk: sufficiency (full) + necessity (pale)"
            }
            text.head x=(at(error.left)) y="16" { "Causal error" }
            (risk.draw(bottom))
            (error.draw(bottom))
            @for (run, report) in runs.iter().enumerate() {
                @let top = TOP + ROW * run as f64;
                g.(run_class(run)) transform={ "translate(0 " (at(top)) ")" } {
                    text.row x=(at(left - 10.0)) y=(at(ROW / 2.0 + 4.5)) { (names[run]) }
                    (risk_bar(report, &risk))
                    (error_bar(report, &error))
                }
            }
        }
    }
}

/// The risk of a run; no numbers where it wasn't asked.
fn risk_of(report: &RunReport) -> C3Risk {
    let open = C3Risk { sufficiency: f64::NAN, necessity: f64::NAN, total: f64::NAN };
    report.metrics.evaluation.c3_risk.unwrap_or(open)
}

fn causal_error(report: &RunReport) -> f64 {
    report.metrics.evaluation.headline.causal_error.unwrap_or(f64::NAN)
}

/// A horizontal scale from 0 to `end`.
struct Scale {
    left: f64,
    long: f64,
    end: f64,
}

impl Scale {
    /// How far a value reaches; what is not finite reaches nowhere.
    fn length(&self, value: f64) -> f64 {
        if value.is_finite() { (value / self.end).clamp(0.0, 1.0) * self.long } else { 0.0 }
    }

    fn draw(&self, bottom: f64) -> Markup {
        html! {
            @for quarter in 0..=4 {
                @let part = f64::from(quarter) / 4.0;
                @let x = self.left + self.long * part;
                line.grid.base[quarter == 0] x1=(at(x)) x2=(at(x)) y1=(at(TOP - 6.0))
                    y2=(at(bottom)) {}
                text.tick.under x=(at(x)) y=(at(bottom + 18.0)) { (tick(self.end * part)) }
            }
        }
    }
}

fn risk_bar(report: &RunReport, scale: &Scale) -> Markup {
    let risk = risk_of(report);
    let sufficiency = scale.length(risk.sufficiency);
    let both = scale.length(risk.sufficiency + risk.necessity).max(sufficiency);
    let top = at((ROW - BAR) / 2.0);
    html! {
        g {
            title {
                "sufficiency " (figure(risk.sufficiency)) " + necessity " (figure(risk.necessity))
                " = " (figure(risk.total))
            }
            rect.bar x=(at(scale.left)) y=(top) width=(at(sufficiency)) height=(at(BAR))
                data-value=(risk.sufficiency) {}
            rect.bar.light x=(at(scale.left + sufficiency)) y=(top)
                width=(at(both - sufficiency)) height=(at(BAR)) data-value=(risk.necessity) {}
            text.beside x=(at(scale.left + both + 7.0)) y=(at(ROW / 2.0 + 4.5)) {
                (figure(risk.total))
            }
        }
    }
}

fn error_bar(report: &RunReport, scale: &Scale) -> Markup {
    let error = causal_error(report);
    let width = scale.length(error);
    html! {
        g {
            title { "causal error " (figure(error)) }
            rect.bar x=(at(scale.left)) y=(at((ROW - BAR) / 2.0)) width=(at(width))
                height=(at(BAR)) data-value=(error) {}
            text.beside x=(at(scale.left + width + 7.0)) y=(at(ROW / 2.0 + 4.5)) {
                (figure(error))
            }
        }
    }
}

/// A tick's figure: two decimals at most, without trailing noughts.
fn tick(value: f64) -> String {
    let text = short(value);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

/// The end of the error's scale: the next of .2, .4, .8 or 1, so that its quarters are round.
fn round_up(value: f64) -> f64 {
    [0.2, 0.4, 0.8].into_iter().find(|end| value <= *end).unwrap_or(1.0)
}

fn table(runs: &[RunReport], names: &[String]) -> Markup {
    html! {
        div.scroll {
            table {
                caption { "Risk and error in figures" }
                thead {
                    tr {
                        th scope="col" { "run" }
                        th.number scope="col" { "sufficiency" }
                        th.number scope="col" { "necessity" }
                        th.number scope="col" { "C3 risk" }
                        th.number scope="col" { "causal error" }
                    }
                }
                tbody {
                    @for (run, report) in runs.iter().enumerate() {
                        @let risk = risk_of(report);
                        tr {
                            th scope="row" class=(run_class(run)) { span.chip {} (names[run]) }
                            td.number { (figure(risk.sufficiency)) }
                            td.number { (figure(risk.necessity)) }
                            td.number { (figure(risk.total)) }
                            td.number { (figure(causal_error(report))) }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::run_names;
    use super::super::sample;
    use super::super::tags::{attribute, elements};
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_values() {
        let runs = sample::duck(3).runs;
        let html = section(&runs, &run_names(&runs)).into_string();
        let bars: Vec<String> = elements(&html, "rect");
        assert_eq!(bars.len(), 9);
        let number =
            |tag: &str, name: &str| -> f64 { attribute(tag, name).unwrap().parse().unwrap() };
        for (place, bar) in bars.iter().enumerate() {
            let unit = if place % 3 == 2 { ERROR / 0.2 } else { RISK / RISK_END };
            let (value, width) = (number(bar, "data-value"), number(bar, "width"));
            assert!((width - value * unit).abs() < 0.011, "{bar}");
        }
    }

    #[test]
    fn the_remark_is_there_and_so_is_every_figure() {
        let runs = sample::duck(2).runs;
        let html = section(&runs, &run_names(&runs)).into_string();
        assert!(html.contains("no evidence of a causal representation"));
        for run in &runs {
            assert!(html.contains(&figure(risk_of(run).total)));
            assert!(html.contains(&figure(causal_error(run))));
        }
    }

    #[test]
    fn what_is_not_finite_has_no_length() {
        let mut runs = sample::duck(1).runs;
        let found = &mut runs[0].metrics.evaluation;
        found.c3_risk.as_mut().unwrap().necessity = f64::NAN;
        found.headline.causal_error = Some(f64::INFINITY);
        let html = section(&runs, &run_names(&runs)).into_string();
        for bar in elements(&html, "rect") {
            let width: f64 = attribute(&bar, "width").unwrap().parse().unwrap();
            assert!(width.is_finite());
        }
        assert!(html.contains("n/a"));
    }

    #[test]
    fn scale_ends() {
        assert_eq!(round_up(0.108), 0.2);
        assert_eq!(round_up(0.36), 0.4);
        assert_eq!(round_up(3.0), 1.0);
        assert_eq!(tick(1.5), "1.5");
        assert_eq!(tick(0.05), ".05");
        assert_eq!(tick(2.0), "2");
    }
}
