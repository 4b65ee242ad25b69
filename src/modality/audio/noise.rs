//! Noise made of uniform bytes: smooth noise for wind, water and splashes, and the microphone's.

/// Standard deviation of one uniform byte: `sqrt((256^2 - 1) / 12)`.
const BYTE_SD: f32 = 73.900_16;

/// Bytes of randomness behind one sample of microphone noise.
pub(super) const MICROPHONE_BYTES: usize = 4;

/// How many bytes [`smooth_noise`] takes for `samples` at `spacing`.
pub(super) fn knots(samples: usize, spacing: usize) -> usize {
    samples.div_ceil(spacing) + 1
}

/// Fills `out` with low-pass noise of standard deviation 1: straight lines between random knots.
///
/// With knots `k` times a second its power falls with frequency `f` as `sinc(f / k)^4`, to one half
/// at `0.32 k`. `bytes` holds one byte for each of the [`knots`].
pub(super) fn smooth_noise(bytes: &[u8], spacing: usize, out: &mut [f32]) {
    // A point between two knots has on average 2/3 of a knot's power.
    let scale = (1.5_f32).sqrt() / BYTE_SD;
    let per_sample = (spacing as f32).recip();
    let knot = |byte: u8| scale * (f32::from(byte) - 127.5);
    for (line, ends) in out.chunks_mut(spacing).zip(bytes.windows(2)) {
        let (from, to) = (knot(ends[0]), knot(ends[1]));
        let slope = (to - from) * per_sample;
        for (i, sample) in line.iter_mut().enumerate() {
            *sample = from + slope * i as f32;
        }
    }
}

/// Records `mix` (full scale is 1) with 16 bits, through a microphone whose noise has standard
/// deviation `noise_sd` and is nearly Gaussian: the sum of four uniform bytes a sample.
pub(super) fn record(mix: &[f32], noise_sd: f32, bytes: &[u8], out: &mut [i16]) {
    let noise_scale = noise_sd / (BYTE_SD * (MICROPHONE_BYTES as f32).sqrt());
    let noise_mean = 127.5 * MICROPHONE_BYTES as f32;
    let (groups, _) = bytes.as_chunks::<MICROPHONE_BYTES>();
    for ((sample, &sound), group) in out.iter_mut().zip(mix).zip(groups) {
        let noise = noise_scale * (byte_sum(*group) as f32 - noise_mean);
        *sample = quantise(sound + noise);
    }
}

/// The sum of four bytes, two at a time side by side in one word.
fn byte_sum(bytes: [u8; MICROPHONE_BYTES]) -> i32 {
    let word = u32::from_le_bytes(bytes);
    let pairs = (word & 0x00ff_00ff) + (word >> 8 & 0x00ff_00ff);
    ((pairs & 0xffff) + (pairs >> 16)) as i32
}

/// The nearest 16-bit sample; what is louder than full scale is clipped.
fn quantise(sound: f32) -> i16 {
    let shifted = (sound * 32_767.0).clamp(-32_768.0, 32_767.0) + 32_768.5;
    // Positive by now, so cutting off the fraction rounds to nearest.
    (shifted as i32 - 32_768) as i16
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
        let mut out = vec![0.0; 40_000];
        smooth_noise(&bytes(knots(out.len(), 8)), 8, &mut out);
        let (mean, sd) = moments(&out);
        assert!(mean.abs() < 0.05 && (sd - 1.0).abs() < 0.03, "{mean} {sd}");
        let largest_step = out.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(largest_step < 255.0 / BYTE_SD * 1.5_f32.sqrt() / 8.0 + 1e-4);
    }

    #[test]
    fn the_microphone_has_the_deviation_asked_for_and_clips() {
        let mut out = vec![0; 40_000];
        record(&[0.0; 40_000], 0.03, &bytes(160_000), &mut out);
        let heard: Vec<f32> = out.iter().map(|&x| f32::from(x) / 32_767.0).collect();
        let (mean, sd) = moments(&heard);
        assert!(mean.abs() < 5e-4 && (sd - 0.03).abs() < 5e-4, "{mean} {sd}");
        assert_eq!([2.0, -2.0, 0.0, 0.6 / 32_767.0].map(quantise), [32_767, -32_768, 0, 1]);
    }
}
