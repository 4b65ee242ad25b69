//! The last step of a picture: light, sensor noise, and rounding to bytes.

use rand::Rng;

/// Uniform bytes summed for one Gaussian-like number.
const BYTES: usize = 4;

/// Pixels read out together.
const BLOCK: usize = 128;

/// Mean of the sum of four uniform bytes.
const MEAN: f32 = 2.0 * 255.0;

/// Standard deviation of that sum: the square root of 4 (256^2 - 1) / 12.
const DEVIATION: f32 = 147.800_78;

/// Reads `pixels` out into `out`, three bytes a pixel.
///
/// Every byte is `255 (value + light + noise)` rounded and clipped to 0..=255. The noise of a byte
/// is the sum of four uniform bytes of the stream (Irwin-Hall), centred and scaled to the standard
/// deviation `noise_sd`: bell-shaped, excess kurtosis -0.3, never beyond 3.45 deviations. Bytes are
/// taken from the stream in the order of the output, and none if `noise_sd` is 0.
pub fn read_out(
    pixels: &[[f32; 4]],
    light: f32,
    noise_sd: f32,
    noise: &mut impl Rng,
    out: &mut [u8],
) {
    let scale = 255.0 * noise_sd.max(0.0) / DEVIATION;
    let offset = 255.0 * light - scale * MEAN;
    let mut uniform = [0u8; 3 * BLOCK * BYTES];
    // One more, so that every pixel can be copied with its padding; the next one covers it.
    let mut values = [0.0f32; 3 * BLOCK + 1];
    for (pixels, out) in pixels.chunks(BLOCK).zip(out.chunks_mut(3 * BLOCK)) {
        for (i, pixel) in pixels.iter().enumerate() {
            values[3 * i..3 * i + 4].copy_from_slice(pixel);
        }
        if scale > 0.0 {
            noise.fill_bytes(&mut uniform[..out.len() * BYTES]);
        }
        let (quads, _) = uniform.as_chunks::<BYTES>();
        for ((byte, value), quad) in out.iter_mut().zip(&values).zip(quads) {
            let noise = scale * sum_of_bytes(u32::from_le_bytes(*quad));
            *byte = to_byte(255.0 * value + offset + noise);
        }
    }
}

/// The sum of the four bytes of a word.
#[inline]
fn sum_of_bytes(word: u32) -> f32 {
    let pairs = (word & 0x00ff_00ff) + ((word >> 8) & 0x00ff_00ff);
    // At most 1020: the detour over i32 is a conversion every vector unit has.
    ((pairs & 0xffff) + (pairs >> 16)) as i32 as f32
}

/// Rounds to the nearest of 0..=255.
#[inline]
fn to_byte(value: f32) -> u8 {
    // Adding 2^23 leaves no room for a fraction: the whole number stands in the lowest bits. Unlike
    // a cast, this is a plain vector addition.
    (value.clamp(0.0, 255.0) + 8_388_608.0).to_bits() as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn rounding_goes_to_the_nearest_and_clips() {
        let pairs = [(-3.0, 0), (0.4, 0), (0.6, 1), (127.51, 128), (254.6, 255), (999.0, 255)];
        for (value, byte) in pairs {
            assert_eq!(to_byte(value), byte, "{value}");
        }
    }

    #[test]
    fn noise_has_the_deviation_asked_for() {
        let grey = [[0.5; 4]; 20_000];
        for sd in [0.01f32, 0.06, 0.1] {
            let mut out = vec![0; 3 * grey.len()];
            read_out(&grey, 0.0, sd, &mut ChaCha8Rng::seed_from_u64(1), &mut out);
            let n = out.len() as f64;
            let mean = out.iter().map(|&b| f64::from(b)).sum::<f64>() / n;
            let variance = out.iter().map(|&b| (f64::from(b) - mean).powi(2)).sum::<f64>() / n;
            // Rounding to whole bytes adds 1/12.
            let found = (variance - 1.0 / 12.0).sqrt() / 255.0;
            assert!((found / f64::from(sd) - 1.0).abs() < 0.02, "{found} for {sd}");
            assert!((mean - 127.5).abs() < 0.3, "mean {mean}");
        }
    }

    #[test]
    fn without_noise_the_stream_is_left_alone() {
        let mut stream = ChaCha8Rng::seed_from_u64(1);
        let mut out = [0; 6];
        read_out(&[[0.21, 0.41, 0.61, 0.0]; 2], 0.1, 0.0, &mut stream, &mut out);
        assert_eq!(out, [79, 130, 181, 79, 130, 181]);
        assert_eq!(stream, ChaCha8Rng::seed_from_u64(1));
    }
}
