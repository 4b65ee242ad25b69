//! The sounds of a bird, one by one, added up in one recording.
//!
//! Everything free (phases, the grain of wind and water, the microphone's noise) is drawn before
//! the first cue is looked at. So a twin that differs in one cue keeps every other sound, sample by
//! sample, and the same recording noise.

use std::ops::Range;

use rand::Rng;

use super::AudioFormat;
use super::noise::{knots, record, room, smooth_noise};
use super::wave::{Phase, REED, Sine, Wave};
use crate::modality::Cue;
use crate::modality::grain::Grain;

// Amplitudes of the clear cues, full scale being 1: peaks of tones, deviations of noises.
const CALL: f32 = 0.2;
const WING_BEATS: f32 = 0.12;
const SPLASH: f32 = 0.08;
const CLICK: f32 = 0.16;
const BACKGROUND: f32 = 0.04;

// Times in seconds.
const BURST: f32 = 0.048;
const BURST_EVERY: f32 = 0.068;
const EARLIEST_BURST: f32 = 0.008;
const LATEST_BURST: f32 = 0.056;
const STEP_EVERY: f32 = 0.072;
const SPLASH_LASTS: f32 = 0.044;
const CLICK_LASTS: f32 = 0.010;

// Pitches and centres of bands in hertz.
const LOWEST_QUACK: f32 = 240.0;
const LOWEST_CHIRP: f32 = 900.0;
const WING_BEAT: f32 = 25.0;
const SPLASH_BAND: f32 = 1_300.0;
const CLICK_PITCH: f32 = 2_100.0;
const WATER_BAND: f32 = 3_000.0;

// Grains of noise: how many random knots a second, which is about three times the width of a band
// to one side.
const WING_GRAIN: f32 = 500.0;
const SPLASH_GRAIN: f32 = 1_400.0;
const WIND_GRAIN: f32 = 1_000.0;
const WATER_GRAIN: f32 = 1_600.0;
const BUBBLES: f32 = 60.0;

/// Knots per second as samples between knots.
fn spacing(format: AudioFormat, grain: f32) -> usize {
    format.samples_in(grain.recip())
}

/// Everything that is free in one recording.
#[derive(Clone, Debug)]
pub(super) struct Draws {
    call: u32,
    stroke: u32,
    step: u32,
    carrier: u32,
    wings: Vec<u8>,
    splash: Vec<u8>,
    wind: Vec<u8>,
    water: Vec<u8>,
    bubbles: Vec<u8>,
    microphone: Grain,
}

impl Draws {
    /// Room for what is free in a recording of this format.
    fn new(format: AudioFormat) -> Self {
        let grains = |grain| vec![0; knots(format.samples, spacing(format, grain))];
        Self {
            call: 0,
            stroke: 0,
            step: 0,
            carrier: 0,
            wings: grains(WING_GRAIN),
            splash: grains(SPLASH_GRAIN),
            wind: grains(WIND_GRAIN),
            water: grains(WATER_GRAIN),
            bubbles: grains(BUBBLES),
            microphone: Grain::default(),
        }
    }

    /// Draws it: how many numbers depends on the format alone.
    fn draw(&mut self, noise: &mut impl Rng) {
        for phase in [&mut self.call, &mut self.stroke, &mut self.step, &mut self.carrier] {
            *phase = noise.next_u32();
        }
        let Self { wings, splash, wind, water, bubbles, .. } = self;
        for grains in [wings, splash, wind, water, bubbles] {
            noise.fill_bytes(grains);
        }
        self.microphone = Grain::new(noise);
    }
}

/// The working space of one thread for recordings of one format.
#[derive(Clone, Debug)]
pub struct Desk {
    format: AudioFormat,
    draws: Draws,
    mix: Vec<f32>,
    grain: Vec<f32>,
    bubbles: Vec<f32>,
}

impl Desk {
    /// Working space for recordings of this format.
    #[must_use]
    pub fn new(format: AudioFormat) -> Self {
        let silence = vec![0.0; room(format.samples)];
        let (grain, bubbles) = (silence.clone(), silence.clone());
        Self { format, draws: Draws::new(format), mix: silence, grain, bubbles }
    }

    /// The recordings it is for.
    #[must_use]
    pub fn format(&self) -> AudioFormat {
        self.format
    }

    /// Draws everything that is free in the next recording.
    pub(super) fn draw(&mut self, noise: &mut impl Rng) {
        self.draws.draw(noise);
    }
}

/// The sounds of one recording, added up.
pub(super) struct Sounds<'a> {
    format: AudioFormat,
    gain: f32,
    draws: &'a Draws,
    mix: &'a mut [f32],
    grain: &'a mut [f32],
    bubbles: &'a mut [f32],
}

impl<'a> Sounds<'a> {
    /// Silence on a desk that has [drawn](Desk::draw); every sound that follows is made `gain`
    /// times as loud.
    pub(super) fn new(gain: f32, desk: &'a mut Desk) -> Self {
        let Desk { format, draws, mix, grain, bubbles } = desk;
        mix.fill(0.0);
        Self { format: *format, gain, draws, mix, grain, bubbles }
    }

    /// Records all sounds so far through a microphone with noise of standard deviation `noise_sd`.
    #[inline(always)]
    pub(super) fn record(self, noise_sd: f32, out: &mut [i16]) {
        record(self.mix, noise_sd, &mut self.draws.microphone.clone(), out);
    }

    /// Bursts of a falling reed (value 1) or of a rising whistle (value 0).
    #[inline(always)]
    pub(super) fn call(&mut self, cue: Cue, pitch: f32, onset: f32) {
        let amplitude = CALL * cue.strength;
        let pitch = 1.0 + 0.5 * pitch;
        let (quack, chirp) = (LOWEST_QUACK * pitch, LOWEST_CHIRP * pitch);
        let rate = self.format.rate;
        let length = self.format.samples_in(BURST);
        let first =
            self.format.samples_in(EARLIEST_BURST + (LATEST_BURST - EARLIEST_BURST) * onset);
        let swell = Swell::over(length);
        let falling = Phase::gliding(self.draws.call, 1.15 * quack, 0.85 * quack, length, rate);
        let rising = Phase::gliding(self.draws.call, chirp, 1.7 * chirp, length, rate);
        let [reed, whistle] = [cue.value, 1.0 - cue.value].map(|part| amplitude * part);
        self.add_tones(first, BURST_EVERY, length, reed, &*REED, falling, &swell);
        self.add_tones(first, BURST_EVERY, length, whistle, &Sine, rising, &swell);
    }

    /// Low noise that comes with every stroke of the wings (value 1).
    #[inline(always)]
    pub(super) fn wing_beats(&mut self, cue: Cue) {
        let amplitude = self.gain * WING_BEATS * cue.strength * cue.value;
        if amplitude == 0.0 {
            return;
        }
        smooth_noise(&self.draws.wings, spacing(self.format, WING_GRAIN), self.grain);
        let beat = Phase::steady(self.draws.stroke, WING_BEAT, self.format.rate);
        for ((sample, grain), i) in self.mix.iter_mut().zip(&*self.grain).zip(0u32..) {
            let stroke = 0.5 + 0.5 * Sine.at(beat.at(i));
            *sample += amplitude * stroke * stroke * grain;
        }
    }

    /// Splashes (value 1) or clicks (value 0), step after step.
    #[inline(always)]
    pub(super) fn steps(&mut self, cue: Cue) {
        let every = self.format.samples_in(STEP_EVERY) as u64;
        let first = ((u64::from(self.draws.step) * every) >> 32) as usize;
        let rate = self.format.rate;
        let splash = self.gain * SPLASH * cue.strength * cue.value;
        if splash != 0.0 {
            smooth_noise(&self.draws.splash, spacing(self.format, SPLASH_GRAIN), self.grain);
            let carrier = Phase::steady(self.draws.step, SPLASH_BAND, rate);
            let length = self.format.samples_in(SPLASH_LASTS);
            let swell = Swell::over(length);
            for span in self.spans(first, STEP_EVERY, length) {
                let grains = self.mix[span.clone()].iter_mut().zip(&self.grain[span]);
                for ((sample, grain), i) in grains.zip(0u32..) {
                    *sample += splash * swell.at(i) * grain * Sine.at(carrier.at(i));
                }
            }
        }
        let click = CLICK * cue.strength * (1.0 - cue.value);
        let length = self.format.samples_in(CLICK_LASTS);
        let tone = Phase::steady(self.draws.step, CLICK_PITCH, rate);
        self.add_tones(first, STEP_EVERY, length, click, &Sine, tone, &Decay::over(length));
    }

    /// Water (value 1), wind (value 0), or both at the same power as either.
    #[inline(always)]
    pub(super) fn background(&mut self, cue: Cue) {
        let share = cue.faded().clamp(0.0, 1.0);
        let amplitude = self.gain * BACKGROUND;
        let (water, wind) = (amplitude * share.sqrt(), amplitude * (1.0 - share).sqrt());
        if wind != 0.0 {
            smooth_noise(&self.draws.wind, spacing(self.format, WIND_GRAIN), self.grain);
            for (sample, grain) in self.mix.iter_mut().zip(&*self.grain) {
                *sample += wind * grain;
            }
        }
        if water != 0.0 {
            smooth_noise(&self.draws.water, spacing(self.format, WATER_GRAIN), self.grain);
            smooth_noise(&self.draws.bubbles, spacing(self.format, BUBBLES), self.bubbles);
            let carrier = Phase::steady(self.draws.carrier, WATER_BAND, self.format.rate);
            // A carrier halves the power; swelling by half a standard deviation adds a quarter.
            let water = water * (2.0f32 / 1.25).sqrt();
            let noises = self.grain.iter().zip(&*self.bubbles);
            for ((sample, (grain, bubble)), i) in self.mix.iter_mut().zip(noises).zip(0u32..) {
                let swell = 1.0 + 0.5 * bubble;
                *sample += water * swell * grain * Sine.at(carrier.at(i));
            }
        }
    }

    /// The samples of sounds that last `length`, the first from sample `first` and then one `every`
    /// so many seconds.
    fn spans(
        &self,
        first: usize,
        every: f32,
        length: usize,
    ) -> impl Iterator<Item = Range<usize>> + use<> {
        let samples = self.format.samples;
        let starts = (first..samples).step_by(self.format.samples_in(every));
        starts.map(move |start| start..(start + length).min(samples))
    }

    /// Adds a tone of this wave, phase and envelope in each of the [spans](Sounds::spans).
    #[inline(always)]
    fn add_tones(
        &mut self,
        first: usize,
        every: f32,
        length: usize,
        amplitude: f32,
        wave: &impl Wave,
        phase: Phase,
        envelope: &impl Envelope,
    ) {
        let amplitude = self.gain * amplitude;
        if amplitude == 0.0 {
            return;
        }
        for span in self.spans(first, every, length) {
            for (sample, i) in self.mix[span].iter_mut().zip(0u32..) {
                *sample += amplitude * envelope.at(i) * wave.at(phase.at(i));
            }
        }
    }
}

/// How loud a sound is from its first sample to its last.
trait Envelope {
    /// The loudness, from 0 to 1, at sample `i`.
    fn at(&self, i: u32) -> f32;
}

/// A smooth hump from 0 to 1 to 0 over some samples: `(1 - u^2)^2` for `u` from -1 to 1.
struct Swell {
    scale: f32,
}

impl Swell {
    fn over(samples: usize) -> Self {
        Self { scale: 2.0 / samples as f32 }
    }
}

impl Envelope for Swell {
    #[inline(always)]
    fn at(&self, i: u32) -> f32 {
        let u = self.scale * (i as i32 as f32 + 0.5) - 1.0;
        let hump = 1.0 - u * u;
        hump * hump
    }
}

/// A sudden start that dies away over some samples: `(1 - u)^2` for `u` from 0 to 1.
struct Decay {
    scale: f32,
}

impl Decay {
    fn over(samples: usize) -> Self {
        Self { scale: (samples as f32).recip() }
    }
}

impl Envelope for Decay {
    #[inline(always)]
    fn at(&self, i: u32) -> f32 {
        let left = 1.0 - self.scale * i as i32 as f32;
        left * left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_stay_between_silence_and_full() {
        let swell = |samples| (0..samples as u32).map(move |i| Swell::over(samples).at(i));
        let decay = |samples| (0..samples as u32).map(move |i| Decay::over(samples).at(i));
        assert!(swell(300).chain(decay(80)).all(|x| (0.0..=1.0).contains(&x)));
        assert!(swell(301).nth(150) > Some(0.999) && decay(80).next() == Some(1.0));
        let (first, last) = (swell(300).next(), swell(300).next_back());
        assert!(first < Some(1e-3) && last < Some(1e-3) && decay(80).next_back() < Some(1e-3));
    }

    #[test]
    fn bursts_lie_within_the_recording_at_any_rate() {
        for rate in [8_000, 44_100] {
            let format = AudioFormat { rate, samples: rate as usize };
            let length = format.samples_in(BURST);
            let mut desk = Desk::new(format);
            let sounds = Sounds::new(1.0, &mut desk);
            let spans: Vec<_> = sounds.spans(10, BURST_EVERY, length).collect();
            assert_eq!(spans.len(), 15, "one second holds 1 / 0.068 bursts");
            assert!(spans.iter().all(|span| span.end <= format.samples));
            assert!(spans[..14].iter().all(|span| span.len() == length));
        }
    }
}
