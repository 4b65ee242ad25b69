//! The trials of an experiment: performed, written down, gathered into tables.
//!
//! | item | what it is |
//! | --- | --- |
//! | [`companies`], [`perform()`] | trials that share their frames; trains and measures them |
//! | [`Ledger`] | the folder of an experiment: an outcome is a file, whole or not there |
//! | [`Row`] | a trial and its outcome, as a line of the tables |
//! | [`trials_csv`], [`trials_parquet`] | the tables |

mod ledger;
mod outcome;
mod perform;
mod tables;

pub use ledger::{Ledger, LedgerError};
pub use outcome::{Cost, Outcome};
pub use perform::{companies, perform};
pub use tables::{Row, rows, trials_csv, trials_parquet, value_columns};
