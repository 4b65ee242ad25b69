//! How a node's value follows from its parents and its noise, as a scene file declares it.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::Place;
use super::expression::{self, RESERVED};
use super::resolve::SUM_TOLERANCE;

/// A declared mechanism. Its parents are the nodes that it names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Mechanism {
    /// Always this value.
    Constant(f64),
    /// 1 with this probability, else 0.
    Bernoulli(f64),
    /// Category i with the i-th probability.
    Categorical(Vec<f64>),
    /// Uniform between two bounds.
    Uniform(f64, f64),
    /// Normal with this mean and standard deviation.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// A boolean rule over other nodes, turned over with probability `flip`:
    /// `Gate(rule: "wings and (flat_bill or webbed_paws)")`.
    Gate {
        /// The rule; `and`, `or`, `xor`, `not`, parentheses, comparisons with numbers.
        rule: String,
        /// Chance that the outcome is turned over.
        #[serde(default)]
        flip: f64,
    },
    /// A structural equation: any expression over other nodes and the node's own noise, `uniform`
    /// in (0, 1) or `normal`: `Equation("0.6 * size + 0.3 * normal")`. A comparison or logic makes
    /// the node binary; everything else is continuous, and what is no finite number counts as 0.
    Equation(String),
    /// The position of the first rule that holds, or their number where none does; with
    /// probability `flip` one of the other values instead.
    Cases {
        /// The rules.
        rules: Vec<String>,
        /// Chance of another value.
        #[serde(default)]
        flip: f64,
    },
    /// The place in the stream, from 0 to 1 once in `period` specimens, then from 0 again. What
    /// depends on it drifts. Specimens kept for evaluation come from all of the period alike.
    Clock {
        /// Specimens from beginning to end.
        period: u64,
    },
    /// Copies a discrete node; with probability `flip` takes one of its other values instead.
    NoisyCopy {
        /// The node that is copied.
        of: String,
        /// Chance of another value.
        flip: f64,
    },
    /// A conditional probability table over discrete parents: one row for every combination,
    /// `([parent values], [probability of 0, of 1, ...])`.
    Table {
        /// The parents.
        of: Vec<String>,
        /// The rows, in any order.
        rows: Vec<(Vec<usize>, Vec<f64>)>,
    },
    /// `intercept + sum weight * parent`, plus normal noise of standard deviation `sd`.
    Linear {
        /// Parents with their weights: `[("size", 0.5)]` or `{"size": 0.5}`.
        #[serde(deserialize_with = "terms")]
        terms: Vec<(String, f64)>,
        /// The constant.
        #[serde(default)]
        intercept: f64,
        /// Standard deviation of the noise.
        #[serde(default)]
        sd: f64,
    },
    /// 1 where `sum weight * parent > above`, turned over with probability `flip`.
    Threshold {
        /// Parents with their weights: `[("size", 0.5)]` or `{"size": 0.5}`.
        #[serde(deserialize_with = "terms")]
        terms: Vec<(String, f64)>,
        /// The bar.
        above: f64,
        /// Chance that the outcome is turned over.
        #[serde(default)]
        flip: f64,
    },
    /// 1 with probability `1 / (1 + exp(-(intercept + sum weight * parent)))`.
    Logistic {
        /// Parents with their weights: `[("size", 0.5)]` or `{"size": 0.5}`.
        #[serde(deserialize_with = "terms")]
        terms: Vec<(String, f64)>,
        /// The constant.
        #[serde(default)]
        intercept: f64,
    },
    /// A binary companion of another node through a confounder: a copy of `by` mixed with an
    /// independent coin of the same bias, so that its correlation with `with` is `strength`.
    /// A negative strength copies the opposite of `by`.
    Confounded {
        /// The confounder, a binary node and the only parent.
        by: String,
        /// The node with which the correlation is counted; `by` itself when left out. It is no
        /// parent: intervening on it changes nothing here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        with: Option<String>,
        /// The correlation, from -1 to 1.
        strength: f64,
    },
}

impl Mechanism {
    /// The parents' names in the order in which they are named, each once.
    ///
    /// A rule that cannot be parsed has none: the fault is reported when the model is built.
    #[must_use]
    pub fn parents(&self) -> Vec<String> {
        let mut names = match self {
            Self::Constant(_)
            | Self::Bernoulli(_)
            | Self::Categorical(_)
            | Self::Uniform(..)
            | Self::Normal { .. }
            | Self::Clock { .. } => Vec::new(),
            Self::Gate { rule, .. } | Self::Equation(rule) => named(rule),
            Self::Cases { rules, .. } => rules.iter().flat_map(|rule| named(rule)).collect(),
            Self::NoisyCopy { of, .. } => vec![of.clone()],
            Self::Table { of, .. } => of.clone(),
            Self::Linear { terms, .. }
            | Self::Threshold { terms, .. }
            | Self::Logistic { terms, .. } => terms.iter().map(|(name, _)| name.clone()).collect(),
            Self::Confounded { by, .. } => vec![by.clone()],
        };
        let mut seen = Vec::new();
        names.retain(|name| {
            let first = !seen.contains(name);
            seen.push(name.clone());
            first
        });
        names
    }

    /// The rows of probabilities that miss 1 by more than sums do and no more than rounded numbers
    /// may: where each stands, and its sum.
    #[must_use]
    pub fn rounded_rows(&self) -> Vec<(Vec<Place>, f64)> {
        let misses = |row: &[f64]| {
            let sum: f64 = row.iter().sum();
            ((sum - 1.0).abs() > SUM_TOLERANCE).then_some(sum)
        };
        match self {
            Self::Categorical(row) => {
                misses(row).into_iter().map(|sum| (vec![0.into()], sum)).collect()
            }
            Self::Table { rows, .. } => (rows.iter().enumerate())
                .filter_map(|(i, (_, row))| {
                    Some((vec!["rows".into(), i.into(), 1.into()], misses(row)?))
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The period of a clock.
    #[must_use]
    pub const fn period(&self) -> Option<u64> {
        match self {
            Self::Clock { period } => Some(*period),
            _ => None,
        }
    }

    /// The node by which the mechanism is calibrated without depending on it.
    #[must_use]
    pub fn calibrated_with(&self) -> Option<&str> {
        match self {
            Self::Confounded { with, .. } => with.as_deref(),
            _ => None,
        }
    }
}

/// Terms of a sum: a list of pairs, or a map from parents to weights.
fn terms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, f64)>, D::Error> {
    struct Terms;

    impl<'de> Visitor<'de> for Terms {
        type Value = Vec<(String, f64)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("parents with weights: [(\"size\", 0.5)] or {\"size\": 0.5}")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut terms = Vec::new();
            while let Some(term) = list.next_element()? {
                terms.push(term);
            }
            Ok(terms)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut terms = Vec::new();
            while let Some(term) = map.next_entry()? {
                terms.push(term);
            }
            Ok(terms)
        }
    }

    deserializer.deserialize_any(Terms)
}

/// The names in a rule that are no reserved words; none where it can't be parsed.
fn named(rule: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(parsed) = expression::parse(rule) {
        parsed.names(&mut |name: &String| {
            if !RESERVED.contains(&name.as_str()) {
                found.push(name.clone());
            }
        });
    }
    found
}
