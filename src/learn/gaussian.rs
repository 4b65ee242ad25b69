//! Gaussians with independent elements, their products and how far one is from another.

use dfdx::prelude::{
    Axis, BroadcastTo, HasShape, PutTape, ReshapeTo, TryAdd, TryMatMul, TryMul, TryStack, TrySub,
};

use super::device::LearnDevice;
use super::features::Features;
use super::ops::{stacked_sum, upload};
use super::tape::{SharedTape, Var};

/// A Gaussian for every element of a matrix.
pub struct Gaussian<D: LearnDevice> {
    /// Their means.
    pub mean: Var<D>,
    /// Their precisions, 1 over the variance.
    pub precision: Var<D>,
}

impl<D: LearnDevice> Gaussian<D> {
    /// All elements in one row, so many times under one another.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn repeated(&self, times: usize) -> Result<Self, D::Err> {
        let (rows, width) = *self.mean.shape();
        let row = |x: &Var<D>| {
            let row = x.clone().try_reshape_like(&(rows * width,))?;
            row.try_broadcast_like::<_, Axis<0>>(&(times, rows * width))
        };
        Ok(Self { mean: row(&self.mean)?, precision: row(&self.precision)? })
    }

    /// `KL(self || other)` of every element, with precisions P:
    /// `1/2 (ln P - ln P' + P' (1 / P + (mu - mu')^2) - 1)`.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn divergence(&self, other: &Self) -> Result<Var<D>, D::Err> {
        let gap = self.mean.clone().try_sub(other.mean.clone())?.try_square()?;
        let spread = self.precision.clone().try_recip()?.try_add(gap)?;
        let logs = self.precision.clone().try_ln()?.try_sub(other.precision.clone().try_ln()?)?;
        logs.try_add(spread.try_mul(other.precision.clone())?)?.try_sub(1.0)?.try_mul(0.5)
    }

    /// `KL(self || N(0, 1))` of every element.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn divergence_from_standard(&self) -> Result<Var<D>, D::Err> {
        let square = self.mean.clone().try_square()?;
        let spread = self.precision.clone().try_recip()?.try_add(square)?;
        self.precision.clone().try_ln()?.try_add(spread)?.try_sub(1.0)?.try_mul(0.5)
    }
}

/// A Gaussian of each modality for every specimen, to be multiplied with one another and `N(0, 1)`.
pub struct Experts<D: LearnDevice> {
    precisions: Vec<Var<D>>,
    /// The means times the precisions.
    weighted: Vec<Var<D>>,
}

impl<D: LearnDevice> Experts<D> {
    /// Experts by their means and the logarithms of their variances, rows x width each.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn of(means: Vec<Var<D>>, log_variances: Vec<Var<D>>) -> Result<Self, D::Err> {
        let precision = |log: Var<D>| log.try_negate()?.try_exp();
        let precisions: Vec<Var<D>> =
            log_variances.into_iter().map(precision).collect::<Result<_, _>>()?;
        let pairs = means.into_iter().zip(&precisions);
        let weighted = pairs.map(|(mean, p)| mean.try_mul(p.clone())).collect::<Result<_, _>>()?;
        Ok(Self { precisions, weighted })
    }

    /// Experts by what [`into_parts`](Self::into_parts) gave.
    pub fn of_parts(mut parts: Vec<Var<D>>) -> Self {
        let weighted = parts.split_off(parts.len() / 2);
        Self { precisions: parts, weighted }
    }

    /// The precisions, then the means times the precisions.
    pub fn into_parts(self) -> Vec<Var<D>> {
        self.precisions.into_iter().chain(self.weighted).collect()
    }

    /// The product with `N(0, 1)` of those modalities that a specimen is shown: rows x width.
    /// Precisions add up, and means are weighed by them.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn shown(&self, features: &Features<D>) -> Result<Gaussian<D>, D::Err> {
        let sum = |parts: &[Var<D>]| stacked_sum(features.masked(parts.to_vec())?);
        let precision = sum(&self.precisions)?.try_add(1.0)?;
        let mean = sum(&self.weighted)?.try_mul(precision.clone().try_recip()?)?;
        Ok(Gaussian { mean, precision })
    }

    /// The product with `N(0, 1)` of each of some sets of modalities, given by their bits: a row for
    /// every set, which holds the elements of all specimens.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn products(&self, device: &D, subsets: &[u32]) -> Result<Gaussian<D>, D::Err> {
        let count = self.precisions.len();
        let within = |subset: &u32| {
            let subset = *subset;
            (0..count).map(move |m| if subset >> m & 1 == 1 { 1.0 } else { 0.0 })
        };
        let chosen = subsets.iter().flat_map(within).collect();
        let chosen = upload(device, (subsets.len(), count), chosen)?.put_tape(SharedTape::off());
        let sums = |parts: &[Var<D>]| {
            let (rows, width) = *parts[0].shape();
            let all = parts.to_vec().try_stack()?.try_reshape_like(&(count, rows * width))?;
            chosen.clone().try_matmul(all)
        };
        let precision = sums(&self.precisions)?.try_add(1.0)?;
        let mean = sums(&self.weighted)?.try_mul(precision.clone().try_recip()?)?;
        Ok(Gaussian { mean, precision })
    }
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::Cpu;

    use super::*;
    use crate::learn::Batch;
    use crate::learn::hidden::Hidden;

    fn constant(values: &[f32]) -> Var<Cpu> {
        let shape = (values.len() / 2, 2);
        upload(&Cpu::default(), shape, values.to_vec()).unwrap().put_tape(SharedTape::off())
    }

    /// Two specimens with Gaussians of two numbers in two modalities.
    fn experts() -> ([Vec<f32>; 2], [Vec<f32>; 2], Experts<Cpu>) {
        let means = [vec![1.0, -2.0, 0.5, 3.0], vec![0.0, 1.5, -1.0, 2.0]];
        let logs = [vec![0.0, 1.0, -1.0, 0.5], vec![-2.0, 0.3, 0.0, 1.0]];
        let each = |values: &[Vec<f32>; 2]| values.iter().map(|v| constant(v)).collect();
        let experts = Experts::of(each(&means), each(&logs)).unwrap();
        (means, logs, experts)
    }

    fn near(found: &[f32], expected: impl Fn(usize) -> f32) {
        for (i, found) in found.iter().enumerate() {
            assert!((found - expected(i)).abs() < 1e-5, "{i}: {found} {}", expected(i));
        }
    }

    #[test]
    fn precisions_add_up_and_nothing_is_the_standard_normal() {
        let (means, logs, experts) = experts();
        let t = |m: usize, i: usize| (-logs[m][i]).exp();
        let products = experts.products(&Cpu::default(), &[0b00, 0b01, 0b11]).unwrap();
        assert_eq!(products.mean.as_vec()[..4], [0.0; 4]);
        assert_eq!(products.precision.as_vec()[..4], [1.0; 4]);
        near(&products.precision.as_vec()[4..8], |i| 1.0 + t(0, i));
        near(&products.precision.as_vec()[8..], |i| 1.0 + t(0, i) + t(1, i));
        near(&products.mean.as_vec()[8..], |i| {
            (t(0, i) * means[0][i] + t(1, i) * means[1][i]) / (1.0 + t(0, i) + t(1, i))
        });

        let device = Cpu::default();
        let shown = |present: Vec<bool>| {
            let inputs = vec![Default::default(); 2];
            let batch = Batch { rows: 2, inputs, present, ..Batch::default() };
            let h = means.iter().map(|mean| constant(mean)).collect();
            let hidden = Hidden::default();
            let features = Features::all(&device, h).shown(&[0, 1], &[&batch], &hidden);
            experts.shown(&features).unwrap()
        };
        let some = shown(vec![true, true, false, false]);
        near(&some.precision.as_vec()[..2], |i| 1.0 + t(0, i) + t(1, i));
        assert_eq!(some.precision.as_vec()[2..], [1.0; 2]);
        assert_eq!(some.mean.as_vec()[2..], [0.0; 2]);
    }

    #[test]
    fn nothing_diverges_from_itself_and_the_rest_by_the_definition() {
        let (means, logs, experts) = experts();
        let products = experts.products(&Cpu::default(), &[0b01, 0b10]).unwrap();
        let itself = products.divergence(&products.divided()).unwrap().as_vec();
        near(&itself, |_| 0.0);
        let row = |x: &Var<Cpu>, row: usize| constant(&x.as_vec()[4 * row..4 * (row + 1)]);
        let part =
            |i| Gaussian { mean: row(&products.mean, i), precision: row(&products.precision, i) };
        let (one, other) = (part(0), part(1));
        let found = one.divergence(&other).unwrap().as_vec();
        let moments = |m: usize, i: usize| {
            let t = (-logs[m][i]).exp();
            (means[m][i] * t / (1.0 + t), 1.0 / (1.0 + t))
        };
        near(&found, |i| {
            let ((mu, var), (mu2, var2)) = (moments(0, i), moments(1, i));
            0.5 * (var2.ln() - var.ln() + (var + (mu - mu2).powi(2)) / var2 - 1.0)
        });
        let standard = Gaussian { mean: constant(&[0.0; 4]), precision: constant(&[1.0; 4]) };
        let found = one.divergence_from_standard().unwrap().as_vec();
        let expected = one.divergence(&standard).unwrap().as_vec();
        near(&found, |i| expected[i]);
        assert!(found.iter().all(|kl| *kl > 0.0));
    }

    impl Gaussian<Cpu> {
        /// The same numbers under other identities.
        fn divided(&self) -> Self {
            let copy = |x: &Var<Cpu>| x.clone().try_mul(1.0).unwrap();
            Self { mean: copy(&self.mean), precision: copy(&self.precision) }
        }
    }
}
