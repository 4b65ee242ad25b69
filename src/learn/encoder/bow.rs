//! Bag of words: the sum of frozen embeddings, which knows no order.

use super::super::InputSpec;
use super::super::device::LearnDevice;
use super::super::ops::stack_rows;
use super::super::parameter::{Parameter, Start};
use super::super::tape::{Matrix, SharedTape, Var};

/// `h = sum_i E[token_i]` over the words of a text, padding left out; E is random, uniform in -1 to
/// 1, and is never trained: no tape holds it, so it has no gradient and Adam leaves it as it is.
///
/// The sum is taken as the product of the counts of all words with E, which is the same.
/// Deviation: the original's E is GloVe's, of 300 numbers a word, likewise frozen; the words of the
/// scenes' grammars mean nothing outside of them, so here it is random.
/// Source: facebookresearch/mmbt, `mmbt/models/bow.py`.
pub struct Bow<D: LearnDevice> {
    embedding: Parameter<D>,
}

impl<D: LearnDevice> Bow<D> {
    /// The encoder of `input`, a text, with the parameter `encoder.<name>.embedding`.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn new(start: &Start<D>, input: &InputSpec, features: usize) -> Result<Self, D::Err> {
        let name = format!("encoder.{}.embedding", input.name);
        Ok(Self { embedding: start.weight(name, (input.width, features), 1)? })
    }

    /// The features of the rows of all `blocks`, counts of words, without a gradient.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn forward(&self, blocks: &[Matrix<D>]) -> Result<Var<D>, D::Err> {
        let sum = |block| D::input_product(block, self.embedding.on(&SharedTape::off()));
        stack_rows(blocks.iter().map(sum).collect::<Result<_, _>>()?)
    }

    /// The embedding.
    pub const fn parameter(&self) -> &Parameter<D> {
        &self.embedding
    }

    /// The embedding, to be read from a file.
    pub const fn parameter_mut(&mut self) -> &mut Parameter<D> {
        &mut self.embedding
    }
}
