//! BERT-lite, not pretrained: a small transformer that reads a text.

use super::super::InputSpec;
use super::super::device::LearnDevice;
use super::super::parameter::{Parameter, Start};
use super::super::sequence::Places;
use super::super::tape::{SharedTape, Var};
use super::super::transformer::Transformer;
use super::{Source, Tokeniser, tokeniser};

/// `h = tanh(N(CLS) P + p)` of `[CLS] word .. word [SEP]` after two blocks of four heads, with
/// learned embeddings of words and positions; padding is left out of the attention.
///
/// Deviations from BERT: not pretrained, two blocks of the features' width instead of twelve of
/// 768, pre-norm, a relu for the gelu, no dropout. So it is called BERT-lite.
/// Source: facebookresearch/mmbt, `mmbt/models/bert.py`.
pub struct Sentence<D: LearnDevice> {
    words: Tokeniser<D>,
    transformer: Transformer<D>,
}

impl<D: LearnDevice> Sentence<D> {
    /// The encoder of `input`, a text, with parameters under `encoder.<name>`.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn new(start: &Start<D>, input: &InputSpec, features: usize) -> Result<Self, D::Err> {
        let places = Places::of(vec![tokeniser::length(input)]);
        let name = format!("encoder.{}", input.name);
        Ok(Self {
            words: Tokeniser::new(start, input, features)?,
            transformer: Transformer::new(start, &name, places, features)?,
        })
    }

    /// The features h, rows x features.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn forward(
        &self,
        device: &D,
        source: &Source<'_, D>,
        tape: &SharedTape<D>,
    ) -> Result<Var<D>, D::Err> {
        self.transformer.read(device, &[self.words.forward(source, tape)?], tape)
    }

    /// All parameters, in a fixed order.
    pub fn parameters(&self) -> Vec<&Parameter<D>> {
        self.words.parameters().into_iter().chain(self.transformer.parameters()).collect()
    }

    /// All parameters, to be changed, in the same order.
    pub fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        let words = self.words.parameters_mut().into_iter();
        words.chain(self.transformer.parameters_mut()).collect()
    }
}
