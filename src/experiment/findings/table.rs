//! Tables: mean, spread, range and number of seeds, and differences seed by seed.

use maud::{Markup, html};

use super::Findings;
use super::select::{differences, figure_of, groups, interval, places};
use crate::experiment::report::figures::{decimals, figure, grouped};
use crate::experiment::trials::Row;
use crate::measure::statistic::interval::{Summary, summary};

/// A table with a row for each value of some columns and a column for each expression.
pub(super) fn table(
    findings: &Findings,
    by: &[String],
    values: &[String],
    against: Option<&(String, String)>,
) -> Markup {
    // An axis that this size of the experiment doesn't have has no column.
    let by: Vec<String> =
        by.iter().filter(|name| findings.columns.contains(name)).cloned().collect();
    let by_places = places(findings, &by);
    let rows: Vec<&Row> = findings.rows.iter().collect();
    let groups = groups(&rows, &by_places);
    // Columns that nobody measured, as in a scene without such a factor, are left out.
    let values: Vec<&String> =
        values.iter().filter(|value| figure_of(&rows, value).is_some()).collect();
    let base = against.and_then(|(column, level)| {
        let place = findings.columns.iter().position(|name| name == column)?;
        Some((place, level))
    });
    html! {
        p.small {
            "Mean ± standard deviation over seeds, below it the range and the number of seeds."
            @if let Some((_, level)) = base {
                " Δ: mean difference from " (level) ", seed by seed, with its 95% interval "
                "(Student's t); bold where the interval leaves out 0."
            }
        }
        div.scroll {
            table {
                thead {
                    tr {
                        @for name in &by { th scope="col" { (name) } }
                        @for value in &values {
                            th.number scope="col" { (broken(value)) }
                            @if base.is_some() { th.number scope="col" { "Δ" } }
                        }
                    }
                }
                tbody {
                    @for (key, rows) in &groups {
                        tr {
                            @for (i, part) in key.iter().enumerate() {
                                @if i == 0 { th scope="row" { (part) } } @else { td { (part) } }
                            }
                            @for value in &values {
                                (cell(figure_of(rows, value)))
                                @if let Some((place, level)) = base {
                                    (difference(findings, rows, place, level, value))
                                }
                            }
                        }
                    }
                }
            }
        }
        @if groups.is_empty() { p.small { "No trial is there yet." } }
    }
}

/// A name that may be broken after its full stops.
fn broken(name: &str) -> Markup {
    html! { @for part in name.split_inclusive('.') { (part) wbr; } }
}

fn cell(found: Option<Summary>) -> Markup {
    let Some(found) = found else { return html! { td.number { "–" } } };
    let seeds = found.count;
    html! {
        td.number {
            (sized(found.mean))
            @if seeds > 1 { " ± " (sized(found.deviation)) }
            br;
            span.interval {
                @if seeds > 1 { (sized(found.min)) " to " (sized(found.max)) ", " }
                "n=" (seeds)
            }
        }
    }
}

fn difference(
    findings: &Findings,
    rows: &[&Row],
    place: usize,
    level: &str,
    value: &str,
) -> Markup {
    if rows.iter().all(|row| row.columns[place] == level) {
        return html! { td.number {} };
    }
    let found = summary(&differences(findings.rows, rows, place, level, value)).ok();
    let Some(found) = found else { return html! { td.number { "–" } } };
    let mean = signed(found.mean);
    html! {
        td.number {
            @match interval(&found) {
                Some([low, high]) => {
                    @if low > 0.0 || high < 0.0 { b { (mean) } } @else { (mean) }
                    br;
                    span.interval { "[" (signed(low)) ", " (signed(high)) "]" }
                }
                None => { (mean) br; span.interval { "n=1" } }
            }
        }
    }
}

/// A figure with as many decimals as its size leaves room for.
fn sized(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => grouped(value),
        size if size >= 10.0 => decimals(value, 1),
        _ => figure(value),
    }
}

/// With its sign, also where it's above 0.
fn signed(value: f64) -> String {
    let text = sized(value);
    if value > 0.0 && text.contains(|c: char| ('1'..='9').contains(&c)) {
        format!("+{text}")
    } else {
        text
    }
}
