//! The devices that learn, and the operations that each computes in its own way.
//!
//! dfdx is a general library: on the CPU it goes through every element of every intermediate
//! matrix by its index, and on any device it computes the gradient of data that nobody trains. The
//! few operations that most of the time goes into are therefore asked of the device. `composed`
//! says what each is in dfdx's own words, `cpu` does it in one pass with the gradient by hand; the
//! tests hold one against the other.

mod composed;
mod cpu;

use dfdx::prelude::Device;
#[cfg(feature = "cuda")]
use dfdx::prelude::{Cuda, PutTape, SplitTape, TryMatMul};

use super::tape::{Matrix, Rows, Var};

/// A device of dfdx that a learner can run on.
pub trait LearnDevice: Device<f32> {
    /// `input * weight`, rows x width times width x outputs, with a gradient for `weight` alone.
    ///
    /// dfdx's own product also computes the gradient of `input`, which nobody needs here and
    /// which costs a third of a wide first layer.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    fn input_product(input: &Matrix<Self>, weight: Var<Self>) -> Result<Var<Self>, Self::Err>;

    /// `sum_i x_i W_i + b`, and then its ELU if `elu`: each `x_i` rows x width, `W_i` width x
    /// outputs, `b` 1 x outputs. At least one pair.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    fn layer(
        parts: Vec<(Var<Self>, Var<Self>)>,
        bias: Var<Self>,
        elu: bool,
    ) -> Result<Var<Self>, Self::Err> {
        composed::layer(parts, bias, elu)
    }

    /// The same of data: the rows of all `blocks`, at least one, under one another.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    fn input_layer(
        blocks: &[Matrix<Self>],
        weight: Var<Self>,
        bias: Var<Self>,
        elu: bool,
    ) -> Result<Var<Self>, Self::Err> {
        composed::input_layer(blocks, weight, bias, elu)
    }

    /// The instrument of Eq. 6 from one matrix of features per modality, `W_Q`, `W_K` and `W_V`, and
    /// gamma, where no gradient is wanted; none if the device has no way of its own.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    fn constant_instrument(
        _features: &[Var<Self>],
        _weights: [&Matrix<Self>; 3],
        _distance_weight: f32,
    ) -> Result<Option<Matrix<Self>>, Self::Err> {
        Ok(None)
    }

    /// `KL(softmax(z) || softmax(q))` of every row, in nats.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    fn divergence(z: Var<Self>, q: Var<Self>) -> Result<Rows<Self>, Self::Err> {
        composed::divergence(z, q)
    }
}

/// Gradient buffers of the GPU can't be written from outside dfdx, so here the input's gradient is
/// computed as well.
#[cfg(feature = "cuda")]
impl LearnDevice for Cuda {
    fn input_product(input: &Matrix<Self>, weight: Var<Self>) -> Result<Var<Self>, Self::Err> {
        let (weight, tape) = weight.split_tape();
        input.clone().put_tape(tape).try_matmul(weight)
    }
}
