//! SimMMDG: features split in a shared and a specific half (Dong et al., NeurIPS 2023).

use dfdx::prelude::{
    Axis, HasShape, LogSumExpTo, PutTape, SumTo, TryAdd, TryMatMul, TryMul, TrySub,
};

use super::super::InputSpec;
use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::features::Features;
use super::super::ops::{
    add_all, gram_rows, side_by_side, stack_rows, sum_rows, unit_rows, upload,
};
use super::super::parameter::{Parameter, Start};
use super::super::tape::{Scalar, SharedTape, Var};
use super::{Joint, Method, Task};
use crate::scene::training::Training;

const CONTRAST: f32 = 3.0;
const DISTANCE: f32 = 0.7;
const TRANSLATION: f32 = 0.1;

/// Temperature of the contrast, and what the authors' code scales it by.
const TEMPERATURE: f32 = 0.1;
const BASE_TEMPERATURE: f32 = 0.07;

/// Taken from the score of a row with itself: `exp(-1e4)` is exactly zero.
const ITSELF: f32 = 1e4;

/// `h_m` of unit length is split in halves, shared `s_m` and specific `p_m`; `Z = relu([h_1; ...;
/// h_M] A + a)`, the head `Z W + b`, and
///
/// `CE + 3 SupCon(g_m(s_m)) - 0.7 mean_m mean (s_m - p_m)^2 + 0.1 mean_{m != n} |unit(T_mn(h_m)) -
/// unit(h_n)|`.
///
/// SupCon is over the projected shared halves of all modalities, positives being those of the same
/// label; `T_mn` translates one modality's features into another's. Unit length keeps the second
/// term, which has no lower bound of its own, above -0.7 times 4 over the width.
///
/// Deviations: g and T have two layers, dropout and batch normalisation are left out. A specimen
/// that lacks a modality gets zeros for it (the authors fill in translations at test).
/// Source: donghao51/SimMMDG.
pub struct SimMmdg<D: LearnDevice> {
    projections: Vec<[Dense<D>; 2]>,
    translators: Vec<[Dense<D>; 2]>,
    hidden: Dense<D>,
    head: Dense<D>,
    modalities: usize,
    width: usize,
}

impl<D: LearnDevice> Method<D> for SimMmdg<D> {
    fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err> {
        let (features, width) = (training.features, training.representation);
        let half = features.div_ceil(2);
        let two = |name: String, [a, b, c]: [usize; 3]| {
            let layer = |i, a, b| Dense::new(start, &format!("{name}.{i}"), a, b);
            Ok::<_, D::Err>([layer(0, a, b)?, layer(1, b, c)?])
        };
        let projections = inputs
            .iter()
            .map(|input| two(format!("shared.{}", input.name), [half, features, half]))
            .collect::<Result<_, _>>()?;
        let mut translators = Vec::new();
        for (from, to) in pairs(inputs.len()) {
            let name = format!("translator.{}.{}", inputs[from].name, inputs[to].name);
            translators.push(two(name, [features; 3])?);
        }
        let hidden = Dense::new(start, "joint", inputs.len() * features, width)?;
        let head = Dense::new(start, "head", width, classes)?;
        let modalities = inputs.len();
        Ok(Self { projections, translators, hidden, head, modalities, width })
    }

    fn width(&self) -> usize {
        self.width
    }

    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        let units = features.h.iter().map(|h| unit_rows(h.clone())).collect::<Result<_, _>>()?;
        let h = features.masked(units)?;
        let z = self.hidden.forward(side_by_side(h.clone())?, tape)?.try_relu()?;
        Ok(Joint::through(&self.head, z, tape)?.with_branches(h))
    }

    fn auxiliary_loss(
        &self,
        joint: &Joint<D>,
        task: &Task<D>,
    ) -> Result<Option<Scalar<D>>, D::Err> {
        let h = &joint.branches;
        let mut losses = Vec::new();
        let mut projected = Vec::new();
        for (h, projection) in h.iter().zip(&self.projections) {
            let [shared, specific] = halves(h, task)?;
            let apart = sum_rows(shared.clone().try_sub(specific)?.try_square()?)?;
            let share = DISTANCE / (self.modalities * shared.shape().1) as f32;
            let weights = task.features.constant(task.row_weights())?;
            losses.push(apart.try_mul(weights)?.try_sum::<(), _>()?.try_mul(-share)?);
            projected.push(unit_rows(apply(projection, shared, task.tape)?)?);
        }
        let contrast = contrast(stack_rows(projected)?, &task.labels(), self.modalities, task)?;
        losses.extend(contrast.map(|loss| loss.try_mul(CONTRAST)).transpose()?);
        for ((from, to), translator) in pairs(self.modalities).zip(&self.translators) {
            let translated = unit_rows(apply(translator, h[from].clone(), task.tape)?)?;
            let gap = sum_rows(translated.try_sub(h[to].clone())?.try_square()?)?;
            let gap = gap.try_add(1e-8)?.try_sqrt()?;
            let weights = task.features.constant(task.row_weights())?;
            let share = TRANSLATION / self.translators.len() as f32;
            losses.push(gap.try_mul(weights)?.try_sum::<(), _>()?.try_mul(share)?);
        }
        add_all(losses)
    }

    fn parameters(&self) -> Vec<&Parameter<D>> {
        let pairs = self.projections.iter().chain(&self.translators).flatten();
        pairs.chain([&self.hidden, &self.head]).flat_map(Dense::parameters).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        let pairs = self.projections.iter_mut().chain(&mut self.translators).flatten();
        pairs.chain([&mut self.hidden, &mut self.head]).flat_map(Dense::parameters_mut).collect()
    }
}

/// Ordered pairs of different modalities.
fn pairs(modalities: usize) -> impl Iterator<Item = (usize, usize)> {
    let all = (0..modalities).flat_map(move |m| (0..modalities).map(move |n| (m, n)));
    all.filter(|(m, n)| m != n)
}

/// Two layers with a relu between them.
fn apply<D: LearnDevice>(
    layers: &[Dense<D>; 2],
    x: Var<D>,
    tape: &SharedTape<D>,
) -> Result<Var<D>, D::Err> {
    layers[1].forward(layers[0].forward(x, tape)?.try_relu()?, tape)
}

/// The shared and the specific half of features.
fn halves<D: LearnDevice>(h: &Var<D>, task: &Task<D>) -> Result<[Var<D>; 2], D::Err> {
    let width = h.shape().1;
    let half = width.div_ceil(2);
    // As products with columns of the identity: slices of a graph are slow in dfdx. Of an odd width
    // the one in the middle is in both.
    let columns = |first: usize| {
        let mut values = vec![0.0; width * half];
        (0..half).for_each(|i| values[(first + i) * half + i] = 1.0);
        Ok::<_, D::Err>(
            upload(task.features.device(), (width, half), values)?.put_tape(SharedTape::off()),
        )
    };
    Ok([h.clone().try_matmul(columns(0)?)?, h.clone().try_matmul(columns(width - half)?)?])
}

/// The supervised contrast of `views` blocks of unit rows under one another; none where no label
/// stands twice.
fn contrast<D: LearnDevice>(
    units: Var<D>,
    labels: &[Option<usize>],
    views: usize,
    task: &Task<D>,
) -> Result<Option<Scalar<D>>, D::Err> {
    let device = task.features.device();
    let (rows, all) = (labels.len(), units.shape().0);
    let label = |i: usize| labels[i % rows];
    let anchors = labels.iter().flatten().count() * views;
    let (mut positive, mut excluded) = (vec![0.0; all * all], vec![0.0; all * all]);
    for i in 0..all {
        let row = &mut positive[i * all..(i + 1) * all];
        let same = |j: &usize| *j != i && label(i).is_some() && label(*j) == label(i);
        let count = (0..all).filter(same).count().max(1);
        (0..all).filter(same).for_each(|j| row[j] = 1.0 / (count * anchors.max(1)) as f32);
        let row = &mut excluded[i * all..(i + 1) * all];
        (0..all).filter(|&j| j == i || label(j).is_none()).for_each(|j| row[j] = ITSELF);
    }
    if !positive.iter().any(|&share| share > 0.0) {
        return Ok(None);
    }
    let weights: Vec<f32> = positive.chunks_exact(all).map(|row| row.iter().sum()).collect();
    let scores = gram_rows(&units)?.try_mul(1.0 / TEMPERATURE)?;
    let scores = scores.try_sub(upload(device, (all, all), excluded)?)?;
    let pulled = scores.clone().try_mul(upload(device, (all, all), positive)?)?;
    let norms = scores.try_logsumexp::<(usize,), Axis<1>>()?;
    let norms = norms.try_mul(task.features.constant(weights)?)?;
    let loss = norms.try_sum::<(), _>()?.try_sub(pulled.try_sum::<(), _>()?)?;
    loss.try_mul(TEMPERATURE / BASE_TEMPERATURE).map(Some)
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::Cpu;

    use super::*;

    fn with_task<T>(rows: usize, labels: &[usize], run: impl FnOnce(&Task<Cpu>) -> T) -> T {
        let device = Cpu::default();
        let tape = SharedTape::off();
        let h = upload(&device, (rows, 2), vec![0.5; 2 * rows]).unwrap().put_tape(tape.clone());
        let features = Features::all(&device, vec![h]);
        let mut weights = vec![0.0; 2 * rows];
        labels.iter().enumerate().for_each(|(i, &y)| weights[2 * i + y] = 1.0 / rows as f32);
        let targets = upload(&device, (rows, 2), weights.clone()).unwrap();
        let task = Task {
            targets: &targets,
            weights: &weights,
            progress: 0.0,
            seed: 0,
            step: 0,
            features: &features,
            tape: &tape,
        };
        run(&task)
    }

    #[test]
    fn the_contrast_of_four_vectors_is_what_it_is_by_hand() {
        let angles = [0.0_f64, 0.4, 1.3, 2.0];
        let units: Vec<[f64; 2]> = angles.iter().map(|a| [a.cos(), a.sin()]).collect();
        let labels = [0, 0, 1, 1];
        let score = |i: usize, j: usize| {
            units[i].iter().zip(units[j]).map(|(a, b)| a * b).sum::<f64>() / 0.1
        };
        let expected: f64 = (0..4)
            .map(|i| {
                let others = (0..4).filter(|&j| j != i);
                let norm = others.clone().map(|j| score(i, j).exp()).sum::<f64>().ln();
                let same: Vec<usize> = others.filter(|&j| labels[j] == labels[i]).collect();
                -same.iter().map(|&j| score(i, j) - norm).sum::<f64>() / same.len() as f64
            })
            .sum::<f64>()
            / 4.0
            * (0.1 / 0.07);
        let found = with_task(4, &labels, |task| {
            let values = units.iter().flatten().map(|&x| x as f32).collect();
            let units =
                upload(&Cpu::default(), (4, 2), values).unwrap().put_tape(SharedTape::off());
            contrast(units, &task.labels(), 1, task).unwrap().unwrap().as_vec()[0]
        });
        assert!((f64::from(found) - expected).abs() < 1e-4, "{found} {expected}");
    }

    #[test]
    fn halves_share_no_element() {
        with_task(1, &[0], |task| {
            let values = (0..6).map(|i| i as f32).collect();
            let h = upload(&Cpu::default(), (1, 6), values).unwrap().put_tape(SharedTape::off());
            let [shared, specific] = halves(&h, task).unwrap();
            assert_eq!(shared.as_vec(), [0.0, 1.0, 2.0]);
            assert_eq!(specific.as_vec(), [3.0, 4.0, 5.0]);
        });
    }

    #[test]
    fn its_own_loss_is_bounded_from_below() {
        // Of unit vectors |s - p|^2 is at most 2, over a half of two elements; the contrast and the
        // translations are never negative. So it can't run away, however large the features are.
        let device = Cpu::default();
        let inputs = ["a", "b"].map(|name| InputSpec::row(name, 1));
        let training = Training { features: 4, representation: 3, ..Training::default() };
        let start = Start { device: device.clone(), seed: 2 };
        let method = SimMmdg::<Cpu>::new(&start, &inputs, 2, &training).unwrap();
        for scale in [1e-3, 1.0, 1e4] {
            let tape = SharedTape::off();
            let h = [1.0, -1.0].map(|sign| {
                let values = [1.0, 0.0, -1.0, 0.0, 0.5, 0.2, -0.5, -0.2].map(|x| sign * scale * x);
                upload(&device, (2, 4), values.to_vec()).unwrap().put_tape(tape.clone())
            });
            let features = Features::all(&device, h.to_vec());
            let weights = [0.5, 0.0, 0.5, 0.0];
            let targets = upload(&device, (2, 2), weights.to_vec()).unwrap();
            let task = Task {
                targets: &targets,
                weights: &weights,
                progress: 0.0,
                seed: 0,
                step: 0,
                features: &features,
                tape: &tape,
            };
            let joint = method.join(&features, &tape).unwrap();
            let loss = method.auxiliary_loss(&joint, &task).unwrap().unwrap().as_vec()[0];
            assert!(loss.is_finite() && loss > -DISTANCE, "{scale}: {loss}");
        }
    }
}
