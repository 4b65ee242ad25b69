//! Pictures of a coloured object on the ground, seen from above.
//!
//! ```text
//! ShapeCues, noise -> sand or slate -> shadow, body, texture, gloss -> sensor -> RGB bytes
//! ```

use super::canvas::{Frame, Tile};
use super::ground::Freedom;
use super::sensor::Sensor;
use super::{ImageSize, ground, object};
use crate::modality::Cue;
use multiversion::multiversion;
use rand::Rng;

/// What a picture of an object shows. Style values lie in \[0, 1\]; 0.5 is the middle of each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShapeCues {
    /// The outline: 0 circle, 1 square, 2 triangle, 3 star, 4 cross, 5 ring; another value counts
    /// as the nearest. Strength goes from a circle of the same area (0) to the outline itself.
    pub kind: Cue,
    /// The surface: 0 plain, 1 stripes, 2 dots, 3 checks. Strength is opacity; without it every
    /// object is plain.
    pub texture: Cue,
    /// 1 slate with veins; 0 sand with pebbles. Strength is contrast: see [`Cue::faded`].
    pub ground: Cue,
    /// 1 a shadow on the ground; 0 none. Strength is opacity.
    pub shadow: Cue,
    /// Colour of the body, in turns around the colour wheel: 0 red, 1/3 green, 2/3 blue.
    pub hue: f32,
    /// From left (0) to right (1) by 0.36 times half the shorter side.
    pub x: f32,
    /// From top (0) to bottom (1), by as much.
    pub y: f32,
    /// From 0.6 to 1 times the largest size, whose circle is half as wide as the shorter side.
    pub size: f32,
    /// From half a turn to the left (0) over upright to half a turn to the right (1).
    pub rotation: f32,
    /// Where the lamp stands, from left (0) to right (1): gloss lies on its side of the object, the
    /// shadow on the other.
    pub lamp: f32,
    /// Brightness added to the whole picture: from -0.075 to 0.075 of the range.
    pub light: f32,
}

impl Default for ShapeCues {
    fn default() -> Self {
        Self {
            kind: Cue { value: 0.0, strength: 0.0 },
            texture: Cue { value: 0.0, strength: 0.0 },
            ground: Cue::HIDDEN,
            shadow: Cue::HIDDEN,
            hue: 0.5,
            x: 0.5,
            y: 0.5,
            size: 0.5,
            rotation: 0.5,
            lamp: 0.5,
            light: 0.5,
        }
    }
}

/// Paints an object into `out`: RGB interleaved, row by row from the upper left.
///
/// From `noise` it draws first what the scene leaves free (53 words of 32 bits: phases of ripples
/// and layers, places of pebbles and veins), then 128 words that the sensor noise grows from. What is
/// drawn doesn't depend on the cues: a twin painted from the same stream differs only where
/// its cues say so, bit for bit. The sensor noise has standard deviation `noise_sd` in units of the
/// range \[0, 1\]; at 0 none is drawn.
///
/// # Panics
///
/// If `out` is not `size.bytes()` long.
pub fn paint_shape(
    size: ImageSize,
    cues: &ShapeCues,
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
    cues: &ShapeCues,
    freedom: &Freedom,
    sensor: &mut Sensor,
    out: &mut [u8],
) {
    ground::paint(tile, picture, cues.ground, freedom);
    object::paint(tile, &object::Pose::of(picture, cues), cues);
    sensor.read_out(tile, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    const SIZE: ImageSize = ImageSize { width: 32, height: 32 };

    /// An upright, striped star of the middle size with its shadow on slate.
    fn star() -> ShapeCues {
        let (kind, texture) = (Cue::clear(3.0), Cue::clear(1.0));
        let shown = Cue::clear(1.0);
        ShapeCues { kind, texture, ground: shown, shadow: shown, ..Default::default() }
    }

    fn paint(size: ImageSize, cues: &ShapeCues, noise_sd: f32) -> Vec<u8> {
        let mut out = vec![0; size.bytes()];
        paint_shape(size, cues, noise_sd, &mut ChaCha8Rng::seed_from_u64(7), &mut out);
        out
    }

    /// The pixels (column, row) at which two pictures differ.
    fn differing(size: ImageSize, a: &[u8], b: &[u8]) -> Vec<(usize, usize)> {
        let pairs = a.chunks_exact(3).zip(b.chunks_exact(3)).enumerate();
        pairs.filter(|(_, (a, b))| a != b).map(|(i, _)| (i % size.width, i / size.width)).collect()
    }

    /// The cues of `base` with one of another value and this strength, for each of the four.
    fn with_each_cue(base: ShapeCues, strength: f32) -> [ShapeCues; 4] {
        let cue = |value| Cue { value, strength };
        [
            ShapeCues { kind: cue(1.0), ..base },
            ShapeCues { texture: cue(2.0), ..base },
            ShapeCues { ground: cue(0.0), ..base },
            ShapeCues { shadow: cue(0.0), ..base },
        ]
    }

    #[test]
    fn a_cue_shows_exactly_when_its_strength_is_above_zero() {
        for strength in [0.0, 0.3, 1.0] {
            let fade = |cue: Cue| Cue { strength, ..cue };
            let of = star();
            let faded = [
                ShapeCues { kind: fade(of.kind), ..of },
                ShapeCues { texture: fade(of.texture), ..of },
                ShapeCues { ground: fade(of.ground), ..of },
                ShapeCues { shadow: fade(of.shadow), ..of },
            ];
            for (one, other) in faded.iter().zip(&with_each_cue(of, strength)) {
                let changed = differing(SIZE, &paint(SIZE, one, 0.05), &paint(SIZE, other, 0.05));
                assert_eq!(changed.is_empty(), strength == 0.0, "{other:?}");
            }
        }
    }

    #[test]
    fn strength_zero_looks_like_the_hidden_cue() {
        for cues in with_each_cue(ShapeCues::default(), 0.0) {
            assert_eq!(paint(SIZE, &cues, 0.05), paint(SIZE, &ShapeCues::default(), 0.05));
        }
    }

    #[test]
    fn a_known_picture_is_fixed() {
        // Only operations that IEEE 754 rounds alike everywhere: this holds on every machine.
        let cues = ShapeCues { rotation: 0.57, hue: 0.1, lamp: 0.2, ..star() };
        let picture = paint(SIZE, &cues, 0.0);
        let hash = picture.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        assert_eq!(hash, 0xdc1f_989a_7cef_d059);
    }

    #[test]
    fn a_twin_differs_only_where_its_cue_is() {
        // The star's tips reach 0.77 x 0.8 of half the picture: 9.9 pixels from the middle, and the
        // rim half a pixel more. Its shadow lies 2.3 pixels lower and fades over another one.
        let [kind, texture, ground, shadow] = with_each_cue(star(), 1.0);
        let of = |twin| differing(SIZE, &paint(SIZE, &star(), 0.06), &paint(SIZE, &twin, 0.06));
        let within = |changed: &[(usize, usize)], least: usize, most: usize, lowest: usize| {
            assert!(!changed.is_empty());
            for &(column, row) in changed {
                let fits = (least..=most).contains(&column) && (least..=lowest).contains(&row);
                assert!(fits, "{column}, {row}");
            }
        };
        within(&of(texture), 6, 25, 25);
        within(&of(kind), 4, 27, 29);
        let fallen = of(shadow);
        within(&fallen, 4, 27, 29);
        assert!(!fallen.contains(&(16, 16)), "the body is opaque");
        let changed = of(ground);
        assert!(changed.len() > 600 && !changed.contains(&(16, 16)), "{}", changed.len());
    }

    #[test]
    fn every_kind_texture_and_ground_looks_different() {
        let with = |which: usize, value: usize| {
            let mut cues = star();
            [&mut cues.kind, &mut cues.texture, &mut cues.ground][which].value = value as f32;
            paint(SIZE, &cues, 0.0)
        };
        for (which, values) in [(0, 6), (1, 4), (2, 2)] {
            for a in 0..values {
                for b in 0..a {
                    let pairs = with(which, a).into_iter().zip(with(which, b));
                    let clearly = pairs.filter(|(a, b)| a.abs_diff(*b) > 24).count();
                    assert!(clearly > 60, "cue {which}: {a} and {b} differ in {clearly} bytes");
                }
            }
        }
    }

    #[test]
    fn a_kind_cannot_be_told_by_its_amount_of_colour() {
        let plain = ShapeCues {
            texture: Cue::clear(0.0),
            shadow: Cue::HIDDEN,
            ground: Cue::HIDDEN,
            size: 1.0,
            lamp: 0.5,
            ..star()
        };
        let size = ImageSize { width: 128, height: 128 };
        let coloured = |kind: usize| {
            let cues = |hue| ShapeCues { kind: Cue::clear(kind as f32), hue, ..plain };
            let [a, b] = [0.0, 0.5].map(|hue| paint(size, &cues(hue), 0.0));
            let bytes = a.iter().zip(&b);
            bytes.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>()
        };
        let square = coloured(1);
        for kind in [0, 2, 3, 4, 5] {
            // The rims differ in length, and little of the hue is in them.
            let ratio = coloured(kind) / square;
            assert!((0.93..1.07).contains(&ratio), "kind {kind}: {ratio}");
        }
    }

    #[test]
    fn no_cue_changes_how_much_is_drawn() {
        let after = |cues: &ShapeCues| {
            let (mut stream, mut out) = (ChaCha8Rng::seed_from_u64(1), vec![0; SIZE.bytes()]);
            paint_shape(SIZE, cues, 0.05, &mut stream, &mut out);
            stream.next_u64()
        };
        let style = ShapeCues { hue: 0.9, x: 0.0, y: 1.0, size: 1.0, rotation: 0.1, ..star() };
        assert_eq!(after(&ShapeCues::default()), after(&star()));
        assert_eq!(after(&ShapeCues::default()), after(&style));
    }

    #[test]
    fn any_size_shows_every_cue_and_the_object_in_the_middle() {
        for (width, height) in [(8, 8), (48, 20), (20, 48), (33, 65), (1100, 9)] {
            let size = ImageSize { width, height };
            let picture = paint(size, &star(), 0.0);
            for other in with_each_cue(star(), 1.0) {
                let changed = differing(size, &picture, &paint(size, &other, 0.0));
                assert!(!changed.is_empty(), "{size:?}");
            }
            let red = paint(size, &ShapeCues { hue: 0.0, ..star() }, 0.0);
            let body = differing(size, &picture, &red);
            assert!(body.contains(&(width / 2 - 1, height / 2)), "{size:?}: {body:?}");
        }
    }

    #[test]
    fn styles_move_turn_and_grow_the_object() {
        let of = |cues: ShapeCues| {
            let bare = ShapeCues { ground: Cue::HIDDEN, shadow: Cue::HIDDEN, ..cues };
            let red = ShapeCues { hue: 0.0, ..bare };
            differing(SIZE, &paint(SIZE, &bare, 0.0), &paint(SIZE, &red, 0.0))
        };
        let middle = of(star());
        let [small, large] = [0.0, 1.0].map(|size| of(ShapeCues { size, ..star() }).len());
        assert!(small < middle.len() && middle.len() < large && large > 2 * small);
        let left = of(ShapeCues { x: 0.0, ..star() });
        let columns = |pixels: &[(usize, usize)]| pixels.iter().map(|p| p.0).min();
        assert!(columns(&left) < columns(&middle));
        let low = of(ShapeCues { y: 1.0, ..star() });
        let rows = |pixels: &[(usize, usize)]| pixels.iter().map(|p| p.1).max();
        assert!(rows(&low) > rows(&middle));
        // Half a turn is the picture upside down, and a whole turn is none.
        let plain = ShapeCues { texture: Cue::clear(0.0), ..star() };
        let mut turned: Vec<_> = of(ShapeCues { rotation: 0.0, ..plain })
            .into_iter()
            .map(|(x, y)| (31 - x, 31 - y))
            .collect();
        turned.sort_by_key(|&(x, y)| (y, x));
        assert_eq!(turned, of(plain));
        assert_eq!(
            of(ShapeCues { rotation: 0.0, ..star() }),
            of(ShapeCues { rotation: 1.0, ..star() })
        );
    }

    #[test]
    fn light_and_lamp_brighten_what_they_say() {
        let mean = |picture: &[u8], columns: std::ops::Range<usize>| {
            let pixels = picture.chunks_exact(3).enumerate();
            let bytes = pixels.filter(|(i, _)| columns.contains(&(i % 32))).flat_map(|(_, p)| p);
            bytes.map(|&byte| f64::from(byte)).sum::<f64>() / (columns.len() * 96) as f64
        };
        let [dark, bright] =
            [0.0, 1.0].map(|light| mean(&paint(SIZE, &ShapeCues { light, ..star() }, 0.0), 0..32));
        assert!((bright - dark - 0.15 * 255.0).abs() < 3.0);
        let plain = ShapeCues { shadow: Cue::HIDDEN, texture: Cue::clear(0.0), ..star() };
        let side = |lamp| {
            let picture = paint(SIZE, &ShapeCues { lamp, ..plain }, 0.0);
            mean(&picture, 6..16) - mean(&picture, 16..26)
        };
        let [left, above, right] = [0.0, 0.5, 1.0].map(side);
        assert!(left > above + 1.0 && above > right + 1.0, "{left}, {above}, {right}");
    }
}
