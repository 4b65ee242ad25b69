//! What happens to the label of each specimen, actually and under either do-operation, added up.
//!
//! A tally answers everything that is asked of one factor: the truth, the evidence that observers
//! and experimenters would have, and whether the assumptions of estimators hold.

use std::collections::BTreeMap;

use super::causation::{Counts, Query, Side, Truth, side_of};
use super::eliminate::{Inquiry, Obstacle};
use super::independence::{Seen, Table, independent};
use super::questions::Questions;
use super::replay::{Replay, Twins};
use super::worlds::{above, apart};
use super::{Domain, NodeId, Scm};

/// A factor and the two values between which it's asked about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast {
    /// The factor.
    pub factor: NodeId,
    /// Its value x'.
    pub absent: f64,
    /// Its value x.
    pub present: f64,
}

/// How an answer was got.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum How {
    /// All of the noise was summed out.
    Exact,
    /// Drawn specimens and their twins were counted.
    Counted {
        /// The number of those that were kept.
        specimens: usize,
        /// What stands in the way of an exact answer; `None` of a learned model, which has none.
        why: Option<Obstacle>,
    },
}

impl How {
    /// The number of counted specimens, or `None` of an exact answer.
    #[must_use]
    pub const fn trials(self) -> Option<usize> {
        match self {
            Self::Exact => None,
            Self::Counted { specimens, .. } => Some(specimens),
        }
    }
}

/// One of the things that can happen: classes are indices of the label's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Which value the factor has by nature.
    pub side: Side,
    /// The label by nature.
    pub actual: usize,
    /// The label under do(x').
    pub without: usize,
    /// The label under do(x).
    pub with: usize,
}

/// The weight of every [`Cell`] for one factor: probabilities, or counts of specimens.
///
/// Of specimens whose factor has a third value nothing is asked that joins the label by nature with
/// that under the operations: probabilities tell the two apart, each as it is distributed.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    /// The factor and its two values.
    pub contrast: Contrast,
    /// Whether the factor is continuous: then its sides are the nearer of x and x', and a
    /// specimen on the side of x doesn't have the label that it has under do(x).
    pub continuous: bool,
    /// How the weights were got.
    pub how: How,
    /// Whether no way leads from the factor to the label: then all that is asked of its effect is
    /// 0, however the weights were got.
    pub idle: bool,
    /// Whether factor and label are associated by nature: exactly, or by a test.
    pub associated: bool,
    classes: usize,
    /// By the place of the cell; of the cells that happen alone, as there are many of a label with
    /// many classes.
    weights: BTreeMap<usize, f64>,
}

impl Tally {
    /// The tally of one query; its class doesn't matter.
    #[must_use]
    pub fn of(scm: &Scm, query: &Query) -> Self {
        let mut all = tallies(scm, query.label, &[query.contrast()]);
        all.swap_remove(0)
    }

    fn empty(scm: &Scm, label: NodeId, contrast: Contrast, idle: bool) -> Self {
        let classes = classes(scm, label);
        let continuous = scm.domain(contrast.factor) == Domain::Continuous;
        let weights = BTreeMap::new();
        let (how, associated) = (How::Exact, false);
        Self { contrast, continuous, how, idle, associated, classes, weights }
    }

    fn add(&mut self, cell: Cell, weight: f64) {
        let parts = [cell.actual, cell.without, cell.with];
        let at = parts.iter().fold(cell.side as usize, |at, part| at * self.classes + part);
        *self.weights.entry(at).or_default() += weight;
    }

    /// The number of the label's classes.
    #[must_use]
    pub const fn classes(&self) -> usize {
        self.classes
    }

    /// Every cell that happens, with its weight.
    pub fn cells(&self) -> impl Iterator<Item = (Cell, f64)> {
        let k = self.classes;
        self.weights.iter().map(move |(&at, &weight)| {
            let side = Side::ALL[at / k.pow(3)];
            let (actual, without, with) = (at / (k * k) % k, at / k % k, at % k);
            (Cell { side, actual, without, with }, weight)
        })
    }

    /// The weight of an event.
    #[must_use]
    pub fn weight(&self, event: impl Fn(Cell) -> bool) -> f64 {
        // The sum of nothing is 0, not -0.
        self.cells().filter(|(cell, _)| event(*cell)).fold(0.0, |sum, (_, weight)| sum + weight)
    }

    /// The counts behind PN, PS and PNS of a class.
    #[must_use]
    pub fn counts(&self, class: usize) -> Counts {
        let mut counts = Counts::default();
        for (cell, weight) in self.cells() {
            let y = |label: usize| label == class;
            counts.count(weight, cell.side, y(cell.actual), y(cell.without), y(cell.with));
        }
        counts
    }

    /// PN, PS and PNS of a class.
    #[must_use]
    pub fn truth(&self, class: usize) -> Truth {
        if self.idle {
            // Nobody's label changes: what is defined is 0, however many were counted.
            return self.counts(class).truth(None);
        }
        Truth { how: self.how, ..self.counts(class).truth(self.how.trials()) }
    }
}

/// The tallies of several factors of one label, exact where possible; the others are counted over
/// the same specimens.
#[must_use]
pub fn tallies(scm: &Scm, label: NodeId, contrasts: &[Contrast]) -> Vec<Tally> {
    let exact = exact_tallies(scm, label, contrasts);
    let open = exact.iter().zip(contrasts).filter_map(|(e, c)| Some((*c, *e.as_ref().err()?)));
    let mut counted = count(scm, label, &open.collect::<Vec<_>>()).into_iter();
    exact.into_iter().filter_map(|tally| tally.ok().or_else(|| counted.next())).collect()
}

/// The tallies of several factors that can be had exactly.
pub(super) fn exact_tallies(
    scm: &Scm,
    label: NodeId,
    contrasts: &[Contrast],
) -> Vec<Result<Tally, Obstacle>> {
    let above = above(scm, &[label]);
    let factors: Vec<NodeId> = contrasts.iter().map(|c| c.factor).collect();
    let mut questions = Questions::new(scm, label, factors.clone());
    questions.all(&factors, |questions, i, limit| {
        let empty = Tally::empty(scm, label, contrasts[i], !above.contains(factors[i]));
        exactly(scm, questions, label, empty, limit)
    })
}

/// Fills a tally with probabilities.
fn exactly(
    scm: &Scm,
    questions: &mut Questions,
    label: NodeId,
    mut tally: Tally,
    limit: usize,
) -> Result<Tally, Obstacle> {
    let Contrast { factor, absent, present } = tally.contrast;
    let (classes, domain) = (tally.classes, scm.domain(factor));
    let class = |value: f64| class(value, classes);
    let side = |value: f64| side_of(domain, value, absent, present);
    let operations = &[(factor, absent), (factor, present)];
    let seen = Inquiry { operations: &[], wanted: &[(0, factor), (0, label)] };
    let mut pairs: Vec<(f64, f64, f64)> = Vec::new();
    if tally.idle {
        // Under an operation the label is what it is.
        for (case, p) in questions.ask(factor, &seen, limit)?.cases() {
            let actual = class(case[1]);
            let cell = Cell { side: side(case[0]), actual, without: actual, with: actual };
            tally.add(cell, *p);
            pairs.push((case[0], case[1], *p));
        }
    } else if domain == Domain::Continuous {
        let wanted = &[(0, factor), (0, label), (1, label), (2, label)];
        for (case, p) in questions.ask(factor, &Inquiry { operations, wanted }, limit)?.cases() {
            let [actual, without, with] = [1, 2, 3].map(|i| class(case[i]));
            tally.add(Cell { side: side(case[0]), actual, without, with }, *p);
            pairs.push((case[0], case[1], *p));
        }
    } else {
        // A specimen that has x is one under do(x): two worlds tell all of it.
        let wanted = &[(0, factor), (1, label), (2, label)];
        let twins = questions.ask(factor, &Inquiry { operations, wanted }, limit)?;
        let others = twins.cases().iter().any(|(case, _)| side(case[0]) == Side::Other);
        let natural = if others { Some(questions.ask(factor, &seen, limit)?) } else { None };
        let natural = natural.as_ref().map_or(&[][..], |joint| joint.cases());
        let of_others = |p: &&(Vec<f64>, f64)| side(p.0[0]) == Side::Other;
        let whole: f64 = natural.iter().filter(of_others).map(|(_, p)| p).sum();
        for (case, p) in twins.cases() {
            let (side, without, with) = (side(case[0]), class(case[1]), class(case[2]));
            let mut add = |actual: usize, share: f64| {
                tally.add(Cell { side, actual, without, with }, p * share);
            };
            match side {
                Side::Absent => add(without, 1.0),
                Side::Present => add(with, 1.0),
                Side::Other => natural
                    .iter()
                    .filter(of_others)
                    .for_each(|(other, q)| add(class(other[1]), q / whole)),
            }
            if natural.is_empty() {
                pairs.push((case[0], case[if side == Side::Present { 2 } else { 1 }], *p));
            }
        }
        pairs.extend(natural.iter().map(|(case, p)| (case[0], case[1], *p)));
    }
    tally.associated = !independent(&[Table::of_pairs(&pairs)], false);
    Ok(tally)
}

/// Counts the tallies of some factors over the same replayed specimens; each comes with what stands
/// in the way of an exact one.
pub(super) fn count(scm: &Scm, label: NodeId, open: &[(Contrast, Obstacle)]) -> Vec<Tally> {
    if open.is_empty() {
        return Vec::new();
    }
    let above = above(scm, &[label]);
    let empty = |&(contrast, _): &(Contrast, Obstacle)| {
        Tally::empty(scm, label, contrast, !above.contains(contrast.factor))
    };
    let mut tallies: Vec<Tally> = open.iter().map(empty).collect();
    let mut wanted: Vec<NodeId> = tallies.iter().map(|t| t.contrast.factor).collect();
    wanted.push(label);
    let replay = Replay::new(scm, &wanted);
    let mut twins = Twins::new(scm, label);
    let domains: Vec<Domain> = wanted.iter().map(|&n| scm.domain(n)).collect();
    let factors = &wanted[..tallies.len()];
    let apart = apart(scm, factors, label);
    let mut seen = Seen::new(scm, factors, label, replay.has_clock());
    let specimens = replay.run(|noise, natural| {
        seen.add(replay.moment(noise), factors, label, natural);
        twins.turn_to(natural);
        for (tally, &domain) in tallies.iter_mut().zip(&domains) {
            let Contrast { factor, absent, present } = tally.contrast;
            let side = side_of(domain, natural[factor], absent, present);
            let actual = class(natural[label], tally.classes);
            let mut under = |x: f64| match tally.idle {
                true => actual,
                false => class(twins.label(noise, natural, factor, x), tally.classes),
            };
            let (without, with) = (under(absent), under(present));
            tally.add(Cell { side, actual, without, with }, 1.0);
        }
        std::mem::take(&mut twins.plays)
    });
    for (i, (tally, (_, why))) in tallies.iter_mut().zip(open).enumerate() {
        tally.how = How::Counted { specimens, why: Some(*why) };
        tally.associated = !apart[i] && seen.associated(scm, tally.contrast.factor, i);
    }
    tallies
}

/// The number of classes that a label has; of a continuous one it's asked whether it is above 0.
pub(super) fn classes(scm: &Scm, label: NodeId) -> usize {
    scm.domain(label).size().unwrap_or(2)
}

/// The class of a label's value.
pub(super) fn class(value: f64, classes: usize) -> usize {
    (value.ceil() as usize).min(classes - 1)
}
