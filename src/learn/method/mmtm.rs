//! MMTM: every modality's channels gated by what all modalities see (Vaezi Joze et al., CVPR 2020).

use dfdx::prelude::{Axis, BroadcastTo, HasShape, ReshapeTo, TryMul};

use super::super::InputSpec;
use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::encoder::Encoding;
use super::super::features::Features;
use super::super::ops::side_by_side;
use super::super::parameter::{Parameter, Start};
use super::super::sequence::Tokens;
use super::super::tape::{Scalar, SharedTape, Var};
use super::late::{averaged, branch_losses};
use super::{Joint, Method, Task};
use crate::scene::training::Training;

/// By what the joint squeeze is narrower than twice the channels of all modalities.
const RATIO: usize = 4;

/// Tokens `F_m` of every modality, gated at two levels with a layer between:
///
/// `s_m = mean F_m` over its tokens, `z = relu(S [s_1; ...; s_M] + s)` of width 2 M d / 4,
/// `F_m <- sigmoid(E_m z + e_m) F_m`, the gate being of channels and the same for all tokens. Then
/// `f_m = mean F_m`, and as in late fusion `l = (1/M) sum_m (f_m W_m + b_m)` with `CE(l) + sum_m
/// CE(l_m)`; for C3R `Z = [f_1; ...; f_M]`.
///
/// `s_m` is zero for a modality that a specimen lacks, which then has no gate and no say. `h_m` is
/// the mean of the tokens before any gate.
///
/// The gate is a sigmoid as in both repositories, not twice that, as we remember the paper: with
/// weights of zero a level halves what it gates.
///
/// Deviations: 3 by 3 patches and words for the maps of a ResNet, gates after each of its two layers
/// for those after the last three stages. Source: haamoon/mmtm, `mmtm.py`; the losses are those of
/// QingyangZhang/QMF, `MMTM.py`.
pub struct Mmtm<D: LearnDevice> {
    gates: [Gate<D>; 2],
    layers: Vec<Dense<D>>,
    heads: Vec<Dense<D>>,
    features: usize,
}

/// One level of gates.
struct Gate<D: LearnDevice> {
    squeeze: Dense<D>,
    excitations: Vec<Dense<D>>,
}

impl<D: LearnDevice> Gate<D> {
    fn new(
        start: &Start<D>,
        name: &str,
        inputs: &[InputSpec],
        features: usize,
    ) -> Result<Self, D::Err> {
        let channels = inputs.len() * features;
        let width = (2 * channels / RATIO).max(1);
        let excite = format!("{name}.excite");
        Ok(Self {
            squeeze: Dense::new(start, &format!("{name}.squeeze"), channels, width)?,
            excitations: Dense::per_modality(start, &excite, inputs, width, features)?,
        })
    }

    /// The tokens of all modalities, every channel by its gate.
    fn apply(
        &self,
        tokens: Vec<Tokens<D>>,
        features: &Features<D>,
        tape: &SharedTape<D>,
    ) -> Result<Vec<Tokens<D>>, D::Err> {
        let device = features.device();
        let squeezed = tokens.iter().map(|t| t.mean(device)).collect::<Result<_, _>>()?;
        let squeezed = side_by_side(features.masked(squeezed)?)?;
        let joint = self.squeeze.forward(squeezed, tape)?.try_relu()?;
        let gated = |(tokens, excitation): (Tokens<D>, &Dense<D>)| {
            let gate = excitation.forward(joint.clone(), tape)?.try_sigmoid()?;
            let (all, width) = *tokens.x.shape();
            let shape = (all / tokens.length, tokens.length, width);
            let x = tokens.x.try_reshape_like(&shape)?;
            let x = x.try_mul(gate.try_broadcast_like::<_, Axis<1>>(&shape)?)?;
            Ok(Tokens { x: x.try_reshape_like(&(all, width))?, ..tokens })
        };
        tokens.into_iter().zip(&self.excitations).map(gated).collect()
    }

    fn parameters(&self) -> impl Iterator<Item = &Parameter<D>> {
        [&self.squeeze].into_iter().chain(&self.excitations).flat_map(Dense::parameters)
    }

    fn parameters_mut(&mut self) -> impl Iterator<Item = &mut Parameter<D>> {
        let layers = [&mut self.squeeze].into_iter().chain(&mut self.excitations);
        layers.flat_map(Dense::parameters_mut)
    }
}

impl<D: LearnDevice> Method<D> for Mmtm<D> {
    fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err> {
        let features = training.features;
        let gate = |level| Gate::new(start, &format!("gate.{level}"), inputs, features);
        Ok(Self {
            gates: [gate(0)?, gate(1)?],
            layers: Dense::per_modality(start, "level", inputs, features, features)?,
            heads: Dense::per_modality(start, "head", inputs, features, classes)?,
            features,
        })
    }

    fn encoding(_: &InputSpec, _: &Training) -> Encoding {
        Encoding::Tokens
    }

    fn width(&self) -> usize {
        self.heads.len() * self.features
    }

    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        let [first, second] = &self.gates;
        let gated = first.apply(features.tokens.clone(), features, tape)?;
        let layer = |(tokens, layer): (Tokens<D>, &Dense<D>)| {
            Ok(Tokens { x: layer.curved(tokens.x, tape)?, ..tokens })
        };
        let deeper = gated.into_iter().zip(&self.layers).map(layer).collect::<Result<_, _>>()?;
        let gated = second.apply(deeper, features, tape)?;
        let pooled = gated.iter().map(|tokens| tokens.mean(features.device()));
        let pooled: Vec<Var<D>> = pooled.collect::<Result<_, _>>()?;
        averaged(&self.heads, pooled, features, tape)
    }

    fn auxiliary_loss(
        &self,
        joint: &Joint<D>,
        task: &Task<D>,
    ) -> Result<Option<Scalar<D>>, D::Err> {
        branch_losses(&joint.branches, task)
    }

    fn parameters(&self) -> Vec<&Parameter<D>> {
        let layers = self.layers.iter().chain(&self.heads).flat_map(Dense::parameters);
        self.gates.iter().flat_map(Gate::parameters).chain(layers).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        let layers = self.layers.iter_mut().chain(&mut self.heads).flat_map(Dense::parameters_mut);
        self.gates.iter_mut().flat_map(Gate::parameters_mut).chain(layers).collect()
    }
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{Cpu, PutTape};

    use super::*;
    use crate::learn::Batch;
    use crate::learn::hidden::Hidden;
    use crate::learn::ops::upload;

    const ROWS: usize = 3;

    /// Two modalities of one and of three tokens; those of the second are `scale` times what they
    /// are otherwise.
    fn features(scale: f32, hidden: &Hidden) -> Features<Cpu> {
        let device = Cpu::default();
        let tokens = [(1, 1.0), (3, scale)].map(|(length, scale)| {
            let values = (0..ROWS * length * 4).map(|i| scale * ((i * 7 % 5) as f32 - 2.0));
            let x = upload(&device, (ROWS * length, 4), values.collect()).unwrap();
            Tokens { x: x.put_tape(SharedTape::off()), length, marks: None }
        });
        let h = tokens.iter().map(|tokens| tokens.mean(&device).unwrap()).collect();
        let inputs = vec![Default::default(); 2];
        let batch = Batch { rows: ROWS, inputs, ..Batch::default() };
        Features::all(&device, h).made_of(tokens.to_vec()).shown(&[0, 1], &[&batch], hidden)
    }

    fn method() -> Mmtm<Cpu> {
        let inputs = ["a", "b"].map(|name| InputSpec::row(name, 1));
        let training = Training { features: 4, ..Training::default() };
        let start = Start { device: Cpu::default(), seed: 3 };
        Mmtm::<Cpu>::new(&start, &inputs, 2, &training).unwrap()
    }

    #[test]
    fn gates_without_weights_halve_every_channel() {
        let mut gate = method().gates.into_iter().next().unwrap();
        let all = features(1.0, &Hidden::default());
        let gated = |gate: &Gate<Cpu>| {
            let gated = gate.apply(all.tokens.clone(), &all, &SharedTape::off()).unwrap();
            gated.iter().flat_map(|tokens| tokens.x.as_vec()).collect::<Vec<f32>>()
        };
        let half: Vec<f32> =
            all.tokens.iter().flat_map(|t| t.x.as_vec()).map(|x| 0.5 * x).collect();
        assert_ne!(gated(&gate), half);
        for parameter in gate.parameters_mut() {
            let zeros = vec![0.0; parameter.named().values.len()];
            parameter.assign(&zeros);
        }
        assert_eq!(gated(&gate), half);
    }

    #[test]
    fn a_modality_gates_the_other_unless_it_is_missing() {
        let method = method();
        let z = |scale, hidden: Vec<bool>| {
            let features = features(scale, &Hidden::alike(hidden));
            let joint = method.join(&features, &SharedTape::off()).unwrap();
            let z = joint.heads[0].z.as_vec();
            z.chunks(8).flat_map(|row| row[..4].to_vec()).collect::<Vec<f32>>()
        };
        let both = vec![false; 2];
        assert_ne!(z(1.0, both.clone()), z(-2.0, both));
        assert_eq!(z(1.0, vec![false, true]), z(-2.0, vec![false, true]));
    }
}
