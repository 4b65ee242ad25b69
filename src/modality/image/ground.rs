//! What the object lies on, seen from above: slate with veins and flecks, or sand with ripples and
//! pebbles.

use super::canvas::{Bounds, Colour, Frame, Tile, mix};
use super::shape::{Circle, Stroke};
use super::wave::{cosine, sine};
use crate::modality::Cue;
use rand::Rng;

const SAND: Colour = [0.87, 0.76, 0.56];
const SLATE: Colour = [0.38, 0.42, 0.50];
const PEBBLE: Colour = [0.62, 0.47, 0.30];
const VEIN: Colour = [0.68, 0.74, 0.82];

/// Pebbles or veins lie one to a cell of a grid of this many columns and rows.
const GRID: [usize; 2] = [5, 5];

/// What the scene leaves free in the ground, the same for a specimen and all its twins.
#[derive(Clone, Copy, Debug)]
pub struct Freedom {
    /// Phases of the ripples and their bends, in turns.
    ripple: [f32; 2],
    /// Phase of the layers, in turns.
    layer: f32,
    /// Where in its cell each pebble or vein lies, in \[0, 1).
    places: [[f32; 2]; GRID[0] * GRID[1]],
}

impl Freedom {
    /// Draws it from `noise`: always the same number of 32-bit words.
    pub fn draw(noise: &mut impl Rng) -> Self {
        // 24 bits are what an f32 in [0, 1) holds.
        let mut unit = || (noise.next_u32() >> 8) as f32 / 16_777_216.0;
        let ripple = [unit(), unit()];
        let layer = unit();
        Self { ripple, layer, places: std::array::from_fn(|_| [unit(), unit()]) }
    }
}

/// Paints every pixel of the tile: 1 is slate, 0 sand, a faint cue lies between them.
#[inline(always)]
pub fn paint(tile: &mut Tile, frame: &Frame, cue: Cue, freedom: &Freedom) {
    let slate = cue.faded().clamp(0.0, 1.0);
    paint_surface(tile, frame, slate, freedom);
    let extent = frame.origin().map(|pixels| pixels / frame.unit());
    for (i, place) in freedom.places.iter().enumerate() {
        let cell = [i % GRID[0], i / GRID[0]];
        let [x, y] =
            [0, 1].map(|k| extent[k] * (2.0 * (cell[k] as f32 + place[k]) / GRID[k] as f32 - 1.0));
        if slate > 0.0 {
            paint_vein(tile, &frame.at([x, y]), slate);
        }
        if slate < 1.0 {
            paint_pebble(tile, &frame.at([x, y]), 1.0 - slate, i % 3);
        }
    }
}

/// The colour of the ground and its waves: on sand, ripples along x that bend; on slate, layers
/// that run down to the left.
#[inline(always)]
fn paint_surface(tile: &mut Tile, frame: &Frame, slate: f32, freedom: &Freedom) {
    tile.lay(
        frame,
        mix(SAND, SLATE, slate),
        |x| {
            let bend = 0.3 * sine(0.5 * x + freedom.ripple[0]);
            let slope = 1.1 * x;
            [cosine(bend), sine(bend), cosine(slope), sine(slope)]
        },
        |y| {
            let crest = 2.2 * y + freedom.ripple[1];
            let layer = 0.9 * y + freedom.layer;
            let [ripples, layers] = [0.05 * (1.0 - slate), 0.05 * slate];
            let [along, across] = [ripples * sine(crest), ripples * cosine(crest)];
            [along, across, layers * sine(layer), layers * cosine(layer)]
        },
        // sin(a + b) = sin a cos b + cos a sin b, with a along y and b along x.
        |[bend_cos, bend_sin, slope_cos, slope_sin], [along, across, layer_sin, layer_cos]| {
            let ripple = along * bend_cos + across * bend_sin;
            ripple + (layer_sin * slope_cos + layer_cos * slope_sin)
        },
    );
}

/// A pale vein that runs down to the left.
#[inline(always)]
fn paint_vein(tile: &mut Tile, frame: &Frame, opacity: f32) {
    let vein = Stroke::new([-0.08, 0.10], 0.004, [0.08, -0.10], 0.02);
    let bounds = Bounds { x: [-0.09, 0.11], y: [-0.13, 0.11] };
    tile.paint(frame, bounds, VEIN, 0.6 * opacity, |x, y| frame.cover(vein.distance(x, y)));
}

/// A pebble, of one of three sizes.
#[inline(always)]
fn paint_pebble(tile: &mut Tile, frame: &Frame, opacity: f32, size: usize) {
    let radius = 0.022 + 0.012 * size as f32;
    let pebble = Circle { centre: [0.0, 0.0], radius };
    let bounds = Bounds { x: [-radius, radius], y: [-radius, radius] };
    tile.paint(frame, bounds, PEBBLE, 0.8 * opacity, |x, y| frame.cover(pebble.distance(x, y)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modality::image::ImageSize;
    use crate::modality::image::canvas::Area;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    const SIZE: ImageSize = ImageSize { width: 32, height: 32 };

    /// The channels of all pixels in order.
    fn ground(cue: Cue) -> Vec<f32> {
        let freedom = Freedom::draw(&mut ChaCha8Rng::seed_from_u64(3));
        let mut tile = Tile::new();
        tile.move_to(Area { left: 0, right: 32, top: 0, bottom: 32 });
        paint(&mut tile, &Frame::of(SIZE), cue, &freedom);
        tile.pixels().flatten().collect()
    }

    #[test]
    fn freedom_takes_53_words() {
        let (mut drawn, mut counted) = (ChaCha8Rng::seed_from_u64(3), ChaCha8Rng::seed_from_u64(3));
        Freedom::draw(&mut drawn);
        for _ in 0..53 {
            counted.next_u32();
        }
        assert_eq!(drawn, counted);
    }

    #[test]
    fn contrast_grows_with_strength() {
        let contrast = |strength| {
            let [sand, slate] = [0.0, 1.0].map(|value| ground(Cue { value, strength }));
            let pairs = sand.iter().zip(slate);
            pairs.map(|(a, b)| (a - b).abs()).sum::<f32>() / sand.len() as f32
        };
        let [none, faint, clear] = [0.0, 0.3, 1.0].map(contrast);
        assert_eq!(none, 0.0);
        assert!((faint / clear - 0.3).abs() < 0.05 && clear > 0.2, "{faint}, {clear}");
    }

    #[test]
    fn textures_stay_within_the_range() {
        for cue in [Cue::clear(0.0), Cue::clear(1.0), Cue::HIDDEN] {
            assert!(ground(cue).iter().all(|value| (0.0..=1.0).contains(value)));
        }
    }
}
