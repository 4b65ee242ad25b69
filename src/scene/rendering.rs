//! The renderers of a scene: from factor values to what painter, voice and grammar are told.

use std::sync::Arc;

use crate::causal::noise::{StreamId, stream};
use crate::modality::Cue;
use crate::modality::audio::{self, BirdVoice, Spectrogrammer, synthesise_bird};
use crate::modality::image::{BirdCues, ImageSize, paint_bird};
use crate::modality::text::{self, Grammar, Mention};

/// The streams of what the scene leaves free. No node's name holds a colon.
const IMAGE: StreamId = StreamId::of("modality:image");
const AUDIO: StreamId = StreamId::of("modality:audio");
const TEXT: StreamId = StreamId::of("modality:text");

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
}

/// A factor that is shown as a cue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shown {
    pub(super) factor: usize,
    pub(super) strength: f32,
}

/// A factor that is shown as a style: its value is mapped to [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Style {
    pub(super) factor: usize,
    pub(super) low: f64,
    pub(super) width: f64,
}

fn cue(shown: Option<Shown>, factors: &[f64]) -> Cue {
    shown.map_or(Cue::HIDDEN, |s| Cue { value: factors[s.factor] as f32, strength: s.strength })
}

fn style(style: Option<Style>, factors: &[f64]) -> f32 {
    style.map_or(0.5, |s| ((factors[s.factor] - s.low) / s.width).clamp(0.0, 1.0) as f32)
}

/// The image modality, resolved.
#[derive(Clone, Debug)]
pub struct ImagePlan {
    pub(super) size: ImageSize,
    pub(super) noise: f32,
    pub(super) shows: Vec<usize>,
    pub(super) cues: [Option<Shown>; 4],
    pub(super) styles: [Option<Style>; 6],
}

impl ImagePlan {
    /// Width and height.
    #[must_use]
    pub const fn size(&self) -> ImageSize {
        self.size
    }

    /// Bytes per picture.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.size.bytes()
    }

    /// The factors that a picture shows, by position in the scene.
    #[must_use]
    pub fn shows(&self) -> &[usize] {
        &self.shows
    }

    /// Paints a subject into `out`, of [`ImagePlan::bytes`] bytes: RGB, row by row.
    pub fn paint(&self, subject: Subject, out: &mut [u8]) {
        let [bill, feet, wings, background] = self.cues.map(|c| cue(c, subject.factors));
        let [hue, x, y, size, facing, light] = self.styles.map(|s| style(s, subject.factors));
        let cues = BirdCues { bill, feet, wings, background, hue, x, y, size, facing, light };
        let mut noise = stream(subject.seed, subject.specimen, IMAGE);
        paint_bird(self.size, &cues, self.noise, &mut noise, out);
    }
}

/// The audio modality, resolved.
#[derive(Clone, Debug)]
pub struct SoundPlan {
    pub(super) spectrogrammer: Arc<Spectrogrammer>,
    pub(super) noise: f32,
    pub(super) shows: Vec<usize>,
    pub(super) cues: [Option<Shown>; 4],
    pub(super) styles: [Option<Style>; 3],
}

impl SoundPlan {
    /// Samples per sound.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.spectrogrammer.format().samples
    }

    /// Samples per second.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.spectrogrammer.format().rate
    }

    /// Frames and bands of the spectrogram.
    #[must_use]
    pub fn mel(&self) -> audio::MelShape {
        self.spectrogrammer.shape()
    }

    /// The factors that a sound tells of, by position in the scene.
    #[must_use]
    pub fn shows(&self) -> &[usize] {
        &self.shows
    }

    /// Working space for [`SoundPlan::synthesise`], one per thread.
    #[must_use]
    pub fn scratch(&self) -> audio::Scratch {
        self.spectrogrammer.scratch()
    }

    /// Synthesises a subject into `samples`, and what a learner hears of it into `log_mel`, frame
    /// by frame.
    pub fn synthesise(
        &self,
        subject: Subject,
        scratch: &mut audio::Scratch,
        samples: &mut [i16],
        log_mel: &mut [f32],
    ) {
        let [call, wing_beats, steps, background] = self.cues.map(|c| cue(c, subject.factors));
        let [pitch, level, onset] = self.styles.map(|s| style(s, subject.factors));
        let voice = BirdVoice { call, wing_beats, steps, background, pitch, level, onset };
        let mut noise = stream(subject.seed, subject.specimen, AUDIO);
        synthesise_bird(self.spectrogrammer.format(), &voice, self.noise, &mut noise, samples);
        self.spectrogrammer.log_mel(samples, scratch, log_mel);
    }
}

/// The text modality, resolved.
#[derive(Clone, Debug)]
pub struct TextPlan {
    pub(super) grammar: Arc<Grammar>,
    pub(super) length: usize,
    pub(super) shows: Vec<usize>,
    /// For each slot of the grammar what it mentions and how often.
    pub(super) mentions: Vec<Option<(Style, f32)>>,
    pub(super) wording: Option<usize>,
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
        let mention = |m: &Option<(Style, f32)>| {
            m.map(|(style, probability)| {
                let value = (subject.factors[style.factor] - style.low) / style.width;
                Mention { value: value as f32, probability }
            })
        };
        let mentions: Vec<_> = self.mentions.iter().map(mention).collect();
        let wording = self.wording.map_or(0, |factor| subject.factors[factor] as usize);
        let mut noise = stream(subject.seed, subject.specimen, TEXT);
        text::compose(&self.grammar, &mentions, wording, &mut noise, self.length, out);
    }
}
