//! Figures over seeds: what they are on average, and whether two methods differ.
//!
//! Two methods trained from the same seeds see the same specimens in the same order, so their
//! figures go up and down together. The differences seed by seed leave that out, and their
//! interval is narrower than the two methods' own intervals let one think.

use std::collections::BTreeMap;

use serde::Serialize;
use statrs::distribution::{ContinuousCDF as _, StudentsT};

use super::error::at_least;
use super::{Spread, StatisticError, Table, spread};

/// Some figures in short.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The mean.
    pub mean: f64,
    /// The sample standard deviation; 0 for a single figure.
    pub deviation: f64,
    /// The least.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// How many there are, at least 1.
    pub count: usize,
}

/// The differences of two methods, seed by seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Paired {
    /// The mean of the first method's figure less the second's.
    pub mean: f64,
    /// The sample standard deviation of the differences.
    pub deviation: f64,
    /// The 95% interval of the mean difference (Student's t, so the differences should be near
    /// normal). Without 0 in it the methods differ by more than their seeds do.
    pub interval: [f64; 2],
    /// The seeds that both have, in order.
    pub seeds: Vec<u64>,
}

/// Mean, spread and extremes.
///
/// # Errors
/// No figure, or one that isn't finite.
pub fn summary(figures: &[f64]) -> Result<Summary, StatisticError> {
    at_least("figures", 1, figures.len())?;
    Table::column_of(figures)?;
    let Spread { mean, deviation, count } = spread(figures);
    let min = figures.iter().copied().fold(f64::INFINITY, f64::min);
    let max = figures.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Ok(Summary { mean, deviation, min, max, count })
}

/// The differences `a - b` of two methods' figures, each with its seed; only seeds that both have
/// count.
///
/// # Errors
/// The same seed twice in one list, fewer than two common seeds, or a figure that isn't finite.
pub fn paired(a: &[(u64, f64)], b: &[(u64, f64)]) -> Result<Paired, StatisticError> {
    let (a, b) = (by_seed(a)?, by_seed(b)?);
    let (seeds, differences): (Vec<u64>, Vec<f64>) =
        a.iter().filter_map(|(seed, a)| b.get(seed).map(|b| (*seed, a - b))).unzip();
    at_least("common seeds", 2, seeds.len())?;
    Table::column_of(&differences)?;
    let found = spread(&differences);
    let half = half_width(&found);
    let interval = [found.mean - half, found.mean + half];
    Ok(Paired { mean: found.mean, deviation: found.deviation, interval, seeds })
}

/// Half of the 95% interval of a mean, by Student's t; infinite where fewer than two figures say
/// nothing of their spread.
#[must_use]
pub fn half_width(found: &Spread) -> f64 {
    if found.count < 2 {
        return f64::INFINITY;
    }
    let freedom = (found.count - 1) as f64;
    let quantile = StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |t| t.inverse_cdf(0.975));
    quantile * found.deviation / (found.count as f64).sqrt()
}

fn by_seed(figures: &[(u64, f64)]) -> Result<BTreeMap<u64, f64>, StatisticError> {
    let mut found = BTreeMap::new();
    for &(seed, figure) in figures {
        if found.insert(seed, figure).is_some() {
            return Err(StatisticError::SeedTwice { seed });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_students() {
        // Differences 0.1 to 0.5: t(0.975, 4) = 2.776445105, deviation 0.158113883.
        let a: Vec<(u64, f64)> = (1..=5).map(|s| (s, s as f64)).collect();
        let b: Vec<(u64, f64)> = (1..=5).rev().map(|s| (s, 0.9 * s as f64)).collect();
        let found = paired(&a, &b).unwrap();
        let half = 2.776_445_105 * 0.158_113_883 / 5.0_f64.sqrt();
        assert!((found.mean - 0.3).abs() < 1e-12 && found.seeds == [1, 2, 3, 4, 5]);
        assert!((found.interval[0] - (0.3 - half)).abs() < 1e-8, "{found:?}");
        assert!((found.interval[1] - (0.3 + half)).abs() < 1e-8, "{found:?}");
        // What goes up and down together has no spread of differences: methods that differ by a
        // constant do so beyond doubt.
        let same: Vec<(u64, f64)> = a.iter().map(|(s, v)| (*s, v - 1.0)).collect();
        assert_eq!(paired(&a, &same).unwrap().interval, [1.0, 1.0]);
    }

    #[test]
    fn only_common_seeds_count() {
        let a = [(7, 1.0), (3, 5.0), (9, 2.0)];
        let b = [(9, 1.0), (7, 1.0), (4, 100.0)];
        let found = paired(&a, &b).unwrap();
        assert_eq!((found.mean, &found.seeds[..]), (0.5, &[7, 9][..]));
        let other = paired(&b, &a).unwrap();
        assert_eq!((other.mean, other.interval[0]), (-0.5, -found.interval[1]));
    }

    #[test]
    fn wrong_lists_are_refused() {
        let a = [(1, 1.0), (2, 2.0)];
        let twice = StatisticError::SeedTwice { seed: 1 };
        assert_eq!(paired(&a, &[(1, 1.0), (1, 2.0)]), Err(twice));
        assert!(paired(&a, &[(1, 1.0), (3, 2.0)]).is_err());
        assert!(paired(&a, &[(1, f64::NAN), (2, 2.0)]).is_err());
        assert!(summary(&[]).is_err() && summary(&[f64::INFINITY]).is_err());
        assert_eq!(half_width(&spread(&[3.0])), f64::INFINITY);
    }

    #[test]
    fn a_summary_by_hand() {
        let found = summary(&[2.0, 4.0, 9.0]).unwrap();
        let deviation = 13.0_f64.sqrt();
        assert_eq!(found, Summary { mean: 5.0, deviation, min: 2.0, max: 9.0, count: 3 });
    }
}
