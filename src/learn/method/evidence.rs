//! Evidence for classes, its combination and its loss: what both methods of TMC are made of.

use dfdx::prelude::{
    Axis, BroadcastTo, HasShape, PutTape, Shape, SumTo, Tensor, TryAdd, TryMul, TrySub,
};

use super::super::device::LearnDevice;
use super::super::features::Features;
use super::super::ops::{add_all, softplus, sum_rows, upload};
use super::super::tape::{Matrix, Rows, Scalar, SharedTape, Var};
use super::Task;

/// Above so much evidence the divergence loses its digits in single precision.
const MOST: f32 = 1e3;

/// The share of the updates over which the divergence comes to its full weight.
const ANNEALING: f32 = 0.1;

/// The evidence `softplus(l_m)` of every modality, rows x classes each and none where a specimen
/// lacks it, and after those their combination.
///
/// # Errors
/// The device's, mostly for want of memory.
pub fn gathered<D: LearnDevice>(
    logits: Vec<Var<D>>,
    features: &Features<D>,
) -> Result<Vec<Var<D>>, D::Err> {
    let evidence = logits.into_iter().map(|view| softplus(view)?.try_clamp(0.0, MOST));
    let mut evidence = features.masked(evidence.collect::<Result<Vec<_>, _>>()?)?;
    evidence.push(combined(&evidence)?);
    Ok(evidence)
}

/// What [`gathered`] evidence comes to: `ln alpha` of the combination, which is the logarithm of the
/// mean of its Dirichlet distribution and a number that all classes share.
///
/// # Errors
/// The device's, mostly for want of memory.
pub fn answer<D: LearnDevice>(evidence: &[Var<D>]) -> Result<Var<D>, D::Err> {
    evidence[evidence.len() - 1].clone().try_add(1.0)?.try_ln()
}

/// `sum_m L(alpha_m) + L(alpha)` of [`gathered`] evidence; a modality counts where a specimen has it.
///
/// # Errors
/// The device's, mostly for want of memory.
pub fn loss<D: LearnDevice>(
    evidence: &[Var<D>],
    task: &Task<D>,
) -> Result<Option<Scalar<D>>, D::Err> {
    let annealed = (task.progress / ANNEALING).min(1.0);
    let loss = |(place, view): (usize, &Var<D>)| {
        let targets = match place + 1 < evidence.len() {
            true => task.features.targets_of(place, task.targets)?,
            false => task.targets.clone(),
        };
        evidential(view, &targets, annealed, task)
    };
    add_all(evidence.iter().enumerate().map(loss).collect::<Result<Vec<_>, _>>()?)
}

/// `K (prod_m (1 + e_m / K) - 1)`.
fn combined<D: LearnDevice>(views: &[Var<D>]) -> Result<Var<D>, D::Err> {
    let classes = views[0].shape().1 as f32;
    let factor = |view: &Var<D>| view.clone().try_mul(1.0 / classes)?.try_add(1.0);
    let mut product = factor(&views[0])?;
    for view in &views[1..] {
        product = product.try_mul(factor(view)?)?;
    }
    product.try_sub(1.0)?.try_mul(classes)?.try_clamp(0.0, MOST)
}

/// `sum_i w_i L(alpha_i)`, with the weight of each specimen in its row of `targets`.
fn evidential<D: LearnDevice>(
    evidence: &Var<D>,
    targets: &Matrix<D>,
    annealed: f32,
    task: &Task<D>,
) -> Result<Scalar<D>, D::Err> {
    let shape = *evidence.shape();
    let alpha = evidence.clone().try_add(1.0)?;
    let total = digamma(sum_rows(alpha.clone())?)?.try_broadcast_like::<_, Axis<1>>(&shape)?;
    let fit = total.try_sub(digamma(alpha)?)?.try_mul(targets.clone())?.try_sum::<(), _>()?;
    if annealed == 0.0 {
        return Ok(fit);
    }
    // What remains where the evidence for the true class is taken away.
    let labels = task.labels();
    let wrong: Vec<f32> = (0..shape.0 * shape.1)
        .map(|i| f32::from(u8::from(labels[i / shape.1] != Some(i % shape.1))))
        .collect();
    let wrong = upload(task.features.device(), shape, wrong)?;
    let rest = evidence.clone().try_mul(wrong)?.try_add(1.0)?;
    let weights = sum_rows(targets.clone().put_tape(SharedTape::off()))?;
    let divergence = divergence(rest)?.try_mul(weights)?.try_sum::<(), _>()?;
    fit.try_add(divergence.try_mul(annealed)?)
}

/// `KL(Dir(alpha) || Dir(1))` of every row.
fn divergence<D: LearnDevice>(alpha: Var<D>) -> Result<Rows<D>, D::Err> {
    let shape = *alpha.shape();
    let sum = sum_rows(alpha.clone())?;
    let constant = (1..shape.1).map(|k| (k as f32).ln()).sum::<f32>();
    let normaliser = ln_gamma(sum.clone())?.try_sub(constant)?;
    let total = digamma(sum)?.try_broadcast_like::<_, Axis<1>>(&shape)?;
    let slopes = digamma(alpha.clone())?.try_sub(total)?;
    let pull = sum_rows(alpha.clone().try_sub(1.0)?.try_mul(slopes)?)?;
    normaliser.try_sub(sum_rows(ln_gamma(alpha)?)?)?.try_add(pull)
}

/// The digamma function from 1 on, to about 1e-6: shifted by 4, then its asymptotic series.
fn digamma<S: Shape, D: LearnDevice>(
    x: Tensor<S, f32, D, SharedTape<D>>,
) -> Result<Tensor<S, f32, D, SharedTape<D>>, D::Err> {
    let z = x.clone().try_add(4.0)?;
    let i = z.clone().try_recip()?;
    let square = i.clone().try_square()?;
    // 1/12 - i^2 (1/120 - i^2 / 252)
    let inner = square.clone().try_mul(-1.0 / 252.0)?.try_add(1.0 / 120.0)?;
    let series = square.clone().try_mul(inner)?.try_negate()?.try_add(1.0 / 12.0)?;
    let mut sum = z.try_ln()?.try_sub(i.try_mul(0.5)?)?.try_sub(square.try_mul(series)?)?;
    for shift in 0..4 {
        sum = sum.try_sub(x.clone().try_add(shift as f32)?.try_recip()?)?;
    }
    Ok(sum)
}

/// The logarithm of the gamma function from 1 on, to about 2e-6 of its value, as [`digamma`].
fn ln_gamma<S: Shape, D: LearnDevice>(
    x: Tensor<S, f32, D, SharedTape<D>>,
) -> Result<Tensor<S, f32, D, SharedTape<D>>, D::Err> {
    let half_ln_tau = 0.5 * std::f32::consts::TAU.ln();
    let z = x.clone().try_add(4.0)?;
    let i = z.clone().try_recip()?;
    let square = i.clone().try_square()?;
    // 1/12 - i^2 (1/360 - i^2 / 1260)
    let inner = square.clone().try_mul(-1.0 / 1260.0)?.try_add(1.0 / 360.0)?;
    let series = square.try_mul(inner)?.try_negate()?.try_add(1.0 / 12.0)?;
    let main = z.clone().try_sub(0.5)?.try_mul(z.clone().try_ln()?)?.try_sub(z)?;
    let mut sum = main.try_add(half_ln_tau)?.try_add(i.try_mul(series)?)?;
    for shift in 0..4 {
        sum = sum.try_sub(x.clone().try_add(shift as f32)?.try_ln()?)?;
    }
    Ok(sum)
}

/// Two modalities' evidence combined by the rule as the authors write it: beliefs `b = e / S` and
/// uncertainty `u = K / S` with `S = sum e + K`, and what contradicts itself left out.
#[cfg(test)]
pub fn long_form(one: &[f64], other: &[f64]) -> Vec<f64> {
    let k = one.len() as f64;
    let belief = |e: &[f64]| {
        let sum = e.iter().sum::<f64>() + k;
        (e.iter().map(|e| e / sum).collect::<Vec<_>>(), k / sum)
    };
    let ((b1, u1), (b2, u2)) = (belief(one), belief(other));
    let agreed: f64 = b1.iter().zip(&b2).map(|(a, b)| a * b).sum();
    let conflict = b1.iter().sum::<f64>() * b2.iter().sum::<f64>() - agreed;
    let b = b1.iter().zip(&b2).map(|(a, b)| (a * b + a * u2 + b * u1) / (1.0 - conflict));
    let u = u1 * u2 / (1.0 - conflict);
    b.map(|b| b * k / u).collect()
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::Cpu;

    use super::*;
    use crate::learn::tape::backward;

    fn rows(values: &[f32]) -> Rows<Cpu> {
        let tensor = dfdx::prelude::TensorFromVec::tensor_from_vec(
            &Cpu::default(),
            values.to_vec(),
            (values.len(),),
        );
        tensor.put_tape(SharedTape::off())
    }

    fn matrix(shape: (usize, usize), values: Vec<f32>) -> Var<Cpu> {
        upload(&Cpu::default(), shape, values).unwrap().put_tape(SharedTape::off())
    }

    #[test]
    fn digamma_and_ln_gamma_have_their_known_values() {
        let psi = digamma(rows(&[1.0, 2.0, 100.0])).unwrap().as_vec();
        for (found, expected) in psi.iter().zip([-0.577_215_7, 0.422_784_3, 4.600_162]) {
            assert!((found - expected).abs() < 3e-6, "{found} {expected}");
        }
        let ln_gamma = ln_gamma(rows(&[1.0, 2.0, 5.0])).unwrap().as_vec();
        for (found, expected) in ln_gamma.iter().zip([0.0, 0.0, 24.0_f32.ln()]) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }

    #[test]
    fn evidence_is_combined_by_the_reduced_rule_of_dempster() {
        let (one, other) = ([0.5, 3.0, 0.0], [2.0, 1.0, 7.0]);
        let expected = long_form(&one, &other);
        let views = [one, other].map(|v| matrix((1, 3), v.iter().map(|&x| x as f32).collect()));
        let found = combined(&views).unwrap().as_vec();
        for (found, expected) in found.iter().zip(&expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-4, "{found} {expected}");
        }
        // A view without evidence is neutral, and more evidence never makes less certain.
        let none = matrix((1, 3), vec![0.0; 3]);
        let alone = combined(&[views[0].clone(), none]).unwrap().as_vec();
        assert!(alone.iter().zip(one).all(|(found, e)| (f64::from(*found) - e).abs() < 1e-5));
        assert!(found.iter().sum::<f32>() >= 3.5);
    }

    #[test]
    fn no_evidence_diverges_from_nothing_and_the_slope_is_right() {
        assert!(divergence(matrix((1, 4), vec![1.0; 4])).unwrap().as_vec()[0].abs() < 1e-5);
        let at = |x: f32| {
            let leaf = upload(&Cpu::default(), (1, 3), vec![x, 2.0, 1.5]).unwrap();
            let rows = divergence(leaf.clone().put_tape(SharedTape::recording())).unwrap();
            (leaf, rows.try_sum::<(), _>().unwrap())
        };
        let (leaf, value) = at(3.0);
        let slope = backward(value).unwrap().get(&leaf).as_vec()[0];
        let step = 1e-2;
        let numeric = (at(3.0 + step).1.as_vec()[0] - at(3.0 - step).1.as_vec()[0]) / (2.0 * step);
        assert!((slope - numeric).abs() < 2e-3, "{slope} {numeric}");
    }
}
