//! One specimen as plain buffers, with its twins.

use crate::causal::NodeId;

/// One specimen. Its buffers are meant to be filled again and again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Its place in the stream of the seed.
    pub index: u64,
    /// The noise U, one number per node of the model.
    pub exogenous: Vec<f64>,
    /// Which modalities the specimen has, in the order of
    /// [`Schema::modalities`](super::Schema::modalities). What it lacks is written as zeros, or
    /// left out where the format can say so; its twins lack the same.
    pub present: Vec<bool>,
    /// The world as it is.
    pub real: World,
    /// Its twins, in the order of [`Schema::twin_names`](super::Schema::twin_names).
    pub twins: Vec<World>,
}

/// One world of one specimen: what is true in it, and how it shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct World {
    /// The value of every node of the model: confounders, factors, label.
    pub values: Vec<f64>,
    /// The label's class.
    pub label: usize,
    /// The nodes that are intervened on, with the value each takes.
    pub interventions: Vec<(NodeId, f64)>,
    /// The picture: RGB, 8 bits a channel, row by row; empty where the scene has none.
    pub image: Vec<u8>,
    /// The sound: 16-bit samples; empty where the scene has none.
    pub audio: Vec<i16>,
    /// The sentence in words.
    pub text: String,
    /// The sentence as token ids; empty where the scene has none.
    pub tokens: Vec<u16>,
    /// The vector modalities in the order of the scene.
    pub vectors: Vec<Vec<f32>>,
}

impl Record {
    /// The world as it is, then the twins.
    pub fn worlds(&self) -> impl Iterator<Item = &World> {
        std::iter::once(&self.real).chain(&self.twins)
    }

    /// Whether the specimen has the modality at this place. A record that doesn't say has all.
    #[must_use]
    pub fn has(&self, modality: usize) -> bool {
        self.present.get(modality).copied().unwrap_or(true)
    }
}
