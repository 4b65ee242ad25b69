//! L1-penalised linear regression by coordinate descent.
//!
//! `min |y - x w - b|^2 / (2 n) + penalty |w|_1` (Tibshirani 1996; Friedman, Hastie and Tibshirani
//! 2010): `Lasso(alpha=penalty)` of scikit-learn, run to the end.

use serde::Serialize;

use super::error::equal;
use super::{StatisticError, Table};

/// A linear function of a row with few weights that aren't 0.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lasso {
    /// One weight a column.
    pub weights: Vec<f64>,
    /// What comes besides.
    pub intercept: f64,
    /// The descent came to rest. If not, columns are nearly sums of each other and the weights
    /// are near the best ones in what they foretell only.
    pub settled: bool,
}

/// A round that moves the prediction by less than this part of the target's spread is the last.
const TOLERANCE: f64 = 1e-11;
/// Rounds after which the descent is given up.
const ROUNDS: usize = 20_000;

/// The linear function of the columns of `x` that makes the penalised error least.
///
/// # Errors
/// Lists of different length, a target that is no table, or a negative penalty.
pub fn lasso(x: &Table, y: &[f64], penalty: f64) -> Result<Lasso, StatisticError> {
    equal("rows of x and y", x.rows(), y.len())?;
    Table::column_of(y)?;
    if !(penalty.is_finite() && penalty >= 0.0) {
        let (what, range) = ("the penalty", "0 or more");
        return Err(StatisticError::Argument { what, value: penalty, range });
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let mut columns = x.columns();
    let means: Vec<f64> = columns.iter().map(|c| mean(c)).collect();
    for (column, mean) in columns.iter_mut().zip(&means) {
        column.iter_mut().for_each(|v| *v -= mean);
    }
    let y_mean = mean(y);
    let y: Vec<f64> = y.iter().map(|v| v - y_mean).collect();
    let mut weights = vec![0.0; x.width()];
    let settled = Descent::new(&columns).run(&columns, &y, penalty, &mut weights);
    let intercept = y_mean - weights.iter().zip(&means).map(|(w, m)| w * m).sum::<f64>();
    Ok(Lasso { weights, intercept, settled })
}

/// The mean products of centred columns, for one descent after another.
pub(super) struct Descent {
    /// Column after column, symmetric.
    products: Vec<Vec<f64>>,
}

impl Descent {
    /// Readies columns whose means are 0.
    pub(super) fn new(columns: &[Vec<f64>]) -> Self {
        let mut products = vec![vec![0.0; columns.len()]; columns.len()];
        for i in 0..columns.len() {
            for j in 0..=i {
                let product = mean_product(&columns[i], &columns[j]);
                products[i][j] = product;
                products[j][i] = product;
            }
        }
        Self { products }
    }

    /// Descends from `weights` for a target whose mean is 0; says whether it came to rest.
    pub(super) fn run(
        &self,
        columns: &[Vec<f64>],
        target: &[f64],
        penalty: f64,
        weights: &mut [f64],
    ) -> bool {
        let aim: Vec<f64> = columns.iter().map(|column| mean_product(column, target)).collect();
        let small = TOLERANCE * mean_product(target, target).sqrt();
        // What is left of the aim under the present weights.
        let mut left = aim;
        for (&weight, products) in weights.iter().zip(&self.products) {
            take(&mut left, weight, products);
        }
        for _ in 0..ROUNDS {
            let mut largest = 0.0_f64;
            for (j, products) in self.products.iter().enumerate() {
                let square = products[j];
                if square <= 0.0 {
                    continue;
                }
                let pull = left[j] + square * weights[j];
                let weight = pull.signum() * (pull.abs() - penalty).max(0.0) / square;
                let step = weight - weights[j];
                if step != 0.0 {
                    take(&mut left, step, products);
                    weights[j] = weight;
                    largest = largest.max(step.abs() * square.sqrt());
                }
            }
            if largest <= small {
                return true;
            }
        }
        false
    }
}

fn take(left: &mut [f64], weight: f64, products: &[f64]) {
    if weight != 0.0 {
        left.iter_mut().zip(products).for_each(|(l, p)| *l -= weight * p);
    }
}

fn mean_product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / a.len() as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_column_has_a_closed_form() {
        // Centred x = (-1, 0, 1), y = (-2, -1, 3): the mean product is 5/3, the square 2/3.
        let x = Table::column_of(&[4.0, 5.0, 6.0]).unwrap();
        let y = [8.0, 9.0, 13.0];
        for penalty in [0.0, 0.5, 5.0 / 3.0, 2.0] {
            let found = lasso(&x, &y, penalty).unwrap();
            let weight = ((5.0 / 3.0 - penalty) * 1.5).max(0.0);
            assert!((found.weights[0] - weight).abs() < 1e-12, "{penalty}: {found:?}");
            assert!((found.intercept - (10.0 - 5.0 * weight)).abs() < 1e-11 && found.settled);
        }
    }

    #[test]
    fn what_says_nothing_is_left_out() {
        // y is the first column; the second is constant and the third nearly orthogonal.
        let x: Vec<f64> = (0..12).flat_map(|i| [f64::from(i % 4), 7.0, f64::from(i / 4)]).collect();
        let x = Table::new(12, 3, &x).unwrap();
        let found = lasso(&x, &x.column(0), 0.1).unwrap();
        assert_eq!(found.weights[1..], [0.0, 0.0]);
        // Variance 5/4: the weight is (5/4 - 1/10) / (5/4).
        assert!((found.weights[0] - 0.92).abs() < 1e-12);
    }

    #[test]
    fn wrong_input_is_refused() {
        let x = Table::column_of(&[1.0, 2.0]).unwrap();
        assert!(lasso(&x, &[1.0], 0.1).is_err() && lasso(&x, &[1.0, f64::NAN], 0.1).is_err());
        assert!(matches!(lasso(&x, &[1.0, 2.0], -1.0), Err(StatisticError::Argument { .. })));
    }

    proptest! {
        #[test]
        fn no_direction_leads_down(
            values in prop::collection::vec(-3.0..3.0_f64, 60),
            penalty in 0.01..1.0_f64,
        ) {
            // Karush, Kuhn and Tucker: every column's product with what is left is the penalty,
            // signed, where the weight isn't 0, and at most the penalty where it is.
            let (x, y) = values.split_at(45);
            let x = Table::new(15, 3, x).unwrap();
            let found = lasso(&x, y, penalty).unwrap();
            prop_assert!(found.settled);
            let left: Vec<f64> = x
                .iter()
                .zip(y)
                .map(|(row, y)| {
                    let said: f64 = row.iter().zip(&found.weights).map(|(v, w)| v * w).sum();
                    y - said - found.intercept
                })
                .collect();
            prop_assert!(left.iter().sum::<f64>().abs() < 1e-9);
            for (column, weight) in x.columns().iter().zip(&found.weights) {
                let pull = mean_product(column, &left);
                if *weight == 0.0 {
                    prop_assert!(pull.abs() <= penalty + 1e-9);
                } else {
                    prop_assert!((pull - penalty * weight.signum()).abs() < 1e-9);
                }
            }
        }
    }
}
