//! What an experiment measures of a trained model, one measure a file.
//!
//! | measure | columns |
//! | --- | --- |
//! | `Accuracy` | `REGIME.accuracy`; `collapsed`, `at_chance` |
//! | `WorstGroup` | `REGIME.worst_group`, `.worst_group_size`: label x each spurious factor |
//! | `C3Risk` | `REGIME.c3_risk`, `.sufficiency_risk`, `.necessity_risk`, `.flip_rate`, `.kl` |
//! | `Causation` | `pn.FACTOR`, `ps.FACTOR`, `pns.FACTOR`, `reversed.FACTOR`, `reliance.FACTOR`, `direct....`, `true_pns.FACTOR`, `true_reversed.FACTOR`; `causal_error`, `grasp`, `reliance_mean`, `reliance_worst`; and `randomised....` |
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

mod bound;
mod correlation;
mod counterfactuals;
mod figures;
mod headings;
mod heat_maps;
mod instrument;
mod irs;
mod latents;
mod reweighting;
mod seen;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use heat_maps::{HeatMap, Panel};
pub use reweighting::{Reweighted, highest, importance, reweighted};

use super::condition::Need;
use super::from_world::{Asked, WorldFill};
use super::statistic::StatisticError;
use super::step_of;
use super::table::Table;
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
    /// Samples of a measurement.
    pub samples: usize,
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
type Trouble = StatisticError;

impl Found {
    /// Notes a value, if it's a number.
    fn note(&mut self, name: impl Into<String>, value: f64) {
        if value.is_finite() {
            self.values.insert(name.into(), value);
        }
    }
}

/// What was measured of each of some models, or why it couldn't be.
pub type Taken = Vec<Result<Found, MeasureError>>;

/// Takes some measures of models that share scene, seed and number of samples. One table is filled
/// for each of them, on frames that are played once for all, and every measure is folded out of it;
/// each model's figures are those that it has alone. `go_on` is asked after every rendering; `None`
/// where it says no. [`Measure::Cost`] is the business of who trained the models.
///
/// A model that can't be asked, or a statistic that its samples don't allow, is that model's error
/// alone.
pub fn take(
    measures: &[Measure],
    subjects: &[Subject],
    go_on: &mut dyn FnMut() -> bool,
) -> Option<Taken> {
    let Some(first) = subjects.first() else { return Some(Vec::new()) };
    let needs: Vec<Need> = measures.iter().flat_map(|m| m.needs(first, subjects)).collect();
    let asked: Vec<Asked> =
        subjects.iter().map(|s| Asked { learner: s.learner, step: step_of(s.training) }).collect();
    let fill = WorldFill::new(first.stage, first.seed, first.samples, &needs);
    let tables: Vec<Result<Table, LearnError>> = match fill.fill(&asked, &mut *go_on) {
        Ok(tables) => tables?.into_iter().map(Ok).collect(),
        // Each is asked by itself: whose failure was it?
        Err(error) if subjects.len() == 1 => vec![Err(error)],
        Err(_) => {
            let mut all = Vec::new();
            for one in &asked {
                all.push(match fill.fill(std::slice::from_ref(one), &mut *go_on) {
                    Ok(tables) => Ok(tables?.into_iter().next().unwrap_or_default()),
                    Err(error) => Err(error),
                });
            }
            all
        }
    };
    let fold = |(subject, table): (&Subject, Result<Table, LearnError>)| {
        let table = table?;
        let mut found = Found::default();
        for measure in measures {
            measure
                .compute(subject, &table, &mut found)
                .map_err(|source| MeasureError::Statistic { measure: measure.clone(), source })?;
        }
        Ok(found)
    };
    Some(subjects.iter().zip(tables).map(fold).collect())
}

impl Measure {
    /// What has to be in the table of a model.
    fn needs(&self, first: &Subject, subjects: &[Subject]) -> Vec<Need> {
        let (stage, samples) = (first.stage, first.samples);
        match self {
            Self::Accuracy | Self::WorstGroup => figures::natural(stage, samples),
            Self::C3Risk => figures::branches(stage, samples),
            Self::Causation => figures::both_ends(stage, samples),
            Self::DistanceCorrelation => correlation::needs(stage, samples),
            Self::Latents => latents::needs(stage, samples),
            Self::Irs => irs::needs(stage, samples),
            Self::Instrument => instrument::needs(stage, samples),
            Self::Bound { .. } => {
                let trained = subjects.iter().map(|s| s.updates * s.training.batch);
                bound::needs(stage, samples, trained.max().unwrap_or(0))
            }
            Self::Reweighting => reweighting::needs(stage, samples),
            Self::Counterfactuals => counterfactuals::needs(stage, samples),
            Self::HeatMaps { specimens } => heat_maps::needs(stage, samples, *specimens),
            Self::Cost => Vec::new(),
        }
    }

    /// What the table of a model says.
    fn compute(&self, subject: &Subject, table: &Table, found: &mut Found) -> Result<(), Trouble> {
        match self {
            Self::Accuracy => figures::accuracies(subject, table, found),
            Self::WorstGroup => figures::worst_groups(subject, table, found),
            Self::C3Risk => figures::risks(subject, table, found),
            Self::Causation => figures::causations(subject, table, found),
            Self::DistanceCorrelation => correlation::compute(subject, table, found)?,
            Self::Latents => latents::compute(subject, table, found)?,
            Self::Irs => irs::compute(subject, table, found)?,
            Self::Instrument => instrument::compute(subject, table, found)?,
            Self::Bound { rho, delta } => bound::compute(subject, table, *rho, *delta, found),
            Self::Reweighting => reweighting::compute(subject, table, found),
            Self::Counterfactuals => counterfactuals::compute(subject, table, found)?,
            Self::HeatMaps { specimens } => heat_maps::compute(subject, table, *specimens, found),
            Self::Cost => {}
        }
        Ok(())
    }
}
