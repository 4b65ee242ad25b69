//! Late fusion: one linear head per modality, the logits averaged.

use dfdx::prelude::{Axes3, Axis, HasShape, PermuteTo, ReshapeTo, SumTo, TryMul, TryStack};

use super::super::InputSpec;
use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::objective::cross_entropy;
use super::super::ops::{add_all, stack_rows};
use super::super::parameter::{Parameter, Start};
use super::super::tape::{Matrix, Scalar, SharedTape, Var};
use super::{Joint, Method};
use crate::scene::training::Training;

/// `l = (1/M) sum_m (h_m W_m + b_m)`, trained with `CE(l) + sum_m CE(l_m)` (QMF's late fusion,
/// equal fixed weights).
///
/// For C3R the same logits are written with one head: `Z = [h_1; ...; h_M]`, W the `W_m` under
/// one another over M, b the mean of the `b_m`.
pub struct Late<D: LearnDevice> {
    heads: Vec<Dense<D>>,
    features: usize,
}

impl<D: LearnDevice> Method<D> for Late<D> {
    fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err> {
        let features = training.features;
        let heads = inputs
            .iter()
            .map(|input| Dense::new(start, &format!("head.{}", input.name), features, classes))
            .collect::<Result<_, _>>()?;
        Ok(Self { heads, features })
    }

    fn width(&self) -> usize {
        self.heads.len() * self.features
    }

    fn join(&self, features: &[Var<D>], tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        let branches = self
            .heads
            .iter()
            .zip(features)
            .map(|(head, h)| head.forward(h.clone(), tape))
            .collect::<Result<Vec<_>, _>>()?;
        let weights = self.heads.iter().map(|head| head.weight(tape)).collect();
        Ok(Joint {
            z: side_by_side(features.to_vec())?,
            weight: stack_rows(weights)?.try_mul(1.0 / self.heads.len() as f32)?,
            logits: mean(branches.clone())?,
            branches,
        })
    }

    fn auxiliary_loss(
        &self,
        joint: &Joint<D>,
        targets: &Matrix<D>,
    ) -> Result<Option<Scalar<D>>, D::Err> {
        let losses = joint
            .branches
            .iter()
            .map(|branch| cross_entropy(branch.clone(), targets))
            .collect::<Result<Vec<_>, _>>()?;
        add_all(losses)
    }

    fn parameters(&self) -> Vec<&Parameter<D>> {
        self.heads.iter().flat_map(Dense::parameters).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        self.heads.iter_mut().flat_map(Dense::parameters_mut).collect()
    }
}

/// The mean of matrices of one shape.
fn mean<D: LearnDevice>(matrices: Vec<Var<D>>) -> Result<Var<D>, D::Err> {
    let share = 1.0 / matrices.len() as f32;
    matrices.try_stack()?.try_sum::<(usize, usize), Axis<0>>()?.try_mul(share)
}

/// Matrices `rows x width` next to one another.
fn side_by_side<D: LearnDevice>(blocks: Vec<Var<D>>) -> Result<Var<D>, D::Err> {
    let stacked = blocks.try_stack()?;
    let (count, rows, width) = *stacked.shape();
    let turned = stacked.try_permute::<(usize, usize, usize), Axes3<1, 0, 2>>()?;
    turned.try_reshape_like(&(rows, count * width))
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{Cpu, PutTape, TryMatMul};

    use super::*;
    use crate::learn::ops::upload;

    #[test]
    fn one_stacked_head_gives_the_averaged_logits() {
        let device = Cpu::default();
        let inputs = ["a", "b", "c"].map(|name| InputSpec { name: name.into(), width: 1 });
        let training = Training { features: 4, ..Training::default() };
        let start = Start { device: device.clone(), seed: 5 };
        let late = Late::<Cpu>::new(&start, &inputs, 3, &training).unwrap();
        let features: Vec<Var<Cpu>> = (0..3)
            .map(|m| {
                let values = (0..20).map(|i| ((i * 7 + m * 3) % 11) as f32 * 0.2 - 1.0).collect();
                upload(&device, (5, 4), values).unwrap().put_tape(SharedTape::off())
            })
            .collect();
        let joint = late.join(&features, &SharedTape::off()).unwrap();
        assert_eq!(late.width(), 12);
        let products = joint.z.try_matmul(joint.weight).unwrap().as_vec();
        let biases: Vec<Vec<f32>> = late
            .heads
            .iter()
            .filter_map(|h| h.parameters().nth(1))
            .map(|b| b.named().values)
            .collect();
        for (i, (logit, product)) in joint.logits.as_vec().iter().zip(&products).enumerate() {
            let bias: f32 = biases.iter().map(|b| b[i % 3]).sum::<f32>() / 3.0;
            assert!((logit - product - bias).abs() < 1e-5, "{logit} {product} {bias}");
        }
        assert_eq!(joint.branches.len(), 3);
    }
}
