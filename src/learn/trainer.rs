//! The trainer: one model, one objective, Adam.

use dfdx::prelude::{AdamConfig, Gradients, NoneTape};

use super::checkpoint::Checkpoint;
use super::companion::Companion;
use super::criterion::Criterion;
use super::decision::Decision;
use super::device::LearnDevice;
use super::discount::Discount;
use super::hidden::Hidden;
use super::learner::{Counterfactual, Learner, Logits, Representation, StepLosses};
use super::loss::{Loss, report};
use super::method::{Method, Phase};
use super::model::Model;
use super::parameter::{NamedParameter, Start};
use super::plan::Plan;
use super::staging::Staging;
use super::strata::Strata;
use super::tape::{SharedTape, backward};
use super::twin_network::CounterfactualKind;
use super::{Batch, LearnError};
use crate::scene::training::{Objective, Training};

mod advice;
mod average;
mod before;
mod decisions;
mod look;

use advice::Advice;

/// A model in training on one device.
pub struct Trainer<D: LearnDevice, M: Method<D>> {
    device: D,
    plan: Plan,
    model: Model<D, M>,
    /// Of `c3r-adjust` and `c3r-discount` alone.
    companion: Option<Companion<D, M>>,
    /// Of `c3r-discount` alone: what is known of the companion.
    discount: Option<Discount>,
    /// Of `c3r-adjust` alone: the strata of the last batch.
    strata: Option<Strata>,
    /// The running mean of the model, which is asked in its place; none where there is no mean.
    mean: Option<Model<D, M>>,
    adam: AdamConfig,
    seed: u64,
    steps: usize,
    /// Steps of Adam in the phase that the model is in.
    adam_steps: i32,
    phase: Phase,
    staging: Staging<D>,
}

/// A forward pass and its loss.
struct Evaluated<D: LearnDevice> {
    loss: Loss<D>,
    logits: Logits,
}

/// What an update is made of.
struct Differentiated<D: LearnDevice> {
    losses: StepLosses,
    gradients: Gradients<f32, D>,
    /// The gradients of the companion.
    companion: Option<Gradients<f32, D>>,
}

/// Whether an objective has a second model.
const fn has_companion(objective: Objective) -> bool {
    objective.adjusts() || objective.discounts()
}

/// The second model of `c3r-adjust` and `c3r-discount`; none for other objectives.
fn companion<D: LearnDevice, M: Method<D>>(
    start: &Start<D>,
    plan: &Plan,
    adam: &AdamConfig,
) -> Result<Option<Companion<D, M>>, LearnError> {
    if !has_companion(plan.training.objective) {
        return Ok(None);
    }
    Companion::new(start, plan, adam).map(Some).map_err(LearnError::device)
}

/// What `c3r-discount` knows at its start; none for other objectives.
fn discount(plan: &Plan) -> Option<Discount> {
    plan.training.objective.discounts().then(|| Discount::new(&plan.training, plan.classes))
}

impl<D: LearnDevice, M: Method<D>> Trainer<D, M> {
    /// A trainer whose parameters come from `seed`, or from `checkpoint` where there is one.
    ///
    /// # Errors
    /// [`LearnError::Device`], or the checkpoint's if it doesn't fit.
    pub(super) fn new(
        device: D,
        plan: Plan,
        seed: u64,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<Self, LearnError> {
        let start = Start { device: device.clone(), seed };
        let mut model = Model::new(&start, &plan.inputs, plan.classes, &plan.training)
            .map_err(LearnError::device)?;
        if let Some(checkpoint) = checkpoint {
            checkpoint.restore(&mut model.parameters_mut())?;
        }
        let adam = AdamConfig {
            lr: f64::from(plan.training.learning_rate),
            betas: [0.9, 0.999],
            eps: 1e-8,
            weight_decay: None,
        };
        // One whose parameters are loaded starts its companion afresh.
        let companion = companion(&start, &plan, &adam)?;
        let staging = Staging::new::<M>(&device, &plan);
        let discount = discount(&plan);
        let mut trainer = Self {
            device,
            plan,
            model,
            companion,
            discount,
            strata: None,
            mean: None,
            adam,
            seed,
            steps: 0,
            adam_steps: 0,
            phase: M::phase(0.0),
            staging,
        };
        trainer.model.hold(trainer.phase == Phase::Probe);
        trainer.begin_mean()?;
        Ok(trainer)
    }

    /// The loss of the staged batch under the objective of the plan.
    fn evaluate(
        &self,
        batch: &Batch,
        twin: Option<&Batch>,
        hidden: &Hidden,
        advice: &Advice<D>,
        tape: &SharedTape<D>,
    ) -> Result<Evaluated<D>, D::Err> {
        let batches: Vec<&Batch> = std::iter::once(batch).chain(twin).collect();
        let pass = self.model.forward(self.staging.blocks(), &batches, hidden, tape)?;
        let criterion = Criterion {
            device: &self.device,
            plan: &self.plan,
            model: &self.model,
            tape,
            progress: self.progress(),
            seed: self.seed,
            step: self.steps as u64,
            phase: self.phase,
            weights: advice.weights.as_deref(),
            offsets: advice.offsets.as_ref(),
        };
        let loss = criterion.loss(&pass, batch, twin)?;
        let mut values = pass.joint.answer().retaped::<NoneTape>().as_vec();
        values.truncate(batch.rows * self.plan.classes);
        let logits = Logits { rows: batch.rows, classes: self.plan.classes, values };
        Ok(Evaluated { loss, logits })
    }

    /// The twins that the objective uses; an error if it has none or they don't fit.
    fn twins<'a>(
        &self,
        batch: &Batch,
        twin: Option<&'a Batch>,
    ) -> Result<Option<&'a Batch>, LearnError> {
        // Before labels are looked at there is no twin to tell apart.
        if !self.plan.training.objective.needs_twins() || self.phase == Phase::Unlabelled {
            return Ok(None);
        }
        self.plan.twins_of(batch, twin).map(Some)
    }

    /// The losses of a batch and the gradients of their sum; the parameters stay as they are.
    fn differentiate(
        &mut self,
        batch: &Batch,
        twin: Option<&Batch>,
    ) -> Result<Differentiated<D>, LearnError> {
        batch.check(&self.plan.inputs, self.plan.classes)?;
        let twin = self.twins(batch, twin)?;
        let batches: Vec<&Batch> = std::iter::once(batch).chain(twin).collect();
        self.staging.stage(&batches).map_err(LearnError::device)?;
        let hidden = self.hidden(batch.rows);
        let advice = self.advise(batch, &hidden)?;
        let tape = SharedTape::recording();
        let Evaluated { loss, logits } =
            self.evaluate(batch, twin, &hidden, &advice, &tape).map_err(LearnError::device)?;
        let accuracy = logits.accuracy(&batch.labels);
        let losses = report(loss.values(), loss.total_value(), accuracy, self.steps + 1)?;
        let progress = self.progress();
        if let Some(discount) = &mut self.discount {
            discount.watch(&logits, &batch.labels, self.steps + 1, progress);
        }
        let gradients = backward(loss.total()).map_err(LearnError::device)?;
        Ok(Differentiated { losses, gradients, companion: advice.gradients })
    }

    /// The losses of a batch and the gradient of every parameter, for other engines to be held
    /// against.
    #[cfg(test)]
    pub(super) fn gradients(
        &mut self,
        batch: &Batch,
        twin: Option<&Batch>,
    ) -> Result<(StepLosses, Vec<NamedParameter>), LearnError> {
        let Differentiated { losses, mut gradients, .. } = self.differentiate(batch, twin)?;
        let read = |parameter: &super::parameter::Parameter<D>| {
            let values = parameter.gradient(&mut gradients).map_err(LearnError::device)?;
            Ok(NamedParameter { values, ..parameter.named() })
        };
        let all = self.model.parameters().into_iter().map(read).collect::<Result<_, _>>()?;
        Ok((losses, all))
    }
}

impl<D: LearnDevice, M: Method<D>> Trainer<D, M> {
    /// See [`Learner::update`].
    pub(super) fn update(
        &mut self,
        batch: &Batch,
        twin: Option<&Batch>,
    ) -> Result<StepLosses, LearnError> {
        batch.check(&self.plan.inputs, self.plan.classes)?;
        self.begin(batch).map_err(LearnError::device)?;
        let Differentiated { losses, mut gradients, companion } =
            self.differentiate(batch, twin)?;
        self.steps += 1;
        self.adam_steps = self.adam_steps.saturating_add(1);
        let step = self.adam_steps;
        for parameter in self.model.parameters_mut() {
            parameter.update(&self.adam, step, &mut gradients).map_err(LearnError::device)?;
        }
        if let (Some(companion), Some(mut gradients)) = (&mut self.companion, companion) {
            let step = self.discount.as_mut().map_or(step, |discount| discount.learned(batch.rows));
            companion.update(step, &mut gradients).map_err(LearnError::device)?;
        }
        self.follow();
        Ok(losses)
    }

    /// See [`Learner::retune`].
    pub(super) fn retune(&mut self, training: &Training) -> Result<(), LearnError> {
        let plan = self.plan.retuned(training)?;
        let start = Start { device: self.device.clone(), seed: self.seed };
        self.end_mean();
        self.model
            .equip(&start, &plan.inputs, plan.classes, training)
            .map_err(LearnError::device)?;
        self.adam.lr = f64::from(training.learning_rate);
        // A companion that is wanted already keeps what it has learned.
        let before = self.plan.training.objective;
        if before != training.objective
            && (has_companion(before) || has_companion(training.objective))
        {
            self.companion = companion(&start, &plan, &self.adam)?;
            self.discount = discount(&plan);
            self.strata = None;
        }
        if let Some(discount) = &mut self.discount {
            discount.retune(training);
        }
        self.plan = plan;
        self.begin_mean()
    }

    /// See [`Learner::parameters`].
    pub(super) fn parameters(&self) -> Vec<NamedParameter> {
        self.asked().parameters().into_iter().map(|parameter| parameter.named()).collect()
    }
}

impl<D: LearnDevice, M: Method<D>> Learner for Trainer<D, M>
where
    Self: Send + Sync,
{
    fn update(&mut self, batch: &Batch, twin: Option<&Batch>) -> Result<StepLosses, LearnError> {
        // On one of the threads that products are spread over: each of them would have to be handed
        // over and waited for by any other.
        rayon::scope(|_| self.update(batch, twin))
    }

    fn decisions(&self) -> Vec<Decision> {
        self.decisions()
    }

    fn retune(&mut self, training: &Training) -> Result<(), LearnError> {
        self.retune(training)
    }

    fn logits(&self, batch: &Batch) -> Result<Logits, LearnError> {
        self.logits(batch)
    }

    fn counterfactual(
        &self,
        batch: &Batch,
        kind: CounterfactualKind,
    ) -> Result<Counterfactual, LearnError> {
        self.counterfactual(batch, kind)
    }

    fn representation(&self, batch: &Batch) -> Result<Representation, LearnError> {
        self.representation(batch)
    }

    fn parameters(&self) -> Result<Vec<NamedParameter>, LearnError> {
        Ok(self.parameters())
    }
}

#[cfg(test)]
mod tests;
