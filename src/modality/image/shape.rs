//! Signed distances to the few outlines that a picture is made of: negative inside, 0 on the edge.
//!
//! Each is cheap rather than exact far away: right to first order near the edge, where
//! anti-aliasing looks, and of the right sign everywhere. Formulas after Inigo Quilez, "2D distance
//! functions". No transcendental function; only `sqrt`, which IEEE 754 rounds the same everywhere.

/// A point in the units of the frame it is drawn in; y points down.
pub type Point = [f32; 2];

/// A circle.
#[derive(Clone, Copy, Debug)]
pub struct Circle {
    /// Its centre.
    pub centre: Point,
    /// Its radius.
    pub radius: f32,
}

impl Circle {
    /// The distance of (x, y).
    #[inline(always)]
    #[must_use]
    pub fn distance(&self, x: f32, y: f32) -> f32 {
        let (dx, dy) = (x - self.centre[0], y - self.centre[1]);
        (dx * dx + dy * dy).sqrt() - self.radius
    }
}

/// An ellipse with its axes along x and y.
#[derive(Clone, Copy, Debug)]
pub struct Ellipse {
    /// Its centre.
    pub centre: Point,
    /// Its half-axes.
    pub radii: Point,
}

impl Ellipse {
    /// The distance of (x, y), as the implicit function over the length of its gradient.
    #[inline(always)]
    #[must_use]
    pub fn distance(&self, x: f32, y: f32) -> f32 {
        let (ix, iy) = (1.0 / self.radii[0], 1.0 / self.radii[1]);
        let (px, py) = ((x - self.centre[0]) * ix, (y - self.centre[1]) * iy);
        let (gx, gy) = (px * ix, py * iy);
        // The floor keeps the centre inside, where the gradient vanishes.
        let gradient = (gx * gx + gy * gy + 1e-6).sqrt();
        (px * px + py * py - 1.0) / (2.0 * gradient)
    }
}

/// A stroke from one point to another whose radius changes evenly on the way.
#[derive(Clone, Copy, Debug)]
pub struct Stroke {
    start: Point,
    along: Point,
    /// 1 / squared length.
    per_length: f32,
    radius: f32,
    growth: f32,
}

impl Stroke {
    /// A stroke from `start` with radius `from` to `end` with radius `to`.
    #[inline]
    #[must_use]
    pub fn new(start: Point, from: f32, end: Point, to: f32) -> Self {
        let along = [end[0] - start[0], end[1] - start[1]];
        let length = along[0] * along[0] + along[1] * along[1];
        Self { start, along, per_length: 1.0 / length.max(1e-12), radius: from, growth: to - from }
    }

    /// The distance of (x, y).
    #[inline(always)]
    #[must_use]
    pub fn distance(&self, x: f32, y: f32) -> f32 {
        let (dx, dy) = (x - self.start[0], y - self.start[1]);
        let part = (dx * self.along[0] + dy * self.along[1]) * self.per_length;
        let part = part.clamp(0.0, 1.0);
        let (ex, ey) = (dx - part * self.along[0], dy - part * self.along[1]);
        (ex * ex + ey * ey).sqrt() - (self.radius + part * self.growth)
    }
}

/// A triangle.
#[derive(Clone, Copy, Debug)]
pub struct Triangle {
    /// One half-plane `a x + b y + c <= 0` for each side, (a, b) of length 1.
    sides: [[f32; 3]; 3],
}

impl Triangle {
    /// The triangle with these corners, in either order.
    #[inline]
    #[must_use]
    pub fn new(corners: [Point; 3]) -> Self {
        let [a, b, c] = corners;
        let turn = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
        let outward = if turn < 0.0 { -1.0 } else { 1.0 };
        let side = |p: Point, q: Point| {
            let (ex, ey) = (q[0] - p[0], q[1] - p[1]);
            let scale = outward / (ex * ex + ey * ey).sqrt().max(1e-6);
            let normal = [ey * scale, -ex * scale];
            [normal[0], normal[1], -(normal[0] * p[0] + normal[1] * p[1])]
        };
        Self { sides: [side(a, b), side(b, c), side(c, a)] }
    }

    /// The distance of (x, y); beyond a corner it is that to the nearer side, so corners stay sharp.
    #[inline(always)]
    #[must_use]
    pub fn distance(&self, x: f32, y: f32) -> f32 {
        let [p, q, r] = self.sides.map(|s| s[0] * x + s[1] * y + s[2]);
        larger(p, larger(q, r))
    }
}

/// The larger of two distances that are not NaN: the intersection of two shapes.
// A bare comparison is one machine instruction over a whole row; `f32::max` minds NaN as well.
#[inline(always)]
#[must_use]
pub fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The smaller of two distances that are not NaN: the union of two shapes.
#[inline(always)]
#[must_use]
pub fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// The union of two shapes with the joint filled in over a width of about `blend`.
#[inline(always)]
#[must_use]
pub fn joined(a: f32, b: f32, blend: f32) -> f32 {
    let near = larger(blend - (a - b).abs(), 0.0);
    smaller(a, b) - near * near * (0.25 / blend)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_lie_where_the_shapes_say() {
        let ellipse = Ellipse { centre: [0.1, 0.2], radii: [0.4, 0.2] };
        let stroke = Stroke::new([0.0, 0.0], 0.1, [1.0, 0.0], 0.3);
        let circle = Circle { centre: [0.0, 0.0], radius: 0.5 };
        for distance in [
            ellipse.distance(0.5, 0.2),
            ellipse.distance(0.1, 0.0),
            stroke.distance(0.5, 0.2),
            stroke.distance(1.3, 0.0),
            stroke.distance(-0.1, 0.0),
            circle.distance(0.3, 0.4),
        ] {
            assert!(distance.abs() < 1e-5, "{distance}");
        }
        assert!(ellipse.distance(0.1, 0.2) < -0.1, "the centre of an ellipse is inside");
    }

    #[test]
    fn triangles_do_not_mind_the_order_of_their_corners() {
        let corners = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]];
        let [a, b, c] = corners;
        for triangle in [Triangle::new(corners), Triangle::new([a, c, b])] {
            assert!(triangle.distance(0.2, 0.2) < 0.0);
            assert!((triangle.distance(0.5, -0.25) - 0.25).abs() < 1e-6);
            assert!(triangle.distance(0.6, 0.6) > 0.0);
        }
    }

    #[test]
    fn a_joint_is_filled_and_a_far_shape_changes_nothing() {
        assert!(joined(0.0, 0.0, 0.2) < 0.0);
        assert_eq!(joined(0.1, 5.0, 0.2), 0.1);
    }
}
