//! Linear probe: how much of each factor a linear function of the representation says.
//!
//! `R^2 = 1 - sum (y - f(x))^2 / sum (y - mean y)^2` on rows that the function has not seen. 1:
//! every number is foretold; 0: no better than the mean; below 0: worse than the mean, without a
//! bound.
//!
//! The function is a ridge regression on standardised columns, so that the penalty means the same
//! for every model, whatever the scale of its representation.

use super::column::Moments;
use super::error::{at_least, equal};
use super::ridge::ridge;
use super::{StatisticError, Table};

/// `R^2` of some predictions, as `r2_score` of scikit-learn; but 0 where the target is constant,
/// also where it is foretold exactly: there was nothing to know.
///
/// # Errors
/// Lists of different length, or no number.
pub fn r2(target: &[f64], prediction: &[f64]) -> Result<f64, StatisticError> {
    equal("targets and predictions", target.len(), prediction.len())?;
    at_least("targets", 1, target.len())?;
    let moments = Moments::of(target);
    let total = moments.deviation.powi(2) * target.len() as f64;
    if total == 0.0 {
        return Ok(0.0);
    }
    let left: f64 = target.iter().zip(prediction).map(|(y, p)| (y - p).powi(2)).sum();
    Ok(1.0 - left / total)
}

/// `R^2` of each factor on the second half of the rows, after a ridge regression on the first:
/// the columns of `x` are put into standard units (of the first half), the penalty is that of
/// `|y - x w - b|^2 + penalty |w|^2`. Of an odd number of rows the middle one is in the second
/// half. The rows should be in no order that tells of the factors.
///
/// # Errors
/// Tables of different length or of fewer than four rows, a negative penalty, or none where
/// columns are sums of each other or constant.
pub fn linear_probe(x: &Table, factors: &Table, penalty: f64) -> Result<Vec<f64>, StatisticError> {
    equal("rows of representation and factors", x.rows(), factors.rows())?;
    at_least("rows", 4, x.rows())?;
    let half = x.rows() / 2;
    let ((x_fit, x_test), (y_fit, y_test)) = (x.split_at(half)?, factors.split_at(half)?);
    let moments: Vec<Moments> = x_fit.columns().iter().map(|c| Moments::of(c)).collect();
    let standard = |table: &Table| -> Vec<f64> {
        table.iter().flat_map(|row| row.iter().zip(&moments).map(|(v, m)| m.standard(*v))).collect()
    };
    let (fit, test) = (standard(&x_fit), standard(&x_test));
    let found = ridge(&Table::new(x_fit.rows(), x.width(), &fit)?, &y_fit, penalty)?;
    let said = found.predict(&Table::new(x_test.rows(), x.width(), &test)?);
    said.iter().enumerate().map(|(i, said)| r2(&y_test.column(i), said)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r2_by_hand() {
        assert_eq!(r2(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]).unwrap(), 1.0);
        assert_eq!(r2(&[1.0, 2.0, 3.0], &[2.0, 2.0, 2.0]).unwrap(), 0.0);
        assert!((r2(&[1.0, 2.0, 3.0], &[1.0, 2.0, 4.0]).unwrap() - 0.5).abs() < 1e-15);
        assert!((r2(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]).unwrap() + 3.0).abs() < 1e-12);
        assert_eq!(r2(&[0.1; 10], &[0.1; 10]).unwrap(), 0.0);
        assert_eq!(r2(&[0.1; 10], &[0.2; 10]).unwrap(), 0.0);
        assert!(r2(&[1.0], &[]).is_err() && r2(&[], &[]).is_err());
    }

    #[test]
    fn what_is_linear_is_foretold() {
        let x: Vec<f64> = (0..40).flat_map(|i| [f64::from(i % 7), f64::from(i * i % 11)]).collect();
        let y: Vec<f64> = x.chunks_exact(2).flat_map(|r| [3.0 - r[0] + 2.0 * r[1], 5.0]).collect();
        let (x, y) = (Table::new(40, 2, &x).unwrap(), Table::new(40, 2, &y).unwrap());
        let found = linear_probe(&x, &y, 1e-9).unwrap();
        assert!((found[0] - 1.0).abs() < 1e-9 && found[1] == 0.0, "{found:?}");
        // Where half of the weight is forbidden, much of it is lost.
        let held = linear_probe(&x, &y, 20.0).unwrap()[0];
        assert!(held < 0.9 && held > 0.5, "{held}");
    }

    #[test]
    fn the_second_half_judges() {
        // In the first half y is x, in the second its opposite.
        let x: Vec<f64> = (0..20).map(|i| f64::from(i % 5) - 2.0).collect();
        let y: Vec<f64> = x.iter().enumerate().map(|(i, x)| if i < 10 { *x } else { -x }).collect();
        let (x, y) = (Table::column_of(&x).unwrap(), Table::column_of(&y).unwrap());
        assert!((linear_probe(&x, &y, 0.0).unwrap()[0] + 3.0).abs() < 1e-12);
    }

    #[test]
    fn a_constant_column_needs_a_penalty() {
        let x: Vec<f64> = (0..8).flat_map(|i| [0.1, f64::from(i % 3)]).collect();
        let y: Vec<f64> = (0..8).map(|i| f64::from(i % 3)).collect();
        let (x, y) = (Table::new(8, 2, &x).unwrap(), Table::column_of(&y).unwrap());
        assert_eq!(linear_probe(&x, &y, 0.0), Err(StatisticError::Singular { column: 0 }));
        assert!(linear_probe(&x, &y, 1e-6).unwrap()[0] > 0.999);
        let short = Table::column_of(&[1.0; 3]).unwrap();
        assert!(linear_probe(&x, &short, 1.0).is_err());
        assert!(linear_probe(&short, &short, 1.0).is_err());
    }

    proptest! {
        #[test]
        fn the_scale_is_no_matter(
            values in prop::collection::vec(-1.0..1.0_f64, 60),
            scale in 0.01..100.0_f64,
            shift in -9.0..9.0_f64,
        ) {
            let (x, y) = values.split_at(40);
            let moved: Vec<f64> =
                x.chunks_exact(2).flat_map(|r| [scale * r[0] + shift, -r[1]]).collect();
            let factor: Vec<f64> = y.iter().map(|y| shift - scale * y).collect();
            let found = |x: &[f64], y: &[f64]| {
                let (x, y) = (Table::new(20, 2, x).unwrap(), Table::column_of(y).unwrap());
                linear_probe(&x, &y, 0.5).unwrap()[0]
            };
            prop_assert!((found(x, y) - found(&moved, &factor)).abs() < 1e-8);
        }
    }
}
