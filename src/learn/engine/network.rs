//! A network with its parameters and buffers: forward, backward, and a step of Adam.

use rayon::prelude::*;

use super::super::plan::Plan;
use super::super::{Batch, LearnError, checkpoint::Checkpoint};
use super::block::{Block, cut};
use super::jobs::{Job, Part, Work, jobs_of, perform};
use super::shape::Shape;
use super::store::{Adam, Store};
use super::{instrument, pass};

/// A network and all that is kept between its updates.
pub struct Network {
    /// Its layers.
    pub shape: Shape,
    /// Its parameters.
    pub store: Store,
    /// The blocks of the batches that it went through last.
    pub blocks: Vec<Block>,
    /// What else the weight of the head is to learn from, width x classes: set by an objective with
    /// a hypothetical branch.
    pub direct: Vec<f32>,
    jobs: Vec<Job>,
    distance_weight: f32,
}

impl Network {
    /// The network of a plan, at the start that `seed` gives.
    pub fn new(plan: &Plan, seed: u64) -> Self {
        let shape = Shape::of(plan);
        Self {
            jobs: jobs_of(&shape),
            store: Store::new(shape.entries.clone(), seed),
            shape,
            blocks: Vec::new(),
            direct: Vec::new(),
            distance_weight: plan.training.distance_weight,
        }
    }

    /// Takes all values from a checkpoint.
    ///
    /// # Errors
    /// The checkpoint's, if another model saved it.
    pub fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), LearnError> {
        self.store.restore(checkpoint)
    }

    /// Goes on under a plan of the same method and widths: an instrument comes or goes.
    pub fn equip(&mut self, plan: &Plan, seed: u64) {
        self.shape = Shape::of(plan);
        self.store.hold(self.shape.entries.clone(), seed);
        self.jobs = jobs_of(&self.shape);
        self.blocks.clear();
        self.distance_weight = plan.training.distance_weight;
    }

    /// Goes through batches of one size, and computes V if `instrument` asks for it.
    pub fn forward(&mut self, batches: &[&Batch], instrument: bool) {
        let Some(first) = batches.first() else { return };
        let mut blocks = std::mem::take(&mut self.blocks);
        cut(&mut blocks, &self.shape, first.rows, batches.len(), true);
        self.run(&self.store.values, &mut blocks, batches, instrument);
        self.blocks = blocks;
        self.direct.clear();
    }

    /// The blocks of a batch that is only looked at.
    pub fn look(&self, batch: &Batch, instrument: bool) -> Vec<Block> {
        let mut blocks = Vec::new();
        cut(&mut blocks, &self.shape, batch.rows, 1, false);
        self.run(self.store.asked(), &mut blocks, &[batch], instrument);
        blocks
    }

    fn run(&self, values: &[f32], blocks: &mut [Block], batches: &[&Batch], instrument: bool) {
        let shape = &self.shape;
        let own = shape.instrument.as_ref().filter(|_| instrument);
        blocks.par_iter_mut().for_each(|block| {
            block.seeded.fill(false);
            pass::forward(shape, values, block, batches[block.lane]);
            if let Some(own) = own {
                instrument::forward(shape, own, values, self.distance_weight, block);
            }
        });
    }

    /// From the slopes of the losses to those of all layers.
    pub fn backward(&mut self) {
        let (shape, values) = (&self.shape, &self.store.values);
        let distance_weight = self.distance_weight;
        self.blocks
            .par_iter_mut()
            .for_each(|block| pass::backward(shape, values, distance_weight, block));
    }

    /// The gradients of all parameters, and a step of Adam if there is to be one.
    pub fn learn(&mut self, batches: &[&Batch], adam: Option<Adam>) {
        let direct = Some(self.direct.as_slice()).filter(|direct| !direct.is_empty());
        let work = Work { blocks: &self.blocks, batches, direct, adam };
        let Store { values, moments: [first, second], gradient, .. } = &mut self.store;
        perform(&self.jobs, Part { values, moments: [first, second], gradient }, &work);
    }

    /// What stands in a slot, of all blocks one after another.
    pub fn gather(blocks: &[Block], slot: usize) -> Vec<f32> {
        blocks.iter().flat_map(|block| &block.values[slot]).copied().collect()
    }
}
