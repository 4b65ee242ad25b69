//! Dense layers, each with an ELU: the encoder that most methods have for every modality.

use super::super::InputSpec;
use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::parameter::{Parameter, Start};
use super::super::tape::{Matrix, SharedTape, Var};

/// width -> features, ELU, and as many times again features -> features, ELU as it has more layers.
pub struct Mlp<D: LearnDevice> {
    first: Dense<D>,
    others: Vec<Dense<D>>,
}

impl<D: LearnDevice> Mlp<D> {
    /// The encoder of `input` with so many layers, `encoder.<name>.0` and so on.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn new(
        start: &Start<D>,
        input: &InputSpec,
        features: usize,
        layers: usize,
    ) -> Result<Self, D::Err> {
        let name = format!("encoder.{}", input.name);
        Self::of_width(start, &name, input.width, features, layers)
    }

    /// The same for rows of `width` numbers, with layers `<name>.0` and so on.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn of_width(
        start: &Start<D>,
        name: &str,
        width: usize,
        features: usize,
        layers: usize,
    ) -> Result<Self, D::Err> {
        let other = |i| Dense::new(start, &format!("{name}.{i}"), features, features);
        Ok(Self {
            first: Dense::new(start, &format!("{name}.0"), width, features)?,
            others: (1..layers).map(other).collect::<Result<_, _>>()?,
        })
    }

    /// The features h of the rows of all `blocks`, rows x features.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn forward(&self, blocks: &[Matrix<D>], tape: &SharedTape<D>) -> Result<Var<D>, D::Err> {
        self.finish(self.first.curved_input(blocks, tape)?, tape)
    }

    /// The same of features that are in the graph.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn refine(&self, x: Var<D>, tape: &SharedTape<D>) -> Result<Var<D>, D::Err> {
        self.finish(self.first.curved(x, tape)?, tape)
    }

    fn finish(&self, first: Var<D>, tape: &SharedTape<D>) -> Result<Var<D>, D::Err> {
        self.others.iter().try_fold(first, |x, layer| layer.curved(x, tape))
    }

    /// All parameters, in a fixed order.
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter<D>> {
        std::iter::once(&self.first).chain(&self.others).flat_map(Dense::parameters)
    }

    /// All parameters, to be changed, in the same order.
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = &mut Parameter<D>> {
        std::iter::once(&mut self.first).chain(&mut self.others).flat_map(Dense::parameters_mut)
    }
}
