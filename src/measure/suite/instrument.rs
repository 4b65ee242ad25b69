//! Whether V is an instrument, as Theorem 3.4 claims: each of its conditions as a number.

use super::seen::{of_role, representations, usual, values, z};
use super::{Found, Subject, Trouble};
use crate::causal::Role;
use crate::measure::condition::Need;
use crate::measure::held_out;
use crate::measure::statistic::dependence::instrument;
use crate::measure::statistic::{Distances, Table};
use crate::measure::table::Table as Predictions;
use crate::scene::Stage;

/// Specimens at the most: memory and time go with the square.
const ROWS: usize = 1000;

/// Representations.
pub(super) fn needs(stage: &Stage, samples: usize) -> Vec<Need> {
    representations(stage, samples.min(ROWS))
}

/// `REGIME.v_relevance` (of V and Z), `REGIME.v_independence` (of V and the spurious factors) and
/// `REGIME.v_exclusion` (of V and the label given Z). A valid instrument has the first well above
/// 0, the others at 0. Nothing for an objective without an instrument.
pub(super) fn compute(
    subject: &Subject,
    table: &Predictions,
    found: &mut Found,
) -> Result<(), Trouble> {
    let spurious = of_role(subject.stage, Role::Spurious);
    for regime in usual(subject.stage) {
        let rows = subject.samples.min(ROWS);
        let Some(sample) = table.natural(&held_out(&regime.name)) else { continue };
        let (z, numbers) = z(sample, rows);
        if z.instrument.is_empty() {
            return Ok(());
        }
        let v: Vec<f64> = z.instrument[..rows * z.width].iter().map(|&v| f64::from(v)).collect();
        let v = Distances::of(&Table::new(rows, z.width, &v)?);
        let z = Distances::of(&Table::new(rows, z.width, &numbers)?);
        let classes = subject.stage.classes();
        let one_hot = |&y: &usize| (0..classes).map(move |k| f64::from(u8::from(k == y)));
        let labels: Vec<f64> = sample.world.labels[..rows].iter().flat_map(one_hot).collect();
        let y = Distances::of(&Table::new(rows, classes, &labels)?);
        let mut factors = Vec::new();
        if !spurious.is_empty() {
            let numbers = values(subject, sample, &spurious, rows);
            factors.push(Distances::of(&Table::new(rows, spurious.len(), &numbers)?));
        }
        let conditions = instrument(&v, &z, &y, &factors)?;
        let mut note = |what: &str, value: f64| {
            found.note(format!("{}.{what}", regime.name), value);
        };
        note("v_relevance", conditions.relevance);
        note("v_exclusion", conditions.exclusion);
        conditions.independence.iter().for_each(|&value| note("v_independence", value));
    }
    Ok(())
}
