//! The worlds of one specimen, which share its noise: as it was selected, as it is, and under each
//! operation.
//!
//! A specimen is selected once, by its natural values. What the model holds comes after that, and
//! twins aren't selected again: every probability is one of kept specimens.

use super::enumerate::cut;
use super::{Action, NodeId, Scm};

/// Which nodes have a value of their own in which world.
pub(super) struct Worlds<'a> {
    scm: &'a Scm,
    operations: &'a [(NodeId, f64)],
    /// By node and world: the world whose value it shares.
    home: Vec<Vec<usize>>,
}

impl<'a> Worlds<'a> {
    /// World 0 is the actual one; world i + 1 is it under the i-th operation. The last world is
    /// the one in which specimens are selected.
    pub fn new(scm: &'a Scm, operations: &'a [(NodeId, f64)]) -> Self {
        let mut worlds = Self { scm, operations, home: vec![Vec::new(); scm.len()] };
        let selecting = worlds.selecting();
        let mut changed = vec![vec![false; scm.len()]; selecting + 1];
        for id in in_order(scm) {
            for (world, changed) in changed.iter_mut().enumerate().skip(1) {
                changed[id] = if world == selecting {
                    scm.is_selective()
                        && (scm.held.on(id).is_some()
                            || parents(scm, id).iter().any(|&p| changed[p]))
                } else {
                    operations[world - 1].0 == id || reads(scm, id).iter().any(|&p| changed[p])
                };
            }
            let home = |world: usize| if changed[world][id] { world } else { 0 };
            worlds.home[id] = (0..=selecting).map(home).collect();
        }
        worlds
    }

    /// The world in which specimens are selected.
    pub const fn selecting(&self) -> usize {
        self.operations.len() + 1
    }

    /// The world whose value a node shares.
    pub fn home(&self, node: NodeId, world: usize) -> usize {
        self.home[node][world]
    }

    /// The worlds in which a node has a value of its own.
    pub fn of(&self, node: NodeId) -> impl Iterator<Item = usize> {
        let home = &self.home[node];
        (0..home.len()).filter(|&world| home[world] == world)
    }

    /// What a node does in a world instead of following its mechanism.
    pub fn action(&self, node: NodeId, world: usize) -> Option<Action> {
        if world == self.selecting() {
            return None;
        }
        match world.checked_sub(1).map(|i| self.operations[i]) {
            Some((operated, value)) if operated == node => Some(Action::Set(value)),
            _ => self.scm.held.on(node).cloned(),
        }
    }

    /// The nodes that a node reads in a world.
    pub fn reads(&self, node: NodeId, world: usize) -> Vec<NodeId> {
        match self.action(node, world) {
            None => parents(self.scm, node).to_vec(),
            Some(action) => reads_under(self.scm, node, &action),
        }
    }
}

/// The nodes in an order in which each stands after all that it reads.
fn in_order(scm: &Scm) -> impl Iterator<Item = NodeId> {
    scm.in_causal_order().map(|(id, _)| id)
}

fn parents(scm: &Scm, node: NodeId) -> &[NodeId] {
    scm.law(node).map_or(&[], |law| law.parents())
}

fn reads_under(scm: &Scm, node: NodeId, action: &Action) -> Vec<NodeId> {
    match action {
        Action::Set(_) => Vec::new(),
        Action::Follow(law) => law.parents().to_vec(),
        Action::Shift(_) | Action::Scale(_) => parents(scm, node).to_vec(),
        Action::Apply(law) => [parents(scm, node), law.parents()].concat(),
    }
}

/// The nodes that a node reads in the actual world.
pub(super) fn reads(scm: &Scm, node: NodeId) -> Vec<NodeId> {
    let held = scm.held.on(node);
    held.map_or_else(|| parents(scm, node).to_vec(), |action| reads_under(scm, node, action))
}

/// The nodes themselves and all that they depend on in the actual world, causes first.
pub(super) fn above(scm: &Scm, of: &[NodeId]) -> Vec<NodeId> {
    closure(scm, of, |node| reads(scm, node))
}

/// All on which it depends whether a specimen is kept, causes first.
pub(super) fn deciding(scm: &Scm) -> Vec<NodeId> {
    closure(scm, &scm.selection_parents(), |node| parents(scm, node).to_vec())
}

/// All nodes on which an answer about `wanted` depends, causes first: the nodes themselves, what
/// decides on being kept, and whatever stands above these.
pub(super) fn needed(scm: &Scm, wanted: &[NodeId]) -> Vec<NodeId> {
    let (above, deciding) = (above(scm, wanted), deciding(scm));
    in_order(scm).filter(|id| above.contains(id) || deciding.contains(id)).collect()
}

/// Whether two nodes are independent by the graph alone: no node stands above both, and being
/// kept doesn't tie them together.
pub(super) fn apart(scm: &Scm, a: NodeId, b: NodeId) -> bool {
    let disjoint = |a: &[NodeId], b: &[NodeId]| !a.iter().any(|n| b.contains(n));
    let (above_a, above_b) = (above(scm, &[a]), above(scm, &[b]));
    disjoint(&above_a, &needed(scm, &[b])) || disjoint(&above_b, &needed(scm, &[a]))
}

fn closure(scm: &Scm, of: &[NodeId], reads: impl Fn(NodeId) -> Vec<NodeId>) -> Vec<NodeId> {
    let mut inside = vec![false; scm.len()];
    let mut open = of.to_vec();
    while let Some(node) = open.pop() {
        if !std::mem::replace(&mut inside[node], true) {
            open.extend(reads(node));
        }
    }
    in_order(scm).filter(|&id| inside[id]).collect()
}

/// A piece of a node's noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    /// The noise in all worlds but the selecting one.
    pub u: f64,
    /// The noise in the selecting world: another one where the node is randomised afterwards.
    pub selecting: f64,
    /// The probability.
    pub probability: f64,
}

/// The pieces of the noise of a needed node, or `None` where they are infinite.
pub(super) fn pieces(scm: &Scm, node: NodeId, wanted: &[NodeId]) -> Option<Vec<Piece>> {
    let seen = above(scm, wanted).contains(&node);
    let decides = scm.is_selective() && deciding(scm).contains(&node);
    let own = || scm.law(node)?.cuts(scm);
    let mut actual = match scm.held.on(node) {
        _ if !seen => Vec::new(),
        Some(Action::Set(_)) => Vec::new(),
        Some(Action::Follow(law)) => law.cuts(scm)?,
        Some(Action::Shift(_) | Action::Scale(_) | Action::Apply(_)) | None => own()?,
    };
    let selecting = if decides { own()? } else { Vec::new() };
    let fresh = scm.is_selective() && scm.fresh.contains(&node);
    if fresh {
        let pairs = cut(actual).into_iter().flat_map(|(u, p)| {
            let piece = move |(selecting, q)| Piece { u, selecting, probability: p * q };
            cut(selecting.clone()).into_iter().map(piece)
        });
        return Some(pairs.collect());
    }
    actual.extend(selecting);
    let piece = |(u, probability)| Piece { u, selecting: u, probability };
    Some(cut(actual).into_iter().map(piece).collect())
}
