//! The figures of one run, as `metrics.json` holds them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::evaluation::Evaluation;

/// The version of the form of `metrics.json`.
pub const SCHEMA: u32 = 2;

/// Everything measured of one trained model, on a scene or on stored data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// The version of this form: [`SCHEMA`].
    pub schema: u32,
    /// The scene's name; empty where it isn't known.
    pub scene: String,
    /// The folder of the data files that it was trained on, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The host model.
    pub method: String,
    /// The objective.
    pub objective: String,
    /// The seed of weights and stream.
    pub seed: u64,
    /// Over how many seeds the figures are means; the intervals are then over seeds.
    #[serde(default = "one")]
    pub seeds: usize,
    /// Updates made.
    pub steps: usize,
    /// Seconds of training, evaluation left out.
    pub seconds: f64,
    /// Samples trained on per second.
    pub samples_per_second: f64,
    /// What the method or the objective decided while it trained, by name, as it stood at the end.
    #[serde(default)]
    pub decisions: BTreeMap<String, f64>,
    /// What was found out about the model.
    #[serde(flatten)]
    pub evaluation: Evaluation,
    /// What the data don't tell, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

const fn one() -> usize {
    1
}
