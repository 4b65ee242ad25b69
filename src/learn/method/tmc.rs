//! TMC: every modality gives evidence, and evidence is combined (Han et al., ICLR 2021).

use super::super::InputSpec;
use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::features::Features;
use super::super::ops::side_by_side;
use super::super::parameter::{Parameter, Start};
use super::super::tape::{Scalar, SharedTape};
use super::evidence::{answer, gathered, loss};
use super::{Joint, Method, Task};
use crate::scene::training::Training;

/// `e_m = softplus(h_m W_m + b_m)`, the evidence of each modality for each class; `alpha = e + 1` are
/// the parameters of a Dirichlet distribution. Evidence is combined by `1 + e_k / K = prod_m (1 +
/// e_mk / K)`, which is the reduced rule of Dempster that the authors fold over views: a modality
/// that is missing has none, and changes nothing. The loss is `sum_m L(alpha_m) + L(alpha)` with
///
/// `L(alpha) = sum_k y_k (psi(S) - psi(alpha_k)) + min(1, t / T) KL(Dir(alpha~) || Dir(1))`, `alpha~ =
/// y + (1 - y) alpha`, `S = sum_k alpha_k`, T a tenth of all updates.
///
/// The answer is the mean of the combined Dirichlet. C3R needs a linear head on one Z, which the
/// rule isn't: it acts on `Z = [h_1; ...; h_M]` and a linear head beside, trained with
/// cross-entropy, that the answer doesn't use. [`TmcViews`](super::TmcViews) does without that head.
/// Source: hanmenghan/TMC.
pub struct Tmc<D: LearnDevice> {
    views: Vec<Dense<D>>,
    head: Dense<D>,
    features: usize,
}

impl<D: LearnDevice> Method<D> for Tmc<D> {
    fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err> {
        let features = training.features;
        let views = Dense::per_modality(start, "evidence", inputs, features, classes)?;
        let head = Dense::new(start, "head", inputs.len() * features, classes)?;
        Ok(Self { views, head, features })
    }

    fn width(&self) -> usize {
        self.views.len() * self.features
    }

    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        let logits = Dense::forward_each(&self.views, &features.h, tape)?;
        let evidence = gathered(logits, features)?;
        let answer = answer(&evidence)?;
        let z = side_by_side(features.masked(features.h.clone())?)?;
        let joint = Joint::through(&self.head, z, tape)?.with_branches(evidence);
        Ok(Joint { answer: Some(answer), ..joint })
    }

    fn auxiliary_loss(
        &self,
        joint: &Joint<D>,
        task: &Task<D>,
    ) -> Result<Option<Scalar<D>>, D::Err> {
        loss(&joint.branches, task)
    }

    fn parameters(&self) -> Vec<&Parameter<D>> {
        self.views.iter().chain([&self.head]).flat_map(Dense::parameters).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        self.views.iter_mut().chain([&mut self.head]).flat_map(Dense::parameters_mut).collect()
    }
}
