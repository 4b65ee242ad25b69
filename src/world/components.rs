//! What specimens and their twins are made of.

use bevy::prelude::*;

use crate::causal::Interventions;

/// One sample of the scene. A twin carries the index of the specimen it belongs to.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[require(CausalFactors, NonCausalFactors, Label, Undertaken, Present)]
pub struct Specimen {
    /// Its place in the endless stream of the seed: the address of all its noise.
    pub index: u64,
}

/// The row of the batch that an entity fills, frame after frame.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row(pub usize);

/// Marks a twin: the same specimen in the hypothetical world.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[relationship(relationship_target = Twins)]
pub struct TwinOf(pub Entity);

/// The twins of a specimen.
#[derive(Component, Debug, Default, PartialEq, Eq)]
#[relationship_target(relationship = TwinOf, linked_spawn)]
pub struct Twins(Vec<Entity>);

/// The noise U of a specimen, one number per node. A twin has none of its own: it is its
/// specimen's.
#[derive(Component, Clone, Debug, Default, PartialEq)]
pub struct Exogenous(pub Vec<f64>);

/// The interventions under which an entity's world came about.
#[derive(Component, Clone, Debug, Default, PartialEq)]
pub struct Undertaken(pub Interventions);

/// Values of the factors that cause the label, in the order of the scene.
#[derive(Component, Clone, Debug, Default, PartialEq)]
pub struct CausalFactors(pub Vec<f64>);

/// Values of the factors that don't cause the label, in the order of the scene.
#[derive(Component, Clone, Debug, Default, PartialEq)]
pub struct NonCausalFactors(pub Vec<f64>);

/// The class of the label.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Label(pub usize);

/// Which modalities the entity has, in the order in which a learner gets them. A twin has those of
/// its specimen.
#[derive(Component, Clone, Debug, Default, PartialEq, Eq)]
pub struct Present(pub Vec<bool>);

/// The picture: RGB, 8 bits a channel, row by row.
#[derive(Component, Clone, Debug, Default, PartialEq, Eq)]
pub struct ImagePixels(pub Vec<u8>);

/// The sound, and what a learner hears of it.
#[derive(Component, Debug, Default, PartialEq)]
pub struct Waveform {
    /// 16-bit samples.
    pub samples: Vec<i16>,
    /// The log-mel spectrogram of the samples, frame by frame.
    pub log_mel: Vec<f32>,
}

// Derived, `clone_from` would allocate anew.
impl Clone for Waveform {
    fn clone(&self) -> Self {
        Self { samples: self.samples.clone(), log_mel: self.log_mel.clone() }
    }

    fn clone_from(&mut self, source: &Self) {
        self.samples.clone_from(&source.samples);
        self.log_mel.clone_from(&source.log_mel);
    }
}

/// The sentence, as token ids of the scene's grammar.
#[derive(Component, Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens(pub Vec<u16>);

/// The vectors, in the order of the scene.
#[derive(Component, Debug, Default, PartialEq)]
pub struct Vectors(pub Vec<Vec<f32>>);

// Derived, `clone_from` would allocate anew.
impl Clone for Vectors {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }

    fn clone_from(&mut self, source: &Self) {
        self.0.clone_from(&source.0);
    }
}
