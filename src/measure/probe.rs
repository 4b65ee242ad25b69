//! A model under do-operations: what changes in the world, and what in its verdict.

use std::sync::Arc;

use serde::Serialize;

use super::Failure;
use crate::causal::Interventions;
use crate::learn::Learner;
use crate::scene::{CLASS, Stage};
use crate::world::{EVALUATION, Simulation, TwinPlan};

/// Shares of specimens, before and after the do-operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Probe {
    /// Specimens that were asked.
    pub specimens: usize,
    /// The label is the class of interest.
    pub label_before: f64,
    /// The twin's label is.
    pub label_after: f64,
    /// The verdict is the class of interest.
    pub verdict_before: f64,
    /// The verdict on the twin is.
    pub verdict_after: f64,
    /// The verdict is the label.
    pub accuracy_before: f64,
    /// The verdict on the twin is the twin's label.
    pub accuracy_after: f64,
    /// The label differs between specimen and twin.
    pub label_changes: f64,
    /// The verdict differs between specimen and twin.
    pub verdict_changes: f64,
    /// The verdict differs and the label doesn't.
    pub only_verdict_changes: f64,
}

/// Specimens per frame.
const FRAME: usize = 512;

/// Asks a model about specimens (a whole number of frames) and their twins under `operations`.
///
/// # Errors
/// A model that can't be asked.
pub fn probe(
    stage: &Arc<Stage>,
    seed: u64,
    model: &dyn Learner,
    operations: &Interventions,
    specimens: usize,
) -> Result<Probe, Failure> {
    let mut simulation = Simulation::new(stage, stage.iid(), seed, FRAME, EVALUATION);
    simulation.plan_twins(TwinPlan::Under(operations.clone()));
    let total = specimens.div_ceil(FRAME) * FRAME;
    let share = 1.0 / total as f64;
    let mut found = Probe { specimens: total, ..Probe::default() };
    for _ in 0..specimens.div_ceil(FRAME) {
        let frame = simulation.step();
        let before = model.logits(&frame.real)?;
        let after = model.logits(&frame.twin)?;
        let verdicts = before.verdicts().zip(after.verdicts());
        let labels = frame.real.labels.iter().zip(&frame.twin.labels);
        for ((v, w), (&y, &z)) in verdicts.zip(labels) {
            let add = |sum: &mut f64, event: bool| *sum += if event { share } else { 0.0 };
            add(&mut found.label_before, y == CLASS);
            add(&mut found.label_after, z == CLASS);
            add(&mut found.verdict_before, v == CLASS);
            add(&mut found.verdict_after, w == CLASS);
            add(&mut found.accuracy_before, v == y);
            add(&mut found.accuracy_after, w == z);
            add(&mut found.label_changes, y != z);
            add(&mut found.verdict_changes, v != w);
            add(&mut found.only_verdict_changes, v != w && y == z);
        }
    }
    Ok(found)
}
