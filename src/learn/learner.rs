//! The learner as the rest of the program sees it: batches in, figures and logits out.

use std::path::Path;

use super::decision::Decision;
use super::parameter::{NamedParameter, check_weights};
use super::twin_network::CounterfactualKind;
use super::{Batch, LearnError, checkpoint};
use crate::scene::training::Training;

/// The terms of one update, each the mean over the batch and without its weight; 0 where the
/// objective doesn't use it. All in nats but the accuracy.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepLosses {
    /// What was minimised: the weighted sum of the terms.
    pub total: f64,
    /// The method's task loss on the real branch, its auxiliary loss included; that alone while a
    /// method learns without labels.
    pub sufficiency: f64,
    /// `-log(1 - p_bar_y)` on the hypothetical branch.
    pub necessity: f64,
    /// `KL(z || v)`.
    pub l_v: f64,
    /// `max(0, KL(z || z_bar) - kl_budget)`.
    pub l_fe: f64,
    /// The method's task loss on the rendered twins.
    pub twin: f64,
    /// The Jeffreys divergence between specimen and twin where the label stays.
    pub consistency: f64,
    /// Share of the batch's specimens judged rightly, before the update.
    pub accuracy: f64,
}

/// Logits on the host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logits {
    /// Specimens.
    pub rows: usize,
    /// Classes.
    pub classes: usize,
    /// Row-major, `rows * classes` numbers.
    pub values: Vec<f32>,
}

impl Logits {
    /// The logits of one specimen.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.classes..(row + 1) * self.classes]
    }

    /// The class with the largest logit; the first of equals.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn verdict(&self, row: usize) -> usize {
        let row = self.row(row);
        (1..row.len()).fold(0, |best, class| if row[class] > row[best] { class } else { best })
    }

    /// The verdict on every specimen.
    pub fn verdicts(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.rows).map(|row| self.verdict(row))
    }

    /// The probability that a specimen's logits give a class, by a softmax.
    ///
    /// # Panics
    /// If there is no such row or class.
    #[must_use]
    pub fn probability(&self, row: usize, class: usize) -> f32 {
        let row = self.row(row);
        let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let powers: f32 = row.iter().map(|logit| (logit - most).exp()).sum();
        (row[class] - most).exp() / powers
    }

    /// Adds the first `rows` rows of others with as many classes.
    pub fn append(&mut self, others: &Self, rows: usize) {
        let rows = rows.min(others.rows);
        self.classes = others.classes;
        self.values.extend_from_slice(&others.values[..rows * others.classes]);
        self.rows += rows;
    }

    /// Share of specimens whose verdict is their label; 0 for none.
    #[must_use]
    pub fn accuracy(&self, labels: &[usize]) -> f64 {
        let right = self.verdicts().zip(labels).filter(|(verdict, label)| verdict == *label);
        right.count() as f64 / self.rows.max(1) as f64
    }
}

/// Both branches of the twin network on one batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counterfactual {
    /// The logits of z; what the method concludes where there's a head for every view.
    pub real: Logits,
    /// The same of `z_bar`.
    pub hypothetical: Logits,
    /// `KL(softmax(z) || softmax(z_bar))` of each specimen, in nats; the mean over the views that it
    /// has where there's a head for each.
    pub divergence: Vec<f32>,
    /// `z_bar`, row-major, as wide as the representation.
    pub z: Vec<f32>,
}

impl Counterfactual {
    /// Adds the first `rows` specimens of others of the same model.
    pub fn append(&mut self, others: &Self, rows: usize) {
        let rows = rows.min(others.real.rows);
        let width = others.z.len() / others.real.rows.max(1);
        self.real.append(&others.real, rows);
        self.hypothetical.append(&others.hypothetical, rows);
        self.divergence.extend_from_slice(&others.divergence[..rows]);
        self.z.extend_from_slice(&others.z[..rows * width]);
    }
}

/// Joint representations on the host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Representation {
    /// Specimens.
    pub rows: usize,
    /// Numbers per specimen.
    pub width: usize,
    /// Row-major, `rows * width` numbers.
    pub values: Vec<f32>,
    /// What the linear head says of them: the sum of what the heads say where each view has its own.
    pub logits: Logits,
    /// The weight of the linear head, row-major, `width * classes` numbers: where a representation
    /// moves by `d`, its logits move by `d W`.
    pub weight: Vec<f32>,
    /// The instrument V of every specimen, as wide as Z; empty where the objective has none.
    pub instrument: Vec<f32>,
}

impl Representation {
    /// The representation of one specimen.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// Adds a specimen of others of the same model.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn push(&mut self, others: &Self, row: usize) {
        if self.rows == 0 {
            self.width = others.width;
            self.weight.clone_from(&others.weight);
            self.logits.classes = others.logits.classes;
        }
        let part = row * others.width..(row + 1) * others.width;
        self.values.extend_from_slice(&others.values[part.clone()]);
        if !others.instrument.is_empty() {
            self.instrument.extend_from_slice(&others.instrument[part]);
        }
        self.logits.values.extend_from_slice(others.logits.row(row));
        self.logits.rows += 1;
        self.rows += 1;
    }
}

/// A model in training.
pub trait Learner: Send + Sync {
    /// One step of Adam on the objective. `C3rTwin` needs `twin`, row for row the rendered twins
    /// of `batch` with the labels that the causal model gives them; the others ignore it, and so does
    /// a method while it learns without labels.
    ///
    /// # Errors
    /// [`LearnError::Batch`] or [`LearnError::TwinMissing`] for unfit data,
    /// [`LearnError::Diverged`] if a term isn't finite (the parameters are then left as they
    /// were), [`LearnError::Device`].
    fn update(&mut self, batch: &Batch, twin: Option<&Batch>) -> Result<StepLosses, LearnError>;

    /// What method and objective have decided by themselves, as it stands after the last update;
    /// nothing that isn't decided yet. [`Decision`] has all names.
    fn decisions(&self) -> Vec<Decision>;

    /// Goes on under other weights, another learning rate or another objective: the parameters
    /// stay, and an instrument comes or goes with the objective that uses it.
    ///
    /// # Errors
    /// [`LearnError::Setting`] for another method or other widths, which are another model;
    /// [`LearnError::Device`].
    fn retune(&mut self, training: &Training) -> Result<(), LearnError>;

    /// The logits of every specimen.
    ///
    /// # Errors
    /// [`LearnError::Batch`] for unfit data, [`LearnError::Device`].
    fn logits(&self, batch: &Batch) -> Result<Logits, LearnError>;

    /// Both branches of the twin network, for the labels of `batch`. A step of
    /// [`Step::Spread`](crate::scene::training::Step::Spread) is measured by the spread of the
    /// batch given.
    ///
    /// # Errors
    /// [`LearnError::Batch`] for unfit data, [`LearnError::Device`].
    fn counterfactual(
        &self,
        batch: &Batch,
        kind: CounterfactualKind,
    ) -> Result<Counterfactual, LearnError>;

    /// The joint representation Z of every specimen.
    ///
    /// # Errors
    /// [`LearnError::Batch`] for unfit data, [`LearnError::Device`].
    fn representation(&self, batch: &Batch) -> Result<Representation, LearnError>;

    /// Every parameter, in a fixed order.
    ///
    /// # Errors
    /// [`LearnError::Device`], [`LearnError::WorkerGone`].
    fn parameters(&self) -> Result<Vec<NamedParameter>, LearnError>;

    /// What a learner whose updates a card computes offers besides; none for others.
    fn accelerated(&mut self) -> Option<&mut dyn Accelerated> {
        None
    }

    /// Whether its weights are those of a model that has learned something: finite, and none of them
    /// enormous.
    ///
    /// # Errors
    /// [`LearnError::BrokenWeights`] where they aren't, or as [`Self::parameters`].
    fn check_weights(&self) -> Result<(), LearnError> {
        check_weights(&self.parameters()?)
    }

    /// Writes all parameters to a SafeTensors file, the same bytes for the same parameters.
    ///
    /// # Errors
    /// [`LearnError::BrokenWeights`] for a model that diverged, of which nothing is written;
    /// [`LearnError::CheckpointFile`] if it can't be written.
    fn save(&self, path: &Path) -> Result<(), LearnError> {
        checkpoint::write(path, &self.parameters()?)
    }
}

/// A learner whose updates run on a card of their own, beside the program. An update that was begun
/// is computed while the next batch is made and brought there.
pub trait Accelerated {
    /// The card.
    fn device(&self) -> String;

    /// Kernels and matrix products of the last update.
    fn launches(&self) -> usize;

    /// Brings a batch to the card and begins an update there; two can be on their way at once.
    ///
    /// # Errors
    /// As [`Learner::update`], but for [`LearnError::Diverged`].
    fn begin(&mut self, batch: &Batch, twin: Option<&Batch>) -> Result<(), LearnError>;

    /// Waits for the update that was begun first.
    ///
    /// # Errors
    /// [`LearnError::Diverged`] if a term isn't finite: neither this update nor those begun after it
    /// are then made. [`LearnError::Setting`] if none was begun, [`LearnError::Device`].
    fn finish(&mut self) -> Result<StepLosses, LearnError>;

    /// Makes the last update so many times more on the batch that is on the card already, and waits
    /// for all of them: what an update costs where nothing has to be brought.
    ///
    /// # Errors
    /// As [`Self::finish`].
    fn repeat(&mut self, updates: usize) -> Result<StepLosses, LearnError>;
}
