//! HeMIS: the mean and the variance over whichever modalities there are (Havaei et al., 2016).

use dfdx::prelude::TrySub;

use super::super::InputSpec;
use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::features::Features;
use super::super::ops::side_by_side;
use super::super::parameter::{Parameter, Start};
use super::super::tape::{SharedTape, Var};
use super::{Joint, Method, Showing};
use crate::scene::training::Training;

/// `Z = [mean_m h_m; var_m h_m]` over the modalities that a specimen has, and the head `Z W + b`.
/// The variance is the population's: 0 for a single modality. While it learns, a random number of
/// modalities is shown in every update.
///
/// Deviation: the features are one vector per modality, not a map; moments are per element.
/// Source: ReubenDo/U-HVED, U-HeMIS.
pub struct Hemis<D: LearnDevice> {
    head: Dense<D>,
    features: usize,
}

impl<D: LearnDevice> Method<D> for Hemis<D> {
    fn showing(_: f32) -> Showing {
        Showing::RandomSubset
    }

    fn new(
        start: &Start<D>,
        _: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err> {
        let features = training.features;
        Ok(Self { head: Dense::new(start, "head", 2 * features, classes)?, features })
    }

    fn width(&self) -> usize {
        2 * self.features
    }

    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        let mean = features.mean(features.h.clone())?;
        let deviations = features
            .h
            .iter()
            .map(|h| h.clone().try_sub(mean.clone())?.try_square())
            .collect::<Result<Vec<_>, _>>()?;
        let z: Var<D> = side_by_side(vec![mean, features.mean(deviations)?])?;
        Joint::through(&self.head, z, tape)
    }

    fn parameters(&self) -> Vec<&Parameter<D>> {
        self.head.parameters().collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        self.head.parameters_mut().collect()
    }
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{Cpu, PutTape};

    use super::*;
    use crate::learn::ops::upload;

    fn z(h: &[Vec<f32>]) -> Vec<f32> {
        let device = Cpu::default();
        let inputs: Vec<InputSpec> =
            (0..h.len()).map(|i| InputSpec::row(&i.to_string(), 1)).collect();
        let training = Training { features: 2, ..Training::default() };
        let start = Start { device: device.clone(), seed: 1 };
        let method = Hemis::<Cpu>::new(&start, &inputs, 2, &training).unwrap();
        let h = h
            .iter()
            .map(|h| upload(&device, (1, 2), h.clone()).unwrap().put_tape(SharedTape::off()))
            .collect();
        method.join(&Features::all(&device, h), &SharedTape::off()).unwrap().heads[0].z.as_vec()
    }

    #[test]
    fn one_modality_has_no_variance_and_order_says_nothing() {
        assert_eq!(z(&[vec![1.0, -2.0]]), [1.0, -2.0, 0.0, 0.0]);
        let [a, b] = [vec![1.0, 0.0], vec![3.0, 4.0]];
        assert_eq!(z(&[a.clone(), b.clone()]), [2.0, 2.0, 1.0, 4.0]);
        assert_eq!(z(&[a.clone(), b.clone()]), z(&[b, a]));
    }
}
