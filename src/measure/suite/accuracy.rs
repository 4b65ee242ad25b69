//! Accuracy under every regime, on the whole and on the worst group.

use super::sample::FRAME;
use super::{Found, Subject, Trouble};
use crate::causal::Role;
use crate::causal::causation::{Side, side_of};
use crate::learn::LearnError;
use crate::scene::Regime;
use crate::world::{EVALUATION, Simulation};

/// Smaller groups say too little of a model to be called the worst.
const LEAST: usize = 20;

/// What was judged, specimen by specimen.
struct Judged {
    right: Vec<bool>,
    labels: Vec<usize>,
    factors: Vec<Vec<f64>>,
}

/// `REGIME.accuracy`.
pub(super) fn measure(subject: &Subject, found: &mut Found) -> Result<(), Trouble> {
    for regime in &subject.stage.regimes {
        let judged = judge(subject, regime, false)?;
        let right = judged.right.iter().filter(|&&right| right).count();
        let share = right as f64 / judged.right.len().max(1) as f64;
        found.note(format!("{}.accuracy", regime.name), share);
    }
    Ok(())
}

fn judge(subject: &Subject, regime: &Regime, factors: bool) -> Result<Judged, LearnError> {
    let Subject { stage, seed, specimens, .. } = *subject;
    let mut world = Simulation::new(stage, regime, seed, FRAME.min(specimens), EVALUATION);
    let mut judged = Judged { right: Vec::new(), labels: Vec::new(), factors: Vec::new() };
    while judged.right.len() < specimens {
        let frame = world.step();
        let verdicts = subject.learner.logits(&frame.real)?;
        let labels = &frame.real.labels;
        judged.right.extend(verdicts.verdicts().zip(labels).map(|(verdict, &y)| verdict == y));
        judged.labels.extend(labels);
        if factors {
            judged.factors.extend(world.played().into_iter().map(|(real, _)| real.factors));
        }
    }
    Ok(judged)
}
