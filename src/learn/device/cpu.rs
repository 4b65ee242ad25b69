//! The operations of a [`LearnDevice`] on the CPU, each in one pass and with its gradient by hand.
//!
//! dfdx shows the values of a matrix from outside only as a copy, which costs little beside a pass
//! of its own; the buffers of gradients it hands out. Rows are cut into blocks by their number
//! alone, and sums go over them in order: the bits don't depend on the number of threads.

use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;

use dfdx::prelude::{Cpu, HasShape, Merge as _, NoneTape, PutTape, SplitTape, Tape, Tensor};
use dfdx::tensor::TensorFromVec as _;
use multiversion::multiversion;
use rayon::prelude::*;

use super::LearnDevice;
use crate::learn::engine::block_rows;
use crate::learn::engine::product::{Side, product};
use crate::learn::engine::row::{
    add_rows, add_scaled, before_elu, dot, finish_layer, softmax, sum,
};
use crate::learn::tape::{Matrix, Rows, SharedTape, Var};

/// Rows of a weight whose gradient one job computes.
const PART: usize = 256;
/// Multiplications below which a product stays with its thread: waking another takes longer.
const SMALL: usize = 1 << 21;
/// Copies whose memory is kept.
const SPARES: usize = 32;

type Error = <Cpu as dfdx::prelude::HasErr>::Err;

thread_local! {
    /// Memory of copies that are no longer wanted: the next update wants as much again.
    static SPARE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// A copy of the numbers of a matrix.
struct Copied(Vec<f32>);

impl Copied {
    /// Of data or a parameter, whose numbers always lie row by row.
    fn of(matrix: &Matrix<Cpu>) -> Self {
        let count = matrix.shape().0 * matrix.shape().1;
        let spare = SPARE.with_borrow_mut(|spare| {
            let place = spare.iter().position(|values| values.len() == count);
            place.map(|place| spare.swap_remove(place))
        });
        let mut values = spare.unwrap_or_else(|| vec![0.0; count]);
        matrix.copy_into(&mut values);
        Self(values)
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        let values = std::mem::take(&mut self.0);
        // A thread that ends has no use for it.
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < SPARES {
                spare.push(values);
            }
        });
    }
}

impl Deref for Copied {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.0
    }
}

/// `out [+]= left right` with `left` rows x inner and `right` inner x columns, block by block.
fn blocks_of_rows(
    out: &mut [f32],
    left: (&[f32], usize),
    right: Side<'_>,
    columns: usize,
    adds: bool,
) {
    let rows = out.len() / columns;
    let count = block_rows(rows);
    let (values, inner) = left;
    let job = |(block, out): (usize, &mut [f32])| {
        let rows = out.len() / columns;
        let left = Side::rows(&values[block * count * inner..][..rows * inner], inner);
        product(out, (rows, inner, columns), left, right, adds);
    };
    if out.len() * inner < SMALL {
        out.chunks_mut(count * columns).enumerate().for_each(job);
    } else {
        out.par_chunks_mut(count * columns).enumerate().for_each(job);
    }
}

/// `gradient += x^T slope`, x rows x width and slope rows x outputs.
fn weight_gradient(gradient: &mut [f32], x: &[f32], width: usize, slope: &[f32], outputs: usize) {
    let rows = slope.len() / outputs;
    let count = block_rows(rows);
    let job = |(part, gradient): (usize, &mut [f32])| {
        let wanted = gradient.len() / outputs;
        for first in (0..rows).step_by(count) {
            let rows = count.min(rows - first);
            let x = Side::turned(&x[first * width..][..rows * width], width).past(part * PART);
            let slope = Side::rows(&slope[first * outputs..][..rows * outputs], outputs);
            product(gradient, (wanted, rows, outputs), x, slope, true);
        }
    };
    if gradient.len() * rows < SMALL {
        gradient.chunks_mut(PART * outputs).enumerate().for_each(job);
    } else {
        gradient.par_chunks_mut(PART * outputs).enumerate().for_each(job);
    }
}

/// The numbers of a layer's result and the tape that its gradient goes on.
struct Finished {
    values: Rc<Vec<f32>>,
    tape: SharedTape<Cpu>,
}

/// `values + bias`, and its ELU if there's to be one.
fn finished(mut values: Vec<f32>, bias: &[f32], elu: bool) -> Rc<Vec<f32>> {
    finish_layer(&mut values, bias, elu);
    Rc::new(values)
}

/// Puts a layer's result on its tape. `learn` is given the slope before bias and ELU.
fn recorded(
    Finished { values, mut tape }: Finished,
    (rows, outputs): (usize, usize),
    bias: Matrix<Cpu>,
    elu: bool,
    learn: impl FnOnce(&[f32], &mut dfdx::prelude::Gradients<f32, Cpu>) -> Result<(), Error> + 'static,
) -> Result<Var<Cpu>, Error> {
    let result = Cpu::default().try_tensor_from_vec(values.to_vec(), (rows, outputs))?;
    let ghost = result.clone();
    tape.add_backward_op(move |gradients| {
        let mut slope = gradients.get_or_alloc_mut(&ghost)?.to_vec();
        if elu {
            before_elu(&mut slope, &values);
        }
        add_rows(gradients.get_or_alloc_mut(&bias)?, &slope);
        learn(&slope, gradients)
    });
    Ok(result.put_tape(tape))
}

impl LearnDevice for Cpu {
    fn input_product(input: &Matrix<Self>, weight: Var<Self>) -> Result<Var<Self>, Self::Err> {
        let ((width, outputs), rows) = (*weight.shape(), input.shape().0);
        let (weight, mut tape) = weight.split_tape();
        let (x, own) = (Copied::of(input), Copied::of(&weight));
        let mut values = vec![0.0; rows * outputs];
        blocks_of_rows(&mut values, (&x, width), Side::rows(&own, outputs), outputs, false);
        let result = Self::default().try_tensor_from_vec(values, (rows, outputs))?;
        let ghost = result.clone();
        tape.add_backward_op(move |gradients| {
            let slope = gradients.get_or_alloc_mut(&ghost)?.to_vec();
            weight_gradient(gradients.get_or_alloc_mut(&weight)?, &x, width, &slope, outputs);
            Ok(())
        });
        Ok(result.put_tape(tape))
    }

    fn layer(
        parts: Vec<(Var<Self>, Var<Self>)>,
        bias: Var<Self>,
        elu: bool,
    ) -> Result<Var<Self>, Self::Err> {
        let (bias, mut tape) = bias.split_tape();
        let (rows, outputs) = (parts[0].0.shape().0, bias.shape().1);
        let mut values = vec![0.0; rows * outputs];
        let mut all = Vec::with_capacity(parts.len());
        for (i, (x, weight)) in parts.into_iter().enumerate() {
            let ((x, first), (weight, second)) = (x.split_tape(), weight.split_tape());
            let (numbers, own) = (x.as_vec(), Copied::of(&weight));
            let width = weight.shape().0;
            let right = Side::rows(&own, outputs);
            blocks_of_rows(&mut values, (&numbers, width), right, outputs, i > 0);
            tape = tape.merge(first).merge(second);
            all.push((x, numbers, weight, own));
        }
        let values = finished(values, &Copied::of(&bias), elu);
        recorded(Finished { values, tape }, (rows, outputs), bias, elu, move |slope, gradients| {
            for (x, numbers, weight, own) in &all {
                let width = weight.shape().0;
                weight_gradient(
                    gradients.get_or_alloc_mut(weight)?,
                    numbers,
                    width,
                    slope,
                    outputs,
                );
                let turned = Side::turned(own, outputs);
                let gradient = gradients.get_or_alloc_mut(x)?;
                blocks_of_rows(gradient, (slope, outputs), turned, width, true);
            }
            Ok(())
        })
    }

    fn input_layer(
        blocks: &[Matrix<Self>],
        weight: Var<Self>,
        bias: Var<Self>,
        elu: bool,
    ) -> Result<Var<Self>, Self::Err> {
        let (width, outputs) = *weight.shape();
        let ((weight, tape), (bias, other)) = (weight.split_tape(), bias.split_tape());
        let (own, data): (_, Vec<_>) =
            (Copied::of(&weight), blocks.iter().map(Copied::of).collect());
        let rows = blocks.iter().map(|block| block.shape().0).sum::<usize>();
        let mut values = vec![0.0; rows * outputs];
        let mut rest = values.as_mut_slice();
        for x in &data {
            let (now, later) = rest.split_at_mut(x.len() / width * outputs);
            blocks_of_rows(now, (x, width), Side::rows(&own, outputs), outputs, false);
            rest = later;
        }
        let values = finished(values, &Copied::of(&bias), elu);
        let finished = Finished { values, tape: tape.merge(other) };
        recorded(finished, (rows, outputs), bias, elu, move |slope, gradients| {
            let gradient = gradients.get_or_alloc_mut(&weight)?;
            let mut rest = slope;
            for x in &data {
                let (now, later) = rest.split_at(x.len() / width * outputs);
                weight_gradient(gradient, x, width, now, outputs);
                rest = later;
            }
            Ok(())
        })
    }

    fn constant_instrument(
        features: &[Var<Self>],
        weights: [&Matrix<Self>; 3],
        distance_weight: f32,
    ) -> Result<Option<Matrix<Self>>, Self::Err> {
        let (rows, width) = *features[0].shape();
        let outputs = weights[2].shape().1;
        let features: Vec<Vec<f32>> = features.iter().map(|h| h.as_vec()).collect();
        let [query, key, value] = weights.map(Copied::of);
        let scale = 1.0 / (width as f32).sqrt() + 2.0 * distance_weight;
        let mut v = vec![0.0; rows * outputs];
        let count = block_rows(rows);
        v.par_chunks_mut(count * outputs).enumerate().for_each(|(block, v)| {
            let rows = v.len() / outputs;
            let numbers = block * count * width..(block * count + rows) * width;
            let h: Vec<&[f32]> = features.iter().map(|h| &h[numbers.clone()]).collect();
            let project = |weight: &[f32]| -> Vec<Vec<f32>> {
                let one = |h: &&[f32]| {
                    let mut out = vec![0.0; rows * width];
                    let sides = (Side::rows(h, width), Side::rows(weight, width));
                    product(&mut out, (rows, width, width), sides.0, sides.1, false);
                    out
                };
                h.iter().map(one).collect()
            };
            let mut mixed = vec![0.0; rows * width];
            mix(
                &mut mixed,
                [&project(&query), &project(&key)],
                &h,
                width,
                [scale, distance_weight],
            );
            let sides = (Side::rows(&mixed, width), Side::rows(&value, outputs));
            product(v, (rows, width, outputs), sides.0, sides.1, false);
        });
        Self::default().try_tensor_from_vec(v, (rows, outputs)).map(Some)
    }

    fn divergence(z: Var<Self>, q: Var<Self>) -> Result<Rows<Self>, Self::Err> {
        let (rows, width) = *z.shape();
        let ((z, tape), (q, other)) = (z.split_tape(), q.split_tape());
        let (mut slope_z, mut slope_q) = (z.as_vec(), q.as_vec());
        let mut values = vec![0.0; rows];
        let count = block_rows(rows);
        values
            .par_chunks_mut(count)
            .zip(slope_z.par_chunks_mut(count * width).zip(slope_q.par_chunks_mut(count * width)))
            .for_each(|(values, (z, q))| diverge(values, z, q, width));
        let result: Tensor<(usize,), f32, Self, NoneTape> =
            Self::default().try_tensor_from_vec(values, (rows,))?;
        let ghost = result.clone();
        let mut tape = tape.merge(other);
        tape.add_backward_op(move |gradients| {
            let slope = gradients.get_or_alloc_mut(&ghost)?.to_vec();
            for (x, own) in [(&z, &slope_z), (&q, &slope_q)] {
                let gradient = gradients.get_or_alloc_mut(x)?;
                scale_and_add(gradient, own, &slope, width);
            }
            Ok(())
        });
        Ok(result.put_tape(tape))
    }
}

/// `sum_j (mean_i a_ij) h_j` of every row, `a_ij` the softmax over j of `scale <Q_i, K_j> - weight
/// |K_j|^2`.
#[multiversion(targets("x86_64+avx2"))]
fn mix(
    mixed: &mut [f32],
    [queries, keys]: [&[Vec<f32>]; 2],
    features: &[&[f32]],
    width: usize,
    [scale, weight]: [f32; 2],
) {
    let count = features.len();
    let mut room = vec![0.0; 4 * count];
    let (penalties, rest) = room.split_at_mut(count);
    let (scores, rest) = rest.split_at_mut(count);
    let (log, attention) = rest.split_at_mut(count);
    for (row, mixed) in mixed.chunks_exact_mut(width).enumerate() {
        let own = row * width..(row + 1) * width;
        let mut shares = vec![0.0; count];
        for j in 0..count {
            penalties[j] = weight * dot(&keys[j][own.clone()], &keys[j][own.clone()]);
        }
        for queries in queries {
            for j in 0..count {
                scores[j] =
                    scale * dot(&queries[own.clone()], &keys[j][own.clone()]) - penalties[j];
            }
            softmax(scores, log, attention);
            add_scaled(&mut shares, 1.0 / count as f32, attention);
        }
        for (h, share) in features.iter().zip(&shares) {
            add_scaled(mixed, *share, &h[own.clone()]);
        }
    }
}

/// The divergence of every row of `z` from that of `q`, which become its slopes: with p the softmax
/// of z and r that of q, `d KL / dz = p (log p - log r - KL)` and `d KL / dq = r - p`.
#[multiversion(targets("x86_64+avx2"))]
fn diverge(values: &mut [f32], z: &mut [f32], q: &mut [f32], width: usize) {
    let mut room = vec![0.0; 4 * width];
    let (logs, probabilities) = room.split_at_mut(2 * width);
    let (log_p, log_r) = logs.split_at_mut(width);
    let (p, r) = probabilities.split_at_mut(width);
    let rows = z.chunks_exact_mut(width).zip(q.chunks_exact_mut(width));
    for (value, (z, q)) in values.iter_mut().zip(rows) {
        softmax(z, log_p, p);
        softmax(q, log_r, r);
        *value = sum(width, |i| p[i] * (log_p[i] - log_r[i]));
        for i in 0..width {
            z[i] = p[i] * (log_p[i] - log_r[i] - *value);
            q[i] = r[i] - p[i];
        }
    }
}

/// Adds `values` to `total`, every row times its factor.
#[multiversion(targets("x86_64+avx2"))]
fn scale_and_add(total: &mut [f32], values: &[f32], factors: &[f32], width: usize) {
    let rows = total.chunks_exact_mut(width).zip(values.chunks_exact(width));
    for ((total, values), factor) in rows.zip(factors) {
        for (total, value) in total.iter_mut().zip(values) {
            *total += factor * value;
        }
    }
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::SumTo;

    use super::super::composed;
    use super::*;
    use crate::learn::ops::upload;
    use crate::learn::tape::backward;

    fn numbers(shape: (usize, usize), step: usize) -> Matrix<Cpu> {
        let count = shape.0 * shape.1;
        let values = (0..count).map(|i| ((i * step) % 13) as f32 / 5.0 - 1.2).collect();
        upload(&Cpu::default(), shape, values).unwrap()
    }

    fn close(found: &[f32], expected: &[f32]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() <= 2e-5 * expected.abs().max(1.0),
                "{found} {expected}"
            );
        }
    }

    /// Whether two ways of computing agree in the result and in the gradients of all `leaves`.
    fn agree(
        leaves: &[Matrix<Cpu>],
        ours: impl Fn(&[Var<Cpu>]) -> Var<Cpu>,
        theirs: impl Fn(&[Var<Cpu>]) -> Var<Cpu>,
    ) {
        let run = |way: &dyn Fn(&[Var<Cpu>]) -> Var<Cpu>| {
            let tape = SharedTape::recording();
            let vars: Vec<_> =
                leaves.iter().map(|leaf| leaf.clone().put_tape(tape.clone())).collect();
            let result = way(&vars);
            let values = result.as_vec();
            // A square, so that every number has a slope of its own.
            let loss = result.try_square().unwrap().try_sum::<(), _>().unwrap();
            let mut gradients = backward(loss).unwrap();
            let slopes: Vec<Vec<f32>> = leaves
                .iter()
                .map(|leaf| gradients.get_or_alloc_mut(leaf).unwrap().to_vec())
                .collect();
            (values, slopes)
        };
        let (found, expected) = (run(&ours), run(&theirs));
        close(&found.0, &expected.0);
        for (found, expected) in found.1.iter().zip(&expected.1) {
            close(found, expected);
        }
        assert!(found.1.iter().flatten().any(|slope| *slope != 0.0));
    }

    #[test]
    fn a_layer_is_what_dfdx_composes() {
        // More rows than a block has, and more inputs than a part of a weight.
        for (rows, width, outputs) in [(3, 4, 2), (70, 300, 5)] {
            let leaves = [
                numbers((rows, width), 7),
                numbers((width, outputs), 5),
                numbers((rows, 3), 11),
                numbers((3, outputs), 9),
                numbers((1, outputs), 3),
            ];
            for elu in [false, true] {
                let parts = |v: &[Var<Cpu>]| {
                    vec![(v[0].clone(), v[1].clone()), (v[2].clone(), v[3].clone())]
                };
                agree(
                    &leaves,
                    |v| Cpu::layer(parts(v), v[4].clone(), elu).unwrap(),
                    |v| composed::layer(parts(v), v[4].clone(), elu).unwrap(),
                );
                let data = [numbers((rows, width), 4), numbers((rows, width), 6)];
                let leaves = [leaves[1].clone(), leaves[4].clone()];
                agree(
                    &leaves,
                    |v| Cpu::input_layer(&data, v[0].clone(), v[1].clone(), elu).unwrap(),
                    |v| composed::input_layer(&data, v[0].clone(), v[1].clone(), elu).unwrap(),
                );
            }
        }
    }

    #[test]
    fn a_divergence_is_what_dfdx_composes() {
        let leaves = [numbers((37, 21), 7), numbers((37, 21), 5)];
        let column = |rows: Rows<Cpu>| {
            use dfdx::prelude::ReshapeTo as _;
            rows.try_reshape_like(&(37, 1)).unwrap()
        };
        agree(
            &leaves,
            |v| column(Cpu::divergence(v[0].clone(), v[1].clone()).unwrap()),
            |v| column(composed::divergence(v[0].clone(), v[1].clone()).unwrap()),
        );
    }

    #[test]
    fn the_input_product_has_the_gradient_of_dfdx_and_adds_up() {
        let (input, weight) = (numbers((40, 300), 7), numbers((300, 3), 5));
        agree(
            &[weight],
            |v| {
                use dfdx::prelude::TryAdd as _;
                let once = || Cpu::input_product(&input, v[0].clone()).unwrap();
                once().try_add(once()).unwrap()
            },
            |v| {
                use dfdx::prelude::{TryAdd as _, TryMatMul as _};
                let once = || {
                    let data = input.clone().put_tape(SharedTape::off());
                    data.try_matmul(v[0].clone()).unwrap()
                };
                once().try_add(once()).unwrap()
            },
        );
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        let leaves = [numbers((300, 70), 7), numbers((70, 9), 5), numbers((1, 9), 3)];
        let bits = [1, 2, 4].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut values: [Vec<f32>; 3] = std::array::from_fn(|i| leaves[i].as_vec());
            pool.install(|| {
                let [x, weight, bias] = &mut values;
                let mut out = vec![0.0; 300 * 9];
                blocks_of_rows(&mut out, (x, 70), Side::rows(weight, 9), 9, false);
                let out = finished(out, bias, true);
                weight_gradient(weight, x, 70, &out, 9);
                (out.to_vec(), weight.clone())
            })
        });
        assert!(bits.iter().all(|found| *found == bits[0]));
    }
}
