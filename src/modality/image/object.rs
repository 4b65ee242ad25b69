//! The object, coat by coat: shadow, body with its rim, texture, gloss.

use super::canvas::{Bounds, Colour, Frame, Tile, mix};
use super::outline::{self, Kind, Star};
use super::shape::larger;
use super::shapes::ShapeCues;
use super::texture::{self, Texture};
use super::wave::{cosine, sine};
use crate::modality::Cue;

const WHITE: Colour = [1.0, 0.98, 0.93];
const BLACK: Colour = [0.04, 0.04, 0.06];

/// Width of the rim.
const RIM: f32 = 0.045;

/// Width over which the shadow fades.
const PENUMBRA: f32 = 0.16;

/// Where and how the object lies: a frame that doesn't turn, and the turn in it.
#[derive(Clone, Copy, Debug)]
pub struct Pose {
    frame: Frame,
    /// Cosine and sine.
    turn: [f32; 2],
}

impl Pose {
    /// The pose of an object with these style values.
    #[must_use]
    pub fn of(picture: &Frame, cues: &ShapeCues) -> Self {
        let shift = |value: f32| 0.36 * (value - 0.5) * picture.unit();
        let [x, y] = picture.origin();
        let unit = picture.unit() * (0.6 + 0.4 * cues.size);
        let frame = Frame::new([x + shift(cues.x), y + shift(cues.y)], unit, 1.0);
        let turn = cues.rotation - 0.5;
        Self { frame, turn: [cosine(turn), sine(turn)] }
    }

    /// The place of (x, y) in the object's own, turned coordinates.
    #[inline(always)]
    fn turned(&self, x: f32, y: f32) -> (f32, f32) {
        let [cosine, sine] = self.turn;
        (cosine * x + sine * y, cosine * y - sine * x)
    }
}

/// The colour of the body, `hue` of a turn around the colour wheel.
#[must_use]
pub fn body(hue: f32) -> Colour {
    [0.0, 1.0 / 3.0, 2.0 / 3.0].map(|at| 0.50 + 0.42 * cosine(hue - at))
}

/// Paints the object on the tile.
#[inline(always)]
pub fn paint(tile: &mut Tile, pose: &Pose, cues: &ShapeCues) {
    let strength = cues.kind.strength.clamp(0.0, 1.0);
    let kind = chosen(Kind::ALL, cues.kind);
    let reach = kind.reach();
    match kind {
        Kind::Circle => paint_coats(tile, pose, cues, reach, outline::circle),
        Kind::Square => paint_coats(tile, pose, cues, reach, towards(strength, outline::square)),
        Kind::Triangle => {
            let triangle = outline::triangle();
            let distance = towards(strength, move |x, y| triangle.distance(x, y));
            paint_coats(tile, pose, cues, reach, distance);
        }
        Kind::Star => {
            let star = Star::new();
            let distance = towards(strength, move |x, y| star.distance(x, y));
            paint_coats(tile, pose, cues, reach, distance);
        }
        Kind::Cross => paint_coats(tile, pose, cues, reach, towards(strength, outline::cross)),
        Kind::Ring => paint_coats(tile, pose, cues, reach, towards(strength, outline::ring)),
    }
}

/// The look that a cue's value is nearest to.
#[inline(always)]
fn chosen<T: Copy, const N: usize>(all: [T; N], cue: Cue) -> T {
    all[((cue.value + 0.5).max(0.0) as usize).min(N - 1)]
}

/// The outline `part` of the way from the circle to `distance`.
#[inline(always)]
fn towards(
    part: f32,
    distance: impl Fn(f32, f32) -> f32 + Copy,
) -> impl Fn(f32, f32) -> f32 + Copy {
    move |x, y| part * distance(x, y) + (1.0 - part) * outline::circle(x, y)
}

#[inline(always)]
fn paint_coats(
    tile: &mut Tile,
    pose: &Pose,
    cues: &ShapeCues,
    reach: f32,
    distance: impl Fn(f32, f32) -> f32 + Copy,
) {
    let edge = move |x, y| {
        let (x, y) = pose.turned(x, y);
        distance(x, y)
    };
    let colour = body(cues.hue);
    // The lamp stands above the picture's upper edge, to the left or right.
    let lamp = [1.2 * (cues.lamp - 0.5), -0.6];
    paint_shadow(tile, pose, cues.shadow, lamp, reach, edge);
    let whole = Bounds { x: [-reach, reach], y: [-reach, reach] };
    let inks = [mix(colour, BLACK, 0.78), colour];
    tile.paint_rimmed(&pose.frame, whole, inks, RIM, 1.0, edge);
    paint_texture(tile, pose, cues.texture, colour, whole, distance);
    tile.paint(&pose.frame, whole, WHITE, 0.5, |x, y| {
        let facing = (lamp[0] * x + lamp[1] * y - 0.05).clamp(0.0, 0.5);
        2.0 * facing * pose.frame.cover(edge(x, y) + RIM)
    });
}

/// A soft shadow that falls away from the lamp (1), or none (0).
#[inline(always)]
fn paint_shadow(
    tile: &mut Tile,
    pose: &Pose,
    cue: Cue,
    lamp: [f32; 2],
    reach: f32,
    edge: impl Fn(f32, f32) -> f32,
) {
    let opacity = (cue.strength * cue.value).clamp(0.0, 1.0);
    if opacity == 0.0 {
        return;
    }
    let [across, down] = lamp.map(|way| -0.3 * way);
    let reach = reach + 0.5 * PENUMBRA;
    let bounds = Bounds { x: [across - reach, across + reach], y: [down - reach, down + reach] };
    tile.paint(&pose.frame, bounds, BLACK, 0.6 * opacity, |x, y| {
        (0.5 - edge(x - across, y - down) * (1.0 / PENUMBRA)).clamp(0.0, 1.0)
    });
}

/// The pattern of the surface, as opaque as the cue is strong: pale stripes and dots, dark checks.
#[inline(always)]
fn paint_texture(
    tile: &mut Tile,
    pose: &Pose,
    cue: Cue,
    colour: Colour,
    bounds: Bounds,
    distance: impl Fn(f32, f32) -> f32 + Copy,
) {
    let (pale, dark) = (mix(colour, WHITE, 0.85), mix(colour, BLACK, 0.6));
    match chosen(Texture::ALL, cue) {
        Texture::Plain => {}
        Texture::Stripes => {
            paint_pattern(tile, pose, cue, pale, bounds, distance, texture::stripes);
        }
        Texture::Dots => paint_pattern(tile, pose, cue, pale, bounds, distance, texture::dots),
        Texture::Checks => paint_pattern(tile, pose, cue, dark, bounds, distance, texture::checks),
    }
}

#[inline(always)]
fn paint_pattern(
    tile: &mut Tile,
    pose: &Pose,
    cue: Cue,
    ink: Colour,
    bounds: Bounds,
    distance: impl Fn(f32, f32) -> f32,
    pattern: impl Fn(f32, f32) -> f32,
) {
    let opacity = cue.strength.clamp(0.0, 1.0);
    if opacity == 0.0 {
        return;
    }
    tile.paint(&pose.frame, bounds, ink, opacity, |x, y| {
        let (x, y) = pose.turned(x, y);
        pose.frame.cover(larger(distance(x, y), pattern(x, y)))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modality::image::ImageSize;

    #[test]
    fn the_largest_and_farthest_object_stays_in_the_picture() {
        let picture = Frame::of(ImageSize { width: 200, height: 200 });
        for end in [0.0, 1.0] {
            let cues = ShapeCues { x: end, y: end, size: 1.0, ..ShapeCues::default() };
            let Pose { frame, .. } = Pose::of(&picture, &cues);
            for side in [-1.0, 1.0] {
                let edge = frame.origin()[0] + side * (outline::REACH + RIM) * frame.unit();
                assert!((-0.51..=200.51).contains(&edge), "{edge}");
            }
        }
    }

    #[test]
    fn a_value_between_two_looks_is_the_nearer_one() {
        for (value, kind) in [(-3.0, 0), (0.4, 0), (0.6, 1), (2.0, 2), (4.6, 5), (99.0, 5)] {
            assert_eq!(chosen(Kind::ALL, Cue::clear(value)), Kind::ALL[kind], "{value}");
        }
    }

    #[test]
    fn hues_go_round_the_wheel() {
        let [red, green, blue] = [0.0, 1.0 / 3.0, 2.0 / 3.0].map(body);
        assert!(red[0] > red[1] + 0.4 && green[1] > green[2] + 0.4 && blue[2] > blue[0] + 0.4);
        let end = body(1.0);
        assert!(red.iter().zip(end).all(|(a, b)| (a - b).abs() < 1e-5));
        let all = (0..100).flat_map(|i| body(i as f32 / 100.0));
        assert!(all.into_iter().all(|channel| (0.0..=1.0).contains(&channel)));
    }
}
