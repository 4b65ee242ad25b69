//! LCKD: modalities that are best at a class teach the others (Wang et al., MICCAI 2023).

use std::collections::BTreeSet;

use dfdx::prelude::{HasShape, SumTo, TryMul, TrySub};

use super::super::InputSpec;
use super::super::decision::Decision;
use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::encoder::{Encoding, Mlp};
use super::super::features::Features;
use super::super::ops::{add_all, detach, side_by_side, sum_rows};
use super::super::parameter::{Parameter, Start};
use super::super::tape::{Scalar, SharedTape, Var};
use super::{Dice, Joint, Method, Showing, Task};
use crate::scene::training::Training;

/// Weight of the distillation.
const WEIGHT: f32 = 0.1;

/// The share of the updates in which all modalities are shown: 80 of the authors' 195 thousand.
const COMPLETE: f32 = 0.41;

/// Elections over all updates: the authors hold one every 5 of their 195 thousand.
const ELECTIONS: usize = 39;

/// `f_m = T(s_m(x_m))`, a layer s of each modality and two that all share; `Z = [f_1; ...; f_M]`
/// with the mean over those that a specimen has in the place of those that it lacks, the head
/// `Z W + b`, and `CE + 0.1 sum_{t in teachers} sum_s mean |sg(f_t) - f_s|` over what is there.
///
/// Teachers are elected: for every class the modality that alone, the others taken away, has the
/// best Dice coefficient (not recall: who always names one class would have all of it). There are
/// 39 elections, the first before the first update, each on the batch that is about to be learned
/// from: specimens come in a stream and are met once, so it is data that the model has not seen, as
/// the authors' validation set is. In the first two fifths of the updates all modalities are shown,
/// then as many as chance decides, the same in all of a batch.
///
/// Deviations: classes for the authors' tumour regions; cross-entropy for Dice and BCE as a loss; a
/// stem for each modality, whose inputs differ, where the authors share all layers.
/// Source: billhhh/LCKD, `DualNet.py`, `train.py`, `run.sh`.
pub struct Lckd<D: LearnDevice> {
    trunk: Mlp<D>,
    head: Dense<D>,
    /// By their place among the modalities that are used.
    teachers: BTreeSet<usize>,
    width: usize,
}

impl<D: LearnDevice> Method<D> for Lckd<D> {
    fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err> {
        let (features, width) = (training.features, inputs.len() * training.features);
        Ok(Self {
            trunk: Mlp::of_width(start, "trunk", features, features, 2)?,
            head: Dense::new(start, "head", width, classes)?,
            teachers: BTreeSet::from([0]),
            width,
        })
    }

    fn encoding(_: &InputSpec, _: &Training) -> Encoding {
        Encoding::Stem
    }

    fn showing(progress: f32) -> Showing {
        if progress < COMPLETE { Showing::All } else { Showing::RandomSubset }
    }

    fn elects(done: usize, all: usize) -> bool {
        done.is_multiple_of((all / ELECTIONS).max(1))
    }

    fn elect(&mut self, alone: &[Dice]) {
        self.teachers = winners(alone);
    }

    fn decisions(&self, modalities: &[&str]) -> Vec<Decision> {
        let teaches = |(m, name): (usize, &&str)| {
            let value = f64::from(u8::from(self.teachers.contains(&m)));
            Decision::new(format!("teacher.{name}"), value)
        };
        modalities.iter().enumerate().map(teaches).collect()
    }

    fn width(&self) -> usize {
        self.width
    }

    fn refine(&self, features: Features<D>, tape: &SharedTape<D>) -> Result<Features<D>, D::Err> {
        let trunk = |stem: &Var<D>| self.trunk.refine(stem.clone(), tape);
        let h = features.h.iter().map(trunk).collect::<Result<_, _>>()?;
        Ok(features.refined(h))
    }

    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        let z = side_by_side(features.filled(features.h.clone())?)?;
        Joint::through(&self.head, z, tape)
    }

    fn auxiliary_loss(&self, _: &Joint<D>, task: &Task<D>) -> Result<Option<Scalar<D>>, D::Err> {
        distillation(&task.features.h, &self.teachers, task)
    }

    fn parameters(&self) -> Vec<&Parameter<D>> {
        self.trunk.parameters().chain(self.head.parameters()).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        self.trunk.parameters_mut().chain(self.head.parameters_mut()).collect()
    }
}

#[cfg(test)]
impl<D: LearnDevice> Lckd<D> {
    /// Who teaches, by their place among the modalities that are used.
    pub fn teachers(&self) -> Vec<usize> {
        self.teachers.iter().copied().collect()
    }
}

/// The modality with the best score of each class, the first of equals.
fn winners(alone: &[Dice]) -> BTreeSet<usize> {
    let classes = alone.first().map_or(0, Vec::len);
    let best = |class: usize| {
        (1..alone.len())
            .fold(0, |best, m| if alone[m][class] > alone[best][class] { m } else { best })
    };
    (0..classes).map(best).collect()
}

/// `0.1 sum_t sum_s mean |sg(f_t) - f_s|`; a specimen counts where it has both. None for a single
/// modality.
fn distillation<D: LearnDevice>(
    f: &[Var<D>],
    teachers: &BTreeSet<usize>,
    task: &Task<D>,
) -> Result<Option<Scalar<D>>, D::Err> {
    let mut losses = Vec::new();
    for &teacher in teachers {
        let taught = detach(&f[teacher])?;
        for student in (0..f.len()).filter(|&student| student != teacher) {
            let gap = sum_rows(taught.clone().try_sub(f[student].clone())?.try_abs()?)?;
            let share = WEIGHT / f[student].shape().1 as f32;
            let weights = task.weights_of_both(teacher, student);
            let gap = gap.try_mul(task.features.constant(weights)?)?;
            losses.push(gap.try_sum::<(), _>()?.try_mul(share)?);
        }
    }
    add_all(losses)
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{Cpu, PutTape};

    use super::*;
    use crate::learn::ops::upload;
    use crate::learn::tape::{Matrix, backward};

    #[test]
    fn a_teacher_learns_nothing_from_teaching() {
        let device = Cpu::default();
        let tape = SharedTape::recording();
        let leaf = |k: usize| {
            let values = (0..6).map(|i| ((i * k) % 5) as f32 * 0.5 - 1.0).collect();
            upload(&device, (3, 2), values).unwrap()
        };
        let leaves: Vec<Matrix<Cpu>> = vec![leaf(2), leaf(3), leaf(4)];
        let f = leaves.iter().map(|leaf| leaf.clone().put_tape(tape.clone()).try_mul(1.0).unwrap());
        let features = Features::all(&device, f.collect());
        let weights = [1.0 / 3.0, 0.0, 0.0, 1.0 / 3.0, 1.0 / 3.0, 0.0];
        let targets = upload(&device, (3, 2), weights.to_vec()).unwrap();
        let task = Task {
            targets: &targets,
            weights: &weights,
            offsets: None,
            progress: 0.0,
            seed: 0,
            step: 0,
            features: &features,
            tape: &tape,
        };
        let loss = distillation(&features.h, &BTreeSet::from([1]), &task).unwrap().unwrap();
        let mean = |student: usize| {
            let (t, s) = (leaves[1].as_vec(), leaves[student].as_vec());
            t.iter().zip(&s).map(|(t, s)| (t - s).abs()).sum::<f32>() / 6.0
        };
        assert!((loss.as_vec()[0] - 0.1 * (mean(0) + mean(2))).abs() < 1e-6);
        let mut gradients = backward(loss).unwrap();
        let slopes = leaves.iter().map(|leaf| {
            gradients.try_alloc_for(leaf).unwrap();
            gradients.get(leaf).as_vec()
        });
        let moved: Vec<bool> = slopes.map(|slope| slope.iter().any(|s| *s != 0.0)).collect();
        assert_eq!(moved, [true, false, true]);
    }

    #[test]
    fn the_best_of_each_class_is_elected() {
        let alone = [vec![0.9, 0.2], vec![0.5, 0.6], vec![0.9, 0.5]];
        assert_eq!(winners(&alone), BTreeSet::from([0, 1]));
        assert_eq!(winners(&[vec![0.1, 0.1], vec![0.9, 0.8]]), BTreeSet::from([1]));
    }

    #[test]
    fn elections_are_spread_over_the_updates() {
        let elections = |all| (0..all).filter(|&done| Lckd::<Cpu>::elects(done, all)).count();
        assert!(Lckd::<Cpu>::elects(0, 600));
        assert_eq!((elections(390), elections(20)), (39, 20));
    }
}
