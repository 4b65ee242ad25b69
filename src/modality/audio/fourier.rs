//! The Fourier transforms of 16 signals at a time.
//!
//! Eight signals lie side by side in the lanes of a vector, and eight more are carried along as
//! imaginary parts. No shuffling is needed within a vector, and only additions and multiplications
//! in a fixed order: the bits are the same on every machine.

use std::f64::consts::TAU;

/// Signals side by side in one vector.
const LANES: usize = 8;

/// Signals transformed together.
pub(super) const SIGNALS: usize = 2 * LANES;

/// One point of eight complex signals: a line of the cache.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub(super) struct Point {
    re: [f32; LANES],
    im: [f32; LANES],
}

impl Point {
    /// The point of signals with these values, times a weight.
    #[inline(always)]
    pub(super) fn of(values: [f32; SIGNALS], weight: f32) -> Self {
        let mut point = Self::default();
        for i in 0..LANES {
            point.re[i] = weight * values[i];
            point.im[i] = weight * values[LANES + i];
        }
        point
    }
}

/// The two sums of two points: their own, and with the second taken off.
#[inline(always)]
fn both(from: [&Point; 2]) -> [Point; 2] {
    let [a, b] = from;
    let [mut sum, mut rest] = [Point::default(); 2];
    for i in 0..LANES {
        (sum.re[i], sum.im[i]) = (a.re[i] + b.re[i], a.im[i] + b.im[i]);
        (rest.re[i], rest.im[i]) = (a.re[i] - b.re[i], a.im[i] - b.im[i]);
    }
    [sum, rest]
}

/// The transform of four points, times complex numbers of length 1 (the first times 1).
#[inline(always)]
fn four(from: [&Point; 4], turns: [[f32; 2]; 3]) -> [Point; 4] {
    let [a, b, c, d] = from;
    let [[once_re, once_im], [twice_re, twice_im], [thrice_re, thrice_im]] = turns;
    let [mut zeroth, mut first, mut second, mut third] = [Point::default(); 4];
    for i in 0..LANES {
        let (even_re, even_im) = (a.re[i] + c.re[i], a.im[i] + c.im[i]);
        let (odd_re, odd_im) = (a.re[i] - c.re[i], a.im[i] - c.im[i]);
        let (sum_re, sum_im) = (b.re[i] + d.re[i], b.im[i] + d.im[i]);
        // The imaginary unit times b - d.
        let (turned_re, turned_im) = (d.im[i] - b.im[i], b.re[i] - d.re[i]);
        (zeroth.re[i], zeroth.im[i]) = (even_re + sum_re, even_im + sum_im);
        let (re, im) = (odd_re - turned_re, odd_im - turned_im);
        first.re[i] = once_re * re - once_im * im;
        first.im[i] = once_re * im + once_im * re;
        let (re, im) = (even_re - sum_re, even_im - sum_im);
        second.re[i] = twice_re * re - twice_im * im;
        second.im[i] = twice_re * im + twice_im * re;
        let (re, im) = (odd_re + turned_re, odd_im + turned_im);
        third.re[i] = thrice_re * re - thrice_im * im;
        third.im[i] = thrice_re * im + thrice_im * re;
    }
    [zeroth, first, second, third]
}

/// The transform of one length, a power of two.
pub(super) struct Fourier {
    /// `exp(-2 pi i k / length)` for every `k`.
    turns: Vec<[f32; 2]>,
}

impl Fourier {
    /// The transform of `length` points, a power of two.
    pub(super) fn new(length: usize) -> Self {
        let turn = |k: usize| {
            let (sine, cosine) = (-TAU * k as f64 / length as f64).sin_cos();
            [cosine as f32, sine as f32]
        };
        Self { turns: (0..length).map(turn).collect() }
    }

    /// How many points it transforms.
    pub(super) fn length(&self) -> usize {
        self.turns.len()
    }

    /// Transforms `points` in place. `spare` is of the same length, and overwritten.
    ///
    /// Stockham's way: every step takes points from one buffer and puts them, sorted a little
    /// further, into the other.
    #[inline(always)]
    pub(super) fn transform(&self, points: &mut Vec<Point>, spare: &mut Vec<Point>) {
        // `count` signals of `length` points are left, interleaved.
        let (mut length, mut count) = (self.length(), 1);
        while length >= 4 {
            self.fourfold(length, count, points, spare);
            std::mem::swap(points, spare);
            (length, count) = (length / 4, 4 * count);
        }
        if length == 2 {
            for i in 0..count {
                [spare[i], spare[i + count]] = both([&points[i], &points[i + count]]);
            }
            std::mem::swap(points, spare);
        }
    }

    /// Splits each of the signals into four of a quarter of the length.
    #[inline(always)]
    fn fourfold(&self, length: usize, count: usize, from: &[Point], to: &mut [Point]) {
        let quarter = length / 4;
        for (place, to) in to.chunks_exact_mut(4 * count).take(quarter).enumerate() {
            let step = place * count;
            let turns = [self.turns[step], self.turns[2 * step], self.turns[3 * step]];
            let (a, rest) = from[step..].split_at(quarter * count);
            let (b, rest) = rest.split_at(quarter * count);
            let (c, d) = rest.split_at(quarter * count);
            let (a, b, c, d) = (&a[..count], &b[..count], &c[..count], &d[..count]);
            for i in 0..count {
                [to[i], to[i + count], to[i + 2 * count], to[i + 3 * count]] =
                    four([&a[i], &b[i], &c[i], &d[i]], turns);
            }
        }
    }
}

/// Four times the power of each of the [`SIGNALS`] in bin `bin` of their transformed `points`.
#[inline(always)]
pub(super) fn fourfold_power(points: &[Point], bin: usize) -> [f32; SIGNALS] {
    let (here, there) = (&points[bin], &points[(points.len() - bin) % points.len()]);
    // The transform of a real signal is the same backwards but for the sign of its imaginary part;
    // that of an imaginary one but for the sign of its real part. So the two can be told apart.
    let mut power = [0.0; SIGNALS];
    for i in 0..LANES {
        let (re, im) = (here.re[i] + there.re[i], here.im[i] - there.im[i]);
        power[i] = re * re + im * im;
        let (re, im) = (here.im[i] + there.im[i], here.re[i] - there.re[i]);
        power[LANES + i] = re * re + im * im;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_transform_of_every_signal() {
        for length in [4, 8, 32, 64, 256] {
            let value = |signal: usize, n: usize| ((7 * n * n + 13 * signal) % 23) as f64 - 11.0;
            let point = |n| Point::of(std::array::from_fn(|signal| value(signal, n) as f32), 1.0);
            let mut points: Vec<Point> = (0..length).map(point).collect();
            Fourier::new(length).transform(&mut points, &mut vec![Point::default(); length]);
            for bin in 0..=length / 2 {
                let power = fourfold_power(&points, bin);
                for (signal, power) in power.into_iter().enumerate() {
                    let (mut re, mut im) = (0.0, 0.0);
                    for n in 0..length {
                        let (sine, cosine) = (TAU * (bin * n) as f64 / length as f64).sin_cos();
                        re += cosine * value(signal, n);
                        im -= sine * value(signal, n);
                    }
                    let exact = 4.0 * (re * re + im * im);
                    let tolerance = 1e-5 * exact + 1e-2;
                    assert!((f64::from(power) - exact).abs() < tolerance, "{power} {exact}");
                }
            }
        }
    }
}
