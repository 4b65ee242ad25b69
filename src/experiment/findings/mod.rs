//! The report of an experiment: one self-contained page with tables and plots.
//!
//! The drawings are our own SVG, as in a run's report, so that they take the page's colours in
//! light, dark and print. The same rows give the same bytes.

mod cross;
mod headline;
mod heat;
mod plot;
mod rows;
mod select;
mod table;

use std::fmt::Write as _;

use maud::{Markup, html};

use super::plan::{Exhibit, Plan};
use super::report::page::document;
use super::trials::Row;

/// What a report is made of.
#[derive(Clone, Copy, Debug)]
pub struct Findings<'a> {
    /// The experiment.
    pub plan: &'a Plan,
    /// The names of the columns that describe trials.
    pub columns: &'a [String],
    /// The trials that have an outcome.
    pub rows: &'a [Row],
}

/// `report.html`.
#[must_use]
pub fn render(findings: &Findings) -> String {
    let Findings { plan, rows, .. } = *findings;
    let experiment = &plan.experiment;
    let exhibits = headline::exhibits(findings);
    let failed: Vec<&Row> = rows.iter().filter(|row| row.outcome.failure.is_some()).collect();
    let body = html! {
        header {
            h1 { (experiment.name) }
            p.scene { (experiment.about) }
            (size(findings))
            nav aria-label="Contents" {
                @for (i, exhibit) in exhibits.iter().enumerate() {
                    a href={ "#exhibit-" (i) } { (exhibit.title()) } " "
                }
                @if !failed.is_empty() { a href="#failures" { "Failures" } " " }
            }
        }
        main {
            @for (i, exhibit) in exhibits.iter().enumerate() {
                section id={ "exhibit-" (i) } { (show(findings, exhibit)) }
            }
            @if !failed.is_empty() {
                section #failures {
                    h2 { "Failures" }
                    p.lead { "Trials that came to nothing, each with its reason. They are in no mean." }
                    ul {
                        @for row in failed {
                            li {
                                b { (row.outcome.trial) } ": "
                                (row.outcome.failure.as_deref().unwrap_or_default())
                            }
                        }
                    }
                }
            }
        }
        footer {
            p { "Experiment " b { (experiment.name) } " (" (plan.fingerprint) "), made by twinworld. "
                "All figures of all trials: trials.csv and trials.parquet." }
        }
    };
    document(&experiment.name, &body).into_string()
}

/// `tables.md`: the tables of the report in Markdown, to be put into texts.
#[must_use]
pub fn markdown(findings: &Findings) -> String {
    let Findings { plan, rows, .. } = *findings;
    let mut text = format!("# {}\n", plan.experiment.name);
    let _ = write!(
        text,
        "\n{} of {} trials, each measured on {} specimens. Mean ± standard deviation over seeds; Δ: \
         mean difference seed by seed, with its 95% interval by Student's t, bold where that leaves \
         out 0.\n",
        rows.len(),
        plan.trials.len(),
        plan.specimens
    );
    for exhibit in &headline::exhibits(findings) {
        let (title, about, table) = match exhibit {
            Exhibit::Table { title, about, rows, values, against } => {
                (title, about, table::markdown(findings, rows, values, against.as_ref()))
            }
            Exhibit::Cross { title, about, rows, across, value, against } => {
                let request = cross::Request { rows, across, value, against: against.as_deref() };
                (title, about, cross::markdown(findings, &request))
            }
            Exhibit::Plot { .. } | Exhibit::HeatMaps { .. } => continue,
        };
        let about = if about.is_empty() { String::new() } else { format!("{about}\n\n") };
        let _ = write!(text, "\n## {title}\n\n{about}{table}");
    }
    text
}

/// How large the experiment is, and whether all of it is there.
fn size(findings: &Findings) -> Markup {
    let Findings { plan, rows, .. } = *findings;
    let mut seeds: Vec<u64> = plan.trials.iter().map(|trial| trial.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let all = plan.trials.len();
    html! {
        p.small {
            (all) " trials over " (seeds.len()) @if seeds.len() == 1 { " seed" } @else { " seeds" }
            ", each measured on " (plan.specimens) " specimens that no training has seen. "
            @if rows.len() < all { b { (all - rows.len()) " of them aren't there yet. " } }
            @if plan.quick {
                b { "This is the quick size: it shows that all of it runs, and claims nothing." }
            }
        }
    }
}

fn show(findings: &Findings, exhibit: &Exhibit) -> Markup {
    let (title, about, body) = match exhibit {
        Exhibit::Table { title, about, rows, values, against } => {
            (title, about, table::table(findings, rows, values, against.as_ref()))
        }
        Exhibit::Cross { title, about, rows, across, value, against } => {
            let request = cross::Request { rows, across, value, against: against.as_deref() };
            (title, about, cross::cross(findings, &request))
        }
        Exhibit::Plot { title, about, chart, over, values, colours, panels } => {
            let request = plot::Request { chart: *chart, over, values, colours, panels };
            (title, about, plot::plot(findings, &request))
        }
        Exhibit::HeatMaps { title, about } => (title, about, heat::heat_maps(findings)),
    };
    html! {
        h2 { (title) }
        @if !about.is_empty() { p.lead { (about) } }
        (body)
    }
}

#[cfg(test)]
mod tests;
