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
//! | `Counterfactuals` | `counterfactual.KIND.accuracy`, `.error`, `.distance`, `.toward.FACTOR` |
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
mod headings;
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
#[derive(Clone, Copy)]
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

impl Trouble {
    fn of(self, measure: &Measure) -> MeasureError {
        match self {
            Self::Model(error) => MeasureError::Model(error),
            Self::Statistic(source) => MeasureError::Statistic { measure: measure.clone(), source },
        }
    }
}

impl Found {
    /// Adds what another measure found.
    fn add(&mut self, other: Self) {
        self.values.extend(other.values);
        self.maps.extend(other.maps);
    }

    /// Notes a value, if it's a number.
    fn note(&mut self, name: impl Into<String>, value: f64) {
        if value.is_finite() {
            self.values.insert(name.into(), value);
        }
    }
}

/// What was measured of each of some models, or why it couldn't be.
pub type Taken = Vec<Result<Found, MeasureError>>;

/// Takes some measures, in their order, of models that share scene, seed and number of specimens:
/// the frames that measures ask for are played once for all of them, and each model's figures are
/// those that it has alone. `go_on` is asked between measures; `None` where it says no.
/// [`Measure::Cost`] is the business of who trained the models.
///
/// A model that can't be asked, or a statistic that its specimens don't allow, is that model's
/// error alone.
pub fn take(
    measures: &[Measure],
    subjects: &[Subject],
    mut go_on: impl FnMut() -> bool,
) -> Option<Taken> {
    let mut taken: Taken = subjects.iter().map(|_| Ok(Found::default())).collect();
    for measure in measures {
        let whole: Vec<usize> = (0..subjects.len()).filter(|&i| taken[i].is_ok()).collect();
        let together: Vec<Subject> = whole.iter().map(|&i| subjects[i]).collect();
        let mut found = vec![Found::default(); together.len()];
        let all = measure_all(measure, &together, &mut found);
        for (place, &i) in whole.iter().enumerate() {
            // Where it failed, each is asked by itself: whose failure was it?
            let one = std::slice::from_mut(&mut found[place]);
            let own = match &all {
                Ok(()) => Ok(()),
                Err(_) => measure_all(measure, &together[place..=place], one),
            };
            match (own, &mut taken[i]) {
                (Ok(()), Ok(known)) => known.add(std::mem::take(&mut found[place])),
                (Err(trouble), known) => *known = Err(trouble.of(measure)),
                (Ok(()), Err(_)) => {}
            }
        }
        if !go_on() {
            return None;
        }
    }
    Some(taken)
}

/// Takes one measure of all subjects. The expensive ones play their frames once.
fn measure_all(
    measure: &Measure,
    subjects: &[Subject],
    found: &mut [Found],
) -> Result<(), Trouble> {
    let mut each = |one: fn(&Subject, &mut Found) -> Result<(), Trouble>| {
        subjects.iter().zip(&mut *found).try_for_each(|(subject, found)| one(subject, found))
    };
    match measure {
        Measure::Accuracy => accuracy::measure(subjects, found),
        Measure::WorstGroup => accuracy::worst_group(subjects, found),
        Measure::C3Risk => risk::measure(subjects, found),
        Measure::Causation => causation::measure(subjects, found),
        Measure::DistanceCorrelation => each(correlation::measure),
        Measure::Latents => each(latents::measure),
        Measure::Irs => each(robustness::measure),
        Measure::Instrument => each(instrument::measure),
        Measure::Bound { rho, delta } => subjects
            .iter()
            .zip(found)
            .try_for_each(|(subject, found)| bound::measure(subject, *rho, *delta, found)),
        Measure::Reweighting => each(reweighting::measure),
        Measure::Counterfactuals => each(counterfactuals::measure),
        Measure::HeatMaps { specimens } => subjects
            .iter()
            .zip(found)
            .try_for_each(|(subject, found)| heat_maps::measure(subject, *specimens, found)),
        Measure::Cost => Ok(()),
    }
}
