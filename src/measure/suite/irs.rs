//! The interventional robustness score (Suter et al., 2019), from real twins.

use super::seen::{need, usual, z};
use super::{Found, Subject, Trouble};
use crate::measure::condition::{Condition, Depth, End, Need, Reach};
use crate::measure::held_out;
use crate::measure::statistic::Table;
use crate::measure::statistic::irs::{Intervened, irs};
use crate::measure::table::Table as Predictions;
use crate::scene::Stage;

/// Samples at the most, each rendered twice for every factor.
const ROWS: usize = 256;
/// The quantile over settings: the score asks for the worst, which a single odd sample decides;
/// this leaves one in a hundred out.
const QUANTILE: f64 = 0.99;

/// Representations with every factor at either end.
pub(super) fn needs(stage: &Stage, samples: usize) -> Vec<Need> {
    let rows = samples.min(ROWS);
    let mut all = Vec::new();
    for regime in usual(stage) {
        for factor in 0..stage.factors.len() {
            for end in End::ALL {
                let condition = Condition::Do(factor, end, Reach::Total);
                all.push(need(held_out(&regime.name), condition, rows, Depth::REPRESENTATION));
            }
        }
    }
    all
}

/// `REGIME.irs`: every sample is a setting of everything else, rendered with each factor absent and
/// present; the score is high where each dimension of Z moves with one factor and with nothing
/// else.
pub(super) fn compute(
    subject: &Subject,
    table: &Predictions,
    found: &mut Found,
) -> Result<(), Trouble> {
    let rows = subject.samples.min(ROWS);
    for regime in usual(subject.stage) {
        let source = held_out(&regime.name);
        let mut tables = Vec::new();
        let mut width = 0;
        for factor in 0..subject.stage.factors.len() {
            let Some(ends) = table.ends(&source, factor, Reach::Total) else { continue };
            let [(without, mut values), (_, with)] = ends.map(|column| z(column, rows));
            values.extend(with);
            width = without.width;
            tables.push(values);
        }
        let value: Vec<usize> = (0..2 * rows).map(|row| row / rows).collect();
        let setting: Vec<usize> = (0..2 * rows).map(|row| row % rows).collect();
        let mut interventions = Vec::new();
        for values in &tables {
            let rows = Table::new(2 * rows, width, values)?;
            interventions.push(Intervened { rows, value: &value, setting: &setting });
        }
        found.note(format!("{}.irs", regime.name), irs(&interventions, QUANTILE)?.score);
    }
    Ok(())
}
