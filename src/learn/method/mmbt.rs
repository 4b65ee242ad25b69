//! MMBT: one transformer over the tokens of all modalities (Kiela et al., 2019).

use super::super::InputSpec;
use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::encoder::{Encoding, tokeniser};
use super::super::features::Features;
use super::super::parameter::{Parameter, Start};
use super::super::sequence::Places;
use super::super::tape::{SharedTape, Var};
use super::super::transformer::Transformer;
use super::{Joint, Method};
use crate::scene::training::Training;

/// `[CLS] image.. [SEP] audio.. [SEP] text.. [SEP]` through one transformer, `Z = tanh(N(CLS) P + p)`
/// and the head `Z W + b`.
///
/// A picture and a spectrogram are cut in 3 by 3 patches, each through two layers of the modality's;
/// a vector is one token, a text one for each word. Every token gets the embeddings of its position,
/// which begins anew in each segment, and of its segment. `h_m` is the mean of a segment's tokens
/// before that. What a specimen lacks, and padding, is left out of the attention.
///
/// Deviations: nothing is pretrained, so nothing is frozen at first either; two blocks of the
/// features' width, pre-norm, no dropout; patches for the regions of a ResNet; segments for sounds
/// and vectors. The authors show a grey picture for a missing one. Source: facebookresearch/mmbt,
/// `mmbt/models/mmbt.py`.
pub struct Mmbt<D: LearnDevice> {
    transformer: Transformer<D>,
    head: Dense<D>,
    features: usize,
}

impl<D: LearnDevice> Method<D> for Mmbt<D> {
    fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err> {
        let features = training.features;
        let places = Places::of(inputs.iter().map(tokeniser::length).collect());
        Ok(Self {
            transformer: Transformer::new(start, "joint", places, features)?,
            head: Dense::new(start, "head", features, classes)?,
            features,
        })
    }

    fn encoding(_: &InputSpec, _: &Training) -> Encoding {
        Encoding::Tokens
    }

    fn width(&self) -> usize {
        self.features
    }

    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        let z: Var<D> = self.transformer.read(features.device(), &features.shown_tokens(), tape)?;
        Joint::through(&self.head, z, tape)
    }

    fn parameters(&self) -> Vec<&Parameter<D>> {
        self.transformer.parameters().chain(self.head.parameters()).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        self.transformer.parameters_mut().chain(self.head.parameters_mut()).collect()
    }
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{Cpu, PutTape};

    use super::*;
    use crate::learn::Batch;
    use crate::learn::hidden::Hidden;
    use crate::learn::ops::upload;
    use crate::learn::sequence::Tokens;

    /// Z of three specimens with a picture of four patches and a text of two words, whose tokens
    /// are of the given size, in all but the last specimen, which has no text.
    fn z(size: f32) -> Vec<f32> {
        let device = Cpu::default();
        let inputs = [
            InputSpec::grid("image", crate::learn::Grid { height: 1, width: 3, channels: 1 }),
            InputSpec::words("text", 2, 5),
        ];
        let training = Training { features: 4, ..Training::default() };
        let start = Start { device: device.clone(), seed: 3 };
        let method = Mmbt::<Cpu>::new(&start, &inputs, 2, &training).unwrap();
        let tokens = |length: usize, size: f32, marks| {
            let values = (0..12 * length).map(|i| size * ((i * 7 % 5) as f32 - 2.0)).collect();
            let x = upload(&device, (3 * length, 4), values).unwrap().put_tape(SharedTape::off());
            Tokens { x, length, marks }
        };
        let tokens = vec![tokens(3, 1.0, None), tokens(2, size, Some(vec![1.0; 6]))];
        let h = tokens.iter().map(|tokens| tokens.mean(&device).unwrap()).collect();
        let present = vec![true, true, true, true, true, false];
        let batch =
            Batch { rows: 3, inputs: vec![Default::default(); 2], present, ..Batch::default() };
        let features =
            Features::all(&device, h).made_of(tokens).shown(&[0, 1], &[&batch], &Hidden::default());
        method.join(&features, &SharedTape::off()).unwrap().heads[0].z.as_vec()
    }

    #[test]
    fn a_text_that_is_not_there_is_not_read() {
        let (one, other) = (z(1.0), z(-3.0));
        assert!(one[..8].iter().zip(&other).all(|(a, b)| a != b));
        assert_eq!(one[8..], other[8..]);
    }
}
