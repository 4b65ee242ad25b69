//! The values of expressions, given the ranges of their names.

use super::{Expression, Function, Leaf, Operator};
use crate::causal::Range;

/// The values of a part of an expression.
#[derive(Clone, Copy)]
pub(in crate::causal) struct Reach {
    /// All that are finite.
    range: Range,
    /// Whether it may be no finite number for some values of its names: `1 / size`.
    odd: bool,
}

impl Reach {
    const fn of(range: Range) -> Self {
        Self { range, odd: false }
    }

    /// Whether it's true or false throughout; what is no finite number is false or breaks a
    /// comparison, so nothing certain is said of it but that it's false already.
    fn truth(self) -> Option<bool> {
        self.range.truth().filter(|truth| !(self.odd && *truth))
    }

    /// The smaller or greater of two: what is no number leaves the other one.
    fn either(self, other: Self, of: impl Fn(f64, f64) -> f64) -> Self {
        let (a, b) = (self.range, other.range);
        let mut range = Range::new(of(a.low, b.low), of(a.high, b.high));
        if self.odd {
            range = range.hull(b);
        }
        if other.odd {
            range = range.hull(a);
        }
        Self { range, odd: self.odd && other.odd }
    }

    /// Its values as those of a whole expression, where what is no finite number counts as 0.
    pub fn settled(self) -> Range {
        if self.odd { self.range.hull(Range::point(0.0)) } else { self.range }
    }
}

impl Expression<Leaf> {
    /// The values of the expression, given the ranges of its names.
    pub fn reach(&self, of: &dyn Fn(Leaf) -> Range) -> Reach {
        match self {
            Self::Number(x) => Reach::of(Range::point(*x)),
            Self::Name(leaf) => Reach::of(of(*leaf)),
            Self::Not(a) => Reach::of(Range::of_truth(a.reach(of).truth().map(|truth| !truth))),
            Self::Negative(a) => {
                let a = a.reach(of);
                Reach { range: a.range.negative(), ..a }
            }
            Self::Binary(operator, a, b) => operator.reach(a.reach(of), b.reach(of)),
            Self::Call(function, arguments) => {
                let mut x = [Reach::of(Range::point(0.0)); 3];
                x.iter_mut().zip(arguments).for_each(|(x, argument)| *x = argument.reach(of));
                function.reach(x)
            }
        }
    }
}

impl Operator {
    fn reach(self, a: Reach, b: Reach) -> Reach {
        let odd = a.odd || b.odd;
        let less = |a: Range, b: Range| match () {
            () if odd => None,
            () if a.high < b.low => Some(true),
            () if a.low >= b.high => Some(false),
            () => None,
        };
        let equal = |a: Range, b: Range| match () {
            () if odd => None,
            () if a.high < b.low || b.high < a.low => Some(false),
            () if a.low == a.high && a == b => Some(true),
            () => None,
        };
        let not = |truth: Option<bool>| truth.map(|truth| !truth);
        let (x, y) = (a.range, b.range);
        let truth = match self {
            Self::Plus => return Reach { range: x.plus(y), odd },
            Self::Minus => return Reach { range: x.plus(y.negative()), odd },
            Self::Times => return Reach { range: x.times(y), odd },
            Self::Over => return Reach { range: x.over(y), odd: odd || y.contains(0.0) },
            Self::Remainder => return remainder(a, b),
            Self::Power => return power(a, b),
            Self::Or => match (a.truth(), b.truth()) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::And => match (a.truth(), b.truth()) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Xor => a.truth().zip(b.truth()).map(|(a, b)| a != b),
            Self::Less => less(x, y),
            Self::AtLeast => not(less(x, y)),
            Self::Greater => less(y, x),
            Self::AtMost => not(less(y, x)),
            Self::Equal => equal(x, y),
            Self::Unequal => not(equal(x, y)),
        };
        Reach::of(Range::of_truth(truth))
    }
}

/// `a % b` has the sign of a, and is no larger than either.
fn remainder(a: Reach, b: Reach) -> Reach {
    let (x, y) = (a.range, b.range);
    let most = y.high.abs().max(y.low.abs());
    let range = Range { low: -most.min((-x.low).max(0.0)), high: most.min(x.high.max(0.0)) };
    Reach { range, odd: a.odd || b.odd || y.contains(0.0) }
}

/// `a ^ b`: for a base of 0 or more it rises or falls all along in either, so that its ends lie in the
/// corners; so it does for a whole exponent, but for even ones at 0.
fn power(a: Reach, b: Reach) -> Reach {
    let (x, y) = (a.range, b.range);
    let odd = a.odd || b.odd || (x.contains(0.0) && y.low < 0.0);
    let corners = x.corners(y, f64::powf);
    if x.low >= 0.0 {
        return Reach { range: corners, odd };
    }
    if y.low == y.high && y.low.fract() == 0.0 && y.low >= 0.0 {
        let even = y.low % 2.0 == 0.0;
        let range = if even && x.contains(0.0) {
            corners.hull(Range::point(0.0_f64.powf(y.low)))
        } else {
            corners
        };
        return Reach { range, odd };
    }
    Reach { range: Range::WHOLE, odd: true }
}

impl Function {
    fn reach(self, [a, b, c]: [Reach; 3]) -> Reach {
        let x = a.range;
        let range = match self {
            Self::If => match a.truth() {
                Some(true) => return b,
                Some(false) => return c,
                None => return Reach { range: b.range.hull(c.range), odd: b.odd || c.odd },
            },
            Self::Min => return a.either(b, f64::min),
            Self::Max => return a.either(b, f64::max),
            Self::Clamp => return a.either(b, f64::max).either(c, f64::min),
            Self::Sqrt => {
                let range = x.map(|x| x.max(0.0).sqrt());
                return Reach { range, odd: a.odd || x.low < 0.0 };
            }
            Self::Abs if x.contains(0.0) => Range { low: 0.0, high: x.high.max(-x.low) },
            Self::Abs if x.low < 0.0 => x.negative(),
            Self::Abs => x,
            Self::Floor => x.map(f64::floor),
            Self::Round => x.map(f64::round),
            Self::Ceil => x.map(f64::ceil),
            Self::Exp => x.map(f64::exp),
            Self::Tanh => x.map(f64::tanh),
            Self::Log => {
                // Of what isn't positive there is none.
                let range = x.map(|x| if x > 0.0 { x.ln() } else { f64::NEG_INFINITY });
                return Reach { range, odd: a.odd || x.low <= 0.0 };
            }
            Self::Sin if x.low == x.high => Range::point(x.low.sin()),
            Self::Cos if x.low == x.high => Range::point(x.low.cos()),
            Self::Sin | Self::Cos => Range { low: -1.0, high: 1.0 },
            Self::Power => return power(a, b),
            Self::Remainder => return remainder(a, b),
        };
        Reach { range, odd: a.odd }
    }
}
