//! A piece of a picture that fits on the stack, and the ways of painting on it.
//!
//! A picture is painted tile by tile, so no size needs an allocation. Coordinates come from
//! absolute pixel positions: where the tiles are cut cannot change a bit. Red, green and blue lie
//! apart, and everything is evaluated for eight neighbouring pixels at a time, so that a vector
//! unit has eight numbers of a kind. What paints is inlined into its caller, which may be compiled
//! for several vector units.

use super::ImageSize;

/// Red, green and blue in \[0, 1\].
pub type Colour = [f32; 3];

/// Pixels evaluated together, a block; a fixed number lets the compiler use vector instructions.
const LANES: usize = 8;

/// Columns whose waves are tabulated together.
const CHUNK: usize = 32;

/// The colour `part` of the way from `from` to `to`.
#[must_use]
pub fn mix(from: Colour, to: Colour, part: f32) -> Colour {
    [0, 1, 2].map(|i| from[i] + part * (to[i] - from[i]))
}

/// The number `part` of the way from `from` to `to`.
#[inline(always)]
fn between(from: f32, to: f32, part: f32) -> f32 {
    from + part * (to - from)
}

/// Writes numbers that come a few at a time into as many lanes, the `i`th few into the `i`th place.
#[inline(always)]
fn fill_lanes<const N: usize>(lanes: &mut [[f32; LANES]; N], values: impl Fn(usize) -> [f32; N]) {
    for i in 0..LANES {
        for (lane, value) in lanes.iter_mut().zip(values(i)) {
            lane[i] = value;
        }
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

    /// The same frame with its origin moved to `point`.
    #[inline]
    #[must_use]
    pub fn at(&self, point: [f32; 2]) -> Self {
        let [x, y] = self.origin;
        let origin = [x + point[0] * self.unit * self.facing, y + point[1] * self.unit];
        Self { origin, ..*self }
    }

    /// The same frame with x growing the other way.
    #[inline]
    #[must_use]
    pub fn mirrored(&self) -> Self {
        Self { facing: -self.facing, step: [-self.step[0], self.step[1]], ..*self }
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
    #[inline(always)]
    #[must_use]
    pub fn cover(&self, distance: f32) -> f32 {
        (0.5 - distance * self.unit).clamp(0.0, 1.0)
    }

    /// The x of the centre of pixel column `column`.
    #[inline(always)]
    #[must_use]
    pub fn x(&self, column: usize) -> f32 {
        (column as f32 + 0.5 - self.origin[0]) * self.step[0]
    }

    /// The y of the centre of pixel row `row`.
    #[inline(always)]
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

/// A way to colour a block of pixels by what was evaluated for each of them.
trait Ink {
    /// Colours red, green and blue of a block; a pixel whose `open` is 0 stays as it is.
    fn lay(&self, pixels: [&mut [f32]; 3], values: &[f32; LANES], open: &[f32; LANES]);
}

/// One colour, by coverage.
struct Plain {
    colour: Colour,
    opacity: f32,
}

impl Ink for Plain {
    #[inline(always)]
    fn lay(&self, pixels: [&mut [f32]; 3], coverage: &[f32; LANES], open: &[f32; LANES]) {
        for (pixels, ink) in pixels.into_iter().zip(self.colour) {
            for i in 0..LANES {
                pixels[i] = between(pixels[i], ink, self.opacity * coverage[i] * open[i]);
            }
        }
    }
}

/// One colour within an edge and another around it, by distance.
struct Rimmed<'a> {
    frame: &'a Frame,
    rim: Colour,
    fill: Colour,
    rim_width: f32,
    opacity: f32,
}

impl Ink for Rimmed<'_> {
    #[inline(always)]
    fn lay(&self, pixels: [&mut [f32]; 3], distance: &[f32; LANES], open: &[f32; LANES]) {
        let (mut outer, mut inner) = ([0.0; LANES], [0.0; LANES]);
        for i in 0..LANES {
            outer[i] = self.opacity * self.frame.cover(distance[i] - self.rim_width) * open[i];
            inner[i] = self.frame.cover(distance[i]);
        }
        for ((pixels, rim), fill) in pixels.into_iter().zip(self.rim).zip(self.fill) {
            for i in 0..LANES {
                pixels[i] = between(pixels[i], between(rim, fill, inner[i]), outer[i]);
            }
        }
    }
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

impl Area {
    /// Pixels from left to right.
    #[must_use]
    pub fn width(&self) -> usize {
        self.right - self.left
    }

    /// Pixels from top to bottom.
    #[must_use]
    pub fn height(&self) -> usize {
        self.bottom - self.top
    }
}

/// The pixels of one area of a picture. They come first and start at a line of the cache, so that
/// no block of a ground lies across two.
#[repr(C, align(64))]
pub struct Tile {
    channels: [[f32; Tile::CAPACITY]; 3],
    area: Area,
    /// From a pixel to the one below it: the width, rounded up to whole blocks.
    stride: usize,
}

impl Tile {
    /// Pixels that a tile has room for: a whole picture of 32 x 32.
    pub const CAPACITY: usize = 1024;

    /// A blank tile, to be placed with [`Tile::move_to`].
    #[must_use]
    pub fn new() -> Self {
        let area = Area { left: 0, right: 0, top: 0, bottom: 0 };
        Self { area, stride: 0, channels: [[0.0; Self::CAPACITY]; 3] }
    }

    /// The areas that together make up the picture, row by row from the upper left.
    pub fn areas(size: ImageSize) -> impl Iterator<Item = Area> {
        let columns = size.width.clamp(1, Self::CAPACITY);
        let rows = Self::CAPACITY / columns.next_multiple_of(LANES);
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
        self.stride = area.width().next_multiple_of(LANES);
    }

    /// The area it shows.
    #[must_use]
    pub fn area(&self) -> Area {
        self.area
    }

    /// Red, green and blue of all pixels, row after row, and how many numbers apart two rows start.
    /// What lies between the end of a row and the start of the next counts for nothing.
    #[inline(always)]
    #[must_use]
    pub fn channels(&self) -> (&[[f32; Self::CAPACITY]; 3], usize) {
        (&self.channels, self.stride)
    }

    /// The colours of its pixels, row by row.
    #[cfg(test)]
    pub fn pixels(&self) -> impl Iterator<Item = Colour> {
        let places = (0..self.area.height()).flat_map(move |row| {
            (0..self.area.width()).map(move |column| row * self.stride + column)
        });
        places.map(|at| self.channels.each_ref().map(|channel| channel[at]))
    }

    /// Lays a ground over the whole tile: `base`, made lighter by a texture that is a function of
    /// some waves across the picture (of x alone) and some down it (of y alone). So only columns
    /// and rows need a wave, not every pixel.
    #[inline(always)]
    pub fn lay<const ACROSS: usize, const DOWN: usize>(
        &mut self,
        frame: &Frame,
        base: Colour,
        across: impl Fn(f32) -> [f32; ACROSS],
        down: impl Fn(f32) -> [f32; DOWN],
        light: impl Fn([f32; ACROSS], [f32; DOWN]) -> f32,
    ) {
        let Self { area, stride, channels } = self;
        for chunk in (0..*stride).step_by(CHUNK) {
            let blocks = (*stride - chunk).min(CHUNK) / LANES;
            let mut columns = [[[0.0; LANES]; ACROSS]; CHUNK / LANES];
            for (block, columns) in columns[..blocks].iter_mut().enumerate() {
                let first = area.left + chunk + block * LANES;
                fill_lanes(columns, |i| across(frame.x(first + i)));
            }
            for group in (0..area.height()).step_by(LANES) {
                let mut rows = [[0.0; LANES]; DOWN];
                fill_lanes(&mut rows, |i| down(frame.y(area.top + group + i)));
                for i in 0..LANES.min(area.height() - group) {
                    let row = rows.map(|wave| wave[i]);
                    for (block, columns) in columns[..blocks].iter().enumerate() {
                        let at = (group + i) * *stride + chunk + block * LANES;
                        let mut lights = [0.0; LANES];
                        for (lane, to) in lights.iter_mut().enumerate() {
                            *to = light(columns.map(|wave| wave[lane]), row);
                        }
                        for (channel, base) in channels.iter_mut().zip(base) {
                            for (pixel, light) in channel[at..at + LANES].iter_mut().zip(lights) {
                                *pixel = base + light;
                            }
                        }
                    }
                }
            }
        }
    }

    /// Lays a colour over the picture wherever `coverage` (of a point in the frame) is above 0.
    #[inline(always)]
    pub fn paint(
        &mut self,
        frame: &Frame,
        bounds: Bounds,
        colour: Colour,
        opacity: f32,
        coverage: impl Fn(f32, f32) -> f32,
    ) {
        self.lay_ink(frame, bounds, coverage, &Plain { colour, opacity });
    }

    /// Fills a shape and draws its edge in another colour, `rim_width` wide and outside the shape.
    #[inline(always)]
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
        self.lay_ink(frame, bounds, distance, &Rimmed { frame, rim, fill, rim_width, opacity });
    }

    /// Evaluates `value` over the part of the tile within `bounds`, a block of pixels at a time,
    /// and lays ink by it.
    #[inline(always)]
    fn lay_ink(
        &mut self,
        frame: &Frame,
        bounds: Bounds,
        value: impl Fn(f32, f32) -> f32,
        ink: &impl Ink,
    ) {
        let area = self.clip(frame, bounds);
        let blocks = area.width().div_ceil(LANES);
        // The first block starts where the area does, unless the last one would leave the tile.
        let start = (area.left - self.area.left).min(self.stride - blocks * LANES);
        for block in 0..blocks {
            let at = start + block * LANES;
            let column = self.area.left + at;
            let (mut x, mut open) = ([0.0; LANES], [0.0; LANES]);
            for i in 0..LANES {
                // Whole numbers and halves: all of it is exact, wherever the block begins.
                let middle = column as f32 + (i as f32 + 0.5);
                x[i] = (middle - frame.origin[0]) * frame.step[0];
                let within = (area.left as f32) < middle && middle < area.right as f32;
                open[i] = if within { 1.0 } else { 0.0 };
            }
            for row in area.top..area.bottom {
                let y = frame.y(row);
                let mut values = [0.0; LANES];
                for i in 0..LANES {
                    values[i] = value(x[i], y);
                }
                let at = (row - self.area.top) * self.stride + at;
                let [red, green, blue] = &mut self.channels;
                let pixels = [
                    &mut red[at..at + LANES],
                    &mut green[at..at + LANES],
                    &mut blue[at..at + LANES],
                ];
                ink.lay(pixels, &values, &open);
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
                assert!((area.right - area.left) * (area.bottom - area.top) <= Tile::CAPACITY);
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
        let row: Vec<_> = tile.pixels().skip(3 * 16).take(16).collect();
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
        for (left, right) in [(5, 13), (0, 16), (2, 15), (9, 12)] {
            let mut part = Tile::new();
            part.move_to(Area { left, right, top: 3, bottom: 14 });
            paint(&mut part);
            let rows = all.pixels().collect::<Vec<_>>();
            let rows = rows.chunks(16).take(14).skip(3);
            let expected = rows.flat_map(|row| &row[left..right]).copied();
            assert!(part.pixels().eq(expected), "{left} to {right}");
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
        assert!(tile.pixels().all(|pixel| pixel == [0.0; 3]));
    }
}
