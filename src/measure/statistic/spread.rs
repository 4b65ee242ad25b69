//! Mean and spread of a figure over seeds.

/// Mean and sample standard deviation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The sample standard deviation; 0 for a single value.
    pub deviation: f64,
    /// The number of values.
    pub count: usize,
}

/// Mean and spread of some values, summed in their order.
#[must_use]
pub fn spread(values: &[f64]) -> Spread {
    let count = values.len();
    let mean = values.iter().sum::<f64>() / count.max(1) as f64;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    let deviation = if count > 1 { (squares / (count - 1) as f64).sqrt() } else { 0.0 };
    Spread { mean, deviation, count }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_that_of_a_sample() {
        let found = spread(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert!((found.mean - 5.0).abs() < 1e-12);
        assert!((found.deviation - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
        assert_eq!(spread(&[3.0]), Spread { mean: 3.0, deviation: 0.0, count: 1 });
    }
}
