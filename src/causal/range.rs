//! Intervals of numbers, and what arithmetic makes of them.
//!
//! Rounding is monotone: ends that are computed as values are can't be overstepped by rounding.

use std::fmt;

/// From the least to the greatest value; the ends may be infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The least value.
    pub low: f64,
    /// The greatest.
    pub high: f64,
}

/// 0 or 1.
const EITHER: Range = Range { low: 0.0, high: 1.0 };

/// What is within so small a part of a range's width is rounding.
const ROUNDING: f64 = 1e-9;

impl Range {
    /// Any number.
    pub const WHOLE: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };

    /// One number.
    #[must_use]
    pub const fn point(x: f64) -> Self {
        Self { low: x, high: x }
    }

    /// Whether both ends are finite.
    #[must_use]
    pub const fn is_bounded(self) -> bool {
        self.low.is_finite() && self.high.is_finite()
    }

    /// Whether all of `other` lies in it, but for rounding.
    #[must_use]
    pub fn holds(self, other: Self) -> bool {
        let slack = ROUNDING * (self.high - self.low);
        // A range without bounds has no slack to speak of.
        let slack = if slack.is_finite() { slack } else { 0.0 };
        other.low >= self.low - slack && other.high <= self.high + slack
    }

    /// Its ends without what is mere rounding: 0.9999999999999999 of a range of width 1 is 1.
    #[must_use]
    pub fn tidy(self) -> Self {
        let width = self.high - self.low;
        if !width.is_finite() || width <= 0.0 {
            return self;
        }
        let scale = 10_f64.powi(9 - width.log10().floor() as i32);
        let tidy = |x: f64| {
            let round = (x * scale).round() / scale;
            if (round - x).abs() <= 1e-12 * width { round } else { x }
        };
        Self { low: tidy(self.low), high: tidy(self.high) }
    }

    pub(super) fn new(low: f64, high: f64) -> Self {
        if low.is_nan() || high.is_nan() { Self::WHOLE } else { Self { low, high } }
    }

    /// What a rising function makes of it.
    pub(super) fn map(self, rising: impl Fn(f64) -> f64) -> Self {
        Self::new(rising(self.low), rising(self.high))
    }

    /// Both and what lies between.
    pub(super) fn hull(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self::new(self.low + other.low, self.high + other.high)
    }

    pub(super) fn negative(self) -> Self {
        Self { low: -self.high, high: -self.low }
    }

    /// From the products or quotients of the ends. 0 times any number is 0.
    pub(super) fn corners(self, other: Self, of: impl Fn(f64, f64) -> f64) -> Self {
        let corner = |a, b| Self::point(of(a, b)).finite_or(0.0);
        corner(self.low, other.low)
            .hull(corner(self.low, other.high))
            .hull(corner(self.high, other.low))
            .hull(corner(self.high, other.high))
    }

    fn finite_or(self, instead: f64) -> Self {
        if self.low.is_nan() { Self::point(instead) } else { self }
    }

    pub(super) fn times(self, other: Self) -> Self {
        self.corners(other, |a, b| a * b)
    }

    pub(super) fn over(self, other: Self) -> Self {
        if other.contains(0.0) { Self::WHOLE } else { self.corners(other, |a, b| a / b) }
    }

    pub(super) fn contains(self, x: f64) -> bool {
        self.low <= x && x <= self.high
    }

    /// Whether it's true (not 0) or false (0) throughout.
    pub(super) fn truth(self) -> Option<bool> {
        match self {
            Self { low: 0.0, high: 0.0 } => Some(false),
            range => (!range.contains(0.0)).then_some(true),
        }
    }

    pub(super) fn of_truth(truth: Option<bool>) -> Self {
        truth.map_or(EITHER, |truth| Self::point(f64::from(u8::from(truth))))
    }

    /// The whole numbers from its low end to its high one.
    pub(super) fn wholes(self) -> usize {
        (self.high - self.low) as usize + 1
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", short(self.low), short(self.high))
    }
}

/// A number with six digits at the most.
pub(crate) fn short(x: f64) -> f64 {
    format!("{x:.5e}").parse().unwrap_or(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_tidied_and_told_in_short() {
        let range = Range { low: 1e-17, high: 31.999_999_999_999_996 };
        assert_eq!(range.tidy(), Range { low: 0.0, high: 32.0 });
        let third = Range { low: 1.0 / 3.0, high: 2.0 };
        assert_eq!(third.tidy(), third);
        assert_eq!(third.to_string(), "0.333333 to 2");
        assert!(Range { low: 0.0, high: 1.0 }.holds(Range { low: -1e-12, high: 1.0 }));
        assert!(!Range { low: 0.0, high: 1.0 }.holds(Range { low: -1e-6, high: 1.0 }));
        assert!(!Range { low: 0.0, high: 1.0 }.holds(Range::WHOLE));
    }
}
