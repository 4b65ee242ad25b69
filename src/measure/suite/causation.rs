//! Learned PN, PS and PNS of every factor beside the true ones.

use super::sample::FRAME;
use super::{Found, Subject, Trouble};
use crate::measure::causal_error;
use crate::measure::learned::{Actual, learned_causation};
use crate::scene::{CLASS, Regime};
use crate::world::{EVALUATION, Simulation};

/// `pn.FACTOR`, `ps.FACTOR`, `pns.FACTOR`, `true_pns.FACTOR`, and `causal_error`, the mean over
/// factors of `|learned PNS - true PNS|`; on specimens of the scene as it is, and with `randomised.`
/// before the names where the factors that cause nothing are randomised, which leaves the truth as it
/// is.
pub(super) fn measure(subject: &Subject, found: &mut Found) -> Result<(), Trouble> {
    for regime in subject.regimes() {
        of_regime(subject, regime, found)?;
    }
    Ok(())
}

fn of_regime(subject: &Subject, regime: &Regime, found: &mut Found) -> Result<(), Trouble> {
    let Subject { stage, seed, learner, specimens, .. } = *subject;
    let before = if regime.name == stage.iid().name { "" } else { "randomised." };
    let mut world = Simulation::new(stage, regime, seed, FRAME.min(specimens), EVALUATION);
    let mut actual = Actual { factors: Vec::new(), verdicts: vec![Vec::new()] };
    while actual.factors.len() < specimens {
        let verdicts = learner.logits(&world.step().real)?;
        actual.verdicts[0].extend(verdicts.verdicts().map(|verdict| verdict == CLASS));
        actual.factors.extend(world.played().into_iter().map(|(real, _)| real.factors));
    }
    let mut all = Vec::new();
    for factor in 0..stage.factors.len() {
        world.seek(EVALUATION);
        let learned =
            learned_causation(&mut world, stage, factor, &actual, &[learner], &mut || true)?;
        all.extend(learned.into_iter().flatten());
    }
    for one in &all {
        let name = &one.factor;
        found.note(format!("{before}pn.{name}"), one.learned.pn);
        found.note(format!("{before}ps.{name}"), one.learned.ps);
        found.note(format!("{before}pns.{name}"), one.learned.pns);
        found.note(format!("{before}true_pns.{name}"), one.truth.pns);
    }
    found.note(format!("{before}causal_error"), causal_error(&all));
    Ok(())
}
