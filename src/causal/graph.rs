//! The order of a graph: topological sorting that names the cycle where there is one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Orders nodes so that each comes after the nodes it needs; among free nodes the lower index
/// goes first, so the order is a function of the graph alone.
///
/// `needs[i]` holds the indices that node i needs. The error is a cycle, each node needing the
/// next, the last needing the first.
pub(super) fn topological_order(needs: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut needed_by = vec![Vec::new(); needs.len()];
    let mut missing: Vec<usize> = needs.iter().map(Vec::len).collect();
    for (node, needs) in needs.iter().enumerate() {
        needs.iter().for_each(|&need| needed_by[need].push(node));
    }
    let mut free: BinaryHeap<Reverse<usize>> =
        (0..needs.len()).filter(|&node| missing[node] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some(Reverse(next)) = free.pop() {
        order.push(next);
        for &node in &needed_by[next] {
            missing[node] -= 1;
            if missing[node] == 0 {
                free.push(Reverse(node));
            }
        }
    }
    if order.len() == needs.len() {
        return Ok(order);
    }
    let mut placed = vec![false; needs.len()];
    order.iter().for_each(|&node| placed[node] = true);
    Err(cycle(needs, &placed))
}

/// Follows unmet needs until a node comes up again. Every node that isn't placed has one.
fn cycle(needs: &[Vec<usize>], placed: &[bool]) -> Vec<usize> {
    let mut path: Vec<usize> = Vec::new();
    let mut at = placed.iter().position(|p| !p).unwrap_or(0);
    loop {
        if let Some(start) = path.iter().position(|&n| n == at) {
            return path.split_off(start);
        }
        path.push(at);
        at = needs[at].iter().copied().find(|&n| !placed[n]).unwrap_or(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_come_first_and_ties_keep_their_order() {
        assert_eq!(topological_order(&[vec![2], vec![], vec![1]]), Ok(vec![1, 2, 0]));
        assert_eq!(topological_order(&[vec![], vec![], vec![]]), Ok(vec![0, 1, 2]));
    }

    #[test]
    fn a_cycle_is_named_without_its_tail() {
        // 0 needs 1, 1 and 2 need each other.
        assert_eq!(topological_order(&[vec![1], vec![2], vec![1]]), Err(vec![1, 2]));
        assert_eq!(topological_order(&[vec![0]]), Err(vec![0]));
    }
}
