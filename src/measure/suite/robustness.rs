//! The interventional robustness score (Suter et al., 2019), from real twins.

use super::{Found, Subject, Trouble};
use crate::causal::Interventions;
use crate::measure::statistic::Table;
use crate::measure::statistic::irs::{Intervened, irs};
use crate::scene::Regime;
use crate::world::{EVALUATION, Simulation, TwinPlan};

/// Specimens at the most, each rendered twice for every factor.
const ROWS: usize = 256;
/// The quantile over settings: the score asks for the worst, which a single odd specimen decides;
/// this leaves one in a hundred out.
const QUANTILE: f64 = 0.99;

/// `REGIME.irs`: every specimen is a setting of everything else, rendered with each factor absent and
/// present; the score is high where each dimension of Z moves with one factor and with nothing
/// else.
pub(super) fn measure(subject: &Subject, found: &mut Found) -> Result<(), Trouble> {
    for regime in subject.regimes() {
        of_regime(subject, regime, found)?;
    }
    Ok(())
}

fn of_regime(subject: &Subject, regime: &Regime, found: &mut Found) -> Result<(), Trouble> {
    let Subject { stage, seed, specimens, .. } = *subject;
    let rows = specimens.min(ROWS);
    let mut world = Simulation::new(stage, regime, seed, rows, EVALUATION);
    let mut tables = Vec::new();
    let mut width = 0;
    for factor in &stage.factors {
        world.seek(EVALUATION);
        world.operate(Interventions::set(factor.node, factor.absent));
        let present = Interventions::set(factor.node, factor.present);
        world.plan_twins(TwinPlan::Under(present));
        let frame = world.step();
        let (without, mut values) = subject.z(&frame.real)?;
        values.extend(subject.z(&frame.twin)?.1);
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
    Ok(())
}
