//! Methods: how the features of all modalities become one verdict.

mod align;
mod alone;
mod clip;
mod concat;
mod hemis;
mod late;
mod lckd;
mod mmbt;
mod qmf;
mod simmmdg;
mod tmc;

pub use align::Align;
pub use alone::Alone;
pub use clip::Clip;
pub use concat::{Concat, HIDDEN};
pub use hemis::Hemis;
pub use late::Late;
pub use lckd::Lckd;
pub use mmbt::Mmbt;
pub use qmf::Qmf;
pub use simmmdg::SimMmdg;
pub use tmc::Tmc;

use super::InputSpec;
use super::dense::Dense;
use super::device::LearnDevice;
use super::encoder::Encoding;
use super::features::Features;
use super::parameter::{Parameter, Start};
use super::tape::{Matrix, Scalar, SharedTape, Var};
use crate::scene::training::{Method as MethodName, Training};

/// What a method makes of the features, and all that an objective may know of it.
pub struct Joint<D: LearnDevice> {
    /// The joint representation Z, rows x width.
    pub z: Var<D>,
    /// The weight W of the linear head, width x classes.
    pub weight: Var<D>,
    /// The logits, rows x classes: always `z W` and a number per row and class that doesn't depend
    /// on Z.
    pub logits: Var<D>,
    /// What the method answers, rows x classes, where that isn't the logits of a linear head: the
    /// logarithm of its probabilities.
    pub answer: Option<Var<D>>,
    /// What the method's own loss is computed from; empty for most methods.
    pub branches: Vec<Var<D>>,
}

impl<D: LearnDevice> Joint<D> {
    /// A joint representation with its linear head.
    pub fn new(z: Var<D>, weight: Var<D>, logits: Var<D>) -> Self {
        Self { z, weight, logits, answer: None, branches: Vec::new() }
    }

    /// A joint representation and what a linear head says of it.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn through(head: &Dense<D>, z: Var<D>, tape: &SharedTape<D>) -> Result<Self, D::Err> {
        let logits = head.forward(z.clone(), tape)?;
        Ok(Self::new(z, head.weight(tape), logits))
    }

    /// The same with what the method's own loss is computed from.
    #[must_use]
    pub fn with_branches(mut self, branches: Vec<Var<D>>) -> Self {
        self.branches = branches;
        self
    }

    /// What the method answers.
    pub fn answer(&self) -> &Var<D> {
        self.answer.as_ref().unwrap_or(&self.logits)
    }
}

/// What a method's own loss may look at beside what it made.
pub struct Task<'a, D: LearnDevice> {
    /// A row of class weights per specimen, as in
    /// [`cross_entropy`](super::objective::cross_entropy): specimens that don't count have zeros.
    pub targets: &'a Matrix<D>,
    /// The same on the host.
    pub weights: &'a [f32],
    /// The share of the updates that are done, from 0 to 1.
    pub progress: f32,
    /// The features that were joined.
    pub features: &'a Features<D>,
    /// The tape of the pass.
    pub tape: &'a SharedTape<D>,
}

impl<D: LearnDevice> Task<'_, D> {
    /// Classes of the label.
    pub fn classes(&self) -> usize {
        self.weights.len() / self.features.rows().max(1)
    }

    /// The label of every specimen, `None` for those that don't count.
    pub fn labels(&self) -> Vec<Option<usize>> {
        let rows = self.weights.chunks_exact(self.classes().max(1));
        rows.map(|row| row.iter().position(|&weight| weight > 0.0)).collect()
    }

    /// The weight of every specimen.
    pub fn row_weights(&self) -> Vec<f32> {
        self.weights.chunks_exact(self.classes().max(1)).map(|row| row.iter().sum()).collect()
    }

    /// The weight of every specimen that has two modalities, 0 for the others.
    pub fn weights_of_both(&self, one: usize, other: usize) -> Vec<f32> {
        let mut weights = self.row_weights();
        for marks in [one, other].iter().filter_map(|&m| self.features.marks(m)) {
            weights.iter_mut().zip(marks).for_each(|(weight, mark)| *weight *= mark);
        }
        weights
    }
}

/// Which modalities a method is shown while it learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Showing {
    /// All that a specimen has.
    All,
    /// In every update a random number of them, from one to all, and then as many by chance.
    RandomSubset,
}

/// The encoder of a text that a method is named after.
const fn text_encoding(method: MethodName) -> Encoding {
    match method {
        MethodName::Bow | MethodName::ConcatBow => Encoding::Bow,
        MethodName::Bert | MethodName::ConcatBert => Encoding::Sentence,
        _ => Encoding::Mlp,
    }
}

/// What is learned in an update, and from what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Everything, from the objective.
    Task,
    /// Everything that the method's own loss reaches, from that alone: no label is looked at, and
    /// no objective has a say.
    Unlabelled,
    /// What comes after the features, from the objective; encoders are held fixed.
    Probe,
}

/// For each class the Dice coefficient `2 TP / (2 TP + FP + FN)` of a verdict; 0 for a class that
/// neither is there nor was seen.
pub type Dice = Vec<f64>;

/// A host model that C3R can be plugged into: whatever lies between the features h and a linear
/// head.
pub trait Method<D: LearnDevice>: Sized {
    /// Builds the method at its start, for the inputs that [`modalities`](Self::modalities) chose.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err>;

    /// The modalities that the method uses, by their place among `inputs`; at least one.
    fn modalities(inputs: &[InputSpec], _training: &Training) -> Vec<usize> {
        (0..inputs.len()).collect()
    }

    /// The kind of encoder that it wants for one of them.
    fn encoding(_input: &InputSpec, _training: &Training) -> Encoding {
        Encoding::Mlp
    }

    /// What it's shown in an update, where `progress` is the share of the updates that are done.
    fn showing(_progress: f32) -> Showing {
        Showing::All
    }

    /// What is learned in an update, and from what.
    fn phase(_progress: f32) -> Phase {
        Phase::Task
    }

    /// Whether it holds an election before the next update, when `done` of `all` are done.
    fn elects(_done: usize, _all: usize) -> bool {
        false
    }

    /// Told before an update how well each modality alone judges its specimens.
    fn elect(&mut self, _alone: &[Dice]) {}

    /// Width of the joint representation Z.
    fn width(&self) -> usize;

    /// What becomes of the features of all modalities before any is missed or joined: the part of
    /// the encoders that belongs to the method.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    fn refine(&self, h: Vec<Var<D>>, _tape: &SharedTape<D>) -> Result<Vec<Var<D>>, D::Err> {
        Ok(h)
    }

    /// Joins the features.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err>;

    /// The method's own loss beside the cross-entropy of the joint logits, or none.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    fn auxiliary_loss(
        &self,
        _joint: &Joint<D>,
        _task: &Task<D>,
    ) -> Result<Option<Scalar<D>>, D::Err> {
        Ok(None)
    }

    /// All parameters, in a fixed order.
    fn parameters(&self) -> Vec<&Parameter<D>>;

    /// All parameters, to be changed, in the same order.
    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>>;
}
