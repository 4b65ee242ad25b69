//! The second model of `c3r-adjust` and `c3r-discount`: what it has to say of a batch, and its
//! lessons. What it is for stands with dfdx's [`Companion`](super::super::companion::Companion).

use rayon::prelude::*;

use super::super::companion::adjustment;
use super::super::decision::Decision;
use super::super::discount::Discount;
use super::super::plan::Plan;
use super::super::strata::Strata;
use super::super::{Batch, Logits};
use super::block::Block;
use super::network::Network;
use super::store::Adam;
use super::task::{Weights, task, verdict};
use crate::scene::training::{Objective, Training};

/// What a companion has to say; nothing where there is none.
#[derive(Default)]
pub struct Advice {
    /// A weight per specimen, 1 on average; none where all weigh alike.
    pub weights: Option<Vec<f32>>,
    /// What is added to the logits, rows x classes; none where nothing is.
    pub offsets: Option<Vec<f32>>,
}

/// The second model.
pub struct Companion {
    network: Network,
    rate: f64,
    /// Of `c3r-discount` alone: what is known of it.
    discount: Option<Discount>,
    /// Of `c3r-adjust` alone: the strata of the last batch.
    strata: Option<Strata>,
    /// Whether it has slopes to learn from.
    learns: bool,
}

/// The learning rate of the second model of `c3r-adjust`, as dfdx's trainer sets it; none for other
/// objectives.
pub fn companion_rate(training: &Training) -> Option<f64> {
    training
        .objective
        .adjusts()
        .then(|| f64::from(training.learning_rate) * training.exposure_share())
}

impl Companion {
    /// The companion of a plan, as dfdx's trainer begins it; none for most objectives.
    pub fn of(plan: &Plan, seed: u64) -> Option<Self> {
        let training = &plan.training;
        let (plan, rate, discount) = match training.objective {
            Objective::C3rAdjust => (plan.clone(), companion_rate(training)?, None),
            Objective::C3rDiscount => {
                let training = Training { objective: Objective::Erm, ..training.clone() };
                let discount = Discount::new(&plan.training, plan.classes);
                let rate = f64::from(training.learning_rate);
                (Plan { training, ..plan.clone() }, rate, Some(discount))
            }
            Objective::Erm | Objective::C3r | Objective::C3rLiteral | Objective::C3rTwin => {
                return None;
            }
        };
        let network = Network::new(&plan, seed.wrapping_add(1));
        Some(Self { network, rate, discount, strata: None, learns: false })
    }

    /// Other settings from now on.
    pub fn retune(&mut self, training: &Training) {
        if let Some(discount) = &mut self.discount {
            discount.retune(training);
        }
    }

    /// What it has to say of a batch; where it is to learn from that, also its own slopes.
    pub fn advise(&mut self, batch: &Batch) -> Advice {
        let classes = self.network.shape.classes();
        self.learns = self.discount.as_ref().is_none_or(Discount::learns);
        let verdicts = if self.learns {
            self.lesson(batch)
        } else {
            let before = self.discount.as_ref().and_then(Discount::pending);
            let before = before.map(|before| verdicts(&self.network, before));
            if let (Some(discount), Some(before)) = (&mut self.discount, before) {
                discount.settle(&before);
            }
            if !self.discount.as_ref().is_some_and(Discount::discounts) {
                return Advice::default();
            }
            verdicts(&self.network, batch)
        };
        match &mut self.discount {
            None => {
                self.strata = Some(Strata::of(&verdicts, &batch.labels, classes));
                let weights = Some(adjustment(&verdicts, &batch.labels, classes));
                Advice { weights, offsets: None }
            }
            Some(discount) => {
                discount.note(batch, &verdicts);
                Advice { weights: None, offsets: discount.offsets(&verdicts, &batch.labels) }
            }
        }
    }

    /// The verdicts on a batch, and the slopes of the task loss.
    fn lesson(&mut self, batch: &Batch) -> Vec<usize> {
        let network = &mut self.network;
        network.forward(&[batch], false);
        let shape = &network.shape;
        let share = 1.0 / batch.rows as f32;
        network.blocks.par_iter_mut().for_each(|block| {
            let weights = Weights { share, each: None, offsets: None, alone: 0.0 };
            task(shape, block.labels(batch), weights, false, block);
        });
        let verdicts = verdicts_of(network, &network.blocks);
        network.backward();
        verdicts
    }

    /// Looks at what the model said of the batch it was asked about,
    /// before the `step`-th update from 1.
    pub fn watch(&mut self, logits: &Logits, labels: &[usize], step: usize, progress: f32) {
        if let Some(discount) = &mut self.discount {
            discount.watch(logits, labels, step, progress);
        }
    }

    /// What is decided so far, of it and by it.
    pub fn decisions(&self) -> Vec<Decision> {
        let discount = self.discount.as_ref().map(Discount::decisions);
        discount.or_else(|| self.strata.as_ref().map(Strata::decisions)).unwrap_or_default()
    }

    /// Learns from the batch it was asked about, at the `step`-th update from 1, if it still does.
    pub fn learn(&mut self, batch: &Batch, step: i32) {
        if !self.learns {
            return;
        }
        let step = self.discount.as_mut().map_or(step, |discount| discount.learned(batch.rows));
        self.network.learn(&[batch], Some(Adam::new(self.rate, step)));
    }
}

fn verdicts(network: &Network, batch: &Batch) -> Vec<usize> {
    verdicts_of(network, &network.look(batch, false))
}

fn verdicts_of(network: &Network, blocks: &[Block]) -> Vec<usize> {
    let (logits, classes) = (network.shape.logits, network.shape.classes());
    let rows = blocks.iter().flat_map(|block| block.values[logits].chunks_exact(classes));
    rows.map(verdict).collect()
}

#[cfg(test)]
impl Companion {
    /// Trusts it wholly from now on, and lets it learn no more.
    pub fn settle(&mut self, training: &Training) {
        self.discount = Some(Discount::settled(training, self.network.shape.classes()));
    }
}
