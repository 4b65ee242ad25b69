//! Sound: the waveform of a bird or an object, and the log-mel picture that a model hears it by.
//!
//! | item | what it is for |
//! | --- | --- |
//! | [`AudioFormat`] | sampling rate and length of every recording of a scene |
//! | [`BirdVoice`], [`synthesise_bird`] | the cues of one specimen, and its 16-bit recording |
//! | [`ToneVoice`], [`synthesise_tones`] | the same of an object that is struck |
//! | [`Desk`] | the working space of a recording |
//! | [`Spectrogrammer`] | recording to log-mel spectrogram |

use serde::{Deserialize, Serialize};

mod bird;
mod fourier;
mod instrument;
mod mel;
mod noise;
mod sounds;
mod spectrogram;
mod tones;
mod wave;

pub use bird::{BirdVoice, synthesise_bird};
pub use sounds::Desk;
pub use spectrogram::{LOG_MEAN, LOG_SD, MelShape, POWER_FLOOR, Scratch, Spectrogrammer};
pub use tones::{PitchRange, ToneVoice, synthesise_tones};

/// Sampling rate and length of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AudioFormat {
    /// Samples per second.
    pub rate: u32,
    /// Samples in one recording.
    pub samples: usize,
}

impl Default for AudioFormat {
    /// 2,048 samples at 8 kHz: 0.256 seconds.
    fn default() -> Self {
        Self { rate: 8_000, samples: 2_048 }
    }
}

impl AudioFormat {
    /// The rates at which every sound of a bird fits below half the sampling rate.
    pub const RATES: std::ops::RangeInclusive<u32> = 8_000..=48_000;
    /// The lengths from one burst of a call up to more than any model here takes in.
    pub const LENGTHS: std::ops::RangeInclusive<usize> = 256..=1 << 20;

    /// Says whether a bird can be recorded in this format.
    ///
    /// # Errors
    /// The rate is outside [`RATES`](Self::RATES), or the length outside
    /// [`LENGTHS`](Self::LENGTHS).
    pub fn check(self) -> Result<(), AudioError> {
        if !Self::RATES.contains(&self.rate) {
            return Err(AudioError::Rate(self.rate));
        }
        if !Self::LENGTHS.contains(&self.samples) {
            return Err(AudioError::Samples(self.samples));
        }
        Ok(())
    }

    /// How many samples `seconds` are, rounded to the nearest and at least one.
    pub(crate) fn samples_in(self, seconds: f32) -> usize {
        ((f64::from(seconds) * f64::from(self.rate)).round() as usize).max(1)
    }
}

/// Why a recording or its spectrogram can't be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AudioError {
    /// The sampling rate is out of range.
    #[error(
        "the audio rate {0} Hz is out of range; choose from {min} to {max} Hz",
        min = AudioFormat::RATES.start(),
        max = AudioFormat::RATES.end()
    )]
    Rate(u32),
    /// The recording is too short or too long.
    #[error(
        "a recording of {0} samples is out of range; choose from {min} to {max} samples",
        min = AudioFormat::LENGTHS.start(),
        max = AudioFormat::LENGTHS.end()
    )]
    Samples(usize),
    /// The spectrogram has no frames, or more than samples.
    #[error("{frames} spectrogram frames of {samples} samples; choose from 1 to {samples} frames")]
    Frames {
        /// The frames asked for.
        frames: usize,
        /// The samples there are.
        samples: usize,
    },
    /// The spectrogram has no bands, or more than its windows have frequencies.
    #[error("{bands} mel bands of a {window}-sample window; choose from 1 to {most}")]
    Bands {
        /// The bands asked for.
        bands: usize,
        /// The window's length in samples.
        window: usize,
        /// The most bands there can be.
        most: usize,
    },
    /// A band is narrower than the frequency resolution of a frame.
    #[error(
        "mel band {band} of {bands} holds no frequency of a {window}-sample window; \
         use fewer bands, or fewer frames (their windows are longer)"
    )]
    EmptyBand {
        /// The band, from 0.
        band: usize,
        /// The bands asked for.
        bands: usize,
        /// The window's length in samples.
        window: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_out_of_range_is_named() {
        assert_eq!(AudioFormat::default().check(), Ok(()));
        let slow = AudioFormat { rate: 4_000, ..AudioFormat::default() };
        assert_eq!(slow.check(), Err(AudioError::Rate(4_000)));
        assert!(AudioError::Rate(4_000).to_string().contains("from 8000 to 48000 Hz"));
        let empty = AudioFormat { samples: 0, ..AudioFormat::default() };
        assert_eq!(empty.check(), Err(AudioError::Samples(0)));
    }
}
