//! All distances between the rows of a table, kept for as many comparisons as one likes.

use rayon::prelude::*;

use super::error::equal;
use super::{StatisticError, Table};

/// The Euclidean distances between all rows, with their means: `8 rows^2` bytes.
///
/// One representation is compared with many factors; this is the part of that work that is done
/// once. All sums are made row by row in a fixed order, whatever the number of threads.
#[derive(Clone, Debug)]
pub struct Distances {
    rows: usize,
    /// Row after row, symmetric.
    values: Vec<f64>,
    row_means: Vec<f64>,
    mean: f64,
    /// The product of the centred distances with themselves, and of the U-centred.
    squares: [f64; 2],
}

/// How a matrix of distances is centred: `a_jk - s_j - s_k + t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Centring {
    /// Every row and column has mean 0 (Szekely, Rizzo and Bakirov 2007).
    Double,
    /// Every row and column without its diagonal has mean 0 (Szekely and Rizzo 2014).
    Unbiased,
}

/// Sums of centred distances below this part of the mean distance, squared, are rounding.
const ROUNDING: f64 = 1e-13;

impl Distances {
    /// The distances between the rows of a table.
    #[must_use]
    pub fn of(table: &Table) -> Self {
        let rows = table.rows();
        let mut values = vec![0.0; rows * rows];
        values.par_chunks_mut(rows).enumerate().for_each(|(j, line)| {
            let a = table.row(j);
            for (k, d) in line[..j].iter_mut().enumerate() {
                *d = a.iter().zip(table.row(k)).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt();
            }
        });
        for j in 0..rows {
            for k in 0..j {
                values[k * rows + j] = values[j * rows + k];
            }
        }
        let row_means: Vec<f64> =
            values.chunks_exact(rows).map(|line| line.iter().sum::<f64>() / rows as f64).collect();
        let mean = row_means.iter().sum::<f64>() / rows as f64;
        let mut found = Self { rows, values, row_means, mean, squares: [0.0; 2] };
        found.squares = [Centring::Double, Centring::Unbiased].map(|centring| {
            if centring == Centring::Unbiased && rows < 4 {
                return 0.0;
            }
            let order: Vec<usize> = (0..rows).collect();
            let square = found.sum_of_products(&found, centring, &order);
            if square <= (ROUNDING * mean).powi(2) { 0.0 } else { square }
        });
        found
    }

    /// The number of rows.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The distance between two rows.
    #[must_use]
    pub fn between(&self, j: usize, k: usize) -> f64 {
        self.values[j * self.rows + k]
    }

    /// The mean product of the centred distances with themselves, the squared distance variance;
    /// exactly 0 where nothing is left but rounding.
    pub(super) const fn square(&self, centring: Centring) -> f64 {
        self.squares[match centring {
            Centring::Double => 0,
            Centring::Unbiased => 1,
        }]
    }

    /// The mean product of the centred distances of two tables, the squared distance covariance.
    pub(super) fn product(&self, other: &Self, centring: Centring) -> Result<f64, StatisticError> {
        let order: Vec<usize> = (0..self.rows).collect();
        self.product_in(other, centring, &order)
    }

    /// The same with the rows of `self` in another order: row `order[j]` beside row `j`.
    pub(super) fn product_in(
        &self,
        other: &Self,
        centring: Centring,
        order: &[usize],
    ) -> Result<f64, StatisticError> {
        equal("rows of two tables", self.rows, other.rows)?;
        equal("rows and their order", self.rows, order.len())?;
        Ok(self.sum_of_products(other, centring, order))
    }

    fn sum_of_products(&self, other: &Self, centring: Centring, order: &[usize]) -> f64 {
        let n = self.rows as f64;
        let (part, whole, pairs) = match centring {
            Centring::Double => (1.0, 1.0, n * n),
            Centring::Unbiased => (n / (n - 2.0), n * n / ((n - 1.0) * (n - 2.0)), n * (n - 3.0)),
        };
        let a: Vec<f64> = order.iter().map(|&j| part * self.row_means[j]).collect();
        let b: Vec<f64> = other.row_means.iter().map(|mean| part * mean).collect();
        let (whole_a, whole_b) = (whole * self.mean, whole * other.mean);
        // One sum a row, then the sum of these: the order is that of the rows.
        let sums: Vec<f64> = (0..self.rows)
            .into_par_iter()
            .map(|j| {
                let mine = &self.values[order[j] * self.rows..][..self.rows];
                let theirs = &other.values[j * self.rows..][..self.rows];
                let (s, t) = (whole_a - a[j], whole_b - b[j]);
                (0..j).map(|k| (mine[order[k]] + s - a[k]) * (theirs[k] + t - b[k])).sum::<f64>()
            })
            .collect();
        let below: f64 = sums.iter().sum();
        let diagonal: f64 = match centring {
            Centring::Double => {
                a.iter().zip(&b).map(|(a, b)| (whole_a - 2.0 * a) * (whole_b - 2.0 * b)).sum()
            }
            Centring::Unbiased => 0.0,
        };
        (2.0 * below + diagonal) / pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_four_five() {
        let table = Table::new(3, 2, &[0.0, 0.0, 3.0, 4.0, 0.0, 4.0]).unwrap();
        let found = Distances::of(&table);
        assert_eq!(found.values, [0.0, 5.0, 4.0, 5.0, 0.0, 3.0, 4.0, 3.0, 0.0]);
        assert_eq!(found.row_means, [3.0, 8.0 / 3.0, 7.0 / 3.0]);
        assert_eq!((found.rows(), found.between(2, 1)), (3, 3.0));
    }

    #[test]
    fn two_points_by_hand() {
        // a = [[0, 2], [2, 0]], its row means and mean are 1: A = [[-1, 1], [1, -1]].
        let found = Distances::of(&Table::column_of(&[5.0, 7.0]).unwrap());
        assert_eq!(found.square(Centring::Double), 1.0);
    }

    #[test]
    fn four_points_by_hand() {
        // 0, 0, 1, 1: off the diagonal a is 0 within a pair and 1 across. Row sums are 2, the
        // whole sum is 8: U-centred a - 1 - 1 + 8/6, so -2/3 (4 entries) and 1/3 (8 entries),
        // and the mean product is (4 4/9 + 8 1/9) / (4 1) = 2/3.
        let found = Distances::of(&Table::column_of(&[0.0, 0.0, 1.0, 1.0]).unwrap());
        assert!((found.square(Centring::Unbiased) - 2.0 / 3.0).abs() < 1e-15);
        // Doubly centred: a - 1/2 - 1/2 + 1/2, so -1/2 or 1/2 everywhere.
        assert_eq!(found.square(Centring::Double), 0.25);
    }

    #[test]
    fn rounding_is_nothing() {
        // All distances are equal: U-centred they are nothing.
        let mut corners = vec![0.0; 49];
        (0..7).for_each(|i| corners[8 * i] = 0.1);
        let found = Distances::of(&Table::new(7, 7, &corners).unwrap());
        assert_eq!(found.square(Centring::Unbiased), 0.0);
        assert!(found.square(Centring::Double) > 0.0);
    }

    #[test]
    fn the_largest_numbers_are_measured() {
        let found = Distances::of(&Table::column_of(&[1e100, -1e100]).unwrap());
        assert!((found.square(Centring::Double) / 1e200 - 1.0).abs() < 1e-12);
    }
}
