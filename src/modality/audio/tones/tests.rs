//! Every sound of an object is heard in its place, and twins keep the others.

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
                let (sine, cosine) = (std::f64::consts::TAU * hertz * i as f64 / 8_000.0).sin_cos();
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
    let whole = 2 * 73 * 28;
    let short = hear_in(AudioFormat { rate: 44_100, samples: whole }, &loud, 0.02, 3);
    assert!(short == long[..whole], "two pieces of 73 knots, 28 samples apart");
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
