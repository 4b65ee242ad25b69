//! Styles: from a factor's value to a place between 0 and 1.

use crate::causal::{Range, normal_cdf};
use crate::modality::vector::Squash;
use crate::scene::{Beyond, StyleSquash};

/// A factor that is shown as a style: its value is mapped to [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::scene) struct Style {
    pub factor: usize,
    pub rule: Rule,
}

/// How values are mapped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::scene) enum Rule {
    /// From the low end of a range to its high end.
    Line { low: f64, width: f64, beyond: Option<Beyond> },
    /// By a squash.
    Squash(StyleSquash),
}

impl Rule {
    /// The rule that shows a range.
    pub const fn of(range: Range, beyond: Option<Beyond>) -> Self {
        Self::Line { low: range.low, width: range.high - range.low, beyond }
    }

    /// The range that it shows, and what becomes of values beyond it.
    pub const fn range(self) -> Option<(Range, Option<Beyond>)> {
        match self {
            Self::Line { low, width, beyond } => Some((Range { low, high: low + width }, beyond)),
            Self::Squash(_) => None,
        }
    }

    /// The place of a value, from 0 to 1.
    pub fn place(self, value: f64) -> f64 {
        match self {
            Self::Line { low, width, beyond } => within((value - low) / width, beyond),
            Self::Squash(StyleSquash::Normal { mean, sd }) => normal_cdf((value - mean) / sd),
            Self::Squash(StyleSquash::Logistic { centre, scale }) => {
                Squash::Sigmoid.of((value - centre) / scale)
            }
        }
    }
}

/// A place brought into [0, 1].
fn within(t: f64, beyond: Option<Beyond>) -> f64 {
    match beyond {
        _ if (0.0..=1.0).contains(&t) => t,
        // A scene in which values could leave the range isn't played: all that is cut off is
        // rounding.
        None | Some(Beyond::Clamp) => t.clamp(0.0, 1.0),
        Some(Beyond::Wrap) => t.rem_euclid(1.0),
        Some(Beyond::Reflect) => 1.0 - (t.rem_euclid(2.0) - 1.0).abs(),
    }
}

impl Style {
    /// What is told of it; a style that nothing is bound to stays in the middle.
    pub fn value(style: Option<Self>, factors: &[f64]) -> f32 {
        style.map_or(0.5, |style| style.rule.place(factors[style.factor]) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RANGE: Range = Range { low: -2.0, high: 6.0 };

    fn places(beyond: Beyond, values: &[f64]) -> Vec<f64> {
        values.iter().map(|&x| Rule::of(RANGE, Some(beyond)).place(x)).collect()
    }

    #[test]
    fn what_lies_beyond_goes_where_the_rule_says() {
        let values = [-2.0, 0.0, 6.0, 8.0, 14.0, -4.0, -12.0];
        assert_eq!(places(Beyond::Clamp, &values), [0.0, 0.25, 1.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(places(Beyond::Reflect, &values), [0.0, 0.25, 1.0, 0.75, 0.0, 0.25, 0.75]);
        assert_eq!(places(Beyond::Wrap, &values), [0.0, 0.25, 1.0, 0.25, 0.0, 0.75, 0.75]);
    }

    #[test]
    fn squashes_have_their_middle_and_quartiles() {
        let normal = Rule::Squash(StyleSquash::Normal { mean: 5.0, sd: 2.0 });
        assert!((normal.place(5.0) - 0.5).abs() < 1e-12);
        assert!((normal.place(5.0 + 2.0 * 0.674_489_750_196) - 0.75).abs() < 1e-9);
        let logistic = Rule::Squash(StyleSquash::Logistic { centre: -1.0, scale: 0.5 });
        assert_eq!(logistic.place(-1.0), 0.5);
        assert!((logistic.place(-1.0 + 0.5 * 3.0_f64.ln()) - 0.75).abs() < 1e-12);
    }

    fn rules() -> impl Strategy<Value = Rule> {
        let beyond = prop_oneof![
            Just(None),
            Just(Some(Beyond::Clamp)),
            Just(Some(Beyond::Reflect)),
            Just(Some(Beyond::Wrap)),
        ];
        let line = (-50.0..50.0, 0.01..50.0, beyond).prop_map(|(low, width, beyond)| Rule::Line {
            low,
            width,
            beyond,
        });
        let normal = (-50.0..50.0, 0.01..20.0)
            .prop_map(|(mean, sd)| Rule::Squash(StyleSquash::Normal { mean, sd }));
        let logistic = (-50.0..50.0, 0.01..20.0)
            .prop_map(|(centre, scale)| Rule::Squash(StyleSquash::Logistic { centre, scale }));
        prop_oneof![line, normal, logistic]
    }

    proptest! {
        /// Clamped ranges and squashes never fall; nothing ever leaves [0, 1].
        #[test]
        fn places_lie_between_0_and_1_and_rise(rule in rules(), a in -1e3..1e3, b in -1e3..1e3) {
            let (small, large) = if a < b { (a, b) } else { (b, a) };
            let (x, y) = (rule.place(small), rule.place(large));
            prop_assert!((0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y), "{x}, {y}");
            let folds = matches!(
                rule,
                Rule::Line { beyond: Some(Beyond::Reflect | Beyond::Wrap), .. }
            );
            prop_assert!(folds || x <= y, "{x} above {y}");
        }

        /// Within its range a linear rule is the same straight line, whatever lies beyond.
        #[test]
        fn within_the_range_it_is_a_line(
            low in -50.0..50.0, width in 0.01..50.0, t in 0.0..1.0, u in 0.0..1.0,
        ) {
            for beyond in [None, Some(Beyond::Clamp), Some(Beyond::Reflect), Some(Beyond::Wrap)] {
                let rule = Rule::Line { low, width, beyond };
                let place = |t: f64| rule.place(low + t * width);
                prop_assert!((place(t) - t).abs() < 1e-9);
                prop_assert!(t >= u || place(t) <= place(u));
            }
        }
    }
}
