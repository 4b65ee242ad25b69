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
const PIECE: usize = 512;

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
        let amplitude = self.gain * BACKGROUND;
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
mod tests {
    use super::super::{MelShape, Spectrogrammer};
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    const FORMAT: AudioFormat = AudioFormat { rate: 8_000, samples: 2_048 };
    const NO_SCRAPE: Cue = Cue { value: 0.0, strength: 0.0 };

    fn voice([timbre, scrape, background]: [Cue; 3]) -> ToneVoice {
        ToneVoice { timbre, scrape, background, ..ToneVoice::default() }
    }

    fn hear_in(format: AudioFormat, voice: &ToneVoice, noise_sd: f32, seed: u64) -> Vec<i16> {
        let mut out = vec![0; format.samples];
        synthesise_tones(format, voice, noise_sd, &mut ChaCha8Rng::seed_from_u64(seed), &mut out);
        out
    }

    fn hear(voice: &ToneVoice, noise_sd: f32, seed: u64) -> Vec<i16> {
        hear_in(FORMAT, voice, noise_sd, seed)
    }

    /// Mean log-mel number of each band.
    fn bands(voice: &ToneVoice, seed: u64) -> Vec<f32> {
        let plan = Spectrogrammer::new(FORMAT, MelShape::default()).unwrap();
        let mut out = vec![0.0; 32 * 32];
        plan.log_mel(&hear(voice, 0.01, seed), &mut plan.scratch(), &mut out);
        (0..32).map(|b| out.iter().skip(b).step_by(32).sum::<f32>() / 32.0).collect()
    }

    fn mean(x: &[f32]) -> f32 {
        x.iter().sum::<f32>() / x.len() as f32
    }

    #[test]
    fn a_silent_cue_has_no_value() {
        for which in 0..3 {
            let with = |value| {
                let mut cues = [Cue::clear(1.0); 3];
                cues[which] = Cue { value, strength: 0.0 };
                hear(&voice(cues), 0.03, 5)
            };
            assert_eq!(with(0.0), with(1.0), "cue {which}");
        }
    }

    #[test]
    fn a_twin_keeps_every_other_sound_and_the_noise() {
        for which in 0..3 {
            // What a change of this cue does to the samples, in the company of `others`.
            let change = |others: f32| {
                let with = |value| {
                    let mut cues = [Cue { value: others, strength: 0.6 }; 3];
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
        let after = |voice: &ToneVoice, noise_sd| {
            let mut rng = ChaCha8Rng::seed_from_u64(4);
            synthesise_tones(FORMAT, voice, noise_sd, &mut rng, &mut [0; 2_048]);
            rng.next_u64()
        };
        let quiet = after(&ToneVoice::default(), 0.0);
        let late = ToneVoice { onset: 1.0, tempo: 0.0, ..voice([Cue::clear(1.0); 3]) };
        assert_eq!(quiet, after(&late, 0.03));
        assert_eq!(quiet, after(&voice([Cue::clear(0.0); 3]), 0.1));
    }

    #[test]
    fn every_timbre_has_its_place() {
        // At 440 Hz band 6 holds the pitch; overtones lie above band 12.
        let heard =
            |timbre, seed| bands(&voice([Cue::clear(timbre), NO_SCRAPE, Cue::clear(1.0)]), seed);
        for seed in 0..8 {
            let [disc, bell, reed, string] = [0.0, 1.0, 2.0, 3.0].map(|t| heard(t, seed));
            let over = |bands: &[f32]| mean(&bands[12..28]);
            for timbre in [&bell, &reed, &string] {
                assert!(over(timbre) > over(&disc) + 0.1, "overtones over a disc");
            }
            for (a, b) in [(&bell, &reed), (&bell, &string), (&reed, &string)] {
                let far = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(far > 0.5, "timbres differ somewhere: {far}");
            }
        }
    }

    #[test]
    fn scrape_and_room_are_heard_in_their_places() {
        let disc = Cue::clear(0.0);
        for seed in 0..8 {
            let heard =
                |scrape, room| bands(&voice([disc, Cue::clear(scrape), Cue::clear(room)]), seed);
            let (rough, smooth) = (heard(1.0, 1.0), heard(0.0, 1.0));
            assert!(mean(&rough[14..22]) > mean(&smooth[14..22]) + 0.5, "a scrape is in between");
            let (hum, hiss) = (heard(0.0, 1.0), heard(0.0, 0.0));
            assert!(mean(&hiss[26..31]) > mean(&hum[26..31]) + 1.0, "hiss is high");
            assert!(mean(&hum[..4]) > mean(&hiss[..4]) + 1.0, "hum is low");
        }
    }

    #[test]
    fn pitch_moves_the_tone_through_its_range() {
        // The strongest frequency of a disc, by correlation with a sine and a cosine.
        let strongest = |pitch| {
            let heard = hear(&ToneVoice { pitch, ..ToneVoice::default() }, 0.0, 1);
            let power = |hertz: f64| {
                let parts = heard.iter().enumerate().map(|(i, &x)| {
                    let (sine, cosine) =
                        (std::f64::consts::TAU * hertz * i as f64 / 8_000.0).sin_cos();
                    [f64::from(x) * sine, f64::from(x) * cosine]
                });
                let [a, b] = parts.fold([0.0; 2], |sum, part| [sum[0] + part[0], sum[1] + part[1]]);
                a * a + b * b
            };
            let candidates = (160..1_000).map(|hertz| (hertz, power(f64::from(hertz))));
            candidates.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(hertz, _)| hertz)
        };
        for (pitch, hertz) in [(0.0, 220), (0.5, 440), (1.0, 880)] {
            let found = strongest(pitch).unwrap();
            // Strikes beat against each other: the spectrum has lines beside the pitch.
            assert!(i32::abs_diff(found, hertz) < 16, "{found} for {hertz}");
        }
        let high = PitchRange { lowest: 500.0, octaves: 1.0 };
        assert!((high.hertz(0.5) - 707.1).abs() < 0.1);
        assert!(PitchRange::default().fits(FORMAT));
        assert!(!high.fits(FORMAT), "a partial at 4,100 Hz");
        assert!(high.fits(AudioFormat { rate: 16_000, ..FORMAT }));
    }

    #[test]
    fn tempo_and_onset_move_the_strikes() {
        // Energy before and after a moment, with a room that is silent enough.
        let loud = |voice: ToneVoice, from: usize, to: usize| {
            hear(&voice, 0.0, 2)[from..to].iter().map(|&x| f64::from(x).powi(2)).sum::<f64>()
        };
        let base = ToneVoice { background: Cue::clear(1.0), ..ToneVoice::default() };
        let early = ToneVoice { onset: 0.0, ..base };
        let late = ToneVoice { onset: 1.0, ..base };
        assert!(loud(early, 80, 400) > 3.0 * loud(late, 80, 400));
        let (slow, quick) = (ToneVoice { tempo: 0.0, ..base }, ToneVoice { tempo: 1.0, ..base });
        assert!(loud(quick, 0, 2_048) > 1.5 * loud(slow, 0, 2_048), "more strikes");
    }

    #[test]
    fn rooms_are_equally_loud() {
        let power = |value: f32| -> f64 {
            let silent = ToneVoice { onset: 1.0, tempo: 0.0, ..voice([NO_SCRAPE; 3]) };
            let room = ToneVoice { background: Cue::clear(value), ..silent };
            let before = AudioFormat { rate: 8_000, samples: 440 };
            let all = (0..256).flat_map(|seed| hear_in(before, &room, 0.0, seed));
            all.map(|x| f64::from(x).powi(2)).sum()
        };
        let (hiss, both, hum) = (power(0.0), power(0.5), power(1.0));
        assert!((hum / hiss - 1.0).abs() < 0.1, "{}", hum / hiss);
        assert!((both / hiss - 1.0).abs() < 0.1, "{}", both / hiss);
    }

    #[test]
    fn a_shorter_recording_is_the_beginning_of_a_longer_one() {
        // Pieces are cut at the same places and drawn one after another.
        let loud = voice([Cue::clear(2.0), Cue::clear(1.0), Cue::clear(0.3)]);
        let long = hear_in(AudioFormat { rate: 44_100, samples: 9_000 }, &loud, 0.02, 3);
        let whole = 8 * 18 * 28;
        let short = hear_in(AudioFormat { rate: 44_100, samples: whole }, &loud, 0.02, 3);
        assert!(short == long[..whole], "eight pieces of eighteen knots, 28 samples apart");
    }

    #[test]
    fn the_loudest_object_is_not_clipped() {
        for seed in 0..16 {
            for value in [0.0, 1.0, 2.0, 3.0] {
                let cues = [Cue::clear(value), Cue::clear(1.0), Cue::clear(0.0)];
                let loud = ToneVoice { level: 1.0, tempo: 1.0, ..voice(cues) };
                let loudest = hear(&loud, 0.03, seed).iter().map(|x| x.unsigned_abs()).max();
                assert!(loudest < Some(32_767), "seed {seed}, {value}: {loudest:?}");
            }
        }
    }
}
