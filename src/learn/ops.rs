//! The few operations on rows that layers and losses are made of.

use dfdx::prelude::{
    Axes2, Axes3, Axis, BroadcastTo, HasShape, NoneTape, PermuteTo, PutTape, ReshapeTo, Shape,
    SumTo, Tensor, TryAdd, TryMatMul, TryMul, TryStack, TrySub,
};

use super::device::LearnDevice;
use super::tape::{Matrix, Rows, SharedTape, Var};

/// `x` where it is positive, `exp(x) - 1` elsewhere (Clevert et al. 2016, with alpha 1). dfdx has
/// no such operation; clamp, unlike relu, lets a NaN through.
pub fn elu<D: LearnDevice>(x: Var<D>) -> Result<Var<D>, D::Err> {
    let positive = x.clone().try_relu()?;
    let negative = x.try_clamp(f32::MIN, 0.0)?.try_exp()?.try_sub(1.0)?;
    positive.try_add(negative)
}

/// Adds the row vector `bias`, 1 x width, to every row.
pub fn add_bias<D: LearnDevice>(x: Var<D>, bias: Var<D>) -> Result<Var<D>, D::Err> {
    let shape = *x.shape();
    let bias = bias.try_reshape_like(&(shape.1,))?;
    x.try_add(bias.try_broadcast_like::<_, Axis<0>>(&shape)?)
}

/// Multiplies every row of `x` by its own factor.
pub fn scale_rows<D: LearnDevice>(x: Var<D>, factors: Rows<D>) -> Result<Var<D>, D::Err> {
    let shape = *x.shape();
    x.try_mul(factors.try_broadcast_like::<_, Axis<1>>(&shape)?)
}

/// The sum of every row.
pub fn sum_rows<D: LearnDevice>(x: Var<D>) -> Result<Rows<D>, D::Err> {
    x.try_sum::<(usize,), Axis<1>>()
}

/// The sum of all values; none if there are none.
pub fn add_all<S: Shape, D: LearnDevice>(
    values: impl IntoIterator<Item = Tensor<S, f32, D, SharedTape<D>>>,
) -> Result<Option<Tensor<S, f32, D, SharedTape<D>>>, D::Err> {
    let mut values = values.into_iter();
    let Some(mut sum) = values.next() else { return Ok(None) };
    for value in values {
        sum = sum.try_add(value)?;
    }
    Ok(Some(sum))
}

/// The sum of matrices of one shape, at least one.
pub fn stacked_sum<D: LearnDevice>(matrices: Vec<Var<D>>) -> Result<Var<D>, D::Err> {
    matrices.try_stack()?.try_sum::<(usize, usize), Axis<0>>()
}

/// The same numbers under a new identity and without a tape, so that no gradient passes.
///
/// A clone or a change of tape keeps dfdx's tensor id, and gradients are keyed by id: only an
/// operation off the tape makes a value a constant.
pub fn detach<D: LearnDevice>(x: &Var<D>) -> Result<Var<D>, D::Err> {
    Ok(x.retaped::<NoneTape>().try_mul(1.0)?.put_tape(SharedTape::off()))
}

/// Puts the blocks, each `rows x width`, under one another.
pub fn stack_rows<D: LearnDevice>(mut blocks: Vec<Var<D>>) -> Result<Var<D>, D::Err> {
    if blocks.len() == 1 {
        return Ok(blocks.remove(0));
    }
    let (rows, width) = (blocks.iter().map(|b| b.shape().0).sum(), blocks[0].shape().1);
    blocks.try_stack()?.try_reshape_like(&(rows, width))
}

/// Puts the blocks, each `rows x width`, next to one another.
pub fn side_by_side<D: LearnDevice>(mut blocks: Vec<Var<D>>) -> Result<Var<D>, D::Err> {
    if blocks.len() == 1 {
        return Ok(blocks.remove(0));
    }
    let stacked = blocks.try_stack()?;
    let (count, rows, width) = *stacked.shape();
    let turned = stacked.try_permute::<(usize, usize, usize), Axes3<1, 0, 2>>()?;
    turned.try_reshape_like(&(rows, count * width))
}

/// `ln(1 + exp(x))`, without overflow.
pub fn softplus<D: LearnDevice>(x: Var<D>) -> Result<Var<D>, D::Err> {
    let tail = x.clone().try_abs()?.try_negate()?.try_exp()?.try_add(1.0)?.try_ln()?;
    x.try_relu()?.try_add(tail)
}

/// Every row over its length; a row of zeros stays one.
pub fn unit_rows<D: LearnDevice>(x: Var<D>) -> Result<Var<D>, D::Err> {
    let length = sum_rows(x.clone().try_square()?)?.try_add(1e-8)?.try_sqrt()?;
    scale_rows(x, length.try_recip()?)
}

/// Every row less its mean and over its standard deviation; a row of equal numbers becomes zeros.
pub fn normalised_rows<D: LearnDevice>(x: Var<D>) -> Result<Var<D>, D::Err> {
    let shape = *x.shape();
    let share = 1.0 / shape.1 as f32;
    let mean = sum_rows(x.clone())?.try_mul(share)?;
    let centred = x.try_sub(mean.try_broadcast_like::<_, Axis<1>>(&shape)?)?;
    let variance = sum_rows(centred.clone().try_square()?)?.try_mul(share)?;
    scale_rows(centred, variance.try_add(1e-5)?.try_sqrt()?.try_recip()?)
}

/// All scalar products of the rows of one matrix with those of another.
pub fn products_of_rows<D: LearnDevice>(one: &Var<D>, other: &Var<D>) -> Result<Var<D>, D::Err> {
    one.clone().try_matmul(other.clone().try_permute::<_, Axes2<1, 0>>()?)
}

/// A product of `x` with itself turned round, `rows x rows`: all scalar products of its rows.
pub fn gram_rows<D: LearnDevice>(x: &Var<D>) -> Result<Var<D>, D::Err> {
    // dfdx refuses a product of a tensor with itself, so one side gets an identity of its own.
    products_of_rows(x, &x.clone().try_mul(1.0)?)
}

/// Copies `values`, row-major, to the device.
pub fn upload<D: LearnDevice>(
    device: &D,
    shape: (usize, usize),
    values: Vec<f32>,
) -> Result<Matrix<D>, D::Err> {
    device.try_tensor_from_vec(values, shape)
}

/// 1 at every label's place, 0 elsewhere: labels x classes, on the device.
pub fn one_hot<D: LearnDevice>(
    device: &D,
    labels: impl ExactSizeIterator<Item = usize>,
    classes: usize,
) -> Result<Matrix<D>, D::Err> {
    let rows = labels.len();
    let mut values = vec![0.0; rows * classes];
    for (row, label) in labels.enumerate() {
        values[row * classes + label] = 1.0;
    }
    upload(device, (rows, classes), values)
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::Cpu;

    use super::*;
    use crate::learn::tape::backward;

    #[test]
    fn elu_and_its_slope_are_right_on_both_sides() {
        let x = upload(&Cpu::default(), (1, 4), vec![-2.0, -0.5, 0.0, 1.5]).unwrap();
        let y = elu(x.clone().put_tape(SharedTape::recording())).unwrap();
        let expected = [(-2.0_f32).exp_m1(), (-0.5_f32).exp_m1(), 0.0, 1.5];
        for (found, expected) in y.as_vec().iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6);
        }
        let gradients = backward(y.try_sum::<(), _>().unwrap()).unwrap();
        let slopes = [(-2.0_f32).exp(), (-0.5_f32).exp(), 1.0, 1.0];
        for (found, expected) in gradients.get(&x).as_vec().iter().zip(slopes) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }

    #[test]
    fn elu_hides_no_nan() {
        let x = upload(&Cpu::default(), (1, 1), vec![f32::NAN]).unwrap();
        assert!(elu(x.put_tape(SharedTape::off())).unwrap().as_vec()[0].is_nan());
    }

    #[test]
    fn no_gradient_passes_a_detached_value() {
        let x = upload(&Cpu::default(), (1, 3), vec![1.0, 2.0, 3.0]).unwrap();
        let square = x.clone().put_tape(SharedTape::recording()).try_square().unwrap();
        let constant = detach(&square).unwrap();
        let product = square.try_mul(constant).unwrap();
        let gradients = backward(product.try_sum::<(), _>().unwrap()).unwrap();
        // d/dx of x^2 c with c = x^2 held fixed is 2 x^3; were it not, 4 x^3.
        assert_eq!(gradients.get(&x).as_vec(), vec![2.0, 16.0, 54.0]);
    }

    #[test]
    fn labels_become_rows_of_one_hot() {
        let found = one_hot(&Cpu::default(), [2, 0].into_iter(), 3).unwrap().as_vec();
        assert_eq!(found, vec![0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    }
}
