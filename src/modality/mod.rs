//! The renderers: pure functions from factor values and a noise stream into plain buffers.
//!
//! Nothing here knows of Bevy or of the causal model: a renderer gets [`Cue`]s (what to show and
//! how strongly) and a random stream for what the scene leaves free (ripples, sensor noise).

pub mod audio;
pub mod disturb;
mod exponential;
mod grain;
pub mod image;
pub mod text;
pub mod vector;

/// What one slot of a renderer shows: a factor's value, and how strongly it is to be seen or heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cue {
    /// The factor's value. For an on-off cue 0 is one look and 1 the other; between them they mix.
    pub value: f32,
    /// 0 hides the cue altogether, 1 shows it as clearly as the renderer can.
    pub strength: f32,
}

impl Cue {
    /// A cue that nothing is bound to: it shows neither look.
    pub const HIDDEN: Self = Self { value: 0.5, strength: 0.0 };

    /// A cue shown at full strength.
    #[must_use]
    pub const fn clear(value: f32) -> Self {
        Self { value, strength: 1.0 }
    }

    /// The value pulled towards the undecided middle: `0.5 + strength (value - 0.5)`.
    #[must_use]
    pub fn faded(self) -> f32 {
        0.5 + self.strength * (self.value - 0.5)
    }
}
