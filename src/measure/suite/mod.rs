//! What an experiment measures of a trained model, one measure a file.
//!
//! | measure | columns |
//! | --- | --- |
//! | `Accuracy` | `REGIME.accuracy` |
//! | `WorstGroup` | `REGIME.worst_group`, `.worst_group_size`: label x spurious factors |
//! | `C3Risk` | `REGIME.c3_risk`, `.sufficiency_risk`, `.necessity_risk`, `.flip_rate`, `.kl` |
//! | `Causation` | `pn.FACTOR`, `ps.FACTOR`, `pns.FACTOR`, `true_pns.FACTOR`; `causal_error`; and `randomised....` |
//! | `DistanceCorrelation` | `REGIME.dcor.ROLE`, `.dcor_corrected.ROLE`, `.dcor_noise.ROLE`, ... |
//! | `Latents` | `REGIME.mcc`, `.r2.ROLE`, `.disentanglement`, `.completeness`, `.informativeness` |
//! | `Irs` | `REGIME.irs` |
//! | `Instrument` | `REGIME.v_relevance`, `.v_independence`, `.v_exclusion` |
//! | `Bound` | `bound.risk`, `.margin_loss`, `.complexity`, `.confidence`, `.right_side`, `.n` |
//! | `Reweighting` | `reweighting.original`, `.reduce`, `.increase`, `.random` |
//! | `Counterfactuals` | `counterfactual.KIND.accuracy`, `.distance`, `.seconds` |
//! | `HeatMaps` | `heat.MODALITY.sufficiency`, `.necessity`, and the maps themselves |
//! | `Cost` | `seconds`, `specimens_per_second`, `peak_mib`, `parameters` |
//!
//! `REGIME` is `iid` or `randomised` where a measure isn't of every regime: under `randomised` all
//! factors that cause nothing are independent of everything, which is what many of these measures
//! assume of their data.

mod accuracy;
mod bound;
mod causation;
mod correlation;
mod counterfactuals;
mod heat_maps;
mod instrument;
mod latents;
mod reweighting;
mod risk;
mod robustness;
mod sample;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use heat_maps::{HeatMap, Panel};
pub use reweighting::{Reweighted, highest, importance, reweighted};

use super::statistic::StatisticError;
use crate::learn::{LearnError, Learner};
use crate::scene::Stage;
use crate::scene::training::Training;

/// What can be measured of a trained model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Measure {
    /// The share of right verdicts under every regime.
    Accuracy,
    /// The accuracy of the worst group, of those that label and spurious factors make.
    WorstGroup,
    /// The empirical C3 risk and its parts, and what the counterfactual does.
    C3Risk,
    /// Learned PN, PS and PNS of every factor beside the true ones.
    Causation,
    /// Distance correlation of the representation with the factors of each role.
    DistanceCorrelation,
    /// What is known about disentanglement: MCC, R2, DCI.
    Latents,
    /// The interventional robustness score of the representation.
    Irs,
    /// Whether V is an instrument: its relevance, independence and exclusion.
    Instrument,
    /// Both sides of Theorem 4.1.
    Bound {
        /// The margin.
        rho: f64,
        /// The chance that the bound fails.
        delta: f64,
    },
    /// The paper's probe of appendix H.5: elements of the representation made smaller or larger.
    Reweighting,
    /// Counterfactual representations of several kinds, against the rendered twin.
    Counterfactuals,
    /// Where the evidence lies: maps of some specimens.
    HeatMaps {
        /// How many specimens are drawn.
        specimens: usize,
    },
    /// Time, memory and size. Not the same from run to run.
    Cost,
}

/// A trained model and what it was trained on.
pub struct Subject<'a> {
    /// The scene.
    pub stage: &'a Arc<Stage>,
    /// The seed of its specimens.
    pub seed: u64,
    /// The model.
    pub learner: &'a dyn Learner,
    /// How it was trained.
    pub training: &'a Training,
    /// Updates that were made.
    pub updates: usize,
    /// Specimens of a measurement.
    pub specimens: usize,
}

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The values by the names of their columns. What couldn't be computed isn't there.
    pub values: BTreeMap<String, f64>,
    /// Heat maps, if they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maps: Vec<HeatMap>,
}

/// Why a measure couldn't be taken.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// The model can't be asked.
    #[error(transparent)]
    Model(#[from] LearnError),
    /// A statistic can't be computed.
    #[error("{measure:?} can't be computed: {source}")]
    Statistic {
        /// The measure.
        measure: Measure,
        /// Why.
        source: StatisticError,
    },
}

/// Why a single measure failed.
enum Trouble {
    Model(LearnError),
    Statistic(StatisticError),
}

impl From<LearnError> for Trouble {
    fn from(error: LearnError) -> Self {
        Self::Model(error)
    }
}

impl From<StatisticError> for Trouble {
    fn from(error: StatisticError) -> Self {
        Self::Statistic(error)
    }
}

impl Found {
    /// Notes a value, if it's a number.
    fn note(&mut self, name: impl Into<String>, value: f64) {
        if value.is_finite() {
            self.values.insert(name.into(), value);
        }
    }
}

/// Takes some measures of a model, in their order. `go_on` is asked between them; `None` where it
/// says no. [`Measure::Cost`] is the business of who trained the model.
///
/// # Errors
/// A model that can't be asked, or a statistic that its specimens don't allow.
pub fn take(
    measures: &[Measure],
    subject: &Subject,
    mut go_on: impl FnMut() -> bool,
) -> Result<Option<Found>, MeasureError> {
    let mut found = Found::default();
    for measure in measures {
        let taken = match measure {
            Measure::Accuracy => accuracy::measure(subject, &mut found),
            Measure::WorstGroup => accuracy::worst_group(subject, &mut found),
            Measure::C3Risk => risk::measure(subject, &mut found),
            Measure::Causation => causation::measure(subject, &mut found),
            Measure::DistanceCorrelation => correlation::measure(subject, &mut found),
            Measure::Latents => latents::measure(subject, &mut found),
            Measure::Irs => robustness::measure(subject, &mut found),
            Measure::Instrument => instrument::measure(subject, &mut found),
            Measure::Bound { rho, delta } => bound::measure(subject, *rho, *delta, &mut found),
            Measure::Reweighting => reweighting::measure(subject, &mut found),
            Measure::Counterfactuals => counterfactuals::measure(subject, &mut found),
            Measure::HeatMaps { specimens } => heat_maps::measure(subject, *specimens, &mut found),
            Measure::Cost => Ok(()),
        };
        taken.map_err(|trouble| match trouble {
            Trouble::Model(error) => MeasureError::Model(error),
            Trouble::Statistic(source) => {
                MeasureError::Statistic { measure: measure.clone(), source }
            }
        })?;
        if !go_on() {
            return Ok(None);
        }
    }
    Ok(Some(found))
}
