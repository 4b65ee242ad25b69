//! What a representation's own dimensions hold: the measures of disentanglement.

use super::sample::{ROLES, Sample, short};
use super::{Found, Subject, Trouble};
use crate::measure::statistic::Table;
use crate::measure::statistic::dci::dci;
use crate::measure::statistic::mcc::{Correlation, mcc};
use crate::measure::statistic::r2::linear_probe;

/// Specimens at the most.
const ROWS: usize = 2048;
/// The penalty of the linear probe, in standard units of the representation.
const PENALTY: f64 = 1.0;

/// `REGIME.mcc` (Pearson) and `REGIME.mcc_spearman` over all factors that vary, `REGIME.r2.ROLE`,
/// the mean over the role's factors of what a linear probe foretells on unseen specimens, and
/// `REGIME.disentanglement`, `.completeness`, `.informativeness` (DCI, its informativeness the mean over factors).
pub(super) fn measure(subject: &Subject, found: &mut Found) -> Result<(), Trouble> {
    for regime in subject.regimes() {
        let rows = subject.specimens.min(ROWS);
        let sample = Sample::new(subject, regime, rows, None);
        let (z, values) = subject.z(&sample.batch)?;
        let z = Table::new(rows, z.width, &values)?;
        let mut note = |what: String, value: f64| {
            found.note(format!("{}.{what}", regime.name), value);
        };
        let all: Vec<usize> = (0..subject.stage.factors.len()).collect();
        let values = sample.table(&all);
        let table = Table::new(rows, all.len(), &values)?;
        note("mcc".into(), mcc(&z, &table, Correlation::Pearson)?.mean);
        note("mcc_spearman".into(), mcc(&z, &table, Correlation::Spearman)?.mean);
        let known = linear_probe(&z, &table, PENALTY)?;
        for role in ROLES {
            let factors = subject.of_role(role);
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
