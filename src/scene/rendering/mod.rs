//! The renderers of a scene: from factor values to what painter, voice and grammar are told.

mod disturb;
mod image;
mod slot;
mod sound;
mod style;
mod text;
mod vector;

pub use disturb::{Fate, disturb_tokens};
pub use image::ImagePlan;
pub use sound::SoundPlan;
pub use text::TextPlan;
pub use vector::{VectorPlan, VectorPlans};

pub(super) use image::Look;
pub(super) use slot::{Shows, Slot};
pub(super) use sound::Timbre;
pub(super) use style::{Rule, Style};
pub(super) use text::Said;

use crate::modality::Cue;

/// One world of one specimen, as a renderer sees it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The values of all factors, in the order of the scene.
    pub factors: &'a [f64],
    /// The seed of all noise.
    pub seed: u64,
    /// The specimen's index.
    pub specimen: u64,
}

/// The renderers of a scene.
#[derive(Clone, Debug, Default)]
pub struct Renderers {
    /// The image modality.
    pub image: Option<ImagePlan>,
    /// The audio modality.
    pub sound: Option<SoundPlan>,
    /// The text modality.
    pub text: Option<TextPlan>,
    /// The vector modalities.
    pub vectors: VectorPlans,
    /// What every slot shows.
    pub(super) slots: Vec<Slot>,
}

impl Renderers {
    /// The factors that any modality shows, by position in the scene, in rising order.
    #[must_use]
    pub fn shows(&self) -> Vec<usize> {
        let image = self.image.iter().flat_map(|plan| plan.shows());
        let sound = self.sound.iter().flat_map(|plan| plan.shows());
        let text = self.text.iter().flat_map(|plan| plan.shows());
        let mut all: Vec<usize> =
            image.chain(sound).chain(text).chain(self.vectors.shows()).copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// A factor that is shown as a cue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shown {
    pub(super) factor: usize,
    pub(super) strength: f32,
}

impl Shown {
    /// What is told of it; a cue that nothing is bound to is hidden.
    fn cue(shown: Option<Self>, factors: &[f64]) -> Cue {
        shown.map_or(Cue::HIDDEN, |s| Cue { value: factors[s.factor] as f32, strength: s.strength })
    }
}

/// A factor that is shown as one of several looks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Choice {
    pub(super) factor: usize,
    pub(super) strength: f32,
    /// For each value of the factor the number of its look.
    pub(super) looks: Vec<u8>,
}

impl Choice {
    /// What is told of it; a choice that nothing is bound to is the first look, hidden.
    fn cue(choice: Option<&Self>, factors: &[f64]) -> Cue {
        let hidden = Cue { value: 0.0, strength: 0.0 };
        choice.map_or(hidden, |c| {
            let look = c.look(factors[c.factor]);
            Cue { value: look.map_or(0.0, f32::from), strength: c.strength }
        })
    }

    /// The look of a value.
    fn look(&self, value: f64) -> Option<u8> {
        self.looks.get(value as usize).or(self.looks.last()).copied()
    }
}
