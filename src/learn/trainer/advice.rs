//! What the companion has to say before an update.

use dfdx::prelude::Gradients;

use super::super::companion::adjustment;
use super::super::device::LearnDevice;
#[cfg(test)]
use super::super::discount::Discount;
use super::super::discount::as_weights;
use super::super::hidden::Hidden;
use super::super::method::{Method, Phase};
use super::super::ops::upload;
use super::super::strata::Strata;
use super::super::tape::Matrix;
use super::super::{Batch, LearnError};
use super::Trainer;

/// What the companion has to say; nothing where there is none.
pub(super) struct Advice<D: LearnDevice> {
    /// A weight per specimen, 1 on average; none where all weigh alike.
    pub weights: Option<Vec<f32>>,
    /// What is added to the logits, rows x classes; none where nothing is.
    pub offsets: Option<Matrix<D>>,
    /// The gradients of the companion's own loss; none where it doesn't learn.
    pub gradients: Option<Gradients<f32, D>>,
}

impl<D: LearnDevice, M: Method<D>> Trainer<D, M> {
    /// What the companion has to say of the staged batch.
    pub(super) fn advise(
        &mut self,
        batch: &Batch,
        hidden: &Hidden,
    ) -> Result<Advice<D>, LearnError> {
        let mut advice = Advice { weights: None, offsets: None, gradients: None };
        let classes = self.plan.classes;
        let Some(companion) = self.companion.as_ref().filter(|_| self.phase != Phase::Unlabelled)
        else {
            return Ok(advice);
        };
        let blocks = self.staging.blocks();
        let Some(discount) = &mut self.discount else {
            let judgement = companion
                .lesson(&self.device, classes, blocks, batch, hidden)
                .map_err(LearnError::device)?;
            advice.weights = Some(adjustment(&judgement.verdicts, &batch.labels, classes));
            self.strata = Some(Strata::of(&judgement.verdicts, &batch.labels, classes));
            advice.gradients = Some(judgement.gradients);
            return Ok(advice);
        };
        if discount.learns() {
            let judgement = companion
                .lesson(&self.device, classes, blocks, batch, hidden)
                .map_err(LearnError::device)?;
            discount.note(batch, &judgement.verdicts);
            advice.gradients = Some(judgement.gradients);
            return Ok(advice);
        }
        if let Some(before) = discount.pending() {
            let blocks = self.staging.upload(before).map_err(LearnError::device)?;
            let verdicts = companion.verdicts(classes, &blocks, before);
            discount.settle(&verdicts.map_err(LearnError::device)?);
        }
        if !discount.discounts() {
            return Ok(advice);
        }
        let verdicts = companion.verdicts(classes, blocks, batch).map_err(LearnError::device)?;
        let Some(offsets) = discount.offsets(&verdicts, &batch.labels) else { return Ok(advice) };
        if M::WHOLE_LOSS {
            advice.weights = Some(as_weights(&offsets, &batch.labels, classes));
        } else {
            let offsets = upload(&self.device, (batch.rows, classes), offsets);
            advice.offsets = Some(offsets.map_err(LearnError::device)?);
        }
        Ok(advice)
    }
}

#[cfg(test)]
impl<D: LearnDevice, M: Method<D>> Trainer<D, M> {
    /// Trusts the companion wholly from now on, and lets it learn no more.
    pub(in super::super) fn settle(&mut self) {
        self.discount = Some(Discount::settled(&self.plan.training, self.plan.classes));
    }
}
