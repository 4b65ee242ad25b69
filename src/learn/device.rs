//! The devices that learn, and the one product that each computes in its own way.

#[cfg(feature = "cuda")]
use dfdx::prelude::Cuda;
use dfdx::prelude::{Axes2, Cpu, Device, HasShape, PermuteTo, PutTape, SplitTape, Tape, TryMatMul};

use super::tape::{Matrix, Var};

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
}

impl LearnDevice for Cpu {
    fn input_product(input: &Matrix<Self>, weight: Var<Self>) -> Result<Var<Self>, Self::Err> {
        let (weight, mut tape) = weight.split_tape();
        let input = input.clone();
        let output = input.clone().try_matmul(weight.clone())?;
        let ghost = output.ghost();
        tape.add_backward_op(move |gradients| {
            gradients.try_alloc_for(&ghost)?;
            let slope = gradients.get(&ghost);
            let product = input.try_permute::<_, Axes2<1, 0>>()?.try_matmul(slope)?;
            let mut values = vec![0.0; weight.shape().0 * weight.shape().1];
            product.copy_into(&mut values);
            let total = gradients.get_or_alloc_mut(&weight)?;
            total.iter_mut().zip(&values).for_each(|(total, value)| *total += value);
            Ok(())
        });
        Ok(output.put_tape(tape))
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

#[cfg(test)]
mod tests {
    use dfdx::prelude::SumTo;

    use super::*;
    use crate::learn::ops::upload;
    use crate::learn::tape::{SharedTape, backward};

    #[test]
    fn the_input_product_has_the_gradient_of_dfdx_and_adds_up() {
        let device = Cpu::default();
        let numbers = |n: usize, k: usize| (0..n).map(|i| ((i * k) % 13) as f32 - 6.0).collect();
        let input = upload(&device, (5, 4), numbers(20, 7)).unwrap();
        let weight = upload(&device, (4, 3), numbers(12, 5)).unwrap();
        let loss = |y: Var<Cpu>| y.try_square().unwrap().try_sum::<(), _>().unwrap();
        let on = |tape: &SharedTape<Cpu>| weight.clone().put_tape(tape.clone());

        let tape = SharedTape::recording();
        let theirs = input.clone().put_tape(tape.clone()).try_matmul(on(&tape)).unwrap();
        let expected = backward(loss(theirs.clone())).unwrap().get(&weight).as_vec();

        let tape = SharedTape::recording();
        let ours = Cpu::input_product(&input, on(&tape)).unwrap();
        assert_eq!(ours.as_vec(), theirs.as_vec());
        let again = Cpu::input_product(&input, on(&tape)).unwrap();
        let gradients = backward(loss(ours) + loss(again)).unwrap();
        for (found, expected) in gradients.get(&weight).as_vec().iter().zip(&expected) {
            assert!((found - 2.0 * expected).abs() <= 1e-4 * expected.abs(), "{found} {expected}");
        }
    }
}
