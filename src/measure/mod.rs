//! What is measured of a trained model.

mod examine;
mod gauge;
mod learned;
mod metrics;
mod probe;
pub mod statistic;
mod stored;
pub mod suite;

pub use examine::{Failure, Findings, examine, frames, step_of};
pub use gauge::{Behind, Gauge, Reading};
pub use learned::causal_error;
pub use metrics::{C3Risk, Causation, FactorCausation, LearnedCausation, Metrics};
pub use probe::{Probe, probe};
pub use stored::{
    Pair, Share, StoredCausation, StoredLearned, StoredMetrics, stored_causation, stored_error,
};

/// Specimens of a measurement, where nobody says how many.
pub const SPECIMENS: usize = 4096;
