//! The place the bird stands in: a lake with ripples and glints, or a meadow with tufts of grass.

use super::canvas::{Bounds, Colour, Frame, Tile, mix};
use super::shape::{Stroke, smaller};
use super::wave::{cosine, sine};
use crate::modality::Cue;
use rand::Rng;

const LAKE: Colour = [0.24, 0.45, 0.74];
const MEADOW: Colour = [0.42, 0.60, 0.30];
const GLINT: Colour = [0.66, 0.82, 0.95];
const BLADE: Colour = [0.20, 0.42, 0.14];

/// Tufts or glints stand one to a cell of a grid of this many columns and rows.
const GRID: [usize; 2] = [4, 5];

/// What the scene leaves free in the background, the same for a specimen and all its twins.
#[derive(Clone, Copy, Debug)]
pub struct Freedom {
    /// Phases of the ripples, in turns.
    ripple: [f32; 3],
    /// Phases of the mottled grass, in turns.
    grass: [f32; 2],
    /// Where in its cell each tuft or glint stands, in \[0, 1).
    places: [[f32; 2]; GRID[0] * GRID[1]],
}

impl Freedom {
    /// Draws it from `noise`: always the same number of 32-bit words.
    pub fn draw(noise: &mut impl Rng) -> Self {
        // 24 bits are what an f32 in [0, 1) holds.
        let mut unit = || (noise.next_u32() >> 8) as f32 / 16_777_216.0;
        let ripple = [unit(), unit(), unit()];
        let grass = [unit(), unit()];
        Self { ripple, grass, places: std::array::from_fn(|_| [unit(), unit()]) }
    }
}

/// Paints every pixel of the tile: 1 is the lake, 0 the meadow, a faint cue lies between them.
#[inline(always)]
pub fn paint(tile: &mut Tile, frame: &Frame, cue: Cue, freedom: &Freedom) {
    let lake = cue.faded().clamp(0.0, 1.0);
    paint_ground(tile, frame, lake, freedom);
    let extent = frame.origin().map(|pixels| pixels / frame.unit());
    for (i, place) in freedom.places.iter().enumerate() {
        let cell = [i % GRID[0], i / GRID[0]];
        let [x, y] =
            [0, 1].map(|k| extent[k] * (2.0 * (cell[k] as f32 + place[k]) / GRID[k] as f32 - 1.0));
        if lake > 0.0 {
            paint_glint(tile, &frame.at([x, y]), lake);
        }
        if lake < 1.0 {
            let tuft = frame.at([x, y]);
            let tuft = if i % 2 == 0 { tuft.mirrored() } else { tuft };
            paint_tuft(tile, &tuft, 1.0 - lake);
        }
    }
}

/// The colour of the ground and its waves.
#[inline(always)]
fn paint_ground(tile: &mut Tile, frame: &Frame, lake: f32, freedom: &Freedom) {
    tile.lay(
        frame,
        mix(MEADOW, LAKE, lake),
        |x| {
            // sin(a + b) = sin a cos b + cos a sin b: a runs along y, b bends it along x.
            let bend = 0.25 * sine(0.55 * x + freedom.ripple[0]);
            [cosine(bend), sine(bend), sine(3.1 * x + freedom.grass[0])]
        },
        |y| {
            let crest = 2.6 * y + freedom.ripple[1];
            let mottle = sine(1.7 * y + freedom.grass[1]);
            let [ripple, grass] = [0.075 * lake, 0.04 * (1.0 - lake)];
            // Farther away, up the picture, the ground is paler.
            [ripple * sine(crest), ripple * cosine(crest), grass * mottle, -0.035 * y]
        },
        |[bend_cos, bend_sin, blades], [along, across, mottle, haze]| {
            haze + mottle * blades + (along * bend_cos + across * bend_sin)
        },
    );
}

/// A flat spark of light on the water.
#[inline(always)]
fn paint_glint(tile: &mut Tile, frame: &Frame, opacity: f32) {
    let bounds = Bounds { x: [-0.13, 0.13], y: [-0.02, 0.02] };
    let spark = Stroke::new([-0.11, 0.0], 0.015, [0.11, 0.0], 0.015);
    tile.paint(frame, bounds, GLINT, 0.8 * opacity, |x, y| frame.cover(spark.distance(x, y)));
}

/// Two blades of grass from one root, in a frame that looks the way they lean.
#[inline(always)]
fn paint_tuft(tile: &mut Tile, frame: &Frame, opacity: f32) {
    let long = Stroke::new([0.0, 0.08], 0.03, [0.03, -0.12], 0.005);
    let short = Stroke::new([0.0, 0.08], 0.03, [-0.09, -0.05], 0.005);
    let bounds = Bounds { x: [-0.1, 0.1], y: [-0.13, 0.11] };
    tile.paint(frame, bounds, BLADE, 0.8 * opacity, |x, y| {
        frame.cover(smaller(long.distance(x, y), short.distance(x, y)))
    });
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
    fn freedom_takes_45_words() {
        let (mut drawn, mut counted) = (ChaCha8Rng::seed_from_u64(3), ChaCha8Rng::seed_from_u64(3));
        Freedom::draw(&mut drawn);
        for _ in 0..45 {
            counted.next_u32();
        }
        assert_eq!(drawn, counted);
    }

    #[test]
    fn contrast_grows_with_strength() {
        let contrast = |strength| {
            let [meadow, lake] = [0.0, 1.0].map(|value| ground(Cue { value, strength }));
            let pairs = meadow.iter().zip(lake);
            pairs.map(|(a, b)| (a - b).abs()).sum::<f32>() / meadow.len() as f32
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
