//! Confidence intervals for counted proportions.

/// The 0.975 quantile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Wilson's 95% interval for a probability of which `hits` of `trials` were seen.
///
/// Without a trial nothing is known: `[0, 1]`.
#[must_use]
pub fn wilson(hits: usize, trials: usize) -> [f64; 2] {
    if trials == 0 {
        return [0.0, 1.0];
    }
    let n = trials as f64;
    let p = hits as f64 / n;
    let centre = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let low = if hits == 0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if hits == trials { 1.0 } else { (centre + half).min(1.0) };
    [low, high]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_matches_the_textbook_case() {
        // 10 of 100: 0.0552 to 0.1744 (Newcombe 1998, method 3).
        let [low, high] = wilson(10, 100);
        assert!((low - 0.0552).abs() < 5e-5 && (high - 0.1744).abs() < 5e-5, "{low} {high}");
    }

    #[test]
    fn the_ends_are_reached_only_without_exceptions() {
        assert_eq!(wilson(0, 50)[0], 0.0);
        assert_eq!(wilson(50, 50)[1], 1.0);
        assert!(wilson(0, 50)[1] > 0.05 && wilson(1, 50)[0] > 0.0);
        assert_eq!(wilson(0, 0), [0.0, 1.0]);
    }
}
