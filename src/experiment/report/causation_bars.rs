//! Truth beside learned: PNS, PN and PS of every factor, as bars and as figures.

use maud::{Markup, html};

use crate::measure::condition::Reach;
use crate::measure::{Causation, FactorCausation, Intervals};

use super::bars::{Bar, Group, Series, grouped_bars};
use super::factors::{FactorRow, role_meaning};
use super::figures::{figure, interval, legend, run_class};

/// One of the quantities that are shown of every factor.
struct Quantity {
    /// Its abbreviation.
    name: &'static str,
    /// Its name in full.
    long: &'static str,
    /// What it means, in one or two sentences.
    meaning: &'static str,
    reach: Reach,
    value: fn(&Causation) -> Option<f64>,
    interval: fn(&Intervals) -> Option<[f64; 2]>,
    /// Whether the truth is of the total effect, which a direct one isn't held against.
    has_truth: bool,
    /// Height of its chart.
    plot: f64,
}

const QUANTITIES: [Quantity; 5] = [
    Quantity {
        name: "PNS",
        long: "Probability of necessity and sufficiency",
        meaning: "In what share of all samples does the prediction follow this factor both ways: \
                  there with it, gone without it?",
        reach: Reach::Total,
        value: |c| c.pns,
        interval: |i| i.pns,
        has_truth: true,
        plot: 240.0,
    },
    Quantity {
        name: "PNS reversed",
        long: "The same reversed",
        meaning: "In what share of all samples is the prediction there without this factor and gone \
                  with it? A model that has turned a shortcut round shows here and not above.",
        reach: Reach::Total,
        value: |c| c.reversed,
        interval: |i| i.reversed,
        has_truth: true,
        plot: 150.0,
    },
    Quantity {
        name: "direct reliance",
        long: "Direct reliance",
        meaning: "For what share of all samples does the prediction change at all when nothing \
                  changes but what this factor itself shows? All that depends on the factor stays \
                  as it was.",
        reach: Reach::Direct,
        value: |c| c.reliance,
        interval: |i| i.reliance,
        has_truth: false,
        plot: 150.0,
    },
    Quantity {
        name: "PN",
        long: "Probability of necessity",
        meaning: "Of the samples that have both the factor and the label: how many would lose the \
                  label without the factor?",
        reach: Reach::Total,
        value: |c| c.pn,
        interval: |i| i.pn,
        has_truth: true,
        plot: 150.0,
    },
    Quantity {
        name: "PS",
        long: "Probability of sufficiency",
        meaning: "Of the samples that have neither the factor nor the label: how many would gain the \
                  label with the factor?",
        reach: Reach::Total,
        value: |c| c.ps,
        interval: |i| i.ps,
        has_truth: true,
        plot: 150.0,
    },
];

impl Quantity {
    /// Of the truth; no number where it isn't known or not asked.
    fn truth(&self, row: &FactorRow) -> f64 {
        let known = row.truth.as_ref().filter(|_| self.has_truth).and_then(self.value);
        known.unwrap_or(f64::NAN)
    }

    /// Of the best possible model.
    fn best(&self, row: &FactorRow) -> f64 {
        let known = row.best.as_ref().filter(|_| self.has_truth).and_then(self.value);
        known.unwrap_or(f64::NAN)
    }

    /// Of a model, with its interval.
    fn learned(&self, factor: Option<&FactorCausation>) -> (f64, Option<[f64; 2]>) {
        let found = factor.and_then(FactorCausation::of_interest).map(|c| c.learned(self.reach));
        let value = found.and_then(self.value).unwrap_or(f64::NAN);
        (value, found.and_then(|c| c.intervals.as_ref()).and_then(self.interval))
    }
}

/// The section: a chart and a table for each of PNS, PN and PS, and what the roles mean.
/// `intervals` says how the whiskers were made.
pub(super) fn section(rows: &[FactorRow<'_>], names: &[String], intervals: &str) -> Markup {
    let of_interest =
        rows.iter().flat_map(|row| &row.learned).flatten().find_map(|f| f.of_interest());
    let class = of_interest.map_or("", |class| class.class.as_str());
    html! {
        section #truth {
            h2 { "Truth beside learned" }
            p.lead {
                "The first bar of each group is the truth: what the scene’s own mechanisms say. "
                "The coloured bars are what each model does when the same factor "
                "is switched in everything it is shown. A coloured bar as high as the truth is "
                "right; a coloured bar where the truth is 0 means that the model answers to what causes "
                "nothing. Where the definitions below say label, a model’s is its prediction. All of "
                "this is about the class "
                b { (class) } "; " code { "metrics.json" } " has every class."
            }
            (roles(rows))
            @for quantity in &QUANTITIES {
                h3 { (quantity.long) " (" (quantity.name) ")" }
                p { (quantity.meaning) }
                (legend(names, quantity.has_truth))
                (chart(rows, names, quantity))
                (table(rows, names, quantity))
            }
            p.small {
                "Whiskers and brackets: 95% intervals"
                @if !intervals.is_empty() { " (" (intervals) ")" }
                ". Bold: the interval leaves out the truth."
            }
        }
    }
}

fn chart(rows: &[FactorRow<'_>], names: &[String], quantity: &Quantity) -> Markup {
    let groups: Vec<Group> = rows
        .iter()
        .map(|row| Group {
            name: row.name.into(),
            note: row.note.clone(),
            bars: bars(row, names, quantity),
        })
        .collect();
    let description = format!("{} of every factor: truth beside each run", quantity.long);
    grouped_bars(&groups, quantity.plot, &description)
}

fn bars(row: &FactorRow<'_>, names: &[String], quantity: &Quantity) -> Vec<Bar> {
    let truth = quantity.truth(row);
    let mut bars = Vec::new();
    if quantity.has_truth {
        bars.push(Bar {
            series: Series::Truth,
            value: truth,
            interval: None,
            tip: format!("{}: true {} {}", row.name, quantity.name, figure(truth)),
        });
    }
    for (run, learned) in row.learned.iter().enumerate() {
        let (value, ends) = quantity.learned(*learned);
        let bracket = ends.map(interval).unwrap_or_default();
        bars.push(Bar {
            series: Series::Run(run),
            value,
            interval: ends,
            tip: format!(
                "{}: {} {} of {} {bracket}",
                row.name,
                quantity.name,
                figure(value),
                names[run]
            ),
        });
    }
    bars
}

fn table(rows: &[FactorRow<'_>], names: &[String], quantity: &Quantity) -> Markup {
    html! {
        div.scroll {
            table {
                caption { (quantity.name) " in figures" }
                thead {
                    tr {
                        th scope="col" { "factor" }
                        th scope="col" { "role" }
                        @if quantity.has_truth {
                            th.number.truth scope="col" { span.chip {} "truth" }
                            th.number scope="col" { "best possible" }
                        }
                        @for (run, name) in names.iter().enumerate() {
                            th.number.(run_class(run)) scope="col" { span.chip {} (name) }
                        }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            th scope="row" { (row.name) }
                            td { (row.note) }
                            @if quantity.has_truth {
                                td.number { (figure(quantity.truth(row))) }
                                td.number { (figure(quantity.best(row))) }
                            }
                            @for learned in &row.learned { (cell(*learned, row, quantity)) }
                        }
                    }
                }
            }
        }
    }
}

fn cell(learned: Option<&FactorCausation>, row: &FactorRow<'_>, quantity: &Quantity) -> Markup {
    let (value, ends) = quantity.learned(learned);
    let truth = quantity.truth(row);
    let off = ends.is_some_and(|ends| truth < ends[0] || truth > ends[1]);
    html! {
        td.number.off[off] {
            (figure(value))
            @if let Some(ends) = ends { " " span.interval { (interval(ends)) } }
        }
    }
}

/// The roles that the scene uses, explained once.
fn roles(rows: &[FactorRow<'_>]) -> Markup {
    let mut seen: Vec<&str> = Vec::new();
    for row in rows {
        if !seen.contains(&row.role) {
            seen.push(row.role);
        }
    }
    html! {
        dl.roles {
            @for role in seen {
                @if let Some(meaning) = role_meaning(role) {
                    div { dt { (role) } dd { (meaning) } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::factors::factor_rows;
    use super::super::figures::run_names;
    use super::super::sample;
    use super::*;

    #[test]
    fn every_factor_role_and_run_is_named_with_its_figures() {
        let runs = sample::duck(3).runs;
        let html = section(&factor_rows(&runs), &run_names(&runs), "by bootstrap").into_string();
        for entry in runs.iter().flat_map(|run| &run.metrics.evaluation.causation) {
            assert!(html.contains(&format!("<th scope=\"row\">{}</th>", entry.factor)));
            assert!(html.contains(&format!("<td>{}</td>", entry.role)));
            let class = entry.of_interest().unwrap();
            let truth = class.truth.unwrap();
            for value in [truth.pns, truth.pn, class.total.ps, class.direct.reliance] {
                assert!(html.contains(&figure(value.unwrap())), "{} {value:?}", entry.factor);
            }
        }
        for name in run_names(&runs) {
            assert!(html.contains(&format!("</span>{name}</th>")), "{name}");
        }
        assert!(html.contains("by bootstrap"));
    }

    #[test]
    fn truth_outside_the_interval_is_marked() {
        let runs = sample::duck(1).runs;
        let rows = factor_rows(&runs);
        let lake = rows.iter().find(|row| row.name == "lake").unwrap();
        let hue = rows.iter().find(|row| row.name == "hue").unwrap();
        let marked = |row: &FactorRow<'_>| {
            cell(row.learned[0], row, &QUANTITIES[0]).into_string().contains("off")
        };
        assert!(marked(lake) && !marked(hue));
    }

    #[test]
    fn a_missing_factor_is_said_to_be_missing() {
        let mut runs = sample::duck(2).runs;
        runs[1].metrics.evaluation.causation.remove(0);
        let html = section(&factor_rows(&runs), &run_names(&runs), "").into_string();
        assert!(html.contains("<td class=\"number\">n/a</td>"));
    }
}
