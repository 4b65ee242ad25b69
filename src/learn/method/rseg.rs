//! RSeg: content gated and fused, each modality's style kept apart from it (RobustSeg; Chen et al.,
//! MICCAI 2019).

use dfdx::prelude::{Axis, BroadcastTo, HasShape, ReshapeTo, SumTo, TryAdd, TryMul, TrySub};

use super::super::InputSpec;
use super::super::decoder::{Decoder, Gap};
use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::encoder::Encoding;
use super::super::features::Features;
use super::super::ops::{add_all, elu, scale_rows, side_by_side, sum_rows};
use super::super::parameter::{Parameter, Start};
use super::super::sequence::Tokens;
use super::super::tape::{Cube, Rows, Scalar, SharedTape, Var};
use super::{Joint, Method, Showing, Task};
use crate::scene::training::Training;

/// Places of a map of content.
const PLACES: usize = 4;

/// Numbers of a style.
const STYLE: usize = 8;

/// Weight of the reconstructions, and of the styles' divergence.
const RECONSTRUCTION: f32 = 0.1;
const DIVERGENCE: f32 = 0.1;

/// What keeps logarithms and divisions away from zero.
const LEAST: f32 = 1e-4;

/// From a first layer `e_m` of every modality its content, `c_m = elu(e_m C_m + c_m)`, a map of four
/// places, and its style `s_m = e_m S_m + s_m`, eight numbers. Of what a specimen is shown,
///
/// `a = sigmoid(G [mean c_1; ...; mean c_M] + g)`, a number for each modality,
/// `F = elu([a_1 c_1; ...; a_M c_M] U + u)` place by place, `Z = mean F` over its places, the head
/// `Z W + b`, and
///
/// `CE + 0.1 sum_m |x_m - D_m(elu(gamma_m N(F) + beta_m))| + 0.1 sum_m KL(N(gamma_m, beta_m^2) || N(0,
/// 1))`
///
/// with `gamma_m` and `beta_m` from the style by two layers, N the normalisation of every channel over
/// its places (AdaIN), and a text reconstructed as a bag of words, by its cross-entropy. Gaps and
/// divergences are means over elements. `h_m` is the mean of `c_m`.
///
/// What isn't shown, or is missing, has no content. Styles and reconstructions are of all that a
/// specimen has, shown or not, as in the authors' code. While it learns, every combination of
/// modalities is shown with the same chance, the same in all of a batch.
///
/// Deviations: maps that dense layers lay out, since pictures, sounds and sentences share no places,
/// at one scale in place of four; one step of AdaIN for four residual blocks; cross-entropy for the
/// weighted cross-entropy and Dice of voxels; no decay of weights. The style of a text says little: a
/// bag of words has hardly any.
/// Source: cchen-cc/Robust-Mseg, `model.py`, `losses.py`, `modalitydrop_generator.py`.
pub struct Rseg<D: LearnDevice> {
    contents: Vec<Dense<D>>,
    styles: Vec<Dense<D>>,
    gates: Vec<Dense<D>>,
    fusion: Dense<D>,
    head: Dense<D>,
    looks: Vec<Look<D>>,
    features: usize,
}

/// What a modality is reconstructed by.
struct Look<D: LearnDevice> {
    hidden: Dense<D>,
    gamma: Dense<D>,
    beta: Dense<D>,
    decoder: Decoder<D>,
}

impl<D: LearnDevice> Look<D> {
    fn new(start: &Start<D>, input: &InputSpec, features: usize) -> Result<Self, D::Err> {
        let layer = |part: &str, from| {
            Dense::new(start, &format!("look.{}.{part}", input.name), from, features)
        };
        Ok(Self {
            hidden: layer("hidden", STYLE)?,
            gamma: layer("gamma", features)?,
            beta: layer("beta", features)?,
            decoder: Decoder::new(start, input, PLACES * features)?,
        })
    }

    fn layers(&self) -> [&Dense<D>; 3] {
        [&self.hidden, &self.gamma, &self.beta]
    }

    fn parameters(&self) -> impl Iterator<Item = &Parameter<D>> {
        self.layers().into_iter().flat_map(Dense::parameters).chain(self.decoder.parameters())
    }

    fn parameters_mut(&mut self) -> impl Iterator<Item = &mut Parameter<D>> {
        let layers = [&mut self.hidden, &mut self.gamma, &mut self.beta].into_iter();
        layers.flat_map(Dense::parameters_mut).chain(self.decoder.parameters_mut())
    }
}

impl<D: LearnDevice> Method<D> for Rseg<D> {
    const RECONSTRUCTS: bool = true;

    fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err> {
        let (features, all) = (training.features, inputs.len() * training.features);
        let per = |name, to| Dense::per_modality(start, name, inputs, features, to);
        let look = |input| Look::new(start, input, features);
        Ok(Self {
            contents: per("content", PLACES * features)?,
            styles: per("style", STYLE)?,
            gates: Dense::per_modality(start, "gate", inputs, all, 1)?,
            fusion: Dense::new(start, "fusion", all, features)?,
            head: Dense::new(start, "head", features, classes)?,
            looks: inputs.iter().map(look).collect::<Result<_, _>>()?,
            features,
        })
    }

    fn encoding(_: &InputSpec, _: &Training) -> Encoding {
        Encoding::Stem
    }

    fn showing(_: f32) -> Showing {
        Showing::AnySubset
    }

    fn width(&self) -> usize {
        self.features
    }

    fn refine(&self, features: Features<D>, tape: &SharedTape<D>) -> Result<Features<D>, D::Err> {
        let styles = Dense::forward_each(&self.styles, &features.h, tape)?;
        let (mut h, mut contents) = (Vec::new(), Vec::new());
        for content in Dense::forward_each(&self.contents, &features.h, tape)? {
            let shape = (features.rows() * PLACES, self.features);
            let x = elu(content)?.try_reshape_like(&shape)?;
            let content = Tokens { x, length: PLACES, marks: None };
            h.push(content.mean(features.device())?);
            contents.push(content);
        }
        let mut features = features.refined(h).made_of(contents);
        features.beside = styles;
        Ok(features)
    }

    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        let squeezed = side_by_side(features.masked(features.h.clone())?)?;
        let mut contents = Vec::new();
        for (modality, content) in features.tokens.iter().enumerate() {
            let gate = self.gates[modality].forward(squeezed.clone(), tape)?.try_sigmoid()?;
            let gate = gate.try_reshape_like(&(features.rows(),))?;
            let gate = match features.marks(modality) {
                None => gate,
                Some(marks) => gate.try_mul(features.constant(marks.to_vec())?)?,
            };
            contents.push(scale_rows(content.x.clone(), at_all_places(gate)?)?);
        }
        let fused = self.fusion.curved(side_by_side(contents)?, tape)?;
        let fused = Tokens { x: fused, length: PLACES, marks: None };
        let joint = Joint::through(&self.head, fused.mean(features.device())?, tape)?;
        Ok(joint.with_branches(vec![fused.x]))
    }

    fn auxiliary_loss(
        &self,
        joint: &Joint<D>,
        task: &Task<D>,
    ) -> Result<Option<Scalar<D>>, D::Err> {
        let [fused] = joint.branches.as_slice() else { return Ok(None) };
        let (features, tape) = (task.features, task.tape);
        let shape = (features.rows(), PLACES, self.features);
        let fused = normalised_places(fused.clone().try_reshape_like(&shape)?)?;
        let mut losses = Vec::new();
        for (modality, look) in self.looks.iter().enumerate() {
            let style = features.beside[modality].clone();
            let hidden = look.hidden.curved(style, tape)?;
            let gamma = look.gamma.forward(hidden.clone(), tape)?;
            let beta = look.beta.forward(hidden, tape)?;
            let weights = task.weights_of_having(modality);

            let scale = gamma.clone().try_broadcast_like::<_, Axis<1>>(&shape)?;
            let shift = beta.clone().try_broadcast_like::<_, Axis<1>>(&shape)?;
            let dressed = fused.clone().try_mul(scale)?.try_add(shift)?;
            let dressed = dressed.try_reshape_like(&(shape.0, PLACES * self.features))?;
            let original = &features.originals[modality];
            let place = (features, tape);
            let gap = Gap::Absolute;
            let gap = look.decoder.loss(elu(dressed)?, original, gap, weights.clone(), place)?;
            losses.push(gap.try_mul(RECONSTRUCTION)?);

            let divergence = divergence(gamma, beta)?.try_mul(features.constant(weights)?)?;
            losses.push(divergence.try_sum::<(), _>()?.try_mul(DIVERGENCE)?);
        }
        add_all(losses)
    }

    fn parameters(&self) -> Vec<&Parameter<D>> {
        let per = self.contents.iter().chain(&self.styles).chain(&self.gates);
        let layers = per.chain([&self.fusion, &self.head]).flat_map(Dense::parameters);
        layers.chain(self.looks.iter().flat_map(Look::parameters)).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        let per = self.contents.iter_mut().chain(&mut self.styles).chain(&mut self.gates);
        let layers = per.chain([&mut self.fusion, &mut self.head]).flat_map(Dense::parameters_mut);
        layers.chain(self.looks.iter_mut().flat_map(Look::parameters_mut)).collect()
    }
}

/// A number per specimen as one per place.
fn at_all_places<D: LearnDevice>(rows: Rows<D>) -> Result<Rows<D>, D::Err> {
    let count = rows.shape().0;
    let places = rows.try_broadcast_like::<_, Axis<1>>(&(count, PLACES))?;
    places.try_reshape_like(&(count * PLACES,))
}

/// Every channel of a specimen less its mean over the places, over its standard deviation.
fn normalised_places<D: LearnDevice>(x: Cube<D>) -> Result<Cube<D>, D::Err> {
    let shape = *x.shape();
    let share = 1.0 / shape.1 as f32;
    let mean = x.clone().try_sum::<(usize, usize), Axis<1>>()?.try_mul(share)?;
    let centred = x.try_sub(mean.try_broadcast_like::<_, Axis<1>>(&shape)?)?;
    let squares = centred.clone().try_square()?.try_sum::<(usize, usize), Axis<1>>()?;
    let scale = squares.try_mul(share)?.try_add(LEAST)?.try_sqrt()?.try_recip()?;
    centred.try_mul(scale.try_broadcast_like::<_, Axis<1>>(&shape)?)
}

/// `KL(N(gamma, beta^2) || N(0, 1))`, the mean over the elements of every row.
fn divergence<D: LearnDevice>(gamma: Var<D>, beta: Var<D>) -> Result<Rows<D>, D::Err> {
    let share = 0.5 / gamma.shape().1 as f32;
    let variance = beta.try_square()?.try_add(LEAST)?;
    let moments = gamma.try_square()?.try_add(variance.clone())?;
    sum_rows(moments.try_sub(variance.try_ln()?)?.try_sub(1.0)?)?.try_mul(share)
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{Cpu, PutTape};

    use super::super::super::objective::cross_entropy;
    use super::*;
    use crate::learn::Batch;
    use crate::learn::hidden::Hidden;
    use crate::learn::ops::upload;
    use crate::learn::tape::{Matrix, backward};

    const ROWS: usize = 2;
    const WEIGHTS: [f32; 2 * ROWS] = [0.5, 0.0, 0.0, 0.5];

    fn method() -> Rseg<Cpu> {
        let inputs = [InputSpec::row("image", 3), InputSpec::words("text", 2, 5)];
        let training = Training { features: 4, ..Training::default() };
        let start = Start { device: Cpu::default(), seed: 8 };
        Rseg::<Cpu>::new(&start, &inputs, 2, &training).unwrap()
    }

    fn leaf(width: usize, k: usize) -> Matrix<Cpu> {
        let values = (0..ROWS * width).map(|i| ((i * k) % 7) as f32 * 0.5 - 1.5);
        upload(&Cpu::default(), (ROWS, width), values.collect()).unwrap()
    }

    /// Of the first layers of both modalities, those whose specimens get a gradient from the task
    /// loss, or from the method's own. The second modality of the first specimen is dropped.
    fn moved(own: bool) -> [Vec<bool>; 2] {
        let (method, tape, device) = (method(), SharedTape::recording(), Cpu::default());
        let leaves = [leaf(4, 3), leaf(4, 5)];
        let h = leaves.iter().map(|leaf| leaf.clone().put_tape(tape.clone())).collect();
        let batch = Batch { rows: ROWS, inputs: vec![Default::default(); 2], ..Batch::default() };
        let hidden = Hidden::each(2, vec![false, true, false, false]);
        let features = Features::all(&device, h).made_from(vec![leaf(3, 2), leaf(5, 4)]);
        let features = method.refine(features, &tape).unwrap();
        let features = features.shown(&[0, 1], &[&batch], &hidden);
        let joint = method.join(&features, &tape).unwrap();
        let targets = upload(&device, (ROWS, 2), WEIGHTS.to_vec()).unwrap();
        let loss = if own {
            let task = Task {
                targets: &targets,
                weights: &WEIGHTS,
                offsets: None,
                progress: 0.0,
                seed: 0,
                step: 0,
                features: &features,
                tape: &tape,
            };
            method.auxiliary_loss(&joint, &task).unwrap().unwrap()
        } else {
            cross_entropy(joint.heads[0].logits.clone(), &targets).unwrap()
        };
        let mut gradients = backward(loss).unwrap();
        leaves.map(|leaf| {
            gradients.try_alloc_for(&leaf).unwrap();
            let slopes = gradients.get(&leaf).as_vec();
            slopes.chunks(4).map(|row| row.iter().any(|slope| *slope != 0.0)).collect()
        })
    }

    #[test]
    fn dropped_content_gets_no_gradient_from_the_task() {
        assert_eq!(moved(false), [vec![true, true], vec![false, true]]);
        // Its style and its reconstruction are learned all the same.
        assert_eq!(moved(true), [vec![true, true], vec![true, true]]);
    }

    #[test]
    fn channels_are_normalised_over_their_places() {
        let values: Vec<f32> = (0..2 * PLACES * 3).map(|i| ((i * 5) % 11) as f32).collect();
        let x = Cpu::default();
        let x = upload(&x, (2 * PLACES, 3), values).unwrap().put_tape(SharedTape::off());
        let x = x.try_reshape_like(&(2, PLACES, 3)).unwrap();
        let found = normalised_places(x).unwrap().as_vec();
        for (specimen, channel) in [(0, 0), (0, 2), (1, 1)] {
            let place = |p: usize| found[(specimen * PLACES + p) * 3 + channel];
            let mean = (0..PLACES).map(place).sum::<f32>() / PLACES as f32;
            let variance = (0..PLACES).map(|p| place(p).powi(2)).sum::<f32>() / PLACES as f32;
            assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-3, "{mean} {variance}");
        }
    }

    #[test]
    fn a_style_of_mean_zero_and_variance_one_diverges_from_nothing() {
        let constant = |values: [f32; 2]| {
            upload(&Cpu::default(), (1, 2), values.to_vec()).unwrap().put_tape(SharedTape::off())
        };
        let found = |gamma, beta| divergence(constant(gamma), constant(beta)).unwrap().as_vec()[0];
        assert!(found([0.0; 2], [1.0, -1.0]).abs() < 1e-3);
        // 1/2 (mu^2 + v - 1 - ln v), the mean over both.
        let one = |mu: f32, b: f32| 0.5 * (mu * mu + b * b - 1.0 - (b * b).ln());
        let expected = 0.5 * (one(0.5, 2.0) + one(-1.0, 0.7));
        assert!((found([0.5, -1.0], [2.0, 0.7]) - expected).abs() < 1e-3);
        assert!(found([0.0; 2], [0.0; 2]).is_finite());
    }
}
