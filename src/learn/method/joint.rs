//! What a method makes of the features: linear heads on representations, and its answer.

use dfdx::prelude::TryMul;

use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::objective::mean;
use super::super::ops::{side_by_side, stack_rows, stacked_sum};
use super::super::tape::{Rows, Scalar, SharedTape, Var};

/// A representation and what a linear layer says of it: what C3R acts on.
#[derive(Clone)]
pub struct Head<D: LearnDevice> {
    /// The representation z, rows x width.
    pub z: Var<D>,
    /// The weight W, width x classes.
    pub weight: Var<D>,
    /// The logits, rows x classes: always `z W` and a number per row and class that doesn't depend
    /// on z.
    pub logits: Var<D>,
    /// What part of each specimen's C3R terms is this head's, 0 where it has no say; none where it's
    /// the only head, and all is its own.
    pub shares: Option<Vec<f32>>,
}

impl<D: LearnDevice> Head<D> {
    /// Heads as one: their representations side by side, their weights under one another, their
    /// logits added up. The head itself where there is one.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn whole(heads: &[Self]) -> Result<Self, D::Err> {
        if let [head] = heads {
            return Ok(head.clone());
        }
        let each = |part: fn(&Self) -> &Var<D>| heads.iter().map(part).cloned().collect();
        Ok(Self {
            z: side_by_side(each(|head| &head.z))?,
            weight: stack_rows(each(|head| &head.weight))?,
            logits: stacked_sum(each(|head| &head.logits))?,
            shares: None,
        })
    }

    /// Whether it has a say on a specimen.
    pub fn has(&self, row: usize) -> bool {
        self.shares.as_ref().is_none_or(|shares| shares[row] > 0.0)
    }

    /// `values`, one per row, as they count: each times its share.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn shared(&self, values: Rows<D>) -> Result<Rows<D>, D::Err> {
        let Some(shares) = &self.shares else { return Ok(values) };
        let shares = self.z.device().try_tensor_from_vec(shares.clone(), (shares.len(),))?;
        values.try_mul(shares)
    }

    /// The mean of `values` over all rows, each times its share.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn mean(&self, values: Rows<D>) -> Result<Scalar<D>, D::Err> {
        mean(self.shared(values)?)
    }
}

/// What a method makes of the features, and all that an objective may know of it.
pub struct Joint<D: LearnDevice> {
    /// What C3R acts on: the one linear head on the joint representation Z, or a head for every
    /// view where a method has no such thing. At least one.
    pub heads: Vec<Head<D>>,
    /// What the method answers, rows x classes, where that isn't the logits of its one head: the
    /// logarithm of its probabilities, up to a number that all classes of a row share.
    pub answer: Option<Var<D>>,
    /// What the method's own loss is computed from; empty for most methods.
    pub branches: Vec<Var<D>>,
}

impl<D: LearnDevice> Joint<D> {
    /// A joint representation with its linear head.
    pub fn new(z: Var<D>, weight: Var<D>, logits: Var<D>) -> Self {
        let head = Head { z, weight, logits, shares: None };
        Self { heads: vec![head], answer: None, branches: Vec::new() }
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
        self.answer.as_ref().unwrap_or(&self.heads[0].logits)
    }
}
