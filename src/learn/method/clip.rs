//! CLIP-style (synthetic pretraining): features drawn together without labels, then a linear probe
//! (after Radford et al., ICML 2021).

use dfdx::prelude::{
    Axes2, Axis, BroadcastTo, LogSumExpTo, ReshapeTo, SumTo, TryAdd, TryMul, TrySub,
};

use super::super::InputSpec;
use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::features::Features;
use super::super::ops::{add_all, products_of_rows, side_by_side, unit_rows, upload};
use super::super::parameter::{Parameter, Start};
use super::super::tape::{Rows, Scalar, SharedTape, Var};
use super::{Joint, Method, Phase, Task};
use crate::scene::training::Training;

/// The share of the updates that look at no label.
const PRETRAINING: f32 = 0.5;

/// The logarithm of the scale that the temperature starts from, `ln(1 / 0.07)`.
const SCALE: f32 = 2.659_26;

/// The scale never exceeds 100, so its logarithm not this.
const MOST: f32 = 4.605_17;

/// What the score of a pair that isn't there is lowered by: `exp(-1e4)` is exactly zero.
const ABSENT: f32 = 1e4;

/// `u_m = unit(h_m P_m + p_m)`, `Z = [u_1; ...; u_M]` and the head `Z W + b`, in two phases:
///
/// 1. in the first half of the updates the mean over all pairs of modalities of
///    `1/2 (CE(S, i = j) + CE(S^T, i = j))` with `S_ij = exp(s) <u_mi, u_nj>`, s learned and `exp(s)`
///    at most 100. No label is looked at, and the objective has no say: this is the pretraining;
/// 2. then the encoders are held fixed and the objective trains W and b, a linear probe; under
///    C3R the gradient reaches these alone.
///
/// Before the second phase the answer is that of an untrained head. A modality that a specimen
/// lacks has zeros in Z, and is in no pair. `h_m` is `u_m` for whoever asks for features.
///
/// Status: "CLIP-style (synthetic pretraining)". The loss is CLIP's for two modalities; the mean
/// over pairs of several, the small encoders, and the phases are ours: CLIP is pretrained once, on
/// other data, and the authors of C3R give no protocol. Source: openai/CLIP, `clip/model.py`.
pub struct Clip<D: LearnDevice> {
    projections: Vec<Dense<D>>,
    scale: Parameter<D>,
    head: Dense<D>,
    features: usize,
}

impl<D: LearnDevice> Method<D> for Clip<D> {
    fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err> {
        let features = training.features;
        let projections = Dense::per_modality(start, "projection", inputs, features, features)?;
        let mut scale = start.bias("scale".into(), 1, 1)?;
        scale.assign(&[SCALE]);
        let head = Dense::new(start, "head", inputs.len() * features, classes)?;
        Ok(Self { projections, scale, head, features })
    }

    fn phase(progress: f32) -> Phase {
        if progress < PRETRAINING { Phase::Unlabelled } else { Phase::Probe }
    }

    fn width(&self) -> usize {
        self.projections.len() * self.features
    }

    fn refine(&self, h: Vec<Var<D>>, tape: &SharedTape<D>) -> Result<Vec<Var<D>>, D::Err> {
        let projected = Dense::forward_each(&self.projections, &h, tape)?;
        projected.into_iter().map(unit_rows).collect()
    }

    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        let z = side_by_side(features.masked(features.h.clone())?)?;
        Joint::through(&self.head, z, tape)
    }

    fn auxiliary_loss(&self, _: &Joint<D>, task: &Task<D>) -> Result<Option<Scalar<D>>, D::Err> {
        if Self::phase(task.progress) == Phase::Probe {
            return Ok(None);
        }
        let scale = self.scale.on(task.tape).try_clamp(f32::MIN, MOST)?.try_exp()?;
        let u = &task.features.h;
        let mut losses = Vec::new();
        for one in 0..u.len() {
            for other in 0..one {
                let counted = task.weights_of_both(one, other);
                losses.extend(contrast([&u[one], &u[other]], &scale, &counted, task.features)?);
            }
        }
        let share = 1.0 / losses.len().max(1) as f32;
        add_all(losses)?.map(|sum| sum.try_mul(share)).transpose()
    }

    fn parameters(&self) -> Vec<&Parameter<D>> {
        let layers = self.projections.iter().chain([&self.head]);
        layers.flat_map(Dense::parameters).chain([&self.scale]).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        let layers = self.projections.iter_mut().chain([&mut self.head]);
        layers.flat_map(Dense::parameters_mut).chain([&mut self.scale]).collect()
    }
}

/// The symmetric InfoNCE of unit rows, each one's partner being the same row of the other, over the
/// rows with a weight above 0; none where there is no such row.
fn contrast<D: LearnDevice>(
    units: [&Var<D>; 2],
    scale: &Var<D>,
    weights: &[f32],
    features: &Features<D>,
) -> Result<Option<Scalar<D>>, D::Err> {
    let count = weights.iter().filter(|&&weight| weight > 0.0).count();
    if count == 0 {
        return Ok(None);
    }
    let device = features.device();
    let shape = (weights.len(), weights.len());
    let there = |i: usize| weights[i] > 0.0;
    let (mut lowered, mut partners) = (vec![0.0; shape.0 * shape.1], vec![0.0; shape.0 * shape.1]);
    for i in 0..shape.0 {
        let row = &mut lowered[i * shape.1..(i + 1) * shape.1];
        (0..shape.1).filter(|&j| !there(i) || !there(j)).for_each(|j| row[j] = ABSENT);
        partners[i * shape.1 + i] = if there(i) { 1.0 / count as f32 } else { 0.0 };
    }
    let halves = weights.iter().map(|&w| if w > 0.0 { 0.5 / count as f32 } else { 0.0 });
    let halves: Rows<D> = features.constant(halves.collect())?;
    let scale =
        scale.clone().try_reshape_like(&())?.try_broadcast_like::<_, Axes2<0, 1>>(&shape)?;
    let scores = products_of_rows(units[0], units[1])?.try_mul(scale)?;
    let pulled = scores.clone().try_mul(upload(device, shape, partners)?)?.try_sum::<(), _>()?;
    let scores = scores.try_sub(upload(device, shape, lowered)?)?;
    let down = scores.clone().try_logsumexp::<(usize,), Axis<0>>()?;
    let across = scores.try_logsumexp::<(usize,), Axis<1>>()?;
    down.try_add(across)?.try_mul(halves)?.try_sum::<(), _>()?.try_sub(pulled).map(Some)
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{Cpu, PutTape};

    use super::*;

    const ROWS: usize = 5;

    /// The loss of pairs of unit rows at a scale, of the rows that weigh something.
    fn loss(one: &[f32], other: &[f32], scale: f32, weights: &[f32]) -> f32 {
        let device = Cpu::default();
        let constant = |rows: usize, values: &[f32]| {
            let shape = (rows, values.len() / rows);
            upload(&device, shape, values.to_vec()).unwrap().put_tape(SharedTape::off())
        };
        let rows = weights.len();
        let units = [constant(rows, one), constant(rows, other)];
        let features = Features::all(&device, units.to_vec());
        let scale = constant(1, &[scale]);
        let loss = contrast([&units[0], &units[1]], &scale, weights, &features).unwrap();
        loss.map_or(0.0, |loss| loss.as_vec()[0])
    }

    fn axes() -> Vec<f32> {
        let mut values = vec![0.0; ROWS * ROWS];
        (0..ROWS).for_each(|i| values[i * ROWS + i] = 1.0);
        values
    }

    #[test]
    fn whom_nothing_tells_apart_costs_ln_b_and_the_separated_nothing() {
        let alike = [0.6, 0.8].repeat(ROWS);
        let all = [0.2; ROWS];
        assert!((loss(&alike, &alike, 14.3, &all) - (ROWS as f32).ln()).abs() < 1e-5);
        assert!(loss(&axes(), &axes(), 100.0, &all) < 1e-6);
        let mut turned = axes();
        turned.rotate_left(ROWS);
        assert!(loss(&axes(), &turned, 100.0, &all) > 50.0);
    }

    #[test]
    fn pairs_that_are_not_there_do_not_count() {
        let mut weights = [0.2; ROWS];
        weights[4] = 0.0;
        let alike = [0.6, 0.8].repeat(ROWS);
        assert!((loss(&alike, &alike, 14.3, &weights) - 4.0_f32.ln()).abs() < 1e-5);
        assert_eq!(loss(&alike, &alike, 14.3, &[0.0; ROWS]), 0.0);
    }
}
