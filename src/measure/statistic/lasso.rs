//! L1-penalised linear regression by coordinate descent.
//!
//! `min |y - x w - b|^2 / (2 n) + penalty |w|_1` (Tibshirani 1996; Friedman, Hastie and Tibshirani
//! 2010): `Lasso(alpha=penalty)` of scikit-learn, run to the end.
//!
//! Where columns are nearly sums of each other, as those of representations are, the descent
//! crawls. So now and then it leaps: given which weights aren't 0 and their signs, the best ones
//! solve a linear system, and the way to them goes down until a weight changes its sign (Lee,
//! Battle, Raina and Ng 2007).

use serde::Serialize;

use super::error::equal;
use super::ridge::{factorise, solve};
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
/// Rounds before the first leap; each further one waits twice as long.
const FIRST_LEAP: usize = 16;

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
        let mut left = self.left(&aim, weights);
        let mut next_leap = FIRST_LEAP;
        for round in 0..ROUNDS {
            if round == next_leap {
                self.leap(&aim, penalty, weights);
                left = self.left(&aim, weights);
                next_leap *= 2;
            }
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

    /// What is left of the aim under some weights.
    fn left(&self, aim: &[f64], weights: &[f64]) -> Vec<f64> {
        let mut left = aim.to_vec();
        for (&weight, products) in weights.iter().zip(&self.products) {
            take(&mut left, weight, products);
        }
        left
    }

    /// Moves the weights that aren't 0 to the best ones of their signs. One that would change its
    /// sign on the way is left at 0, and the others set out again.
    fn leap(&self, aim: &[f64], penalty: f64, weights: &mut [f64]) {
        let mut active: Vec<usize> = (0..weights.len()).filter(|&i| weights[i] != 0.0).collect();
        while !active.is_empty() {
            let mut system: Vec<f64> = active
                .iter()
                .flat_map(|&i| active.iter().map(move |&j| (i, j)))
                .map(|(i, j)| self.products[i][j])
                .collect();
            if factorise(&mut system, active.len()).is_err() {
                return;
            }
            let pull = active.iter().map(|&i| aim[i] - penalty * weights[i].signum()).collect();
            let best = solve(&system, pull);
            // The part of the way at which the first weight is 0.
            let mut part = 1.0;
            let mut stopped = None;
            for (at, (&i, best)) in active.iter().zip(&best).enumerate() {
                if weights[i] * best <= 0.0 && weights[i] / (weights[i] - best) < part {
                    part = weights[i] / (weights[i] - best);
                    stopped = Some(at);
                }
            }
            for (&i, best) in active.iter().zip(&best) {
                weights[i] += part * (best - weights[i]);
            }
            let Some(at) = stopped else { return };
            weights[active.remove(at)] = 0.0;
            // Rounding may have taken another one to 0 along with it.
            active.retain(|&i| weights[i] != 0.0);
        }
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
    use rand_distr::{Distribution as _, StandardNormal};

    use super::*;
    use crate::causal::noise::{StreamId, stream};

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

    /// Karush, Kuhn and Tucker: every column's product with what is left is the penalty, signed,
    /// where the weight isn't 0, and at most the penalty where it is. How far that is from true.
    fn off(x: &Table, y: &[f64], penalty: f64, found: &Lasso) -> f64 {
        let said =
            |row: &[f64]| -> f64 { row.iter().zip(&found.weights).map(|(v, w)| v * w).sum() };
        let left: Vec<f64> =
            x.iter().zip(y).map(|(row, y)| y - said(row) - found.intercept).collect();
        let pulls = x.columns().into_iter().zip(&found.weights).map(|(column, weight)| {
            let pull = mean_product(&column, &left);
            if *weight == 0.0 {
                (pull.abs() - penalty).max(0.0)
            } else {
                (pull - penalty * weight.signum()).abs()
            }
        });
        pulls.fold(left.iter().sum::<f64>().abs(), f64::max)
    }

    #[test]
    fn columns_that_are_nearly_sums_of_each_other_are_no_trap() {
        // Thirty mixtures of four numbers, each with a little noise of its own, and a target of
        // these four.
        let mut noise = stream(4, 0, StreamId::of("test"));
        let mut draw = || -> f64 { StandardNormal.sample(&mut noise) };
        let mixing: Vec<f64> = (0..120).map(|_| draw()).collect();
        let (mut x, mut y) = (Vec::new(), Vec::new());
        for _ in 0..100 {
            let few = [draw(), draw(), draw(), draw()];
            for mix in mixing.chunks_exact(4) {
                let sum: f64 = mix.iter().zip(&few).map(|(m, f)| m * f).sum();
                x.push(sum + 1e-4 * draw());
            }
            y.push(few[0] - few[1] + 0.1 * draw());
        }
        let x = Table::new(100, 30, &x).unwrap();
        for penalty in [0.1, 0.003, 0.000_3] {
            let found = lasso(&x, &y, penalty).unwrap();
            assert!(found.settled, "{penalty}");
            assert!(off(&x, &y, penalty, &found) < 1e-9, "{penalty}: {found:?}");
        }
    }

    proptest! {
        #[test]
        fn no_direction_leads_down(
            values in prop::collection::vec(-3.0..3.0_f64, 60),
            penalty in 0.01..1.0_f64,
        ) {
            let (x, y) = values.split_at(45);
            let x = Table::new(15, 3, x).unwrap();
            let found = lasso(&x, y, penalty).unwrap();
            prop_assert!(found.settled);
            prop_assert!(off(&x, y, penalty, &found) < 1e-9);
        }
    }
}
