//! Encoders: from one modality's numbers to its features h.

mod bow;
mod mlp;
mod sentence;
pub mod tokeniser;

pub use bow::Bow;
pub use mlp::Mlp;
pub use sentence::Sentence;
pub use tokeniser::Tokeniser;

use super::device::LearnDevice;
use super::layout::Layout;
use super::parameter::{Parameter, Start};
use super::sequence::Tokens;
use super::tape::{Matrix, SharedTape, Var};
use super::{Form, Input, InputSpec};

/// The kinds of encoders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Two dense layers; of a text they get the counts of its words.
    Mlp,
    /// One dense layer: what comes before a trunk that modalities share.
    Stem,
    /// The sum of frozen embeddings of a text's words.
    Bow,
    /// A transformer of its own that reads a text.
    Sentence,
    /// Tokens for a transformer that modalities share; h is their mean.
    Tokens,
    /// The mean of such tokens alone.
    Pooled,
}

impl Encoding {
    /// How the encoder of `spec` wants its numbers.
    #[must_use]
    pub fn layout(self, spec: &InputSpec) -> Layout {
        match (self, spec.form) {
            (Self::Bow, Form::Words { vocabulary, .. }) => Layout::Counts { vocabulary },
            (Self::Sentence | Self::Tokens | Self::Pooled, _) => tokeniser::pieces(spec),
            (Self::Mlp | Self::Stem | Self::Bow, _) => Layout::rows(spec),
        }
    }
}

/// What an encoder reads: the batches of one modality.
pub struct Source<'a, D: LearnDevice> {
    /// On the device, laid out as the encoder wants, one block per batch.
    pub blocks: &'a [Matrix<D>],
    /// As they were given.
    pub inputs: Vec<&'a Input>,
}

/// What an encoder makes of it.
pub struct Encoded<D: LearnDevice> {
    /// The features h, rows x features.
    pub h: Var<D>,
    /// The tokens that h is the mean of, from [`Encoding::Tokens`] alone.
    pub tokens: Option<Tokens<D>>,
}

/// The encoder of one modality.
pub enum Encoder<D: LearnDevice> {
    /// [`Encoding::Mlp`] and [`Encoding::Stem`].
    Mlp(Mlp<D>),
    /// [`Encoding::Bow`].
    Bow(Bow<D>),
    /// [`Encoding::Sentence`].
    Sentence(Box<Sentence<D>>),
    /// [`Encoding::Tokens`].
    Tokens(Tokeniser<D>),
    /// [`Encoding::Pooled`].
    Pooled(Tokeniser<D>),
}

impl<D: LearnDevice> Encoder<D> {
    /// The encoder of `input`, which has parameters under `encoder.<name>`.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn new(
        start: &Start<D>,
        encoding: Encoding,
        input: &InputSpec,
        features: usize,
    ) -> Result<Self, D::Err> {
        Ok(match encoding {
            Encoding::Mlp => Self::Mlp(Mlp::new(start, input, features, 2)?),
            Encoding::Stem => Self::Mlp(Mlp::new(start, input, features, 1)?),
            Encoding::Bow => Self::Bow(Bow::new(start, input, features)?),
            Encoding::Sentence => Self::Sentence(Box::new(Sentence::new(start, input, features)?)),
            Encoding::Tokens => Self::Tokens(Tokeniser::new(start, input, features)?),
            Encoding::Pooled => Self::Pooled(Tokeniser::new(start, input, features)?),
        })
    }

    /// The features of the specimens of all batches under one another.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn forward(
        &self,
        device: &D,
        source: &Source<'_, D>,
        tape: &SharedTape<D>,
    ) -> Result<Encoded<D>, D::Err> {
        let h = match self {
            Self::Mlp(mlp) => mlp.forward(source.blocks, tape)?,
            Self::Bow(bow) => bow.forward(source.blocks)?,
            Self::Sentence(sentence) => sentence.forward(device, source, tape)?,
            Self::Pooled(tokeniser) => tokeniser.forward(source, tape)?.mean(device)?,
            Self::Tokens(tokeniser) => {
                let tokens = tokeniser.forward(source, tape)?;
                return Ok(Encoded { h: tokens.mean(device)?, tokens: Some(tokens) });
            }
        };
        Ok(Encoded { h, tokens: None })
    }

    /// All parameters, in a fixed order.
    pub fn parameters(&self) -> Vec<&Parameter<D>> {
        match self {
            Self::Mlp(mlp) => mlp.parameters().collect(),
            Self::Bow(bow) => vec![bow.parameter()],
            Self::Sentence(sentence) => sentence.parameters(),
            Self::Tokens(tokeniser) | Self::Pooled(tokeniser) => tokeniser.parameters(),
        }
    }

    /// All parameters, to be changed, in the same order.
    pub fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        match self {
            Self::Mlp(mlp) => mlp.parameters_mut().collect(),
            Self::Bow(bow) => vec![bow.parameter_mut()],
            Self::Sentence(sentence) => sentence.parameters_mut(),
            Self::Tokens(tokeniser) | Self::Pooled(tokeniser) => tokeniser.parameters_mut(),
        }
    }
}
