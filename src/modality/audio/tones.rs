//! An object as it sounds when it is struck again and again, in a room that hums or hisses.
//!
//! A recording is made piece by piece on the stack. Everything free is drawn without a look at the
//! cues: a twin that differs in one cue keeps every other sound and the same recording noise.

use multiversion::multiversion;
use rand::Rng;

use super::AudioFormat;
use super::instrument::{Strike, Timbre, sine, step};
use super::noise::{record, room, smooth_noise};
use crate::modality::Cue;
use crate::modality::exponential::exp2;
use crate::modality::grain::Grain;

// Amplitudes of the clear cues, full scale being 1: peaks of tones, deviations of noises.
const TONE: f32 = 0.13;
const SCRAPE: f32 = 0.06;
const BACKGROUND: f32 = 0.04;

// Times in seconds.
const RING: f32 = 0.12;
const SLOWEST: f32 = 0.128;
const QUICKEST: f32 = 0.048;
const EARLIEST: f32 = 0.008;
const LATEST: f32 = 0.056;

/// Random knots a second behind hiss and scrape: about three times the width of a band to one side.
const GRAIN: f32 = 1_600.0;
/// Centres of bands in hertz.
const HISS_BAND: f32 = 3_000.0;
const SCRAPE_BAND: f32 = 1_500.0;
/// Scrapes a second.
const SCRAPES: f32 = 14.0;
/// Partials of the hum: hertz and amplitude. Together they have the power of noise of deviation 1.
const HUM: [(f32, f32); 3] = [(100.0, 1.0), (200.0, 0.8), (300.0, 0.6)];

/// The most samples made at once.
const PIECE: usize = 2_048;

/// The length of a buffer for a piece.
const ROOM: usize = room(PIECE);

/// What is to be heard of one object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ToneVoice {
    /// The timbre: 0 disc (one sine that dies away), 1 bell, 2 reed, 3 string; another value counts
    /// as the nearest. Strength is the timbre's share: without it everything sounds like a disc.
    pub timbre: Cue,
    /// 1: something rough scrapes over the ground; 0: nothing. Strength is amplitude.
    pub scrape: Cue,
    /// 1: the room hums (low, steady tones); 0: it hisses (a high band of noise). Between them the
    /// two are mixed by [`Cue::faded`], at constant power.
    pub background: Cue,
    /// Pitch in `[0, 1]` of the range, even steps being equal musical intervals.
    pub pitch: f32,
    /// The pitches that there are.
    pub range: PitchRange,
    /// How fast strike follows strike, in `[0, 1]`: evenly from every 128 ms to every 48 ms.
    pub tempo: f32,
    /// Loudness of the room: 1 as it is, 0 silent.
    pub room: f32,
    /// Loudness of everything but the microphone's noise, in `[0, 1]`: 0.7 to 1.3 times.
    pub level: f32,
    /// The first strike in `[0, 1]`: at 8 to 56 ms.
    pub onset: f32,
}

/// The pitches from the lowest upwards.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PitchRange {
    /// The lowest pitch in hertz.
    pub lowest: f32,
    /// How many octaves the highest one lies above it.
    pub octaves: f32,
}

impl Default for PitchRange {
    /// Two octaves from 220 Hz.
    fn default() -> Self {
        Self { lowest: 220.0, octaves: 2.0 }
    }
}

impl PitchRange {
    /// The pitch in hertz that `part` in `[0, 1]` of the range is.
    #[must_use]
    pub fn hertz(self, part: f32) -> f32 {
        (f64::from(self.lowest) * exp2(f64::from(self.octaves) * f64::from(part))) as f32
    }

    /// Whether every timbre at every pitch fits below half the sampling rate and above 20 Hz.
    #[must_use]
    pub fn fits(self, format: AudioFormat) -> bool {
        let highest = self.hertz(1.0) * Timbre::HIGHEST;
        self.lowest >= 20.0 && self.octaves >= 0.0 && highest <= 0.5 * format.rate as f32
    }
}

impl Default for ToneVoice {
    fn default() -> Self {
        Self {
            timbre: Cue { value: 0.0, strength: 0.0 },
            scrape: Cue::HIDDEN,
            background: Cue::HIDDEN,
            pitch: 0.5,
            range: PitchRange::default(),
            tempo: 0.5,
            room: 1.0,
            level: 0.5,
            onset: 0.5,
        }
    }
}

/// Records one object: fills `out` with `format.samples` 16-bit samples.
///
/// `noise_sd` is the standard deviation of the microphone's noise, full scale being 1. The number
/// of draws from `noise` depends on `format` alone, and nothing is allocated.
///
/// # Panics
/// When `out` is not as long as `format` says: a mistake in the calling code, not in a scene.
pub fn synthesise_tones(
    format: AudioFormat,
    voice: &ToneVoice,
    noise_sd: f32,
    noise: &mut impl Rng,
    out: &mut [i16],
) {
    assert_eq!(out.len(), format.samples, "samples in a recording");
    let sounds = Sounds::new(format, voice, std::array::from_fn(|_| noise.next_u32()));
    let mut knots = [Knots::new(noise), Knots::new(noise)];
    let mut microphone = Grain::new(noise);
    for (piece, out) in out.chunks_mut(sounds.size).enumerate() {
        for knots in &mut knots {
            knots.draw(noise, out.len().div_ceil(sounds.spacing));
        }
        perform(&sounds, piece * sounds.size, &knots, noise_sd, &mut microphone, out);
    }
}

/// Records one piece, from sample `first`. Compiled once for any machine and once for wider vector
/// units; both round alike, so they record the same samples.
#[multiversion(targets("x86_64+avx2"))]
fn perform(
    sounds: &Sounds,
    first: usize,
    knots: &[Knots; 2],
    noise_sd: f32,
    microphone: &mut Grain,
    out: &mut [i16],
) {
    let mut whole = [0.0; ROOM];
    let mix = &mut whole[..out.len()];
    sounds.strikes(first, mix);
    sounds.scrape(first, &knots[0], mix);
    sounds.background(first, &knots[1], mix);
    record(&whole, noise_sd, microphone, out);
}

/// The knots behind the noise of one piece; the last one of a piece is the first of the next.
struct Knots {
    bytes: [u8; PIECE + 1],
    used: usize,
}

impl Knots {
    fn new(noise: &mut impl Rng) -> Self {
        let mut knots = Self { bytes: [0; PIECE + 1], used: 0 };
        noise.fill_bytes(&mut knots.bytes[..1]);
        knots
    }

    fn draw(&mut self, noise: &mut impl Rng, knots: usize) {
        self.bytes[0] = self.bytes[self.used];
        noise.fill_bytes(&mut self.bytes[1..=knots]);
        self.used = knots;
    }
}

/// What is heard of an object, by the sample.
struct Sounds<'a> {
    format: AudioFormat,
    voice: &'a ToneVoice,
    /// Of the scrapes and their carrier, the hum's three partials, and the hiss.
    phases: [u32; 6],
    /// Samples from knot to knot.
    spacing: usize,
    /// Samples of a piece.
    size: usize,
    gain: f32,
    strike: Strike,
    onset: usize,
    every: usize,
}

impl<'a> Sounds<'a> {
    fn new(format: AudioFormat, voice: &'a ToneVoice, phases: [u32; 6]) -> Self {
        let spacing = format.samples_in(GRAIN.recip());
        let between = |from: f32, to: f32, part: f32| format.samples_in(from + (to - from) * part);
        Self {
            format,
            voice,
            phases,
            spacing,
            // Whole knots to a piece, so that a piece begins where one ends.
            size: PIECE / spacing * spacing,
            gain: 0.7 + 0.6 * voice.level,
            strike: Strike {
                hertz: voice.range.hertz(voice.pitch),
                rate: format.rate,
                length: format.samples_in(RING),
            },
            onset: between(EARLIEST, LATEST, voice.onset),
            every: between(SLOWEST, QUICKEST, voice.tempo),
        }
    }

    /// Every strike that is heard from sample `first` on.
    #[inline(always)]
    fn strikes(&self, first: usize, mix: &mut [f32]) {
        let Cue { value, strength } = self.voice.timbre;
        let timbre = Timbre::ALL[((value + 0.5).max(0.0) as usize).min(Timbre::ALL.len() - 1)];
        let strength = strength.clamp(0.0, 1.0);
        let last = first + mix.len();
        for start in (self.onset..last).step_by(self.every) {
            let end = (start + self.strike.length).min(last);
            if end <= first {
                continue;
            }
            let (skipped, begun) = (start.max(first) - first, first.max(start) - start);
            let heard = &mut mix[skipped..end - first];
            let amplitude = self.gain * TONE;
            self.strike.add(timbre, strength * amplitude, begun, heard);
            self.strike.add(Timbre::Disc, (1.0 - strength) * amplitude, begun, heard);
        }
    }

    /// Rough noise that comes and goes (value 1).
    #[inline(always)]
    fn scrape(&self, first: usize, knots: &Knots, mix: &mut [f32]) {
        let Cue { value, strength } = self.voice.scrape;
        let amplitude = self.gain * SCRAPE * strength * value;
        if amplitude == 0.0 {
            return;
        }
        let mut rough = [0.0; ROOM];
        smooth_noise(&knots.bytes[..=knots.used], self.spacing, &mut rough);
        let [carrier, stroke] = [SCRAPE_BAND, SCRAPES].map(|hertz| step(hertz, self.format.rate));
        for ((n, sample), rough) in (first as u32..).zip(mix).zip(rough) {
            let stroke = 0.5 + 0.5 * sine(n.wrapping_mul(stroke).wrapping_add(self.phases[0]));
            let carrier = sine(n.wrapping_mul(carrier).wrapping_add(self.phases[1]));
            // A carrier halves the power.
            *sample += amplitude * std::f32::consts::SQRT_2 * stroke * stroke * rough * carrier;
        }
    }

    /// Hum (value 1), hiss (value 0), or both at the same power as either.
    #[inline(always)]
    fn background(&self, first: usize, knots: &Knots, mix: &mut [f32]) {
        let share = self.voice.background.faded().clamp(0.0, 1.0);
        let amplitude = self.gain * BACKGROUND * self.voice.room;
        let (hum, hiss) = (amplitude * share.sqrt(), amplitude * (1.0 - share).sqrt());
        let rate = self.format.rate;
        if hum != 0.0 {
            for ((hertz, partial), phase) in HUM.into_iter().zip(&self.phases[2..5]) {
                let (step, amplitude) = (step(hertz, rate), hum * partial);
                for (n, sample) in (first as u32..).zip(mix.iter_mut()) {
                    *sample += amplitude * sine(n.wrapping_mul(step).wrapping_add(*phase));
                }
            }
        }
        if hiss != 0.0 {
            let mut high = [0.0; ROOM];
            smooth_noise(&knots.bytes[..=knots.used], self.spacing, &mut high);
            // A carrier halves the power.
            let amplitude = hiss * std::f32::consts::SQRT_2;
            let step = step(HISS_BAND, rate);
            for ((n, sample), high) in (first as u32..).zip(mix).zip(high) {
                *sample +=
                    amplitude * high * sine(n.wrapping_mul(step).wrapping_add(self.phases[5]));
            }
        }
    }
}

#[cfg(test)]
mod tests;
