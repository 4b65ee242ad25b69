//! The empirical C3 risk (Eq. 8) in its parts, and what the counterfactual step does.

use super::sample::FRAME;
use super::{Found, Subject, Trouble};
use crate::learn::{Batch, LearnError, c3_risk};
use crate::measure::step_of;
use crate::world::{EVALUATION, Simulation};

/// `REGIME.c3_risk` with `.sufficiency_risk` and `.necessity_risk`; `.flip_rate`, the share of
/// specimens whose verdict the step turns over; `.kl`, the mean divergence of both branches.
pub(super) fn measure(subjects: &[Subject], found: &mut [Found]) -> Result<(), Trouble> {
    let Some(first) = subjects.first() else { return Ok(()) };
    let Subject { stage, seed, specimens, .. } = *first;
    for regime in first.regimes() {
        let mut world = Simulation::new(stage, regime, seed, FRAME.min(specimens), EVALUATION);
        let rounds = specimens.div_ceil(FRAME.min(specimens));
        let mut sums = vec![Sums::default(); subjects.len()];
        for _ in 0..rounds {
            let batch = &world.step().real;
            for (subject, sums) in subjects.iter().zip(&mut sums) {
                sums.add(subject, batch)?;
            }
        }
        for (sums, found) in sums.iter().zip(&mut *found) {
            let mut note = |name: &str, sum: f64| {
                found.note(format!("{}.{name}", regime.name), sum / rounds as f64);
            };
            note("sufficiency_risk", sums.sufficiency);
            note("necessity_risk", sums.necessity);
            note("c3_risk", sums.sufficiency + sums.necessity);
            note("flip_rate", sums.flips);
            note("kl", sums.divergence);
        }
    }
    Ok(())
}

/// Sums over the rounds of a model's means.
#[derive(Clone, Default)]
struct Sums {
    sufficiency: f64,
    necessity: f64,
    flips: f64,
    divergence: f64,
}

impl Sums {
    fn add(&mut self, subject: &Subject, batch: &Batch) -> Result<(), LearnError> {
        let answer = subject.learner.counterfactual(batch, step_of(subject.training))?;
        let (s, n) = c3_risk(&answer.real, &answer.hypothetical, &batch.labels);
        let both = answer.real.verdicts().zip(answer.hypothetical.verdicts());
        let share = 1.0 / batch.rows as f64;
        self.sufficiency += s;
        self.necessity += n;
        self.flips +=
            both.filter(|(real, hypothetical)| real != hypothetical).count() as f64 * share;
        self.divergence += answer.divergence.iter().map(|&d| f64::from(d)).sum::<f64>() * share;
        Ok(())
    }
}
