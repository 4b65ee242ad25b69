//! What a transformer reads of a modality: patches of a picture or a spectrogram, words, a row.

use super::super::device::LearnDevice;
use super::super::layout::{Layout, PADDING};
use super::super::ops::stack_rows;
use super::super::parameter::{Parameter, Start};
use super::super::sequence::Tokens;
use super::super::tape::SharedTape;
use super::super::{Form, Input, InputSpec};
use super::{Mlp, Source};

/// Patches of a grid down and across, at most.
const SIDE: usize = 3;

/// How the pieces of a modality are laid out.
#[must_use]
pub fn pieces(spec: &InputSpec) -> Layout {
    Layout::pieces(spec, SIDE)
}

/// Pieces per specimen.
#[must_use]
pub fn length(spec: &InputSpec) -> usize {
    match pieces(spec) {
        Layout::Patches(patches) => patches.count(),
        Layout::Words { .. } => spec.length(),
        Layout::Rows { .. } | Layout::Counts { .. } => 1,
    }
}

/// From pieces to tokens: every word has an embedding, patches and rows go through two layers.
pub struct Tokeniser<D: LearnDevice> {
    pieces: Pieces<D>,
    length: usize,
}

enum Pieces<D: LearnDevice> {
    Words(Parameter<D>),
    Patches(Mlp<D>),
}

impl<D: LearnDevice> Tokeniser<D> {
    /// The tokeniser of `input`, with parameters under `encoder.<name>`.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn new(start: &Start<D>, input: &InputSpec, width: usize) -> Result<Self, D::Err> {
        let name = format!("encoder.{}", input.name);
        let pieces = match input.form {
            Form::Words { vocabulary, .. } => {
                let shape = (vocabulary, width);
                Pieces::Words(start.weight(format!("{name}.embedding"), shape, 1)?)
            }
            Form::Row | Form::Grid(_) => {
                let numbers = pieces(input).width();
                Pieces::Patches(Mlp::of_width(start, &name, numbers, width, 2)?)
            }
        };
        Ok(Self { pieces, length: length(input) })
    }

    /// The tokens of every specimen. Padding isn't one.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn forward(
        &self,
        source: &Source<'_, D>,
        tape: &SharedTape<D>,
    ) -> Result<Tokens<D>, D::Err> {
        let length = self.length;
        match &self.pieces {
            Pieces::Patches(mlp) => {
                Ok(Tokens { x: mlp.forward(source.blocks, tape)?, length, marks: None })
            }
            Pieces::Words(embedding) => {
                let look_up = |block| D::input_product(block, embedding.on(tape));
                let x = stack_rows(source.blocks.iter().map(look_up).collect::<Result<_, _>>()?)?;
                Ok(Tokens { x, length, marks: Some(words(&source.inputs)) })
            }
        }
    }

    /// All parameters, in a fixed order.
    pub fn parameters(&self) -> Vec<&Parameter<D>> {
        match &self.pieces {
            Pieces::Words(embedding) => vec![embedding],
            Pieces::Patches(mlp) => mlp.parameters().collect(),
        }
    }

    /// All parameters, to be changed, in the same order.
    pub fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        match &mut self.pieces {
            Pieces::Words(embedding) => vec![embedding],
            Pieces::Patches(mlp) => mlp.parameters_mut().collect(),
        }
    }
}

/// 1 for every word and 0 for padding.
fn words(inputs: &[&Input]) -> Vec<f32> {
    let tokens = inputs.iter().flat_map(|input| &input.tokens);
    tokens.map(|&token| if token == PADDING { 0.0 } else { 1.0 }).collect()
}
