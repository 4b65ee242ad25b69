//! The best prediction of the label that anybody can make who sees factors and not noise: the Bayes
//! classifier of the model.

use std::collections::BTreeMap;

use super::eliminate::{Inquiry, eliminate};
use super::worlds::apart;
use super::{NodeId, Scm};

/// Pieces into which the noise of the label is cut where its most probable value is asked for.
const PIECES: usize = 256;

/// The Bayes classifier over the values of some nodes.
#[derive(Clone, Debug)]
pub struct Best<'a> {
    scm: &'a Scm,
    label: NodeId,
    rule: Rule,
}

#[derive(Clone, Debug)]
enum Rule {
    /// Whatever else is seen, the parents of the label say all that can be known of it.
    Parents,
    /// The most probable label of every combination of these nodes' values, by their bits.
    Combinations { nodes: Vec<NodeId>, labels: BTreeMap<Vec<u64>, usize>, commonest: usize },
}

impl<'a> Best<'a> {
    /// The classifier that sees the nodes `seen`; `None` where it can't be had exactly.
    ///
    /// Where nothing depends on the label and all of its parents are seen, it is the most probable
    /// value of its mechanism. Elsewhere it is read off the joint distribution, if that is finite.
    #[must_use]
    pub fn of(scm: &'a Scm, label: NodeId, seen: &[NodeId]) -> Option<Self> {
        let parents = scm.law(label)?.parents();
        let is_sink = scm.descendants(label).len() == 1;
        let selects = scm.selection_parents().contains(&label);
        if is_sink && !selects && parents.iter().all(|parent| seen.contains(parent)) {
            return Some(Self { scm, label, rule: Rule::Parents });
        }
        let apart = apart(scm, seen, label);
        let tied = seen.iter().zip(apart).filter(|(_, apart)| !apart);
        let nodes: Vec<NodeId> = tied.map(|(&node, _)| node).collect();
        if nodes.iter().any(|&node| scm.domain(node).size().is_none()) {
            return None;
        }
        let mut wanted: Vec<(usize, NodeId)> = nodes.iter().map(|&node| (0, node)).collect();
        wanted.push((0, label));
        let joint = eliminate(scm, &Inquiry { operations: &[], wanted: &wanted }).ok()?;
        let classes = scm.domain(label).size()?;
        let mut weights: BTreeMap<Vec<u64>, Vec<f64>> = BTreeMap::new();
        let mut all = vec![0.0; classes];
        for (case, probability) in joint.cases() {
            let (values, y) = (&case[..nodes.len()], case[nodes.len()] as usize);
            weights.entry(bits(values)).or_insert_with(|| vec![0.0; classes])[y] += probability;
            all[y] += probability;
        }
        let labels = weights.into_iter().map(|(values, w)| (values, largest(&w))).collect();
        let rule = Rule::Combinations { nodes, labels, commonest: largest(&all) };
        Some(Self { scm, label, rule })
    }

    /// The label that is most probable given the values of all nodes, of which only those that are
    /// seen are read. A combination that never occurs by nature, as under a do-operation, gets the
    /// commonest label.
    #[must_use]
    pub fn predict(&self, values: &[f64]) -> usize {
        match &self.rule {
            Rule::Parents => {
                let classes = self.scm.domain(self.label).size().unwrap_or(2);
                let mut weights = vec![0.0; classes];
                if let Some(law) = self.scm.law(self.label) {
                    for piece in 0..PIECES {
                        let u = (piece as f64 + 0.5) / PIECES as f64;
                        let class = law.value(values, u) as usize;
                        weights[class.min(classes - 1)] += 1.0;
                    }
                }
                largest(&weights)
            }
            Rule::Combinations { nodes, labels, commonest } => {
                let seen: Vec<f64> = nodes.iter().map(|&node| values[node]).collect();
                labels.get(&bits(&seen)).copied().unwrap_or(*commonest)
            }
        }
    }

    /// The nodes whose values [`Self::predict`] reads.
    #[must_use]
    pub fn reads(&self) -> &[NodeId] {
        match &self.rule {
            Rule::Parents => self.scm.law(self.label).map_or(&[], |law| law.parents()),
            Rule::Combinations { nodes, .. } => nodes,
        }
    }
}

fn bits(values: &[f64]) -> Vec<u64> {
    // -0.0 and 0.0 are one value.
    values.iter().map(|value| (value + 0.0).to_bits()).collect()
}

/// The place of the largest; the first of equals.
fn largest(weights: &[f64]) -> usize {
    (1..weights.len()).fold(0, |best, k| if weights[k] > weights[best] { k } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::Mechanism;

    fn gate(rule: &str, flip: f64) -> Mechanism {
        Mechanism::Gate { rule: rule.to_owned(), flip }
    }

    #[test]
    fn the_noise_of_the_label_can_not_be_predicted() {
        let (coin, size) = (Mechanism::Bernoulli(0.5), Mechanism::Uniform(0.0, 1.0));
        let y = gate("a and size > 0.3", 0.2);
        let scm = Scm::build(&[("a", &coin), ("size", &size), ("y", &y)]).unwrap();
        let best = Best::of(&scm, 2, &[0, 1]).unwrap();
        assert_eq!(best.predict(&[1.0, 0.4, 0.0]), 1);
        assert_eq!(best.predict(&[1.0, 0.2, 1.0]), 0);
        assert_eq!(best.reads(), [0, 1]);
    }

    /// The label makes its factors: who sees two of them goes by the more reliable one.
    #[test]
    fn effects_of_the_label_are_read_off_the_joint_distribution() {
        let y = Mechanism::Bernoulli(0.6);
        let copy = |flip| Mechanism::NoisyCopy { of: "y".into(), flip };
        let (a, b) = (copy(0.1), copy(0.3));
        let scm = Scm::build(&[("y", &y), ("a", &a), ("b", &b)]).unwrap();
        let best = Best::of(&scm, 0, &[1, 2]).unwrap();
        for (a, b) in [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)] {
            assert_eq!(best.predict(&[0.0, a, b]), a as usize);
        }
        // Who sees nothing names the commonest.
        assert_eq!(Best::of(&scm, 0, &[]).unwrap().predict(&[0.0; 3]), 1);
    }

    #[test]
    fn a_hidden_parent_and_a_continuous_sight_leave_it_open() {
        let (h, noise) = (Mechanism::Bernoulli(0.5), Mechanism::Normal { mean: 0.0, sd: 1.0 });
        let seen = Mechanism::Equation("h + noise".into());
        let y = gate("h", 0.1);
        let scm = Scm::build(&[("h", &h), ("noise", &noise), ("x", &seen), ("y", &y)]).unwrap();
        assert!(Best::of(&scm, 3, &[2]).is_none());
        assert!(Best::of(&scm, 3, &[0, 2]).is_some());
    }
}
