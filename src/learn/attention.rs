//! Self-attention over the tokens of a sequence, with keys that aren't there left out.

use dfdx::prelude::{
    Axes3, Axis, HasShape, PermuteTo, PutTape, ReshapeTo, SumTo, TryAdd, TryMatMul, TryMul,
};

use super::dense::Dense;
use super::device::LearnDevice;
use super::ops::{add_all, add_bias, scale_rows};
use super::parameter::{Parameter, Start};
use super::tape::{Cube, SharedTape, Var};

/// Heads of an attention.
const HEADS: usize = 4;

/// Scores are held between minus and plus this, far beyond where a softmax has anything left to
/// decide, so that their exponentials neither overflow nor all vanish.
const STEEPEST: f32 = 60.0;

/// What the score of an absent key is lowered by: `exp(-1e4)` is exactly zero.
const ABSENT: f32 = 1e4;

/// Which keys of every specimen are there.
pub struct Keys<D: LearnDevice> {
    /// Tokens of a sequence.
    pub length: usize,
    /// What is added to the scores, for as many queries as tokens and for one: rows x queries x
    /// length; none where all keys are there.
    lowered: Option<[Cube<D>; 2]>,
}

impl<D: LearnDevice> Keys<D> {
    /// Keys of which `marks`, rows x length, has 1 for those that are there and 0 for the others.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn of(device: &D, length: usize, marks: &[f32]) -> Result<Self, D::Err> {
        if marks.iter().all(|&mark| mark == 1.0) {
            return Ok(Self { length, lowered: None });
        }
        let rows = marks.len() / length;
        let cube = |queries: usize| {
            let row = |marks: &[f32]| marks.iter().map(|m| ABSENT * (m - 1.0)).collect::<Vec<_>>();
            let values = marks.chunks_exact(length).flat_map(|marks| row(marks).repeat(queries));
            let values: Vec<f32> = values.collect();
            let cube = device.try_tensor_from_vec(values, (rows, queries, length))?;
            Ok::<_, D::Err>(cube.put_tape(SharedTape::off()))
        };
        Ok(Self { length, lowered: Some([cube(length)?, cube(1)?]) })
    }

    fn lowered(&self, queries: usize) -> Option<&Cube<D>> {
        self.lowered.as_ref().map(|[all, one]| if queries == 1 { one } else { all })
    }
}

/// `sum_h softmax(Q_h K_h^T / sqrt(d_h)) V_h O_h + o` with four heads, each with projections of its
/// own: what one projection cut in four would give, without the cutting.
pub struct Attention<D: LearnDevice> {
    heads: Vec<Head<D>>,
    bias: Parameter<D>,
}

/// One head: query, key and value, and its part of the projection of the output.
struct Head<D: LearnDevice> {
    inner: [Dense<D>; 3],
    output: Parameter<D>,
    width: usize,
}

impl<D: LearnDevice> Attention<D> {
    /// An attention over tokens of `width` numbers, named `name`.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn new(start: &Start<D>, name: &str, width: usize) -> Result<Self, D::Err> {
        let own = width.div_ceil(HEADS);
        let head = |i: usize| {
            let inner = |part: &str| Dense::new(start, &format!("{name}.{i}.{part}"), width, own);
            let output = format!("{name}.{i}.output.weight");
            Ok::<_, D::Err>(Head {
                inner: [inner("query")?, inner("key")?, inner("value")?],
                output: start.weight(output, (own, width), HEADS * own)?,
                width: own,
            })
        };
        let heads = (0..HEADS).map(head).collect::<Result<_, _>>()?;
        Ok(Self { heads, bias: start.bias(format!("{name}.output.bias"), width, width)? })
    }

    /// What every query, (rows queries) x width, reads from the tokens, (rows length) x width. There
    /// is one query to a sequence, or one to a token.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn forward(
        &self,
        queries: &Var<D>,
        tokens: &Var<D>,
        keys: &Keys<D>,
        tape: &SharedTape<D>,
    ) -> Result<Var<D>, D::Err> {
        let read = |head: &Head<D>| head.read(queries, tokens, keys, tape);
        let read = self.heads.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        match add_all(read)? {
            Some(sum) => add_bias(sum, self.bias.on(tape)),
            None => Ok(queries.clone()),
        }
    }

    /// All parameters, in a fixed order.
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter<D>> {
        let heads = self
            .heads
            .iter()
            .flat_map(|head| head.inner.iter().flat_map(Dense::parameters).chain([&head.output]));
        heads.chain([&self.bias])
    }

    /// All parameters, to be changed, in the same order.
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = &mut Parameter<D>> {
        let heads = self.heads.iter_mut().flat_map(|head| {
            head.inner.iter_mut().flat_map(Dense::parameters_mut).chain([&mut head.output])
        });
        heads.chain([&mut self.bias])
    }
}

impl<D: LearnDevice> Head<D> {
    fn read(
        &self,
        queries: &Var<D>,
        tokens: &Var<D>,
        keys: &Keys<D>,
        tape: &SharedTape<D>,
    ) -> Result<Var<D>, D::Err> {
        let rows = tokens.shape().0 / keys.length;
        let asked = queries.shape().0 / rows;
        let [query, key, value] = &self.inner;
        let cube = |x: Var<D>, length: usize| x.try_reshape_like(&(rows, length, self.width));
        let scale = 1.0 / (self.width as f32).sqrt();
        let q = cube(query.forward(queries.clone(), tape)?.try_mul(scale)?, asked)?;
        let k = cube(key.forward(tokens.clone(), tape)?, keys.length)?;
        let v = cube(value.forward(tokens.clone(), tape)?, keys.length)?;
        let mut scores =
            q.try_matmul(k.try_permute::<_, Axes3<0, 2, 1>>()?)?.try_clamp(-STEEPEST, STEEPEST)?;
        if let Some(lowered) = keys.lowered(asked) {
            scores = scores.try_add(lowered.clone())?;
        }
        // The softmax is divided out of what was read, which is smaller than the scores.
        let shares = scores.try_exp()?;
        let all = (rows * asked,);
        let sums = shares.clone().try_sum::<(usize, usize), Axis<2>>()?.try_reshape_like(&all)?;
        let read = shares.try_matmul(v)?.try_reshape_like(&(rows * asked, self.width))?;
        scale_rows(read, sums.try_recip()?)?.try_matmul(self.output.on(tape))
    }
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{Cpu, SumTo};
    use rand::RngExt;

    use super::*;
    use crate::causal::noise::{StreamId, stream};
    use crate::learn::ops::upload;
    use crate::learn::parameter::NamedParameter;
    use crate::learn::tape::backward;

    const WIDTH: usize = 8;
    const LENGTH: usize = 3;
    /// Of two sequences, the second of which lacks its last token.
    const MARKS: [f32; 6] = [1.0, 1.0, 1.0, 1.0, 1.0, 0.0];

    fn tokens() -> Vec<f32> {
        let mut noise = stream(8, 0, StreamId::of("attention"));
        (0..2 * LENGTH * WIDTH).map(|_| 4.0 * noise.random::<f32>() - 2.0).collect()
    }

    fn read(attention: &Attention<Cpu>, tokens: &[f32], tape: &SharedTape<Cpu>) -> Var<Cpu> {
        let device = Cpu::default();
        let x = upload(&device, (2 * LENGTH, WIDTH), tokens.to_vec()).unwrap();
        let x = x.put_tape(SharedTape::off());
        let keys = Keys::of(&device, LENGTH, &MARKS).unwrap();
        attention.forward(&x, &x, &keys, tape).unwrap()
    }

    /// Row `row` of `x W + b`.
    fn layer(x: &[f32], row: usize, weight: &NamedParameter, bias: &[f32]) -> Vec<f64> {
        let [inputs, outputs] = [weight.shape[0], weight.shape[1]];
        let term = |i: usize, k: usize| {
            f64::from(x[row * inputs + i]) * f64::from(weight.values[i * outputs + k])
        };
        (0..outputs)
            .map(|k| f64::from(bias[k]) + (0..inputs).map(|i| term(i, k)).sum::<f64>())
            .collect()
    }

    #[test]
    fn it_is_the_attention_of_the_definition() {
        let start = Start { device: Cpu::default(), seed: 6 };
        let attention = Attention::<Cpu>::new(&start, "a", WIDTH).unwrap();
        let found = read(&attention, &tokens(), &SharedTape::off()).as_vec();
        let all: Vec<NamedParameter> = attention.parameters().map(Parameter::named).collect();
        let x = tokens();
        for row in 0..2 * LENGTH {
            let bias = &all[4 * 7].values;
            let mut expected: Vec<f64> = bias.iter().map(|&b| b.into()).collect();
            for head in all[..4 * 7].chunks(7) {
                let part = |row, i: usize| layer(&x, row, &head[2 * i], &head[2 * i + 1].values);
                let query = part(row, 0);
                let others =
                    (0..2 * LENGTH).filter(|j| j / LENGTH == row / LENGTH && MARKS[*j] > 0.0);
                let score = |j: usize| -> f64 {
                    let dot: f64 = query.iter().zip(part(j, 1)).map(|(q, k)| q * k).sum();
                    (dot / 2.0_f64.sqrt()).exp()
                };
                let sum: f64 = others.clone().map(score).sum();
                for j in others {
                    for (k, value) in part(j, 2).iter().enumerate() {
                        for (out, expected) in expected.iter_mut().enumerate() {
                            let weight = f64::from(head[6].values[k * WIDTH + out]);
                            *expected += score(j) / sum * value * weight;
                        }
                    }
                }
            }
            for (found, expected) in found[row * WIDTH..].iter().zip(&expected) {
                assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} {expected}");
            }
        }
    }

    #[test]
    fn every_parameter_has_the_gradient_of_finite_differences() {
        let start = Start { device: Cpu::default(), seed: 6 };
        let mut attention = Attention::<Cpu>::new(&start, "a", WIDTH).unwrap();
        let loss = |attention: &Attention<Cpu>, tape: &SharedTape<Cpu>| {
            read(attention, &tokens(), tape).try_square().unwrap().try_sum::<(), _>().unwrap()
        };
        let mut gradients = backward(loss(&attention, &SharedTape::recording())).unwrap();
        let slopes: Vec<Vec<f32>> =
            attention.parameters().map(|p| p.gradient(&mut gradients).unwrap()).collect();
        for (i, slope) in slopes.iter().enumerate() {
            let start = attention.parameters().nth(i).unwrap().named();
            let length = slope.iter().map(|s| s * s).sum::<f32>().sqrt();
            if start.name.ends_with("key.bias") {
                // It moves all scores of a query alike, and so none.
                assert!(length < 1e-4);
                continue;
            }
            assert!(length > 0.05, "{} {length}", start.name);
            let mut at = |distance: f32| {
                let along = |(v, s): (&f32, &f32)| v + distance * s / length;
                let moved: Vec<f32> = start.values.iter().zip(slope).map(along).collect();
                attention.parameters_mut().nth(i).unwrap().assign(&moved);
                loss(&attention, &SharedTape::off()).as_vec()[0]
            };
            let found = (at(1e-2) - at(-1e-2)) / 2e-2;
            at(0.0);
            assert!(
                (found - length).abs() < 0.02 * length + 2e-3,
                "{} {found} {length}",
                start.name
            );
        }
    }
}
