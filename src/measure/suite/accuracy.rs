//! Accuracy under every regime, on the whole and on the worst group.

use super::sample::FRAME;
use super::{Found, Subject, Trouble};
use crate::causal::Role;
use crate::causal::causation::{Side, side_of};
use crate::learn::LearnError;
use crate::measure::statistic::worst_group::worst_group as worst;
use crate::scene::Regime;
use crate::world::{EVALUATION, Simulation};

/// Smaller groups say too little of a model to be called the worst.
const LEAST: usize = 20;

/// What was judged, specimen by specimen.
struct Judged {
    /// Of each model, where it was right.
    right: Vec<Vec<bool>>,
    labels: Vec<usize>,
    factors: Vec<Vec<f64>>,
}

/// `REGIME.accuracy`.
pub(super) fn measure(subjects: &[Subject], found: &mut [Found]) -> Result<(), Trouble> {
    let Some(first) = subjects.first() else { return Ok(()) };
    for regime in &first.stage.regimes {
        let judged = judge(subjects, regime, false)?;
        for (right, found) in judged.right.iter().zip(&mut *found) {
            let hits = right.iter().filter(|&&right| right).count();
            let share = hits as f64 / right.len().max(1) as f64;
            found.note(format!("{}.accuracy", regime.name), share);
        }
    }
    Ok(())
}

/// `REGIME.worst_group` and `REGIME.worst_group_size`: groups are the cells of the label and of
/// every spurious factor, present or not.
pub(super) fn worst_group(subjects: &[Subject], found: &mut [Found]) -> Result<(), Trouble> {
    let Some(first) = subjects.first() else { return Ok(()) };
    let spurious = first.of_role(Role::Spurious);
    // More factors would cut the specimens into cells of none.
    let spurious = &spurious[..spurious.len().min(3)];
    for regime in &first.stage.regimes {
        let judged = judge(subjects, regime, true)?;
        let group = |row: usize| {
            spurious.iter().fold(judged.labels[row], |group, &factor| {
                let declared = &first.stage.factors[factor];
                let value = judged.factors[row][factor];
                let side = side_of(declared.domain, value, declared.absent, declared.present);
                2 * group + usize::from(side == Side::Present)
            })
        };
        let groups: Vec<usize> = (0..judged.labels.len()).map(group).collect();
        for (right, found) in judged.right.iter().zip(&mut *found) {
            let report = worst(right, &groups, LEAST)?;
            if let Some(group) = report.worst {
                found.note(format!("{}.worst_group", regime.name), group.accuracy);
                found.note(format!("{}.worst_group_size", regime.name), group.count as f64);
            }
        }
    }
    Ok(())
}

fn judge(subjects: &[Subject], regime: &Regime, factors: bool) -> Result<Judged, LearnError> {
    let right = vec![Vec::new(); subjects.len()];
    let mut judged = Judged { right, labels: Vec::new(), factors: Vec::new() };
    let Some(&Subject { stage, seed, specimens, .. }) = subjects.first() else { return Ok(judged) };
    let mut world = Simulation::new(stage, regime, seed, FRAME.min(specimens), EVALUATION);
    while judged.labels.len() < specimens {
        let frame = world.step();
        let labels = &frame.real.labels;
        for (subject, right) in subjects.iter().zip(&mut judged.right) {
            let logits = subject.learner.logits(&frame.real)?;
            right.extend(logits.verdicts().zip(labels).map(|(verdict, &y)| verdict == y));
        }
        judged.labels.extend(labels);
        if factors {
            judged.factors.extend(world.played().into_iter().map(|(real, _)| real.factors));
        }
    }
    Ok(judged)
}
