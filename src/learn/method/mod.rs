//! Methods: how the features of all modalities become one verdict.

mod concat;
mod late;

pub use concat::Concat;
pub use late::Late;

use super::InputSpec;
use super::device::LearnDevice;
use super::parameter::{Parameter, Start};
use super::tape::{Matrix, Scalar, SharedTape, Var};
use crate::scene::training::Training;

/// What a method makes of the features, and all that an objective may know of it.
pub struct Joint<D: LearnDevice> {
    /// The joint representation Z, rows x width.
    pub z: Var<D>,
    /// The weight W of the linear head, width x classes.
    pub weight: Var<D>,
    /// The logits, rows x classes: always `z W` and the same bias in every row.
    pub logits: Var<D>,
    /// Logits of branches that are trained on their own as well; empty for most methods.
    pub branches: Vec<Var<D>>,
}

/// A host model that C3R can be plugged into: whatever lies between the features h and a linear
/// head.
pub trait Method<D: LearnDevice>: Sized {
    /// Builds the method at its start.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err>;

    /// Width of the joint representation Z.
    fn width(&self) -> usize;

    /// Joins the features, one matrix `rows x features` per modality.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    fn join(&self, features: &[Var<D>], tape: &SharedTape<D>) -> Result<Joint<D>, D::Err>;

    /// The method's own loss beside the cross-entropy of the joint logits, or none. `targets`
    /// holds a row of class weights per specimen, as in
    /// [`cross_entropy`](super::objective::cross_entropy).
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    fn auxiliary_loss(
        &self,
        _joint: &Joint<D>,
        _targets: &Matrix<D>,
    ) -> Result<Option<Scalar<D>>, D::Err> {
        Ok(None)
    }

    /// All parameters, in a fixed order.
    fn parameters(&self) -> Vec<&Parameter<D>>;

    /// All parameters, to be changed, in the same order.
    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>>;
}
