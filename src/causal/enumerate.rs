//! Finite noise: every case of it with its probability, and exact joint distributions.

use super::{NodeId, Scm};

/// The largest number of noise cases that is enumerated.
pub const LIMIT: usize = 1 << 20;

/// The finitely many cases of the noise of some nodes.
///
/// The uniform noise of a node is cut where its law changes value; each piece is represented by
/// its midpoint and weighted by its length, so the enumeration is exact.
#[derive(Clone, Debug, PartialEq)]
pub struct Atoms {
    nodes: Vec<NodeId>,
    /// For each node the pieces of its noise: (representative, probability).
    pieces: Vec<Vec<(f64, f64)>>,
    len: usize,
}

impl Atoms {
    /// The cases of the noise of `nodes`, which are given in causal order.
    pub(super) fn of(scm: &Scm, nodes: &[NodeId]) -> Option<Self> {
        let mut all = Vec::with_capacity(nodes.len());
        let mut cases = 1usize;
        for &id in nodes {
            let own = cut(scm.law(id)?.cuts(scm)?);
            cases = cases.checked_mul(own.len()).filter(|&c| c <= LIMIT)?;
            all.push(own);
        }
        Some(Self { nodes: nodes.to_vec(), pieces: all, len: scm.len() })
    }

    /// The nodes whose noise is enumerated, in causal order.
    #[must_use]
    pub fn nodes(&self) -> &[NodeId] {
        &self.nodes
    }

    /// Calls `visit(probability, exogenous)` for every case, in a fixed order.
    pub fn for_each(&self, mut visit: impl FnMut(f64, &[f64])) {
        let mut exogenous = vec![0.0; self.len];
        self.descend(0, 1.0, &mut exogenous, &mut visit);
    }

    fn descend(
        &self,
        level: usize,
        probability: f64,
        exogenous: &mut [f64],
        visit: &mut impl FnMut(f64, &[f64]),
    ) {
        if level == self.nodes.len() {
            return visit(probability, exogenous);
        }
        for &(u, p) in &self.pieces[level] {
            exogenous[self.nodes[level]] = u;
            self.descend(level + 1, probability * p, exogenous, visit);
        }
    }
}

/// The pieces of (0, 1) between cuts in any order: (midpoint, length).
pub(super) fn cut(mut edges: Vec<f64>) -> Vec<(f64, f64)> {
    edges.extend([0.0, 1.0]);
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    edges.windows(2).map(|e| (0.5 * (e[0] + e[1]), e[1] - e[0])).collect()
}

/// An exact joint distribution of a few nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Joint {
    /// Each combination of values with its probability, in the order of first appearance.
    cases: Vec<(Vec<f64>, f64)>,
}

impl Joint {
    pub(super) fn add(&mut self, values: Vec<f64>, probability: f64) {
        match self.cases.iter_mut().find(|(v, _)| *v == values) {
            Some((_, p)) => *p += probability,
            None => self.cases.push((values, probability)),
        }
    }

    /// Makes the probabilities add up to 1, given what was left out.
    pub(super) fn normalise(&mut self) {
        let sum: f64 = self.cases.iter().map(|(_, p)| p).sum();
        if sum > 0.0 && sum != 1.0 {
            self.cases.iter_mut().for_each(|(_, p)| *p /= sum);
        }
    }

    /// The combinations with their probabilities.
    #[must_use]
    pub fn cases(&self) -> &[(Vec<f64>, f64)] {
        &self.cases
    }

    /// The probability of an event.
    #[must_use]
    pub fn probability(&self, event: impl Fn(&[f64]) -> bool) -> f64 {
        self.cases.iter().filter(|(v, _)| event(v)).map(|(_, p)| p).sum()
    }

    /// `P(event | given)`, or 0 where the condition never holds.
    #[must_use]
    pub fn conditional(
        &self,
        event: impl Fn(&[f64]) -> bool,
        given: impl Fn(&[f64]) -> bool,
    ) -> f64 {
        let condition = self.probability(&given);
        if condition > 0.0 { self.probability(|v| given(v) && event(v)) / condition } else { 0.0 }
    }

    /// Pearson's correlation of the a-th and b-th node; 0 where one of them is constant.
    #[must_use]
    pub fn correlation(&self, a: usize, b: usize) -> f64 {
        let mean =
            |f: &dyn Fn(&[f64]) -> f64| self.cases.iter().map(|(v, p)| p * f(v)).sum::<f64>();
        let (ma, mb) = (mean(&|v| v[a]), mean(&|v| v[b]));
        let covariance = mean(&|v| (v[a] - ma) * (v[b] - mb));
        let scale = mean(&|v| (v[a] - ma).powi(2)) * mean(&|v| (v[b] - mb).powi(2));
        if scale > 0.0 { covariance / scale.sqrt() } else { 0.0 }
    }
}
