//! What an object is made of: plain, or with a pattern of stripes, dots or checks.
//!
//! Like outlines, patterns are signed distances: negative where the second ink lies. They move,
//! turn and grow with the object.

use super::shape::{larger, smaller};

/// The look of an object's surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Texture {
    /// One colour.
    Plain,
    /// Bands along x.
    Stripes,
    /// Round dots in rows and columns.
    Dots,
    /// A chessboard.
    Checks,
}

impl Texture {
    /// All textures, in the order of a cue's values 0 to 3.
    pub const ALL: [Self; 4] = [Self::Plain, Self::Stripes, Self::Dots, Self::Checks];
}

/// From the middle of one stripe to that of the next.
const STRIPES: f32 = 0.36;

/// From dot to dot, and a dot's radius.
const DOTS: [f32; 2] = [0.44, 0.135];

/// A pair of a chessboard's squares.
const CHECKS: f32 = 0.56;

/// How far `x` is from the nearest multiple of `period`, with its sign.
#[inline(always)]
fn wrapped(x: f32, period: f32) -> f32 {
    let turns = x * (1.0 / period);
    // Adding 3 x 2^22 rounds to a whole number.
    period * (turns - ((turns + 12_582_912.0) - 12_582_912.0))
}

/// The distance to the edge of a band half as wide as the period, one of them through 0.
#[inline(always)]
fn band(x: f32, period: f32) -> f32 {
    wrapped(x, period).abs() - 0.25 * period
}

/// The distance to the nearest stripe's edge.
#[inline(always)]
pub fn stripes(_: f32, y: f32) -> f32 {
    band(y, STRIPES)
}

/// The distance to the nearest dot's edge; one dot lies at the origin.
#[inline(always)]
pub fn dots(x: f32, y: f32) -> f32 {
    let [every, radius] = DOTS;
    let (x, y) = (wrapped(x, every), wrapped(y, every));
    (x * x + y * y).sqrt() - radius
}

/// The distance to the nearest edge of the squares of one colour; a square of the other is
/// centred on the origin.
#[inline(always)]
pub fn checks(x: f32, y: f32) -> f32 {
    let [a, b] = [x, y].map(|x| band(x, CHECKS));
    // In one band, and not in both.
    larger(smaller(a, b), -larger(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of a large square that the second ink covers.
    fn share(pattern: impl Fn(f32, f32) -> f32) -> f32 {
        let at = |i: usize| 6.16 * (i as f32 + 0.5) / 500.0;
        let points = (0..500).flat_map(|i| (0..500).map(move |j| (at(i), at(j))));
        points.filter(|&(x, y)| pattern(x, y) < 0.0).count() as f32 / 250_000.0
    }

    #[test]
    fn inks_share_the_surface() {
        assert!((share(stripes) - 0.5).abs() < 0.01);
        assert!((share(checks) - 0.5).abs() < 0.01);
        let dot = std::f32::consts::PI * (DOTS[1] / DOTS[0]).powi(2);
        assert!((share(dots) - dot).abs() < 0.01);
    }

    #[test]
    fn patterns_repeat() {
        for (pattern, x, y) in [
            (stripes as fn(f32, f32) -> f32, 0.7, STRIPES),
            (dots, DOTS[0], DOTS[0]),
            (checks, CHECKS, CHECKS),
            (checks, 0.5 * CHECKS, 0.5 * CHECKS),
        ] {
            for (u, v) in [(0.03, 0.04), (-0.4, 0.31), (0.27, -0.55)] {
                assert!((pattern(u, v) - pattern(u + x, v + y)).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn neighbouring_squares_have_different_inks() {
        let half = 0.5 * CHECKS;
        assert!(checks(0.0, 0.0) > 0.0 && checks(half, half) > 0.0);
        assert!(checks(half, 0.0) < 0.0 && checks(0.0, -half) < 0.0);
        assert!((checks(0.0, 0.0) - 0.5 * half).abs() < 1e-5);
        assert!(checks(0.5 * half, 0.1).abs() < 1e-6 && checks(0.1, -0.5 * half).abs() < 1e-6);
    }
}
