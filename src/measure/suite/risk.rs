//! The empirical C3 risk (Eq. 8) in its parts, and what the counterfactual step does.

use super::sample::FRAME;
use super::{Found, Subject, Trouble};
use crate::learn::c3_risk;
use crate::measure::step_of;
use crate::world::{EVALUATION, Simulation};

/// `REGIME.c3_risk` with `.sufficiency_risk` and `.necessity_risk`; `.flip_rate`, the share of
/// specimens whose verdict the step turns over; `.kl`, the mean divergence of both branches.
pub(super) fn measure(subject: &Subject, found: &mut Found) -> Result<(), Trouble> {
    let Subject { stage, seed, specimens, .. } = *subject;
    for regime in subject.regimes() {
        let mut world = Simulation::new(stage, regime, seed, FRAME.min(specimens), EVALUATION);
        let rounds = specimens.div_ceil(FRAME.min(specimens));
        let [mut sufficiency, mut necessity, mut flips, mut divergence] = [0.0; 4];
        for _ in 0..rounds {
            let batch = &world.step().real;
            let answer = subject.learner.counterfactual(batch, step_of(subject.training))?;
            let (s, n) = c3_risk(&answer.real, &answer.hypothetical, &batch.labels);
            let both = answer.real.verdicts().zip(answer.hypothetical.verdicts());
            let share = 1.0 / batch.rows as f64;
            sufficiency += s;
            necessity += n;
            flips +=
                both.filter(|(real, hypothetical)| real != hypothetical).count() as f64 * share;
            divergence += answer.divergence.iter().map(|&d| f64::from(d)).sum::<f64>() * share;
        }
        let mut note = |name: &str, sum: f64| {
            found.note(format!("{}.{name}", regime.name), sum / rounds as f64);
        };
        note("sufficiency_risk", sufficiency);
        note("necessity_risk", necessity);
        note("c3_risk", sufficiency + necessity);
        note("flip_rate", flips);
        note("kl", divergence);
    }
    Ok(())
}
