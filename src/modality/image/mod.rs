//! Pictures: anti-aliased painters over signed distances.
//!
//! ```text
//! BirdCues, noise -> lake or meadow -> feet, plumage, wing, bill, eye -> sensor -> RGB bytes
//! ShapeCues, noise -> sand or slate -> shadow, body, texture, gloss -> sensor -> RGB bytes
//! ```

mod background;
mod bird;
mod canvas;
mod ground;
mod object;
mod outline;
mod sensor;
mod shape;
mod shapes;
mod sheet;
mod texture;
mod wave;

pub use shapes::{ShapeCues, paint_shape};
pub use sheet::{Sheet, contact_sheet};

use super::Cue;
use background::Freedom;
use canvas::{Frame, Tile};
use multiversion::multiversion;
use rand::Rng;
use sensor::Sensor;
use serde::{Deserialize, Serialize};

/// The size of a picture in pixels. Everything scales with the shorter side; below
/// [`ImageSize::LEAST`] a picture is painted still, but shows little.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSize {
    /// Pixels from left to right.
    pub width: usize,
    /// Pixels from top to bottom.
    pub height: usize,
}

impl Default for ImageSize {
    fn default() -> Self {
        Self { width: 32, height: 32 }
    }
}

impl ImageSize {
    /// The least side, in pixels, at which anything can be made out.
    pub const LEAST: usize = 8;

    /// Bytes of an RGB picture: `3 * width * height`.
    #[must_use]
    pub const fn bytes(self) -> usize {
        3 * self.width * self.height
    }
}

/// What a picture of a bird shows. Style values lie in \[0, 1\]; 0.5 is the middle of each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BirdCues {
    /// 1 a flat bill, broad like a spoon; 0 a pointed one. Strength is opacity.
    pub bill: Cue,
    /// 1 webbed feet; 0 clawed ones. Strength is opacity; without it the bird sits.
    pub feet: Cue,
    /// 1 a folded wing; 0 none. Strength is opacity.
    pub wings: Cue,
    /// 1 a lake with ripples; 0 a meadow with grass. Strength is contrast: see [`Cue::faded`].
    pub background: Cue,
    /// Colour of the plumage, in turns around the colour wheel: 0 red, 1/3 green, 2/3 blue.
    pub hue: f32,
    /// From left (0) to right (1) by 0.3 times half the shorter side, in the picture's own sense.
    pub x: f32,
    /// From top (0) to bottom (1), by as much.
    pub y: f32,
    /// From 0.85 to 1.15 times the middle size.
    pub size: f32,
    /// Below 0.5 the bird looks left, otherwise right.
    pub facing: f32,
    /// Brightness added to the whole picture: from -0.075 to 0.075 of the range.
    pub light: f32,
}

impl Default for BirdCues {
    fn default() -> Self {
        Self {
            bill: Cue::HIDDEN,
            feet: Cue::HIDDEN,
            wings: Cue::HIDDEN,
            background: Cue::HIDDEN,
            hue: 0.5,
            x: 0.5,
            y: 0.5,
            size: 0.5,
            facing: 0.5,
            light: 0.5,
        }
    }
}

/// Paints a bird into `out`: RGB interleaved, row by row from the upper left.
///
/// From `noise` it draws first what the scene leaves free (45 words of 32 bits: phases of ripples
/// and grass, places of glints and tufts), then 128 words that the sensor noise grows from. What is
/// drawn doesn't depend on the cues: a twin painted from the same stream differs only where its
/// cues say so, bit for bit. The sensor noise has standard deviation `noise_sd` in units of the
/// range \[0, 1\]; at 0 none is drawn.
///
/// # Panics
///
/// If `out` is not `size.bytes()` long.
pub fn paint_bird(
    size: ImageSize,
    cues: &BirdCues,
    noise_sd: f32,
    noise: &mut impl Rng,
    out: &mut [u8],
) {
    assert_eq!(out.len(), size.bytes(), "a picture of {size:?} needs 3 * width * height bytes");
    let freedom = Freedom::draw(noise);
    let mut sensor = Sensor::new(0.15 * (cues.light - 0.5), noise_sd, noise);
    let mut tile = Tile::new();
    let mut rest = out;
    for area in Tile::areas(size) {
        tile.move_to(area);
        let (now, later) = rest.split_at_mut(3 * area.width() * area.height());
        paint_area(&mut tile, &Frame::of(size), cues, &freedom, &mut sensor, now);
        rest = later;
    }
}

/// Paints one tile and reads it out. Compiled once for any machine and once for wider vector units;
/// both round alike, so they paint the same bytes.
#[multiversion(targets("x86_64+avx2"))]
fn paint_area(
    tile: &mut Tile,
    picture: &Frame,
    cues: &BirdCues,
    freedom: &Freedom,
    sensor: &mut Sensor,
    out: &mut [u8],
) {
    background::paint(tile, picture, cues.background, freedom);
    bird::paint(tile, &bird::frame(picture, cues), cues);
    sensor.read_out(tile, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    const SIZE: ImageSize = ImageSize { width: 32, height: 32 };

    /// A bird with everything shown, looking right over a lake.
    fn duck() -> BirdCues {
        let shown = Cue::clear(1.0);
        BirdCues { bill: shown, feet: shown, wings: shown, background: shown, ..Default::default() }
    }

    fn paint(size: ImageSize, cues: &BirdCues, noise_sd: f32) -> Vec<u8> {
        let mut out = vec![0; size.bytes()];
        paint_bird(size, cues, noise_sd, &mut ChaCha8Rng::seed_from_u64(7), &mut out);
        out
    }

    /// The pixels (column, row) at which two pictures differ.
    fn differing(size: ImageSize, a: &[u8], b: &[u8]) -> Vec<(usize, usize)> {
        let pairs = a.chunks_exact(3).zip(b.chunks_exact(3)).enumerate();
        pairs.filter(|(_, (a, b))| a != b).map(|(i, _)| (i % size.width, i / size.width)).collect()
    }

    /// The cues of `base` with one replaced, for each of the four.
    fn with_each_cue(base: BirdCues, cue: Cue) -> [BirdCues; 4] {
        [
            BirdCues { bill: cue, ..base },
            BirdCues { feet: cue, ..base },
            BirdCues { wings: cue, ..base },
            BirdCues { background: cue, ..base },
        ]
    }

    #[test]
    fn a_cue_shows_exactly_when_its_strength_is_above_zero() {
        for strength in [0.0, 0.3, 1.0] {
            let cues = |value| with_each_cue(duck(), Cue { value, strength });
            for (off, on) in cues(0.0).iter().zip(&cues(1.0)) {
                let changed = differing(SIZE, &paint(SIZE, off, 0.05), &paint(SIZE, on, 0.05));
                assert_eq!(changed.is_empty(), strength == 0.0, "{on:?}");
            }
        }
    }

    #[test]
    fn a_known_picture_is_fixed() {
        // Only operations that IEEE 754 rounds alike everywhere: this holds on every machine.
        let hash =
            paint(SIZE, &duck(), 0.05).iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        assert_eq!(hash, 0x86d7_10dc_e58e_d368);
    }

    #[test]
    fn strength_zero_looks_like_the_hidden_cue() {
        let ghost = Cue { value: 1.0, strength: 0.0 };
        for cues in with_each_cue(BirdCues::default(), ghost) {
            assert_eq!(paint(SIZE, &cues, 0.05), paint(SIZE, &BirdCues::default(), 0.05));
        }
    }

    #[test]
    fn a_twin_differs_only_where_its_cue_is() {
        // Columns and rows that the middle-sized, centred bird's part can touch at 32 x 32.
        let boxes = [(20..28, 7..13), (8..19, 20..28), (6..18, 14..20)];
        let twins = with_each_cue(duck(), Cue::clear(0.0));
        for (twin, (columns, rows)) in twins.iter().zip(boxes) {
            let changed = differing(SIZE, &paint(SIZE, &duck(), 0.06), &paint(SIZE, twin, 0.06));
            assert!(!changed.is_empty());
            for (column, row) in changed {
                assert!(columns.contains(&column) && rows.contains(&row), "{column}, {row}");
            }
        }
    }

    #[test]
    fn the_two_bills_differ_in_a_few_pixels_and_hardly_in_area() {
        let bill = |bill| paint(SIZE, &BirdCues { bill, ..duck() }, 0.0);
        let [hidden, pointed, flat] = [Cue::HIDDEN, Cue::clear(0.0), Cue::clear(1.0)].map(bill);
        let clearly = |(a, b): (&[u8], &[u8])| a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > 8);
        let pixels = pointed.chunks_exact(3).zip(flat.chunks_exact(3));
        assert!((8..=25).contains(&pixels.filter(|&pair| clearly(pair)).count()));
        let ink = |picture: &[u8]| {
            let bytes = picture.iter().zip(&hidden);
            bytes.map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>()
        };
        let ratio = f64::from(ink(&flat)) / f64::from(ink(&pointed));
        assert!((0.9..1.1).contains(&ratio), "{ratio}");
    }

    #[test]
    fn under_another_background_the_bird_and_the_noise_stay() {
        let meadow = BirdCues { background: Cue::clear(0.0), ..duck() };
        let pictures = [duck(), meadow].map(|cues| [0.0, 0.06].map(|sd| paint(SIZE, &cues, sd)));
        let [[lake, noisy_lake], [meadow, noisy_meadow]] = pictures;
        let changed = differing(SIZE, &noisy_lake, &noisy_meadow);
        assert!(changed.len() > 500);
        assert!(!changed.contains(&(13, 18)), "the body is opaque");
        let within = |byte: u8| (80..=175).contains(&byte);
        let mut compared = 0;
        for i in (0..lake.len()).filter(|&i| within(lake[i]) && within(meadow[i])) {
            let noise = i32::from(noisy_lake[i]) - i32::from(lake[i]);
            let twin_noise = i32::from(noisy_meadow[i]) - i32::from(meadow[i]);
            assert!((noise - twin_noise).abs() <= 2, "byte {i}: {noise}, {twin_noise}");
            compared += 1;
        }
        assert!(compared > 300);
    }

    #[test]
    fn no_cue_changes_how_much_is_drawn() {
        let after = |cues: &BirdCues| {
            let (mut stream, mut out) = (ChaCha8Rng::seed_from_u64(1), vec![0; SIZE.bytes()]);
            paint_bird(SIZE, cues, 0.05, &mut stream, &mut out);
            stream.next_u64()
        };
        let style = BirdCues { hue: 0.9, x: 0.0, y: 1.0, size: 1.0, facing: 0.1, ..duck() };
        assert_eq!(after(&BirdCues::default()), after(&duck()));
        assert_eq!(after(&BirdCues::default()), after(&style));
    }

    #[test]
    fn sensor_noise_has_the_deviation_asked_for() {
        let size = ImageSize { width: 200, height: 160 };
        let clear = paint(size, &duck(), 0.0);
        for sd in [0.03f32, 0.06] {
            let noisy = paint(size, &duck(), sd);
            let pairs = clear.iter().zip(&noisy).filter(|(clear, _)| (80..=175).contains(*clear));
            let squares = pairs.map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
            let (n, sum) = squares.fold((0.0, 0.0), |(n, sum), square| (n + 1.0, sum + square));
            let found = (sum / n).sqrt() / 255.0;
            assert!((found / f64::from(sd) - 1.0).abs() < 0.05, "{found} for {sd}");
        }
    }

    #[test]
    fn any_size_shows_every_cue_and_the_bird_in_the_middle() {
        for (width, height) in [(8, 8), (48, 20), (20, 48), (33, 65), (1100, 9)] {
            let size = ImageSize { width, height };
            let picture = paint(size, &duck(), 0.0);
            for other in with_each_cue(duck(), Cue::clear(0.0)) {
                let changed = differing(size, &picture, &paint(size, &other, 0.0));
                assert!(!changed.is_empty(), "{size:?}");
            }
            let red = paint(size, &BirdCues { hue: 0.0, ..duck() }, 0.0);
            let plumage = differing(size, &picture, &red);
            assert!(plumage.contains(&(width / 2 - 1, height / 2)), "{size:?}: {plumage:?}");
        }
    }

    #[test]
    fn looking_left_mirrors_the_bird_about_its_own_middle() {
        let bare = BirdCues { background: Cue::HIDDEN, ..duck() };
        let bird = |facing| {
            let shown = paint(SIZE, &BirdCues { facing, ..bare }, 0.0);
            let red = paint(SIZE, &BirdCues { facing, hue: 0.0, ..bare }, 0.0);
            differing(SIZE, &shown, &red)
        };
        let mut mirrored: Vec<_> = bird(0.0).into_iter().map(|(x, y)| (31 - x, y)).collect();
        mirrored.sort_by_key(|&(x, y)| (y, x));
        assert_eq!(mirrored, bird(1.0));
    }

    #[test]
    fn light_and_position_move_what_they_say() {
        let mean = |light| {
            let picture = paint(SIZE, &BirdCues { light, ..duck() }, 0.0);
            picture.iter().map(|&byte| f64::from(byte)).sum::<f64>() / picture.len() as f64
        };
        assert!((mean(1.0) - mean(0.0) - 0.15 * 255.0).abs() < 3.0);
        let leftmost = |x| {
            let shown = paint(SIZE, &BirdCues { x, ..duck() }, 0.0);
            let red = paint(SIZE, &BirdCues { x, hue: 0.0, ..duck() }, 0.0);
            differing(SIZE, &shown, &red).iter().map(|&(column, _)| column).min()
        };
        assert!(leftmost(0.0) < leftmost(0.5) && leftmost(0.5) < leftmost(1.0));
    }
}
