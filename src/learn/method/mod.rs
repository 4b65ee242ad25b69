//! Methods: how the features of all modalities become one verdict.

mod align;
mod align_itc;
mod alone;
mod clip;
mod concat;
mod contrast;
mod evidence;
mod hemis;
mod hved;
mod joint;
mod late;
mod lckd;
mod mmbt;
mod mmfm;
mod mmtm;
mod qmf;
mod rseg;
mod simmmdg;
mod tmc;
mod tmc_views;

pub use align::Align;
pub use align_itc::AlignItc;
pub use alone::Alone;
pub use clip::Clip;
pub use concat::{Concat, HIDDEN};
pub use hemis::Hemis;
pub use hved::Hved;
pub use joint::{Head, Joint};
pub use late::{Late, branch_losses};
pub use lckd::Lckd;
pub use mmbt::Mmbt;
pub use mmfm::Mmfm;
pub use mmtm::Mmtm;
pub use qmf::Qmf;
pub use rseg::Rseg;
pub use simmmdg::SimMmdg;
pub use tmc::Tmc;
pub use tmc_views::TmcViews;

use super::InputSpec;
use super::decision::Decision;
use super::device::LearnDevice;
use super::encoder::Encoding;
use super::features::Features;
use super::parameter::{Parameter, Start};
use super::tape::{Matrix, Scalar, SharedTape, Var};
use crate::causal::noise::{NoiseStream, StreamId, stream};
use crate::scene::training::{Method as MethodName, Training};

/// What a method's own loss may look at beside what it made.
pub struct Task<'a, D: LearnDevice> {
    /// A row of class weights per specimen, as in
    /// [`cross_entropy`](super::objective::cross_entropy): specimens that don't count have zeros.
    pub targets: &'a Matrix<D>,
    /// The same on the host.
    pub weights: &'a [f32],
    /// What is added to logits before they are compared with the labels, rows x classes; none
    /// where nothing is.
    pub offsets: Option<&'a Matrix<D>>,
    /// The share of the updates that are done, from 0 to 1.
    pub progress: f32,
    /// The seed of the run.
    pub seed: u64,
    /// How many updates are done.
    pub step: u64,
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

    /// The weight of every specimen that has a modality, whether it's shown or not, 0 for the others.
    pub fn weights_of_having(&self, modality: usize) -> Vec<f32> {
        let mut weights = self.row_weights();
        if let Some(had) = self.features.had(modality) {
            weights.iter_mut().zip(had).for_each(|(weight, had)| *weight *= had);
        }
        weights
    }

    /// The random numbers of this update for one purpose.
    pub fn noise(&self, purpose: StreamId) -> NoiseStream {
        stream(self.seed, self.step, purpose)
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
    /// In every update some of them, each combination but none at all with the same chance.
    AnySubset,
    /// The same for every specimen by itself.
    AnySubsetEach,
}

/// The encoder of a text that a method is named after.
const fn text_encoding(method: MethodName) -> Encoding {
    match method {
        MethodName::Bow | MethodName::ConcatBow => Encoding::Bow,
        MethodName::Bert | MethodName::ConcatBert => Encoding::Sentence,
        MethodName::Concat
        | MethodName::Late
        | MethodName::Image
        | MethodName::Audio
        | MethodName::Text
        | MethodName::Align
        | MethodName::Qmf
        | MethodName::Tmc
        | MethodName::TmcViews
        | MethodName::Hemis
        | MethodName::SimMmdg
        | MethodName::Mmbt
        | MethodName::Lckd
        | MethodName::Clip
        | MethodName::AlignItc
        | MethodName::Mmtm
        | MethodName::Hved
        | MethodName::Mmfm
        | MethodName::Rseg => Encoding::Mlp,
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
    /// Whether its own loss is the whole of its task loss, which then has no cross-entropy of logits
    /// in it.
    const WHOLE_LOSS: bool = false;

    /// Whether its own loss wants to see what the features were made from. Its encoders must then
    /// read rows as they are, as [`Encoding::Mlp`] and [`Encoding::Stem`] do.
    const RECONSTRUCTS: bool = false;

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

    /// What it has decided by itself; `modalities` are the names of those that it uses. Its phases
    /// and what it is shown are told for it.
    fn decisions(&self, _modalities: &[&str]) -> Vec<Decision> {
        Vec::new()
    }

    /// Width of what C3R acts on, and so of the instrument V: the joint representation Z, or every
    /// view where there is a head for each.
    fn width(&self) -> usize;

    /// What becomes of the features of all modalities before any is missed or joined: the part of
    /// the encoders that belongs to the method.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    fn refine(&self, features: Features<D>, _tape: &SharedTape<D>) -> Result<Features<D>, D::Err> {
        Ok(features)
    }

    /// Joins the features.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err>;

    /// What the method concludes where its heads are at the z and the logits of `heads`, rows x
    /// classes, for both branches of a counterfactual and without gradients: the logits of the one
    /// head, unless a method has several. After a step logits are known up to a number that all
    /// classes of a row share.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    fn conclude(&self, heads: &[Head<D>], _features: &Features<D>) -> Result<Var<D>, D::Err> {
        Ok(Head::whole(heads)?.logits)
    }

    /// The method's own loss: beside the cross-entropy of the joint logits, unless it's the
    /// [whole](Self::WHOLE_LOSS); or none.
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
