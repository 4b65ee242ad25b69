//! Ridge regression, solved exactly.

use super::column::Moments;
use super::error::equal;
use super::{StatisticError, Table};

/// Linear functions of a row, one a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Ridge {
    /// The weights of each target, one a column of the input.
    pub weights: Vec<Vec<f64>>,
    /// What each target gets besides.
    pub intercepts: Vec<f64>,
}

/// A pivot below this part of its column's square is rounding.
const ROUNDING: f64 = 1e-13;

/// The linear functions of the columns of `x` that make
/// `|y - x w - b|^2 + penalty |w|^2` least, one for each column of `y`; the intercept `b` isn't
/// penalised (`Ridge(alpha=penalty)` of scikit-learn).
///
/// # Errors
/// Tables of different length, a negative penalty, or no penalty where columns of `x` are sums of
/// each other.
pub fn ridge(x: &Table, y: &Table, penalty: f64) -> Result<Ridge, StatisticError> {
    equal("rows of x and y", x.rows(), y.rows())?;
    if !(penalty.is_finite() && penalty >= 0.0) {
        let (what, range) = ("the penalty", "0 or more");
        return Err(StatisticError::Argument { what, value: penalty, range });
    }
    let centred = |column: Vec<f64>| {
        let mean = Moments::of(&column).mean;
        (mean, column.into_iter().map(|v| v - mean).collect::<Vec<f64>>())
    };
    let (x_means, x): (Vec<f64>, Vec<Vec<f64>>) = x.columns().into_iter().map(centred).unzip();
    let (y_means, y): (Vec<f64>, Vec<Vec<f64>>) = y.columns().into_iter().map(centred).unzip();
    let width = x.len();
    let mut gram = vec![0.0; width * width];
    for (i, a) in x.iter().enumerate() {
        for (j, b) in x[..=i].iter().enumerate() {
            gram[i * width + j] = dot(a, b);
        }
        gram[i * width + i] += penalty;
    }
    factorise(&mut gram, width)?;
    let weights: Vec<Vec<f64>> =
        y.iter().map(|y| solve(&gram, x.iter().map(|x| dot(x, y)).collect())).collect();
    let intercepts = weights.iter().zip(y_means).map(|(w, mean)| mean - dot(w, &x_means)).collect();
    Ok(Ridge { weights, intercepts })
}

impl Ridge {
    /// What the functions say of each row: one column a target.
    #[must_use]
    pub fn predict(&self, x: &Table) -> Vec<Vec<f64>> {
        let targets = self.weights.iter().zip(&self.intercepts);
        targets.map(|(w, b)| x.iter().map(|row| b + dot(w, row)).collect()).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Replaces the lower half of a positive definite matrix by its Cholesky factor.
pub(super) fn factorise(matrix: &mut [f64], width: usize) -> Result<(), StatisticError> {
    for i in 0..width {
        let (above, rest) = matrix.split_at_mut(i * width);
        let row = &mut rest[..width];
        for j in 0..i {
            let other = &above[j * width..][..width];
            row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
        }
        let pivot = row[i] - dot(&row[..i], &row[..i]);
        if pivot <= ROUNDING * row[i] {
            return Err(StatisticError::Singular { column: i });
        }
        row[i] = pivot.sqrt();
    }
    Ok(())
}

/// Solves `L L' w = b`.
pub(super) fn solve(factor: &[f64], mut b: Vec<f64>) -> Vec<f64> {
    let width = b.len();
    for i in 0..width {
        let row = &factor[i * width..][..width];
        b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
    }
    for i in (0..width).rev() {
        b[i] /= factor[i * width + i];
        for j in 0..i {
            b[j] -= factor[i * width + j] * b[i];
        }
    }
    b
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_column_has_a_closed_form() {
        // Centred x = (-1, 0, 1), y = (-2, -1, 3): w = (2 + 3) / (2 + penalty).
        let x = Table::column_of(&[4.0, 5.0, 6.0]).unwrap();
        let y = Table::column_of(&[8.0, 9.0, 13.0]).unwrap();
        for penalty in [0.0, 3.0] {
            let found = ridge(&x, &y, penalty).unwrap();
            let w = 5.0 / (2.0 + penalty);
            assert!((found.weights[0][0] - w).abs() < 1e-14);
            assert!((found.intercepts[0] - (10.0 - 5.0 * w)).abs() < 1e-13);
            assert!((found.predict(&x)[0][2] - (10.0 + w)).abs() < 1e-13);
        }
    }

    #[test]
    fn sums_of_columns_need_a_penalty() {
        let x = Table::new(3, 2, &[1.0, 2.0, 2.0, 4.0, 4.0, 8.0]).unwrap();
        let y = Table::column_of(&[1.0, 2.0, 4.0]).unwrap();
        assert_eq!(ridge(&x, &y, 0.0), Err(StatisticError::Singular { column: 1 }));
        // The two share: w2 = 2 w1, as each is weighted by what it brings.
        let found = ridge(&x, &y, 0.1).unwrap();
        assert!((found.weights[0][1] - 2.0 * found.weights[0][0]).abs() < 1e-12);
        for penalty in [-1.0, f64::NAN] {
            assert!(matches!(ridge(&x, &y, penalty), Err(StatisticError::Argument { .. })));
        }
        assert!(ridge(&x, &Table::column_of(&[1.0]).unwrap(), 1.0).is_err());
    }

    proptest! {
        #[test]
        fn the_gradient_is_zero(
            values in prop::collection::vec(-3.0..3.0_f64, 60),
            penalty in 0.01..10.0_f64,
        ) {
            // x' (y - x w - b) = penalty w and 1' (y - x w - b) = 0 say that nothing is better.
            let (x, y) = values.split_at(40);
            let (x, y) = (Table::new(10, 4, x).unwrap(), Table::new(10, 2, y).unwrap());
            let found = ridge(&x, &y, penalty).unwrap();
            for (target, said) in found.predict(&x).iter().enumerate() {
                let left: Vec<f64> =
                    y.column(target).iter().zip(said).map(|(y, p)| y - p).collect();
                prop_assert!(left.iter().sum::<f64>().abs() < 1e-9);
                for (i, column) in x.columns().iter().enumerate() {
                    let slope = dot(column, &left) - penalty * found.weights[target][i];
                    prop_assert!(slope.abs() < 1e-9);
                }
            }
        }
    }
}
