//! The factors of all runs in one list: what is true of each, and what each run has learned.

use crate::measure::{Causation, FactorCausation};

use super::RunReport;

/// One factor of the scene, across runs.
pub(super) struct FactorRow<'a> {
    /// The factor's name.
    pub name: &'a str,
    /// Its role, as the scene words it.
    pub role: &'a str,
    /// The role, and of a continuous factor the contrast between which it's asked.
    pub note: String,
    /// What the structural causal model says.
    pub truth: Option<Causation>,
    /// What the best possible model would show, where it's known.
    pub best: Option<Causation>,
    /// What each run has learned, in run order; `None` where a run did not measure the factor.
    pub learned: Vec<Option<&'a FactorCausation>>,
}

/// Every factor that any run measured: the first run's order, then what later runs add.
pub(super) fn factor_rows(runs: &[RunReport]) -> Vec<FactorRow<'_>> {
    let mut rows: Vec<FactorRow<'_>> = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        for entry in &run.metrics.evaluation.causation {
            let place = match rows.iter().position(|row| row.name == entry.factor) {
                Some(place) => place,
                None => {
                    rows.push(FactorRow {
                        name: &entry.factor,
                        role: &entry.role,
                        note: note(entry),
                        truth: entry.of_interest().and_then(|class| class.truth),
                        best: entry.of_interest().and_then(|class| class.best),
                        learned: vec![None; runs.len()],
                    });
                    rows.len() - 1
                }
            };
            rows[place].learned[index] = Some(entry);
        }
    }
    rows
}

/// The role, and of a continuous factor the contrast between which it's asked.
fn note(entry: &FactorCausation) -> String {
    let [absent, present] = entry.contrast;
    if entry.continuous {
        format!("{}, {absent:.3} to {present:.3}", entry.role)
    } else {
        entry.role.clone()
    }
}

/// What a role means, in plain words; `None` for one that this program does not know.
pub(super) fn role_meaning(role: &str) -> Option<&'static str> {
    Some(match role.to_ascii_lowercase().as_str() {
        "snc" => "sufficient and necessary cause",
        "sc" => "sufficient cause, not a necessary one",
        "nc" => "necessary cause, not sufficient alone",
        "spurious" => "no cause: goes with the label and doesn’t make it",
        "nuisance" => "no cause: independent of the label",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_factor_that_one_run_lacks_stays_in_the_list() {
        let mut runs = sample::duck(2).runs;
        let dropped = runs[0].metrics.evaluation.causation.remove(0);
        let rows = factor_rows(&runs);
        let row = rows.iter().find(|row| row.name == dropped.factor).unwrap();
        assert!(row.learned[0].is_none());
        assert_eq!(row.learned[1], Some(&runs[1].metrics.evaluation.causation[0]));
        assert_eq!(rows.len(), runs[1].metrics.evaluation.causation.len());
    }

    #[test]
    fn roles() {
        assert!(role_meaning("Nc").unwrap().starts_with("necessary"));
        assert!(role_meaning("Unheard").is_none());
    }
}
