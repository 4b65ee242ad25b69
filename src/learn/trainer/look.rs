//! What a model says of a batch, without gradients: verdict, counterfactual, representation.

use dfdx::prelude::HasShape;

use super::super::device::LearnDevice;
use super::super::hidden::Hidden;
use super::super::learner::{Counterfactual, Logits, Representation};
use super::super::method::{Head, Method};
use super::super::model::Pass;
use super::super::objective::Distribution;
use super::super::ops::{add_all, one_hot, side_by_side};
use super::super::tape::{SharedTape, Var};
use super::super::twin_network::{CounterfactualKind, TwinNetwork};
use super::super::{Batch, LearnError};
use super::Trainer;

impl<D: LearnDevice, M: Method<D>> Trainer<D, M> {
    /// The verdict on `batch`, without gradients.
    fn look(&self, batch: &Batch) -> Result<Pass<D>, LearnError> {
        batch.check(&self.plan.inputs, self.plan.classes)?;
        let inputs = self.staging.upload(batch).map_err(LearnError::device)?;
        self.asked()
            .forward(&inputs, &[batch], &Hidden::default(), &SharedTape::off())
            .map_err(LearnError::device)
    }

    /// See [`Learner::logits`](crate::learn::Learner::logits).
    pub(in super::super) fn logits(&self, batch: &Batch) -> Result<Logits, LearnError> {
        Ok(self.host(self.look(batch)?.joint.answer()))
    }

    /// See [`Learner::counterfactual`](crate::learn::Learner::counterfactual).
    pub(in super::super) fn counterfactual(
        &self,
        batch: &Batch,
        kind: CounterfactualKind,
    ) -> Result<Counterfactual, LearnError> {
        let pass = self.look(batch)?;
        let heads = &pass.joint.heads;
        let branches = || {
            let labels = batch.labels.iter().copied();
            let one_hot = one_hot(&self.device, labels, self.plan.classes)?;
            let (mut stepped, mut divergences) = (Vec::new(), Vec::new());
            for head in heads {
                let moved = TwinNetwork::new(head, &one_hot, kind)?.stepped(head)?;
                let rows = Distribution::of(head.z.clone()).divergence(moved.z.clone())?;
                divergences.push(head.shared(rows)?);
                stepped.push(moved);
            }
            let conclude = |heads: &[Head<D>]| {
                let answer = self.asked().method().conclude(heads, &pass.features)?;
                Ok(self.host(&answer))
            };
            Ok(Counterfactual {
                real: conclude(heads)?,
                hypothetical: conclude(&stepped)?,
                divergence: add_all(divergences)?.map(|rows| rows.as_vec()).unwrap_or_default(),
                z: Head::whole(&stepped)?.z.as_vec(),
            })
        };
        branches().map_err(|e: D::Err| LearnError::device(e))
    }

    /// See [`Learner::representation`](crate::learn::Learner::representation).
    pub(in super::super) fn representation(
        &self,
        batch: &Batch,
    ) -> Result<Representation, LearnError> {
        let pass = self.look(batch)?;
        let instrument = self.asked().instrument_of(&pass).map_err(LearnError::device)?;
        let heads = &pass.joint.heads;
        let Head { z, weight, logits, .. } = Head::whole(heads).map_err(LearnError::device)?;
        // V faces every head.
        let facing = |v: Var<D>| side_by_side(vec![v; heads.len()]);
        let instrument = instrument.map(facing).transpose().map_err(LearnError::device)?;
        let (rows, width) = *z.shape();
        Ok(Representation {
            rows,
            width,
            values: z.as_vec(),
            logits: self.host(&logits),
            weight: weight.as_vec(),
            instrument: instrument.map(|v| v.as_vec()).unwrap_or_default(),
        })
    }

    /// Logits on the host.
    pub(super) fn host(&self, logits: &Var<D>) -> Logits {
        let (rows, classes) = *logits.shape();
        Logits { rows, classes, values: logits.as_vec() }
    }
}
