//! The values that nodes can take: intervals, worked out along the mechanisms.
//!
//! An interval holds every value of its node and may be wider than needed where an expression reads
//! one continuous node twice. Discrete parents are gone through value by value.

use super::expression::{Expression, Leaf};
use super::law::Form;
use super::{Action, Interventions, Law, NodeId, Range, Scm};

/// The noise of a node: uniform in (0, 1), as it is drawn, without the ends.
const NOISE: Range = Range { low: f64::EPSILON / 2.0, high: 1.0 - f64::EPSILON / 2.0 };

/// The most combinations of discrete parents that are gone through.
const COMBINATIONS: usize = 4096;

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
            Form::Equation(expression) | Form::Part(expression) if law.domain.size().is_none() => {
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
            | Form::Part(_)
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
}
