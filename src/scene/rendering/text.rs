//! Sentences: factors to what is mentioned.

use std::sync::Arc;

use super::{Choice, Style, Subject};
use crate::causal::noise::{StreamId, stream};
use crate::modality::text::{self, Grammar, Mention};

/// The stream of what the scene leaves free.
const TEXT: StreamId = StreamId::of("modality:text");

/// The text modality, resolved.
#[derive(Clone, Debug)]
pub struct TextPlan {
    pub(in crate::scene) grammar: Arc<Grammar>,
    pub(in crate::scene) length: usize,
    pub(in crate::scene) shows: Vec<usize>,
    /// For each slot of the grammar what it mentions.
    pub(in crate::scene) mentions: Vec<Option<Said>>,
    pub(in crate::scene) wording: Option<usize>,
}

/// What a slot says.
#[derive(Clone, Debug)]
pub(in crate::scene) enum Said {
    /// One of several phrases, as often as the choice is strong.
    Choice(Choice),
    /// A word for a number, with the share of sentences that say it.
    Style(Style, f32),
}

impl Said {
    fn mention(&self, factors: &[f64]) -> Mention {
        match self {
            Self::Choice(choice) => {
                let cue = Choice::cue(Some(choice), factors);
                Mention { value: cue.value, probability: cue.strength }
            }
            Self::Style(style, probability) => {
                let value = Style::value(Some(*style), factors);
                Mention { value, probability: *probability }
            }
        }
    }
}

impl TextPlan {
    /// The grammar.
    #[must_use]
    pub fn grammar(&self) -> &Grammar {
        &self.grammar
    }

    /// Tokens per sentence.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.length
    }

    /// The factors that a sentence may speak of, by position in the scene.
    #[must_use]
    pub fn shows(&self) -> &[usize] {
        &self.shows
    }

    /// Composes a subject's sentence: exactly [`TextPlan::length`] token ids.
    pub fn compose(&self, subject: Subject, out: &mut Vec<u16>) {
        let mention =
            |slot: usize| Some(self.mentions.get(slot)?.as_ref()?.mention(subject.factors));
        let wording = self.wording.map_or(0, |factor| subject.factors[factor] as usize);
        let mut noise = stream(subject.seed, subject.specimen, TEXT);
        text::compose(&self.grammar, mention, wording, &mut noise, self.length, out);
    }
}
