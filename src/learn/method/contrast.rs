//! Contrast of pairs: features of all modalities drawn together without labels, under a linear probe.

use dfdx::prelude::{
    Axes2, Axis, BroadcastTo, LogSumExpTo, ReshapeTo, SumTo, TryAdd, TryMul, TrySub,
};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use super::super::InputSpec;
use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::features::Features;
use super::super::ops::{add_all, products_of_rows, side_by_side, unit_rows, upload};
use super::super::parameter::{Parameter, Start};
use super::super::tape::{Rows, Scalar, SharedTape, Var};
use super::{Joint, Phase, Task};
use crate::causal::noise::{NoiseStream, StreamId};
use crate::scene::training::Training;

/// The share of the updates that look at no label.
const PRETRAINING: f32 = 0.5;

/// The scale never exceeds 100, so its logarithm not this.
const MOST: f32 = 4.605_17;

/// What the score of a pair that isn't there is lowered by: `exp(-1e4)` is exactly zero.
const ABSENT: f32 = 1e4;

/// The stream of the pairs that are mixed up.
const PAIRS: StreamId = StreamId::of("learn:pairs");

/// What tells one method of contrast from another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// The logarithm of the scale that the temperature starts from.
    pub scale: f32,
    /// What part of a target is spread over all candidates alike.
    pub smoothing: f32,
    /// The share of pairs whose partners are mixed up.
    pub noise: f32,
}

/// `u_m = unit(h_m P_m + p_m)`, a learned scale `exp(s)` of at most 100, `Z = [u_1; ...; u_M]` and the
/// head `Z W + b`: in the first half of the updates the mean over all pairs of modalities of their
/// contrast, then a linear probe.
pub struct Contrast<D: LearnDevice> {
    recipe: Recipe,
    projections: Vec<Dense<D>>,
    scale: Parameter<D>,
    head: Dense<D>,
    features: usize,
}

impl<D: LearnDevice> Contrast<D> {
    /// A contrast at its start.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
        recipe: Recipe,
    ) -> Result<Self, D::Err> {
        let features = training.features;
        let projections = Dense::per_modality(start, "projection", inputs, features, features)?;
        let mut scale = start.bias("scale".into(), 1, 1)?;
        scale.assign(&[recipe.scale]);
        let head = Dense::new(start, "head", inputs.len() * features, classes)?;
        Ok(Self { recipe, projections, scale, head, features })
    }

    /// What is learned in an update.
    pub fn phase(progress: f32) -> Phase {
        if progress < PRETRAINING { Phase::Unlabelled } else { Phase::Probe }
    }

    /// Width of Z.
    pub const fn width(&self) -> usize {
        self.projections.len() * self.features
    }

    /// The `u_m` for h.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn refine(
        &self,
        features: Features<D>,
        tape: &SharedTape<D>,
    ) -> Result<Features<D>, D::Err> {
        let projected = Dense::forward_each(&self.projections, &features.h, tape)?;
        let units = projected.into_iter().map(unit_rows).collect::<Result<_, _>>()?;
        Ok(features.refined(units))
    }

    /// Z with its probe; a modality that a specimen lacks has zeros there.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        let z = side_by_side(features.masked(features.h.clone())?)?;
        Joint::through(&self.head, z, tape)
    }

    /// The mean over all pairs of modalities of their contrast; none under the probe.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn loss(&self, task: &Task<D>) -> Result<Option<Scalar<D>>, D::Err> {
        if Self::phase(task.progress) == Phase::Probe {
            return Ok(None);
        }
        let scale = self.scale.on(task.tape).try_clamp(f32::MIN, MOST)?.try_exp()?;
        let u = &task.features.h;
        let mut noise = task.noise(PAIRS);
        let mut losses = Vec::new();
        for one in 0..u.len() {
            for other in 0..one {
                let there: Vec<bool> =
                    task.weights_of_both(one, other).iter().map(|weight| *weight > 0.0).collect();
                let partners = mixed(&there, self.recipe.noise, &mut noise);
                let targets = Targets { partners: &partners, smoothing: self.recipe.smoothing };
                losses.extend(contrast([&u[one], &u[other]], &scale, &targets, task.features)?);
            }
        }
        let share = 1.0 / losses.len().max(1) as f32;
        add_all(losses)?.map(|sum| sum.try_mul(share)).transpose()
    }

    /// All parameters, in a fixed order.
    pub fn parameters(&self) -> Vec<&Parameter<D>> {
        let layers = self.projections.iter().chain([&self.head]);
        layers.flat_map(Dense::parameters).chain([&self.scale]).collect()
    }

    /// All parameters, to be changed, in the same order.
    pub fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        let layers = self.projections.iter_mut().chain([&mut self.head]);
        layers.flat_map(Dense::parameters_mut).chain([&mut self.scale]).collect()
    }
}

/// The partner of every row, itself for a row that is paired rightly; none for one that isn't
/// there. Of so large a share of the rows, chosen by chance, each gets the next one's partner.
fn mixed(there: &[bool], share: f32, noise: &mut NoiseStream) -> Vec<Option<usize>> {
    let mut partners: Vec<Option<usize>> =
        there.iter().enumerate().map(|(row, there)| there.then_some(row)).collect();
    let mut chosen: Vec<usize> = partners.iter().copied().flatten().collect();
    chosen.retain(|_| noise.random::<f32>() < share);
    chosen.shuffle(noise);
    let next = chosen.iter().skip(1).chain(chosen.first());
    chosen.iter().zip(next).for_each(|(&row, &next)| partners[row] = Some(next));
    partners
}

/// What every row is to be paired with.
pub struct Targets<'a> {
    /// The partner of every row, each row being at most one's; none for rows that aren't there.
    pub partners: &'a [Option<usize>],
    /// What part of a target is spread over all rows that are there alike.
    pub smoothing: f32,
}

/// The symmetric InfoNCE of unit rows, the mean of both directions, over the rows that are there;
/// none where there is none.
///
/// # Errors
/// The device's, mostly for want of memory.
pub fn contrast<D: LearnDevice>(
    units: [&Var<D>; 2],
    scale: &Var<D>,
    targets: &Targets<'_>,
    features: &Features<D>,
) -> Result<Option<Scalar<D>>, D::Err> {
    let partners = targets.partners;
    let count = partners.iter().flatten().count();
    if count == 0 {
        return Ok(None);
    }
    let device = features.device();
    let shape = (partners.len(), partners.len());
    let there = |i: usize| partners[i].is_some();
    let each = 1.0 / count as f32;
    let (mut lowered, mut wanted) = (vec![0.0; shape.0 * shape.1], vec![0.0; shape.0 * shape.1]);
    for i in 0..shape.0 {
        let row = &mut lowered[i * shape.1..(i + 1) * shape.1];
        (0..shape.1).filter(|&j| !there(i) || !there(j)).for_each(|j| row[j] = ABSENT);
        if let Some(partner) = partners[i] {
            let row = &mut wanted[i * shape.1..(i + 1) * shape.1];
            let spread = targets.smoothing * each * each;
            (0..shape.1).filter(|&j| there(j)).for_each(|j| row[j] = spread);
            row[partner] += (1.0 - targets.smoothing) * each;
        }
    }
    let halves = (0..shape.0).map(|i| if there(i) { 0.5 * each } else { 0.0 });
    let halves: Rows<D> = features.constant(halves.collect())?;
    let scale =
        scale.clone().try_reshape_like(&())?.try_broadcast_like::<_, Axes2<0, 1>>(&shape)?;
    let scores = products_of_rows(units[0], units[1])?.try_mul(scale)?;
    let pulled = scores.clone().try_mul(upload(device, shape, wanted)?)?.try_sum::<(), _>()?;
    let scores = scores.try_sub(upload(device, shape, lowered)?)?;
    let down = scores.clone().try_logsumexp::<(usize,), Axis<0>>()?;
    let across = scores.try_logsumexp::<(usize,), Axis<1>>()?;
    down.try_add(across)?.try_mul(halves)?.try_sum::<(), _>()?.try_sub(pulled).map(Some)
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{Cpu, PutTape};

    use super::*;
    use crate::causal::noise::stream;

    const ROWS: usize = 5;

    /// The loss of pairs of unit rows at a scale.
    fn loss(one: &[f32], other: &[f32], scale: f32, partners: &[Option<usize>], s: f32) -> f32 {
        let device = Cpu::default();
        let constant = |rows: usize, values: &[f32]| {
            let shape = (rows, values.len() / rows);
            upload(&device, shape, values.to_vec()).unwrap().put_tape(SharedTape::off())
        };
        let rows = partners.len();
        let units = [constant(rows, one), constant(rows, other)];
        let features = Features::all(&device, units.to_vec());
        let scale = constant(1, &[scale]);
        let targets = Targets { partners, smoothing: s };
        let loss = contrast([&units[0], &units[1]], &scale, &targets, &features).unwrap();
        loss.map_or(0.0, |loss| loss.as_vec()[0])
    }

    fn clean() -> Vec<Option<usize>> {
        (0..ROWS).map(Some).collect()
    }

    fn axes() -> Vec<f32> {
        let mut values = vec![0.0; ROWS * ROWS];
        (0..ROWS).for_each(|i| values[i * ROWS + i] = 1.0);
        values
    }

    #[test]
    fn whom_nothing_tells_apart_costs_ln_b_and_the_separated_nothing() {
        let alike = [0.6, 0.8].repeat(ROWS);
        assert!((loss(&alike, &alike, 14.3, &clean(), 0.0) - (ROWS as f32).ln()).abs() < 1e-5);
        assert!(loss(&axes(), &axes(), 100.0, &clean(), 0.0) < 1e-6);
        let mut turned = axes();
        turned.rotate_left(ROWS);
        assert!(loss(&axes(), &turned, 100.0, &clean(), 0.0) > 50.0);
        // Whose partners are turned as well is paired rightly again.
        let partners: Vec<Option<usize>> = (0..ROWS).map(|i| Some((i + ROWS - 1) % ROWS)).collect();
        assert!(loss(&axes(), &turned, 100.0, &partners, 0.0) < 1e-6);
    }

    #[test]
    fn pairs_that_are_not_there_do_not_count() {
        let mut partners = clean();
        partners[4] = None;
        let alike = [0.6, 0.8].repeat(ROWS);
        assert!((loss(&alike, &alike, 14.3, &partners, 0.1) - 4.0_f32.ln()).abs() < 1e-5);
        assert_eq!(loss(&alike, &alike, 14.3, &[None; ROWS], 0.0), 0.0);
    }

    #[test]
    fn a_smoothed_target_is_the_cross_entropy_by_hand() {
        // Of a score of 2 for the partner and 0 for each of the four others.
        let norm = (2.0_f32.exp() + 4.0).ln();
        let expected = (0.9 + 0.1 / 5.0) * (norm - 2.0) + 4.0 * 0.1 / 5.0 * norm;
        let found = loss(&axes(), &axes(), 2.0, &clean(), 0.1);
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }

    #[test]
    fn a_share_of_the_pairs_is_mixed_up_and_nobody_has_two_partners() {
        let mut there = vec![true; 400];
        there.iter_mut().step_by(4).for_each(|there| *there = false);
        let draw = |share| mixed(&there, share, &mut stream(5, 2, PAIRS));
        let right = |partners: &[Option<usize>]| -> usize {
            let pairs = partners.iter().enumerate();
            pairs.filter(|(row, partner)| **partner == Some(*row)).count()
        };
        assert_eq!(right(&draw(0.0)), 300);
        let some = draw(0.25);
        assert!((205..245).contains(&right(&some)), "{}", right(&some));
        assert_eq!(some, draw(0.25));
        let mut partners: Vec<usize> = some.iter().copied().flatten().collect();
        partners.sort_unstable();
        let all: Vec<usize> = (0..400).filter(|row| row % 4 != 0).collect();
        assert_eq!(partners, all);
    }
}
