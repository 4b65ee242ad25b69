//! The values that nodes can take: intervals, worked out along the mechanisms.
//!
//! An interval holds every value of its node and may be wider than needed where an expression reads
//! one continuous node twice. Discrete parents are gone through value by value. Rounding is monotone,
//! so ends that are computed as values are can't be overstepped by rounding either.

use std::fmt;

use super::expression::{Expression, Function, Leaf, Operator};
use super::law::Form;
use super::{Action, Interventions, Law, NodeId, Scm};

/// From the least to the greatest value; the ends may be infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The least value.
    pub low: f64,
    /// The greatest.
    pub high: f64,
}

/// The noise of a node: uniform in (0, 1), as it is drawn, without the ends.
const NOISE: Range = Range { low: f64::EPSILON / 2.0, high: 1.0 - f64::EPSILON / 2.0 };

/// 0 or 1.
const EITHER: Range = Range { low: 0.0, high: 1.0 };

/// The most combinations of discrete parents that are gone through.
const COMBINATIONS: usize = 4096;

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

    fn new(low: f64, high: f64) -> Self {
        if low.is_nan() || high.is_nan() { Self::WHOLE } else { Self { low, high } }
    }

    /// What a rising function makes of it.
    fn map(self, rising: impl Fn(f64) -> f64) -> Self {
        Self::new(rising(self.low), rising(self.high))
    }

    /// Both and what lies between.
    fn hull(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    fn plus(self, other: Self) -> Self {
        Self::new(self.low + other.low, self.high + other.high)
    }

    fn negative(self) -> Self {
        Self { low: -self.high, high: -self.low }
    }

    /// From the products or quotients of the ends. 0 times any number is 0.
    fn corners(self, other: Self, of: impl Fn(f64, f64) -> f64) -> Self {
        let corner = |a, b| Self::point(of(a, b)).finite_or(0.0);
        corner(self.low, other.low)
            .hull(corner(self.low, other.high))
            .hull(corner(self.high, other.low))
            .hull(corner(self.high, other.high))
    }

    fn finite_or(self, instead: f64) -> Self {
        if self.low.is_nan() { Self::point(instead) } else { self }
    }

    fn times(self, other: Self) -> Self {
        self.corners(other, |a, b| a * b)
    }

    fn over(self, other: Self) -> Self {
        if other.contains(0.0) { Self::WHOLE } else { self.corners(other, |a, b| a / b) }
    }

    fn contains(self, x: f64) -> bool {
        self.low <= x && x <= self.high
    }

    /// Whether it's true (not 0) or false (0) throughout.
    fn truth(self) -> Option<bool> {
        match self {
            Self { low: 0.0, high: 0.0 } => Some(false),
            range => (!range.contains(0.0)).then_some(true),
        }
    }

    fn of_truth(truth: Option<bool>) -> Self {
        truth.map_or(EITHER, |truth| Self::point(f64::from(u8::from(truth))))
    }

    /// The whole numbers from its low end to its high one.
    fn wholes(self) -> usize {
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

impl Scm {
    /// The range of every node under the interventions, and under what the model holds. Which
    /// specimens are kept plays no part: a selection may leave less.
    #[must_use]
    pub fn ranges(&self, interventions: &Interventions) -> Vec<Range> {
        let mut ranges = vec![Range::WHOLE; self.len()];
        for (id, node) in self.in_causal_order() {
            let of = |law, natural| self.range_of(law, &ranges, natural);
            let own = || of(&node.law, Range::WHOLE);
            ranges[id] = match interventions.on(id).or_else(|| self.held.on(id)) {
                None => own(),
                Some(Action::Set(value)) => Range::point(*value),
                Some(Action::Follow(law)) => of(law, Range::WHOLE),
                Some(Action::Shift(by)) => own().plus(Range::point(*by)),
                Some(Action::Scale(by)) => own().times(Range::point(*by)),
                Some(Action::Apply(law)) => of(law, own()),
            };
        }
        ranges
    }

    /// The range of a law, given those of the nodes before it.
    fn range_of(&self, law: &Law, ranges: &[Range], natural: Range) -> Range {
        let values = |size: usize| Range { low: 0.0, high: (size - 1) as f64 };
        let discrete = || law.domain.size().map_or(Range::WHOLE, values);
        match &law.form {
            Form::Constant(value) => Range::point(*value),
            Form::Uniform { low, width } => Range { low: *low, high: low + width },
            Form::Copy { flip: 0.0 } => ranges[law.parents[0]],
            Form::Equation(expression) if law.domain.size().is_none() => {
                self.range_of_expression(expression, ranges, natural)
            }
            Form::Linear { weights, intercept, sd } => {
                if *sd > 0.0 {
                    return Range::WHOLE;
                }
                let terms = law.parents.iter().zip(weights);
                let term = |(&p, &w): (&NodeId, &f64)| Range::point(w).times(ranges[p]);
                let sum = terms.map(term).fold(Range::point(0.0), Range::plus);
                Range::point(*intercept).plus(sum)
            }
            Form::Equation(_)
            | Form::Table { .. }
            | Form::Gate { .. }
            | Form::Cases { .. }
            | Form::Copy { .. }
            | Form::Threshold { .. }
            | Form::Logistic { .. }
            | Form::Mixture { .. } => discrete(),
        }
    }

    /// The range of an expression: over every combination of its discrete parents, where they are
    /// few enough.
    fn range_of_expression(
        &self,
        expression: &Expression<Leaf>,
        ranges: &[Range],
        natural: Range,
    ) -> Range {
        let mut discrete = expression.parents();
        discrete.retain(|&p| self.domain(p).size().is_some() && ranges[p].is_bounded());
        let count = discrete.iter().try_fold(1_usize, |n, &p| n.checked_mul(ranges[p].wholes()));
        let Some(count) = count.filter(|&count| count <= COMBINATIONS) else {
            return expression.reach(&|leaf| leaf_range(leaf, ranges, natural)).settled();
        };
        let mut fixed = ranges.to_vec();
        let mut all: Option<Range> = None;
        for combination in 0..count {
            let mut rest = combination;
            for &p in &discrete {
                let size = ranges[p].wholes();
                fixed[p] = Range::point(ranges[p].low + (rest % size) as f64);
                rest /= size;
            }
            let one = expression.reach(&|leaf| leaf_range(leaf, &fixed, natural)).settled();
            all = Some(all.map_or(one, |all| all.hull(one)));
        }
        all.unwrap_or(Range::WHOLE)
    }
}

fn leaf_range(leaf: Leaf, ranges: &[Range], natural: Range) -> Range {
    match leaf {
        Leaf::Node(node) => ranges[node],
        Leaf::Uniform => NOISE,
        Leaf::Normal => Range::WHOLE,
        Leaf::Natural => natural,
    }
}

/// The values of a part of an expression.
#[derive(Clone, Copy)]
struct Reach {
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
    fn settled(self) -> Range {
        if self.odd { self.range.hull(Range::point(0.0)) } else { self.range }
    }
}

impl Expression<Leaf> {
    /// The values of the expression, given the ranges of its names.
    fn reach(&self, of: &dyn Fn(Leaf) -> Range) -> Reach {
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
            Self::Exp => x.map(f64::exp),
        };
        Reach { range, odd: a.odd }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::Mechanism;
    use crate::causal::exogenous::draw_rows;

    fn nodes() -> Vec<(&'static str, Mechanism)> {
        vec![
            ("coin", Mechanism::Bernoulli(0.5)),
            ("kind", Mechanism::Categorical(vec![0.25; 4])),
            ("size", Mechanism::Uniform(-1.0, 3.0)),
            ("height", Mechanism::Normal { mean: 1.0, sd: 2.0 }),
        ]
    }

    fn model(last: Mechanism) -> Scm {
        let mut all = nodes();
        all.push(("last", last));
        let pairs: Vec<(&str, &Mechanism)> = all.iter().map(|(n, m)| (*n, m)).collect();
        Scm::build(&pairs).unwrap()
    }

    fn range(last: Mechanism) -> Range {
        model(last).ranges(&Interventions::none())[4]
    }

    #[test]
    fn ranges_of_expressions_are_known_by_hand() {
        let whole = Range::WHOLE;
        for (text, low, high) in [
            ("floor(32 * uniform)", 0.0, 31.0),
            ("round(4 * uniform)", 0.0, 4.0),
            ("0.2 + 0.6 * size", -0.4, 2.0),
            ("kind / 2 - coin", -1.0, 1.5),
            ("kind * (kind == 2)", 0.0, 2.0),
            ("kind - kind", 0.0, 0.0),
            ("if(coin, size, 7)", -1.0, 7.0),
            ("if(size > 5, 100, kind)", 0.0, 3.0),
            ("clamp(height, -2, 2)", -2.0, 2.0),
            ("min(height, 4)", whole.low, 4.0),
            ("max(size, abs(size))", 0.0, 3.0),
            ("-abs(height)", whole.low, 0.0),
            ("exp(-abs(height))", 0.0, 1.0),
            ("sqrt(size + 1)", 0.0, 2.0),
            ("abs(size - 4)", 1.0, 5.0),
            ("1 / (3 + size)", 1.0 / 6.0, 0.5),
            ("1 / size", whole.low, whole.high),
            ("size * height", whole.low, whole.high),
            ("0 * height", 0.0, 0.0),
            ("size + 0.1 * normal", whole.low, whole.high),
            ("3 * (normal > 1)", 0.0, 3.0),
            // What is no finite number counts as 0 in the end, and leaves the other of two.
            ("2 + sqrt(size)", 0.0, 2.0 + 3.0_f64.sqrt()),
            ("exp(-abs(1 / size)) + 2", 0.0, 3.0),
            ("max(2 + sqrt(size), 1)", 1.0, 2.0 + 3.0_f64.sqrt()),
            ("clamp(1 / size, 1, 2)", 1.0, 2.0),
            ("if(1 / size, 5, 6)", 5.0, 6.0),
        ] {
            let found = range(Mechanism::Equation(text.into())).tidy();
            assert_eq!(found, Range { low, high }, "{text}");
        }
    }

    #[test]
    fn every_mechanism_has_its_range() {
        let terms = |sd| Mechanism::Linear {
            terms: vec![("size".into(), -2.0), ("kind".into(), 1.0)],
            intercept: 0.5,
            sd,
        };
        for (mechanism, low, high) in [
            (Mechanism::Constant(4.5), 4.5, 4.5),
            (Mechanism::Bernoulli(0.5), 0.0, 1.0),
            (Mechanism::Uniform(2.0, 5.0), 2.0, 5.0),
            (Mechanism::Clock { period: 10 }, 0.0, 1.0),
            (Mechanism::Gate { rule: "size > 0".into(), flip: 0.1 }, 0.0, 1.0),
            (Mechanism::Cases { rules: vec!["size > 0".into(); 3], flip: 0.0 }, 0.0, 3.0),
            (Mechanism::NoisyCopy { of: "kind".into(), flip: 0.0 }, 0.0, 3.0),
            (terms(0.0), -5.5, 5.5),
            (terms(0.1), f64::NEG_INFINITY, f64::INFINITY),
            (
                Mechanism::Threshold { terms: vec![("height".into(), 1.0)], above: 0.0, flip: 0.0 },
                0.0,
                1.0,
            ),
        ] {
            assert_eq!(range(mechanism.clone()), Range { low, high }, "{mechanism:?}");
        }
    }

    #[test]
    fn operations_move_ranges_with_what_depends_on_them() {
        let mut scm = model(Mechanism::Equation("size + 1".into()));
        let ranges = |scm: &Scm, action| {
            let mut done = Interventions::none();
            done.insert(2, action);
            let ranges = scm.ranges(&done);
            [ranges[2], ranges[4]].map(|r| (r.low, r.high))
        };
        assert_eq!(ranges(&scm, Action::Set(9.0)), [(9.0, 9.0), (10.0, 10.0)]);
        assert_eq!(ranges(&scm, scm.shift(2, 0.5).unwrap()), [(-0.5, 3.5), (0.5, 4.5)]);
        assert_eq!(ranges(&scm, scm.scale(2, -1.0).unwrap()), [(-3.0, 1.0), (-2.0, 2.0)]);
        let half = scm.apply(2, "min(natural, 0.5)").unwrap();
        assert_eq!(ranges(&scm, half.clone()), [(-1.0, 0.5), (0.0, 1.5)]);
        scm.hold(2, half, false);
        assert_eq!(scm.ranges(&Interventions::none())[4], Range { low: 0.0, high: 1.5 });
    }

    /// What is drawn lies in the range, for expressions in which all operators meet.
    #[test]
    fn no_draw_leaves_its_range() {
        for text in [
            "floor(7.3 * uniform) - kind * size",
            "if(size > 1 xor coin, size / (2 + coin), -size)",
            "clamp(height * size, -size, kind) + round(3 * size)",
            "sqrt(abs(size)) * exp(-size) - min(kind, size) * max(coin, -size)",
            "(size >= 0 and not coin) * size * size + (kind != 2 or height <= 1)",
        ] {
            let scm = model(Mechanism::Equation(text.into()));
            let ranges = scm.ranges(&Interventions::none());
            let mut rows = vec![0.0; 4000 * scm.len()];
            draw_rows(&scm, 3, 0, &mut rows);
            let mut values = vec![0.0; scm.len()];
            for row in rows.chunks_exact(scm.len()) {
                scm.propagate(row, &Interventions::none(), &mut values);
                for (value, range) in values.iter().zip(&ranges) {
                    assert!(range.contains(*value), "{text}: {value} in {range}");
                }
            }
            assert!(ranges[4].is_bounded(), "{text}");
        }
    }

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
