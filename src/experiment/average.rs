//! The figures of several seeds as one: means, with intervals over seeds.

use super::spread;
use crate::measure::statistic::interval::half_width;
use crate::measure::{C3Risk, FactorCausation, LearnedCausation, Metrics};

/// The mean of the metrics of one objective over seeds; a single one stays as it is.
///
/// The intervals of the learned values become 95% intervals of the mean over seeds (Student's t),
/// clipped to [0, 1]. The seed is that of the first.
#[must_use]
pub fn average(metrics: &[&Metrics]) -> Option<Metrics> {
    let first = *metrics.first()?;
    if metrics.len() == 1 {
        return Some(first.clone());
    }
    let mean = |f: &dyn Fn(&Metrics) -> f64| {
        spread(&metrics.iter().map(|m| f(m)).collect::<Vec<_>>()).mean
    };
    let accuracy = first.accuracy.keys().map(|regime| {
        let value = mean(&|m| m.accuracy.get(regime).copied().unwrap_or(f64::NAN));
        (regime.clone(), value)
    });
    let causation = first.causation.iter().enumerate().map(|(i, factor)| {
        let values = |f: &dyn Fn(&LearnedCausation) -> f64| -> Vec<f64> {
            metrics.iter().filter_map(|m| m.causation.get(i)).map(|c| f(&c.learned)).collect()
        };
        let (pn, pn_interval) = over_seeds(&values(&|l| l.pn));
        let (ps, ps_interval) = over_seeds(&values(&|l| l.ps));
        let (pns, pns_interval) = over_seeds(&values(&|l| l.pns));
        let learned = LearnedCausation { pn, ps, pns, pn_interval, ps_interval, pns_interval };
        FactorCausation { learned, ..factor.clone() }
    });
    Some(Metrics {
        seconds: mean(&|m| m.seconds),
        samples_per_second: mean(&|m| m.samples_per_second),
        accuracy: accuracy.collect(),
        c3_risk: C3Risk {
            sufficiency: mean(&|m| m.c3_risk.sufficiency),
            necessity: mean(&|m| m.c3_risk.necessity),
            total: mean(&|m| m.c3_risk.total),
        },
        causation: causation.collect(),
        causal_error: mean(&|m| m.causal_error),
        ..first.clone()
    })
}

/// The mean and its 95% interval from Student's t.
fn over_seeds(values: &[f64]) -> (f64, [f64; 2]) {
    let found = spread(values);
    let half = half_width(&found);
    (found.mean, [(found.mean - half).max(0.0), (found.mean + half).min(1.0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_students() {
        // t(0.975, 4) = 2.776; mean 0.3, deviation 0.1581, over five.
        let (mean, [low, high]) = over_seeds(&[0.1, 0.2, 0.3, 0.4, 0.5]);
        assert!((mean - 0.3).abs() < 1e-12);
        assert!((high - mean - 2.776_445 * 0.158_113_9 / 5.0_f64.sqrt()).abs() < 1e-5);
        assert!((mean - low - (high - mean)).abs() < 1e-12);
    }
}
