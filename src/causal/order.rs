//! In which order nodes are summed out: one in which few values are held at once.

use super::worlds::{above, reads};
use super::{NodeId, Scm};

/// Orders of `nodes` worth trying, each with causes before effects: as declared, and twice depth
/// first from `wanted`, so that a node is drawn right before its first reader.
pub(super) fn candidates(scm: &Scm, nodes: &[NodeId], wanted: &[NodeId]) -> [Vec<NodeId>; 3] {
    let mut number = vec![0; scm.len()];
    nodes.iter().for_each(|&n| number[n] = above(scm, &[n]).len());
    let small = depth_first(scm, nodes, wanted, |n| number[n]);
    let large = depth_first(scm, nodes, wanted, |n| usize::MAX - number[n]);
    [nodes.to_vec(), large, small]
}

/// Every node after its parents; of the parents the one of the lowest rank first.
fn depth_first(
    scm: &Scm,
    nodes: &[NodeId],
    wanted: &[NodeId],
    rank: impl Fn(NodeId) -> usize,
) -> Vec<NodeId> {
    let mut order = Vec::with_capacity(nodes.len());
    let mut seen = vec![false; scm.len()];
    // The other nodes stand above what decides on being kept.
    for &root in wanted.iter().chain(nodes) {
        // A node is pushed to be opened, and once more to be closed after its parents.
        let mut stack = vec![(root, false)];
        while let Some((node, closing)) = stack.pop() {
            if closing {
                order.push(node);
                continue;
            }
            if std::mem::replace(&mut seen[node], true) {
                continue;
            }
            stack.push((node, true));
            // Where specimens are selected, a node also follows its mechanism, whatever is held.
            let mut parents = reads(scm, node);
            parents.extend(scm.law(node).map_or(&[][..], |law| law.parents()));
            parents.retain(|p| nodes.contains(p));
            parents.sort_by_key(|&p| std::cmp::Reverse((rank(p), p)));
            stack.extend(parents.into_iter().map(|p| (p, false)));
        }
    }
    order
}
