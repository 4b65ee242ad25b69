//! The folder of an experiment: what it is, and one file per outcome.
//!
//! ```text
//! plan.json         name, size and fingerprint of the experiment
//! trials/KEY.json   the outcome of a trial, whole or not there
//! trials.csv, trials.parquet, tables.md, report.html
//! ```

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Outcome;
use crate::experiment::plan::Plan;
use crate::experiment::{RunError, write_whole};

/// A folder that holds outcomes of one experiment.
#[derive(Clone, Debug)]
pub struct Ledger {
    path: PathBuf,
}

/// `plan.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Label {
    name: String,
    quick: bool,
    trials: usize,
    fingerprint: String,
}

/// Why a folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// It holds another experiment.
    #[error(
        "{} holds another experiment or another size of it: {found}, where {wanted} is asked for; \
         name another folder", path.display()
    )]
    Other {
        /// The folder.
        path: PathBuf,
        /// What it holds.
        found: String,
        /// What was asked for.
        wanted: String,
    },
    /// It holds nothing to go on with.
    #[error("{} holds no experiment that could be gone on with; leave --resume out", path.display())]
    Nothing {
        /// The folder.
        path: PathBuf,
    },
    /// It holds other things.
    #[error("{} isn't empty and holds no experiment; name a new folder", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
    /// A file can't be read.
    #[error("{} can't be read: {problem}; take it away to have it made again", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A file can't be written.
    #[error(transparent)]
    Write(#[from] RunError),
}

impl Ledger {
    /// The folder of a plan: new, empty, or begun by the same experiment, which it must be if
    /// something is to be `resumed`.
    ///
    /// # Errors
    /// A folder of something else, or one that can't be read or written.
    pub fn open(path: &Path, plan: &Plan, resumed: bool) -> Result<Self, LedgerError> {
        let ledger = Self { path: path.to_path_buf() };
        if ledger.is_of(plan)? {
            return Ok(ledger);
        }
        if resumed {
            return Err(LedgerError::Nothing { path: ledger.path });
        }
        if std::fs::read_dir(path).into_iter().flatten().next().is_some() {
            return Err(LedgerError::Foreign { path: ledger.path });
        }
        let trials = ledger.path.join("trials");
        std::fs::create_dir_all(&trials)
            .map_err(|source| RunError::File { path: trials, source })?;
        let mut text = serde_json::to_string_pretty(&Label::of(plan)).unwrap_or_default();
        text.push('\n');
        ledger.write("plan.json", text.as_bytes())?;
        Ok(ledger)
    }

    /// A folder that was opened by another process, which had seen that it's right.
    #[must_use]
    pub fn trusted(path: &Path) -> Self {
        Self { path: path.to_path_buf() }
    }

    /// A part that was made elsewhere.
    ///
    /// # Errors
    /// It isn't there, or is part of another experiment.
    pub fn part(path: &Path, plan: &Plan) -> Result<Self, LedgerError> {
        let ledger = Self { path: path.to_path_buf() };
        if ledger.is_of(plan)? {
            Ok(ledger)
        } else {
            Err(LedgerError::Nothing { path: ledger.path })
        }
    }

    /// Whether the folder holds this plan; false where it holds none.
    fn is_of(&self, plan: &Plan) -> Result<bool, LedgerError> {
        let path = self.path.join("plan.json");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => {
                return Err(LedgerError::Unreadable { path, problem: error.to_string() });
            }
        };
        let found: Label = serde_json::from_str(&text)
            .map_err(|error| LedgerError::Unreadable { path, problem: error.to_string() })?;
        let wanted = Label::of(plan);
        if found == wanted {
            return Ok(true);
        }
        let path = self.path.clone();
        Err(LedgerError::Other { path, found: found.words(), wanted: wanted.words() })
    }

    /// The path of a file in the folder.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn outcome(&self, key: &str) -> PathBuf {
        self.path.join("trials").join(format!("{key}.json"))
    }

    /// Whether a trial has an outcome.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.outcome(key).is_file()
    }

    /// The outcome of a trial, if there is one.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn read(&self, key: &str) -> Result<Option<Outcome>, LedgerError> {
        let path = self.outcome(key);
        if !path.is_file() {
            return Ok(None);
        }
        let bad = |problem: String| LedgerError::Unreadable { path: path.clone(), problem };
        let text = std::fs::read_to_string(&path).map_err(|error| bad(error.to_string()))?;
        let outcome: Outcome =
            serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
        if outcome.key == key { Ok(Some(outcome)) } else { Err(bad("another trial's".to_owned())) }
    }

    /// Writes the outcome of a trial, whole or not at all.
    ///
    /// # Errors
    /// It can't be written.
    pub fn keep(&self, outcome: &Outcome) -> Result<(), LedgerError> {
        let path = self.outcome(&outcome.key);
        let mut text = serde_json::to_string_pretty(outcome)
            .map_err(|source| RunError::Figures { path: path.clone(), source })?;
        text.push('\n');
        Ok(write_whole(&path, text.as_bytes())?)
    }

    /// Takes the outcome of a trial away, so that it's performed again.
    pub fn forget(&self, key: &str) {
        let _ = std::fs::remove_file(self.outcome(key));
    }

    /// Writes a file of the folder, whole or not at all.
    ///
    /// # Errors
    /// It can't be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), LedgerError> {
        Ok(write_whole(&self.file(name), bytes)?)
    }
}

impl Label {
    fn of(plan: &Plan) -> Self {
        Self {
            name: plan.experiment.name.clone(),
            quick: plan.quick,
            trials: plan.trials.len(),
            fingerprint: plan.fingerprint.clone(),
        }
    }

    fn words(&self) -> String {
        let size = if self.quick { "quick" } else { "full" };
        format!("`{}` ({size}, {} trials, {})", self.name, self.trials, self.fingerprint)
    }
}
