//! Orders of rows drawn from a seed.

use rand::Rng as _;

use crate::causal::noise::{StreamId, stream};

/// Whose noise the shuffles are.
const SHUFFLE: StreamId = StreamId::of("measure:shuffle");

/// The `turn`-th order of `rows` rows that belongs to `seed`, each as likely as any other.
pub(super) fn shuffled(rows: usize, seed: u64, turn: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    let mut noise = stream(seed, turn, SHUFFLE);
    for last in (1..rows).rev() {
        // Fisher and Yates. The upper half of a product is as good as uniform: off by at most
        // one in 2^64 / rows.
        let drawn = (u128::from(noise.next_u64()) * (last as u128 + 1)) >> 64;
        order.swap(last, drawn as usize);
    }
    order
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_row_is_there_once() {
        let mut order = shuffled(1000, 7, 3);
        assert_ne!(order, (0..1000).collect::<Vec<_>>());
        assert_ne!(order, shuffled(1000, 7, 4));
        assert_ne!(order, shuffled(1000, 8, 3));
        assert_eq!(order, shuffled(1000, 7, 3));
        order.sort_unstable();
        assert_eq!(order, (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn all_orders_are_alike() {
        let mut seen: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
        (0..6000).for_each(|turn| *seen.entry(shuffled(3, 1, turn)).or_default() += 1);
        // 1000 of each are expected, with a deviation of 29.
        assert_eq!(seen.len(), 6);
        assert!(seen.values().all(|count| count.abs_diff(1000) < 150), "{seen:?}");
    }
}
