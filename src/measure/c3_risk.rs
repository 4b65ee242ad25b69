//! The empirical C3 risk (Eq. 8) in its parts, and what the gradient's counterfactual does.

use serde::{Deserialize, Serialize};

use super::condition::Source;
use super::table::Table;
use crate::learn::c3_risk as shares;

/// The empirical C3 risk (Eq. 8), with indicators: `total = 1 - (acc(z) - acc(z_bar))`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct C3Risk {
    /// Share of samples whose real branch is judged wrongly.
    pub sufficiency: f64,
    /// Share of samples whose hypothetical branch still gets the true label.
    pub necessity: f64,
    /// The sum of both.
    pub total: f64,
}

/// What the step of the counterfactual does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Step {
    /// Share of samples whose prediction it turns over.
    pub flip_rate: f64,
    /// Mean divergence of both branches, in nats.
    pub divergence: f64,
}

/// The C3 risk of a model and what its counterfactual's step does, over the samples of a source;
/// `None` where it wasn't asked.
#[must_use]
pub fn c3_risk(table: &Table, source: &Source) -> Option<(C3Risk, Step)> {
    let column = table.natural(source)?;
    let both = &column.answers.counterfactual;
    let rows = table.rows(column).min(both.real.rows);
    if rows == 0 {
        return None;
    }
    let (sufficiency, necessity) =
        shares(&both.real, &both.hypothetical, &column.world.labels[..rows]);
    let pairs = both.real.verdicts().zip(both.hypothetical.verdicts()).take(rows);
    let step = Step {
        flip_rate: pairs.filter(|(real, other)| real != other).count() as f64 / rows as f64,
        divergence: both.divergence[..rows].iter().map(|&d| f64::from(d)).sum::<f64>()
            / rows as f64,
    };
    Some((C3Risk { sufficiency, necessity, total: sufficiency + necessity }, step))
}
