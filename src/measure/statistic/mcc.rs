//! Mean correlation coefficient: is there a latent dimension for each true factor?
//!
//! Every latent dimension is correlated with every factor; the assignment that makes the sum of
//! the absolute correlations largest pairs them, each at most once; the mean over the pairs is the
//! measure (Hyvarinen and Morioka 2016; Khemakhem et al. 2020). From 0 to 1: 1 where each factor
//! is some dimension of its own, up to order, sign and scale (Pearson) or up to any monotone
//! function (Spearman); 0 only where no dimension has any correlation with any factor. Chance
//! gives more than 0: the best of `d` dimensions with `n` rows reaches about
//! `sqrt(2 ln d / n)`.
//!
//! A constant column correlates with nothing: 0.

use serde::Serialize;

use super::assignment::assign;
use super::column::{Moments, ranks};
use super::error::{at_least, equal};
use super::{StatisticError, Table};

/// Which correlation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Correlation {
    /// Of the numbers themselves.
    Pearson,
    /// Of their ranks; equal numbers share the mean of theirs.
    Spearman,
}

/// A latent dimension and the factor it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Match {
    /// The latent dimension.
    pub latent: usize,
    /// The factor.
    pub factor: usize,
    /// Their absolute correlation.
    pub correlation: f64,
}

/// The mean correlation coefficient, and what it is a mean of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mcc {
    /// The mean over `matches`.
    pub mean: f64,
    /// As many as there are factors or, where these are fewer, latent dimensions: what is left
    /// over on the longer side doesn't count. By latent dimension.
    pub matches: Vec<Match>,
}

/// Correlations of all columns of `latents` with all columns of `factors`, from -1 to 1: one row
/// a latent dimension, one column a factor, row after row.
///
/// # Errors
/// Tables of different length, or of fewer than two rows.
pub fn correlations(
    latents: &Table,
    factors: &Table,
    kind: Correlation,
) -> Result<Vec<f64>, StatisticError> {
    equal("rows of latents and factors", latents.rows(), factors.rows())?;
    at_least("rows", 2, latents.rows())?;
    let ready = |table: &Table| -> Vec<Vec<f64>> {
        table.columns().into_iter().map(|column| standard(column, kind)).collect()
    };
    let (left, right) = (ready(latents), ready(factors));
    let count = latents.rows() as f64;
    let pairs = left.iter().flat_map(|l| right.iter().map(move |r| (l, r)));
    let mean = |l: &[f64], r: &[f64]| l.iter().zip(r).map(|(a, b)| a * b).sum::<f64>() / count;
    Ok(pairs.map(|(l, r)| mean(l, r).clamp(-1.0, 1.0)).collect())
}

/// The mean correlation coefficient of a representation with the true factors.
///
/// # Errors
/// Tables of different length, or of fewer than two rows.
pub fn mcc(latents: &Table, factors: &Table, kind: Correlation) -> Result<Mcc, StatisticError> {
    let all = correlations(latents, factors, kind)?;
    let cost: Vec<f64> = all.iter().map(|r| -r.abs()).collect();
    let best = assign(&Table::new(latents.width(), factors.width(), &cost)?);
    let matches: Vec<Match> = best
        .pairs
        .iter()
        .map(|&(latent, factor)| {
            let correlation = all[latent * factors.width() + factor].abs();
            Match { latent, factor, correlation }
        })
        .collect();
    let sum: f64 = matches.iter().map(|m| m.correlation).sum();
    Ok(Mcc { mean: sum / matches.len() as f64, matches })
}

/// A column, or its ranks, in standard units.
fn standard(column: Vec<f64>, kind: Correlation) -> Vec<f64> {
    let values = match kind {
        Correlation::Pearson => column,
        Correlation::Spearman => ranks(&column),
    };
    let moments = Moments::of(&values);
    values.into_iter().map(|v| moments.standard(v)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Three columns that have little to do with each other.
    fn factors() -> Vec<f64> {
        (0..60)
            .flat_map(|i| {
                let t = f64::from(i);
                [(t * 0.7).sin(), (t * 1.3).cos(), (t * 2.9).sin()]
            })
            .collect()
    }

    #[test]
    fn a_permuted_scaled_copy_is_found() {
        let truth = factors();
        let copy: Vec<f64> = truth
            .chunks_exact(3)
            .flat_map(|f| [-2.0 * f[2] + 5.0, 0.1 * f[0], 1e6 * f[1] - 3.0])
            .collect();
        let (truth, copy) = (Table::new(60, 3, &truth).unwrap(), Table::new(60, 3, &copy).unwrap());
        for kind in [Correlation::Pearson, Correlation::Spearman] {
            let found = mcc(&copy, &truth, kind).unwrap();
            assert!((found.mean - 1.0).abs() < 1e-9, "{found:?}");
            let pairs: Vec<_> = found.matches.iter().map(|m| (m.latent, m.factor)).collect();
            assert_eq!(pairs, [(0, 2), (1, 0), (2, 1)]);
        }
    }

    #[test]
    fn ranks_see_through_a_monotone_function() {
        let x: Vec<f64> = (0..20).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| x.exp()).collect();
        let (x, y) = (Table::column_of(&x).unwrap(), Table::column_of(&y).unwrap());
        assert!(mcc(&x, &y, Correlation::Pearson).unwrap().mean < 0.7);
        assert!((mcc(&x, &y, Correlation::Spearman).unwrap().mean - 1.0).abs() < 1e-12);
    }

    #[test]
    fn correlations_by_hand() {
        // Deviations (-1, 0, 1) and (-1, 1, 0): 1 / sqrt(2 2) = 1/2, for ranks too.
        let x = Table::new(3, 2, &[1.0, 7.0, 2.0, 7.0, 3.0, 7.0]).unwrap();
        let y = Table::column_of(&[1.0, 3.0, 2.0]).unwrap();
        for kind in [Correlation::Pearson, Correlation::Spearman] {
            let found = correlations(&x, &y, kind).unwrap();
            assert!((found[0] - 0.5).abs() < 1e-15 && found[1] == 0.0, "{found:?}");
        }
    }

    #[test]
    fn the_shorter_side_is_averaged() {
        let truth = factors();
        let two: Vec<f64> = truth.chunks_exact(3).flat_map(|f| [f[1], f[2]]).collect();
        let (truth, two) = (Table::new(60, 3, &truth).unwrap(), Table::new(60, 2, &two).unwrap());
        let few = mcc(&two, &truth, Correlation::Pearson).unwrap();
        let many = mcc(&truth, &two, Correlation::Pearson).unwrap();
        assert_eq!((few.matches.len(), many.matches.len()), (2, 2));
        assert!((few.mean - 1.0).abs() < 1e-9 && (many.mean - 1.0).abs() < 1e-9);
    }

    #[test]
    fn wrong_tables_are_refused() {
        let (a, b) = (Table::column_of(&[1.0, 2.0]).unwrap(), Table::column_of(&[1.0]).unwrap());
        assert!(mcc(&a, &b, Correlation::Pearson).is_err());
        assert!(mcc(&b, &b, Correlation::Pearson).is_err());
    }

    proptest! {
        #[test]
        fn order_sign_and_scale_are_no_matter(
            values in prop::collection::vec(-1.0..1.0_f64, 40),
            scale in prop::array::uniform2(0.01..100.0_f64),
            shift in -9.0..9.0_f64,
        ) {
            let (x, y) = values.split_at(20);
            let changed: Vec<f64> = x
                .chunks_exact(2)
                .rev()
                .flat_map(|row| [scale[0] * row[1] + shift, -scale[1] * row[0]])
                .collect();
            let turned: Vec<f64> = y.chunks_exact(2).rev().flatten().copied().collect();
            let table = |v| Table::new(10, 2, v).unwrap();
            let here = mcc(&table(x), &table(y), Correlation::Pearson).unwrap();
            let there = mcc(&table(&changed), &table(&turned), Correlation::Pearson).unwrap();
            prop_assert!((here.mean - there.mean).abs() < 1e-9);
            prop_assert!((0.0..=1.0).contains(&here.mean));
        }
    }
}
