//! Exact answers about several worlds at once: the noise is summed out node by node.
//!
//! Every node has a table of its values in all worlds in which it has one of its own, given those
//! that it reads; its noise, which the worlds share, is summed out of it. The tables are multiplied
//! and summed over node after node, in an order of least fill (`tree`). So the cost follows
//! from how closely the nodes are tied together, not from their number: forty coins in twenty gates
//! are a trillion cases of noise and some hundreds of rows.

use std::rc::Rc;

use super::joint::Joint;
use super::solver::Solver;
use super::{NodeId, Scm};

/// The largest number of steps, a row met with another or with a piece of noise, before the exact
/// answer to a question is given up: some tenths of a second.
pub const LIMIT: usize = 1 << 21;

/// The largest number of steps that all questions of a kind may take together.
pub const LIMIT_OF_ALL: usize = 1 << 24;

/// What is asked of several worlds that share their noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inquiry<'a> {
    /// World 0 is the actual one; world i + 1 is it under the i-th operation, `do(node = value)`.
    pub operations: &'a [(NodeId, f64)],
    /// The wanted values: (world, node).
    pub wanted: &'a [(usize, NodeId)],
}

/// Why there is no exact answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The noise of this node isn't finite.
    Infinite(NodeId),
    /// More than [`LIMIT`] steps.
    TooMany,
    /// Other questions, which take fewer, took [`LIMIT_OF_ALL`] steps.
    TooManyOfAll,
}

/// The exact joint distribution of the wanted values among the kept specimens; it has no case
/// where no specimen is ever kept.
///
/// # Errors
/// An [`Obstacle`] where it can't be had.
pub fn eliminate(scm: &Scm, inquiry: &Inquiry) -> Result<Joint, Obstacle> {
    let nodes: Vec<NodeId> = inquiry.wanted.iter().map(|w| w.1).collect();
    let root = nodes.first().copied();
    let kept: Vec<NodeId> = nodes.iter().copied().filter(|&n| Some(n) != root).collect();
    Solver::new(scm, &nodes, &kept, Rc::default()).ask(inquiry, LIMIT)
}

#[cfg(test)]
mod tests;
