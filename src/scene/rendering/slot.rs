//! What each slot of the renderers shows: kept for whoever asks where a factor can be seen.

use super::{Choice, Style};
use crate::causal::Range;

/// A slot of a modality, and the factor that is bound to it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::scene) struct Slot {
    /// The modality's name.
    pub modality: String,
    /// The slot's name: `hue`, `background`; for a vector how many entries.
    pub name: String,
    /// The factor, by position in the scene.
    pub factor: usize,
    /// In which way it's shown.
    pub shows: Shows,
}

/// In which way a slot shows a factor.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::scene) enum Shows {
    /// As one of two looks, so strongly.
    Cue(f32),
    /// As one of several looks.
    Choice(Choice),
    /// Along a range, in so many of the samples.
    Style(Style, f32),
    /// As it is: the order of words, entries of vectors.
    Plainly,
}

impl Slot {
    /// Its name, and the range that it shows where that isn't 0 to 1.
    pub fn label(&self) -> String {
        let name = &self.name;
        let Shows::Style(style, _) = &self.shows else { return name.clone() };
        match style.rule.range() {
            Some((Range { low: 0.0, high: 1.0 }, _)) => name.clone(),
            Some((range, _)) => format!("{name} ({range})"),
            None => format!("{name} (squashed)"),
        }
    }

    /// Why the slot can't tell two values of its factor apart, where that is known beforehand.
    pub fn hides(&self, absent: f64, present: f64) -> Option<&'static str> {
        let weak = if self.modality == "text" { "probability 0" } else { "strength 0" };
        match &self.shows {
            Shows::Cue(0.0)
            | Shows::Choice(Choice { strength: 0.0, .. })
            | Shows::Style(_, 0.0) => Some(weak),
            Shows::Choice(choice) => {
                let same = choice.look(absent) == choice.look(present);
                same.then_some("both values have one look")
            }
            Shows::Style(style, _) => {
                let same = style.rule.place(absent) as f32 == style.rule.place(present) as f32;
                same.then_some("both values have one place")
            }
            Shows::Cue(_) | Shows::Plainly => None,
        }
    }
}
