//! What can be said of PN, PS and PNS without the model: bounds and identification.
//!
//! x and x' are the present and the absent value of a factor and y a class of the label (Pearl,
//! *Causality*, chapter 9; Tian and Pearl 2000).

use super::Scm;
use super::causation::{Direction, Query, Side, Truth};
use super::tally::Tally;

/// Observational and experimental probabilities of one factor and one class.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Evidence {
    /// `P(x, y)`.
    pub xy: f64,
    /// `P(x, not y)`.
    pub x_only: f64,
    /// `P(x', y)`.
    pub y_only: f64,
    /// `P(x', not y)`.
    pub neither: f64,
    /// `P(y)` of specimens whose factor has another value than x and x'.
    pub other_y: f64,
    /// `P(not y)` of these.
    pub other_not_y: f64,
    /// `P(y | do(x))`.
    pub y_do_x: f64,
    /// `P(y | do(x'))`.
    pub y_do_not_x: f64,
    /// The factor is continuous: x and x' are halves of its range, and a specimen with x need not
    /// have the label that it has under do(x).
    pub continuous: bool,
    /// The number of specimens where the probabilities are counted shares.
    pub trials: Option<usize>,
}

/// Intervals that PN, PS and PNS must lie in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Lower and upper bound of PN.
    pub pn: [f64; 2],
    /// Lower and upper bound of PS.
    pub ps: [f64; 2],
    /// Lower and upper bound of PNS.
    pub pns: [f64; 2],
}

/// PN, PS and PNS as an estimator gives them; they need not be probabilities where its
/// assumptions fail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Identified {
    /// Probability of necessity.
    pub pn: f64,
    /// Probability of sufficiency.
    pub ps: f64,
    /// Probability of necessity and sufficiency.
    pub pns: f64,
}

impl Evidence {
    /// The evidence of a model, exact where its noise is finite.
    #[must_use]
    pub fn of(scm: &Scm, query: &Query) -> Self {
        Self::from_tally(&Tally::of(scm, query), query.class as usize)
    }

    /// What observers and experimenters would find of a class.
    #[must_use]
    pub fn from_tally(tally: &Tally, class: usize) -> Self {
        let mut evidence =
            Self { continuous: tally.continuous, trials: tally.how.trials(), ..Self::default() };
        let total: f64 = tally.cells().map(|(_, weight)| weight).sum();
        for (cell, weight) in tally.cells().filter(|(_, weight)| *weight > 0.0) {
            let probability = weight / total;
            let event = match (cell.side, cell.actual == class) {
                (Side::Present, true) => &mut evidence.xy,
                (Side::Present, false) => &mut evidence.x_only,
                (Side::Absent, true) => &mut evidence.y_only,
                (Side::Absent, false) => &mut evidence.neither,
                (Side::Other, true) => &mut evidence.other_y,
                (Side::Other, false) => &mut evidence.other_not_y,
            };
            *event += probability;
            evidence.y_do_x += if cell.with == class { probability } else { 0.0 };
            evidence.y_do_not_x += if cell.without == class { probability } else { 0.0 };
        }
        evidence
    }

    /// `P(y)`.
    #[must_use]
    pub fn y(&self) -> f64 {
        self.xy + self.y_only + self.other_y
    }

    /// `P(y | x)`; 0 where x never holds.
    #[must_use]
    pub fn y_given_x(&self) -> f64 {
        share(self.xy, self.xy + self.x_only)
    }

    /// `P(y | x')`; 0 where x' never holds.
    #[must_use]
    pub fn y_given_not_x(&self) -> f64 {
        share(self.y_only, self.y_only + self.neither)
    }

    /// How far the model is from exogeneity: the larger of `|P(y | do(x)) - P(y | x)|` and the same
    /// for x'. 0 where nothing confounds factor and label.
    #[must_use]
    pub fn confounding(&self) -> f64 {
        let with = (self.y_do_x - self.y_given_x()).abs();
        with.max((self.y_do_not_x - self.y_given_not_x()).abs())
    }

    /// The bounds of Tian and Pearl from observational and experimental data, without assumptions.
    ///
    /// Theirs are for a factor with two values. Specimens with a third one show neither their
    /// label under do(x) nor that under do(x'), and so nobody does where the factor is continuous:
    /// the bounds grow wider by what these could be.
    #[must_use]
    pub fn tian_pearl(&self) -> Bounds {
        let known = |mass: f64| if self.continuous { 0.0 } else { mass };
        let (x, not_x) = (known(self.xy + self.x_only), known(self.y_only + self.neither));
        let other = (1.0 - x - not_x).max(0.0);
        let (xy, x_only) = (known(self.xy), known(self.x_only));
        let (y_only, neither) = (known(self.y_only), known(self.neither));
        // What has y under an operation beyond those of whom that's observed.
        let do_x = (self.y_do_x - xy).max(0.0);
        let do_not = (self.y_do_not_x - y_only).max(0.0);
        // A part of them is in a given event, which has an unobserved rest beside it.
        let part = |of: f64, event: f64, rest: f64| [(of - rest).max(0.0), of.min(event)];
        let [spared_least, spared_most] = part(do_not, self.xy, 1.0 - not_x - self.xy);
        let [gained_least, gained_most] = part(do_x, self.neither, 1.0 - x - self.neither);
        let conditional = |condition: f64, lower: f64, upper: f64| {
            // Where the condition never holds, nothing is known of a conditional probability.
            if condition > 0.0 { clamp(lower / condition, upper / condition) } else { [0.0, 1.0] }
        };
        // Y under do(x) that must be gained; y under do(x') that must be lost by somebody with y.
        let (gain, loss) = ((do_x - y_only).max(0.0), (do_not - x_only).max(0.0));
        let lower = xy + gain - do_not.min(xy + gain.min(other));
        let spare = (do_x - neither).max(0.0);
        let upper = xy - loss + do_x.min(neither) + (spare + loss).min(other);
        Bounds {
            pn: conditional(self.xy, self.xy - spared_most, self.xy - spared_least),
            ps: conditional(self.neither, gained_least, gained_most),
            pns: clamp(lower, upper),
        }
    }

    /// Identification under exogeneity and monotonicity, from observation alone (Pearl, theorem
    /// 9.2.14): what a learner that trusts correlations believes.
    #[must_use]
    pub fn observational(&self) -> Identified {
        let pns = self.y_given_x() - self.y_given_not_x();
        Identified {
            pn: share(pns, self.y_given_x()),
            ps: share(pns, 1.0 - self.y_given_not_x()),
            pns,
        }
    }

    /// Identification under monotonicity, from observation and experiment: Theorem 3.2 of the C3R
    /// paper, Eq. 2 (PNS), 3 (PS) and 4 (PN); Pearl's theorem 9.2.15.
    #[must_use]
    pub fn monotone(&self) -> Identified {
        Identified {
            pn: share(self.y() - self.y_do_not_x, self.xy),
            ps: share(self.y_do_x - self.y(), self.neither),
            pns: self.y_do_x - self.y_do_not_x,
        }
    }
}

impl Bounds {
    /// Whether a truth lies within, up to rounding.
    #[must_use]
    pub fn cover(&self, truth: &Truth) -> bool {
        let within =
            |value: f64, [low, high]: [f64; 2]| low - 1e-9 <= value && value <= high + 1e-9;
        let Direction { pn, ps, pns } = truth.forward;
        pn.is_none_or(|pn| within(pn, self.pn))
            && ps.is_none_or(|ps| within(ps, self.ps))
            && within(pns, self.pns)
    }
}

fn clamp(lower: f64, upper: f64) -> [f64; 2] {
    [lower.clamp(0.0, 1.0), upper.clamp(0.0, 1.0)]
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::Mechanism;
    use crate::causal::causation::truth;

    fn gate(rule: &str) -> Mechanism {
        Mechanism::Gate { rule: rule.to_owned(), flip: 0.0 }
    }

    /// A confounded, monotone model: observation misleads, Theorem 3.2 does not.
    #[test]
    fn theorem_3_2_holds_where_correlation_misleads() {
        let u = Mechanism::Bernoulli(0.3);
        let v = Mechanism::Bernoulli(0.4);
        let x = Mechanism::NoisyCopy { of: "u".into(), flip: 0.2 };
        let y = gate("u or (x and v)");
        let scm = Scm::build(&[("u", &u), ("v", &v), ("x", &x), ("y", &y)]).unwrap();
        let (factor, label) = (2, 3);
        let query = Query { factor, label, class: 1.0, absent: 0.0, present: 1.0 };
        let evidence = Evidence::of(&scm, &query);
        let exact = truth(&scm, &query);
        assert!(exact.reversed.pns == 0.0 && evidence.confounding() > 0.2);
        let found = evidence.monotone();
        let Direction { pn, ps, pns } = exact.forward;
        for (a, b) in [(found.pn, pn.unwrap()), (found.ps, ps.unwrap()), (found.pns, pns)] {
            assert!((a - b).abs() < 1e-9, "{found:?} is not {exact:?}");
        }
        // P(y_1) - P(y_0) = P(not u) P(v).
        assert!((exact.forward.pns - 0.28).abs() < 1e-9);
        assert!(evidence.observational().pns > exact.forward.pns + 0.2);
        assert!(evidence.tian_pearl().cover(&exact));
    }

    #[test]
    fn bounds_leave_out_what_cannot_be() {
        let evidence = Evidence { xy: 0.5, neither: 0.5, y_do_x: 1.0, ..Evidence::default() };
        let certain = Bounds { pn: [1.0, 1.0], ps: [1.0, 1.0], pns: [1.0, 1.0] };
        assert_eq!(evidence.tian_pearl(), certain);
    }
}
