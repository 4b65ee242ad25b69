//! Wasserstein distances between two samples of the same size.
//!
//! `W_p = (min over pairings of the mean of |x_i - y_j|^p)^(1/p)` with the Euclidean distance: the
//! way that the mean row has to go, in the unit of the table. From 0 (the same rows in some order)
//! without an upper bound; of two samples of the same distribution it is above 0 and falls with
//! their size, slowly where rows are wide.
//!
//! | function | what it is | work |
//! | --- | --- | --- |
//! | [`exact`] | the definition, by an optimal pairing | `n^3` |
//! | [`one_dimensional`] | the same of two lists of numbers: sorted, one by one | `n log n` |
//! | [`sliced`] | the mean of [`one_dimensional`] over directions (Rabin et al. 2012) | `n log n` each |
//!
//! A sliced distance is at most the exact one and, of wide rows, much smaller: a shift by `s` in
//! `d` dimensions gives about `s / sqrt(d)` for W2. Compare like with like.

use rand_distr::{Distribution as _, StandardNormal};
use rayon::prelude::*;

use super::assignment::assign;
use super::error::{at_least, equal};
use super::{StatisticError, Table};
use crate::causal::noise::{StreamId, stream};

/// Which Wasserstein distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `W_1`: the mean way.
    One,
    /// `W_2`: the root of the mean squared way.
    Two,
}

impl Order {
    const fn power(self, way: f64) -> f64 {
        match self {
            Self::One => way,
            Self::Two => way * way,
        }
    }

    fn root(self, mean: f64) -> f64 {
        match self {
            Self::One => mean,
            Self::Two => mean.sqrt(),
        }
    }
}

/// The Wasserstein distance between two samples, one row a point. Meant for up to some 500 rows:
/// the work grows with the cube.
///
/// # Errors
/// Tables of different length or width, or, for `W_2`, rows further apart than 1e50.
pub fn exact(x: &Table, y: &Table, order: Order) -> Result<f64, StatisticError> {
    alike(x, y)?;
    let cost: Vec<f64> = x
        .iter()
        .flat_map(|a| {
            y.iter().map(move |b| {
                let square = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
                match order {
                    Order::One => square.sqrt(),
                    Order::Two => square,
                }
            })
        })
        .collect();
    let best = assign(&Table::new(x.rows(), y.rows(), &cost)?);
    Ok(order.root(best.cost / x.rows() as f64))
}

/// The Wasserstein distance between two lists of numbers: the smallest goes to the smallest, and
/// so on.
///
/// # Errors
/// Lists of different length, or no numbers.
pub fn one_dimensional(x: &[f64], y: &[f64], order: Order) -> Result<f64, StatisticError> {
    equal("numbers of two samples", x.len(), y.len())?;
    at_least("numbers", 1, x.len())?;
    Ok(order.root(mean_power(x.to_vec(), y.to_vec(), order)))
}

/// The sliced Wasserstein distance: `(mean over directions of W_p^p)^(1/p)`, along as many random
/// directions of `seed` as said.
///
/// # Errors
/// Tables of different length or width, or no direction.
pub fn sliced(
    x: &Table,
    y: &Table,
    order: Order,
    count: usize,
    seed: u64,
) -> Result<f64, StatisticError> {
    alike(x, y)?;
    at_least("directions", 1, count)?;
    let means: Vec<f64> = (0..count as u64)
        .into_par_iter()
        .map(|turn| {
            let way = direction(x.width(), seed, turn);
            let shadow = |table: &Table| -> Vec<f64> {
                table.iter().map(|row| row.iter().zip(&way).map(|(v, w)| v * w).sum()).collect()
            };
            mean_power(shadow(x), shadow(y), order)
        })
        .collect();
    Ok(order.root(means.iter().sum::<f64>() / count as f64))
}

/// The `turn`-th direction of `seed`: a vector of length 1, each as likely as any other.
#[must_use]
pub fn direction(width: usize, seed: u64, turn: u64) -> Vec<f64> {
    let mut noise = stream(seed, turn, StreamId::of("measure:direction"));
    loop {
        let draw: Vec<f64> = (0..width).map(|_| StandardNormal.sample(&mut noise)).collect();
        let length = draw.iter().map(|v: &f64| v * v).sum::<f64>().sqrt();
        if length > 0.0 || width == 0 {
            return draw.into_iter().map(|v| v / length).collect();
        }
    }
}

/// `W_p^p` of two lists of the same length.
fn mean_power(mut x: Vec<f64>, mut y: Vec<f64>, order: Order) -> f64 {
    x.sort_by(f64::total_cmp);
    y.sort_by(f64::total_cmp);
    x.iter().zip(&y).map(|(a, b)| order.power((a - b).abs())).sum::<f64>() / x.len() as f64
}

fn alike(x: &Table, y: &Table) -> Result<(), StatisticError> {
    equal("rows of two samples", x.rows(), y.rows())?;
    equal("columns of two samples", x.width(), y.width())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOTH: [Order; 2] = [Order::One, Order::Two];

    #[test]
    fn by_hand() {
        // (0, 0) to (3, 4) and (1, 0) to (1, 1): ways 5 and 1; the other pairing has
        // sqrt(2) and sqrt(20), shorter: means 2.943 and 11.
        let x = Table::new(2, 2, &[0.0, 0.0, 1.0, 0.0]).unwrap();
        let y = Table::new(2, 2, &[3.0, 4.0, 1.0, 1.0]).unwrap();
        let one = (2.0_f64.sqrt() + 20.0_f64.sqrt()) / 2.0;
        assert!((exact(&x, &y, Order::One).unwrap() - one).abs() < 1e-15);
        assert!((exact(&x, &y, Order::Two).unwrap() - 11.0_f64.sqrt()).abs() < 1e-15);
        assert_eq!(one_dimensional(&[3.0, 1.0], &[1.0, 7.0], Order::One).unwrap(), 2.0);
        assert_eq!(one_dimensional(&[3.0, 1.0], &[1.0, 7.0], Order::Two).unwrap(), 8.0_f64.sqrt());
    }

    #[test]
    fn slices_of_a_shift_have_a_closed_form() {
        // The mean square of one of d coordinates of a direction is 1/d, so W2 is s / sqrt(d).
        let x: Vec<f64> = (0..80).map(|i| f64::from(i * i % 17)).collect();
        let y: Vec<f64> =
            x.iter().enumerate().map(|(i, v)| v + 3.0 * f64::from(i % 4 == 0)).collect();
        let (x, y) = (Table::new(20, 4, &x).unwrap(), Table::new(20, 4, &y).unwrap());
        let found = sliced(&x, &y, Order::Two, 4000, 1).unwrap();
        assert!((found - 1.5).abs() < 0.05, "{found}");
        assert_eq!(found, sliced(&x, &y, Order::Two, 4000, 1).unwrap());
        assert_ne!(found, sliced(&x, &y, Order::Two, 4000, 2).unwrap());
        // In one dimension every direction is the line.
        let (a, b) = (x.column(0), y.column(1));
        let (c, d) = (Table::column_of(&a).unwrap(), Table::column_of(&b).unwrap());
        for order in BOTH {
            let flat = one_dimensional(&a, &b, order).unwrap();
            assert!((sliced(&c, &d, order, 3, 0).unwrap() - flat).abs() < 1e-12);
            assert!((exact(&c, &d, order).unwrap() - flat).abs() < 1e-12);
        }
    }

    #[test]
    fn what_is_not_alike_is_refused() {
        let (x, y) = (Table::new(2, 2, &[0.0; 4]).unwrap(), Table::new(4, 1, &[0.0; 4]).unwrap());
        let z = Table::new(2, 3, &[0.0; 6]).unwrap();
        assert!(exact(&x, &y, Order::One).is_err() && exact(&x, &z, Order::One).is_err());
        assert!(
            sliced(&x, &z, Order::One, 3, 0).is_err() && sliced(&x, &x, Order::One, 0, 0).is_err()
        );
        assert!(
            one_dimensional(&[], &[], Order::One).is_err()
                && one_dimensional(&[1.0], &[], Order::One).is_err()
        );
    }

    proptest! {
        #[test]
        fn a_shift_costs_its_length(
            values in prop::collection::vec(-9.0..9.0_f64, 36),
            shift in prop::array::uniform3(-5.0..5.0_f64),
            scale in 0.1..9.0_f64,
        ) {
            let moved: Vec<f64> = values
                .chunks_exact(3)
                .rev()
                .flat_map(|row| [0, 1, 2].map(|i| row[i] + shift[i]))
                .collect();
            let (x, y) = (Table::new(12, 3, &values).unwrap(), Table::new(12, 3, &moved).unwrap());
            let length = shift.iter().map(|s| s * s).sum::<f64>().sqrt();
            let scaled = |table: &Table| -> Vec<f64> {
                table.values().iter().map(|v| scale * v).collect()
            };
            let (p, q) = (scaled(&x), scaled(&y));
            let (p, q) = (Table::new(12, 3, &p).unwrap(), Table::new(12, 3, &q).unwrap());
            for order in BOTH {
                let here = exact(&x, &y, order).unwrap();
                prop_assert!((here - length).abs() < 1e-9, "{here} {length}");
                prop_assert!((exact(&p, &q, order).unwrap() - scale * here).abs() < 1e-9);
                prop_assert_eq!(exact(&x, &x, order).unwrap(), 0.0);
                let slices = sliced(&x, &y, order, 20, 3).unwrap();
                prop_assert!(slices <= here + 1e-9);
                prop_assert!((sliced(&p, &q, order, 20, 3).unwrap() - scale * slices).abs() < 1e-9);
            }
        }
    }
}
