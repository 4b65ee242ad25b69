//! Objectives: the C3 risk (Eq. 8), its differentiable surrogates, and the whole loss (Eq. 10).
//!
//! The indicators of Eq. 8 have no gradient, so training minimises surrogates that bound them
//! from above; what is reported as C3 risk is always the indicators, by [`c3_risk`].

use dfdx::prelude::{
    Axis, HasShape, LogSumExpTo, PutTape, ReshapeTo, SumTo, TryAdd, TryMatMul, TryMul, TrySub,
};

use super::device::LearnDevice;
use super::learner::Logits;
use super::ops::{sum_rows, upload};
use super::tape::{Matrix, Rows, Scalar, SharedTape, Var};
use super::twin_network::EXCLUDED;
use crate::scene::training::Distance;

/// The empirical C3 risk on a sample, as its two halves (Eq. 8; the paper's, with argmax for
/// sign): the share of specimens that the real branch judges wrongly, and the share that the
/// hypothetical branch still gives the true label. Their sum is `1 - (acc(z) - acc(z_bar))`,
/// between 0 and 2, and exactly 1 if both branches agree. Zeros for an empty sample.
#[must_use]
pub fn c3_risk(real: &Logits, hypothetical: &Logits, labels: &[usize]) -> (f64, f64) {
    let rows = labels.len().min(real.rows).min(hypothetical.rows);
    if rows == 0 {
        return (0.0, 0.0);
    }
    let (mut wrong, mut kept) = (0_usize, 0_usize);
    for (row, &label) in labels.iter().enumerate().take(rows) {
        wrong += usize::from(real.verdict(row) != label);
        kept += usize::from(hypothetical.verdict(row) == label);
    }
    (wrong as f64 / rows as f64, kept as f64 / rows as f64)
}

/// `-sum_ik t_ik log p_ik`: with `t` one-hot over the number of rows this is the mean
/// cross-entropy, the surrogate of the sufficiency risk (`1[argmax l != y] <= CE / log 2`).
///
/// # Errors
/// The device's, mostly for want of memory.
pub fn cross_entropy<D: LearnDevice>(
    logits: Var<D>,
    targets: &Matrix<D>,
) -> Result<Scalar<D>, D::Err> {
    let chosen = logits.try_log_softmax::<Axis<1>>()?.try_mul(targets.clone())?;
    chosen.try_sum::<(), _>()?.try_negate()
}

/// Logits and what is added to them as a constant, if anything is.
///
/// # Errors
/// The device's, mostly for want of memory.
pub fn offset<D: LearnDevice>(
    logits: Var<D>,
    offsets: Option<&Matrix<D>>,
) -> Result<Var<D>, D::Err> {
    match offsets {
        Some(offsets) => logits.try_add(offsets.clone()),
        None => Ok(logits),
    }
}

/// `-log(1 - p_bar_y)` of every row, the surrogate of the necessity risk (ours; the paper
/// gives none): `1[argmax l_bar = y] <= it / log(K / (K - 1))`.
///
/// Computed as `logsumexp_k l_bar - logsumexp_{k != y} l_bar`, which neither overflows nor
/// rounds to `log 0`, for any number of classes from two.
///
/// # Errors
/// The device's, mostly for want of memory.
pub fn necessity<D: LearnDevice>(
    hypothetical: &Var<D>,
    one_hot: &Matrix<D>,
) -> Result<Rows<D>, D::Err> {
    let excluded = one_hot.clone().try_mul(EXCLUDED)?;
    let all = hypothetical.clone().try_logsumexp::<(usize,), Axis<1>>()?;
    let others = hypothetical.clone().try_sub(excluded)?.try_logsumexp::<(usize,), Axis<1>>()?;
    all.try_sub(others)
}

/// The softmax of every row over feature dimensions, which is how the paper's code makes
/// distributions of features.
pub struct Distribution<D: LearnDevice> {
    z: Var<D>,
}

impl<D: LearnDevice> Distribution<D> {
    /// The distributions of the rows of `z`.
    pub const fn of(z: Var<D>) -> Self {
        Self { z }
    }

    /// The probabilities, rows x width.
    fn probability(&self) -> Result<Var<D>, D::Err> {
        self.z.clone().try_softmax::<Axis<1>>()
    }

    /// `KL(self || softmax(q))` of every row: `L_v` with V for q and `L_fe` with `z_bar` (Eq. 7;
    /// the order of the arguments follows the paper, its code turns one of them round).
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn divergence(&self, q: Var<D>) -> Result<Rows<D>, D::Err> {
        D::divergence(self.z.clone(), q)
    }
}

/// The distance of every row of z, whose distribution is `p`, from the instrument `v`.
///
/// # Errors
/// The device's, mostly for want of memory.
pub fn instrument_distance<D: LearnDevice>(
    distance: Distance,
    z: &Var<D>,
    p: &Distribution<D>,
    v: Var<D>,
) -> Result<Rows<D>, D::Err> {
    let width = z.shape().1;
    match distance {
        Distance::Kl => p.divergence(v),
        Distance::Mse => {
            let squares = z.clone().try_sub(v)?.try_square()?;
            sum_rows(squares)?.try_mul(1.0 / width as f32)
        }
        Distance::CrossEntropy => {
            let products = v.try_log_softmax::<Axis<1>>()?.try_mul(p.probability()?)?;
            sum_rows(products)?.try_negate()
        }
        Distance::Wasserstein => {
            // Cumulation as a product with ones on and above the diagonal.
            let ones: Vec<f32> =
                (0..width * width).map(|i| f32::from(u8::from(i / width <= i % width))).collect();
            let cumulate = upload(z.device(), (width, width), ones)?;
            let difference = p.probability()?.try_sub(v.try_softmax::<Axis<1>>()?)?;
            let gaps = difference.try_matmul(cumulate)?.try_abs()?;
            sum_rows(gaps)?.try_mul(1.0 / width as f32)
        }
    }
}

/// `L_fe` of every row, `max(0, KL - budget)`. The paper writes the KL as a constraint of
/// Eq. 7 and as a term of Eq. 10; as a hinge it is both, and does not pull against necessity
/// until the budget is used.
///
/// # Errors
/// The device's, mostly for want of memory.
pub fn over_budget<D: LearnDevice>(divergence: Rows<D>, budget: f32) -> Result<Rows<D>, D::Err> {
    divergence.try_sub(budget)?.try_relu()
}

/// The mean of all rows.
///
/// # Errors
/// The device's, mostly for want of memory.
pub fn mean<D: LearnDevice>(rows: Rows<D>) -> Result<Scalar<D>, D::Err> {
    let count = rows.shape().0;
    rows.try_sum::<(), _>()?.try_mul(1.0 / count as f32)
}

/// The Jeffreys divergence `sum_k (p_k - p'_k)(log p_k - log p'_k)` between the verdicts on a
/// specimen and its twin, averaged over the pairs that are marked in `kept` (ours). 0 if none is.
///
/// `logits` holds all specimens, then all twins in the same order: 2 rows x classes.
///
/// # Errors
/// The device's, mostly for want of memory.
pub fn consistency<D: LearnDevice>(
    device: &D,
    tape: &SharedTape<D>,
    logits: Var<D>,
    kept: &[bool],
) -> Result<Scalar<D>, D::Err> {
    let classes = logits.shape().1;
    let pairs = kept.len();
    let flat = (2, pairs * classes);
    let count = kept.iter().filter(|&&kept| kept).count().max(1);
    let weights: Vec<f32> = kept
        .iter()
        .flat_map(|&kept| std::iter::repeat_n(if kept { 1.0 / count as f32 } else { 0.0 }, classes))
        .collect();
    let weights = upload(device, (1, pairs * classes), weights)?;
    // specimen minus twin, as a product: slices of a graph are slow in dfdx
    let difference = upload(device, (1, 2), vec![1.0, -1.0])?.put_tape(tape.clone());
    let logs = logits.try_log_softmax::<Axis<1>>()?.try_reshape_like(&flat)?;
    let probabilities = logs.clone().try_exp()?;
    let p = difference.clone().try_matmul(probabilities)?;
    let log = difference.try_matmul(logs)?;
    p.try_mul(log)?.try_mul(weights)?.try_sum::<(), _>()
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::Cpu;
    use rand::RngExt;

    use super::*;
    use crate::causal::noise::{StreamId, stream};
    use crate::learn::ops::one_hot;

    fn draw(n: usize, scale: f32, name: &str) -> Vec<f32> {
        let mut noise = stream(3, 0, StreamId::of(name));
        (0..n).map(|_| scale * (2.0 * noise.random::<f32>() - 1.0)).collect()
    }

    fn constant(shape: (usize, usize), values: Vec<f32>) -> Var<Cpu> {
        upload(&Cpu::default(), shape, values).unwrap().put_tape(SharedTape::off())
    }

    fn probabilities(logits: &[f32]) -> Vec<f64> {
        let powers: Vec<f64> = logits.iter().map(|&l| f64::from(l).exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers.iter().map(|p| p / sum).collect()
    }

    #[test]
    fn the_risk_is_one_minus_the_difference_of_accuracies() {
        for (rows, classes) in [(1, 2), (40, 2), (33, 4)] {
            let logits = |name| Logits { rows, classes, values: draw(rows * classes, 1.0, name) };
            let (real, hypothetical) = (logits("real"), logits("hypothetical"));
            let labels: Vec<usize> = (0..rows).map(|i| i % classes).collect();
            let (sufficiency, necessity) = c3_risk(&real, &hypothetical, &labels);
            let gain = real.accuracy(&labels) - hypothetical.accuracy(&labels);
            assert!((sufficiency + necessity - (1.0 - gain)).abs() < 1e-12);
            let (wrong, kept) = c3_risk(&real, &real, &labels);
            assert!((wrong + kept - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn necessity_is_minus_log_of_one_minus_p_and_bounds_the_indicator() {
        for classes in [2, 3, 5] {
            let values = draw(8 * classes, 4.0, "necessity");
            let labels: Vec<usize> = (0..8).map(|i| i % classes).collect();
            let one_hot = one_hot(&Cpu::default(), labels.iter().copied(), classes).unwrap();
            let found = necessity(&constant((8, classes), values.clone()), &one_hot).unwrap();
            let found = mean(found).unwrap();
            let rows: Vec<f64> = values
                .chunks_exact(classes)
                .zip(&labels)
                .map(|(row, &label)| -(1.0 - probabilities(row)[label]).ln())
                .collect();
            let expected = rows.iter().sum::<f64>() / 8.0;
            assert!((f64::from(found.as_vec()[0]) - expected).abs() < 1e-5 * expected.max(1.0));
            let bound = (classes as f64 / (classes as f64 - 1.0)).ln();
            let kept = Logits { rows: 8, classes, values };
            for (row, (value, &label)) in rows.iter().zip(&labels).enumerate() {
                assert!(kept.verdict(row) != label || value / bound >= 1.0 - 1e-9);
            }
        }
    }

    #[test]
    fn necessity_stays_finite_where_the_probability_rounds_to_one() {
        let one_hot = one_hot(&Cpu::default(), [0].into_iter(), 2).unwrap();
        let found = necessity(&constant((1, 2), vec![80.0, -80.0]), &one_hot).unwrap();
        assert!((found.as_vec()[0] - 160.0).abs() < 1e-3);
    }

    #[test]
    fn divergence_is_the_kl_of_softmaxed_features() {
        let (p, q) = (draw(12, 2.0, "p"), draw(12, 2.0, "q"));
        let rows = Distribution::of(constant((3, 4), p.clone()));
        let found = rows.divergence(constant((3, 4), q.clone())).unwrap();
        for (found, (p, q)) in found.as_vec().iter().zip(p.chunks(4).zip(q.chunks(4))) {
            let (p, q) = (probabilities(p), probabilities(q));
            let expected: f64 = p.iter().zip(&q).map(|(p, q)| p * (p / q).ln()).sum();
            assert!((f64::from(*found) - expected).abs() < 1e-5);
        }
        let rows = constant((1, 3), vec![0.05, 0.1, 0.4]).try_reshape_like(&(3,)).unwrap();
        let found = mean(over_budget(rows, 0.1).unwrap()).unwrap();
        assert!((found.as_vec()[0] - 0.1).abs() < 1e-6);
    }

    #[test]
    fn distances_from_the_instrument_are_those_of_h_7() {
        let (z, v) = (draw(12, 2.0, "z"), draw(12, 2.0, "v"));
        let row = |p: &[f64], q: &[f64], z: &[f32], v: &[f32], distance| -> f64 {
            let pairs = || p.iter().zip(q);
            match distance {
                Distance::Kl => pairs().map(|(p, q)| p * (p / q).ln()).sum(),
                Distance::CrossEntropy => pairs().map(|(p, q)| -p * q.ln()).sum(),
                Distance::Mse => {
                    z.iter().zip(v).map(|(z, v)| f64::from(z - v).powi(2)).sum::<f64>() / 4.0
                }
                Distance::Wasserstein => {
                    let gap = |k: usize| (0..=k).map(|i| p[i] - q[i]).sum::<f64>().abs();
                    (0..4).map(gap).sum::<f64>() / 4.0
                }
            }
        };
        for distance in [Distance::Kl, Distance::Mse, Distance::CrossEntropy, Distance::Wasserstein]
        {
            let matrix = constant((3, 4), z.clone());
            let p = Distribution::of(matrix.clone());
            let other = constant((3, 4), v.clone());
            let found = instrument_distance(distance, &matrix, &p, other).unwrap().as_vec();
            for (found, (z, v)) in found.iter().zip(z.chunks(4).zip(v.chunks(4))) {
                let expected = row(&probabilities(z), &probabilities(v), z, v, distance);
                assert!((f64::from(*found) - expected).abs() < 1e-5, "{distance:?}");
            }
        }
    }

    #[test]
    fn consistency_averages_over_the_pairs_whose_label_stays() {
        let (device, tape) = (Cpu::default(), SharedTape::off());
        let values = draw(2 * 3 * 2, 2.0, "pairs");
        let jeffreys = |i: usize| -> f64 {
            let p = probabilities(&values[i * 2..][..2]);
            let q = probabilities(&values[(3 + i) * 2..][..2]);
            p.iter().zip(&q).map(|(p, q)| (p - q) * (p.ln() - q.ln())).sum()
        };
        let found = |kept: &[bool]| {
            let logits = constant((6, 2), values.clone());
            f64::from(consistency(&device, &tape, logits, kept).unwrap().as_vec()[0])
        };
        let expected = (jeffreys(0) + jeffreys(2)) / 2.0;
        assert!((found(&[true, false, true]) - expected).abs() < 1e-5);
        assert_eq!(found(&[false; 3]), 0.0);
    }
}
