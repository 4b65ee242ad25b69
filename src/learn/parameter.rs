//! A trained matrix: its name, its value, Adam's moments, and where it starts.

use dfdx::prelude::{AdamConfig, Gradients, HasShape, PutTape, Shape, Storage};
use rand::RngExt;

use super::LearnError;
use super::device::LearnDevice;
use super::ops::upload;
use super::tape::{Buffer, Matrix, SharedTape, Var};
use crate::causal::noise::{StreamId, stream};

/// A parameter as the outside sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedParameter {
    /// Dotted name, such as `encoder.image.0.weight`.
    pub name: String,
    /// `[inputs, outputs]` of a weight (layers compute `x W + b`), `[outputs]` of a bias.
    pub shape: Vec<usize>,
    /// Row-major values.
    pub values: Vec<f32>,
}

/// The largest weight that is taken for learned: in a run at a sensible learning rate they stay below
/// a hundred.
const LARGEST: f32 = 1e6;

/// The first number that no model has that has learned something: one that isn't finite, or enormous.
pub fn broken(values: &[f32]) -> Option<f32> {
    values.iter().copied().find(|value| !value.is_finite() || value.abs() > LARGEST)
}

/// An error for weights that no model has that has learned something.
///
/// # Errors
/// [`LearnError::BrokenWeights`], naming the first tensor that has such a number.
pub fn check_weights(parameters: &[NamedParameter]) -> Result<(), LearnError> {
    let found = parameters.iter().find_map(|own| Some((own, broken(&own.values)?)));
    found.map_or(Ok(()), |(own, value)| {
        Err(LearnError::BrokenWeights { tensor: own.name.clone(), value })
    })
}

/// A parameter on the device. Vectors are kept as matrices of one row.
pub struct Parameter<D: LearnDevice> {
    name: String,
    shape: Vec<usize>,
    value: Matrix<D>,
    moments: [Buffer<D>; 2],
}

impl<D: LearnDevice> Parameter<D> {
    /// The dotted name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The shape as it is reported and saved.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The value in the graph of `tape`.
    pub fn on(&self, tape: &SharedTape<D>) -> Var<D> {
        self.value.clone().put_tape(tape.clone())
    }

    /// The value, in no graph.
    pub const fn value(&self) -> &Matrix<D> {
        &self.value
    }

    /// The value on the host.
    pub fn named(&self) -> NamedParameter {
        NamedParameter {
            name: self.name.clone(),
            shape: self.shape.clone(),
            values: self.value.as_vec(),
        }
    }

    /// Replaces the value; `values` must be as many as the parameter holds.
    pub fn assign(&mut self, values: &[f32]) {
        self.value.copy_from(values);
    }

    /// One step of Adam, the `step`-th from 1, with the gradient that `gradients` holds.
    ///
    /// # Errors
    /// The device's.
    pub fn update(
        &mut self,
        adam: &AdamConfig,
        step: i32,
        gradients: &mut Gradients<f32, D>,
    ) -> Result<(), D::Err> {
        let gradient = &*gradients.get_or_alloc_mut(&self.value)?;
        let [first, second] = &mut self.moments;
        adam.try_update(step, &mut self.value, first, second, gradient)
    }

    /// Forgets what Adam has gathered, as if no step had been made.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn forget(&mut self) -> Result<(), D::Err> {
        let (device, count) = (self.value.device(), self.value.shape().num_elements());
        let zeros = || Storage::<f32>::try_alloc_len(device, count);
        self.moments = [zeros()?, zeros()?];
        Ok(())
    }

    /// The gradient that `gradients` holds, on the host; zeros where there is none.
    #[cfg(test)]
    pub fn gradient(&self, gradients: &mut Gradients<f32, D>) -> Result<Vec<f32>, D::Err> {
        gradients.try_alloc_for(&self.value)?;
        Ok(gradients.get(&self.value).as_vec())
    }
}

/// The `count` numbers that the parameter `name` starts from, uniform in `+- 1 / sqrt(fan_in)`.
#[must_use]
pub fn start_values(seed: u64, name: &str, count: usize, fan_in: usize) -> Vec<f32> {
    let bound = 1.0 / (fan_in as f32).sqrt();
    let mut noise = stream(seed, 0, StreamId::of(name));
    (0..count).map(|_| (2.0 * noise.random::<f32>() - 1.0) * bound).collect()
}

/// Makes parameters: every number is drawn from the stream that the parameter's name addresses,
/// so a parameter starts the same whatever other parameters the model has.
pub struct Start<D: LearnDevice> {
    /// Where the parameters live.
    pub device: D,
    /// The seed of the run.
    pub seed: u64,
}

impl<D: LearnDevice> Start<D> {
    /// A weight, `inputs x outputs`, uniform in `+- 1 / sqrt(fan_in)`.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn weight(
        &self,
        name: String,
        (inputs, outputs): (usize, usize),
        fan_in: usize,
    ) -> Result<Parameter<D>, D::Err> {
        self.parameter(name, vec![inputs, outputs], (inputs, outputs), fan_in)
    }

    /// A bias of `outputs` numbers, uniform in `+- 1 / sqrt(fan_in)`.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn bias(
        &self,
        name: String,
        outputs: usize,
        fan_in: usize,
    ) -> Result<Parameter<D>, D::Err> {
        self.parameter(name, vec![outputs], (1, outputs), fan_in)
    }

    fn parameter(
        &self,
        name: String,
        shape: Vec<usize>,
        matrix: (usize, usize),
        fan_in: usize,
    ) -> Result<Parameter<D>, D::Err> {
        let count = matrix.0 * matrix.1;
        let value = upload(&self.device, matrix, start_values(self.seed, &name, count, fan_in))?;
        let zeros = || Storage::<f32>::try_alloc_len(&self.device, count);
        Ok(Parameter { name, shape, value, moments: [zeros()?, zeros()?] })
    }
}
