//! What came of a trial.

use serde::{Deserialize, Serialize};

use crate::measure::suite::Found;

/// What came of a trial. All but `cost` is the same whenever and wherever it's performed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The key of the trial.
    pub key: String,
    /// What the trial is called.
    pub trial: String,
    /// Why there is nothing to measure, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// What was measured.
    #[serde(flatten)]
    pub found: Found,
    /// What it cost.
    #[serde(default)]
    pub cost: Cost,
}

/// What a trial cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Seconds of training, evaluation left out. Of trials that were trained side by side each is told
    /// the frames and its own updates.
    pub seconds: f64,
    /// Specimens trained on per second.
    pub specimens_per_second: f64,
    /// The most memory that the process had, in MiB; 0 where it isn't known.
    pub peak_mib: f64,
    /// Numbers that were trained.
    pub parameters: f64,
}

impl Cost {
    /// Its columns: name and value.
    #[must_use]
    pub const fn columns(&self) -> [(&'static str, f64); 4] {
        [
            ("seconds", self.seconds),
            ("specimens_per_second", self.specimens_per_second),
            ("peak_mib", self.peak_mib),
            ("parameters", self.parameters),
        ]
    }
}

impl Outcome {
    /// A trial that came to nothing.
    #[must_use]
    pub fn failed(key: &str, trial: &str, failure: String) -> Self {
        Self { failure: Some(failure), ..Self::named(key, trial) }
    }

    /// A trial of which nothing is known yet.
    #[must_use]
    pub fn named(key: &str, trial: &str) -> Self {
        Self { key: key.to_owned(), trial: trial.to_owned(), ..Self::default() }
    }
}
