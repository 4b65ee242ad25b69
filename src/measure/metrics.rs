//! The figures of one run, as `metrics.json` holds them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Probability of necessity, of sufficiency, and of both (Pearl, *Causality*, chapter 9).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Causation {
    /// `P(Y_x' != y | x, y)`: had the factor been absent, the label would have gone.
    pub pn: f64,
    /// `P(Y_x = y | x', not y)`: were the factor present, the label would have come.
    pub ps: f64,
    /// `P(Y_x = y, Y_x' != y)`: the label follows the factor both ways.
    pub pns: f64,
}

/// What interventions on the picture, sound and text show that a model has learned, with 95%
/// confidence intervals over specimens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LearnedCausation {
    /// Learned probability of necessity.
    pub pn: f64,
    /// Learned probability of sufficiency.
    pub ps: f64,
    /// Learned probability of necessity and sufficiency.
    pub pns: f64,
    /// Interval of `pn`.
    pub pn_interval: [f64; 2],
    /// Interval of `ps`.
    pub ps_interval: [f64; 2],
    /// Interval of `pns`.
    pub pns_interval: [f64; 2],
}

/// Truth and learned, side by side, for one factor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactorCausation {
    /// The factor's name.
    pub factor: String,
    /// The role that the scene gives it.
    pub role: String,
    /// What the structural causal model says.
    #[serde(rename = "true")]
    pub truth: Causation,
    /// What the model says.
    pub learned: LearnedCausation,
}

/// The empirical C3 risk (Eq. 8), with indicators: `total = 1 - (acc(z) - acc(z_bar))`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct C3Risk {
    /// Share of specimens whose real branch is judged wrongly.
    pub sufficiency: f64,
    /// Share of specimens whose hypothetical branch still gets the true label.
    pub necessity: f64,
    /// The sum of both.
    pub total: f64,
}

/// Everything measured of one trained model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// The scene's name.
    pub scene: String,
    /// The host model.
    pub method: String,
    /// The objective.
    pub objective: String,
    /// The seed of weights and stream.
    pub seed: u64,
    /// Updates made.
    pub steps: usize,
    /// Seconds of training, evaluation left out.
    pub seconds: f64,
    /// Specimens trained on per second.
    pub samples_per_second: f64,
    /// Accuracy under each regime.
    pub accuracy: BTreeMap<String, f64>,
    /// The empirical C3 risk on the `iid` regime.
    pub c3_risk: C3Risk,
    /// Truth and learned per factor, in scene order.
    pub causation: Vec<FactorCausation>,
    /// Mean over factors of `|learned PNS - true PNS|`.
    pub causal_error: f64,
}
