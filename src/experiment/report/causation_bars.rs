//! Truth beside learned: PNS, PN and PS of every factor, as bars and as figures.

use maud::{Markup, html};

use crate::measure::{Causation, LearnedCausation};

use super::bars::{Bar, Group, Series, grouped_bars};
use super::factors::{FactorRow, role_meaning};
use super::figures::{figure, interval, legend, run_class};

/// One of the three probabilities of causation.
#[derive(Clone, Copy)]
struct Quantity {
    /// Its abbreviation.
    name: &'static str,
    /// Its name in full.
    long: &'static str,
    /// What it means, in one or two sentences.
    meaning: &'static str,
    truth: fn(&Causation) -> f64,
    learned: fn(&LearnedCausation) -> f64,
    interval: fn(&LearnedCausation) -> [f64; 2],
    /// Height of its chart.
    plot: f64,
}

const QUANTITIES: [Quantity; 3] = [
    Quantity {
        name: "PNS",
        long: "Probability of necessity and sufficiency",
        meaning: "In what share of all specimens does the verdict follow this factor both ways: \
                  there with it, gone without it?",
        truth: |truth| truth.pns,
        learned: |learned| learned.pns,
        interval: |learned| learned.pns_interval,
        plot: 240.0,
    },
    Quantity {
        name: "PN",
        long: "Probability of necessity",
        meaning: "Of the specimens that have both the factor and the label: how many would lose \
                  the label without the factor?",
        truth: |truth| truth.pn,
        learned: |learned| learned.pn,
        interval: |learned| learned.pn_interval,
        plot: 150.0,
    },
    Quantity {
        name: "PS",
        long: "Probability of sufficiency",
        meaning: "Of the specimens that have neither the factor nor the label: how many would \
                  gain the label with the factor?",
        truth: |truth| truth.ps,
        learned: |learned| learned.ps,
        interval: |learned| learned.ps_interval,
        plot: 150.0,
    },
];

/// The section: a chart and a table for each of PNS, PN and PS, and what the roles mean.
/// `intervals` says how the whiskers were made.
pub(super) fn section(rows: &[FactorRow<'_>], names: &[String], intervals: &str) -> Markup {
    html! {
        section #truth {
            h2 { "Truth beside learned" }
            p.lead {
                "The first bar of each group is the truth: what the scene’s own mechanisms say. "
                "The coloured bars are what each model does when the same factor "
                "is switched in everything it is shown. A coloured bar as high as the truth is "
                "right; a coloured bar where the truth is 0 means that the model answers to a mere "
                "companion of the label. Where the definitions below say label, a model’s is its "
                "verdict."
            }
            (roles(rows))
            @for quantity in &QUANTITIES {
                h3 { (quantity.long) " (" (quantity.name) ")" }
                p { (quantity.meaning) }
                (legend(names, true))
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
            note: row.role.into(),
            bars: bars(row, names, quantity),
        })
        .collect();
    let description = format!("{} of every factor: truth beside each run", quantity.long);
    grouped_bars(&groups, quantity.plot, &description)
}

fn bars(row: &FactorRow<'_>, names: &[String], quantity: &Quantity) -> Vec<Bar> {
    let truth = (quantity.truth)(&row.truth);
    let mut bars = vec![Bar {
        series: Series::Truth,
        value: truth,
        interval: None,
        tip: format!("{}: true {} {}", row.name, quantity.name, figure(truth)),
    }];
    for (run, learned) in row.learned.iter().enumerate() {
        let value = learned.map_or(f64::NAN, quantity.learned);
        let ends = learned.map(quantity.interval);
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
                        th.number.truth scope="col" { span.chip {} "truth" }
                        @for (run, name) in names.iter().enumerate() {
                            th.number.(run_class(run)) scope="col" { span.chip {} (name) }
                        }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            th scope="row" { (row.name) }
                            td { (row.role) }
                            td.number { (figure((quantity.truth)(&row.truth))) }
                            @for learned in &row.learned { (cell(*learned, row, quantity)) }
                        }
                    }
                }
            }
        }
    }
}

fn cell(learned: Option<&LearnedCausation>, row: &FactorRow<'_>, quantity: &Quantity) -> Markup {
    let Some(learned) = learned else {
        return html! { td.number { "n/a" } };
    };
    let truth = (quantity.truth)(&row.truth);
    let ends = (quantity.interval)(learned);
    let off = truth < ends[0] || truth > ends[1];
    html! {
        td.number.off[off] {
            (figure((quantity.learned)(learned))) " "
            span.interval { (interval(ends)) }
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
        for entry in runs.iter().flat_map(|run| &run.metrics.causation) {
            assert!(html.contains(&format!("<th scope=\"row\">{}</th>", entry.factor)));
            assert!(html.contains(&format!("<td>{}</td>", entry.role)));
            for value in [entry.truth.pns, entry.truth.pn, entry.learned.ps] {
                assert!(html.contains(&figure(value)), "{} {value}", entry.factor);
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
        runs[1].metrics.causation.remove(0);
        let html = section(&factor_rows(&runs), &run_names(&runs), "").into_string();
        assert!(html.contains("<td class=\"number\">n/a</td>"));
    }
}
