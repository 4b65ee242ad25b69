//! The operations that devices compute in their own way, in dfdx's words.

use dfdx::prelude::{Axis, TryMatMul, TryMul, TrySub};

use super::LearnDevice;
use crate::learn::ops::{add_bias, elu, stack_rows, stacked_sum, sum_rows};
use crate::learn::tape::{Matrix, Rows, Var};

/// See [`LearnDevice::layer`].
pub fn layer<D: LearnDevice>(
    parts: Vec<(Var<D>, Var<D>)>,
    bias: Var<D>,
    curved: bool,
) -> Result<Var<D>, D::Err> {
    let products = parts.into_iter().map(|(x, weight)| x.try_matmul(weight));
    let mut products = products.collect::<Result<Vec<_>, _>>()?;
    let sum = if products.len() == 1 { products.remove(0) } else { stacked_sum(products)? };
    finish(add_bias(sum, bias)?, curved)
}

/// See [`LearnDevice::input_layer`].
pub fn input_layer<D: LearnDevice>(
    blocks: &[Matrix<D>],
    weight: Var<D>,
    bias: Var<D>,
    curved: bool,
) -> Result<Var<D>, D::Err> {
    let products = blocks.iter().map(|block| D::input_product(block, weight.clone()));
    let products = products.collect::<Result<Vec<_>, _>>()?;
    finish(add_bias(stack_rows(products)?, bias)?, curved)
}

fn finish<D: LearnDevice>(x: Var<D>, curved: bool) -> Result<Var<D>, D::Err> {
    if curved { elu(x) } else { Ok(x) }
}

/// See [`LearnDevice::divergence`].
pub fn divergence<D: LearnDevice>(z: Var<D>, q: Var<D>) -> Result<Rows<D>, D::Err> {
    let log = z.try_log_softmax::<Axis<1>>()?;
    let difference = log.clone().try_sub(q.try_log_softmax::<Axis<1>>()?)?;
    sum_rows(difference.try_mul(log.try_exp()?)?)
}
