//! The examination of trained models: everything that `metrics.json` holds of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::learned::{Actual, causal_error, learned_causation};
use super::{C3Risk, FactorCausation};
use crate::learn::{CounterfactualKind, LearnError, Learner, c3_risk};
use crate::scene::training::{Objective, Training};
use crate::scene::{CLASS, Stage};
use crate::world::{EVALUATION, Simulation, TwinPlan};

/// Why an examination failed.
pub type Failure = LearnError;

/// Specimens per frame of an examination, where there are as many.
const FRAME: usize = 512;

/// What was found out about one model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// Accuracy under each regime.
    pub accuracy: BTreeMap<String, f64>,
    /// The indicator C3 risk on `iid`.
    pub c3_risk: C3Risk,
    /// Truth and learned, factor by factor.
    pub causation: Vec<FactorCausation>,
    /// Mean distance of the learned PNS from the true one.
    pub causal_error: f64,
}

/// The frames that [`examine`] plays for so many specimens.
#[must_use]
pub fn frames(stage: &Stage, specimens: usize) -> usize {
    (stage.regimes.len() + stage.factors.len()) * specimens.div_ceil(FRAME)
}

/// Examines models on `specimens` specimens that no training has seen (more than 512 are rounded up
/// to whole frames of 512): accuracy per regime, C3 risk, learned PN, PS and PNS of every factor.
///
/// All models see the same frames. `go_on` is asked once a frame; `None` where it says no.
///
/// # Errors
/// A model that can't be asked.
pub fn examine(
    stage: &Arc<Stage>,
    seed: u64,
    models: &[(&dyn Learner, &Training)],
    specimens: usize,
    mut go_on: impl FnMut() -> bool,
) -> Result<Option<Vec<Findings>>, Failure> {
    let size = specimens.clamp(1, FRAME);
    let rounds = specimens.div_ceil(size);
    let learners: Vec<&dyn Learner> = models.iter().map(|(learner, _)| *learner).collect();
    let mut accuracy = vec![BTreeMap::new(); models.len()];
    let mut risks = vec![C3Risk::default(); models.len()];
    let mut actual = Actual { factors: Vec::new(), verdicts: vec![Vec::new(); models.len()] };
    for regime in &stage.regimes {
        let name = &regime.name;
        let mut simulation = Simulation::new(stage, regime, seed, size, EVALUATION);
        let mut correct = vec![0usize; models.len()];
        for _ in 0..rounds {
            let frame = simulation.step();
            for (model, (learner, training)) in models.iter().enumerate() {
                let logits = learner.logits(&frame.real)?;
                let hits = logits.verdicts().zip(&frame.real.labels).filter(|(v, y)| v == *y);
                correct[model] += hits.count();
                if name == "iid" {
                    let answer = learner.counterfactual(&frame.real, step_of(training))?;
                    let (s, n) = c3_risk(&answer.real, &answer.hypothetical, &frame.real.labels);
                    risks[model].sufficiency += s / rounds as f64;
                    risks[model].necessity += n / rounds as f64;
                    actual.verdicts[model].extend(logits.verdicts().map(|v| v == CLASS));
                }
            }
            if name == "iid" {
                actual
                    .factors
                    .extend(simulation.played().into_iter().map(|(real, _)| real.factors));
            }
            if !go_on() {
                return Ok(None);
            }
        }
        for (model, hits) in correct.into_iter().enumerate() {
            accuracy[model].insert(name.clone(), hits as f64 / (rounds * size) as f64);
        }
    }
    let mut causation = vec![Vec::new(); models.len()];
    let mut simulation = Simulation::new(stage, stage.iid(), seed, size, EVALUATION);
    for factor in 0..stage.factors.len() {
        simulation.seek(EVALUATION);
        let found =
            learned_causation(&mut simulation, stage, factor, &actual, &learners, &mut go_on)?;
        let Some(found) = found else { return Ok(None) };
        causation.iter_mut().zip(found).for_each(|(all, one)| all.push(one));
    }
    simulation.plan_twins(TwinPlan::None);
    let all = accuracy.into_iter().zip(risks).zip(causation);
    let findings = all.map(|((accuracy, risk), causation)| Findings {
        accuracy,
        c3_risk: C3Risk { total: risk.sufficiency + risk.necessity, ..risk },
        causal_error: causal_error(&causation),
        causation,
    });
    Ok(Some(findings.collect()))
}

/// The counterfactual step by which a model's C3 risk is measured: the literal one for
/// `c3r-literal`, the scene's step of `c3r` for every other objective.
#[must_use]
pub fn step_of(training: &Training) -> CounterfactualKind {
    match training.objective {
        Objective::C3rLiteral => CounterfactualKind::Literal(training.literal_step),
        Objective::Erm
        | Objective::C3r
        | Objective::C3rAdjust
        | Objective::C3rDiscount
        | Objective::C3rTwin => CounterfactualKind::Flip(training.step),
    }
}
