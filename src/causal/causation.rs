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

use super::{Domain, Interventions, NodeId, Scm, exogenous, wilson};

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

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truth {
    /// Probability of necessity; 0 where its condition never holds.
    pub pn: f64,
    /// Probability of sufficiency; 0 where its condition never holds.
    pub ps: f64,
    /// Probability of necessity and sufficiency.
    pub pns: f64,
    /// PNS with the factor's two values exchanged: above 0 where the label is not monotone.
    pub pns_reversed: f64,
    /// The 95% intervals of PN, PS and PNS, or `None` where they are exact.
    pub intervals: Option<[[f64; 2]; 3]>,
}

impl Truth {
    /// Whether the noise was enumerated.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        self.intervals.is_none()
    }

    /// How far a value may be from another and still be the same: rounding, or the width of the
    /// widest interval.
    #[must_use]
    pub fn slack(&self) -> f64 {
        self.intervals.map_or(1e-9, |all| all.iter().map(|i| i[1] - i[0]).fold(0.0, f64::max))
    }
}

/// Specimens that are replayed where the noise is infinite.
pub const REPLAYS: u64 = 100_000;

/// The seed of replayed specimens: the truth doesn't change with the seed of an experiment.
const REPLAY_SEED: u64 = 0x7457_1d07;

/// PN, PS and PNS, exactly where possible. A factor on which the label doesn't depend has 0.
#[must_use]
pub fn truth(scm: &Scm, query: &Query) -> Truth {
    let mut counts = Counts::default();
    if !scm.ancestors(&[query.label]).contains(&query.factor) {
        return counts.truth(None);
    }
    let mut worlds = Worlds::new(scm, query);
    if let Some(atoms) = scm.atoms(&[query.label, query.factor]) {
        atoms.for_each(|probability, exogenous| {
            counts.add(
                query,
                probability,
                worlds.visit(exogenous, |scm, u, i, v| {
                    scm.propagate_some(&atoms, u, i, v);
                }),
            );
        });
        return counts.truth(None);
    }
    let mut noise = vec![0.0; scm.len()];
    for specimen in 0..REPLAYS {
        exogenous::draw(scm, REPLAY_SEED, specimen, &mut noise);
        counts.add(query, 1.0, worlds.visit(&noise, Scm::propagate));
    }
    counts.truth(Some(REPLAYS as usize))
}

/// Whether factor and label are associated in the observed world.
///
/// Exact where the noise is finite: some label probability differs between the factor's values.
/// Otherwise a correlation over replayed specimens that noise alone gives once in 10,000 times.
#[must_use]
pub fn associated(scm: &Scm, factor: NodeId, label: NodeId) -> bool {
    if let Some(joint) = scm.joint(&[factor, label]) {
        return joint.cases().iter().any(|(case, p)| {
            let x = joint.probability(|v| v[0] == case[0]);
            let y = joint.probability(|v| v[1] == case[1]);
            (p - x * y).abs() > 1e-9
        });
    }
    let shared = scm.ancestors(&[factor]);
    if !scm.ancestors(&[label]).iter().any(|n| shared.contains(n)) {
        return false;
    }
    let (mut noise, mut values) = (vec![0.0; scm.len()], vec![0.0; scm.len()]);
    let mut pairs = Vec::with_capacity(REPLAYS as usize);
    for specimen in 0..REPLAYS {
        exogenous::draw(scm, REPLAY_SEED, specimen, &mut noise);
        scm.propagate(&noise, &Interventions::none(), &mut values);
        pairs.push((values[factor], values[label]));
    }
    correlation(&pairs).abs() > 3.9 / (REPLAYS as f64).sqrt()
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let mean = |f: fn(&(f64, f64)) -> f64| pairs.iter().map(f).sum::<f64>() / n;
    let (mx, my) = (mean(|p| p.0), mean(|p| p.1));
    let sum =
        |f: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|p| f(p.0 - mx, p.1 - my)).sum::<f64>();
    let scale = sum(&|x, _| x * x) * sum(&|_, y| y * y);
    if scale > 0.0 { sum(&|x, y| x * y) / scale.sqrt() } else { 0.0 }
}

/// What the factor does and what the label is in the three worlds of one specimen.
struct Seen {
    side: Side,
    actual: f64,
    without: f64,
    with: f64,
}

/// The actual world of a specimen and the two under do(factor).
struct Worlds<'a> {
    scm: &'a Scm,
    query: &'a Query,
    none: Interventions,
    absent: Interventions,
    present: Interventions,
    values: Vec<f64>,
}

impl<'a> Worlds<'a> {
    fn new(scm: &'a Scm, query: &'a Query) -> Self {
        Self {
            scm,
            query,
            none: Interventions::none(),
            absent: Interventions::set(query.factor, query.absent),
            present: Interventions::set(query.factor, query.present),
            values: vec![0.0; scm.len()],
        }
    }

    fn visit(
        &mut self,
        noise: &[f64],
        propagate: impl Fn(&Scm, &[f64], &Interventions, &mut [f64]),
    ) -> Seen {
        let (factor, label) = (self.query.factor, self.query.label);
        propagate(self.scm, noise, &self.none, &mut self.values);
        let side = side_of(
            self.scm.domain(factor),
            self.values[factor],
            self.query.absent,
            self.query.present,
        );
        let actual = self.values[label];
        propagate(self.scm, noise, &self.absent, &mut self.values);
        let without = self.values[label];
        propagate(self.scm, noise, &self.present, &mut self.values);
        Seen { side, actual, without, with: self.values[label] }
    }
}

/// Weighted counts of the events behind PN, PS and PNS: of a model as of the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// Weight of specimens with `X = x, Y = y`.
    pub with_both: f64,
    /// Of these, the weight that loses y under do(x').
    pub lost: f64,
    /// Weight of specimens with `X = x', Y != y`.
    pub with_neither: f64,
    /// Of these, the weight that gains y under do(x).
    pub gained: f64,
    /// Weight that has y under do(x) and not under do(x').
    pub follows: f64,
    /// Weight that has y under do(x') and not under do(x).
    pub opposes: f64,
    /// The weight of all.
    pub total: f64,
}

impl Counts {
    fn add(&mut self, query: &Query, weight: f64, seen: Seen) {
        let y = |label: f64| label == query.class;
        self.count(weight, seen.side, y(seen.actual), y(seen.without), y(seen.with));
    }

    /// Counts one specimen: on which side its factor is, and whether it has y in the actual world
    /// and under either do-operation.
    pub fn count(&mut self, weight: f64, side: Side, actual: bool, without: bool, with: bool) {
        let add = |sum: &mut f64, event: bool| *sum += if event { weight } else { 0.0 };
        add(&mut self.with_both, side == Side::Present && actual);
        add(&mut self.lost, side == Side::Present && actual && !without);
        add(&mut self.with_neither, side == Side::Absent && !actual);
        add(&mut self.gained, side == Side::Absent && !actual && with);
        add(&mut self.follows, with && !without);
        add(&mut self.opposes, without && !with);
        self.total += weight;
    }

    /// The probabilities; `trials` is given where the weights are counts of specimens.
    #[must_use]
    pub fn truth(&self, trials: Option<usize>) -> Truth {
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let interval = |part: f64, whole: f64| wilson(part as usize, whole as usize);
        Truth {
            pn: share(self.lost, self.with_both),
            ps: share(self.gained, self.with_neither),
            pns: share(self.follows, self.total),
            pns_reversed: share(self.opposes, self.total),
            intervals: trials.map(|_| {
                [
                    interval(self.lost, self.with_both),
                    interval(self.gained, self.with_neither),
                    interval(self.follows, self.total),
                ]
            }),
        }
    }
}

/// Which of the two contrasted values a factor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// x'.
    Absent,
    /// x.
    Present,
    /// Another value of a categorical factor.
    Other,
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
        for (found, wanted) in [(truth.pn, pn), (truth.ps, ps), (truth.pns, pns)] {
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
        assert!((snc.pns - 0.85).abs() < 1e-9 && (snc.pns_reversed - 0.15).abs() < 1e-9);
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
        for (interval, value) in intervals.iter().zip([wanted.pn, wanted.ps, wanted.pns]) {
            let slack = 0.5 * (interval[1] - interval[0]);
            assert!(interval[0] - slack < value && value < interval[1] + slack);
        }
    }

    #[test]
    fn association_is_seen_with_and_without_enumeration() {
        let (h, u) = (Mechanism::Bernoulli(0.5), Mechanism::Uniform(0.0, 1.0));
        let copy = Mechanism::NoisyCopy { of: "h".into(), flip: 0.2 };
        let (finite, infinite) = (gate("h", 0.1), gate("h and u > 0.2", 0.0));
        for y in [finite, infinite] {
            let declared =
                [("h", &h), ("u", &u), ("lake", &copy), ("alone", &u), ("y", &y)].map(|d| d);
            let scm = Scm::build(&declared).unwrap();
            let id = |name| scm.find(name).unwrap();
            assert!(associated(&scm, id("lake"), id("y")));
            assert!(!associated(&scm, id("alone"), id("y")));
        }
    }
}
