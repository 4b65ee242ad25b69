//! All parameters of a network in one buffer, with Adam's moments and the last gradient.

use multiversion::multiversion;

use super::super::LearnError;
use super::super::checkpoint::Checkpoint;
use super::super::parameter::{NamedParameter, start_values};

/// A parameter's name, shape and place in the buffer.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The dotted name, as dfdx's model has it.
    pub name: String,
    /// `[inputs, outputs]` of a weight, `[outputs]` of a bias.
    pub shape: Vec<usize>,
    /// What its start is scaled by.
    pub fan_in: usize,
    /// Its first number.
    pub start: usize,
}

impl Entry {
    /// How many numbers it has.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Values, moments and gradients, each row-major and one parameter after another.
pub struct Store {
    entries: Vec<Entry>,
    /// The parameters.
    pub values: Vec<f32>,
    /// Their running mean, which is asked in their place; empty where there is none.
    pub mean: Vec<f32>,
    /// Adam's moments.
    pub moments: [Vec<f32>; 2],
    /// The gradient of the last update.
    pub gradient: Vec<f32>,
}

impl Store {
    /// Parameters at the start that `seed` gives to their names.
    pub fn new(entries: Vec<Entry>, seed: u64) -> Self {
        let mut store = Self {
            entries: Vec::new(),
            values: Vec::new(),
            mean: Vec::new(),
            moments: [Vec::new(), Vec::new()],
            gradient: Vec::new(),
        };
        store.hold(entries, seed);
        store
    }

    /// Holds other parameters from now on, of which the first are the same: those that come start
    /// as `seed` says, those that stay keep what they have.
    pub fn hold(&mut self, entries: Vec<Entry>, seed: u64) {
        let kept = self.entries.len().min(entries.len());
        let end = self.entries[..kept].last().map_or(0, |entry| entry.start + entry.count());
        self.values.truncate(end);
        for entry in &entries[kept..] {
            self.values.extend(start_values(seed, &entry.name, entry.count(), entry.fan_in));
        }
        let count = self.values.len();
        for buffer in self.moments.iter_mut().chain([&mut self.gradient]) {
            buffer.truncate(end);
            buffer.resize(count, 0.0);
        }
        self.entries = entries;
    }

    /// Takes all values from a checkpoint.
    ///
    /// # Errors
    /// [`LearnError::MissingTensor`], [`LearnError::WrongShape`] or [`LearnError::UnknownTensor`].
    pub fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), LearnError> {
        let wanted: Vec<(&str, &[usize])> =
            self.entries.iter().map(|e| (e.name.as_str(), e.shape.as_slice())).collect();
        for (entry, found) in self.entries.iter().zip(checkpoint.values_of(&wanted)?) {
            self.values[entry.start..][..found.len()].copy_from_slice(found);
        }
        Ok(())
    }

    /// The parameters that are asked.
    pub fn asked(&self) -> &[f32] {
        if self.mean.is_empty() { &self.values } else { &self.mean }
    }

    /// Begins a mean at the parameters as they are.
    pub fn begin_mean(&mut self) {
        self.mean.clone_from(&self.values);
    }

    /// Ends the mean: the parameters go on from there.
    pub fn end_mean(&mut self) {
        if !self.mean.is_empty() {
            self.values = std::mem::take(&mut self.mean);
        }
    }

    /// Lets the mean, where there is one, follow the parameters; the share `stays` of it stays.
    pub fn follow(&mut self, stays: f32) {
        let pairs = self.mean.iter_mut().zip(&self.values);
        // Added to what learns, so that what stands still is the same to the bit.
        pairs.for_each(|(mean, own)| *mean = own + stays * (*mean - own));
    }

    /// Every parameter that is asked, in order.
    pub fn named(&self) -> Vec<NamedParameter> {
        self.read(self.asked())
    }

    /// The gradient of every parameter, in order.
    pub fn gradients(&self) -> Vec<NamedParameter> {
        self.read(&self.gradient)
    }

    /// Replaces the `i`-th parameter.
    #[cfg(test)]
    pub fn assign(&mut self, i: usize, values: &[f32]) {
        self.values[self.entries[i].start..][..values.len()].copy_from_slice(values);
    }

    fn read(&self, buffer: &[f32]) -> Vec<NamedParameter> {
        let named = |entry: &Entry| NamedParameter {
            name: entry.name.clone(),
            shape: entry.shape.clone(),
            values: buffer[entry.start..][..entry.count()].to_vec(),
        };
        self.entries.iter().map(named).collect()
    }
}

/// The share of Adam (Kingma and Ba 2015) that is the same for all parameters of one update.
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    rate: f32,
    unbias: [f32; 2],
}

const BETAS: [f32; 2] = [0.9, 0.999];
const EPSILON: f32 = 1e-8;

impl Adam {
    /// The `step`-th update from 1 at this learning rate; as dfdx computes it, in 32 bits.
    pub fn new(rate: f64, step: i32) -> Self {
        Self { rate: rate as f32, unbias: BETAS.map(|beta| (1.0 - beta.powi(step)).recip()) }
    }
}

/// One step of Adam for numbers that lie in the same order in all slices.
#[multiversion(targets("x86_64+avx2"))]
pub fn adam_step(
    adam: &Adam,
    values: &mut [f32],
    first: &mut [f32],
    second: &mut [f32],
    gradient: &[f32],
) {
    let [one, two] = adam.unbias;
    let moments = first.iter_mut().zip(second);
    for ((x, &g), (m, v)) in values.iter_mut().zip(gradient).zip(moments) {
        *m = *m * BETAS[0] + g * (1.0 - BETAS[0]);
        *v = *v * BETAS[1] + g * g * (1.0 - BETAS[1]);
        *x -= adam.rate * (*m * one) / ((*v * two).sqrt() + EPSILON);
    }
}
