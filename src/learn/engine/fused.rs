//! The learner of the fused engine: one update after another, and what is asked in between.

use rayon::prelude::*;

use super::super::checkpoint::Checkpoint;
use super::super::decision::Decision;
use super::super::discount::staying;
use super::super::learner::{Counterfactual, Learner, Logits, Representation, StepLosses};
use super::super::loss::{Term, report};
use super::super::parameter::NamedParameter;
use super::super::plan::Plan;
use super::super::twin_network::CounterfactualKind;
use super::super::{Batch, LearnError};
use super::block::{Block, Sums};
use super::companion::Companion;
use super::head::{Head, Reach, spread, sum_up, weight_of};
use super::imagine::imagine;
use super::network::Network;
use super::refuse;
use super::risk::{Terms, risk};
use super::store::Adam;
use super::task::{Weights, consistency, task};
use crate::scene::training::{Objective, Training};

/// A model in training on the CPU.
pub struct Fused {
    plan: Plan,
    network: Network,
    /// Of `c3r-adjust` and `c3r-discount` alone.
    companion: Option<Companion>,
    head: Head,
    seed: u64,
    steps: usize,
}

/// A running mean begins where the objective has one.
fn begin_mean(plan: &Plan, network: &mut Network) {
    let training = &plan.training;
    if training.objective.discounts() && training.averaging != 0.0 {
        network.store.begin_mean();
    }
}

impl Fused {
    /// A learner whose parameters come from `seed`, or from `checkpoint` where there is one.
    ///
    /// # Errors
    /// [`LearnError::Setting`] for a plan that dfdx alone can follow, or the checkpoint's.
    pub fn new(plan: Plan, seed: u64, checkpoint: Option<&Checkpoint>) -> Result<Self, LearnError> {
        refuse(&plan.training)?;
        let mut network = Network::new(&plan, seed);
        if let Some(checkpoint) = checkpoint {
            network.restore(checkpoint)?;
        }
        let companion = Companion::of(&plan, seed);
        begin_mean(&plan, &mut network);
        Ok(Self { plan, network, companion, head: Head::default(), seed, steps: 0 })
    }

    /// The losses of a batch, and the slopes of all layers; the parameters stay as they are.
    pub(super) fn differentiate(
        &mut self,
        batch: &Batch,
        twin: Option<&Batch>,
    ) -> Result<StepLosses, LearnError> {
        batch.check(&self.plan.inputs, self.plan.classes)?;
        let needs_twins = self.plan.training.objective.needs_twins();
        let twin = needs_twins.then(|| self.plan.twins_of(batch, twin)).transpose()?;
        let advice = self.companion.as_mut().map(|own| own.advise(batch)).unwrap_or_default();
        let training = &self.plan.training;
        let hypothetical = CounterfactualKind::of(training);
        let pair = [batch, twin.unwrap_or(batch)];
        let batches = &pair[..1 + usize::from(twin.is_some())];
        self.network.forward(batches, hypothetical.is_some() && training.lambda_v != 0.0);
        let (lambdas, alone) = ([training.lambda_s, training.lambda_twin], training.lambda_alone);
        let shape = &self.network.shape;
        self.network.blocks.par_iter_mut().for_each(|block| {
            let share = lambdas[block.lane] / batch.rows as f32;
            let weights = Weights {
                share,
                each: advice.weights.as_deref(),
                offsets: advice.offsets.as_deref(),
                alone,
            };
            task(shape, block.labels(batches[block.lane]), weights, true, block);
        });
        if let Some(twin) = twin {
            self.compare(batch, twin);
        }
        if let Some(kind) = hypothetical {
            self.suppose(batch, kind);
        }
        let losses = self.losses(batch, twin)?;
        if self.companion.is_some() {
            let logits = self.hosted(&self.network.blocks);
            let progress = self.steps as f32 / self.plan.training.steps.max(1) as f32;
            if let Some(companion) = &mut self.companion {
                companion.watch(&logits, &batch.labels, self.steps + 1, progress);
            }
        }
        self.network.backward();
        Ok(losses)
    }

    /// The gradient of every parameter, after [`Self::differentiate`].
    pub(super) fn gradients(&mut self, batch: &Batch, twin: &Batch) -> Vec<NamedParameter> {
        self.network.learn(&[batch, twin], None);
        self.network.store.gradients()
    }

    /// Trusts the companion wholly from now on, and lets it learn no more.
    #[cfg(test)]
    pub(super) fn settle(&mut self) {
        let training = &self.plan.training;
        self.companion.iter_mut().for_each(|companion| companion.settle(training));
    }

    /// Replaces the `i`-th parameter.
    #[cfg(test)]
    pub(super) fn assign(&mut self, i: usize, values: &[f32]) {
        self.network.store.assign(i, values);
    }

    /// The consistency of specimens and their twins.
    fn compare(&mut self, batch: &Batch, twin: &Batch) {
        let lambda = self.plan.training.lambda_consistency;
        if lambda == 0.0 {
            return;
        }
        let share = lambda / kept(batch, twin) as f32;
        let shape = &self.network.shape;
        let half = self.network.blocks.len() / 2;
        let (real, twins) = self.network.blocks.split_at_mut(half);
        real.par_iter_mut().zip(twins).for_each(|(block, twins)| {
            let labels = [block.labels(batch), twins.labels(twin)];
            consistency(shape, labels, share, block, twins);
        });
    }

    /// The hypothetical branch and all that Eq. 10 asks of it.
    fn suppose(&mut self, batch: &Batch, kind: CounterfactualKind) {
        let training = &self.plan.training;
        let Network { shape, store, blocks, direct, .. } = &mut self.network;
        let share = 1.0 / batch.rows as f32;
        let terms = Terms {
            reach: reach(kind, shape, blocks),
            necessity: training.lambda_n * share,
            l_v: training.lambda_v * share,
            detached: training.detach_instrument,
            l_fe: training.lambda_fe * share,
            budget: training.kl_budget,
        };
        let head = &mut self.head;
        head.read(shape, &store.values);
        let (head, all) = (&*head, &*shape);
        blocks.par_iter_mut().for_each(|block| risk(all, &terms, head, block.labels(batch), block));
        // What the blocks found of the head, in their order.
        let Some((first, others)) = blocks.split_first_mut() else { return };
        let total = &mut first.hypothetical;
        for other in others {
            let pairs = total.gram.iter_mut().zip(&other.hypothetical.gram);
            pairs.for_each(|(total, gram)| *total += gram);
            let pairs = total.weight.iter_mut().zip(&other.hypothetical.weight);
            pairs.for_each(|(total, weight)| *total += weight);
        }
        head.weight_slope(&mut total.gram, &mut total.weight);
        direct.extend_from_slice(&total.weight);
    }

    /// The losses as figures; an error if one isn't finite.
    fn losses(&self, batch: &Batch, twin: Option<&Batch>) -> Result<StepLosses, LearnError> {
        let (training, blocks) = (&self.plan.training, &self.network.blocks);
        let total = |lane: usize, term: fn(&Sums) -> f64, count: usize| {
            let sums = blocks.iter().filter(|block| block.lane == lane).map(|b| term(&b.sums));
            (sums.sum::<f64>() / count as f64) as f32
        };
        let rows = batch.rows;
        let mut terms = [(Term::Sufficiency, 0.0, 0.0); 4];
        terms[0] = (Term::Sufficiency, training.lambda_s, total(0, |s| s.task, rows));
        let mut count = 1;
        let mut add = |term, weight, value: f32| {
            terms[count] = (term, weight, value);
            count += 1;
        };
        match (training.objective, twin) {
            (Objective::C3rTwin, Some(twin)) => {
                add(Term::Twin, training.lambda_twin, total(1, |s| s.task, rows));
                if training.lambda_consistency != 0.0 {
                    let value = total(0, |s| s.consistency, kept(batch, twin));
                    add(Term::Consistency, training.lambda_consistency, value);
                }
            }
            (Objective::C3r | Objective::C3rLiteral, _) => {
                if training.lambda_n != 0.0 {
                    add(Term::Necessity, training.lambda_n, total(0, |s| s.necessity, rows));
                }
                if training.lambda_v != 0.0 {
                    add(Term::Instrument, training.lambda_v, total(0, |s| s.l_v, rows));
                }
                if training.lambda_fe != 0.0 {
                    add(Term::Divergence, training.lambda_fe, total(0, |s| s.l_fe, rows));
                }
            }
            (
                Objective::Erm | Objective::C3rAdjust | Objective::C3rDiscount | Objective::C3rTwin,
                _,
            ) => {}
        }
        let terms = &terms[..count];
        let sum = terms.iter().fold(0.0, |sum, (_, weight, value)| sum + weight * value);
        let values: [(Term, f32); 4] =
            std::array::from_fn(|i| terms.get(i).map_or((Term::Sufficiency, 0.0), |t| (t.0, t.2)));
        let right: usize =
            blocks.iter().filter(|block| block.lane == 0).map(|block| block.sums.right).sum();
        report(&values[..count], sum, right as f64 / rows as f64, self.steps + 1)
    }

    fn hosted(&self, blocks: &[Block]) -> Logits {
        let rows = blocks.iter().map(|block| block.rows).sum();
        let values = Network::gather(blocks, self.network.shape.logits);
        Logits { rows, classes: self.plan.classes, values }
    }
}

/// Pairs whose label stays, at least one.
fn kept(batch: &Batch, twin: &Batch) -> usize {
    batch.labels.iter().zip(&twin.labels).filter(|(one, other)| one == other).count().max(1)
}

/// How far a counterfactual goes on these blocks.
pub(super) fn reach(
    kind: CounterfactualKind,
    shape: &super::shape::Shape,
    blocks: &mut [Block],
) -> Reach {
    Reach::of(kind, || {
        blocks.par_iter_mut().for_each(|block| sum_up(shape, block));
        spread(blocks)
    })
}

impl Learner for Fused {
    fn update(&mut self, batch: &Batch, twin: Option<&Batch>) -> Result<StepLosses, LearnError> {
        let losses = self.differentiate(batch, twin)?;
        self.steps += 1;
        let step = i32::try_from(self.steps).unwrap_or(i32::MAX);
        let adam = Adam::new(f64::from(self.plan.training.learning_rate), step);
        self.network.learn(&[batch, twin.unwrap_or(batch)], Some(adam));
        if let Some(companion) = &mut self.companion {
            companion.learn(batch, step);
        }
        self.network.store.follow(staying(self.plan.training.averaging, self.steps));
        Ok(losses)
    }

    fn decisions(&self) -> Vec<Decision> {
        self.companion.as_ref().map(Companion::decisions).unwrap_or_default()
    }

    fn retune(&mut self, training: &Training) -> Result<(), LearnError> {
        let plan = self.plan.retuned(training)?;
        refuse(training)?;
        self.network.store.end_mean();
        self.network.equip(&plan, self.seed);
        begin_mean(&plan, &mut self.network);
        // A companion that is wanted already keeps what it has learned.
        if self.plan.training.objective != training.objective {
            self.companion = Companion::of(&plan, self.seed);
        } else if let Some(companion) = &mut self.companion {
            companion.retune(training);
        }
        self.plan = plan;
        Ok(())
    }

    fn logits(&self, batch: &Batch) -> Result<Logits, LearnError> {
        batch.check(&self.plan.inputs, self.plan.classes)?;
        Ok(self.hosted(&self.network.look(batch, false)))
    }

    fn counterfactual(
        &self,
        batch: &Batch,
        kind: CounterfactualKind,
    ) -> Result<Counterfactual, LearnError> {
        batch.check(&self.plan.inputs, self.plan.classes)?;
        let mut blocks = self.network.look(batch, false);
        let shape = &self.network.shape;
        let reach = reach(kind, shape, &mut blocks);
        let mut head = Head::default();
        head.read(shape, self.network.store.asked());
        let mut found = Counterfactual { real: self.hosted(&blocks), ..Counterfactual::default() };
        found.hypothetical = Logits { values: Vec::new(), ..found.real.clone() };
        for block in &mut blocks {
            imagine(shape, &head, reach, block.labels(batch), block, &mut found);
        }
        Ok(found)
    }

    fn representation(&self, batch: &Batch) -> Result<Representation, LearnError> {
        batch.check(&self.plan.inputs, self.plan.classes)?;
        let blocks = self.network.look(batch, true);
        let shape = &self.network.shape;
        let instrument = shape.instrument.as_ref();
        Ok(Representation {
            rows: batch.rows,
            width: shape.width(),
            values: Network::gather(&blocks, shape.z),
            logits: self.hosted(&blocks),
            weight: weight_of(shape, self.network.store.asked()),
            instrument: instrument.map(|own| Network::gather(&blocks, own.v)).unwrap_or_default(),
        })
    }

    fn parameters(&self) -> Result<Vec<NamedParameter>, LearnError> {
        Ok(self.network.store.named())
    }
}
