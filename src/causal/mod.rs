//! The causal core: graph, mechanisms, exogenous noise, interventions, and the exact truth.
//!
//! Pure Rust without an engine, usable as a library. A node's value is an `f64`: 0 or 1 for a
//! binary node, the category's index for a categorical one.
//!
//! | type | what it is |
//! | --- | --- |
//! | [`Scm`] | a structural causal model: nodes in causal order, each with a mechanism |
//! | [`Mechanism`] | how a value follows from parents and noise, as a scene declares it |
//! | [`exogenous`] | the noise U of one specimen, one draw per node |
//! | [`Interventions`] | what do-operations replace |
//! | [`Range`] | the values that a node can take, worked out along the mechanisms |
//! | [`kept`] | which share of all specimens a selection keeps |
//! | [`causation`] | probabilities of necessity and sufficiency, exact or by replayed twins |
//! | [`eliminate`] | exact distributions over several worlds: noise summed out node by node |
//! | [`tally`] | what an operation on a factor does to the label, added up |
//! | [`best`] | the best prediction of the label that can be made without its noise |
//! | [`bounds`], [`estimate`] | what bounds and estimators (Eq. 2 to 5) say of the same model |
//! | [`assumption`] | whether their assumptions hold, tested on the model |
//! | [`account`] | all of this about one factor and one class |

pub mod account;
pub mod assumption;
pub mod best;
pub mod bounds;
pub mod causation;
mod conditional;
mod cuts;
pub mod eliminate;
pub mod estimate;
pub mod exogenous;
mod expression;
mod fault;
mod formula;
mod graph;
pub mod independence;
mod interval;
mod intervention;
pub mod joint;
pub mod kept;
mod law;
mod mechanism;
pub mod noise;
mod parts;
mod propagate;
mod questions;
mod range;
mod ranges;
mod replay;
mod resolve;
mod revision;
mod role;
pub mod rows;
mod scm;
mod solver;
mod suggestion;
mod table;
pub mod tally;
mod tree;
mod worlds;

pub(crate) use expression::RESERVED;
pub use fault::{Fault, Place};
pub use formula::Formula;
pub use interval::wilson;
pub use intervention::{Action, Interventions, Reach};
pub use law::Law;
pub(crate) use law::normal_cdf;
pub use mechanism::Mechanism;
pub use range::Range;
pub(crate) use range::short;
pub use role::{Role, Standing};
pub use scm::{Domain, Node, NodeId, Scm};
pub(crate) use suggestion::suggestion;
