//! Sounds: factors to a voice's cues.

use std::sync::Arc;

use super::{Choice, Shown, Style, Subject};
use crate::causal::noise::{StreamId, stream};
use crate::modality::audio::{
    self, BirdVoice, Desk, PitchRange, Spectrogrammer, ToneVoice, synthesise_bird, synthesise_tones,
};

/// The stream of what the scene leaves free.
const AUDIO: StreamId = StreamId::of("modality:audio");

/// The audio modality, resolved.
#[derive(Clone, Debug)]
pub struct SoundPlan {
    pub(in crate::scene) spectrogrammer: Arc<Spectrogrammer>,
    pub(in crate::scene) noise: f32,
    pub(in crate::scene) shows: Vec<usize>,
    pub(in crate::scene) timbre: Timbre,
}

/// What is heard, with the factors in the order of the voice's fields.
#[derive(Clone, Debug)]
pub(in crate::scene) enum Timbre {
    Bird {
        cues: [Option<Shown>; 4],
        styles: [Option<Style>; 3],
    },
    Tones {
        timbre: Option<Choice>,
        cues: [Option<Shown>; 2],
        styles: [Option<Style>; 4],
        range: PitchRange,
    },
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
    pub fn desk(&self) -> Desk {
        Desk::new(self.spectrogrammer.format())
    }

    /// Working space for [`SoundPlan::hear`], one per thread.
    #[must_use]
    pub fn ear(&self) -> audio::Scratch {
        self.spectrogrammer.scratch()
    }

    /// Synthesises a subject into `samples`.
    pub fn synthesise(&self, subject: Subject, desk: &mut Desk, samples: &mut [i16]) {
        let factors = subject.factors;
        let mut noise = stream(subject.seed, subject.specimen, AUDIO);
        match &self.timbre {
            Timbre::Bird { cues, styles } => {
                let [call, wing_beats, steps, background] = cues.map(|c| Shown::cue(c, factors));
                let [pitch, level, onset] = styles.map(|s| Style::value(s, factors));
                let voice = BirdVoice { call, wing_beats, steps, background, pitch, level, onset };
                synthesise_bird(&voice, self.noise, &mut noise, desk, samples);
            }
            Timbre::Tones { timbre, cues, styles, range } => {
                let timbre = Choice::cue(timbre.as_ref(), factors);
                let [scrape, background] = cues.map(|c| Shown::cue(c, factors));
                let [pitch, tempo, level, onset] = styles.map(|s| Style::value(s, factors));
                let range = *range;
                // A room that nothing is bound to is silent.
                let room = if cues[1].is_some() { 1.0 } else { 0.0 };
                let voice = ToneVoice {
                    room,
                    timbre,
                    scrape,
                    background,
                    pitch,
                    range,
                    tempo,
                    level,
                    onset,
                };
                let format = self.spectrogrammer.format();
                synthesise_tones(format, &voice, self.noise, &mut noise, samples);
            }
        }
    }

    /// What a learner hears of `samples`, into `log_mel`, frame by frame.
    pub fn hear(&self, samples: &[i16], ear: &mut audio::Scratch, log_mel: &mut [f32]) {
        self.spectrogrammer.log_mel(samples, ear, log_mel);
    }
}
