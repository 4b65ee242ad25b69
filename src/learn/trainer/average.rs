//! The running mean of a model's parameters, which is asked in the model's place.
//!
//! The steps of one update are noise to the next ones, and a verdict that little speaks for turns
//! with them. Source: Polyak and Juditsky 1992.

use super::super::LearnError;
use super::super::device::LearnDevice;
use super::super::discount::staying;
use super::super::method::{Method, Phase};
use super::super::model::Model;
use super::super::parameter::Start;
use super::Trainer;

impl<D: LearnDevice, M: Method<D>> Trainer<D, M> {
    /// The model that is asked.
    pub(super) fn asked(&self) -> &Model<D, M> {
        self.mean.as_ref().unwrap_or(&self.model)
    }

    /// Begins a mean at what has been learned so far, where the objective has one.
    pub(super) fn begin_mean(&mut self) -> Result<(), LearnError> {
        let training = &self.plan.training;
        if !training.objective.discounts() || training.averaging == 0.0 {
            return Ok(());
        }
        let start = Start { device: self.device.clone(), seed: self.seed };
        let mut mean = Model::new(&start, &self.plan.inputs, self.plan.classes, training)
            .map_err(LearnError::device)?;
        for (mean, own) in mean.parameters_mut().into_iter().zip(self.model.parameters()) {
            mean.assign(&own.named().values);
        }
        self.mean = Some(mean);
        Ok(())
    }

    /// Ends the mean: the model goes on from there.
    pub(super) fn end_mean(&mut self) {
        let Some(mean) = self.mean.take() else { return };
        for (own, mean) in self.model.parameters_mut().into_iter().zip(mean.parameters()) {
            own.assign(&mean.named().values);
        }
    }

    /// Lets the mean follow the model after an update.
    pub(super) fn follow(&mut self) {
        let Some(mean) = &mut self.mean else { return };
        // Before labels are looked at no objective has a say.
        let stays = match self.phase {
            Phase::Unlabelled => 0.0,
            _ => staying(self.plan.training.averaging, self.steps),
        };
        for (mean, own) in mean.parameters_mut().into_iter().zip(self.model.parameters()) {
            let mut values = own.named().values;
            let pairs = values.iter_mut().zip(mean.named().values);
            // Added to what learns, so that what stands still is the same to the bit.
            pairs.for_each(|(own, mean)| *own += stays * (mean - *own));
            mean.assign(&values);
        }
    }
}
