//! The six outlines that an object can have, about the origin and all of the same area.
//!
//! A kind therefore can't be told by how much colour there is. Each distance is right to first
//! order near the edge and of the right sign everywhere, like those of [`shape`](super::shape).

use super::shape::{Triangle, larger};

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A disc.
    Circle,
    /// A square that stands on a side.
    Square,
    /// An equilateral triangle that points up.
    Triangle,
    /// A star with five points, one of them up.
    Star,
    /// A cross with four equal arms.
    Cross,
    /// A disc with a hole.
    Ring,
}

impl Kind {
    /// All kinds, in the order of a cue's values 0 to 5.
    pub const ALL: [Self; 6] =
        [Self::Circle, Self::Square, Self::Triangle, Self::Star, Self::Cross, Self::Ring];

    /// No point of it is farther than this from the origin.
    pub const fn reach(self) -> f32 {
        match self {
            Self::Circle => RADIUS,
            Self::Square => 0.627,
            Self::Triangle => REACH,
            Self::Star => 0.772,
            Self::Cross => 0.597,
            Self::Ring => 0.578,
        }
    }
}

/// The radius of the disc whose area all kinds have.
pub const RADIUS: f32 = 0.5;

/// No kind reaches farther than this from the origin.
pub const REACH: f32 = 0.78;

// Areas: square (2 h)^2, triangle 3 sqrt(3) / 4 R^2, star 5 sin(36 deg) R r, cross 8 w l - 4 w^2,
// ring pi (R^2 - r^2); each is pi / 4.
const SQUARE: f32 = 0.443_11;
const TRIANGLE: f32 = 0.777_45;
const STAR: [f32; 2] = [0.770_61, 0.346_77];
const CROSS: [f32; 2] = [0.553_89, 0.221_56];
const RING: [f32; 2] = [0.577_35, 0.288_68];

/// Sine and cosine of 36 degrees: half the angle from one tip of a star to the next.
const FIFTH: [f32; 2] = [0.587_785_25, 0.809_017];

/// The distance to the circle's edge.
#[inline(always)]
pub fn circle(x: f32, y: f32) -> f32 {
    (x * x + y * y).sqrt() - RADIUS
}

/// The distance to the square's edge.
#[inline(always)]
pub fn square(x: f32, y: f32) -> f32 {
    larger(x.abs(), y.abs()) - SQUARE
}

/// The triangle.
pub fn triangle() -> Triangle {
    // Corners at 0 and 120 degrees to either side: (sqrt(3) / 2, 1 / 2).
    let (across, down) = (0.866_025_4 * TRIANGLE, 0.5 * TRIANGLE);
    Triangle::new([[0.0, -TRIANGLE], [across, down], [-across, down]])
}

/// A star with five points.
#[derive(Clone, Copy, Debug)]
pub struct Star {
    /// The normal of the edge that goes down from the upper tip to the right.
    normal: [f32; 2],
}

impl Star {
    /// The star of this module's size.
    pub fn new() -> Self {
        let [tip, notch] = STAR;
        let [sine, cosine] = FIFTH;
        let (across, along) = (tip - notch * cosine, notch * sine);
        let length = (across * across + along * along).sqrt();
        Self { normal: [across / length, along / length] }
    }

    /// The distance of (x, y), after folding the plane ten times onto the edge beside the upper
    /// tip.
    #[inline(always)]
    pub fn distance(&self, x: f32, y: f32) -> f32 {
        let [sine, cosine] = FIFTH;
        // Up is positive here. Reflect in the line at 36 degrees, then in that at -36.
        let (x, y) = (x.abs(), -y);
        let beyond = 2.0 * larger(cosine * x - sine * y, 0.0);
        let (x, y) = (x - beyond * cosine, y + beyond * sine);
        let beyond = 2.0 * larger(-cosine * x - sine * y, 0.0);
        let (x, y) = (x + beyond * cosine, y + beyond * sine);
        self.normal[0] * x.abs() + self.normal[1] * (y - STAR[0])
    }
}

/// The distance to the cross's edge.
#[inline(always)]
pub fn cross(x: f32, y: f32) -> f32 {
    let (x, y) = (x.abs(), y.abs());
    let (long, short) = if x > y { (x, y) } else { (y, x) };
    larger(long - CROSS[0], short - CROSS[1])
}

/// The distance to the nearer edge of the ring.
#[inline(always)]
pub fn ring(x: f32, y: f32) -> f32 {
    let [outer, inner] = RING;
    ((x * x + y * y).sqrt() - 0.5 * (outer + inner)).abs() - 0.5 * (outer - inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The distance to a kind's edge.
    fn distance(kind: Kind, x: f32, y: f32) -> f32 {
        match kind {
            Kind::Circle => circle(x, y),
            Kind::Square => square(x, y),
            Kind::Triangle => triangle().distance(x, y),
            Kind::Star => Star::new().distance(x, y),
            Kind::Cross => cross(x, y),
            Kind::Ring => ring(x, y),
        }
    }

    /// The points of a fine grid over the square of half-side `REACH + 0.02`.
    fn grid() -> impl Iterator<Item = (f32, f32)> {
        let at = |i: i32| (REACH + 0.02) * (i as f32 + 0.5) / 400.0;
        (-400..400).flat_map(move |i| (-400..400).map(move |j| (at(j), at(i))))
    }

    #[test]
    fn all_kinds_have_the_same_area() {
        let cell = ((REACH + 0.02) / 400.0).powi(2);
        for kind in Kind::ALL {
            let inside = grid().filter(|&(x, y)| distance(kind, x, y) < 0.0).count();
            let area = inside as f32 * cell;
            // A straight edge can miss half a cell of the grid all the way along.
            assert!((area - std::f32::consts::FRAC_PI_4).abs() < 0.004, "{kind:?}: {area}");
        }
    }

    #[test]
    fn every_kind_reaches_as_far_as_it_says() {
        for kind in Kind::ALL {
            let inside = grid().filter(|&(x, y)| distance(kind, x, y) < 0.0);
            let farthest = inside.map(|(x, y)| (x * x + y * y).sqrt()).fold(0.0, f32::max);
            let reach = kind.reach();
            assert!((reach - 0.01..=reach).contains(&farthest), "{kind:?}: {farthest}");
        }
    }

    #[test]
    fn distances_grow_at_unit_speed_across_an_edge() {
        for kind in Kind::ALL {
            // Near a corner the distance bends.
            let near: Vec<(f32, f32)> =
                grid().filter(|&(x, y)| distance(kind, x, y).abs() < 0.01).collect();
            let right = near.iter().filter(|&&(x, y)| {
                let slope = |dx: f32, dy: f32| {
                    let [a, b] = [1.0f32, -1.0].map(|s| distance(kind, x + s * dx, y + s * dy));
                    (a - b) / 0.002
                };
                let (across, along) = (slope(0.001, 0.0), slope(0.0, 0.001));
                ((across * across + along * along).sqrt() - 1.0).abs() < 0.01
            });
            assert!(right.count() * 10 > near.len() * 9, "{kind:?}");
        }
    }

    #[test]
    fn a_star_has_five_points_one_of_them_up() {
        let star = Star::new();
        for i in 0..10 {
            let (sine, cosine) = (std::f32::consts::TAU * i as f32 / 10.0).sin_cos();
            let at = |radius: f32| star.distance(radius * sine, -radius * cosine);
            let edge = STAR[i % 2];
            assert!(at(edge).abs() < 1e-5, "corner {i}: {}", at(edge));
            assert!(at(edge - 0.05) < 0.0 && at(edge + 0.05) > 0.0, "corner {i}");
        }
    }
}
