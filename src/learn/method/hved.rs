//! HVED: Gaussians of each modality multiplied, and every modality reconstructed from them (U-HVED;
//! Dorent et al., MICCAI 2019).

use dfdx::prelude::{HasShape, PutTape, SumTo, TryAdd, TryMul};
use rand_distr::{Distribution as _, StandardNormal};

use super::super::InputSpec;
use super::super::decoder::{Decoder, Gap};
use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::features::Features;
use super::super::gaussian::{Experts, Gaussian};
use super::super::objective::cross_entropy;
use super::super::ops::{add_all, normalised_rows, upload};
use super::super::parameter::{Parameter, Start};
use super::super::tape::{Scalar, SharedTape, Var};
use super::{Joint, Method, Showing, Task};
use crate::causal::noise::StreamId;
use crate::scene::training::Training;

/// Weight of the two divergences, and of the reconstruction.
const DIVERGENCE: f32 = 0.1;
const RECONSTRUCTION: f32 = 0.1;

/// Logarithms of variances stay between minus and plus this (the authors' 50 is too much for f32).
const WIDEST: f32 = 8.0;

/// The stream of the sampled z.
const SAMPLE: StreamId = StreamId::of("learn:hved");

/// `q_m = N(n_m A_m + a_m, exp(n_m C_m + c_m))` for every modality, half as wide as the features, where
/// `n_m` is `h_m` less its mean and over its standard deviation, and
/// `q_S = N(0, 1) prod_{m in S} q_m` for a set S of them: precisions add up, from 1 on, and means
/// are weighed by them. With O what is shown of a specimen, `Z = mu_O`, the head `Z W + b`, and
///
/// `CE(z) + 0.1 (mean_S KL(q_O || q_S) + mean_S KL(q_S || N(0, 1))) + 0.1 mean_m |x_m - D_m(z)|^2`
///
/// where `z = mu_O + sigma_O epsilon` is drawn anew in every update; elsewhere it's `mu_O`. S goes
/// over all sets of modalities that the specimen has, shown or not, of the first mean all but one
/// (there `S = O` adds nothing). What is reconstructed is all that a specimen has, a text as the
/// cross-entropy of its bag of words. Divergences and squares are means over elements. Without any
/// modality z is `N(0, 1)`. While it learns, a random number of modalities is shown.
///
/// Quirk of the authors' code that is kept: `q_O` is of what is shown, where their paper, as we
/// remember it, means all modalities. Deviations: one level on vectors instead of maps at every
/// scale; cross-entropy for the Dice and cross-entropy of voxels; decoders of one layer. The norm of
/// the features is ours, and that C3R acts on `mu_O`, not on the sample.
/// Source: ReubenDo/U-HVED, `u_hved_net.py`, `application.py`.
pub struct Hved<D: LearnDevice> {
    means: Vec<Dense<D>>,
    spreads: Vec<Dense<D>>,
    decoders: Vec<Decoder<D>>,
    head: Dense<D>,
    width: usize,
}

impl<D: LearnDevice> Hved<D> {
    /// z drawn from the posterior.
    fn sample(&self, posterior: &Gaussian<D>, task: &Task<D>) -> Result<Var<D>, D::Err> {
        let shape = *posterior.mean.shape();
        let mut noise = task.noise(SAMPLE);
        let epsilon = (0..shape.0 * shape.1).map(|_| StandardNormal.sample(&mut noise)).collect();
        let epsilon = upload(task.features.device(), shape, epsilon)?.put_tape(SharedTape::off());
        let spread = posterior.precision.clone().try_sqrt()?.try_recip()?;
        posterior.mean.clone().try_add(spread.try_mul(epsilon)?)
    }

    /// `mean_S KL(q_O || q_S) + mean_S KL(q_S || N(0, 1))`, weighed by specimen.
    fn divergences(
        &self,
        posterior: &Gaussian<D>,
        experts: &Experts<D>,
        task: &Task<D>,
    ) -> Result<Scalar<D>, D::Err> {
        let modalities = self.means.len();
        let subsets: Vec<u32> = (1..1 << modalities).collect();
        let weights = task.row_weights();
        let had = |row: usize| -> u32 {
            let has = |m: &usize| task.features.had(*m).is_none_or(|had| had[row] > 0.0);
            (0..modalities).filter(has).map(|m| 1 << m).sum()
        };
        let had: Vec<u32> = (0..weights.len()).map(had).collect();
        // Of every set and specimen, of all sets within what it has but so many.
        let shares = |but: usize| {
            let share = |subset: u32, row: usize| {
                let sets = (1_usize << had[row].count_ones()) - 1;
                let counts = subset & !had[row] == 0 && sets > but;
                if counts { weights[row] / ((sets - but) * self.width) as f32 } else { 0.0 }
            };
            let rows = |subset: &u32| {
                let subset = *subset;
                let rows = (0..weights.len()).map(move |row| share(subset, row));
                rows.flat_map(|s| std::iter::repeat_n(s, self.width)).collect::<Vec<f32>>()
            };
            let shape = (subsets.len(), weights.len() * self.width);
            upload(task.features.device(), shape, subsets.iter().flat_map(rows).collect())
        };
        let products = experts.products(task.features.device(), &subsets)?;
        let observed = posterior.repeated(subsets.len())?;
        let from_observed = observed.divergence(&products)?.try_mul(shares(1)?)?;
        let from_prior = products.divergence_from_standard()?.try_mul(shares(0)?)?;
        from_observed.try_add(from_prior)?.try_sum::<(), _>()
    }
}

impl<D: LearnDevice> Method<D> for Hved<D> {
    const WHOLE_LOSS: bool = true;
    const RECONSTRUCTS: bool = true;

    fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err> {
        let (features, width) = (training.features, training.features.div_ceil(2));
        let decoder = |input| Decoder::new(start, input, width);
        Ok(Self {
            means: Dense::per_modality(start, "mean", inputs, features, width)?,
            spreads: Dense::per_modality(start, "spread", inputs, features, width)?,
            decoders: inputs.iter().map(decoder).collect::<Result<_, _>>()?,
            head: Dense::new(start, "head", width, classes)?,
            width,
        })
    }

    fn showing(_: f32) -> Showing {
        Showing::RandomSubset
    }

    fn width(&self) -> usize {
        self.width
    }

    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        let h = features.h.iter().map(|h| normalised_rows(h.clone()));
        let h: Vec<Var<D>> = h.collect::<Result<_, _>>()?;
        let means = Dense::forward_each(&self.means, &h, tape)?;
        let spreads = Dense::forward_each(&self.spreads, &h, tape)?.into_iter();
        let spreads = spreads.map(|logs| logs.try_clamp(-WIDEST, WIDEST));
        let experts = Experts::of(means, spreads.collect::<Result<_, _>>()?)?;
        let Gaussian { mean, precision } = experts.shown(features)?;
        let branches = experts.into_parts().into_iter().chain([precision]).collect();
        Ok(Joint::through(&self.head, mean, tape)?.with_branches(branches))
    }

    fn auxiliary_loss(
        &self,
        joint: &Joint<D>,
        task: &Task<D>,
    ) -> Result<Option<Scalar<D>>, D::Err> {
        let Some((precision, parts)) = joint.branches.split_last() else { return Ok(None) };
        let mean = joint.heads[0].z.clone();
        let posterior = Gaussian { mean, precision: precision.clone() };
        let z = self.sample(&posterior, task)?;
        let fit = cross_entropy(self.head.forward(z.clone(), task.tape)?, task.targets)?;
        let experts = Experts::of_parts(parts.to_vec());
        let divergences = self.divergences(&posterior, &experts, task)?.try_mul(DIVERGENCE)?;
        let share = RECONSTRUCTION / self.decoders.len() as f32;
        let mut losses = vec![fit, divergences];
        for (m, (decoder, x)) in self.decoders.iter().zip(&task.features.originals).enumerate() {
            let (weights, place) = (task.weights_of_having(m), (task.features, task.tape));
            let gap = decoder.loss(z.clone(), x, Gap::Square, weights, place)?;
            losses.push(gap.try_mul(share)?);
        }
        add_all(losses)
    }

    fn parameters(&self) -> Vec<&Parameter<D>> {
        let layers = self.means.iter().chain(&self.spreads).chain([&self.head]);
        let decoders = self.decoders.iter().flat_map(Decoder::parameters);
        layers.flat_map(Dense::parameters).chain(decoders).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        let layers = self.means.iter_mut().chain(&mut self.spreads).chain([&mut self.head]);
        let decoders = self.decoders.iter_mut().flat_map(Decoder::parameters_mut);
        layers.flat_map(Dense::parameters_mut).chain(decoders).collect()
    }
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::Cpu;

    use super::*;
    use crate::learn::Batch;
    use crate::learn::hidden::Hidden;
    use crate::learn::tape::backward;

    const ROWS: usize = 4;

    fn method() -> Hved<Cpu> {
        let inputs = [InputSpec::row("a", 3), InputSpec::row("b", 2), InputSpec::words("c", 2, 5)];
        let training = Training { features: 4, ..Training::default() };
        let start = Start { device: Cpu::default(), seed: 6 };
        Hved::<Cpu>::new(&start, &inputs, 2, &training).unwrap()
    }

    /// Features of three modalities, all that the last specimen has being the first of them.
    fn features(tape: &SharedTape<Cpu>, hidden: &Hidden) -> Features<Cpu> {
        let device = Cpu::default();
        let h = (0..3).map(|m| {
            let values = (0..4 * ROWS).map(|i| ((i * 7 + m * 3) % 11) as f32 * 0.2 - 1.0);
            upload(&device, (ROWS, 4), values.collect()).unwrap().put_tape(tape.clone())
        });
        let originals = [3, 2, 5].map(|width| {
            let values = (0..width * ROWS).map(|i| (i % 3) as f32);
            upload(&device, (ROWS, width), values.collect()).unwrap()
        });
        let present = (0..3 * ROWS).map(|place| place < 3 * (ROWS - 1) + 1).collect();
        let batch =
            Batch { rows: ROWS, inputs: vec![Default::default(); 3], present, labels: vec![] };
        let features = Features::all(&device, h.collect()).made_from(originals.to_vec());
        features.shown(&[0, 1, 2], &[&batch], hidden)
    }

    fn with_task<T>(
        features: &Features<Cpu>,
        tape: &SharedTape<Cpu>,
        run: impl FnOnce(&Task<Cpu>) -> T,
    ) -> T {
        let weights = [0.25, 0.0, 0.0, 0.25, 0.25, 0.0, 0.0, 0.25];
        let targets = upload(&Cpu::default(), (ROWS, 2), weights.to_vec()).unwrap();
        run(&Task {
            targets: &targets,
            weights: &weights,
            progress: 0.0,
            seed: 1,
            step: 2,
            features,
            tape,
        })
    }

    /// `1/2 (ln v' - ln v + (v + (mu - mu')^2) / v' - 1)`.
    fn kl([mu, v]: [f64; 2], [mu2, v2]: [f64; 2]) -> f64 {
        0.5 * (v2.ln() - v.ln() + (v + (mu - mu2).powi(2)) / v2 - 1.0)
    }

    #[test]
    fn the_divergences_are_means_over_all_sets_of_what_a_specimen_has() {
        let (method, tape) = (method(), SharedTape::off());
        let hidden = Hidden::alike(vec![false, true, false]);
        let features = features(&tape, &hidden);
        let joint = method.join(&features, &tape).unwrap();
        let parts: Vec<Vec<f32>> = joint.branches.iter().map(|part| part.as_vec()).collect();
        let product = |set: &dyn Fn(usize) -> bool, i: usize| {
            let within = (0..3).filter(|m| set(*m));
            let (mut precision, mut weighted) = (1.0, 0.0);
            for m in within {
                precision += f64::from(parts[m][i]);
                weighted += f64::from(parts[3 + m][i]);
            }
            [weighted / precision, 1.0 / precision]
        };
        let mut expected = 0.0;
        for i in 0..2 * ROWS {
            let had = if i / 2 == ROWS - 1 { 0b001 } else { 0b111 };
            let sets: Vec<usize> = (1..8_usize).filter(|set| set & !had == 0).collect();
            let shown = product(&|m| had & 0b101 >> m & 1 == 1, i);
            for set in &sets {
                let q = product(&|m| set >> m & 1 == 1, i);
                expected += kl(q, [0.0, 1.0]) / sets.len() as f64 / 8.0;
                if sets.len() > 1 {
                    expected += kl(shown, q) / (sets.len() - 1) as f64 / 8.0;
                }
            }
        }
        let precision = joint.branches[6].clone();
        let posterior = Gaussian { mean: joint.heads[0].z.clone(), precision };
        let experts = Experts::of_parts(joint.branches[..6].to_vec());
        let found = with_task(&features, &tape, |task| {
            method.divergences(&posterior, &experts, task).unwrap().as_vec()[0]
        });
        assert!((f64::from(found) - expected).abs() < 1e-4 * expected, "{found} {expected}");
    }

    #[test]
    fn without_any_modality_z_is_the_prior() {
        let (method, tape) = (method(), SharedTape::off());
        let device = Cpu::default();
        let h = vec![upload(&device, (1, 4), vec![1.0; 4]).unwrap().put_tape(tape.clone()); 3];
        let (inputs, present) = (vec![Default::default(); 3], vec![false; 3]);
        let batch = Batch { rows: 1, inputs, present, ..Batch::default() };
        let nothing = Features::all(&device, h).shown(&[0, 1, 2], &[&batch], &Hidden::default());
        let joint = method.join(&nothing, &tape).unwrap();
        assert_eq!(joint.heads[0].z.as_vec(), [0.0, 0.0]);
        assert_eq!(joint.branches[6].as_vec(), [1.0, 1.0]);
    }

    #[test]
    fn what_is_hidden_is_reconstructed_and_what_is_missing_is_not() {
        let method = method();
        let slope = |hidden: Vec<bool>, row: usize| {
            let tape = SharedTape::recording();
            let features = features(&tape, &Hidden::alike(hidden));
            let z = upload(&Cpu::default(), (ROWS, 2), vec![0.3; 2 * ROWS]).unwrap();
            let decoder = &method.decoders[1];
            let weights = with_task(&features, &tape, |task| task.weights_of_having(1));
            let original = &features.originals[1];
            let place = (&features, &tape);
            let on = z.clone().put_tape(tape.clone());
            let loss = decoder.loss(on, original, Gap::Square, weights, place).unwrap();
            let slopes = backward(loss).unwrap().get(&z).as_vec();
            slopes[2 * row..2 * (row + 1)].iter().any(|slope| *slope != 0.0)
        };
        assert!(slope(vec![false, true, false], 0), "hidden");
        assert!(!slope(vec![false; 3], ROWS - 1), "missing");
    }

    #[test]
    fn samples_are_drawn_anew_in_every_update_and_are_those_of_the_posterior() {
        let (method, tape) = (method(), SharedTape::off());
        let rows = 4000;
        let device = Cpu::default();
        let constant =
            |x: f32| upload(&device, (rows, 2), vec![x; 2 * rows]).unwrap().put_tape(tape.clone());
        let features = Features::all(&device, vec![constant(0.0)]);
        let weights = vec![0.0; 2 * rows];
        let targets = upload(&device, (rows, 2), weights.clone()).unwrap();
        let posterior = Gaussian { mean: constant(1.5), precision: constant(4.0) };
        let draw = |step| {
            let task = Task {
                targets: &targets,
                weights: &weights,
                progress: 0.0,
                seed: 1,
                step,
                features: &features,
                tape: &tape,
            };
            method.sample(&posterior, &task).unwrap().as_vec()
        };
        let (one, other) = (draw(0), draw(1));
        assert_ne!(one, other);
        assert_eq!(one, draw(0));
        let mean = one.iter().sum::<f32>() / one.len() as f32;
        let variance = one.iter().map(|z| (z - mean).powi(2)).sum::<f32>() / one.len() as f32;
        assert!((mean - 1.5).abs() < 0.03 && (variance - 0.25).abs() < 0.02, "{mean} {variance}");
    }
}
