//! ALIGN-style (synthetic pretraining): contrast of noisy pairs, then a linear probe (after Jia et
//! al., ICML 2021).

use super::super::device::LearnDevice;
use super::super::encoder::Encoding;
use super::super::features::Features;
use super::super::parameter::{Parameter, Start};
use super::super::tape::{Scalar, SharedTape};
use super::super::{Form, InputSpec};
use super::contrast::{Contrast, Recipe};
use super::{Joint, Method, Phase, Task};
use crate::scene::training::Training;

/// The temperature starts from 1.
const RECIPE: Recipe = Recipe { scale: 0.0, smoothing: 0.1, noise: 0.25 };

/// [`Clip`](super::Clip) in all but what makes ALIGN another method: a quarter of the pairs of every
/// batch is mixed up, anew in every update, since its pairs are found and not checked; targets are
/// smoothed by 0.1; the temperature starts from 1; pictures and sounds are read by patches whose
/// features are averaged, a network of convolutions that don't overlap, and texts by a transformer
/// that looks both ways, as BERT's does.
///
/// Status: "ALIGN-style (synthetic pretraining)", named apart from `align`, which is AlignMML. No
/// code of its authors is public; temperature and smoothing are as we remember their paper, whose
/// loss is the sum of both directions where ours is their mean, as CLIP's. That pairs are mixed up
/// within a batch, the mean over pairs of several modalities, the limit of the scale and the phases
/// are ours.
pub struct AlignItc<D: LearnDevice>(Contrast<D>);

impl<D: LearnDevice> Method<D> for AlignItc<D> {
    fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err> {
        Contrast::new(start, inputs, classes, training, RECIPE).map(Self)
    }

    fn encoding(input: &InputSpec, _: &Training) -> Encoding {
        match input.form {
            Form::Words { .. } => Encoding::Sentence,
            Form::Grid(_) => Encoding::Pooled,
            Form::Row => Encoding::Mlp,
        }
    }

    fn phase(progress: f32) -> Phase {
        Contrast::<D>::phase(progress)
    }

    fn width(&self) -> usize {
        self.0.width()
    }

    fn refine(&self, features: Features<D>, tape: &SharedTape<D>) -> Result<Features<D>, D::Err> {
        self.0.refine(features, tape)
    }

    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        self.0.join(features, tape)
    }

    fn auxiliary_loss(&self, _: &Joint<D>, task: &Task<D>) -> Result<Option<Scalar<D>>, D::Err> {
        self.0.loss(task)
    }

    fn parameters(&self) -> Vec<&Parameter<D>> {
        self.0.parameters()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        self.0.parameters_mut()
    }
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{Cpu, PutTape};

    use super::super::Clip;
    use super::*;
    use crate::learn::ops::upload;

    const ROWS: usize = 6;

    /// The loss of a method on three modalities, the third of which one specimen lacks.
    fn loss(build: impl FnOnce(&Start<Cpu>, &[InputSpec], &Training) -> Box<dyn Losing>) -> f32 {
        let device = Cpu::default();
        let inputs = ["a", "b", "c"].map(|name| InputSpec::row(name, 4));
        let training = Training { features: 4, ..Training::default() };
        let method = build(&Start { device: device.clone(), seed: 4 }, &inputs, &training);
        let h = (0..3).map(|m| {
            let values = (0..4 * ROWS).map(|i| ((i * 7 + m * 3) % 11) as f32 * 0.2 - 1.0);
            upload(&device, (ROWS, 4), values.collect()).unwrap().put_tape(SharedTape::off())
        });
        let present = (0..3 * ROWS).map(|place| place != 5).collect();
        let inputs = vec![Default::default(); 3];
        let batch = crate::learn::Batch { rows: ROWS, inputs, present, ..Default::default() };
        let hidden = Default::default();
        let features = Features::all(&device, h.collect()).shown(&[0, 1, 2], &[&batch], &hidden);
        method.losing(features)
    }

    trait Losing {
        fn losing(&self, features: Features<Cpu>) -> f32;
    }

    impl<M: Method<Cpu>> Losing for M {
        fn losing(&self, features: Features<Cpu>) -> f32 {
            let tape = SharedTape::off();
            let features = self.refine(features, &tape).unwrap();
            let joint = self.join(&features, &tape).unwrap();
            let weights = [1.0 / (2 * ROWS) as f32; 2 * ROWS];
            let targets = upload(&Cpu::default(), (ROWS, 2), weights.to_vec()).unwrap();
            let task = Task {
                targets: &targets,
                weights: &weights,
                progress: 0.0,
                seed: 0,
                step: 0,
                features: &features,
                tape: &tape,
            };
            self.auxiliary_loss(&joint, &task).unwrap().unwrap().as_vec()[0]
        }
    }

    fn with(recipe: Recipe) -> f32 {
        loss(|start, inputs, training| {
            Box::new(AlignItc(Contrast::new(start, inputs, 2, training, recipe).unwrap()))
        })
    }

    #[test]
    fn of_clean_pairs_without_smoothing_at_its_temperature_it_is_clip() {
        let clip = loss(|start, inputs, training| {
            Box::new(Clip::<Cpu>::new(start, inputs, 2, training).unwrap())
        });
        let plain = Recipe { scale: (1.0_f32 / 0.07).ln(), smoothing: 0.0, noise: 0.0 };
        assert!((with(plain) - clip).abs() < 1e-6);
        for other in [
            Recipe { smoothing: 0.1, ..plain },
            Recipe { noise: 0.9, ..plain },
            Recipe { scale: 0.0, ..plain },
        ] {
            assert!((with(other) - clip).abs() > 1e-3, "{other:?}");
        }
    }
}
