//! A model under do-operations: what changes in the world, and what in its prediction.

use std::sync::Arc;

use serde::Serialize;

use super::condition::{Condition, Depth, Need};
use super::evaluation::held_out;
use super::from_world::{Asked, WorldFill};
use super::step_of;
use crate::causal::Interventions;
use crate::learn::{LearnError, Learner};
use crate::scene::training::Training;
use crate::scene::{CLASS, Stage};

/// Shares of samples, before and after the do-operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Probe {
    /// Samples that were asked about.
    pub samples: usize,
    /// The label is the class of interest.
    pub label_before: f64,
    /// The twin's label is.
    pub label_after: f64,
    /// The prediction is the class of interest.
    pub prediction_before: f64,
    /// The prediction for the twin is.
    pub prediction_after: f64,
    /// The prediction is the label.
    pub accuracy_before: f64,
    /// The prediction for the twin is the twin's label.
    pub accuracy_after: f64,
    /// The label differs between sample and twin.
    pub label_changes: f64,
    /// The prediction differs between sample and twin.
    pub prediction_changes: f64,
    /// The prediction differs and the label doesn't.
    pub only_prediction_changes: f64,
}

/// Asks a model about samples and their twins under `operations`.
///
/// # Errors
/// A model that can't be asked.
pub fn probe(
    stage: &Arc<Stage>,
    seed: u64,
    (learner, training): (&dyn Learner, &Training),
    operations: &Interventions,
    samples: usize,
) -> Result<Probe, LearnError> {
    let source = held_out(&stage.iid().name);
    let need = |condition| Need {
        source: source.clone(),
        condition,
        rows: samples,
        depth: Depth::PREDICTION,
    };
    let under = Condition::Under(operations.clone());
    let needs = [need(Condition::Natural), need(under.clone())];
    let asked = [Asked { learner, step: step_of(training) }];
    let tables = WorldFill::new(stage, seed, samples, &needs).fill(&asked, || true)?;
    let table = tables.into_iter().flatten().next().unwrap_or_default();
    let mut found = Probe { samples, ..Probe::default() };
    let (Some(before), Some(after)) = (table.natural(&source), table.column(&source, &under))
    else {
        return Ok(found);
    };
    let share = 1.0 / samples.max(1) as f64;
    let add = |sum: &mut f64, event: bool| *sum += if event { share } else { 0.0 };
    for row in 0..samples {
        let (y, z) = (before.world.labels[row], after.world.labels[row]);
        let [v, w] = [before, after].map(|column| column.answers.prediction(row));
        add(&mut found.label_before, y == CLASS);
        add(&mut found.label_after, z == CLASS);
        add(&mut found.prediction_before, v == Some(CLASS));
        add(&mut found.prediction_after, w == Some(CLASS));
        add(&mut found.accuracy_before, v == Some(y));
        add(&mut found.accuracy_after, w == Some(z));
        add(&mut found.label_changes, y != z);
        add(&mut found.prediction_changes, v != w);
        add(&mut found.only_prediction_changes, v != w && y == z);
    }
    Ok(found)
}
