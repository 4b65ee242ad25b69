//! The order of a graph: topological sorting that names the cycle where there is one.

/// Orders nodes so that each comes after the nodes it needs; among free nodes the lower index
/// goes first, so the order is a function of the graph alone.
///
/// `needs[i]` holds the indices that node i needs. The error is a cycle, each node needing the
/// next, the last needing the first.
pub(super) fn topological_order(needs: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut placed = vec![false; needs.len()];
    let mut order = Vec::with_capacity(needs.len());
    while order.len() < needs.len() {
        let free = (0..needs.len()).find(|&i| !placed[i] && needs[i].iter().all(|&n| placed[n]));
        let Some(next) = free else {
            return Err(cycle(needs, &placed));
        };
        placed[next] = true;
        order.push(next);
    }
    Ok(order)
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
