//! Distance correlation: how much two sets of columns know of each other, in any way.
//!
//! With the distances `a_jk = |x_j - x_k|`, `b_jk = |y_j - y_k|` of `n` rows, centred to `A`, `B`:
//!
//! | function | what it is | range | independent | one is the other, moved, turned, scaled |
//! | --- | --- | --- | --- | --- |
//! | [`distance_correlation`] | `R`, not squared, biased upwards | 0 to 1 | near [`noise_floor`] | 1 |
//! | [`corrected`] | `R*`, on the scale of `R^2`, bias-corrected | -1 to 1 | 0 on average | 1 |
//! | [`partial`] | `R*` of what a third table leaves | -1 to 1 | | |
//!
//! `R^2 = <A,B> / sqrt(<A,A> <B,B>)`. For `R` the distances are centred by their row means and
//! all pairs count (Szekely, Rizzo and Bakirov, *Ann. Statist.* 35, 2007); for `R*` they are
//! U-centred and the diagonal is left out (Szekely and Rizzo, *J. Multivar. Anal.* 117, 2013;
//! *Ann. Statist.* 42, 2014). Of wide tables with few rows `R` is near 1 whatever they hold: say
//! the noise floor beside it, or take `R*`. A table whose rows are all the same gives 0.
//!
//! For two binary columns `R` is the absolute phi coefficient.

use rayon::prelude::*;
use serde::Serialize;

use super::column::quantile;
use super::distances::Centring;
use super::error::{at_least, equal};
use super::shuffle::shuffled;
use super::{Distances, StatisticError};

/// What [`distance_correlation`] says of the same rows when they have nothing to do with each
/// other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NoiseFloor {
    /// The mean over shuffles.
    pub mean: f64,
    /// The 95th percentile: one shuffle in twenty is above.
    pub high: f64,
    /// The shuffles made.
    pub shuffles: usize,
}

/// The distance correlation `R` of Szekely, Rizzo and Bakirov (2007): not squared, biased.
///
/// # Errors
/// Tables of different length, or of fewer than two rows.
pub fn distance_correlation(x: &Distances, y: &Distances) -> Result<f64, StatisticError> {
    at_least("rows", 2, x.rows())?;
    Ok(root(x.product(y, Centring::Double)?, x, y))
}

/// The bias-corrected distance correlation `R*` of Szekely and Rizzo (2013), which estimates
/// `R^2`; below 0 about as often as above where the tables are independent.
///
/// # Errors
/// Tables of different length, or of fewer than four rows.
pub fn corrected(x: &Distances, y: &Distances) -> Result<f64, StatisticError> {
    at_least("rows", 4, x.rows())?;
    let product = x.product(y, Centring::Unbiased)?;
    Ok(ratio(product, x.square(Centring::Unbiased), y.square(Centring::Unbiased)))
}

/// What the squared correlation with a third table must leave of 1: less is rounding.
const LEFT: f64 = 1e-12;

/// The partial distance correlation `R*(x, y; z)` of Szekely and Rizzo (2014): that of `x` and
/// `y` after what `z` accounts for has been projected out of both.
///
/// `(R*_xy - R*_xz R*_yz) / sqrt((1 - R*_xz^2) (1 - R*_yz^2))`, and 0 where `z` leaves nothing
/// of `x` or of `y`. It is 0 on average where `x` and `y` are jointly independent of `z` and of
/// each other; but 0 is neither necessary nor sufficient for independence given `z` (section 4.2
/// there), so read it beside [`corrected`].
///
/// # Errors
/// Tables of different length, or of fewer than four rows.
pub fn partial(x: &Distances, y: &Distances, z: &Distances) -> Result<f64, StatisticError> {
    let (xy, xz, yz) = (corrected(x, y)?, corrected(x, z)?, corrected(y, z)?);
    let (x_left, y_left) = (1.0 - xz * xz, 1.0 - yz * yz);
    if x_left <= LEFT || y_left <= LEFT {
        return Ok(0.0);
    }
    Ok(((xy - xz * yz) / (x_left * y_left).sqrt()).clamp(-1.0, 1.0))
}

/// [`distance_correlation`] of shuffled rows: what it says of independent tables with the same
/// rows. The shuffles are those of `seed`.
///
/// # Errors
/// Tables of different length, fewer than two rows, or no shuffle.
pub fn noise_floor(
    x: &Distances,
    y: &Distances,
    shuffles: usize,
    seed: u64,
) -> Result<NoiseFloor, StatisticError> {
    at_least("rows", 2, x.rows())?;
    at_least("shuffles", 1, shuffles)?;
    equal("rows of two tables", x.rows(), y.rows())?;
    let mut found = (0..shuffles)
        .into_par_iter()
        .map(|turn| {
            let order = shuffled(x.rows(), seed, turn as u64);
            Ok(root(x.product_in(y, Centring::Double, &order)?, x, y))
        })
        .collect::<Result<Vec<f64>, StatisticError>>()?;
    let mean = found.iter().sum::<f64>() / shuffles as f64;
    found.sort_by(f64::total_cmp);
    Ok(NoiseFloor { mean, high: quantile(&found, 0.95), shuffles })
}

/// `R` from the squared distance covariance.
fn root(product: f64, x: &Distances, y: &Distances) -> f64 {
    ratio(product, x.square(Centring::Double), y.square(Centring::Double)).max(0.0).sqrt()
}

/// The product as a part of the geometric mean of the squares; rounding takes it nowhere beyond 1.
fn ratio(product: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 || y <= 0.0 { 0.0 } else { (product / (x.sqrt() * y.sqrt())).clamp(-1.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_distr::{Distribution as _, StandardNormal};

    use super::super::Table;
    use super::*;
    use crate::causal::noise::{StreamId, stream};

    fn normals(rows: usize, width: usize, seed: u64) -> Vec<f64> {
        let mut noise = stream(seed, 0, StreamId::of("test"));
        (0..rows * width).map(|_| StandardNormal.sample(&mut noise)).collect()
    }

    fn distances(width: usize, values: &[f64]) -> Distances {
        Distances::of(&Table::new(values.len() / width, width, values).unwrap())
    }

    #[test]
    fn bivariate_normals_have_a_closed_form() {
        // Szekely, Rizzo and Bakirov (2007), theorem 7.
        let closed = |r: f64| {
            let above =
                r * r.asin() + (1.0 - r * r).sqrt() - r * (r / 2.0).asin() - (4.0 - r * r).sqrt()
                    + 1.0;
            let below = 1.0 + std::f64::consts::PI / 3.0 - 3.0_f64.sqrt();
            (above / below).sqrt()
        };
        let (x, e) = (normals(2000, 1, 1), normals(2000, 1, 2));
        for r in [0.3, 0.6, 0.9] {
            let y: Vec<f64> =
                x.iter().zip(&e).map(|(x, e)| r * x + (1.0 - r * r).sqrt() * e).collect();
            let (x, y) = (distances(1, &x), distances(1, &y));
            let (biased, squared) =
                (distance_correlation(&x, &y).unwrap(), corrected(&x, &y).unwrap());
            assert!((biased - closed(r)).abs() < 0.03, "{r}: {biased}, not {}", closed(r));
            assert!((squared.sqrt() - closed(r)).abs() < 0.03, "{r}: {squared}");
        }
    }

    #[test]
    fn wide_tables_need_the_correction() {
        let (x, y) = (distances(100, &normals(200, 100, 3)), distances(1, &normals(200, 1, 4)));
        let biased = distance_correlation(&x, &y).unwrap();
        let floor = noise_floor(&x, &y, 100, 5).unwrap();
        assert!(biased > 0.2 && biased < floor.high && (biased - floor.mean).abs() < 0.05);
        assert!(floor.mean < floor.high);
        assert!(corrected(&x, &y).unwrap().abs() < 0.02);
        assert_eq!(floor, noise_floor(&x, &y, 100, 5).unwrap());
        assert_ne!(floor, noise_floor(&x, &y, 100, 6).unwrap());
    }

    #[test]
    fn a_parabola_is_seen_where_pearson_is_blind() {
        let x: Vec<f64> = (-50..=50).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| x * x).collect();
        assert!(corrected(&distances(1, &x), &distances(1, &y)).unwrap() > 0.2);
    }

    #[test]
    fn of_two_binary_columns_it_is_phi() {
        // 4, 2, 1, 5 rows of (0, 0), (0, 1), (1, 0), (1, 1): phi = (4 5 - 2 1) / sqrt(6 6 5 7).
        let x = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
        let y = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0];
        let found = distance_correlation(&distances(1, &x), &distances(1, &y)).unwrap();
        assert!((found - 18.0 / 1260.0_f64.sqrt()).abs() < 1e-14, "{found}");
    }

    #[test]
    fn what_the_cause_explains_is_taken_out() {
        let (cause, e, f) = (normals(1000, 1, 6), normals(1000, 1, 7), normals(1000, 1, 8));
        let noisy =
            |by: &[f64]| -> Vec<f64> { cause.iter().zip(by).map(|(c, e)| c + 0.5 * e).collect() };
        let (x, y) = (distances(1, &noisy(&e)), distances(1, &noisy(&f)));
        let z = distances(1, &cause);
        assert!(corrected(&x, &y).unwrap() > 0.5);
        let left = partial(&x, &y, &z).unwrap();
        assert!(left.abs() < 0.1, "{left}");
        // Nothing is left of z given z; a constant takes nothing out.
        assert_eq!(partial(&z, &y, &z).unwrap(), 0.0);
        let moved: Vec<f64> = cause.iter().map(|c| 3.0 - 7.0 * c).collect();
        assert_eq!(partial(&distances(1, &moved), &y, &z).unwrap(), 0.0);
        let constant = distances(1, &[2.0; 1000]);
        assert_eq!(partial(&x, &y, &constant).unwrap(), corrected(&x, &y).unwrap());
    }

    #[test]
    fn a_constant_knows_nothing() {
        let (x, y) = (distances(1, &[0.1; 9]), distances(1, &normals(9, 1, 9)));
        assert_eq!(distance_correlation(&x, &y).unwrap(), 0.0);
        assert_eq!(corrected(&x, &y).unwrap(), 0.0);
    }

    #[test]
    fn too_few_or_unequal_rows_are_refused() {
        let table = |rows| distances(1, &normals(rows, 1, 10));
        let few = StatisticError::TooFew { what: "rows", found: 3, least: 4 };
        assert_eq!(corrected(&table(3), &table(3)).unwrap_err(), few);
        assert!(distance_correlation(&table(3), &table(3)).is_ok());
        assert!(distance_correlation(&table(1), &table(1)).is_err());
        assert!(distance_correlation(&table(5), &table(6)).is_err());
        assert!(partial(&table(5), &table(5), &table(6)).is_err());
        assert!(noise_floor(&table(5), &table(6), 3, 0).is_err());
        assert!(noise_floor(&table(5), &table(5), 0, 0).is_err());
    }

    proptest! {
        #[test]
        fn moving_turning_and_scaling_change_nothing(
            seed: u64,
            angle in 0.0..6.0_f64,
            scale in 0.1..9.0_f64,
            (a, b) in (-9.0..9.0_f64, -9.0..9.0_f64),
        ) {
            let x = normals(30, 2, seed);
            let y = normals(30, 3, seed ^ 1);
            let image: Vec<f64> = x
                .chunks_exact(2)
                .flat_map(|p| {
                    let (s, c) = angle.sin_cos();
                    [scale * (c * p[0] - s * p[1]) + a, scale * (s * p[0] + c * p[1]) + b]
                })
                .collect();
            let (x, y, image) = (distances(2, &x), distances(3, &y), distances(2, &image));
            prop_assert!((distance_correlation(&x, &image).unwrap() - 1.0).abs() < 1e-9);
            prop_assert!((corrected(&x, &image).unwrap() - 1.0).abs() < 1e-9);
            for measure in [distance_correlation, corrected] {
                let (here, there) = (measure(&x, &y).unwrap(), measure(&image, &y).unwrap());
                prop_assert!((here - there).abs() < 1e-9);
                prop_assert!((here - measure(&y, &x).unwrap()).abs() < 1e-12);
            }
        }

        #[test]
        fn the_order_of_rows_is_no_matter(seed: u64) {
            let (x, y) = (normals(25, 2, seed), normals(25, 1, seed ^ 1));
            let order = shuffled(25, seed, 0);
            let sorted = |v: &[f64], width: usize| -> Vec<f64> {
                order.iter().flat_map(|&i| v[i * width..][..width].to_vec()).collect()
            };
            let here = (distances(2, &x), distances(1, &y));
            let there = (distances(2, &sorted(&x, 2)), distances(1, &sorted(&y, 1)));
            let (a, b) = (corrected(&here.0, &here.1), corrected(&there.0, &there.1));
            prop_assert!((a.unwrap() - b.unwrap()).abs() < 1e-12);
            // Shuffling only one of them is what the noise floor does.
            let shuffled = distance_correlation(&there.0, &here.1).unwrap();
            let product = here.0.product_in(&here.1, Centring::Double, &order).unwrap();
            prop_assert!((shuffled - root(product, &here.0, &here.1)).abs() < 1e-12);
        }
    }
}
