//! Disentanglement, completeness and informativeness (Eastwood and Williams, ICLR 2018).
//!
//! From an importance `R_ij >= 0` of latent dimension `i` for factor `j` (`D` dimensions, `K`
//! factors):
//!
//! - disentanglement of a dimension, `D_i = 1 - H_K(P_i)` with `P_ij = R_ij / sum_k R_ik`: 1 where
//!   it matters for one factor alone, 0 where it matters for all alike; the whole is the mean
//!   weighted by `rho_i = sum_j R_ij / sum R`, so that dimensions that matter for nothing don't
//!   count;
//! - completeness of a factor, `C_j = 1 - H_D(Q_j)` with `Q_ij = R_ij / sum_k R_kj`: 1 where one
//!   dimension alone holds it, 0 where all do alike; the whole is the mean weighted by
//!   `sum_i R_ij / sum R`, as `disentanglement_lib` has it;
//! - informativeness of a factor: how well it is foretold, here as `R^2` on unseen rows (the paper
//!   gives the error, `1 - R^2` in units of the factor's variance).
//!
//! The logarithms are to the base K and D. Where K or D is 1 there is nothing to be mixed with:
//! 1. A dimension or a factor without any importance gets 0 and the weight 0.
//!
//! Importances are the absolute weights of a lasso on standardised columns, one of the two
//! regressors of the paper (the other, a random forest, sees what isn't linear).

use serde::Serialize;

use super::column::Moments;
use super::error::{at_least, equal};
use super::lasso::Descent;
use super::r2::r2;
use super::{StatisticError, Table};

/// The penalties that are tried, from the sparsest function on. Columns and factors have unit
/// variance, so 1 would leave nothing.
pub const PENALTIES: [f64; 7] = [0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.000_3];

/// What an importance matrix says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Modularity {
    /// The weighted mean of `of_latents`, from 0 to 1.
    pub disentanglement: f64,
    /// The weighted mean of `of_factors`, from 0 to 1.
    pub completeness: f64,
    /// The disentanglement of each latent dimension.
    pub of_latents: Vec<f64>,
    /// The completeness of each factor.
    pub of_factors: Vec<f64>,
}

/// All three, and what they rest on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dci {
    /// Disentanglement and completeness.
    pub modularity: Modularity,
    /// `R^2` of each factor on unseen rows; 0 for a constant one.
    pub informativeness: Vec<f64>,
    /// The importance of each latent dimension (a row) for each factor, row after row.
    pub importance: Vec<f64>,
    /// The penalty that was chosen for each factor.
    pub penalties: Vec<f64>,
    /// Every descent came to rest.
    pub settled: bool,
}

/// Disentanglement and completeness of an importance matrix: one row a latent dimension, one
/// column a factor.
///
/// # Errors
/// A negative importance.
pub fn modularity(importance: &Table) -> Result<Modularity, StatisticError> {
    if let Some(&value) = importance.values().iter().find(|v| **v < 0.0) {
        let (what, range) = ("an importance", "0 or more");
        return Err(StatisticError::Argument { what, value, range });
    }
    let (of_latents, disentanglement) = purity(importance.iter().map(<[f64]>::to_vec).collect());
    let (of_factors, completeness) = purity(importance.columns());
    Ok(Modularity { disentanglement, completeness, of_latents, of_factors })
}

/// Disentanglement, completeness and informativeness of a representation.
///
/// The first half of the rows fits, the third quarter chooses each factor's penalty among
/// [`PENALTIES`] (the sparser of equally good ones), the last quarter judges. The rows should be
/// in no order that tells of the factors.
///
/// # Errors
/// Tables of different length, or of fewer than eight rows.
pub fn dci(latents: &Table, factors: &Table) -> Result<Dci, StatisticError> {
    equal("rows of latents and factors", latents.rows(), factors.rows())?;
    at_least("rows", 8, latents.rows())?;
    let (x, y) = (Parts::of(latents), Parts::of(factors));
    let descent = Descent::new(&x.fit);
    let found: Vec<Fit> =
        (0..factors.width()).map(|j| fit(&descent, &x, &y, j)).collect::<Result<_, _>>()?;
    let importance: Vec<f64> = (0..latents.width())
        .flat_map(|i| found.iter().map(move |fit| fit.weights[i].abs()))
        .collect();
    Ok(Dci {
        modularity: modularity(&Table::new(latents.width(), factors.width(), &importance)?)?,
        informativeness: found.iter().map(|fit| fit.r2).collect(),
        penalties: found.iter().map(|fit| fit.penalty).collect(),
        settled: found.iter().all(|fit| fit.settled),
        importance,
    })
}

/// For each line `1 - H(line / sum)` to the base of its length, and the mean weighted by the sums.
fn purity(lines: Vec<Vec<f64>>) -> (Vec<f64>, f64) {
    let sums: Vec<f64> = lines.iter().map(|line| line.iter().sum()).collect();
    let whole: f64 = sums.iter().sum();
    let purities: Vec<f64> = lines
        .iter()
        .zip(&sums)
        .map(|(line, &sum)| match line.len() {
            _ if sum == 0.0 => 0.0,
            1 => 1.0,
            length => {
                let shares = line.iter().map(|v| v / sum).filter(|share| *share > 0.0);
                let entropy: f64 = shares.map(|share| -share * share.ln()).sum();
                (1.0 - entropy / (length as f64).ln()).clamp(0.0, 1.0)
            }
        })
        .collect();
    let sum: f64 = purities.iter().zip(&sums).map(|(purity, sum)| purity * sum).sum();
    (purities, if whole == 0.0 { 0.0 } else { sum / whole })
}

/// Columns in the standard units of the first half of the rows.
struct Parts {
    fit: Vec<Vec<f64>>,
    choose: Vec<Vec<f64>>,
    judge: Vec<Vec<f64>>,
}

impl Parts {
    fn of(table: &Table) -> Self {
        let (half, three) = (table.rows() / 2, table.rows() * 3 / 4);
        let mut columns = table.columns();
        for column in &mut columns {
            let moments = Moments::of(&column[..half]);
            column.iter_mut().for_each(|v| *v = moments.standard(*v));
        }
        let part = |from: usize, to: usize| columns.iter().map(|c| c[from..to].to_vec()).collect();
        Self { fit: part(0, half), choose: part(half, three), judge: part(three, table.rows()) }
    }
}

/// The function of one factor.
struct Fit {
    weights: Vec<f64>,
    penalty: f64,
    r2: f64,
    settled: bool,
}

fn fit(descent: &Descent, x: &Parts, y: &Parts, factor: usize) -> Result<Fit, StatisticError> {
    let mut weights = vec![0.0; x.fit.len()];
    let mut best = (f64::INFINITY, weights.clone(), PENALTIES[0], true);
    for penalty in PENALTIES {
        // Each starts where the sparser one ended.
        let settled = descent.run(&x.fit, &y.fit[factor], penalty, &mut weights);
        let said = foretell(&x.choose, &weights);
        let error: f64 = said.iter().zip(&y.choose[factor]).map(|(p, y)| (y - p).powi(2)).sum();
        if error < best.0 {
            best = (error, weights.clone(), penalty, settled);
        }
    }
    let (_, weights, penalty, settled) = best;
    let r2 = r2(&y.judge[factor], &foretell(&x.judge, &weights))?;
    Ok(Fit { weights, penalty, r2, settled })
}

fn foretell(columns: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
    let mut said = vec![0.0; columns.first().map_or(0, Vec::len)];
    for (column, weight) in columns.iter().zip(weights).filter(|(_, w)| **w != 0.0) {
        said.iter_mut().zip(column).for_each(|(s, v)| *s += weight * v);
    }
    said
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_distr::{Distribution as _, StandardNormal};

    use super::*;
    use crate::causal::noise::{StreamId, stream};

    fn of(rows: usize, values: &[f64]) -> Modularity {
        modularity(&Table::new(rows, values.len() / rows, values).unwrap()).unwrap()
    }

    #[test]
    fn one_dimension_a_factor_is_perfect() {
        let found = of(3, &[0.0, 2.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0.1]);
        assert_eq!((found.disentanglement, found.completeness), (1.0, 1.0));
        assert_eq!(found.of_latents, [1.0; 3]);
    }

    #[test]
    fn everything_everywhere_is_nothing() {
        let found = of(2, &[3.0; 6]);
        assert!(found.disentanglement < 1e-15 && found.completeness < 1e-15, "{found:?}");
        let none = of(2, &[0.0; 4]);
        assert_eq!((none.disentanglement, none.completeness), (0.0, 0.0));
    }

    #[test]
    fn by_hand() {
        // Rows (3, 1) and (0, 4). D_1 = 1 - H_2(3/4) = 0.188722, D_2 = 1, weights 1/2 and 1/2.
        // C_1 = 1, C_2 = 1 - H_2(1/5) = 0.278072, weights 3/8 and 5/8.
        let found = of(2, &[3.0, 1.0, 0.0, 4.0]);
        let pure = 1.0 - (0.75 * (4.0_f64 / 3.0).log2() + 0.25 * 2.0);
        assert!((found.of_latents[0] - pure).abs() < 1e-15 && (pure - 0.188_722).abs() < 1e-6);
        assert!((found.disentanglement - (pure + 1.0) / 2.0).abs() < 1e-15);
        let held = 1.0 - (0.2 * 5.0_f64.log2() + 0.8 * 1.25_f64.log2());
        assert!((found.of_factors[1] - held).abs() < 1e-15 && (held - 0.278_072).abs() < 1e-6);
        assert!((found.completeness - (3.0 + 5.0 * held) / 8.0).abs() < 1e-15);
    }

    #[test]
    fn the_bases_are_the_numbers_of_factors_and_of_dimensions() {
        // One dimension for two of three factors; two dimensions of four share a factor.
        let found = of(4, &[1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
        let mixed = 1.0 - 2.0_f64.ln() / 3.0_f64.ln();
        let expected = [mixed, mixed, 1.0, 0.0];
        assert!(found.of_latents.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15));
        assert!((found.of_factors[0] - 0.5).abs() < 1e-15 && found.of_factors[2] == 1.0);
        assert!((found.disentanglement - (4.0 * mixed + 1.0) / 5.0).abs() < 1e-15);
        // With one factor there is nothing to be mixed with.
        assert_eq!(of(2, &[1.0, 1.0]).of_latents, [1.0, 1.0]);
        assert!(modularity(&Table::new(1, 1, &[-1.0]).unwrap()).is_err());
    }

    /// 400 rows of three independent factors.
    fn factors() -> Vec<f64> {
        let mut noise = stream(1, 0, StreamId::of("test"));
        (0..1200).map(|_| StandardNormal.sample(&mut noise)).collect()
    }

    #[test]
    fn a_permuted_scaled_copy_is_perfect_and_a_mixture_is_not() {
        let values = factors();
        let truth = Table::new(400, 3, &values).unwrap();
        let copy: Vec<f64> =
            truth.iter().flat_map(|f| [9.0 * f[1], 2.0 - f[2], 0.01 * f[0], 7.0]).collect();
        let found = dci(&Table::new(400, 4, &copy).unwrap(), &truth).unwrap();
        assert!(found.modularity.disentanglement > 0.98, "{found:?}");
        assert!(found.modularity.completeness > 0.98 && found.settled);
        assert!(found.informativeness.iter().all(|r2| *r2 > 0.999));
        assert_eq!(found.modularity.of_latents[3], 0.0);

        let mixture: Vec<f64> = truth
            .iter()
            .flat_map(|f| [f[0] + f[1] + f[2], f[0] - f[1] + f[2], f[0] + f[1] - f[2]])
            .collect();
        let mixed = dci(&Table::new(400, 3, &mixture).unwrap(), &truth).unwrap();
        assert!(mixed.modularity.disentanglement < 0.5, "{mixed:?}");
        assert!(mixed.informativeness.iter().all(|r2| *r2 > 0.999));
    }

    #[test]
    fn what_has_nothing_to_do_with_it_is_not_foretold() {
        let (values, other) = (factors(), normals(800));
        let truth = Table::new(400, 3, &values).unwrap();
        let found = dci(&Table::new(400, 2, &other).unwrap(), &truth).unwrap();
        assert!(found.informativeness.iter().all(|r2| r2.abs() < 0.1), "{found:?}");
        assert!(found.penalties.iter().any(|p| *p >= 0.1), "{found:?}");
        let short = truth.split_at(7).unwrap().0;
        assert!(dci(&short, &short).is_err() && dci(&short, &truth).is_err());
    }

    fn normals(count: usize) -> Vec<f64> {
        let mut noise = stream(2, 0, StreamId::of("test"));
        (0..count).map(|_| StandardNormal.sample(&mut noise)).collect()
    }

    proptest! {
        #[test]
        fn order_and_scale_are_no_matter(
            values in prop::collection::vec(0.0..9.0_f64, 12),
            scale in 0.01..100.0_f64,
        ) {
            let here = of(4, &values);
            let turned: Vec<f64> = values.iter().rev().map(|v| scale * v).collect();
            let there = of(4, &turned);
            prop_assert!((here.disentanglement - there.disentanglement).abs() < 1e-12);
            prop_assert!((here.completeness - there.completeness).abs() < 1e-12);
            // Turned on its side the two change places.
            let side = Table::new(4, 3, &values).unwrap().columns().concat();
            prop_assert!((of(3, &side).completeness - here.disentanglement).abs() < 1e-12);
        }
    }
}
