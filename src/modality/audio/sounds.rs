//! The sounds of a bird, one by one, added up in one recording.
//!
//! Everything free (phases, the grain of wind and water, the microphone's noise) is drawn before
//! the first cue is looked at. So a twin that differs in one cue keeps every other sound, sample by
//! sample, and the same recording noise.

use rand::Rng;

use super::AudioFormat;
use super::noise::{MICROPHONE_BYTES, knots, smooth_noise};
use super::wave::{Phase, WAVES, Wave};
use crate::modality::Cue;

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
    /// Behind the microphone's noise.
    pub(super) microphone: Vec<u8>,
}

impl Draws {
    /// Draws it: how many numbers depends on `format` alone.
    pub(super) fn new(format: AudioFormat, noise: &mut impl Rng) -> Self {
        let [call, stroke, step, carrier] = std::array::from_fn(|_| noise.next_u32());
        let mut bytes = |count: usize| {
            let mut bytes = vec![0; count];
            noise.fill_bytes(&mut bytes);
            bytes
        };
        let mut grains = |grain| bytes(knots(format.samples, spacing(format, grain)));
        Self {
            call,
            stroke,
            step,
            carrier,
            wings: grains(WING_GRAIN),
            splash: grains(SPLASH_GRAIN),
            wind: grains(WIND_GRAIN),
            water: grains(WATER_GRAIN),
            bubbles: grains(BUBBLES),
            microphone: bytes(MICROPHONE_BYTES * format.samples),
        }
    }
}

/// The sounds of one recording, added up.
pub(super) struct Sounds {
    format: AudioFormat,
    gain: f32,
    mix: Vec<f32>,
    grain: Vec<f32>,
}

impl Sounds {
    /// Silence; every sound that follows is made `gain` times as loud.
    pub(super) fn new(format: AudioFormat, gain: f32) -> Self {
        let silence = vec![0.0; format.samples];
        Self { format, gain, mix: silence.clone(), grain: silence }
    }

    /// All sounds so far, full scale being 1.
    pub(super) fn mix(&self) -> &[f32] {
        &self.mix
    }

    /// Bursts of a falling reed (value 1) or of a rising whistle (value 0).
    pub(super) fn call(&mut self, cue: Cue, pitch: f32, onset: f32, draws: &Draws) {
        let amplitude = CALL * cue.strength;
        let pitch = 1.0 + 0.5 * pitch;
        let (quack, chirp) = (LOWEST_QUACK * pitch, LOWEST_CHIRP * pitch);
        let rate = self.format.rate;
        let length = self.format.samples_in(BURST);
        let onset = EARLIEST_BURST + (LATEST_BURST - EARLIEST_BURST) * onset;
        for start in self.starts(self.format.samples_in(onset), BURST_EVERY) {
            let at = Phase::gliding(draws.call, 1.15 * quack, 0.85 * quack, length, rate);
            self.add_tone(start, amplitude * cue.value, &WAVES.reed, at, swell(length));
            let at = Phase::gliding(draws.call, chirp, 1.7 * chirp, length, rate);
            self.add_tone(start, amplitude * (1.0 - cue.value), &WAVES.sine, at, swell(length));
        }
    }

    /// Low noise that comes with every stroke of the wings (value 1).
    pub(super) fn wing_beats(&mut self, cue: Cue, draws: &Draws) {
        let amplitude = self.gain * WING_BEATS * cue.strength * cue.value;
        if amplitude == 0.0 {
            return;
        }
        smooth_noise(&draws.wings, spacing(self.format, WING_GRAIN), &mut self.grain);
        let mut beat = Phase::steady(draws.stroke, WING_BEAT, self.format.rate);
        for (sample, grain) in self.mix.iter_mut().zip(&self.grain) {
            let stroke = 0.5 + 0.5 * WAVES.sine.at(beat.advance());
            *sample += amplitude * stroke * stroke * grain;
        }
    }

    /// Splashes (value 1) or clicks (value 0), step after step.
    pub(super) fn steps(&mut self, cue: Cue, draws: &Draws) {
        let every = self.format.samples_in(STEP_EVERY) as u64;
        let first = ((u64::from(draws.step) * every) >> 32) as usize;
        let rate = self.format.rate;
        let splash = self.gain * SPLASH * cue.strength * cue.value;
        if splash != 0.0 {
            smooth_noise(&draws.splash, spacing(self.format, SPLASH_GRAIN), &mut self.grain);
            for start in self.starts(first, STEP_EVERY) {
                let mut carrier = Phase::steady(draws.step, SPLASH_BAND, rate);
                let grains = self.mix.iter_mut().zip(&self.grain).skip(start);
                let swell = swell(self.format.samples_in(SPLASH_LASTS));
                for ((sample, grain), swell) in grains.zip(swell) {
                    *sample += splash * swell * grain * WAVES.sine.at(carrier.advance());
                }
            }
        }
        for start in self.starts(first, STEP_EVERY) {
            let at = Phase::steady(draws.step, CLICK_PITCH, rate);
            let decay = decay(self.format.samples_in(CLICK_LASTS));
            let amplitude = CLICK * cue.strength * (1.0 - cue.value);
            self.add_tone(start, amplitude, &WAVES.sine, at, decay);
        }
    }

    /// Water (value 1), wind (value 0), or both at the same power as either.
    pub(super) fn background(&mut self, cue: Cue, draws: &Draws) {
        let share = cue.faded().clamp(0.0, 1.0);
        let amplitude = self.gain * BACKGROUND;
        let (water, wind) = (amplitude * share.sqrt(), amplitude * (1.0 - share).sqrt());
        if wind != 0.0 {
            smooth_noise(&draws.wind, spacing(self.format, WIND_GRAIN), &mut self.grain);
            for (sample, grain) in self.mix.iter_mut().zip(&self.grain) {
                *sample += wind * grain;
            }
        }
        if water != 0.0 {
            let mut bubbles = vec![0.0; self.mix.len()];
            smooth_noise(&draws.water, spacing(self.format, WATER_GRAIN), &mut self.grain);
            smooth_noise(&draws.bubbles, spacing(self.format, BUBBLES), &mut bubbles);
            let mut carrier = Phase::steady(draws.carrier, WATER_BAND, self.format.rate);
            // A carrier halves the power; swelling by half a standard deviation adds a quarter.
            let water = water * (2.0f32 / 1.25).sqrt();
            for ((sample, grain), bubble) in self.mix.iter_mut().zip(&self.grain).zip(&bubbles) {
                let swell = 1.0 + 0.5 * bubble;
                *sample += water * swell * grain * WAVES.sine.at(carrier.advance());
            }
        }
    }

    /// The samples at which something starts that comes again `every` so many seconds.
    fn starts(&self, first: usize, every: f32) -> impl Iterator<Item = usize> + use<> {
        (first..self.format.samples).step_by(self.format.samples_in(every))
    }

    fn add_tone(
        &mut self,
        start: usize,
        amplitude: f32,
        wave: &Wave,
        mut phase: Phase,
        envelope: impl Iterator<Item = f32>,
    ) {
        let amplitude = self.gain * amplitude;
        if amplitude == 0.0 {
            return;
        }
        for (sample, envelope) in self.mix.iter_mut().skip(start).zip(envelope) {
            *sample += amplitude * envelope * wave.at(phase.advance());
        }
    }
}

/// A smooth hump from 0 to 1 to 0 over `samples`: `(1 - u^2)^2` for `u` from -1 to 1.
fn swell(samples: usize) -> impl Iterator<Item = f32> {
    let scale = 2.0 / samples as f32;
    (0..samples).map(move |i| {
        let u = scale * (i as f32 + 0.5) - 1.0;
        let hump = 1.0 - u * u;
        hump * hump
    })
}

/// A sudden start that dies away over `samples`: `(1 - u)^2` for `u` from 0 to 1.
fn decay(samples: usize) -> impl Iterator<Item = f32> {
    let scale = (samples as f32).recip();
    (0..samples).map(move |i| {
        let left = 1.0 - scale * i as f32;
        left * left
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_stay_between_silence_and_full() {
        assert!(swell(300).chain(decay(80)).all(|x| (0.0..=1.0).contains(&x)));
        assert!(swell(301).nth(150) > Some(0.999) && decay(80).next() == Some(1.0));
        let (first, last) = (swell(300).next(), swell(300).last());
        assert!(first < Some(1e-3) && last < Some(1e-3) && decay(80).last() < Some(1e-3));
    }

    #[test]
    fn bursts_start_within_the_recording_at_any_rate() {
        for rate in [8_000, 44_100] {
            let format = AudioFormat { rate, samples: rate as usize };
            let starts: Vec<_> = Sounds::new(format, 1.0).starts(10, BURST_EVERY).collect();
            assert_eq!(starts.len(), 15, "one second holds 1 / 0.068 bursts");
            assert!(starts.iter().all(|&s| s < format.samples));
        }
    }
}
