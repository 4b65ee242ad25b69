//! The evaluation of trained models: everything that `metrics.json` says of them, folded out of one
//! table each.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::accuracy::{WorstGroup, accuracy, worst_group};
use super::best::{beside, best_table};
use super::c3_risk::{C3Risk, c3_risk};
use super::causation::{FactorCausation, causation};
use super::condition::{Condition, Depth, End, Need, Reach, Source};
use super::from_world::{Asked, WorldFill};
use super::headline::{Headline, headline};
use super::state::{State, state};
use super::table::Table;
use crate::learn::{CounterfactualKind, LearnError, Learner};
use crate::scene::training::{Objective, Training};
use crate::scene::{Regime, Stage};
use crate::world::EVALUATION;

/// What was found out about one model. What can't be told is null.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// What became of the model.
    pub state: State,
    /// The class that a collapsed model names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collapsed_to: Option<String>,
    /// The model in a few numbers.
    pub headline: Headline,
    /// The source of all figures but those named after another: a regime, or a split.
    pub measured_on: String,
    /// Samples of each measurement.
    pub samples: usize,
    /// Accuracy under each regime that changes something, or on each split.
    pub accuracy: BTreeMap<String, f64>,
    /// The accuracy of the best possible model, which knows all but the noise of the label.
    #[serde(default)]
    pub best_accuracy: BTreeMap<String, f64>,
    /// The share of samples that have the commonest label.
    pub commonest: Option<f64>,
    /// The group in which the model is right least often.
    pub worst_group: Option<WorstGroup>,
    /// The empirical C3 risk.
    pub c3_risk: Option<C3Risk>,
    /// Truth and learned, factor by factor.
    pub causation: Vec<FactorCausation>,
}

/// What was found out about one model, and the table that says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluated {
    /// The figures.
    pub evaluation: Evaluation,
    /// The predictions behind them.
    pub table: Table,
}

/// The samples of a regime that are kept for evaluation.
#[must_use]
pub fn held_out(regime: &str) -> Source {
    Source { regime: regime.to_owned(), first: EVALUATION }
}

/// The regimes under which something differs from the scene as it stands, that one first: an
/// accuracy is not told twice.
pub fn regimes(stage: &Stage) -> impl Iterator<Item = &Regime> {
    let iid = stage.iid();
    let differs = |r: &&Regime| r.scm != iid.scm || r.disturbances != iid.disturbances;
    std::iter::once(iid).chain(stage.regimes.iter().skip(1).filter(differs))
}

/// What [`fold`] reads of a scene's table.
#[must_use]
pub fn needs(stage: &Stage, samples: usize) -> Vec<Need> {
    let need = |regime: &str, condition, depth| Need {
        source: held_out(regime),
        condition,
        rows: samples,
        depth,
    };
    let mut all: Vec<Need> = regimes(stage)
        .map(|regime| need(&regime.name, Condition::Natural, Depth::PREDICTION))
        .collect();
    let iid = &stage.iid().name;
    all.push(need(iid, Condition::Natural, Depth::COUNTERFACTUAL));
    all.extend(operations(stage.factors.len()).map(|done| need(iid, done, Depth::PREDICTION)));
    all
}

/// Each of so many factors at both ends of its contrast, with either reach.
pub fn operations(factors: usize) -> impl Iterator<Item = Condition> {
    let ends = |factor, reach| End::ALL.map(|end| Condition::Do(factor, end, reach));
    (0..factors)
        .flat_map(move |factor| Reach::ALL.into_iter().flat_map(move |reach| ends(factor, reach)))
}

/// The renderings that [`evaluate`] makes for so many samples.
#[must_use]
pub fn renderings(stage: &Arc<Stage>, samples: usize) -> usize {
    WorldFill::new(stage, 0, samples, &needs(stage, samples)).renderings()
}

/// Evaluates models on `samples` samples that no training has seen. All models see the same frames,
/// and each has the figures that it has alone. `go_on` is asked after every rendering; `None` where
/// it says no.
///
/// # Errors
/// A model that can't be asked.
pub fn evaluate(
    stage: &Arc<Stage>,
    seed: u64,
    models: &[(&dyn Learner, &Training)],
    samples: usize,
    go_on: impl FnMut() -> bool,
) -> Result<Option<Vec<Evaluated>>, LearnError> {
    let asked: Vec<Asked> = models
        .iter()
        .map(|(learner, training)| Asked { learner: *learner, step: step_of(training) })
        .collect();
    let fill = WorldFill::new(stage, seed, samples, &needs(stage, samples));
    let Some(tables) = fill.fill(&asked, go_on)? else { return Ok(None) };
    let best = tables.first().map(|table| best_table(stage, table)).unwrap_or_default();
    let source = held_out(&stage.iid().name);
    let one = |table: Table| Evaluated { evaluation: fold(&table, Some(&best), &source), table };
    Ok(Some(tables.into_iter().map(one).collect()))
}

/// The figures of a table, about the samples of one source, and the accuracy of all; beside them
/// those of the best possible model, where its table is known.
#[must_use]
pub fn fold(table: &Table, best: Option<&Table>, source: &Source) -> Evaluation {
    let (state, collapsed) = state(table, source);
    let mut causation = causation(table, source);
    if let Some(best) = best {
        beside(best, source, &mut causation);
    }
    let worst_group = worst_group(table, source);
    let natural = table.natural(source);
    let labels = natural.map_or(&[][..], |column| &column.world.labels[..table.rows(column)]);
    let share = |class: usize| {
        labels.iter().filter(|&&y| y == class).count() as f64 / labels.len().max(1) as f64
    };
    let classes = &table.scope.classes;
    Evaluation {
        state,
        collapsed_to: collapsed.and_then(|class| classes.get(class).cloned()),
        headline: headline(&causation, worst_group.as_ref()),
        measured_on: source.regime.clone(),
        samples: labels.len(),
        accuracy: accuracies(table, source.first),
        best_accuracy: best.map(|best| accuracies(best, source.first)).unwrap_or_default(),
        commonest: (0..classes.len()).map(share).reduce(f64::max).filter(|_| !labels.is_empty()),
        worst_group,
        c3_risk: c3_risk(table, source).map(|(risk, _)| risk),
        causation,
    }
}

/// The accuracy of every source that begins at the same index.
fn accuracies(table: &Table, first: u64) -> BTreeMap<String, f64> {
    let of = |source: &Source| Some((source.regime.clone(), accuracy(table, source)?));
    table.sources().filter(|source| source.first == first).filter_map(of).collect()
}

/// The counterfactual step by which a model's C3 risk is measured: the literal one for
/// `c3r-literal`, the scene's step of `c3r` for every other objective.
#[must_use]
pub fn step_of(training: &Training) -> CounterfactualKind {
    match training.objective {
        Objective::C3rLiteral => CounterfactualKind::Literal(training.literal_step),
        Objective::Erm
        | Objective::C3r
        | Objective::C3rAdjust
        | Objective::C3rDiscount
        | Objective::C3rTwin => CounterfactualKind::Flip(training.step),
    }
}
