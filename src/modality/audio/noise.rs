//! Smooth noise for wind, water and splashes, and the microphone, which has noise of its own.

use multiversion::multiversion;

use crate::modality::grain::{DRAWN, Grain};

/// Standard deviation of one uniform byte: `sqrt((256^2 - 1) / 12)`.
const BYTE_SD: f32 = 73.900_16;

/// Samples of a line written together.
const RUN: usize = 8;

/// How long a buffer for this many samples is: whole runs, and room for the last one to end in.
pub(super) const fn room(samples: usize) -> usize {
    samples.next_multiple_of(DRAWN) + RUN
}

/// How many bytes [`smooth_noise`] takes for `samples` at `spacing`.
pub(super) fn knots(samples: usize, spacing: usize) -> usize {
    samples.div_ceil(spacing) + 1
}

/// Fills `out` with low-pass noise of standard deviation 1: straight lines between random knots.
///
/// With knots `k` times a second its power falls with frequency `f` as `sinc(f / k)^4`, to one half
/// at `0.32 k`. `bytes` holds one byte for each of the [`knots`], and `out` has [`room`].
#[multiversion(targets("x86_64+avx2"))]
pub(super) fn smooth_noise(bytes: &[u8], spacing: usize, out: &mut [f32]) {
    // Most lines are one or two runs long: with their number known, no loop is left.
    match spacing.div_ceil(RUN) {
        1 => lines(bytes, spacing, 1, out),
        2 => lines(bytes, spacing, 2, out),
        runs => lines(bytes, spacing, runs, out),
    }
}

/// Draws a line of `runs` whole runs from each knot to the next.
#[inline(always)]
fn lines(bytes: &[u8], spacing: usize, runs: usize, out: &mut [f32]) {
    // A point between two knots has on average 2/3 of a knot's power.
    let scale = (1.5_f32).sqrt() / BYTE_SD;
    let per_sample = (spacing as f32).recip();
    let knot = |byte: u8| scale * (f32::from(byte) - 127.5);
    let Some((&first, rest)) = bytes.split_first() else { return };
    let mut from = knot(first);
    for (number, &byte) in rest.iter().enumerate() {
        let to = knot(byte);
        let slope = (to - from) * per_sample;
        // What a run writes beyond the end of its line, the next line writes anew.
        let (line, _) = out[number * spacing..].as_chunks_mut::<RUN>();
        let mut start = 0.0;
        for run in line.iter_mut().take(runs) {
            for (i, sample) in run.iter_mut().enumerate() {
                *sample = from + slope * (start + i as f32);
            }
            start += RUN as f32;
        }
        from = to;
    }
}

/// Records `mix` (full scale is 1) with 16 bits, through a microphone whose noise has standard
/// deviation `noise_sd` and is nearly Gaussian. `mix` has [`room`].
#[inline(always)]
pub(super) fn record(mix: &[f32], noise_sd: f32, grain: &mut Grain, out: &mut [i16]) {
    let deviation = FULL_SCALE * noise_sd;
    let (runs, _) = mix.as_chunks::<DRAWN>();
    let (whole, rest) = out.as_chunks_mut::<DRAWN>();
    for (out, sounds) in whole.iter_mut().zip(runs) {
        *out = expose(sounds, deviation, grain);
    }
    if !rest.is_empty() {
        let samples = expose(&runs[whole.len()], deviation, grain);
        rest.copy_from_slice(&samples[..rest.len()]);
    }
}

/// Records a run.
#[inline(always)]
fn expose(sounds: &[f32; DRAWN], deviation: f32, grain: &mut Grain) -> [i16; DRAWN] {
    let noise = if deviation == 0.0 { [0.0; DRAWN] } else { grain.draw() };
    let mut samples = [0; DRAWN];
    for i in 0..DRAWN {
        samples[i] = quantise(FULL_SCALE * sounds[i] + deviation * noise[i]);
    }
    samples
}

/// The largest sample.
const FULL_SCALE: f32 = 32_767.0;

/// The nearest 16-bit sample; what is louder than full scale is clipped.
#[inline(always)]
fn quantise(level: f32) -> i16 {
    // Adding 3 x 2^22 leaves no room for a fraction: the whole number stands in the lowest bits.
    (level.clamp(-32_768.0, FULL_SCALE) + 12_582_912.0).to_bits() as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn moments(samples: &[f32]) -> (f32, f32) {
        let n = samples.len() as f32;
        let mean = samples.iter().sum::<f32>() / n;
        (mean, (samples.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / n).sqrt())
    }

    fn bytes(count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        ChaCha8Rng::seed_from_u64(1).fill_bytes(&mut bytes);
        bytes
    }

    #[test]
    fn smooth_noise_has_unit_deviation_and_no_jumps() {
        let mut out = vec![0.0; room(40_000)];
        smooth_noise(&bytes(knots(40_000, 8)), 8, &mut out);
        out.truncate(40_000);
        let (mean, sd) = moments(&out);
        assert!(mean.abs() < 0.05 && (sd - 1.0).abs() < 0.03, "{mean} {sd}");
        let largest_step = out.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(largest_step < 255.0 / BYTE_SD * 1.5_f32.sqrt() / 8.0 + 1e-4);
    }

    #[test]
    fn lines_go_from_knot_to_knot_at_any_spacing() {
        let bytes = bytes(200);
        let knot = |i: usize| (f32::from(bytes[i]) - 127.5) * 1.5_f32.sqrt() / BYTE_SD;
        for spacing in [1, 5, 8, 11, 133] {
            let samples = 700.min(198 * spacing);
            let mut out = vec![f32::NAN; room(samples)];
            smooth_noise(&bytes[..knots(samples, spacing)], spacing, &mut out);
            for (i, sample) in out[..samples].iter().enumerate() {
                let (number, part) = (i / spacing, (i % spacing) as f32 / spacing as f32);
                let line = knot(number) + part * (knot(number + 1) - knot(number));
                assert!((sample - line).abs() < 1e-5, "sample {i} at {spacing}: {sample} {line}");
            }
        }
    }

    #[test]
    fn the_microphone_has_the_deviation_asked_for_and_clips() {
        let mut out = vec![0; 40_000];
        let mut grain = Grain::new(&mut ChaCha8Rng::seed_from_u64(1));
        record(&[0.0; room(40_000)], 0.03, &mut grain, &mut out);
        let heard: Vec<f32> = out.iter().map(|&x| f32::from(x) / 32_767.0).collect();
        let (mean, sd) = moments(&heard);
        assert!(mean.abs() < 5e-4 && (sd - 0.03).abs() < 5e-4, "{mean} {sd}");
        assert_eq!([4e4, -4e4, 0.0, 0.6, -1.4].map(quantise), [32_767, -32_768, 0, 1, -1]);
    }
}
