//! Late fusion: one linear head per modality, the logits averaged.

use dfdx::prelude::TryMul;

use super::super::InputSpec;
use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::features::Features;
use super::super::objective::cross_entropy;
use super::super::ops::{add_all, side_by_side, stack_rows};
use super::super::parameter::{Parameter, Start};
use super::super::tape::{Scalar, SharedTape, Var};
use super::{Joint, Method, Task};
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
        let heads = Dense::per_modality(start, "head", inputs, features, classes)?;
        Ok(Self { heads, features })
    }

    fn width(&self) -> usize {
        self.heads.len() * self.features
    }

    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        averaged(&self.heads, features.h.clone(), features, tape)
    }

    fn auxiliary_loss(
        &self,
        joint: &Joint<D>,
        task: &Task<D>,
    ) -> Result<Option<Scalar<D>>, D::Err> {
        branch_losses(&joint.branches, task)
    }

    fn parameters(&self) -> Vec<&Parameter<D>> {
        self.heads.iter().flat_map(Dense::parameters).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        self.heads.iter_mut().flat_map(Dense::parameters_mut).collect()
    }
}

/// The mean of what `heads` say, each of its own of the `h`, over the modalities that a specimen has;
/// written as one head on `Z = [h_1; ...; h_M]`. The branches are the logits of each.
///
/// # Errors
/// The device's, mostly for want of memory.
pub fn averaged<D: LearnDevice>(
    heads: &[Dense<D>],
    h: Vec<Var<D>>,
    features: &Features<D>,
    tape: &SharedTape<D>,
) -> Result<Joint<D>, D::Err> {
    let branches = Dense::forward_each(heads, &h, tape)?;
    let weights = heads.iter().map(|head| head.weight(tape)).collect();
    let logits = features.mean(branches.clone())?;
    let weight = stack_rows(weights)?.try_mul(1.0 / heads.len() as f32)?;
    let z = side_by_side(features.evened(h)?)?;
    Ok(Joint::new(z, weight, logits).with_branches(branches))
}

/// `sum_m CE(l_m)` over logits of each modality alone; a specimen counts where it has the modality.
///
/// # Errors
/// The device's, mostly for want of memory.
pub fn branch_losses<D: LearnDevice>(
    branches: &[Var<D>],
    task: &Task<D>,
) -> Result<Option<Scalar<D>>, D::Err> {
    let loss = |(modality, branch): (usize, &Var<D>)| {
        cross_entropy(branch.clone(), &task.features.targets_of(modality, task.targets)?)
    };
    add_all(branches.iter().enumerate().map(loss).collect::<Result<Vec<_>, _>>()?)
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{Cpu, PutTape, TryMatMul};

    use super::super::Head;
    use super::*;
    use crate::learn::ops::upload;

    #[test]
    fn one_stacked_head_gives_the_averaged_logits() {
        let device = Cpu::default();
        let inputs = ["a", "b", "c"].map(|name| InputSpec::row(name, 1));
        let training = Training { features: 4, ..Training::default() };
        let start = Start { device: device.clone(), seed: 5 };
        let late = Late::<Cpu>::new(&start, &inputs, 3, &training).unwrap();
        let features: Vec<Var<Cpu>> = (0..3)
            .map(|m| {
                let values = (0..20).map(|i| ((i * 7 + m * 3) % 11) as f32 * 0.2 - 1.0).collect();
                upload(&device, (5, 4), values).unwrap().put_tape(SharedTape::off())
            })
            .collect();
        let features = Features::all(&device, features);
        let joint = late.join(&features, &SharedTape::off()).unwrap();
        assert_eq!(late.width(), 12);
        let Head { z, weight, logits, .. } = Head::whole(&joint.heads).unwrap();
        let products = z.try_matmul(weight).unwrap().as_vec();
        let biases: Vec<Vec<f32>> = late
            .heads
            .iter()
            .filter_map(|h| h.parameters().nth(1))
            .map(|b| b.named().values)
            .collect();
        for (i, (logit, product)) in logits.as_vec().iter().zip(&products).enumerate() {
            let bias: f32 = biases.iter().map(|b| b[i % 3]).sum::<f32>() / 3.0;
            assert!((logit - product - bias).abs() < 1e-5, "{logit} {product} {bias}");
        }
        assert_eq!(joint.branches.len(), 3);
    }
}
