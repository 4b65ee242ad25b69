//! Runs: train, examine, write down, report.

mod average;
mod collect;
mod contest;
mod crew;
mod exhibits;
mod feed;
pub mod findings;
mod paper;
pub mod plan;
pub mod report;
mod run_directory;
mod state;
mod study;
pub mod trials;

pub use average::average;
pub use collect::Collector;
pub use contest::{Contest, Entrant, Times, Watcher, judge, train};
pub use crew::in_order;
pub use exhibits::{disagreements, sheet};
pub use paper::{run_reports, write_paper};
pub use run_directory::{RunDirectory, RunError, SavedRun, write_whole};
pub use state::TrainingState;
pub use study::{Study, StudyError};

pub use crate::measure::statistic::{Spread, spread};
