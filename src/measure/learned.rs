//! What models have learned of a factor: intervene on the world, render it anew, ask, count.

use std::sync::Arc;

use super::{Causation, FactorCausation, Failure, LearnedCausation};
use crate::causal::Interventions;
use crate::causal::causation::{Counts, Direction, side_of};
use crate::learn::Learner;
use crate::scene::{CLASS, Factor, Stage};
use crate::world::{Simulation, TwinPlan};

/// What the models say of the specimens as they are: the factors of each specimen, and for each
/// model whether it sees the class.
pub(super) struct Actual {
    pub factors: Vec<Vec<f64>>,
    pub verdicts: Vec<Vec<bool>>,
}

/// PN, PS and PNS of one factor with each model's verdict in the place of the label.
///
/// For every specimen the world is rendered under `do(factor = absent)` and, as its twin, under
/// `do(factor = present)`; all other noise stays. The simulation must be at the first specimen of
/// `actual` and play the same regime. `None` where `go_on`, asked once a frame, says no.
pub(super) fn learned_causation(
    simulation: &mut Simulation,
    stage: &Arc<Stage>,
    factor: usize,
    actual: &Actual,
    models: &[&dyn Learner],
    go_on: &mut impl FnMut() -> bool,
) -> Result<Option<Vec<FactorCausation>>, Failure> {
    let declared = &stage.factors[factor];
    simulation.operate(Interventions::set(declared.node, declared.absent));
    let present = Interventions::set(declared.node, declared.present);
    simulation.plan_twins(TwinPlan::Under(present));
    let mut counts = vec![Counts::default(); models.len()];
    let mut seen = 0;
    while seen < actual.factors.len() {
        let frame = simulation.step();
        for (model, learner) in models.iter().enumerate() {
            let without = learner.logits(&frame.real)?;
            let with = learner.logits(&frame.twin)?;
            for (row, (without, with)) in without.verdicts().zip(with.verdicts()).enumerate() {
                let Some(factors) = actual.factors.get(seen + row) else { break };
                let value = factors[factor];
                let side = side_of(declared.domain, value, declared.absent, declared.present);
                let verdict = actual.verdicts[model][seen + row];
                counts[model].count(1.0, side, verdict, without == CLASS, with == CLASS);
            }
        }
        seen += frame.real.rows;
        if !go_on() {
            return Ok(None);
        }
    }
    simulation.operate(Interventions::none());
    Ok(Some(counts.iter().map(|c| beside_truth(declared, c)).collect()))
}

pub(super) fn beside_truth(factor: &Factor, counts: &Counts) -> FactorCausation {
    let learned = counts.truth(Some(counts.total as usize));
    let [pn_interval, ps_interval, pns_interval] = learned.intervals.unwrap_or([[0.0, 1.0]; 3]);
    FactorCausation {
        factor: factor.name.clone(),
        role: factor.role.to_string(),
        truth: causation(factor.truth().forward),
        learned: LearnedCausation {
            pn: learned.forward.pn.unwrap_or_default(),
            ps: learned.forward.ps.unwrap_or_default(),
            pns: learned.forward.pns,
            pn_interval,
            ps_interval,
            pns_interval,
        },
    }
}

fn causation(Direction { pn, ps, pns }: Direction) -> Causation {
    Causation { pn: pn.unwrap_or_default(), ps: ps.unwrap_or_default(), pns }
}

/// Mean over factors of `|learned PNS - true PNS|`.
#[must_use]
pub fn causal_error(causation: &[FactorCausation]) -> f64 {
    let errors = causation.iter().map(|f| (f.learned.pns - f.truth.pns).abs());
    errors.sum::<f64>() / causation.len().max(1) as f64
}
