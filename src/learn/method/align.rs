//! Alignment: every modality's features are drawn to the same distribution.

use dfdx::prelude::{
    Axes2, Axis, BroadcastTo, HasShape, NoneTape, PermuteTo, SumTo, TryAdd, TryMatMul, TryMul,
    TrySub,
};

use super::super::InputSpec;
use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::features::Features;
use super::super::ops::{add_all, sum_rows};
use super::super::parameter::{Parameter, Start};
use super::super::tape::{Scalar, SharedTape, Var};
use super::{Joint, Method, Task};
use crate::scene::training::Training;

/// Weight of the discrepancy.
const WEIGHT: f32 = 0.1;

/// Squared widths of the kernels, as multiples of the median squared distance.
const WIDTHS: [f32; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];

/// `u_m = h_m P_m + p_m`, `Z` the mean of the `u_m` that a specimen has, the head `Z W + b`, and
/// `CE + 0.1 sum_{m < n} MMD^2(u_m, u_n)`.
///
/// `MMD^2(a, b) = mean k(a, a') + mean k(b, b') - 2 mean k(a, b)` with `k` the sum of five Gaussian
/// kernels whose squared widths are 1/4 to 4 times the median squared distance between the two
/// modalities (held fixed). It draws distributions together, not pairs.
///
/// Status: our reading of "AlignMML", for which no code is public; Wang et al. (ECCV 2016) align by
/// such an MK-MMD, and besides push a specific part apart, which is left out here.
pub struct Align<D: LearnDevice> {
    projections: Vec<Dense<D>>,
    head: Dense<D>,
    features: usize,
}

impl<D: LearnDevice> Method<D> for Align<D> {
    fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err> {
        let features = training.features;
        let projections = Dense::per_modality(start, "projection", inputs, features, features)?;
        let head = Dense::new(start, "head", features, classes)?;
        Ok(Self { projections, head, features })
    }

    fn width(&self) -> usize {
        self.features
    }

    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        let u = Dense::forward_each(&self.projections, &features.h, tape)?;
        let z = features.mean(u.clone())?;
        Ok(Joint::through(&self.head, z, tape)?.with_branches(u))
    }

    fn auxiliary_loss(&self, joint: &Joint<D>, _: &Task<D>) -> Result<Option<Scalar<D>>, D::Err> {
        let mut losses = Vec::new();
        for (i, one) in joint.branches.iter().enumerate() {
            for other in &joint.branches[..i] {
                losses.push(discrepancy(one, other)?.try_mul(WEIGHT)?);
            }
        }
        add_all(losses)
    }

    fn parameters(&self) -> Vec<&Parameter<D>> {
        self.projections.iter().chain([&self.head]).flat_map(Dense::parameters).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        let all = self.projections.iter_mut().chain([&mut self.head]);
        all.flat_map(Dense::parameters_mut).collect()
    }
}

/// `MMD^2` of the rows of two matrices of one shape.
fn discrepancy<D: LearnDevice>(one: &Var<D>, other: &Var<D>) -> Result<Scalar<D>, D::Err> {
    let across = distances(one, other)?;
    let median = median(across.retaped::<NoneTape>().as_vec());
    let within = closeness(distances(one, one)?, median)?
        .try_add(closeness(distances(other, other)?, median)?)?;
    within.try_sub(closeness(across, median)?.try_mul(2.0)?)
}

/// The squared distance of every row of one matrix to every row of another.
fn distances<D: LearnDevice>(one: &Var<D>, other: &Var<D>) -> Result<Var<D>, D::Err> {
    // dfdx refuses a product of a tensor with itself, so one side gets an identity of its own.
    let other = other.clone().try_mul(1.0)?;
    let shape = (one.shape().0, other.shape().0);
    let [a, b] = [sum_rows(one.clone().try_square()?)?, sum_rows(other.clone().try_square()?)?];
    let product = one.clone().try_matmul(other.try_permute::<_, Axes2<1, 0>>()?)?;
    let squares = a
        .try_broadcast_like::<_, Axis<1>>(&shape)?
        .try_add(b.try_broadcast_like::<_, Axis<0>>(&shape)?)?;
    squares.try_sub(product.try_mul(2.0)?)
}

/// The mean of the kernels over all pairs.
fn closeness<D: LearnDevice>(distances: Var<D>, median: f32) -> Result<Scalar<D>, D::Err> {
    let kernel = |width: f32| distances.clone().try_mul(-0.5 / (width * median))?.try_exp();
    let [first, others @ ..] = WIDTHS;
    let mut sum = kernel(first)?;
    for width in others {
        sum = sum.try_add(kernel(width)?)?;
    }
    let (rows, columns) = *distances.shape();
    sum.try_sum::<(), _>()?.try_mul(1.0 / (rows * columns) as f32)
}

/// The median, and never less than what a division bears.
fn median(mut values: Vec<f32>) -> f32 {
    let middle = values.len() / 2;
    let (_, median, _) = values.select_nth_unstable_by(middle, f32::total_cmp);
    median.max(1e-6)
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{Cpu, PutTape};

    use super::*;
    use crate::learn::ops::upload;

    fn cloud(shift: f32) -> Var<Cpu> {
        let values = (0..60).map(|i| ((i * 37 % 17) as f32 - 8.0) * 0.25 + shift).collect();
        upload(&Cpu::default(), (20, 3), values).unwrap().put_tape(SharedTape::off())
    }

    #[test]
    fn alike_is_no_discrepancy_and_a_shift_is_one() {
        let found = |shift| discrepancy(&cloud(0.0), &cloud(shift)).unwrap().as_vec()[0];
        assert!(found(0.0).abs() < 1e-5, "{}", found(0.0));
        let [near, far] = [found(0.5), found(2.0)];
        assert!(near > 0.01 && far > near, "{near} {far}");
    }

    #[test]
    fn it_agrees_with_the_definition() {
        let rows = |shift| cloud(shift).as_vec().chunks(3).map(<[f32]>::to_vec).collect::<Vec<_>>();
        let (a, b) = (rows(0.0), rows(0.7));
        let square = |x: &[f32], y: &[f32]| -> f64 {
            x.iter().zip(y).map(|(x, y)| f64::from(x - y).powi(2)).sum()
        };
        let mut all: Vec<f64> =
            a.iter().flat_map(|x| b.iter().map(move |y| square(x, y))).collect();
        all.sort_by(f64::total_cmp);
        let median = all[all.len() / 2];
        let mean = |x: &[Vec<f32>], y: &[Vec<f32>]| -> f64 {
            let kernel = |d: f64| {
                WIDTHS.iter().map(|w| (-d / (2.0 * f64::from(*w) * median)).exp()).sum::<f64>()
            };
            let pairs = x.iter().flat_map(|x| y.iter().map(move |y| kernel(square(x, y))));
            pairs.sum::<f64>() / 400.0
        };
        let expected = mean(&a, &a) + mean(&b, &b) - 2.0 * mean(&a, &b);
        let found = discrepancy(&cloud(0.0), &cloud(0.7)).unwrap().as_vec()[0];
        assert!((f64::from(found) - expected).abs() < 1e-4, "{found} {expected}");
    }
}
