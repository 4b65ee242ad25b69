//! The trials of an experiment: performed, written down, gathered into tables.
//!
//! | item | what it is |
//! | --- | --- |
//! | [`perform()`] | trains and measures trials that share their frames |
//! | [`Ledger`] | the folder of an experiment: an outcome is a file, whole or not there |
//! | [`Row`] | a trial and its outcome, as a line of the tables |
//! | [`trials_csv`], [`trials_parquet`] | the tables |

mod ledger;
mod outcome;
mod perform;
mod tables;

pub use ledger::{Ledger, LedgerError};
pub use outcome::{Cost, Outcome};
pub use perform::perform;
pub use tables::{Row, rows, trials_csv, trials_parquet, value_columns};
