//! What a representation's own dimensions hold: the measures of disentanglement.

use super::seen::{ROLES, of_role, representations, short, usual, values, z};
use super::{Found, Subject, Trouble};
use crate::measure::condition::Need;
use crate::measure::held_out;
use crate::measure::statistic::Table;
use crate::measure::statistic::dci::dci;
use crate::measure::statistic::mcc::{Correlation, mcc};
use crate::measure::statistic::r2::linear_probe;
use crate::measure::table::Table as Predictions;
use crate::scene::Stage;

/// Specimens at the most.
const ROWS: usize = 2048;
/// The penalty of the linear probe, in standard units of the representation.
const PENALTY: f64 = 1.0;

/// Representations.
pub(super) fn needs(stage: &Stage, samples: usize) -> Vec<Need> {
    representations(stage, samples.min(ROWS))
}

/// `REGIME.mcc` (Pearson) and `REGIME.mcc_spearman` over all factors that vary, `REGIME.r2.ROLE`,
/// the mean over the role's factors of what a linear probe foretells on unseen specimens, and
/// `REGIME.disentanglement`, `.completeness`, `.informativeness` (DCI, its informativeness the mean over factors).
pub(super) fn compute(
    subject: &Subject,
    table: &Predictions,
    found: &mut Found,
) -> Result<(), Trouble> {
    let stage = subject.stage;
    for regime in usual(stage) {
        let rows = subject.samples.min(ROWS);
        let Some(sample) = table.natural(&held_out(&regime.name)) else { continue };
        let (z, numbers) = z(sample, rows);
        let z = Table::new(rows, z.width, &numbers)?;
        let mut note = |what: String, value: f64| {
            found.note(format!("{}.{what}", regime.name), value);
        };
        let all: Vec<usize> = (0..stage.factors.len()).collect();
        let numbers = values(subject, sample, &all, rows);
        let table = Table::new(rows, all.len(), &numbers)?;
        note("mcc".into(), mcc(&z, &table, Correlation::Pearson)?.mean);
        note("mcc_spearman".into(), mcc(&z, &table, Correlation::Spearman)?.mean);
        let known = linear_probe(&z, &table, PENALTY)?;
        for role in ROLES {
            let factors = of_role(stage, role);
            if !factors.is_empty() {
                let sum: f64 = factors.iter().map(|&factor| known[factor]).sum();
                note(format!("r2.{}", short(role)), sum / factors.len() as f64);
            }
        }
        let dci = dci(&z, &table)?;
        note("disentanglement".into(), dci.modularity.disentanglement);
        note("completeness".into(), dci.modularity.completeness);
        let known = dci.informativeness.iter().sum::<f64>() / all.len() as f64;
        note("informativeness".into(), known);
    }
    Ok(())
}
