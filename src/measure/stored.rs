//! What a model has learned of a factor, counted over twins that are stored and can't be rendered
//! anew.
//!
//! A stored specimen is shown at its own value and, as its twin, at one other. Where the two are
//! the ends of the contrast, both hypothetical worlds are known: by consistency the world as it is
//! is the one under `do(factor = its value)`. PN needs present specimens with absent twins, PS the
//! reverse, PNS all specimens; what the twins don't show is left open.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{C3Risk, Causation};
use crate::causal::causation::{Counts, Side};
use crate::causal::wilson;

/// A specimen and its twin: the factor's value in both, and whether the model sees the class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The factor's value as it is.
    pub value: f64,
    /// Its value in the twin.
    pub twin_value: f64,
    /// Whether the model sees the class in the specimen.
    pub verdict: bool,
    /// Whether it sees it in the twin.
    pub twin_verdict: bool,
}

/// A share of specimens with its 95% interval (Wilson).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// The share.
    pub value: f64,
    /// The interval.
    pub interval: [f64; 2],
    /// How many specimens it was counted over.
    pub specimens: usize,
}

/// PN, PS and PNS with the model's verdict in the place of the label; `None` where the stored twins
/// don't tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct StoredLearned {
    /// Learned probability of necessity.
    pub pn: Option<Share>,
    /// Learned probability of sufficiency.
    pub ps: Option<Share>,
    /// Learned probability of necessity and sufficiency.
    pub pns: Option<Share>,
}

/// One factor: the truth that is stored with the data, and what the model has learned.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoredCausation {
    /// The factor's name.
    pub factor: String,
    /// Its role, where it's stored.
    pub role: Option<String>,
    /// The stored truth, where there is one.
    #[serde(rename = "true")]
    pub truth: Option<Causation>,
    /// What the model says.
    pub learned: StoredLearned,
}

/// Everything measured of a model that was trained on stored data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoredMetrics {
    /// The folder.
    pub data: String,
    /// The scene's name, where it's stored.
    pub scene: Option<String>,
    /// The host model.
    pub method: String,
    /// The objective.
    pub objective: String,
    /// The seed of weights and order.
    pub seed: u64,
    /// Updates made.
    pub steps: usize,
    /// Seconds of training.
    pub seconds: f64,
    /// Specimens trained on per second.
    pub samples_per_second: f64,
    /// Accuracy on each split that wasn't trained on.
    pub accuracy: BTreeMap<String, f64>,
    /// The empirical C3 risk on the first of them.
    pub c3_risk: C3Risk,
    /// Truth and learned, factor by factor, over all of them.
    pub causation: Vec<StoredCausation>,
    /// Mean of `|learned PNS - true PNS|` over the factors that have both; `None` where none has.
    pub causal_error: Option<f64>,
    /// What the data don't tell, in words.
    pub notes: Vec<String>,
}

/// PN, PS and PNS of one factor between the values `(absent, present)`, counted over pairs.
#[must_use]
pub fn stored_causation((absent, present): (f64, f64), pairs: &[Pair]) -> StoredLearned {
    // Values are stored in 32 bits.
    let is = |value: f64, end: f64| value as f32 == end as f32;
    let continuous = pairs.iter().any(|p| p.value.fract() != 0.0);
    let side = |value: f64| match () {
        () if is(value, present) => Side::Present,
        () if is(value, absent) => Side::Absent,
        () if !continuous => Side::Other,
        () if (value - absent).abs() < (value - present).abs() => Side::Absent,
        () => Side::Present,
    };
    let mut counts = Counts::default();
    let mut known = 0;
    for pair in pairs {
        let side = side(pair.value);
        let twin_is_far = match side {
            Side::Present => is(pair.twin_value, absent),
            Side::Absent => is(pair.twin_value, present),
            Side::Other => false,
        };
        if !twin_is_far {
            continue;
        }
        let (without, with) = match side {
            Side::Present => (pair.twin_verdict, pair.verdict),
            _ => (pair.verdict, pair.twin_verdict),
        };
        counts.count(1.0, side, pair.verdict, without, with);
        known += usize::from(is(pair.value, absent) || is(pair.value, present));
    }
    let share = |part: f64, whole: f64| {
        let (part, whole) = (part as usize, whole as usize);
        (whole > 0).then(|| Share {
            value: part as f64 / whole as f64,
            interval: wilson(part, whole),
            specimens: whole,
        })
    };
    let everyone = known == pairs.len();
    StoredLearned {
        pn: share(counts.forward.lost, counts.forward.with_both),
        ps: share(counts.forward.gained, counts.forward.with_neither),
        pns: share(counts.forward.follows, counts.total).filter(|_| everyone),
    }
}

/// Mean of `|learned PNS - true PNS|` over the factors that have both.
#[must_use]
pub fn stored_error(causation: &[StoredCausation]) -> Option<f64> {
    let errors: Vec<f64> = causation
        .iter()
        .filter_map(|f| Some((f.learned.pns?.value - f.truth?.pns).abs()))
        .collect();
    (!errors.is_empty()).then(|| errors.iter().sum::<f64>() / errors.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(value: f64, twin_value: f64, verdict: bool, twin_verdict: bool) -> Pair {
        Pair { value, twin_value, verdict, twin_verdict }
    }

    #[test]
    fn both_ends_give_all_three() {
        let pairs = [
            pair(1.0, 0.0, true, false),
            pair(1.0, 0.0, true, true),
            pair(0.0, 1.0, false, true),
            pair(0.0, 1.0, true, true),
        ];
        let found = stored_causation((0.0, 1.0), &pairs);
        assert_eq!(found.pn.unwrap().value, 0.5);
        assert_eq!(found.ps.unwrap().value, 1.0);
        assert_eq!(found.pns.unwrap().value, 0.5);
        assert_eq!(found.pns.unwrap().specimens, 4);
    }

    #[test]
    fn one_operation_tells_of_one_end() {
        let pairs = [
            pair(1.0, 0.0, true, false),
            pair(0.0, 0.0, false, false),
            pair(1.0, 0.0, false, false),
        ];
        let found = stored_causation((0.0, 1.0), &pairs);
        assert_eq!((found.pn.unwrap().value, found.pn.unwrap().specimens), (1.0, 1));
        assert_eq!((found.ps, found.pns), (None, None));
    }

    #[test]
    fn a_continuous_factor_has_sides_but_no_pns() {
        let pairs = [pair(0.8, 0.1, true, false), pair(0.2, 0.9, false, false)];
        let found = stored_causation((0.1, 0.9), &pairs);
        assert_eq!(found.pn.unwrap().value, 1.0);
        assert_eq!(found.ps.unwrap().value, 0.0);
        assert_eq!(found.pns, None);
    }

    #[test]
    fn without_twins_there_is_nothing() {
        assert_eq!(stored_causation((0.0, 1.0), &[]), StoredLearned::default());
        assert_eq!(stored_error(&[]), None);
    }
}
