//! The truth: Pearl's probabilities of necessity and sufficiency of a factor.
//!
//! With x the `present` and x' the `absent` value of the factor and y a class of the label
//! (Pearl, *Causality*, chapter 9):
//!
//! - `PN  = P(Y_x' != y | X = x, Y = y)`
//! - `PS  = P(Y_x = y | X = x', Y != y)`
//! - `PNS = P(Y_x = y, Y_x' != y)`
//!
//! Where the noise behind factor and label is finite they are sums over all of it; otherwise they
//! are counted over replayed twins and carry a 95% interval.

use super::eliminate::Obstacle;
use super::independence::tested;
use super::tally::{Contrast, How, Tally, classes, count, exact_tallies};
use super::worlds::above;
use super::{Domain, NodeId, Scm, wilson};

pub use super::independence::associated;
pub use super::replay::REPLAYS;

/// The question: what does the factor do to the label?
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Query {
    /// The factor.
    pub factor: NodeId,
    /// The label.
    pub label: NodeId,
    /// The class y.
    pub class: f64,
    /// The factor's value x'.
    pub absent: f64,
    /// The factor's value x.
    pub present: f64,
}

impl Query {
    /// The query without its label.
    #[must_use]
    pub const fn contrast(&self) -> Contrast {
        Contrast { factor: self.factor, absent: self.absent, present: self.present }
    }
}

/// PN, PS and PNS of a factor and a class in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Direction {
    /// Probability of necessity; `None` where its condition never holds.
    pub pn: Option<f64>,
    /// Probability of sufficiency; `None` where its condition never holds.
    pub ps: Option<f64>,
    /// Probability of necessity and sufficiency.
    pub pns: f64,
}

impl Direction {
    /// That of a factor without any effect.
    pub const NONE: Self = Self { pn: Some(0.0), ps: Some(0.0), pns: 0.0 };
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truth {
    /// From x' to x: the class comes with the factor.
    pub forward: Direction,
    /// From x to x': the class comes without the factor. Its PNS is above 0 where the label is not
    /// monotone.
    pub reversed: Direction,
    /// The 95% intervals of PN, PS and PNS, or `None` where they are exact.
    pub intervals: Option<[[f64; 2]; 3]>,
    /// How it was got.
    pub how: How,
}

impl Truth {
    /// That of a factor without any effect.
    pub const NONE: Self = Self {
        forward: Direction::NONE,
        reversed: Direction::NONE,
        intervals: None,
        how: How::Exact,
    };

    /// Whether all of the noise was summed out.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        self.intervals.is_none()
    }

    /// Whether intervening on the factor ever changes whether the label is y. A single twin that
    /// differs proves it.
    #[must_use]
    pub fn is_causal(&self) -> bool {
        let rounding = if self.is_exact() { 1e-9 } else { 0.0 };
        self.forward.pns > rounding || self.reversed.pns > rounding
    }

    /// How far a value may be from another and still be the same: rounding, or the width of the
    /// widest interval.
    #[must_use]
    pub fn slack(&self) -> f64 {
        self.intervals.map_or(1e-9, |all| all.iter().map(|i| i[1] - i[0]).fold(0.0, f64::max))
    }
}

/// PN, PS and PNS, exactly where possible. A factor on which the label doesn't depend has 0.
///
/// The label is a discrete node. All probabilities are those of kept specimens.
#[must_use]
pub fn truth(scm: &Scm, query: &Query) -> Truth {
    let class = query.class as usize;
    let exact = exact_tallies(scm, query.label, &[query.contrast()]).swap_remove(0);
    match exact {
        Ok(tally) => tally.truth(class),
        Err(_) if !above(scm, &[query.label]).contains(query.factor) => Truth::NONE,
        Err(why) => {
            let counted = count(scm, query.label, &[(query.contrast(), why)]);
            counted.first().map_or(Truth::NONE, |tally| tally.truth(class))
        }
    }
}

/// What is to be known of a factor before it's given a role.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What it does to the label, class by class.
    pub truths: Vec<Truth>,
    /// Whether they are associated in the observed world, as [`associated`] tells.
    pub associated: bool,
}

/// [`truth`] for every class and [`associated`] of several factors of one label; what has to be
/// replayed is replayed for all of them together.
#[must_use]
pub fn findings(scm: &Scm, label: NodeId, contrasts: &[Contrast]) -> Vec<Finding> {
    let exact = exact_tallies(scm, label, contrasts);
    let above = above(scm, &[label]);
    let (causes, others): (Vec<_>, Vec<_>) = exact
        .iter()
        .zip(contrasts)
        .filter_map(|(exact, contrast)| Some((*contrast, *exact.as_ref().err()?)))
        .partition(|(contrast, _)| above.contains(contrast.factor));
    let mut counted = count(scm, label, &causes).into_iter();
    let others: Vec<NodeId> = others.iter().map(|(contrast, _)| contrast.factor).collect();
    let mut tested = tested(scm, &others, label).into_iter();
    let of_tally = |tally: &Tally| Finding {
        truths: (0..tally.classes()).map(|class| tally.truth(class)).collect(),
        associated: tally.associated,
    };
    let mut without_effect = || Finding {
        truths: vec![Truth::NONE; classes(scm, label)],
        associated: tested.next().unwrap_or_default(),
    };
    let finding = |(exact, contrast): (Result<Tally, Obstacle>, &Contrast)| match exact {
        Ok(tally) => Some(of_tally(&tally)),
        Err(_) if above.contains(contrast.factor) => counted.next().as_ref().map(of_tally),
        Err(_) => Some(without_effect()),
    };
    exact.into_iter().zip(contrasts).filter_map(finding).collect()
}

/// Weighted counts of the events behind PN, PS and PNS in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Events {
    /// Weight of samples with `X = x, Y = y`.
    pub with_both: f64,
    /// Of these, the weight that loses y under do(x').
    pub lost: f64,
    /// Weight of samples with `X = x', Y != y`.
    pub with_neither: f64,
    /// Of these, the weight that gains y under do(x).
    pub gained: f64,
    /// Weight that has y under do(x) and not under do(x').
    pub follows: f64,
}

impl Events {
    /// Counts one sample: whether the factor has its value x, or x', by nature; and whether the
    /// label is y in the actual world, under do(x') and under do(x).
    fn count(&mut self, weight: f64, [is_x, is_other]: [bool; 2], [y, without, with]: [bool; 3]) {
        let add = |sum: &mut f64, event: bool| *sum += if event { weight } else { 0.0 };
        add(&mut self.with_both, is_x && y);
        add(&mut self.lost, is_x && y && !without);
        add(&mut self.with_neither, is_other && !y);
        add(&mut self.gained, is_other && !y && with);
        add(&mut self.follows, with && !without);
    }

    /// The probabilities among samples of a total weight.
    fn direction(&self, total: f64) -> Direction {
        let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        Direction {
            pn: share(self.lost, self.with_both),
            ps: share(self.gained, self.with_neither),
            pns: share(self.follows, total).unwrap_or(0.0),
        }
    }

    /// The 95% intervals of PN, PS and PNS, where the weights are counts; [0, 1] of a probability
    /// whose condition never held.
    #[must_use]
    pub fn intervals(&self, total: f64) -> [[f64; 2]; 3] {
        let interval = |part: f64, whole: f64| wilson(part as usize, whole as usize);
        [
            interval(self.lost, self.with_both),
            interval(self.gained, self.with_neither),
            interval(self.follows, total),
        ]
    }
}

/// Weighted counts of the events behind PN, PS and PNS of a class in both directions: of a model as
/// of the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// From x' to x.
    pub forward: Events,
    /// From x to x'.
    pub reversed: Events,
    /// The weight of all.
    pub total: f64,
}

impl Counts {
    /// Counts one sample: on which side its factor is, and whether it has y in the actual world
    /// and under either do-operation.
    pub fn count(&mut self, weight: f64, side: Side, actual: bool, without: bool, with: bool) {
        let (present, absent) = (side == Side::Present, side == Side::Absent);
        self.forward.count(weight, [present, absent], [actual, without, with]);
        self.reversed.count(weight, [absent, present], [actual, with, without]);
        self.total += weight;
    }

    /// The probabilities; `trials` is given where the weights are counts of samples.
    #[must_use]
    pub fn truth(&self, trials: Option<usize>) -> Truth {
        Truth {
            forward: self.forward.direction(self.total),
            reversed: self.reversed.direction(self.total),
            how: trials.map_or(How::Exact, |specimens| How::Counted { specimens, why: None }),
            intervals: trials.map(|_| self.forward.intervals(self.total)),
        }
    }
}

/// Which of the two contrasted values a factor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// x'.
    Absent,
    /// x.
    Present,
    /// Another value of a categorical factor.
    Other,
}

impl Side {
    /// All of them, in the order of their indices.
    pub const ALL: [Self; 3] = [Self::Absent, Self::Present, Self::Other];
}

/// The side of a value. A continuous factor has no chance of being exactly x or x': it counts as
/// the nearer of the two.
#[must_use]
pub fn side_of(domain: Domain, value: f64, absent: f64, present: f64) -> Side {
    match domain {
        Domain::Continuous if (value - absent).abs() < (value - present).abs() => Side::Absent,
        Domain::Continuous => Side::Present,
        _ if value == present => Side::Present,
        _ if value == absent => Side::Absent,
        _ => Side::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::Mechanism;

    fn gate(rule: &str, flip: f64) -> Mechanism {
        Mechanism::Gate { rule: rule.to_owned(), flip }
    }

    fn ask(scm: &Scm, factor: &str) -> Truth {
        let (factor, label) = (scm.find(factor).unwrap(), scm.find("y").unwrap());
        truth(scm, &Query { factor, label, class: 1.0, absent: 0.0, present: 1.0 })
    }

    fn near(truth: Truth, pn: f64, ps: f64, pns: f64) {
        let Direction { pn: found_pn, ps: found_ps, pns: found_pns } = truth.forward;
        let pairs = [(found_pn.unwrap(), pn), (found_ps.unwrap(), ps), (found_pns, pns)];
        for (found, wanted) in pairs {
            assert!((found - wanted).abs() < 1e-9, "{truth:?} is not {pn} {ps} {pns}");
        }
    }

    #[test]
    fn the_ducks_of_the_paper() {
        // D.2: sufficient paws (PS 1, PN 0.5), necessary wings (PS 0.5, PN 1), for any P(Z = 1).
        for p in [0.3, 0.5, 0.8] {
            let (z, coin) = (Mechanism::Bernoulli(p), Mechanism::Bernoulli(0.5));
            let paws = gate("z or coin", 0.0);
            let scm = Scm::build(&[("z", &z), ("coin", &coin), ("y", &paws)]).unwrap();
            near(ask(&scm, "z"), 0.5, 1.0, 0.5);
            let wings = gate("z and coin", 0.0);
            let scm = Scm::build(&[("z", &z), ("coin", &coin), ("y", &wings)]).unwrap();
            near(ask(&scm, "z"), 1.0, 0.5, 0.5);
        }
    }

    #[test]
    fn the_generators_of_mmlsyn() {
        // Spec 9.4: SNC, SC with leak 0.1, NC with keep 0.9, in the observational reading
        // PNS = P(y|1) - P(y|0), PN = PNS / P(y|1), PS = PNS / P(not y|0).
        let snc = Mechanism::Bernoulli(0.5);
        let sc = Mechanism::Table {
            of: vec!["snc".into()],
            rows: vec![(vec![0], vec![0.9, 0.1]), (vec![1], vec![0.0, 1.0])],
        };
        let nc = Mechanism::Table {
            of: vec!["snc".into()],
            rows: vec![(vec![0], vec![1.0, 0.0]), (vec![1], vec![0.1, 0.9])],
        };
        let y = gate("snc", 0.15);
        let scm = Scm::build(&[("snc", &snc), ("sc", &sc), ("nc", &nc), ("y", &y)]).unwrap();
        let observed = |name: &str| {
            let joint = scm.joint(&[scm.find(name).unwrap(), scm.find("y").unwrap()]).unwrap();
            let given = |x: f64| joint.conditional(|v| v[1] == 1.0, |v| v[0] == x);
            let pns = given(1.0) - given(0.0);
            (pns / given(1.0), pns / (1.0 - given(0.0)), pns)
        };
        for (name, pn, ps, pns) in [
            ("snc", 0.70 / 0.85, 0.70 / 0.85, 0.70),
            ("sc", 0.809_248_554_913_294_8, 0.748_663_101_604_278, 0.636_363_636_363_636_4),
            ("nc", 0.748_663_101_604_278, 0.809_248_554_913_294_8, 0.636_363_636_363_636_4),
        ] {
            let found = observed(name);
            assert!((found.0 - pn).abs() < 1e-9, "{name} PN {}", found.0);
            assert!((found.1 - ps).abs() < 1e-9, "{name} PS {}", found.1);
            assert!((found.2 - pns).abs() < 1e-9, "{name} PNS {}", found.2);
        }
        // Under interventions sc and nc, effects of snc, do nothing.
        near(ask(&scm, "sc"), 0.0, 0.0, 0.0);
        // A label flip is no monotone noise: PNS 0.85 and 0.15 the other way, contrast 0.70.
        let snc = ask(&scm, "snc");
        assert!((snc.forward.pns - 0.85).abs() < 1e-9 && (snc.reversed.pns - 0.15).abs() < 1e-9);
    }

    /// What the label does without the factor is a direction of its own, and what can't be asked is
    /// no number.
    #[test]
    fn both_directions_are_told_and_what_never_holds_is_undefined() {
        let (z, coin) = (Mechanism::Bernoulli(0.4), Mechanism::Bernoulli(0.3));
        let y = gate("not z and coin", 0.0);
        let scm = Scm::build(&[("z", &z), ("coin", &coin), ("y", &y)]).unwrap();
        let found = ask(&scm, "z");
        // With the factor the class never comes: nobody has both.
        assert_eq!((found.forward.pn, found.forward.pns), (None, 0.0));
        assert_eq!(found.reversed.pn, Some(1.0));
        assert!((found.reversed.ps.unwrap() - 0.3).abs() < 1e-12);
        assert!((found.reversed.pns - 0.3).abs() < 1e-12);
        assert!(found.is_causal());
    }

    #[test]
    fn replayed_twins_agree_with_the_exact_truth() {
        let (z, coin) = (Mechanism::Bernoulli(0.4), Mechanism::Bernoulli(0.3));
        let size = Mechanism::Uniform(0.0, 1.0);
        let exact = gate("z and coin", 0.1);
        let scm = Scm::build(&[("z", &z), ("coin", &coin), ("y", &exact)]).unwrap();
        let wanted = ask(&scm, "z");
        assert!(wanted.is_exact());
        let sampled = gate("z and size < 0.3", 0.1);
        let scm = Scm::build(&[("z", &z), ("size", &size), ("y", &sampled)]).unwrap();
        let found = ask(&scm, "z");
        let intervals = found.intervals.unwrap();
        let Direction { pn, ps, pns } = wanted.forward;
        for (interval, value) in intervals.iter().zip([pn.unwrap(), ps.unwrap(), pns]) {
            let slack = 0.5 * (interval[1] - interval[0]);
            assert!(interval[0] - slack < value && value < interval[1] + slack);
        }
    }
}
