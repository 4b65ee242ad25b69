//! Cross tables: one value, with the levels of a column of the trials beside one another.

use maud::{Markup, html};

use super::Findings;
use super::select::{certain, differences, figure_of, groups, interval, places};
use super::table::{heads, line, plain_difference, row_name, signed, sized};
use crate::experiment::trials::Row;
use crate::measure::statistic::interval::{Summary, summary};

/// What makes up a cross table.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    /// The columns of the trials that make up a row.
    pub rows: &'a [String],
    /// The column of the trials whose levels stand beside one another.
    pub across: &'a str,
    /// The value.
    pub value: &'a str,
    /// The level that the others are set against.
    pub against: Option<&'a str>,
}

/// What a cross table shows, whatever it's written in.
struct Sheet<'a> {
    by: Vec<String>,
    /// The level that the others are set against, where it's there.
    base: Option<&'a str>,
    levels: Vec<String>,
    rows: Vec<(Vec<String>, Vec<Option<Cell>>)>,
}

/// A mean over seeds, and its difference from another level's, seed by seed.
struct Cell {
    mean: f64,
    difference: Option<Summary>,
}

impl<'a> Sheet<'a> {
    /// None where no trial has the column that's across.
    fn of(findings: &Findings, request: &Request<'a>) -> Option<Self> {
        let Request { rows, across, value, against } = *request;
        let across = findings.columns.iter().position(|column| column == across)?;
        let by: Vec<String> =
            rows.iter().filter(|name| findings.columns.contains(name)).cloned().collect();
        let all: Vec<&Row> = findings.rows.iter().collect();
        let levels: Vec<String> =
            groups(&all, &[across]).into_iter().map(|(mut key, _)| key.remove(0)).collect();
        // A part of the experiment may be without that level.
        let base = against.filter(|base| levels.iter().any(|level| level == base));
        let cell = |rows: &[&Row], level: &String| {
            let rows: Vec<&Row> =
                rows.iter().copied().filter(|row| row.columns[across] == *level).collect();
            let base = base.filter(|base| base != level);
            let found = |base: &str| differences(findings.rows, &rows, across, base, value);
            Some(Cell {
                mean: figure_of(&rows, value)?.mean,
                difference: base.and_then(|base| summary(&found(base)).ok()),
            })
        };
        let rows = groups(&all, &places(findings, &by))
            .into_iter()
            .map(|(key, rows)| (key, levels.iter().map(|level| cell(&rows, level)).collect()));
        let rows = rows.collect();
        Some(Self { by, base, levels, rows })
    }
}

/// The table on the page.
pub(super) fn cross(findings: &Findings, request: &Request) -> Markup {
    let Some(sheet) = Sheet::of(findings, request) else {
        return html! { p.small { "No trial has a " (request.across) "." } };
    };
    html! {
        p.small {
            "Mean of " b { (request.value) } " over seeds."
            @if let Some(level) = sheet.base {
                " Below it the mean difference from " (level) ", seed by seed, with its 95% interval "
                "(Student's t); bold where the interval leaves out 0."
            }
        }
        div.scroll {
            table {
                thead {
                    tr {
                        (heads(&sheet.by))
                        @for level in &sheet.levels { th.number scope="col" { (level) } }
                    }
                }
                tbody {
                    @for (key, cells) in &sheet.rows {
                        tr {
                            (row_name(key))
                            @for cell in cells { (shown(cell.as_ref())) }
                        }
                    }
                }
            }
        }
    }
}

fn shown(cell: Option<&Cell>) -> Markup {
    let Some(Cell { mean, difference }) = cell else { return html! { td.number { "–" } } };
    html! {
        td.number {
            (sized(*mean))
            @if let Some(found) = difference {
                br;
                span.interval {
                    @if certain(found) { b { (signed(found.mean)) } } @else { (signed(found.mean)) }
                    @if let Some([low, high]) = interval(found) {
                        " [" (signed(low)) ", " (signed(high)) "]"
                    }
                }
            }
        }
    }
}

/// The same in Markdown.
pub(super) fn markdown(findings: &Findings, request: &Request) -> String {
    let Some(sheet) = Sheet::of(findings, request) else { return String::new() };
    let mut text = line(&[&sheet.by[..], &sheet.levels[..]].concat());
    text.push_str(&line(&vec!["---".to_owned(); sheet.by.len() + sheet.levels.len()]));
    for (key, cells) in &sheet.rows {
        let cells = cells.iter().map(|cell| plain(cell.as_ref()));
        text.push_str(&line(&key.iter().cloned().chain(cells).collect::<Vec<_>>()));
    }
    text
}

fn plain(cell: Option<&Cell>) -> String {
    let Some(Cell { mean, difference }) = cell else { return "–".to_owned() };
    let mean = sized(*mean);
    match difference {
        Some(found) => format!("{mean} ({})", plain_difference(found)),
        None => mean,
    }
}
