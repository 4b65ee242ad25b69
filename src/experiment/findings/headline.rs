//! The headline of every model, at the head of every experiment that measures it.

use super::{Exhibit, Findings};
use crate::measure::sentence::{CAUSAL_ERROR, RELIANCE};

/// The figures of the headline, as experiments call them, and what is said of a model that has none.
const VALUES: [&str; 7] = [
    "iid.worst_group",
    "reliance_mean",
    "reliance_worst",
    "grasp",
    "causal_error",
    "collapsed",
    "at_chance",
];

/// The exhibits of a report: the headline, as far as it was measured and the experiment has no table
/// of that name, then those that the experiment declares.
pub(super) fn exhibits(findings: &Findings) -> Vec<Exhibit> {
    let declared = &findings.plan.experiment.report;
    let measured =
        |name: &&str| findings.rows.iter().any(|row| row.outcome.found.values.contains_key(*name));
    let values: Vec<String> =
        VALUES.iter().filter(|name| measured(name)).map(|name| (*name).to_owned()).collect();
    let title = "Headline";
    let mut all = Vec::with_capacity(declared.len() + 1);
    if values.iter().any(|name| name == "grasp" || name == "causal_error")
        && declared.iter().all(|exhibit| exhibit.title() != title)
    {
        let rows = findings.columns.iter().filter(|name| *name != "seed").cloned().collect();
        all.push(Exhibit::Table {
            title: title.to_owned(),
            about: format!("{RELIANCE} {CAUSAL_ERROR}"),
            rows,
            values,
            against: None,
        });
    }
    all.extend(declared.iter().cloned());
    all
}
