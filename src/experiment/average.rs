//! The figures of several seeds as one: means, with intervals over seeds.

use std::collections::BTreeMap;

use super::spread;
use crate::measure::statistic::interval::half_width;
use crate::measure::{
    C3Risk, Causation, ClassCausation, Evaluation, FactorCausation, Headline, Intervals, Metrics,
    Reliance, State, WorstGroup,
};

/// The mean of the metrics of one objective over seeds; a single one stays as it is.
///
/// The intervals of the learned values become 95% intervals of the mean over seeds (Student's t),
/// clipped to [0, 1]. The seed is that of the first. A figure that some seed lacks is a mean over
/// those that have it. The state is the worst of all seeds.
#[must_use]
pub fn average(metrics: &[&Metrics]) -> Option<Metrics> {
    let first = *metrics.first()?;
    if metrics.len() == 1 {
        return Some(first.clone());
    }
    let all = Seeds(metrics);
    let found: Vec<&Evaluation> = metrics.iter().map(|m| &m.evaluation).collect();
    let worst = found.iter().copied().max_by_key(|e| rank(e.state))?;
    let own = &first.evaluation;
    let causation: Vec<FactorCausation> = (own.causation.iter().enumerate())
        .map(|(i, factor)| factor_of(factor, &found, i))
        .collect();
    let names = first.decisions.keys();
    let decisions = names.filter_map(|name| {
        Some((name.clone(), mean(&all.of(|m| m.decisions.get(name).copied()))?))
    });
    let headline =
        |pick: &dyn Fn(&Headline) -> Option<f64>| mean(&all.of(|m| pick(&m.evaluation.headline)));
    let evaluation = Evaluation {
        state: worst.state,
        collapsed_to: worst.collapsed_to.clone(),
        headline: Headline {
            worst_group: headline(&|h| h.worst_group),
            reliance: Reliance {
                mean: headline(&|h| h.reliance.mean),
                ..relied_on_most(&causation)
            },
            grasp: headline(&|h| h.grasp),
            causal_error: headline(&|h| h.causal_error),
        },
        measured_on: own.measured_on.clone(),
        samples: own.samples,
        accuracy: means(&own.accuracy, |name| all.of(|m| m.evaluation.accuracy.get(name).copied())),
        best_accuracy: means(&own.best_accuracy, |name| {
            all.of(|m| m.evaluation.best_accuracy.get(name).copied())
        }),
        commonest: mean(&all.of(|m| m.evaluation.commonest)),
        worst_group: group_of(&all),
        c3_risk: own.c3_risk.map(|_| {
            let part = |pick: fn(&C3Risk) -> f64| {
                mean(&all.of(|m| m.evaluation.c3_risk.as_ref().map(pick))).unwrap_or(f64::NAN)
            };
            C3Risk {
                sufficiency: part(|risk| risk.sufficiency),
                necessity: part(|risk| risk.necessity),
                total: part(|risk| risk.total),
            }
        }),
        causation,
    };
    Some(Metrics {
        seeds: metrics.len(),
        seconds: mean(&all.of(|m| Some(m.seconds))).unwrap_or(f64::NAN),
        samples_per_second: mean(&all.of(|m| Some(m.samples_per_second))).unwrap_or(f64::NAN),
        decisions: decisions.collect(),
        evaluation,
        ..first.clone()
    })
}

/// The metrics of several seeds.
struct Seeds<'a>(&'a [&'a Metrics]);

impl Seeds<'_> {
    /// A figure of those that have it.
    fn of(&self, pick: impl Fn(&Metrics) -> Option<f64>) -> Vec<f64> {
        self.0.iter().filter_map(|metrics| pick(metrics)).collect()
    }
}

/// How bad a state is.
const fn rank(state: State) -> u8 {
    match state {
        State::Trained => 0,
        State::AtChance => 1,
        State::Collapsed => 2,
        State::Diverged => 3,
    }
}

fn means(names: &BTreeMap<String, f64>, of: impl Fn(&str) -> Vec<f64>) -> BTreeMap<String, f64> {
    names.keys().filter_map(|name| Some((name.clone(), mean(&of(name))?))).collect()
}

/// The worst group of the seeds that name the same one as the first; its accuracy is over all.
fn group_of(all: &Seeds) -> Option<WorstGroup> {
    let first = all.0.first()?.evaluation.worst_group.clone()?;
    let values = all.of(|m| Some(m.evaluation.worst_group.as_ref()?.accuracy));
    let (accuracy, interval) = over_seeds(&values)?;
    Some(WorstGroup { accuracy, interval, ..first })
}

/// The factor that is no cause with the largest mean direct reliance.
fn relied_on_most(causation: &[FactorCausation]) -> Reliance {
    crate::measure::headline::headline(causation, None).reliance
}

fn factor_of(factor: &FactorCausation, found: &[&Evaluation], i: usize) -> FactorCausation {
    let classes = factor.classes.iter().enumerate().map(|(k, class)| {
        let of = |pick: fn(&ClassCausation) -> &Causation| -> Causation {
            let all = found.iter().filter_map(|e| Some(pick(e.causation.get(i)?.classes.get(k)?)));
            causation_of(&all.collect::<Vec<_>>())
        };
        ClassCausation {
            total: of(|class| &class.total),
            direct: of(|class| &class.direct),
            best: class.best.map(|_| {
                let all: Vec<Causation> = (found.iter())
                    .filter_map(|e| e.causation.get(i)?.classes.get(k)?.best)
                    .collect();
                causation_of(&all.iter().collect::<Vec<_>>())
            }),
            ..class.clone()
        }
    });
    FactorCausation { classes: classes.collect(), ..factor.clone() }
}

fn causation_of(all: &[&Causation]) -> Causation {
    let seeds = |pick: fn(&Causation) -> Option<f64>| {
        over_seeds(&all.iter().filter_map(|one| pick(one)).collect::<Vec<_>>())
    };
    let value = |pick| seeds(pick).map(|(mean, _)| mean);
    let interval = |pick| seeds(pick).map(|(_, interval)| interval);
    Causation {
        pn: value(|c| c.pn),
        ps: value(|c| c.ps),
        pns: value(|c| c.pns),
        reversed: value(|c| c.reversed),
        pn_reversed: value(|c| c.pn_reversed),
        ps_reversed: value(|c| c.ps_reversed),
        reliance: value(|c| c.reliance),
        effect: value(|c| c.effect),
        intervals: Some(Intervals {
            pn: interval(|c| c.pn),
            ps: interval(|c| c.ps),
            pns: interval(|c| c.pns),
            reversed: interval(|c| c.reversed),
            reliance: interval(|c| c.reliance),
        }),
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| spread(values).mean)
}

/// The mean and its 95% interval from Student's t; of a single value no more than [0, 1] is known.
fn over_seeds(values: &[f64]) -> Option<(f64, [f64; 2])> {
    if values.is_empty() {
        return None;
    }
    let found = spread(values);
    let half = half_width(&found);
    let half = if half.is_finite() { half } else { 1.0 };
    Some((found.mean, [(found.mean - half).max(0.0), (found.mean + half).min(1.0)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_students() {
        // t(0.975, 4) = 2.776; mean 0.3, deviation 0.1581, over five.
        let (mean, [low, high]) = over_seeds(&[0.1, 0.2, 0.3, 0.4, 0.5]).unwrap();
        assert!((mean - 0.3).abs() < 1e-12);
        assert!((high - mean - 2.776_445 * 0.158_113_9 / 5.0_f64.sqrt()).abs() < 1e-5);
        assert!((mean - low - (high - mean)).abs() < 1e-12);
    }
}
