//! The last step of a picture: light, sensor noise, and rounding to bytes.

use super::canvas::Tile;
use crate::modality::grain::{DRAWN, Grain};
use rand::Rng;

/// What turns a painted tile into bytes.
pub struct Sensor {
    /// 255 times the light added to every value.
    light: f32,
    /// The standard deviation of the noise, in steps of a byte.
    deviation: f32,
    noise: Grain,
}

impl Sensor {
    /// A sensor that adds `light` and noise of standard deviation `noise_sd`, both in units of the
    /// range [0, 1]. It draws its seed from `noise`, or nothing if `noise_sd` is 0.
    pub fn new(light: f32, noise_sd: f32, noise: &mut impl Rng) -> Self {
        let noise = if noise_sd > 0.0 { Grain::new(noise) } else { Grain::default() };
        Self { light: 255.0 * light, deviation: 255.0 * noise_sd, noise }
    }

    /// Reads a tile out into `out`, three bytes a pixel: `255 (value + light + noise)` rounded and
    /// clipped to 0..=255. The noise is nearly Gaussian: see [`Grain`]. How much of it is drawn
    /// depends on the tile's area alone.
    #[inline(always)]
    pub fn read_out(&mut self, tile: &Tile, out: &mut [u8]) {
        let (channels, stride) = tile.channels();
        let runs = (stride * tile.area().height()).div_ceil(DRAWN);
        let mut bytes = [[0u8; Tile::CAPACITY]; 3];
        for (values, bytes) in channels.iter().zip(&mut bytes) {
            let (values, bytes) = (values.as_chunks().0, bytes.as_chunks_mut().0);
            for (values, bytes) in values.iter().zip(bytes).take(runs) {
                self.expose(values, bytes);
            }
        }
        let width = tile.area().width();
        let [red, green, blue] = bytes.each_ref().map(|bytes| bytes.chunks_exact(stride));
        for (((out, red), green), blue) in
            out.chunks_exact_mut(3 * width).zip(red).zip(green).zip(blue)
        {
            for (((pixel, red), green), blue) in
                out.chunks_exact_mut(3).zip(red).zip(green).zip(blue)
            {
                pixel.copy_from_slice(&[*red, *green, *blue]);
            }
        }
    }

    /// Rounds the values of one channel to bytes.
    #[inline(always)]
    fn expose(&mut self, values: &[f32; DRAWN], bytes: &mut [u8; DRAWN]) {
        let noise = if self.deviation == 0.0 { [0.0; DRAWN] } else { self.noise.draw() };
        for i in 0..DRAWN {
            let value = 255.0 * values[i] + self.light;
            bytes[i] = to_byte(value + self.deviation * noise[i]);
        }
    }
}

/// Rounds to the nearest of 0..=255.
#[inline(always)]
fn to_byte(value: f32) -> u8 {
    // Adding 2^23 leaves no room for a fraction: the whole number stands in the lowest bits. Unlike
    // a cast, this is a plain vector addition.
    (value.clamp(0.0, 255.0) + 8_388_608.0).to_bits() as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modality::image::ImageSize;
    use crate::modality::image::canvas::{Colour, Frame};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn rounding_goes_to_the_nearest_and_clips() {
        let pairs = [(-3.0, 0), (0.4, 0), (0.6, 1), (127.51, 128), (254.6, 255), (999.0, 255)];
        for (value, byte) in pairs {
            assert_eq!(to_byte(value), byte, "{value}");
        }
    }

    /// Reads out a grey picture.
    fn read(size: ImageSize, grey: Colour, mut sensor: Sensor) -> Vec<u8> {
        let (mut tile, mut out) = (Tile::new(), Vec::new());
        for area in Tile::areas(size) {
            tile.move_to(area);
            tile.lay(&Frame::of(size), grey, |_| [], |_| [], |_, _| 0.0);
            let start = out.len();
            out.resize(start + 3 * area.width() * area.height(), 0);
            sensor.read_out(&tile, &mut out[start..]);
        }
        out
    }

    #[test]
    fn noise_has_the_deviation_asked_for() {
        let size = ImageSize { width: 200, height: 100 };
        for sd in [0.01f32, 0.06, 0.1] {
            let sensor = Sensor::new(0.0, sd, &mut ChaCha8Rng::seed_from_u64(1));
            let out = read(size, [0.5; 3], sensor);
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
        let sensor = Sensor::new(0.1, 0.0, &mut stream);
        assert_eq!(stream, ChaCha8Rng::seed_from_u64(1));
        let out = read(ImageSize { width: 2, height: 1 }, [0.21, 0.41, 0.61], sensor);
        assert_eq!(out, [79, 130, 181, 79, 130, 181]);
    }

    #[test]
    fn every_width_is_read_out_pixel_by_pixel() {
        for width in [1, 7, 8, 9, 15, 16, 17, 40, 1024, 1500] {
            let size = ImageSize { width, height: 3 };
            let sensor = Sensor::new(0.0, 0.0, &mut ChaCha8Rng::seed_from_u64(1));
            let out = read(size, [0.2, 0.4, 0.6], sensor);
            assert_eq!(out.len(), size.bytes());
            assert!(out.chunks(3).all(|pixel| pixel == [51, 102, 153]), "{width} columns");
        }
    }
}
