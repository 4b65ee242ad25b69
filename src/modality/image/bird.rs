//! The bird, part by part from back to front, in a frame of its own.
//!
//! In that frame the bird looks to the right and fits within 0.74 of the origin on either side, so
//! that even the largest and farthest displaced one stays in a square picture.

use super::BirdCues;
use super::canvas::{Bounds, Colour, Frame, Tile, mix};
use super::shape::{Circle, Ellipse, Stroke, Triangle, joined, larger, smaller};
use super::wave::cosine;
use crate::modality::Cue;

const ORANGE: Colour = [0.96, 0.60, 0.12];
const WHITE: Colour = [0.97, 0.97, 0.95];
const BLACK: Colour = [0.04, 0.04, 0.05];

const HEAD: Circle = Circle { centre: [0.20, -0.42], radius: 0.205 };
const BODY: Ellipse = Ellipse { centre: [-0.17, 0.12], radii: [0.40, 0.27] };

/// The frame of a bird with these style values.
#[must_use]
pub fn frame(picture: &Frame, cues: &BirdCues) -> Frame {
    let shift = |value: f32| 0.3 * (value - 0.5) * picture.unit();
    let [x, y] = picture.origin();
    Frame::new(
        [x + shift(cues.x), y + shift(cues.y)],
        picture.unit() * (0.85 + 0.3 * cues.size),
        if cues.facing < 0.5 { -1.0 } else { 1.0 },
    )
}

/// The colour of the plumage, `hue` of a turn around the colour wheel.
#[must_use]
pub fn plumage(hue: f32) -> Colour {
    [0.0, 1.0 / 3.0, 2.0 / 3.0].map(|at| 0.55 + 0.36 * cosine(hue - at))
}

/// Paints the bird on the tile.
#[inline(always)]
pub fn paint(tile: &mut Tile, frame: &Frame, cues: &BirdCues) {
    let colour = plumage(cues.hue);
    paint_feet(tile, frame, cues.feet);
    paint_plumage(tile, frame, colour);
    paint_wing(tile, frame, cues.wings, colour);
    paint_bill(tile, frame, cues.bill);
    paint_eye(tile, frame);
}

/// Paints a part that looks one way at value 1 and another at value 0; between them the looks mix.
#[inline(always)]
fn paint_cue(
    tile: &mut Tile,
    frame: &Frame,
    bounds: Bounds,
    cue: Cue,
    one: impl Fn(f32, f32) -> f32,
    zero: impl Fn(f32, f32) -> f32,
) {
    let opacity = cue.strength.clamp(0.0, 1.0);
    let part = cue.value.clamp(0.0, 1.0);
    if opacity == 0.0 {
        return;
    }
    if part == 1.0 {
        tile.paint(frame, bounds, ORANGE, opacity, |x, y| frame.cover(one(x, y)));
    } else if part == 0.0 {
        tile.paint(frame, bounds, ORANGE, opacity, |x, y| frame.cover(zero(x, y)));
    } else {
        tile.paint(frame, bounds, ORANGE, opacity, |x, y| {
            part * frame.cover(one(x, y)) + (1.0 - part) * frame.cover(zero(x, y))
        });
    }
}

/// Two legs, each with a broad triangular web (1) or three thin toes (0).
#[inline(always)]
fn paint_feet(tile: &mut Tile, frame: &Frame, cue: Cue) {
    for x in [-0.32, -0.02] {
        let [ankle, ground] = [0.52, 0.70];
        let leg = Stroke::new([x, 0.34], 0.035, [x, ankle], 0.03);
        let web = Triangle::new([[x - 0.02, ankle - 0.06], [x - 0.12, ground], [x + 0.18, ground]]);
        let toe = |end: f32, to: f32| Stroke::new([x, ankle], 0.022, [x + end, to], 0.012);
        let toes = [toe(-0.12, ground - 0.02), toe(0.18, ground - 0.02)];
        let bounds = Bounds { x: [x - 0.14, x + 0.2], y: [0.3, ground] };
        paint_cue(
            tile,
            frame,
            bounds,
            cue,
            |x, y| smaller(leg.distance(x, y), web.distance(x, y)),
            |x, y| {
                let [back, front] = toes.map(|toe| toe.distance(x, y));
                smaller(leg.distance(x, y), smaller(back, front))
            },
        );
    }
}

/// Tail, body, neck and head in one outline, and a paler breast.
#[inline(always)]
fn paint_plumage(tile: &mut Tile, frame: &Frame, colour: Colour) {
    let tail = Stroke::new([-0.40, 0.06], 0.15, [-0.70, -0.10], 0.015);
    let neck = Stroke::new([0.04, 0.02], 0.18, [0.18, -0.34], 0.12);
    let rim = mix(colour, BLACK, 0.72);
    let bounds = Bounds { x: [-0.72, 0.42], y: [-0.63, 0.40] };
    tile.paint_rimmed(frame, bounds, [rim, colour], 0.03, 1.0, |x, y| {
        let trunk = joined(BODY.distance(x, y), tail.distance(x, y), 0.12);
        let front = smaller(neck.distance(x, y), HEAD.distance(x, y));
        joined(trunk, front, 0.10)
    });
    let breast = Ellipse { centre: [-0.10, 0.26], radii: [0.34, 0.16] };
    let bounds = Bounds { x: [-0.44, 0.24], y: [0.10, 0.40] };
    tile.paint(frame, bounds, mix(colour, WHITE, 0.45), 1.0, |x, y| {
        frame.cover(larger(breast.distance(x, y), BODY.distance(x, y) + 0.02))
    });
}

/// A wing folded along the flank (1), or none (0).
#[inline(always)]
fn paint_wing(tile: &mut Tile, frame: &Frame, cue: Cue, colour: Colour) {
    let opacity = (cue.strength * cue.value).clamp(0.0, 1.0);
    if opacity == 0.0 {
        return;
    }
    let shoulder = Ellipse { centre: [-0.08, 0.06], radii: [0.17, 0.13] };
    let feather = |tip: [f32; 2]| Stroke::new([-0.10, 0.08], 0.09, tip, 0.03);
    let feathers = [[-0.55, -0.04], [-0.46, 0.07], [-0.34, 0.17]].map(feather);
    let bounds = Bounds { x: [-0.58, 0.09], y: [-0.07, 0.20] };
    let inks = [mix(colour, WHITE, 0.6), mix(colour, BLACK, 0.62)];
    tile.paint_rimmed(frame, bounds, inks, 0.03, opacity, |x, y| {
        let [upper, middle, lower] = feathers.map(|feather| feather.distance(x, y));
        smaller(shoulder.distance(x, y), smaller(upper, smaller(middle, lower)))
    });
}

/// A flat bill, broad and rounded like a spoon (1), or a pointed one, thin and sharp (0).
#[inline(always)]
fn paint_bill(tile: &mut Tile, frame: &Frame, cue: Cue) {
    let shaft = Stroke::new([0.36, -0.415], 0.07, [0.56, -0.38], 0.045);
    let spoon = Ellipse { centre: [0.57, -0.375], radii: [0.135, 0.086] };
    let dagger = Triangle::new([[0.34, -0.55], [0.34, -0.25], [0.74, -0.39]]);
    let bounds = Bounds { x: [0.28, 0.74], y: [-0.55, -0.25] };
    paint_cue(
        tile,
        frame,
        bounds,
        cue,
        |x, y| joined(shaft.distance(x, y), spoon.distance(x, y), 0.06),
        |x, y| dagger.distance(x, y),
    );
}

/// A black eye in a white ring.
#[inline(always)]
fn paint_eye(tile: &mut Tile, frame: &Frame) {
    for (colour, radius) in [(WHITE, 0.085), (BLACK, 0.052)] {
        let eye = Circle { centre: [0.24, -0.47], radius };
        let bounds = Bounds { x: [0.15, 0.33], y: [-0.56, -0.38] };
        tile.paint(frame, bounds, colour, 1.0, |x, y| frame.cover(eye.distance(x, y)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modality::image::ImageSize;

    fn cues() -> BirdCues {
        BirdCues::default()
    }

    #[test]
    fn the_largest_and_farthest_bird_stays_in_the_picture() {
        let picture = Frame::of(ImageSize { width: 200, height: 200 });
        for end in [0.0, 1.0] {
            let frame = frame(&picture, &BirdCues { x: end, y: end, size: 1.0, ..cues() });
            for at in [-0.74, 0.74].map(|edge| frame.origin()[0] + edge * frame.unit()) {
                assert!((-0.5..=200.5).contains(&at), "{at}");
            }
        }
    }

    #[test]
    fn style_values_place_and_scale_the_bird() {
        let picture = Frame::of(ImageSize { width: 100, height: 60 });
        let middle = frame(&picture, &cues());
        assert_eq!((middle.origin(), middle.unit()), ([50.0, 30.0], 30.0));
        let far = frame(&picture, &BirdCues { x: 1.0, y: 0.0, size: 0.0, ..cues() });
        assert!((far.origin()[0] - 54.5).abs() < 1e-4 && (far.origin()[1] - 25.5).abs() < 1e-4);
        assert!((far.unit() - 25.5).abs() < 1e-4);
    }

    #[test]
    fn hues_go_round_the_wheel() {
        let [red, green, blue] = [0.0, 1.0 / 3.0, 2.0 / 3.0].map(plumage);
        assert!(red[0] > red[1] + 0.4 && green[1] > green[2] + 0.4 && blue[2] > blue[0] + 0.4);
        let end = plumage(1.0);
        assert!(red.iter().zip(end).all(|(a, b)| (a - b).abs() < 1e-5));
    }
}
