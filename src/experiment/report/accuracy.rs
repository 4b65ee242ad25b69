//! Accuracy under every regime, as bars and as figures.

use maud::{Markup, html};

use super::RunReport;
use super::bars::{Bar, Group, Series, grouped_bars};
use super::figures::{figure, legend, run_class};

/// The regimes that every scene has, in the order in which they are shown.
const USUAL: [&str; 3] = ["iid", "flipped", "randomised"];

/// The section: a chart, a table, and what each regime is.
pub(super) fn section(runs: &[RunReport], names: &[String]) -> Markup {
    let regimes = regimes(runs);
    let groups: Vec<Group> = regimes.iter().map(|regime| group(regime, runs, names)).collect();
    html! {
        section #accuracy {
            h2 { "Accuracy under each regime" }
            p.lead {
                "How often each model names the right label when the world changes. A model that "
                "reads the causes does about as well everywhere; one that relies on a shortcut does "
                "well under iid and falls where the shortcut no longer goes with the label. The best "
                "possible model knows all but the noise of the label. A regime that changes nothing "
                "in this scene is left out."
            }
            (legend(names, false))
            (grouped_bars(&groups, 180.0, "Accuracy of every run under every regime"))
            div.scroll {
                table {
                    caption { "Accuracy in figures" }
                    thead {
                        tr {
                            th scope="col" { "regime" }
                            th scope="col" { "what it is" }
                            th.number scope="col" { "best possible" }
                            @for (run, name) in names.iter().enumerate() {
                                th.number.(run_class(run)) scope="col" {
                                    span.chip {} (name)
                                }
                            }
                        }
                    }
                    tbody {
                        @for regime in &regimes {
                            tr {
                                th scope="row" { (regime) }
                                td.wide { (meaning(regime)) }
                                td.number { (figure(best(runs, regime))) }
                                @for run in runs {
                                    td.number { (figure(accuracy(run, regime))) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The regimes of all runs: the usual ones first, then the scene's own by name.
fn regimes(runs: &[RunReport]) -> Vec<&str> {
    let mut own: Vec<&str> = runs
        .iter()
        .flat_map(|run| run.metrics.evaluation.accuracy.keys())
        .map(String::as_str)
        .collect();
    own.sort_unstable();
    own.dedup();
    let usual = USUAL.into_iter().filter(|regime| own.contains(regime));
    usual.chain(own.iter().copied().filter(|regime| !USUAL.contains(regime))).collect()
}

fn accuracy(run: &RunReport, regime: &str) -> f64 {
    run.metrics.evaluation.accuracy.get(regime).copied().unwrap_or(f64::NAN)
}

/// What the best possible model comes to, where it's known.
fn best(runs: &[RunReport], regime: &str) -> f64 {
    let known = runs.iter().find_map(|run| run.metrics.evaluation.best_accuracy.get(regime));
    known.copied().unwrap_or(f64::NAN)
}

fn group(regime: &str, runs: &[RunReport], names: &[String]) -> Group {
    let bar = |(run, report): (usize, &RunReport)| {
        let value = accuracy(report, regime);
        Bar {
            series: Series::Run(run),
            value,
            interval: None,
            tip: format!("{regime}: accuracy {} of {}", figure(value), names[run]),
        }
    };
    Group {
        name: regime.into(),
        note: String::new(),
        bars: runs.iter().enumerate().map(bar).collect(),
    }
}

fn meaning(regime: &str) -> &'static str {
    match regime {
        "iid" => "new samples of the world that the model was trained in",
        "flipped" => "the confounding is reversed: shortcuts go with the other label",
        "randomised" => "every non-causal factor is set at random, whatever the label",
        _ => "a change of the world that this scene defines",
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::run_names;
    use super::super::sample;
    use super::*;

    #[test]
    fn usual_regimes_come_first() {
        let mut runs = sample::duck(2).runs;
        runs[1].metrics.evaluation.accuracy.insert("aviary".into(), 0.5);
        runs[0].metrics.evaluation.accuracy.insert("zoo".into(), 0.6);
        assert_eq!(regimes(&runs), ["iid", "flipped", "randomised", "aviary", "zoo"]);
    }

    #[test]
    fn a_regime_without_a_figure_is_not_drawn_as_nought() {
        let mut runs = sample::duck(2).runs;
        runs[1].metrics.evaluation.accuracy.insert("flipped".into(), f64::NAN);
        runs[1].metrics.evaluation.accuracy.remove("randomised");
        let html = section(&runs, &run_names(&runs)).into_string();
        // One of each; the best possible stands beside all.
        assert_eq!(html.matches("<td class=\"number\">n/a</td>").count(), 2);
        assert!(html.contains("accuracy n/a of c3r"));
    }
}
