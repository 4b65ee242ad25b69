//! What the trainer tells of what was decided: by the method, its phases, and the objective.

use super::super::decision::Decision;
use super::super::device::LearnDevice;
use super::super::discount::Discount;
use super::super::method::{Method, Phase, Showing};
use super::super::strata::Strata;
use super::Trainer;

impl<D: LearnDevice, M: Method<D>> Trainer<D, M> {
    /// See [`Learner::decisions`](super::super::Learner::decisions).
    pub(in super::super) fn decisions(&self) -> Vec<Decision> {
        let name = |&modality: &usize| self.plan.inputs[modality].name.as_str();
        let names: Vec<&str> = self.model.modalities().iter().map(name).collect();
        let mut told = self.model.method().decisions(&names);
        told.extend(self.phases());
        told.extend(self.discount.as_ref().map(Discount::decisions).unwrap_or_default());
        told.extend(self.strata.as_ref().map(Strata::decisions).unwrap_or_default());
        told
    }

    /// In which part of its training the last update was, where the method has several.
    fn phases(&self) -> Vec<Decision> {
        let flag = |name, set: bool| Decision::new(name, f64::from(u8::from(set)));
        let mut told = Vec::new();
        if M::phase(0.0) != M::phase(1.0) {
            told.push(flag("pretraining", self.phase == Phase::Unlabelled));
        }
        if M::showing(0.0) != M::showing(1.0) {
            let showing = M::showing(self.progress_after(self.steps.saturating_sub(1)));
            told.push(flag("all_shown", showing == Showing::All));
        }
        told
    }
}
