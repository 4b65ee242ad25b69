//! A bird as it sounds: its call, its wings, its feet and the place it is in.

use multiversion::multiversion;
use rand::Rng;

use super::sounds::{Desk, Sounds};
use crate::modality::Cue;

/// What is to be heard of one specimen.
///
/// A cue's strength is its amplitude relative to the clear one: at 0 it is silent, whatever its
/// value. Values between 0 and 1 mix the two looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BirdVoice {
    /// 1: a quack (harmonic, nasal, falling); 0: a chirp (one whistle, rising). Both come in short
    /// bursts of the same power.
    pub call: Cue,
    /// 1: a low flutter that swells and fades; 0: none.
    pub wing_beats: Cue,
    /// 1: paddling (soft, broad, lower splashes); 0: stepping (short, higher clicks).
    pub steps: Cue,
    /// 1: water (a high, bubbling band); 0: wind (low and smooth). Between them the two are mixed
    /// by [`Cue::faded`], at constant power.
    pub background: Cue,
    /// Pitch of the call in `[0, 1]`: up to one and a half times the lowest.
    pub pitch: f32,
    /// Loudness of everything but the microphone's noise, in `[0, 1]`: 0.7 to 1.3 times.
    pub level: f32,
    /// Start of the first burst in `[0, 1]`: 8 to 56 ms.
    pub onset: f32,
}

impl Default for BirdVoice {
    fn default() -> Self {
        Self {
            call: Cue::HIDDEN,
            wing_beats: Cue::HIDDEN,
            steps: Cue::HIDDEN,
            background: Cue::HIDDEN,
            pitch: 0.5,
            level: 0.5,
            onset: 0.5,
        }
    }
}

/// Records one bird: fills `out` with as many 16-bit samples as the desk's format says.
///
/// `noise_sd` is the standard deviation of the microphone's noise, full scale being 1. The number
/// of draws from `noise` depends on the format alone.
///
/// # Panics
/// When `out` is not as long as the desk's format says: a mistake in the calling code, not in a
/// scene.
pub fn synthesise_bird(
    voice: &BirdVoice,
    noise_sd: f32,
    noise: &mut impl Rng,
    desk: &mut Desk,
    out: &mut [i16],
) {
    assert_eq!(out.len(), desk.format().samples, "samples in a recording");
    desk.draw(noise);
    perform(voice, noise_sd, desk, out);
}

/// Makes the sounds one after the other and records them. Compiled once for any machine and once
/// for wider vector units; both round alike, so they record the same samples.
#[multiversion(targets("x86_64+avx2"))]
fn perform(voice: &BirdVoice, noise_sd: f32, desk: &mut Desk, out: &mut [i16]) {
    let mut sounds = Sounds::new(0.7 + 0.6 * voice.level, desk);
    sounds.call(voice.call, voice.pitch, voice.onset);
    sounds.wing_beats(voice.wing_beats);
    sounds.steps(voice.steps);
    sounds.background(voice.background);
    sounds.record(noise_sd, out);
}

#[cfg(test)]
mod tests {
    use super::super::{AudioFormat, MelShape, Spectrogrammer};
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    const FORMAT: AudioFormat = AudioFormat { rate: 8_000, samples: 2_048 };
    const SILENT_WINGS: Cue = Cue { value: 0.0, strength: 0.0 };

    fn voice(cues: [Cue; 4]) -> BirdVoice {
        let [call, wing_beats, steps, background] = cues;
        BirdVoice { call, wing_beats, steps, background, ..BirdVoice::default() }
    }

    fn hear(voice: &BirdVoice, noise_sd: f32, seed: u64) -> Vec<i16> {
        let mut out = vec![0; FORMAT.samples];
        let mut noise = ChaCha8Rng::seed_from_u64(seed);
        synthesise_bird(voice, noise_sd, &mut noise, &mut Desk::new(FORMAT), &mut out);
        out
    }

    /// Mean log-mel number of each band, of a cue heard with nothing but the background.
    fn bands(voice: &BirdVoice, seed: u64) -> Vec<f32> {
        let plan = Spectrogrammer::new(FORMAT, MelShape::default()).unwrap();
        let mut out = vec![0.0; 32 * 32];
        plan.log_mel(&hear(voice, 0.02, seed), &mut plan.scratch(), &mut out);
        (0..32).map(|b| out.iter().skip(b).step_by(32).sum::<f32>() / 32.0).collect()
    }

    #[test]
    fn a_silent_cue_has_no_value() {
        for which in 0..4 {
            let with = |value| {
                let mut cues = [Cue::clear(1.0); 4];
                cues[which] = Cue { value, strength: 0.0 };
                hear(&voice(cues), 0.03, 5)
            };
            assert_eq!(with(0.0), with(1.0), "cue {which}");
        }
    }

    #[test]
    fn a_twin_keeps_every_other_sound_and_the_noise() {
        for which in 0..4 {
            // What a change of this cue does to the samples, in the company of `others`.
            let change = |others: f32| {
                let with = |value| {
                    let mut cues = [Cue { value: others, strength: 0.6 }; 4];
                    cues[which] = Cue { value, strength: 0.5 };
                    hear(&voice(cues), 0.03, 8)
                };
                let twins = with(1.0).into_iter().zip(with(0.0));
                twins.map(|(one, zero)| i32::from(one) - i32::from(zero)).collect::<Vec<_>>()
            };
            let (alone, together) = (change(0.0), change(1.0));
            assert!(alone.iter().any(|x| x.abs() > 300), "cue {which} is heard");
            let worst = alone.iter().zip(&together).map(|(a, b)| (a - b).abs()).max();
            assert!(worst <= Some(2), "cue {which}: {worst:?}");
        }
    }

    #[test]
    fn the_number_of_draws_is_fixed() {
        let after = |voice: &BirdVoice, noise_sd| {
            let mut rng = ChaCha8Rng::seed_from_u64(4);
            let mut desk = Desk::new(FORMAT);
            synthesise_bird(voice, noise_sd, &mut rng, &mut desk, &mut [0; 2_048]);
            rng.next_u64()
        };
        let quiet = after(&BirdVoice::default(), 0.0);
        let late = BirdVoice { onset: 1.0, pitch: 0.0, ..voice([Cue::clear(1.0); 4]) };
        assert_eq!(quiet, after(&late, 0.03));
        assert_eq!(quiet, after(&voice([Cue::clear(0.0); 4]), 0.1));
    }

    #[test]
    fn every_cue_is_heard_in_its_place() {
        let quiet = [Cue::HIDDEN, SILENT_WINGS, Cue::HIDDEN, Cue::clear(0.0)];
        let heard = |which: usize, value, seed| {
            let mut cues = quiet;
            cues[which] = Cue::clear(value);
            bands(&voice(cues), seed)
        };
        let mean = |x: &[f32]| x.iter().sum::<f32>() / x.len() as f32;
        for seed in 0..8 {
            let (quack, chirp) = (heard(0, 1.0, seed), heard(0, 0.0, seed));
            let low = [mean(&quack[8..13]), mean(&chirp[8..13])];
            assert!(low[0] > low[1] + 0.5, "a quack is lower: {low:?}");
            let (flutter, still) = (heard(1, 1.0, seed), heard(1, 0.0, seed));
            assert!(mean(&flutter[..4]) > mean(&still[..4]) + 0.3, "a flutter is low");
            assert!((mean(&flutter[20..]) - mean(&still[20..])).abs() < 0.05, "and only low");
            let (paddle, click) = (heard(2, 1.0, seed), heard(2, 0.0, seed));
            assert!(mean(&paddle[14..20]) > mean(&click[14..20]) + 0.5, "a splash is lower");
            let (water, wind) = (heard(3, 1.0, seed), heard(3, 0.0, seed));
            assert!(mean(&water[27..31]) > mean(&wind[27..31]) + 1.0, "water is high");
            assert!(mean(&water[..6]) + 1.0 < mean(&wind[..6]), "wind is low");
        }
    }

    #[test]
    fn wind_and_water_are_equally_loud() {
        let power = |value: f32| -> f64 {
            let cues = [Cue::HIDDEN, SILENT_WINGS, Cue::HIDDEN, Cue::clear(value)];
            let all = (0..64).flat_map(|seed| hear(&voice(cues), 0.0, seed));
            all.map(|x| f64::from(x).powi(2)).sum()
        };
        let (wind, both, water) = (power(0.0), power(0.5), power(1.0));
        assert!((water / wind - 1.0).abs() < 0.1, "{}", water / wind);
        assert!((both / wind - 1.0).abs() < 0.1, "{}", both / wind);
    }

    #[test]
    fn the_loudest_bird_is_not_clipped() {
        for seed in 0..32 {
            for value in [0.0, 1.0] {
                let loud = BirdVoice { level: 1.0, ..voice([Cue::clear(value); 4]) };
                let loudest = hear(&loud, 0.03, seed).iter().map(|x| x.unsigned_abs()).max();
                assert!(loudest < Some(32_767), "seed {seed}: {loudest:?}");
            }
        }
    }
}
