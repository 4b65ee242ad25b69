//! What estimators say of a binary treatment in an exactly known joint distribution.
//!
//! These are the formulas of the paper, and the textbook ones beside them, as functions of a
//! [`Joint`]: with the true distribution in hand, what is left of an error is the formula's own.

use super::enumerate::Joint;

/// Positions of treatment and outcome among the nodes of a [`Joint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The treatment Z, binary.
    pub treatment: usize,
    /// The outcome Y, binary.
    pub outcome: usize,
}

/// `P(y | z) - P(y | not z)`: what is observed, without adjusting for anything.
#[must_use]
pub fn observed_contrast(joint: &Joint, pair: Pair) -> f64 {
    outcome_given(joint, pair, 1.0, |_| true) - outcome_given(joint, pair, 0.0, |_| true)
}

/// Theorem 3.3, Eq. 5: `sum_v [P(y | z, v) - P(y | not z, v)] P(v)`.
///
/// It is back-door adjustment: right where V blocks every back-door path, and wrong by more than
/// [`observed_contrast`] where V is a textbook instrument. A stratum without both treatments
/// contributes nothing.
#[must_use]
pub fn adjusted_contrast(joint: &Joint, pair: Pair, adjust_for: usize) -> f64 {
    let mut strata: Vec<f64> = joint.cases().iter().map(|(v, _)| v[adjust_for]).collect();
    strata.sort_by(f64::total_cmp);
    strata.dedup();
    let mut sum = 0.0;
    for stratum in strata {
        let within = |v: &[f64]| v[adjust_for] == stratum;
        let treated = |z: f64| joint.probability(|v| within(v) && v[pair.treatment] == z) > 0.0;
        if treated(0.0) && treated(1.0) {
            let contrast =
                outcome_given(joint, pair, 1.0, within) - outcome_given(joint, pair, 0.0, within);
            sum += contrast * joint.probability(within);
        }
    }
    sum
}

/// Wald's estimator with a binary instrument:
/// `[P(y | v) - P(y | not v)] / [P(z | v) - P(z | not v)]`, or `None` where V doesn't move Z.
#[must_use]
pub fn wald(joint: &Joint, pair: Pair, instrument: usize) -> Option<f64> {
    let moved = |node: usize| {
        let given = |x: f64| joint.conditional(|v| v[node] == 1.0, |v| v[instrument] == x);
        given(1.0) - given(0.0)
    };
    let treatment = moved(pair.treatment);
    (treatment != 0.0).then(|| moved(pair.outcome) / treatment)
}

fn outcome_given(joint: &Joint, pair: Pair, z: f64, within: impl Fn(&[f64]) -> bool) -> f64 {
    joint.conditional(|v| v[pair.outcome] == 1.0, |v| v[pair.treatment] == z && within(v))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::causation::{Query, truth};
    use crate::causal::{Mechanism, Scm};

    /// The counterexample of the specification, section 1: V a textbook instrument, U hidden.
    #[test]
    fn eq_5_with_an_instrument_is_worse_than_doing_nothing() {
        let coin = Mechanism::Bernoulli(0.5);
        let table = |of: [&str; 2], ones: [f64; 4]| Mechanism::Table {
            of: of.map(str::to_owned).to_vec(),
            rows: ones
                .iter()
                .enumerate()
                .map(|(i, p)| (vec![i / 2, i % 2], vec![1.0 - p, *p]))
                .collect(),
        };
        let z = table(["v", "u"], [0.1, 0.5, 0.5, 0.9]);
        let y = table(["u", "z"], [0.1, 0.4, 0.5, 0.8]);
        let scm = Scm::build(&[("u", &coin), ("v", &coin), ("z", &z), ("y", &y)]).unwrap();
        let [u, v, z, y] = ["u", "v", "z", "y"].map(|name| scm.find(name).unwrap());
        let joint = scm.joint(&[u, v, z, y]).unwrap();
        let pair = Pair { treatment: 2, outcome: 3 };
        let query = Query { factor: z, label: y, class: 1.0, absent: 0.0, present: 1.0 };
        // P(Y_1) - P(Y_0); the tables share their noise, so the effect is monotone and is PNS.
        assert!((truth(&scm, &query).pns - 0.300).abs() < 1e-9);
        assert!((observed_contrast(&joint, pair) - 0.460).abs() < 1e-9);
        assert!((adjusted_contrast(&joint, pair, 1) - 0.490_476_190_476).abs() < 1e-9);
        assert!((adjusted_contrast(&joint, pair, 0) - 0.300).abs() < 1e-9);
        assert!((wald(&joint, pair, 1).unwrap() - 0.300).abs() < 1e-9);
        assert_eq!(wald(&joint, pair, 3).map(f64::is_finite), Some(true));
    }
}
