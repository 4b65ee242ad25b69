//! The companion of `c3r-adjust` and `c3r-discount`: a second model whose verdict stands in for the
//! confounder.
//!
//! Eq. 5 sums over an instrument V as a back-door adjustment does, which is right where V holds
//! what confounds factor and label. What is learned first, from the easiest cue, is most often just
//! that companion; so V is the verdict of a model that learns so slowly that it never gets further, or soon stops.
//! Kin: LfF (Nam et al. 2020) and JTT (Liu et al. 2021), which weigh by a biased model's failures.
//!
//! Where a method first learns without labels, the companion begins after that, from its own start
//! and with encoders of its own, none of which is held fixed.
//!
//! Assumption: what is learned first is the companion and not the cause. Where nothing is
//! confounded, adjusting costs accuracy for nothing.

use dfdx::prelude::{AdamConfig, Gradients, NoneTape};

use super::Batch;
use super::device::LearnDevice;
use super::hidden::Hidden;
use super::learner::Logits;
use super::method::{Head, Method};
use super::model::Model;
use super::objective::cross_entropy;
use super::ops::upload;
use super::parameter::Start;
use super::plan::Plan;
use super::tape::{Matrix, SharedTape, backward};
use crate::scene::training::{Objective, Training};

/// A second model of the same shape, trained on the plain cross-entropy: at a low rate for
/// `c3r-adjust`, at the full one but not for long for `c3r-discount`.
pub struct Companion<D: LearnDevice, M: Method<D>> {
    model: Model<D, M>,
    adam: AdamConfig,
}

/// What the companion makes of a batch.
pub struct Judgement<D: LearnDevice> {
    /// The class that it takes every specimen for.
    pub verdicts: Vec<usize>,
    /// The gradients of the companion's own loss.
    pub gradients: Gradients<f32, D>,
}

impl<D: LearnDevice, M: Method<D>> Companion<D, M> {
    /// A companion that starts elsewhere than the model of the same seed.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn new(start: &Start<D>, plan: &Plan, adam: &AdamConfig) -> Result<Self, D::Err> {
        let start = Start { device: start.device.clone(), seed: start.seed.wrapping_add(1) };
        // It has no companion of its own, and nothing but the task to learn.
        let discounts = plan.training.objective.discounts();
        let training = if discounts {
            Training { objective: Objective::Erm, ..plan.training.clone() }
        } else {
            plan.training.clone()
        };
        let model = Model::new(&start, &plan.inputs, plan.classes, &training)?;
        let slowness = if discounts { 1.0 } else { training.exposure_share() };
        Ok(Self { model, adam: AdamConfig { lr: adam.lr * slowness, ..*adam } })
    }

    /// Judges a batch, as a lesson.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn lesson(
        &self,
        device: &D,
        classes: usize,
        inputs: &[Vec<Matrix<D>>],
        batch: &Batch,
        hidden: &Hidden,
    ) -> Result<Judgement<D>, D::Err> {
        let tape = SharedTape::recording();
        let pass = self.model.forward(inputs, &[batch], hidden, &tape)?;
        let whole = Head::whole(&pass.joint.heads)?;
        let values = whole.logits.retaped::<NoneTape>().as_vec();
        let logits = Logits { rows: batch.rows, classes, values };
        let verdicts = logits.verdicts().collect();
        let mut targets = vec![0.0; batch.rows * classes];
        for (row, label) in batch.labels.iter().enumerate() {
            targets[row * classes + label] = 1.0 / batch.rows as f32;
        }
        let targets = upload(device, (batch.rows, classes), targets)?;
        let gradients = backward(cross_entropy(whole.logits, &targets)?)?;
        Ok(Judgement { verdicts, gradients })
    }

    /// Judges a batch without learning from it.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn verdicts(
        &self,
        classes: usize,
        inputs: &[Vec<Matrix<D>>],
        batch: &Batch,
    ) -> Result<Vec<usize>, D::Err> {
        let pass = self.model.forward(inputs, &[batch], &Hidden::default(), &SharedTape::off())?;
        let values = Head::whole(&pass.joint.heads)?.logits.as_vec();
        Ok(Logits { rows: batch.rows, classes, values }.verdicts().collect())
    }

    /// One step of Adam, the `step`-th from 1.
    ///
    /// # Errors
    /// The device's.
    pub fn update(&mut self, step: i32, gradients: &mut Gradients<f32, D>) -> Result<(), D::Err> {
        let mut parameters = self.model.parameters_mut().into_iter();
        parameters.try_for_each(|parameter| parameter.update(&self.adam, step, gradients))
    }
}

/// `1 / P(y | stratum)` for every specimen, over its mean: the back-door adjustment of Eq. 5 with V
/// in as many bins as there are classes. P is counted over the batch, one more in every cell.
pub fn adjustment(strata: &[usize], labels: &[usize], classes: usize) -> Vec<f32> {
    let mut counts = vec![1.0_f32; classes * classes];
    for (stratum, label) in strata.iter().zip(labels) {
        counts[stratum * classes + label] += 1.0;
    }
    let weight = |(stratum, label): (&usize, &usize)| {
        let row = &counts[stratum * classes..(stratum + 1) * classes];
        row.iter().sum::<f32>() / row[*label]
    };
    let weights: Vec<f32> = strata.iter().zip(labels).map(weight).collect();
    let mean = weights.iter().sum::<f32>() / weights.len().max(1) as f32;
    weights.into_iter().map(|weight| weight / mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_every_stratum_all_labels_weigh_alike() {
        // 90 of 100 in stratum 0 have label 0, 30 of 60 in stratum 1.
        let strata: Vec<usize> = (0..160).map(|i| usize::from(i >= 100)).collect();
        let labels: Vec<usize> =
            (0..160).map(|i| usize::from((90..100).contains(&i) || i >= 130)).collect();
        let weights = adjustment(&strata, &labels, 2);
        let mass = |stratum, label| -> f32 {
            let cell = |i: &usize| strata[*i] == stratum && labels[*i] == label;
            (0..160).filter(cell).map(|i| weights[i]).sum()
        };
        assert!((mass(0, 0) / mass(0, 1) - 1.0).abs() < 0.1);
        assert!((mass(1, 0) / mass(1, 1) - 1.0).abs() < 1e-5);
        assert!((weights.iter().sum::<f32>() / 160.0 - 1.0).abs() < 1e-5);
    }

    #[test]
    fn a_companion_that_knows_nothing_changes_nothing() {
        let labels = [0, 1, 0, 1];
        assert!(adjustment(&[0; 4], &labels, 2).iter().all(|w| (w - 1.0).abs() < 1e-6));
    }
}
