//! A dense layer whose widths are known only at run time.

use super::InputSpec;
use super::device::LearnDevice;
use super::parameter::{Parameter, Start};
use super::tape::{Matrix, SharedTape, Var};

/// `x W + b`, with W `inputs x outputs`. Always a product of two matrices: dfdx's rank-3 linear
/// layer is many times slower backwards.
pub struct Dense<D: LearnDevice> {
    weight: Parameter<D>,
    bias: Parameter<D>,
}

impl<D: LearnDevice> Dense<D> {
    /// A layer named `name`, with parameters `name.weight` and `name.bias`.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn new(
        start: &Start<D>,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, D::Err> {
        Ok(Self {
            weight: start.weight(format!("{name}.weight"), (inputs, outputs), inputs)?,
            bias: start.bias(format!("{name}.bias"), outputs, inputs)?,
        })
    }

    /// One layer of the same shape for every modality, named `name.MODALITY`.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn per_modality(
        start: &Start<D>,
        name: &str,
        modalities: &[InputSpec],
        inputs: usize,
        outputs: usize,
    ) -> Result<Vec<Self>, D::Err> {
        let layer = |modality: &InputSpec| {
            Self::new(start, &format!("{name}.{}", modality.name), inputs, outputs)
        };
        modalities.iter().map(layer).collect()
    }

    /// Each of some layers applied to a matrix of its own.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn forward_each(
        layers: &[Self],
        matrices: &[Var<D>],
        tape: &SharedTape<D>,
    ) -> Result<Vec<Var<D>>, D::Err> {
        layers.iter().zip(matrices).map(|(layer, x)| layer.forward(x.clone(), tape)).collect()
    }

    /// The layer applied to every row of `x`.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn forward(&self, x: Var<D>, tape: &SharedTape<D>) -> Result<Var<D>, D::Err> {
        D::layer(vec![(x, self.weight.on(tape))], self.bias.on(tape), false)
    }

    /// The ELU of the same.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn curved(&self, x: Var<D>, tape: &SharedTape<D>) -> Result<Var<D>, D::Err> {
        D::layer(vec![(x, self.weight.on(tape))], self.bias.on(tape), true)
    }

    /// The ELU of the layer applied to data: the rows of all `blocks` under one another.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn curved_input(
        &self,
        blocks: &[Matrix<D>],
        tape: &SharedTape<D>,
    ) -> Result<Var<D>, D::Err> {
        D::input_layer(blocks, self.weight.on(tape), self.bias.on(tape), true)
    }

    /// The weight in the graph of `tape`.
    pub fn weight(&self, tape: &SharedTape<D>) -> Var<D> {
        self.weight.on(tape)
    }

    /// Weight and bias.
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter<D>> {
        [&self.weight, &self.bias].into_iter()
    }

    /// Weight and bias, to be changed.
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = &mut Parameter<D>> {
        [&mut self.weight, &mut self.bias].into_iter()
    }
}
