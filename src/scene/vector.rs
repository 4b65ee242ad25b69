//! The types of a scene file for vectors.

use serde::{Deserialize, Serialize};

use crate::modality::vector::Squash;

/// A vector modality.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorDeclaration {
    /// Its name, which a learner's input has too.
    pub name: String,
    /// What it is made of, in this order.
    pub entries: Vec<EntryDeclaration>,
    /// Standard deviation of the Gaussian noise that is added to every entry.
    #[serde(default)]
    pub noise: f64,
    /// The seed of a fixed rotation of the noisy entries; left out they aren't rotated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<u64>,
    /// What becomes of every number in the end.
    #[serde(default)]
    pub squash: Squash,
}

/// One or more entries of a vector that have the same value but for their noise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryDeclaration {
    /// A factor, or an expression over factors and dials: `snc * (block == 0)`.
    pub of: String,
    /// How many entries have it.
    #[serde(default = "once")]
    pub times: usize,
}

const fn once() -> usize {
    1
}
