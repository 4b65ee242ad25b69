//! What several measures ask of one column: its moments, its ranks, a quantile.

/// Mean and population standard deviation of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moments {
    /// The mean.
    pub(super) mean: f64,
    /// The standard deviation; exactly 0 where all numbers are the same.
    pub(super) deviation: f64,
}

impl Moments {
    /// The moments of some numbers, summed in their order.
    pub(super) fn of(values: &[f64]) -> Self {
        let count = values.len().max(1) as f64;
        // The mean of equal numbers need not be that number: without this a constant column
        // would have a spread of its own rounding.
        if let Some(&first) = values.first()
            && values.iter().all(|&v| v == first)
        {
            return Self { mean: first, deviation: 0.0 };
        }
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        Self { mean, deviation: (squares / count).sqrt() }
    }

    /// The number in standard units; 0 in a constant column.
    pub(super) fn standard(&self, value: f64) -> f64 {
        if self.deviation > 0.0 { (value - self.mean) / self.deviation } else { 0.0 }
    }
}

/// The ranks from 1 on; equal numbers share the mean of their ranks.
pub(super) fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    // `==`, not the total order, says what is equal: -0 and 0 are.
    for tie in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = (2 * start + tie.len() + 1) as f64 / 2.0;
        tie.iter().for_each(|&i| ranks[i] = rank);
        start += tie.len();
    }
    ranks
}

/// The quantile of sorted numbers, linear between two of them (the default of `numpy.quantile`).
/// NaN of no numbers.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share.clamp(0.0, 1.0) * last as f64;
    let low = place.floor() as usize;
    let (a, b) = (sorted[low], sorted[(low + 1).min(last)]);
    a + (b - a) * (place - low as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_column_has_no_spread() {
        // The sum of ten tenths isn't one.
        assert_eq!(Moments::of(&[0.1; 10]), Moments { mean: 0.1, deviation: 0.0 });
        assert_eq!(Moments::of(&[0.1; 10]).standard(0.1), 0.0);
        let found = Moments::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!(found, Moments { mean: 5.0, deviation: 2.0 });
        assert_eq!(found.standard(9.0), 2.0);
    }

    #[test]
    fn ties_share_their_ranks() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        assert_eq!(ranks(&[0.0, -0.0, 5.0]), [1.5, 1.5, 3.0]);
        assert_eq!(ranks(&[7.0; 3]), [2.0; 3]);
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        let sorted = [1.0, 2.0, 4.0];
        assert_eq!(quantile(&sorted, 0.0), 1.0);
        assert_eq!(quantile(&sorted, 0.75), 3.0);
        assert_eq!(quantile(&sorted, 1.0), 4.0);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
