//! Learned PN, PS and PNS of every factor beside the true ones.

use super::sample::FRAME;
use super::{Found, Subject, Trouble};
use crate::learn::Learner;
use crate::measure::causal_error;
use crate::measure::learned::{Actual, learned_causation};
use crate::scene::{CLASS, Regime};
use crate::world::{EVALUATION, Simulation};

/// `pn.FACTOR`, `ps.FACTOR`, `pns.FACTOR`, `true_pns.FACTOR`, and `causal_error`, the mean over
/// factors of `|learned PNS - true PNS|`; on specimens of the scene as it is, and with `randomised.`
/// before the names where the factors that cause nothing are randomised, which leaves the truth as it
/// is.
pub(super) fn measure(subjects: &[Subject], found: &mut [Found]) -> Result<(), Trouble> {
    let Some(first) = subjects.first() else { return Ok(()) };
    for regime in first.regimes() {
        of_regime(first, subjects, regime, found)?;
    }
    Ok(())
}

fn of_regime(
    first: &Subject,
    subjects: &[Subject],
    regime: &Regime,
    found: &mut [Found],
) -> Result<(), Trouble> {
    let Subject { stage, seed, specimens, .. } = *first;
    let learners: Vec<&dyn Learner> = subjects.iter().map(|subject| subject.learner).collect();
    let before = if regime.name == stage.iid().name { "" } else { "randomised." };
    let mut world = Simulation::new(stage, regime, seed, FRAME.min(specimens), EVALUATION);
    let mut actual = Actual { factors: Vec::new(), verdicts: vec![Vec::new(); learners.len()] };
    while actual.factors.len() < specimens {
        let batch = &world.step().real;
        for (learner, verdicts) in learners.iter().zip(&mut actual.verdicts) {
            verdicts.extend(learner.logits(batch)?.verdicts().map(|verdict| verdict == CLASS));
        }
        actual.factors.extend(world.played().into_iter().map(|(real, _)| real.factors));
    }
    let mut all = vec![Vec::new(); learners.len()];
    for factor in 0..stage.factors.len() {
        world.seek(EVALUATION);
        let learned =
            learned_causation(&mut world, stage, factor, &actual, &learners, &mut || true)?;
        all.iter_mut().zip(learned.into_iter().flatten()).for_each(|(all, one)| all.push(one));
    }
    for (all, found) in all.iter().zip(found) {
        for one in all {
            let name = &one.factor;
            found.note(format!("{before}pn.{name}"), one.learned.pn);
            found.note(format!("{before}ps.{name}"), one.learned.ps);
            found.note(format!("{before}pns.{name}"), one.learned.pns);
            found.note(format!("{before}true_pns.{name}"), one.truth.pns);
        }
        found.note(format!("{before}causal_error"), causal_error(all));
    }
    Ok(())
}
