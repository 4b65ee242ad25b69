//! What estimators say of a factor's effect on a class, from its joint distribution with a third
//! node V: the formulas of the paper, and the textbook ones beside them.
//!
//! With the true distribution in hand, what is left of an error is the formula's own.

use std::rc::Rc;

use serde::Serialize;

use super::causation::{Query, Side, side_of};
use super::eliminate::{Inquiry, LIMIT, Obstacle};
use super::independence::{ROUNDING, Table, bins, distinct, independent};
use super::replay::Replay;
use super::solver::Solver;
use super::tally::{Contrast, How, class, classes};
use super::{Domain, NodeId, Scm};

/// The joint distribution of V, the side of a factor Z, and the class of the label Y.
#[derive(Clone, Debug, PartialEq)]
pub struct Strata {
    /// How the weights were got.
    pub how: How,
    /// Whether V is continuous, and its strata are bins of equal mass.
    pub binned: bool,
    /// By stratum of V, [`super::causation::Side`] of Z and class of Y: probabilities or counts.
    weights: Vec<[Vec<f64>; 3]>,
}

/// The contrast of Eq. 5.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adjusted {
    /// The contrast over the strata that have both values of Z.
    pub contrast: f64,
    /// The probability of the other strata, which say nothing.
    pub dropped: f64,
}

/// How far an assumption fails, and whether it may be taken to hold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Tested {
    /// Whether it holds: up to rounding where the model is exact, else by a test that errs once
    /// in 10,000 times.
    pub holds: bool,
    /// The largest difference of probabilities that should be 0.
    pub gap: f64,
}

/// The strata of V for several factors of one label; what has to be replayed is replayed once.
#[must_use]
pub fn strata_of(scm: &Scm, label: NodeId, contrasts: &[Contrast], v: NodeId) -> Vec<Strata> {
    let nodes: Vec<NodeId> = contrasts.iter().map(|c| c.factor).chain([label, v]).collect();
    let mut solver = Solver::new(scm, &nodes, &[label, v], Rc::default());
    let exact: Vec<Result<Strata, _>> =
        contrasts.iter().map(|&contrast| exactly(scm, &mut solver, label, contrast, v)).collect();
    let open = contrasts.iter().zip(&exact).filter_map(|(c, e)| Some((*c, e.as_ref().err()?)));
    let open: Vec<(Contrast, &Obstacle)> = open.collect();
    let mut counted = count(scm, label, &open, v).into_iter();
    exact.iter().filter_map(|e| e.as_ref().ok().cloned().or_else(|| counted.next())).collect()
}

fn exactly(
    scm: &Scm,
    solver: &mut Solver,
    label: NodeId,
    contrast: Contrast,
    v: NodeId,
) -> Result<Strata, Obstacle> {
    let wanted = &[(0, v), (0, contrast.factor), (0, label)];
    let joint = solver.ask(&Inquiry { operations: &[], wanted }, LIMIT)?;
    let levels = distinct(joint.cases().iter().map(|(case, _)| case[0]));
    let mut strata = Strata::empty(scm, label, levels.len(), How::Exact);
    for (case, probability) in joint.cases() {
        let stratum = levels.partition_point(|&level| level < case[0]);
        strata.add(stratum, scm, contrast, case[1], case[2], *probability);
    }
    Ok(strata)
}

fn count(scm: &Scm, label: NodeId, open: &[(Contrast, &Obstacle)], v: NodeId) -> Vec<Strata> {
    if open.is_empty() {
        return Vec::new();
    }
    let factors = open.iter().map(|(contrast, _)| contrast.factor);
    let wanted: Vec<NodeId> = factors.clone().chain([label, v]).collect();
    let mut seen: Vec<Vec<f64>> = vec![Vec::new(); wanted.len()];
    let specimens = Replay::new(scm, &wanted).run(|_, natural| {
        wanted.iter().zip(&mut seen).for_each(|(&node, seen)| seen.push(natural[node]));
        0
    });
    let [factors @ .., labels, levels] = &seen[..] else { return Vec::new() };
    let bins = bins(scm, v, levels);
    let number = bins.iter().max().map_or(0, |last| last + 1);
    let one = |(&(contrast, &why), values): (&(Contrast, &Obstacle), &Vec<f64>)| {
        let how = How::Counted { specimens, why: Some(why) };
        let mut strata = Strata::empty(scm, label, number, how);
        strata.binned = scm.domain(v) == Domain::Continuous;
        for ((&x, &y), &bin) in values.iter().zip(labels).zip(&bins) {
            strata.add(bin, scm, contrast, x, y, 1.0);
        }
        strata
    };
    open.iter().zip(factors).map(one).collect()
}

impl Strata {
    /// The strata of V for one query; its class doesn't matter.
    #[must_use]
    pub fn of(scm: &Scm, query: &Query, v: NodeId) -> Self {
        let mut all = strata_of(scm, query.label, &[query.contrast()], v);
        all.swap_remove(0)
    }

    fn empty(scm: &Scm, label: NodeId, strata: usize, how: How) -> Self {
        let none = vec![0.0; classes(scm, label)];
        let weights = vec![[none.clone(), none.clone(), none]; strata];
        Self { how, binned: false, weights }
    }

    fn add(&mut self, stratum: usize, scm: &Scm, contrast: Contrast, x: f64, y: f64, weight: f64) {
        let Contrast { factor, absent, present } = contrast;
        let side = side_of(scm.domain(factor), x, absent, present);
        let of_side = &mut self.weights[stratum][side as usize];
        let class = class(y, of_side.len());
        of_side[class] += weight;
    }

    /// The number of strata.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether no specimen is ever kept.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// The weight of a side within a stratum, and that of the class within it.
    fn side(&self, stratum: usize, side: Side, class: usize) -> [f64; 2] {
        let all = &self.weights[stratum][side as usize];
        [all.iter().sum(), all[class]]
    }

    fn total(&self, stratum: usize) -> f64 {
        self.weights[stratum].iter().flatten().sum()
    }

    /// `P(y | z) - P(y | z')`: what is observed, without adjusting for anything; 0 where one of
    /// them never holds.
    #[must_use]
    pub fn observed(&self, class: usize) -> f64 {
        let given = |side| {
            let all = (0..self.len()).map(|v| self.side(v, side, class));
            let [whole, part] = all.fold([0.0; 2], |[a, b], [c, d]| [a + c, b + d]);
            (whole > 0.0).then(|| part / whole)
        };
        given(Side::Present).zip(given(Side::Absent)).map_or(0.0, |(with, without)| with - without)
    }

    /// Theorem 3.3, Eq. 5: `sum_v [P(y | z, v) - P(y | z', v)] P(v)`.
    ///
    /// It is back-door adjustment: right where V blocks every back-door path, and further off than
    /// [`Strata::observed`] where V is a textbook instrument. A stratum in which one value of Z
    /// never holds says nothing: the mean is over the others.
    #[must_use]
    pub fn adjusted(&self, class: usize) -> Adjusted {
        let (mut sum, mut used, mut all) = (0.0, 0.0, 0.0);
        for v in 0..self.len() {
            let weight = self.total(v);
            all += weight;
            let [with, y_with] = self.side(v, Side::Present, class);
            let [without, y_without] = self.side(v, Side::Absent, class);
            if with > 0.0 && without > 0.0 {
                sum += weight * (y_with / with - y_without / without);
                used += weight;
            }
        }
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        Adjusted { contrast: share(sum, used), dropped: share(all - used, all) }
    }

    /// Wald's estimator with a V of two values:
    /// `[P(y | v) - P(y | v')] / [P(z | v) - P(z | v')]`; `None` where V has more, or doesn't move Z.
    #[must_use]
    pub fn wald(&self, class: usize) -> Option<f64> {
        if self.len() != 2 {
            return None;
        }
        let moved = |part: &dyn Fn(usize) -> f64| part(1) / self.total(1) - part(0) / self.total(0);
        let y = |v: usize| self.weights[v].iter().map(|side| side[class]).sum();
        let treatment = moved(&|v| self.side(v, Side::Present, class)[0]);
        (treatment.abs() > ROUNDING).then(|| moved(&y) / treatment)
    }

    /// Whether V is independent of Y = y given Z, as Theorem 3.3 wants it.
    #[must_use]
    pub fn v_independent_of_y(&self, class: usize) -> Tested {
        let by_side = |side| {
            let row = |v| {
                let [whole, part] = self.side(v, side, class);
                vec![part, whole - part]
            };
            Table::of_rows((0..self.len()).map(row).collect())
        };
        self.test(&Side::ALL.map(by_side))
    }

    /// Whether Z is independent of V: where it is, V has no effect on Z, which Theorem 3.3 wants.
    #[must_use]
    pub fn z_independent_of_v(&self) -> Tested {
        let row = |v: &[Vec<f64>; 3]| v.iter().map(|side| side.iter().sum()).collect();
        self.test(&[Table::of_rows(self.weights.iter().map(row).collect())])
    }

    fn test(&self, tables: &[Table]) -> Tested {
        let gap = tables.iter().map(Table::dependence).fold(0.0, f64::max);
        Tested { holds: independent(tables, self.how.trials().is_some()), gap }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::causation::truth;
    use crate::causal::{Mechanism, Scm};

    fn table(of: [&str; 2], ones: [f64; 4]) -> Mechanism {
        let row = |(i, p): (usize, &f64)| (vec![i / 2, i % 2], vec![1.0 - p, *p]);
        Mechanism::Table {
            of: of.map(str::to_owned).to_vec(),
            rows: ones.iter().enumerate().map(row).collect(),
        }
    }

    /// The counterexample of the specification, section 1: V a textbook instrument, U hidden.
    #[test]
    fn eq_5_with_an_instrument_is_worse_than_doing_nothing() {
        let coin = Mechanism::Bernoulli(0.5);
        let z = table(["v", "u"], [0.1, 0.5, 0.5, 0.9]);
        let y = table(["u", "z"], [0.1, 0.4, 0.5, 0.8]);
        let scm = Scm::build(&[("u", &coin), ("v", &coin), ("z", &z), ("y", &y)]).unwrap();
        let query = Query { factor: 2, label: 3, class: 1.0, absent: 0.0, present: 1.0 };
        let near = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-9, "{found}");
        // P(Y_1) - P(Y_0); the tables share their noise, so the effect is monotone and is PNS.
        near(truth(&scm, &query).forward.pns, 0.300);
        let [hidden, instrument] = [0, 1].map(|v| Strata::of(&scm, &query, v));
        near(instrument.observed(1), 0.460);
        near(instrument.adjusted(1).contrast, 0.490_476_190_476_190_5);
        near(instrument.wald(1).unwrap(), 0.300);
        near(hidden.adjusted(1).contrast, 0.300);
        assert_eq!((hidden.adjusted(1).dropped, instrument.adjusted(1).dropped), (0.0, 0.0));
        assert!(!instrument.z_independent_of_v().holds && !instrument.v_independent_of_y(1).holds);
    }

    /// Where V says nothing of Y beyond Z, Eq. 5 is the observed contrast: nothing is adjusted.
    #[test]
    fn eq_5_under_its_own_assumption_is_the_observed_contrast() {
        let v = Mechanism::Categorical(vec![0.2, 0.3, 0.5]);
        let z = Mechanism::Logistic { terms: vec![("v".into(), 1.5)], intercept: -1.0 };
        let y = Mechanism::NoisyCopy { of: "z".into(), flip: 0.2 };
        let scm = Scm::build(&[("v", &v), ("z", &z), ("y", &y)]).unwrap();
        let query = Query { factor: 1, label: 2, class: 1.0, absent: 0.0, present: 1.0 };
        let strata = Strata::of(&scm, &query, 0);
        assert!(strata.v_independent_of_y(1).holds && !strata.z_independent_of_v().holds);
        assert!((strata.adjusted(1).contrast - strata.observed(1)).abs() < 1e-12);
        assert_eq!((strata.len(), strata.wald(1)), (3, None));
    }

    /// A continuous confounder, in bins: most of the confounding is gone, and a part of the range
    /// where Z never varies is reported as dropped.
    #[test]
    fn a_continuous_v_is_binned_and_what_does_not_overlap_is_dropped() {
        let v = Mechanism::Uniform(0.0, 1.0);
        let noise = Mechanism::Uniform(0.0, 1.0);
        let gate = |rule: &str| Mechanism::Gate { rule: rule.into(), flip: 0.0 };
        let (z, w) = (gate("v > 0.8 or coin and v > 0.2"), gate("v > 0.5"));
        let coin = Mechanism::Bernoulli(0.5);
        let y = Mechanism::Logistic {
            terms: vec![("z".into(), 1.0), ("v".into(), 2.0)],
            intercept: -1.5,
        };
        let declared =
            [("v", &v), ("coin", &coin), ("noise", &noise), ("z", &z), ("w", &w), ("y", &y)];
        let scm = Scm::build(&declared).unwrap();
        let query = Query { factor: 3, label: 5, class: 1.0, absent: 0.0, present: 1.0 };
        let strata = Strata::of(&scm, &query, 0);
        assert!(strata.binned && strata.len() == 10 && strata.how.trials() == Some(100_000));
        let (adjusted, exact) = (strata.adjusted(1), truth(&scm, &query));
        // The bins' edges are sample quantiles: one on either side of 0.2 may be mixed.
        assert!((0.2..=0.41).contains(&adjusted.dropped), "{adjusted:?}");
        let effect = exact.forward.pns - exact.reversed.pns;
        assert!((adjusted.contrast - effect).abs() < 0.02, "{adjusted:?} {exact:?}");
        assert!(strata.observed(1) > effect + 0.1);
    }
}
