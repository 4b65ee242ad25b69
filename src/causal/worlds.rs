//! The worlds of one specimen, which share its noise: as it is, as it was selected, and under each
//! operation.
//!
//! A specimen is selected once, by its natural values. What the model holds comes after that, and
//! twins aren't selected again: every probability is one of kept specimens.

use super::table::Slot;
use super::{Action, NodeId, Scm};

/// The world as it is, with all that the model holds.
pub(super) const ACTUAL: usize = 0;

/// The world in which specimens are selected.
pub(super) const SELECTING: usize = 1;

/// The world under an operation, the i-th.
pub(super) const fn under(operation: usize) -> usize {
    operation + 2
}

/// The most operations that are asked about together.
pub(super) const OPERATIONS: usize = 16;

/// What every node reads in the actual world, by node.
pub(super) fn all_reads(scm: &Scm) -> Vec<Vec<NodeId>> {
    (0..scm.len()).map(|node| reads(scm, node)).collect()
}

/// Which nodes have a value of their own in which world.
pub(super) struct Worlds<'a> {
    scm: &'a Scm,
    /// What every node reads in the actual world.
    reads: &'a [Vec<NodeId>],
    operations: &'a [(NodeId, f64)],
    /// By node, as bits: the worlds in which its value isn't that of the actual one.
    own: Vec<u32>,
}

impl<'a> Worlds<'a> {
    /// The worlds under these operations, [`OPERATIONS`] at most.
    pub fn new(scm: &'a Scm, reads: &'a [Vec<NodeId>], operations: &'a [(NodeId, f64)]) -> Self {
        let mut own = vec![0_u32; scm.len()];
        for (i, &(node, _)) in operations.iter().enumerate() {
            own[node] |= 1 << under(i);
        }
        let operated = !(1 << ACTUAL | 1 << SELECTING);
        for (id, node) in scm.in_causal_order() {
            own[id] |= reads[id].iter().fold(0, |own_of, &p| own_of | own[p]) & operated;
            if scm.is_selective() {
                let changed = scm.held.on(id).is_some()
                    || node.law.parents().iter().any(|&p| own[p] >> SELECTING & 1 == 1);
                own[id] |= u32::from(changed) << SELECTING;
            }
        }
        Self { scm, reads, operations, own }
    }

    /// The world whose value a node shares.
    pub fn home(&self, node: NodeId, world: usize) -> usize {
        if self.own[node] >> world & 1 == 1 { world } else { ACTUAL }
    }

    /// Whether an operation changes the node in some world.
    pub fn is_touched(&self, node: NodeId) -> bool {
        self.own[node] >> under(0) != 0
    }

    /// What an operation sets a node to in a world.
    pub fn set(&self, node: NodeId, world: usize) -> Option<f64> {
        let operation = self.operations.get(world.checked_sub(under(0))?)?;
        (operation.0 == node).then_some(operation.1)
    }

    /// The nodes that a node reads in a world, where no operation sets it.
    pub fn reads(&self, node: NodeId, world: usize) -> &[NodeId] {
        if world == SELECTING { parents(self.scm, node) } else { &self.reads[node] }
    }

    /// By node, as bits: the worlds in which an answer depends on a value of its own.
    pub fn needed(&self, wanted: &[Slot]) -> Vec<u32> {
        let mut needed = vec![0; self.scm.len()];
        let need = |needed: &mut Vec<u32>, node: NodeId, world: usize| {
            if self.set(node, world).is_none() {
                needed[node] |= 1 << self.home(node, world);
            }
        };
        wanted.iter().for_each(|&(node, world)| need(&mut needed, node, world));
        for node in self.scm.selection_parents() {
            need(&mut needed, node, SELECTING);
        }
        for &node in self.scm.order.iter().rev() {
            for world in worlds_of(needed[node]) {
                self.reads(node, world).iter().for_each(|&p| need(&mut needed, p, world));
            }
        }
        needed
    }
}

/// The worlds of which the bits are set.
pub(super) fn worlds_of(bits: u32) -> impl Iterator<Item = usize> {
    let mut rest = bits;
    std::iter::from_fn(move || {
        let world = rest.trailing_zeros() as usize;
        rest &= rest.wrapping_sub(1);
        (world < 32).then_some(world)
    })
}

fn parents(scm: &Scm, node: NodeId) -> &[NodeId] {
    scm.law(node).map_or(&[], |law| law.parents())
}

/// The nodes that a node reads in the actual world.
pub(super) fn reads(scm: &Scm, node: NodeId) -> Vec<NodeId> {
    match scm.held.on(node) {
        None | Some(Action::Shift(_) | Action::Scale(_)) => parents(scm, node).to_vec(),
        Some(Action::Set(_)) => Vec::new(),
        Some(Action::Follow(law)) => law.parents().to_vec(),
        Some(Action::Apply(law)) => [parents(scm, node), law.parents()].concat(),
    }
}

/// Some nodes of a model.
pub(super) struct Nodes(Vec<bool>);

impl Nodes {
    pub fn contains(&self, node: NodeId) -> bool {
        self.0[node]
    }

    /// The nodes, causes first.
    pub fn in_order(&self, scm: &Scm) -> Vec<NodeId> {
        scm.order.iter().copied().filter(|&id| self.0[id]).collect()
    }

    fn disjoint(&self, other: &Self) -> bool {
        !self.0.iter().zip(&other.0).any(|(a, b)| *a && *b)
    }
}

/// The nodes themselves and all that they depend on in the actual world.
pub(super) fn above(scm: &Scm, of: &[NodeId]) -> Nodes {
    closure(scm, of, |node, inside| match scm.held.on(node) {
        None => parents(scm, node).iter().for_each(|&p| inside[p] = true),
        Some(_) => reads(scm, node).into_iter().for_each(|p| inside[p] = true),
    })
}

/// All on which it depends whether a specimen is kept.
pub(super) fn deciding(scm: &Scm) -> Nodes {
    closure(scm, &scm.selection_parents(), |node, inside| {
        parents(scm, node).iter().for_each(|&p| inside[p] = true);
    })
}

/// All nodes on which an answer about `wanted` depends: the nodes themselves, what decides on being
/// kept, and whatever stands above these.
pub(super) fn needed(scm: &Scm, wanted: &[NodeId]) -> Nodes {
    let deciding = deciding(scm);
    let above = above(scm, wanted);
    Nodes(above.0.iter().zip(&deciding.0).map(|(a, b)| *a || *b).collect())
}

/// Which of some nodes are independent of a node by the graph alone: no node stands above both,
/// and being kept doesn't tie them together.
pub(super) fn apart(scm: &Scm, nodes: &[NodeId], from: NodeId) -> Vec<bool> {
    let (above_from, needed_from) = (above(scm, &[from]), needed(scm, &[from]));
    let untied = above_from.disjoint(&deciding(scm));
    let one = |&node: &NodeId| {
        let above = above(scm, &[node]);
        above.disjoint(&needed_from) || untied && above.disjoint(&above_from)
    };
    nodes.iter().map(one).collect()
}

/// The nodes and all that stands above them.
fn closure(scm: &Scm, of: &[NodeId], mark: impl Fn(NodeId, &mut [bool])) -> Nodes {
    let mut inside = vec![false; scm.len()];
    of.iter().for_each(|&node| inside[node] = true);
    for &node in scm.order.iter().rev() {
        if inside[node] {
            mark(node, &mut inside);
        }
    }
    Nodes(inside)
}
