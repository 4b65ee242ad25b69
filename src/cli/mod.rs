//! The command line: one file per command.

mod bench;
mod check;
mod compare;
mod console;
mod experiment;
mod generate;
mod interrupt;
#[cfg(feature = "lab")]
mod lab;
#[cfg(not(feature = "lab"))]
#[path = "no_lab.rs"]
mod lab;
mod options;
mod probe;
mod progress;
mod sight;
mod study;
mod summary;
mod train;
mod truth;
mod twin_counts;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::dataset::DatasetError;
use crate::experiment::trials::LedgerError;
use crate::scene::SceneError;

/// Has a multimodal model learned the causes of its label, or their companions?
///
/// A scene declares a structural causal model; twinworld shows its specimens as pictures, sounds
/// and sentences, trains models on them, and intervenes to see what they have learned.
#[derive(Parser)]
#[command(name = "twinworld", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train one method under several objectives on the same specimens and compare what they learn
    Compare(compare::Compare),
    /// Train one model, on a scene or on data files, and measure what it has learned
    Train(train::Train),
    /// Perform all trials of an experiment file; tables and a report of what they found
    Experiment(experiment::Experiment),
    /// Make a data set of a scene in files: pictures, sounds, sentences, twins and the truth
    Generate(generate::Generate),
    /// Say the exact probabilities of necessity and sufficiency of every factor
    Truth(truth::TruthCommand),
    /// Measure a saved model, also under do-operations
    Probe(probe::Probe),
    /// Open the laboratory window: take hold of factors, train, and see what a model learns
    Lab(lab::Lab),
    /// Check scene files; print ok where all is well
    Check(check::Check),
    /// Say how fast updates and frames are on this machine
    Bench(bench::Bench),
}

/// A mistake in the words of a command.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

/// Exit code of a command that was given something wrong: a scene, a setting, a factor.
const WRONG_INPUT: u8 = 2;

/// Reads the command line, runs the command, and says what went wrong.
#[must_use]
pub fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Compare(command) => command.run(),
        Command::Train(command) => command.run(),
        Command::Experiment(command) => command.run(),
        Command::Generate(command) => command.run(),
        Command::Truth(command) => command.run(),
        Command::Probe(command) => command.run(),
        Command::Lab(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Bench(command) => command.run(),
    };
    outcome.unwrap_or_else(|error| {
        if let Some(scene) = error.downcast_ref::<SceneError>() {
            console::complain(scene);
            return ExitCode::from(WRONG_INPUT);
        }
        console::complain(&format!("error: {error:#}"));
        if error.is::<UsageError>()
            || error.downcast_ref::<DatasetError>().is_some_and(refused)
            || error.downcast_ref::<LedgerError>().is_some_and(unfit)
        {
            ExitCode::from(WRONG_INPUT)
        } else {
            ExitCode::FAILURE
        }
    })
}

/// Whether a folder was named that an experiment can't use.
const fn unfit(error: &LedgerError) -> bool {
    !matches!(error, LedgerError::Write(_))
}

/// Whether a folder or file was named that isn't what the command takes.
const fn refused(error: &DatasetError) -> bool {
    !matches!(error, DatasetError::File { .. })
}
