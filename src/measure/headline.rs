//! The three numbers that a model is known by.

use serde::{Deserialize, Serialize};

use super::accuracy::WorstGroup;
use super::causation::{ClassCausation, FactorCausation};
use super::condition::Reach;

/// How much the predictions change with what is no cause of the label.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reliance {
    /// Mean over spurious and nuisance factors of the direct reliance; null where there are none.
    pub mean: Option<f64>,
    /// The largest of them.
    pub worst: Option<f64>,
    /// The factor of the largest.
    pub factor: Option<String>,
}

/// A model in a few numbers. What the scene or the data can't tell is null.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Headline {
    /// The accuracy in the worst group of label and spurious factor.
    pub worst_group: Option<f64>,
    /// How much it relies on what is no cause (direct).
    pub reliance: Reliance,
    /// How far it is from the causes: mean of |learned - true| PNS (total) over causes, classes and
    /// both directions. 0 is perfect.
    pub grasp: Option<f64>,
    /// The same over all factors.
    pub causal_error: Option<f64>,
}

/// The headline of what was measured.
#[must_use]
pub fn headline(causation: &[FactorCausation], worst_group: Option<&WorstGroup>) -> Headline {
    let relied: Vec<(f64, &str)> = causation
        .iter()
        .filter(|factor| factor.is_no_cause())
        .filter_map(|factor| Some((factor.reliance(Reach::Direct)?, factor.factor.as_str())))
        .collect();
    // The first of equals.
    let worst = relied.iter().copied().reduce(|a, b| if b.0 > a.0 { b } else { a });
    Headline {
        worst_group: worst_group.map(|group| group.accuracy),
        reliance: Reliance {
            mean: mean(relied.iter().map(|(value, _)| *value)),
            worst: worst.map(|(value, _)| value),
            factor: worst.map(|(_, name)| name.to_owned()),
        },
        grasp: mean(errors(causation.iter().filter(|factor| factor.is_cause()))),
        causal_error: mean(errors(causation.iter())),
    }
}

fn errors<'a>(factors: impl Iterator<Item = &'a FactorCausation>) -> impl Iterator<Item = f64> {
    factors.flat_map(|factor| &factor.classes).flat_map(ClassCausation::errors)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_usize), |(sum, n), value| (sum + value, n + 1));
    (count > 0).then(|| sum / count as f64)
}
