//! The step as one writes it first in dfdx: shapes known at compile time, one operation after
//! another, the counterfactual in the space of Z, gradients of everything.

use std::time::Instant;

use dfdx::nn::builders::{Linear, UnbiasedLinear};
use dfdx::optim::{Adam, AdamConfig, Optimizer as _};
use dfdx::prelude::*;

const CLASSES: usize = 4;
/// The name of dfdx's `tanh` is near enough to our ELU in cost: both are one pass.
type Encoder<const WIDTH: usize> = ((Linear<WIDTH, 64>, Tanh), Linear<64, 64>);
type Trunk =
    ((Linear<192, 64>, Tanh), (Linear<64, 32>, Tanh), (Linear<32, 128>, Tanh), Linear<128, 64>);
type Square = UnbiasedLinear<64, 64>;
type Net = (
    (Encoder<3072>, Encoder<1024>, Encoder<64>),
    Trunk,
    (Square, Square, Square),
    UnbiasedLinear<64, CLASSES>,
);

/// Seconds of every update of `B` specimens, `B3` being three times as many.
pub struct Plain<const B: usize, const B3: usize> {
    model: <Net as BuildOnDevice<Cpu, f32>>::Built,
    gradients: Option<Gradients<f32, Cpu>>,
    adam: Adam<<Net as BuildOnDevice<Cpu, f32>>::Built, f32, Cpu>,
    inputs: (
        Tensor<Rank2<B, 3072>, f32, Cpu>,
        Tensor<Rank2<B, 1024>, f32, Cpu>,
        Tensor<Rank2<B, 64>, f32, Cpu>,
    ),
    one_hot: Tensor<Rank2<B, CLASSES>, f32, Cpu>,
}

impl<const B: usize, const B3: usize> Plain<B, B3> {
    /// A model at some start, and random specimens.
    pub fn new() -> Self {
        let device = Cpu::default();
        let model = device.build_module::<Net, f32>();
        let mut labels = vec![0.0; B * CLASSES];
        for row in 0..B {
            labels[row * CLASSES + row % CLASSES] = 1.0;
        }
        Self {
            gradients: Some(model.alloc_grads()),
            adam: Adam::new(&model, AdamConfig { lr: 1e-3, ..Default::default() }),
            inputs: (device.sample_normal(), device.sample_normal(), device.sample_normal()),
            one_hot: device.tensor(labels),
            model,
        }
    }

    /// Makes one update and says how many seconds it took.
    pub fn update(&mut self) -> f64 {
        let start = Instant::now();
        let Some(gradients) = self.gradients.take() else { return 0.0 };
        let (encoders, trunk, (query, key, value), head) = &mut self.model;
        let image = encoders.0.forward_mut(self.inputs.0.trace(gradients));
        let audio = encoders.1.forward_mut(self.inputs.1.retaped::<OwnedTape<f32, _>>());
        let text = encoders.2.forward_mut(self.inputs.2.retaped::<OwnedTape<f32, _>>());
        let stacked: Tensor<Rank3<3, B, 64>, f32, _, _> = [image, audio, text].stack();
        let features: Tensor<Rank3<B, 3, 64>, f32, _, _> = stacked.permute();
        let joined: Tensor<Rank2<B, 192>, f32, _, _> = features.with_empty_tape().reshape();
        let z = trunk.forward_mut(joined);
        let flat: Tensor<Rank2<B3, 64>, f32, _, _> = features.reshape();
        let queries: Tensor<Rank3<B, 3, 64>, f32, _, _> =
            query.forward_mut(flat.with_empty_tape()).reshape();
        let keys: Tensor<Rank3<B, 3, 64>, f32, _, _> =
            key.forward_mut(flat.with_empty_tape()).reshape();
        let values: Tensor<Rank3<B, 3, 64>, f32, _, _> = value.forward_mut(flat).reshape();
        let keys: Tensor<Rank3<B, 64, 3>, f32, _, _> = keys.permute();
        let attention = (queries.matmul(keys) * 0.125).softmax::<Axis<2>>();
        let mixed: Tensor<Rank3<B, 3, 64>, f32, _, _> = attention.matmul(values);
        let instrument: Tensor<Rank2<B, 64>, f32, _, _> = mixed.mean();
        let logits = head.forward_mut(z.with_empty_tape());
        let p = logits.with_empty_tape().softmax::<Axis<1>>();
        let share = 1.0 / B as f32;
        let chosen = logits.log_softmax::<Axis<1>>() * self.one_hot.clone();
        let sufficiency = chosen.sum::<Rank0, _>() * -share;
        let step = (p - self.one_hot.clone()).matmul(head.weight.clone());
        let z_bar = z.with_empty_tape() + step;
        let hypothetical = head.forward_mut(z_bar.with_empty_tape()).softmax::<Axis<1>>();
        let kept = (hypothetical * self.one_hot.clone()).sum::<Rank1<B>, _>();
        let necessity = (kept * -0.999 + 1.0).ln().mean::<Rank0, _>() * -1.0;
        let log_z = z.log_softmax::<Axis<1>>();
        let towards_v = log_z.with_empty_tape() - instrument.log_softmax::<Axis<1>>();
        let l_v = (log_z.with_empty_tape().exp() * towards_v).sum::<Rank0, _>() * share;
        let towards_z_bar = log_z.with_empty_tape() - z_bar.log_softmax::<Axis<1>>();
        let l_fe = (log_z.exp() * towards_z_bar).sum::<Rank0, _>() * share;
        let loss = sufficiency + necessity * 0.5 + l_v * 0.1 + l_fe * 0.1;
        let mut gradients = loss.backward();
        // Nothing can go wrong here but a parameter that has no gradient, and all have one.
        let _ = self.adam.update(&mut self.model, &gradients);
        self.model.zero_grads(&mut gradients);
        self.gradients = Some(gradients);
        start.elapsed().as_secs_f64()
    }
}
