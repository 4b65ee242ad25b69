//! What is measured of a trained model.
//!
//! One way: a [`table`] of the model's predictions for every sample under every [`condition`] is
//! filled, [from a scene's world](from_world) or [from stored data](from_data), and every measure is
//! a fold over it. [`evaluate`] does all that `metrics.json` holds; [`suite`] what experiments ask.
//!
//! | file | measure |
//! | --- | --- |
//! | [`accuracy`] | accuracy, and that of the worst group |
//! | [`causation`] | learned PN, PS, PNS, reliance and effect, total and direct |
//! | [`c3_risk`] | the C3 risk and what the gradient's counterfactual does |
//! | [`state`] | whether the model collapsed or is at chance |
//! | [`headline`], [`mod@sentence`] | the model in three numbers, and in words |
//! | [`best`] | all of this of the best possible model |

pub mod accuracy;
pub mod best;
pub mod c3_risk;
pub mod causation;
pub mod condition;
mod evaluation;
mod evaluator;
pub mod from_data;
pub mod from_world;
pub mod headline;
mod metrics;
mod pieces;
mod probe;
pub mod sentence;
pub mod state;
pub mod statistic;
pub mod suite;
pub mod table;
#[cfg(test)]
mod tests;

pub use accuracy::WorstGroup;
pub use c3_risk::C3Risk;
pub use causation::{Causation, ClassCausation, FactorCausation, Intervals};
pub use evaluation::{
    Evaluated, Evaluation, evaluate, fold, held_out, needs, operations, regimes, renderings,
    step_of,
};
pub use evaluator::{Behind, Evaluator, Latest};
pub use headline::{Headline, Reliance};
pub use metrics::{Metrics, SCHEMA};
pub use probe::{Probe, probe};
pub use sentence::sentence;
pub use state::State;
pub use table::Table;

/// Samples of a measurement, where nobody says how many.
pub const SPECIMENS: usize = 4096;
