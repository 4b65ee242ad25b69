//! What can be said of PN, PS and PNS without the model: bounds and identification.
//!
//! x is the presence of a binary factor and y a class of the label (Pearl, *Causality*, chapter 9;
//! Tian and Pearl 2000).

use super::causation::{Query, Truth};
use super::{Interventions, Scm};

/// Observational and experimental probabilities of one factor and one class.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Evidence {
    /// `P(x, y)`.
    pub xy: f64,
    /// `P(x, not y)`.
    pub x_only: f64,
    /// `P(not x, y)`.
    pub y_only: f64,
    /// `P(not x, not y)`.
    pub neither: f64,
    /// `P(y | do(x))`.
    pub y_do_x: f64,
    /// `P(y | do(not x))`.
    pub y_do_not_x: f64,
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
    /// The exact evidence of a model, or `None` where its noise isn't finite. A specimen whose
    /// factor has neither of the two values of the query counts as without it.
    #[must_use]
    pub fn of(scm: &Scm, query: &Query) -> Option<Self> {
        let atoms = scm.atoms(&[query.label, query.factor])?;
        let worlds = [
            Interventions::none(),
            Interventions::set(query.factor, query.present),
            Interventions::set(query.factor, query.absent),
        ];
        let mut evidence = Self::default();
        let mut values = vec![0.0; scm.len()];
        atoms.for_each(|probability, noise| {
            let mut y = [false; 3];
            let mut x = false;
            for (i, world) in worlds.iter().enumerate() {
                scm.propagate_some(&atoms, noise, world, &mut values);
                y[i] = values[query.label] == query.class;
                x |= i == 0 && values[query.factor] == query.present;
            }
            let cell = match (x, y[0]) {
                (true, true) => &mut evidence.xy,
                (true, false) => &mut evidence.x_only,
                (false, true) => &mut evidence.y_only,
                (false, false) => &mut evidence.neither,
            };
            *cell += probability;
            evidence.y_do_x += if y[1] { probability } else { 0.0 };
            evidence.y_do_not_x += if y[2] { probability } else { 0.0 };
        });
        Some(evidence)
    }

    /// `P(y)`.
    #[must_use]
    pub fn y(&self) -> f64 {
        self.xy + self.y_only
    }

    /// `P(y | x)`; 0 where x never holds.
    #[must_use]
    pub fn y_given_x(&self) -> f64 {
        share(self.xy, self.xy + self.x_only)
    }

    /// `P(y | not x)`; 0 where x always holds.
    #[must_use]
    pub fn y_given_not_x(&self) -> f64 {
        share(self.y_only, self.y_only + self.neither)
    }

    /// How far the model is from exogeneity: the larger of `|P(y | do(x)) - P(y | x)|` and the same
    /// for not x. 0 where nothing confounds factor and label.
    #[must_use]
    pub fn confounding(&self) -> f64 {
        let with = (self.y_do_x - self.y_given_x()).abs();
        with.max((self.y_do_not_x - self.y_given_not_x()).abs())
    }

    /// The bounds of Tian and Pearl from observational and experimental data, without assumptions.
    #[must_use]
    pub fn tian_pearl(&self) -> Bounds {
        let (y, do_x, do_not) = (self.y(), self.y_do_x, self.y_do_not_x);
        let low = |all: &[f64]| all.iter().copied().fold(0.0, f64::max);
        let high = |all: &[f64]| all.iter().copied().fold(1.0, f64::min);
        let pns = [
            low(&[do_x - do_not, y - do_not, do_x - y]),
            high(&[
                do_x,
                1.0 - do_not,
                self.xy + self.neither,
                do_x - do_not + self.x_only + self.y_only,
            ]),
        ];
        // Where the condition never holds, nothing is known of a conditional probability.
        let of = |condition: f64, lower: f64, upper: f64| {
            if condition > 0.0 {
                [low(&[lower / condition]), high(&[upper / condition])]
            } else {
                [0.0, 1.0]
            }
        };
        Bounds {
            pn: of(self.xy, y - do_not, 1.0 - do_not - self.neither),
            ps: of(self.neither, do_x - y, do_x - self.xy),
            pns,
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
        within(truth.pn, self.pn) && within(truth.ps, self.ps) && within(truth.pns, self.pns)
    }
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
        let evidence = Evidence::of(&scm, &query).unwrap();
        let exact = truth(&scm, &query);
        assert!(exact.pns_reversed == 0.0 && evidence.confounding() > 0.2);
        let found = evidence.monotone();
        for (a, b) in [(found.pn, exact.pn), (found.ps, exact.ps), (found.pns, exact.pns)] {
            assert!((a - b).abs() < 1e-9, "{found:?} is not {exact:?}");
        }
        // P(y_1) - P(y_0) = P(not u) P(v).
        assert!((exact.pns - 0.28).abs() < 1e-9);
        assert!(evidence.observational().pns > exact.pns + 0.2);
        assert!(evidence.tian_pearl().cover(&exact));
    }

    #[test]
    fn bounds_leave_out_what_cannot_be() {
        let evidence = Evidence {
            xy: 0.5,
            x_only: 0.0,
            y_only: 0.0,
            neither: 0.5,
            y_do_x: 1.0,
            y_do_not_x: 0.0,
        };
        let certain = Bounds { pn: [1.0, 1.0], ps: [1.0, 1.0], pns: [1.0, 1.0] };
        assert_eq!(evidence.tian_pearl(), certain);
    }
}
