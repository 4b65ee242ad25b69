//! The whole loss of each objective, put together from its terms (Eq. 10).

use dfdx::prelude::{PutTape, TryMul};

use super::Batch;
use super::device::LearnDevice;
use super::loss::{Loss, Term};
use super::method::{Head, Method, Phase, Task, branch_losses};
use super::model::{Model, Pass};
use super::objective::{
    Distribution, consistency, cross_entropy, instrument_distance, necessity, offset, over_budget,
};
use super::ops::{add_all, detach, one_hot, upload};
use super::plan::Plan;
use super::tape::{Matrix, Rows, Scalar, SharedTape, Var};
use super::twin_network::{CounterfactualKind, TwinNetwork};
use crate::scene::training::Objective;

/// What a loss is computed with.
pub struct Criterion<'a, D: LearnDevice, M: Method<D>> {
    /// Where the numbers are.
    pub device: &'a D,
    /// The objective and its weights.
    pub plan: &'a Plan,
    /// The model that made the pass.
    pub model: &'a Model<D, M>,
    /// The tape of the pass.
    pub tape: &'a SharedTape<D>,
    /// The share of the updates that are done.
    pub progress: f32,
    /// The seed of the run.
    pub seed: u64,
    /// How many updates are done.
    pub step: u64,
    /// What is learned.
    pub phase: Phase,
    /// A weight per specimen, 1 on average; none where all weigh alike.
    pub weights: Option<&'a [f32]>,
    /// What is added to the logits in the task loss, rows x classes; none where nothing is.
    pub offsets: Option<&'a Matrix<D>>,
}

impl<D: LearnDevice, M: Method<D>> Criterion<'_, D, M> {
    /// The loss of a pass over `batch`, and for `C3rTwin` over `twin` below it.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn loss(
        &self,
        pass: &Pass<D>,
        batch: &Batch,
        twin: Option<&Batch>,
    ) -> Result<Loss<D>, D::Err> {
        if self.phase == Phase::Unlabelled {
            return self.own_loss(pass);
        }
        match (self.plan.training.objective, twin) {
            (Objective::C3rTwin, Some(twin)) => self.twin_loss(pass, batch, twin),
            (
                Objective::Erm
                | Objective::C3r
                | Objective::C3rLiteral
                | Objective::C3rAdjust
                | Objective::C3rDiscount
                | Objective::C3rTwin,
                _,
            ) => self.c3r_loss(pass, batch),
        }
    }

    /// The method's own loss alone, every class of every specimen weighing alike.
    fn own_loss(&self, pass: &Pass<D>) -> Result<Loss<D>, D::Err> {
        let shape = (pass.features.rows(), self.plan.classes);
        let weights = vec![1.0 / (shape.0 * shape.1) as f32; shape.0 * shape.1];
        let targets = upload(self.device, shape, weights.clone())?;
        let task = self.posed(pass, &targets, &weights);
        let loss = self.model.method().auxiliary_loss(&pass.joint, &task)?;
        Loss::of(Term::Sufficiency, 1.0, self.sum(loss)?)
    }

    /// The sum of some terms, 0 of none.
    fn sum(&self, terms: impl IntoIterator<Item = Scalar<D>>) -> Result<Scalar<D>, D::Err> {
        let nothing = || Ok(self.device.try_zeros_like(&())?.put_tape(SharedTape::off()));
        add_all(terms)?.map_or_else(nothing, Ok)
    }

    /// What a method's own loss is given.
    fn posed<'p>(
        &'p self,
        pass: &'p Pass<D>,
        targets: &'p Matrix<D>,
        weights: &'p [f32],
    ) -> Task<'p, D> {
        Task {
            targets,
            weights,
            offsets: self.offsets,
            progress: self.progress,
            seed: self.seed,
            step: self.step,
            features: &pass.features,
            tape: self.tape,
        }
    }

    /// The method's whole task loss: cross-entropy of the joint logits and its own loss, or that
    /// alone where it's the whole; and for `C3rDiscount` that of every modality alone, weighted.
    /// `weights` holds a row of class weights per specimen.
    fn task(&self, pass: &Pass<D>, weights: &[f32]) -> Result<Scalar<D>, D::Err> {
        let shape = (pass.features.rows(), self.plan.classes);
        let targets = upload(self.device, shape, weights.to_vec())?;
        let task = self.posed(pass, &targets, weights);
        let logits = || offset(Head::whole(&pass.joint.heads)?.logits, self.offsets);
        let fit = || cross_entropy(logits()?, &targets);
        let fit = if M::WHOLE_LOSS { None } else { Some(fit()?) };
        let own = self.model.method().auxiliary_loss(&pass.joint, &task)?;
        let alone = branch_losses(&self.model.alone(pass, self.tape)?, &task)?
            .map(|loss| loss.try_mul(self.plan.training.lambda_alone))
            .transpose()?;
        self.sum(fit.into_iter().chain(own).chain(alone))
    }

    /// The weight of every specimen's label over the rows of a pass, the first being `first`.
    fn targets(&self, rows: usize, first: usize, labels: &[usize]) -> Vec<f32> {
        let classes = self.plan.classes;
        let share = 1.0 / labels.len() as f32;
        let mut values = vec![0.0; rows * classes];
        for (row, label) in labels.iter().enumerate() {
            let weight = self.weights.map_or(1.0, |weights| weights[row]);
            values[(first + row) * classes + label] = weight * share;
        }
        values
    }

    /// `lambda_s task`, and for the C3R objectives the rest of Eq. 10.
    fn c3r_loss(&self, pass: &Pass<D>, batch: &Batch) -> Result<Loss<D>, D::Err> {
        let training = &self.plan.training;
        let one_hot = one_hot(self.device, batch.labels.iter().copied(), self.plan.classes)?;
        let task = self.task(pass, &self.targets(batch.rows, 0, &batch.labels))?;
        let mut loss = Loss::of(Term::Sufficiency, training.lambda_s, task)?;
        let Some(kind) = CounterfactualKind::of(training) else { return Ok(loss) };
        let heads = &pass.joint.heads;
        let twin_networks = heads
            .iter()
            .map(|head| TwinNetwork::new(head, &one_hot, kind))
            .collect::<Result<Vec<_>, _>>()?;
        if training.lambda_n != 0.0 {
            let value = self.mean(heads, |head, place| {
                necessity(&twin_networks[place].logits(&head.logits)?, &one_hot)
            })?;
            loss = loss.and(Term::Necessity, training.lambda_n, value)?;
        }
        if training.lambda_v == 0.0 && training.lambda_fe == 0.0 {
            return Ok(loss);
        }
        let z: Vec<_> = heads.iter().map(|head| Distribution::of(head.z.clone())).collect();
        if let Some(v) = self.instrument_target(pass)? {
            let value = self.mean(heads, |head, place| {
                instrument_distance(training.distance, &head.z, &z[place], v.clone())
            })?;
            loss = loss.and(Term::Instrument, training.lambda_v, value)?;
        }
        if training.lambda_fe != 0.0 {
            let value = self.mean(heads, |head, place| {
                let rows = z[place].divergence(twin_networks[place].z(&head.z)?)?;
                over_budget(rows, training.kl_budget)
            })?;
            loss = loss.and(Term::Divergence, training.lambda_fe, value)?;
        }
        Ok(loss)
    }

    /// The mean over specimens of what `term` says of each head and its place, in the shares that
    /// the heads have in a specimen.
    fn mean(
        &self,
        heads: &[Head<D>],
        term: impl Fn(&Head<D>, usize) -> Result<Rows<D>, D::Err>,
    ) -> Result<Scalar<D>, D::Err> {
        let places = heads.iter().enumerate();
        let means = places.map(|(place, head)| head.mean(term(head, place)?));
        self.sum(means.collect::<Result<Vec<_>, _>>()?)
    }

    /// V, as a constant or in the graph; none where nothing asks for it.
    fn instrument_target(&self, pass: &Pass<D>) -> Result<Option<Var<D>>, D::Err> {
        let training = &self.plan.training;
        let Some(instrument) = self.model.instrument().filter(|_| training.lambda_v != 0.0) else {
            return Ok(None);
        };
        let features = pass.features.masked(pass.features.h.clone())?;
        if !training.detach_instrument {
            return instrument.forward(&features, self.tape).map(Some);
        }
        let features = features.iter().map(detach).collect::<Result<Vec<_>, _>>()?;
        detach(&instrument.forward(&features, &SharedTape::off())?).map(Some)
    }

    /// `lambda_s task(real) + lambda_twin task(twin) + lambda_consistency Jeffreys` (ours). The
    /// pass holds the specimens, then their twins.
    fn twin_loss(&self, pass: &Pass<D>, batch: &Batch, twin: &Batch) -> Result<Loss<D>, D::Err> {
        let (training, rows) = (&self.plan.training, batch.rows);
        let real = self.task(pass, &self.targets(2 * rows, 0, &batch.labels))?;
        let twins = self.task(pass, &self.targets(2 * rows, rows, &twin.labels))?;
        let loss = Loss::of(Term::Sufficiency, training.lambda_s, real)?;
        let loss = loss.and(Term::Twin, training.lambda_twin, twins)?;
        if training.lambda_consistency == 0.0 {
            return Ok(loss);
        }
        let kept: Vec<bool> = batch.labels.iter().zip(&twin.labels).map(|(a, b)| a == b).collect();
        let value = consistency(self.device, self.tape, pass.joint.answer().clone(), &kept)?;
        loss.and(Term::Consistency, training.lambda_consistency, value)
    }
}
