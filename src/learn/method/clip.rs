//! CLIP-style (synthetic pretraining): features drawn together without labels, then a linear probe
//! (after Radford et al., ICML 2021).

use super::super::InputSpec;
use super::super::device::LearnDevice;
use super::super::features::Features;
use super::super::parameter::{Parameter, Start};
use super::super::tape::{Scalar, SharedTape};
use super::contrast::{Contrast, Recipe};
use super::{Joint, Method, Phase, Task};
use crate::scene::training::Training;

/// The scale starts from `1 / 0.07`.
const RECIPE: Recipe = Recipe { scale: 2.659_26, smoothing: 0.0, noise: 0.0 };

/// `u_m = unit(h_m P_m + p_m)`, `Z = [u_1; ...; u_M]` and the head `Z W + b`, in two phases:
///
/// 1. in the first half of the updates the mean over all pairs of modalities of
///    `1/2 (CE(S, i = j) + CE(S^T, i = j))` with `S_ij = exp(s) <u_mi, u_nj>`, s learned and `exp(s)`
///    at most 100. No label is looked at, and the objective has no say: this is the pretraining;
/// 2. then the encoders are held fixed and the objective trains W and b, a linear probe; under
///    C3R the gradient reaches these alone.
///
/// Before the second phase the answer is that of an untrained head. A modality that a specimen
/// lacks has zeros in Z, and is in no pair. `h_m` is `u_m` for whoever asks for features.
///
/// Status: "CLIP-style (synthetic pretraining)". The loss is CLIP's for two modalities; the mean
/// over pairs of several, the small encoders, and the phases are ours: CLIP is pretrained once, on
/// other data, and the authors of C3R give no protocol. Source: openai/CLIP, `clip/model.py`.
pub struct Clip<D: LearnDevice>(Contrast<D>);

impl<D: LearnDevice> Method<D> for Clip<D> {
    fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err> {
        Contrast::new(start, inputs, classes, training, RECIPE).map(Self)
    }

    fn phase(progress: f32) -> Phase {
        Contrast::<D>::phase(progress)
    }

    fn width(&self) -> usize {
        self.0.width()
    }

    fn refine(&self, features: Features<D>, tape: &SharedTape<D>) -> Result<Features<D>, D::Err> {
        self.0.refine(features, tape)
    }

    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        self.0.join(features, tape)
    }

    fn auxiliary_loss(&self, _: &Joint<D>, task: &Task<D>) -> Result<Option<Scalar<D>>, D::Err> {
        self.0.loss(task)
    }

    fn parameters(&self) -> Vec<&Parameter<D>> {
        self.0.parameters()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        self.0.parameters_mut()
    }
}
