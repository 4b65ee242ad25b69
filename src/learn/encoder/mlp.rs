//! The two-layer encoder that every modality has.

use super::super::InputSpec;
use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::ops::elu;
use super::super::parameter::{Parameter, Start};
use super::super::tape::{Matrix, SharedTape, Var};

/// width -> features, ELU, features -> features, ELU.
pub struct Mlp<D: LearnDevice> {
    first: Dense<D>,
    second: Dense<D>,
}

impl<D: LearnDevice> Mlp<D> {
    /// The encoder of `input`, with layers `encoder.<name>.0` and `encoder.<name>.1`.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn new(start: &Start<D>, input: &InputSpec, features: usize) -> Result<Self, D::Err> {
        let name = |layer: usize| format!("encoder.{}.{layer}", input.name);
        Ok(Self {
            first: Dense::new(start, &name(0), input.width, features)?,
            second: Dense::new(start, &name(1), features, features)?,
        })
    }

    /// The features h of the rows of all `blocks`, rows x features.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn forward(&self, blocks: &[Matrix<D>], tape: &SharedTape<D>) -> Result<Var<D>, D::Err> {
        let hidden = elu(self.first.forward_input(blocks, tape)?)?;
        elu(self.second.forward(hidden, tape)?)
    }

    /// All parameters, in a fixed order.
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter<D>> {
        self.first.parameters().chain(self.second.parameters())
    }

    /// All parameters, to be changed, in the same order.
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = &mut Parameter<D>> {
        self.first.parameters_mut().chain(self.second.parameters_mut())
    }
}
