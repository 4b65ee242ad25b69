//! One modality alone: what can be known without fusion.

use super::super::InputSpec;
use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::encoder::Encoding;
use super::super::features::Features;
use super::super::parameter::{Parameter, Start};
use super::super::tape::{SharedTape, Var};
use super::{Joint, Method, text_encoding};
use crate::scene::training::Training;

/// `Z = h_m` of one modality and the head `Z W + b`; the other modalities aren't looked at.
///
/// Sentences may be read in three ways: as counts of words through the encoder that every modality
/// has (`text`), as a sum of frozen embeddings (`bow`, see [`Bow`](super::super::encoder::Bow)) or by
/// a transformer (`bert`, see [`Sentence`](super::super::encoder::Sentence)).
///
/// A specimen that lacks the modality gets the verdict of `h_m = 0`, which the biases give.
pub struct Alone<D: LearnDevice> {
    head: Dense<D>,
    features: usize,
}

impl<D: LearnDevice> Method<D> for Alone<D> {
    fn new(
        start: &Start<D>,
        _: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err> {
        let features = training.features;
        Ok(Self { head: Dense::new(start, "head", features, classes)?, features })
    }

    fn modalities(inputs: &[InputSpec], training: &Training) -> Vec<usize> {
        let name = training.method.modality();
        let place = inputs.iter().position(|input| Some(input.name.as_str()) == name);
        // A plan with a method for which there is no modality is refused before.
        vec![place.unwrap_or(0)]
    }

    fn encoding(_: &InputSpec, training: &Training) -> Encoding {
        text_encoding(training.method)
    }

    fn width(&self) -> usize {
        self.features
    }

    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        let z: Var<D> = features.masked(vec![features.h[0].clone()])?.remove(0);
        Joint::through(&self.head, z, tape)
    }

    fn parameters(&self) -> Vec<&Parameter<D>> {
        self.head.parameters().collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        self.head.parameters_mut().collect()
    }
}
