//! A piece of a picture that fits on the stack, and the ways of painting on it.
//!
//! A picture is painted tile by tile, so no size needs an allocation. Coordinates come from
//! absolute pixel positions: where the tiles are cut cannot change a bit.

use super::ImageSize;

/// Red, green and blue in \[0, 1\].
pub type Colour = [f32; 3];

/// Pixels in a tile: a whole picture of 32 x 32.
const CAPACITY: usize = 1024;

/// Pixels evaluated together; a fixed number lets the compiler use vector instructions.
const LANES: usize = 8;

/// The colour `part` of the way from `from` to `to`.
#[must_use]
pub fn mix(from: Colour, to: Colour, part: f32) -> Colour {
    [0, 1, 2].map(|i| from[i] + part * (to[i] - from[i]))
}

/// A colour in the layout of a tile.
fn padded([red, green, blue]: Colour) -> [f32; 4] {
    [red, green, blue, 0.0]
}

/// Moves a pixel `part` of the way to `ink`.
#[inline]
fn blend(pixel: &mut [f32; 4], ink: [f32; 4], part: f32) {
    for (channel, ink) in pixel.iter_mut().zip(ink) {
        *channel += part * (ink - *channel);
    }
}

/// A frame of coordinates laid over the picture, y down.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    origin: [f32; 2],
    unit: f32,
    facing: f32,
    /// Units to one pixel, along x (negative if x grows to the left) and y.
    step: [f32; 2],
}

impl Frame {
    /// The frame of the whole picture: origin in the middle, unit half of the shorter side.
    #[must_use]
    pub fn of(size: ImageSize) -> Self {
        let (width, height) = (size.width as f32, size.height as f32);
        Self::new([0.5 * width, 0.5 * height], 0.5 * width.min(height), 1.0)
    }

    /// A frame whose origin lies at these pixels from the upper left corner, with `unit` pixels to
    /// one unit; x grows to the right if `facing` is 1, to the left if it is -1.
    #[must_use]
    pub fn new(origin: [f32; 2], unit: f32, facing: f32) -> Self {
        Self { origin, unit, facing, step: [facing / unit, 1.0 / unit] }
    }

    /// Where its origin lies, in pixels from the upper left corner.
    #[must_use]
    pub fn origin(&self) -> [f32; 2] {
        self.origin
    }

    /// Pixels to one unit.
    #[must_use]
    pub fn unit(&self) -> f32 {
        self.unit
    }

    /// How much of a pixel lies inside an edge at this signed distance from its centre: the
    /// anti-aliasing filter, a ramp one pixel wide.
    #[inline]
    #[must_use]
    pub fn cover(&self, distance: f32) -> f32 {
        (0.5 - distance * self.unit).clamp(0.0, 1.0)
    }

    /// The x of the centre of pixel column `column`.
    #[inline]
    #[must_use]
    pub fn x(&self, column: usize) -> f32 {
        (column as f32 + 0.5 - self.origin[0]) * self.step[0]
    }

    /// The y of the centre of pixel row `row`.
    #[inline]
    #[must_use]
    pub fn y(&self, row: usize) -> f32 {
        (row as f32 + 0.5 - self.origin[1]) * self.step[1]
    }
}

/// A box in a frame's units that holds a shape. Pixels that it doesn't touch are left as they are.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Least and greatest x.
    pub x: [f32; 2],
    /// Least and greatest y.
    pub y: [f32; 2],
}

/// A rectangle of pixels, by their columns and rows in the whole picture.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    /// First column.
    pub left: usize,
    /// One past the last column.
    pub right: usize,
    /// First row.
    pub top: usize,
    /// One past the last row.
    pub bottom: usize,
}

/// The pixels of one area of a picture. The fourth channel is padding.
pub struct Tile {
    area: Area,
    pixels: [[f32; 4]; CAPACITY],
}

impl Tile {
    /// A blank tile, to be placed with [`Tile::move_to`].
    #[must_use]
    pub fn new() -> Self {
        let area = Area { left: 0, right: 0, top: 0, bottom: 0 };
        Self { area, pixels: [[0.0; 4]; CAPACITY] }
    }

    /// The areas that together make up the picture, row by row from the upper left.
    pub fn areas(size: ImageSize) -> impl Iterator<Item = Area> {
        let columns = size.width.clamp(1, CAPACITY);
        let rows = CAPACITY / columns;
        (0..size.height).step_by(rows).flat_map(move |top| {
            (0..size.width).step_by(columns).map(move |left| Area {
                left,
                right: (left + columns).min(size.width),
                top,
                bottom: (top + rows).min(size.height),
            })
        })
    }

    /// Moves the tile to an area from [`Tile::areas`]; what it showed before stays in its pixels.
    pub fn move_to(&mut self, area: Area) {
        self.area = area;
    }

    /// The area it shows.
    #[must_use]
    pub fn area(&self) -> Area {
        self.area
    }

    /// Its pixels, row by row.
    #[must_use]
    pub fn pixels(&self) -> &[[f32; 4]] {
        let Area { left, right, top, bottom } = self.area;
        &self.pixels[..(right - left) * (bottom - top)]
    }

    /// The pixels of one row, from column `left` up to `right` of the picture.
    #[inline]
    pub fn row_mut(&mut self, row: usize, left: usize, right: usize) -> &mut [[f32; 4]] {
        let start = (row - self.area.top) * (self.area.right - self.area.left);
        &mut self.pixels[start + left - self.area.left..start + right - self.area.left]
    }

    /// Lays a colour over the picture wherever `coverage` (of a point in the frame) is above 0.
    #[inline]
    pub fn paint(
        &mut self,
        frame: &Frame,
        bounds: Bounds,
        colour: Colour,
        opacity: f32,
        coverage: impl Fn(f32, f32) -> f32,
    ) {
        let ink = padded(colour);
        self.for_each_block(frame, bounds, coverage, |pixels, lanes| {
            let parts = lanes.map(|coverage| opacity * coverage);
            for (pixel, part) in pixels.iter_mut().zip(parts) {
                blend(pixel, ink, part);
            }
        });
    }

    /// Fills a shape and draws its edge in another colour, `rim_width` wide and outside the shape.
    #[inline]
    pub fn paint_rimmed(
        &mut self,
        frame: &Frame,
        bounds: Bounds,
        [rim, fill]: [Colour; 2],
        rim_width: f32,
        opacity: f32,
        distance: impl Fn(f32, f32) -> f32,
    ) {
        let grow = |[least, greatest]: [f32; 2]| [least - rim_width, greatest + rim_width];
        let bounds = Bounds { x: grow(bounds.x), y: grow(bounds.y) };
        let (rim, fill) = (padded(rim), padded(fill));
        self.for_each_block(frame, bounds, distance, |pixels, lanes| {
            let outer = lanes.map(|distance| opacity * frame.cover(distance - rim_width));
            let inner = lanes.map(|distance| frame.cover(distance));
            for ((pixel, outer), inner) in pixels.iter_mut().zip(outer).zip(inner) {
                let mut ink = rim;
                blend(&mut ink, fill, inner);
                blend(pixel, ink, outer);
            }
        });
    }

    /// Evaluates `value` over the part of the tile within `bounds`, a few pixels at a time, and
    /// hands each run of pixels on with its values.
    #[inline]
    fn for_each_block(
        &mut self,
        frame: &Frame,
        bounds: Bounds,
        value: impl Fn(f32, f32) -> f32,
        mut lay: impl FnMut(&mut [[f32; 4]], [f32; LANES]),
    ) {
        let area = self.clip(frame, bounds);
        for row in area.top..area.bottom {
            let y = frame.y(row);
            for left in (area.left..area.right).step_by(LANES) {
                // Whole numbers first: the sum is exact wherever the run begins.
                let first = left as f32 + 0.5;
                let mut lanes = [0.0; LANES];
                for (i, lane) in lanes.iter_mut().enumerate() {
                    *lane = value((first + i as f32 - frame.origin[0]) * frame.step[0], y);
                }
                let right = (left + LANES).min(area.right);
                lay(self.row_mut(row, left, right), lanes);
            }
        }
    }

    /// The pixels of the tile that `bounds` touches.
    fn clip(&self, frame: &Frame, bounds: Bounds) -> Area {
        let [a, b] = bounds.x.map(|x| frame.origin[0] + x * frame.unit * frame.facing);
        let [top, bottom] = bounds.y.map(|y| frame.origin[1] + y * frame.unit);
        // A pixel's cover ends half a pixel beyond the edge, so the pixels that the box touches are
        // all there are. A float too small or too large for usize saturates: just what is wanted.
        let first = |edge: f32, least: usize| (edge as usize).max(least);
        let past = |edge: f32, most: usize| ((edge + 1.0) as usize).min(most);
        let (left, top) = (first(a.min(b), self.area.left), first(top, self.area.top));
        let (right, bottom) = (past(a.max(b), self.area.right), past(bottom, self.area.bottom));
        Area { left, right: right.max(left), top, bottom: bottom.max(top) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: ImageSize = ImageSize { width: 16, height: 16 };

    fn whole(size: ImageSize) -> Tile {
        let mut tile = Tile::new();
        tile.move_to(Area { left: 0, right: size.width, top: 0, bottom: size.height });
        tile
    }

    #[test]
    fn areas_cover_every_pixel_once_in_order() {
        for (width, height) in [(8, 8), (33, 70), (3000, 2), (1, 5000)] {
            let size = ImageSize { width, height };
            let mut next = 0;
            for area in Tile::areas(size) {
                assert!((area.right - area.left) * (area.bottom - area.top) <= CAPACITY);
                for row in area.top..area.bottom {
                    for column in area.left..area.right {
                        assert_eq!(row * width + column, next);
                        next += 1;
                    }
                }
            }
            assert_eq!(next, width * height);
        }
    }

    #[test]
    fn an_edge_through_a_pixel_covers_its_share() {
        let (frame, mut tile) = (Frame::of(SIZE), whole(SIZE));
        let bounds = Bounds { x: [-1.0, 1.0], y: [-1.0, 1.0] };
        // A half-plane whose edge lies a quarter into column 10.
        let edge = (10.25 - 8.0) / 8.0;
        tile.paint(&frame, bounds, [1.0, 0.5, 0.0], 1.0, |x, _| frame.cover(x - edge));
        let row = tile.row_mut(3, 0, 16);
        assert!((row[9][0] - 1.0).abs() < 1e-5 && row[11][0].abs() < 1e-5);
        assert!((row[10][0] - 0.25).abs() < 1e-5 && (row[10][1] - 0.125).abs() < 1e-5);
    }

    #[test]
    fn where_tiles_are_cut_changes_no_bit() {
        let frame = Frame::new([7.3, 8.1], 6.7, -1.0);
        let bounds = Bounds { x: [-0.9, 0.7], y: [-0.8, 0.9] };
        let paint = |tile: &mut Tile| {
            tile.paint_rimmed(&frame, bounds, [[0.9, 0.1, 0.3], [0.2; 3]], 0.1, 0.7, |x, y| {
                (x * x + 0.7 * y * y).sqrt() - 0.55
            });
        };
        let mut all = whole(SIZE);
        paint(&mut all);
        let mut part = Tile::new();
        part.move_to(Area { left: 5, right: 13, top: 3, bottom: 14 });
        paint(&mut part);
        for row in 3..14 {
            assert_eq!(part.row_mut(row, 5, 13), all.row_mut(row, 5, 13));
        }
    }

    #[test]
    fn nothing_is_painted_outside_the_bounds() {
        let mut tile = whole(SIZE);
        for facing in [1.0, -1.0] {
            let frame = Frame::new([8.0, 8.0], 8.0, facing);
            let bounds = Bounds { x: [2.0, 3.0], y: [-1.0, 1.0] };
            tile.paint(&frame, bounds, [1.0; 3], 1.0, |_, _| 1.0);
        }
        assert!(tile.pixels().iter().all(|pixel| pixel == &[0.0; 4]));
    }
}
