//! Tables: mean, spread, range and number of seeds, and differences seed by seed.

use maud::{Markup, html};

use super::Findings;
use super::select::{certain, differences, figure_of, groups, interval, places};
use crate::experiment::report::figures::{decimals, figure, grouped};
use crate::experiment::trials::Row;
use crate::measure::statistic::interval::{Summary, summary};

/// What a table shows, whatever it's written in.
struct Sheet<'a> {
    /// The columns that tell its rows apart.
    by: Vec<String>,
    /// The expressions that are shown.
    values: Vec<&'a String>,
    /// Place and level of what differences are taken from.
    base: Option<(usize, &'a str)>,
    /// Its rows: what they have in `by`, and their trials.
    groups: Vec<(Vec<String>, Vec<&'a Row>)>,
}

/// A figure over seeds, and its difference from another row's, seed by seed.
struct Cell {
    figure: Option<Summary>,
    /// None where the table has no differences, and in the rows that they're taken from.
    difference: Option<Option<Summary>>,
}

impl<'a> Sheet<'a> {
    fn of(
        findings: &Findings<'a>,
        by: &[String],
        values: &'a [String],
        against: Option<&'a (String, String)>,
    ) -> Self {
        // An axis that this size of the experiment doesn't have has no column.
        let by: Vec<String> =
            by.iter().filter(|name| findings.columns.contains(name)).cloned().collect();
        let rows: Vec<&Row> = findings.rows.iter().collect();
        // What nobody measured, as in a scene without such a factor, is left out.
        let values: Vec<&String> =
            values.iter().filter(|value| figure_of(&rows, value).is_some()).collect();
        let mut groups = groups(&rows, &places(findings, &by));
        groups.retain(|(_, rows)| {
            rows.iter().any(|row| row.outcome.failure.is_some())
                || values.iter().any(|value| figure_of(rows, value).is_some())
        });
        let base = against.and_then(|(column, level)| {
            let place = findings.columns.iter().position(|name| name == column)?;
            // A part of the experiment may be without that level.
            let there = findings.rows.iter().any(|row| row.columns[place] == *level);
            there.then_some((place, level.as_str()))
        });
        Self { by, values, base, groups }
    }

    /// What is said in the place of a table without rows.
    fn nothing(&self, findings: &Findings) -> Option<&'static str> {
        let reason = if findings.rows.is_empty() {
            "No trial is there yet."
        } else {
            "None of these trials measures any of it."
        };
        self.groups.is_empty().then_some(reason)
    }

    fn cell(&self, findings: &Findings, rows: &[&Row], value: &str) -> Cell {
        let difference = self.base.and_then(|(place, level)| {
            if rows.iter().all(|row| row.columns[place] == level) {
                return None;
            }
            Some(summary(&differences(findings.rows, rows, place, level, value)).ok())
        });
        Cell { figure: figure_of(rows, value), difference }
    }
}

/// A table with a row for each value of some columns and a column for each expression.
pub(super) fn table(
    findings: &Findings,
    by: &[String],
    values: &[String],
    against: Option<&(String, String)>,
) -> Markup {
    let sheet = Sheet::of(findings, by, values, against);
    if let Some(reason) = sheet.nothing(findings) {
        return html! { p.small { (reason) } };
    }
    html! {
        p.small {
            "Mean ± standard deviation over seeds, below it the range and the number of seeds."
            @if let Some((_, level)) = sheet.base {
                " Δ: mean difference from " (level) ", seed by seed, with its 95% interval "
                "(Student's t); bold where the interval leaves out 0."
            }
        }
        div.scroll {
            table {
                thead {
                    tr {
                        (heads(&sheet.by))
                        @for value in &sheet.values {
                            th.number scope="col" { (broken(value)) }
                            @if sheet.base.is_some() { th.number scope="col" { "Δ" } }
                        }
                    }
                }
                tbody {
                    @for (key, rows) in &sheet.groups {
                        tr {
                            (row_name(key))
                            @for value in &sheet.values {
                                @let cell = sheet.cell(findings, rows, value);
                                (shown(cell.figure))
                                @if sheet.base.is_some() { (difference(cell.difference)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The same in Markdown, to be put into a text. Ranges and numbers of seeds stay in the report.
pub(super) fn markdown(
    findings: &Findings,
    by: &[String],
    values: &[String],
    against: Option<&(String, String)>,
) -> String {
    let sheet = Sheet::of(findings, by, values, against);
    if let Some(reason) = sheet.nothing(findings) {
        return format!("{reason}\n");
    }
    let mut head: Vec<String> = sheet.by.clone();
    for value in &sheet.values {
        head.push((*value).clone());
        if let Some((_, level)) = sheet.base {
            head.push(format!("Δ from {level}"));
        }
    }
    let mut text = line(&head);
    text.push_str(&line(&vec!["---".to_owned(); head.len()]));
    for (key, rows) in &sheet.groups {
        let mut parts = key.clone();
        for value in &sheet.values {
            let cell = sheet.cell(findings, rows, value);
            parts.push(cell.figure.map_or_else(|| "–".to_owned(), |found| plain(&found)));
            if sheet.base.is_some() {
                let told = |found: Option<Summary>| {
                    found.map_or_else(|| "–".to_owned(), |found| plain_difference(&found))
                };
                parts.push(cell.difference.map_or_else(String::new, told));
            }
        }
        text.push_str(&line(&parts));
    }
    text
}

/// A line of a table in Markdown.
pub(super) fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

fn plain(found: &Summary) -> String {
    let mean = sized(found.mean);
    if found.count > 1 { format!("{mean} ± {}", sized(found.deviation)) } else { mean }
}

/// A difference with its interval, in Markdown.
pub(super) fn plain_difference(found: &Summary) -> String {
    let (mean, mark) = (signed(found.mean), if certain(found) { "**" } else { "" });
    let between = interval(found)
        .map_or_else(String::new, |[low, high]| format!(" [{}, {}]", signed(low), signed(high)));
    format!("{mark}{mean}{mark}{between}")
}

/// The heads of the columns that tell rows apart.
pub(super) fn heads(by: &[String]) -> Markup {
    html! { @for name in by { th scope="col" { (name) } } }
}

/// What tells a row apart.
pub(super) fn row_name(key: &[String]) -> Markup {
    html! {
        @for (i, part) in key.iter().enumerate() {
            @if i == 0 { th scope="row" { (part) } } @else { td { (part) } }
        }
    }
}

/// A name that may be broken after its full stops.
fn broken(name: &str) -> Markup {
    html! { @for part in name.split_inclusive('.') { (part) wbr; } }
}

fn shown(found: Option<Summary>) -> Markup {
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

fn difference(found: Option<Option<Summary>>) -> Markup {
    let Some(found) = found else { return html! { td.number {} } };
    let Some(found) = found else { return html! { td.number { "–" } } };
    let mean = signed(found.mean);
    html! {
        td.number {
            @match interval(&found) {
                Some([low, high]) => {
                    @if certain(&found) { b { (mean) } } @else { (mean) }
                    br;
                    span.interval { "[" (signed(low)) ", " (signed(high)) "]" }
                }
                None => { (mean) br; span.interval { "n=1" } }
            }
        }
    }
}

/// A figure with as many decimals as its size leaves room for.
pub(super) fn sized(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => grouped(value),
        size if size >= 10.0 => decimals(value, 1),
        _ => figure(value),
    }
}

/// With its sign, also where it's above 0.
pub(super) fn signed(value: f64) -> String {
    let text = sized(value);
    if value > 0.0 && text.contains(|c: char| ('1'..='9').contains(&c)) {
        format!("+{text}")
    } else {
        text
    }
}
