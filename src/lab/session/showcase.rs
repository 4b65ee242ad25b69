//! The specimens that are looked at: real and hypothetical world, and what the model says.

use std::sync::Arc;

use super::command::Wanted;
use super::projection::{Cloud, project, weigh};
use super::view::{Answers, Show};
use crate::causal::Interventions;
use crate::learn::{Batch, LearnError, Learner, Logits};
use crate::scene::Stage;
use crate::world::{EVALUATION, Simulation, TwinPlan};

/// Specimens that are shown at a time: one frame of what is kept for evaluation.
pub const ROWS: usize = 256;

/// A world of held-out specimens, with twins under the do-operations in force.
pub struct Showcase {
    simulation: Simulation,
    held: Interventions,
    first: u64,
    show: Arc<Show>,
    real: Batch,
    twin: Batch,
}

impl Showcase {
    /// The first specimens that are kept for evaluation.
    pub fn new(stage: &Arc<Stage>, revision: u64, held: &Interventions) -> Self {
        let simulation =
            Simulation::new(stage, stage.iid(), stage.scene.seed, ROWS, EVALUATION).on_one_thread();
        let show = Arc::new(Show { revision, ..Show::default() });
        let (real, twin) = (Batch::default(), Batch::default());
        let held = held.clone();
        let mut showcase = Self { simulation, held, first: EVALUATION, show, real, twin };
        showcase.play();
        showcase
    }

    /// Renders the specimens in both worlds.
    fn play(&mut self) {
        self.simulation.seek(self.first);
        // Without operations the hypothetical world is the real one.
        self.simulation.plan_twins(TwinPlan::Under(self.held.clone()));
        let frame = self.simulation.step();
        (self.real, self.twin) = (frame.real.clone(), frame.twin.clone());
        let worlds = self.simulation.played();
        let first = self.first - EVALUATION;
        self.show = Arc::new(Show { first, revision: self.show.revision + 1, worlds });
    }

    /// Puts other do-operations in force.
    pub fn hold(&mut self, held: &Interventions) {
        self.held = held.clone();
        self.play();
    }

    /// Goes `frames` frames on in the stream, or back.
    pub fn go(&mut self, frames: i64) {
        let by = frames.unsigned_abs() * ROWS as u64;
        self.first = if frames < 0 {
            self.first.saturating_sub(by).max(EVALUATION)
        } else {
            self.first.saturating_add(by)
        };
        self.play();
    }

    /// Goes back to the first specimens, which are those of the measurements.
    pub fn rewind(&mut self) {
        if self.first != EVALUATION {
            self.first = EVALUATION;
            self.play();
        }
    }

    /// What is shown.
    pub fn show(&self) -> Arc<Show> {
        Arc::clone(&self.show)
    }

    /// Asks the model about all that is shown.
    ///
    /// # Errors
    /// A model that can't be asked.
    pub fn ask(&self, learner: &dyn Learner) -> Result<Answers, LearnError> {
        let real = probabilities(&learner.logits(&self.real)?);
        let twin = if self.held.is_empty() {
            real.clone()
        } else {
            probabilities(&learner.logits(&self.twin)?)
        };
        Ok(Answers { real, twin })
    }

    /// The representations of all that is shown.
    ///
    /// # Errors
    /// A model that can't be asked.
    pub fn cloud(
        &self,
        learner: &dyn Learner,
        before: Option<&Cloud>,
    ) -> Result<Cloud, LearnError> {
        let real = learner.representation(&self.real)?;
        let twin = learner.representation(&self.twin)?;
        let mut cloud = project(&real, &twin, before);
        weigh(&mut cloud, &real, &self.real.labels);
        Ok(cloud)
    }

    /// The first row from `from` on that is what is looked for.
    pub fn find(&self, wanted: Wanted, answers: &Answers, from: usize) -> Option<usize> {
        (from..self.show.worlds.len()).find(|&row| is(wanted, &self.show, answers, row))
    }
}

/// Whether a row is what is looked for.
pub fn is(wanted: Wanted, show: &Show, answers: &Answers, row: usize) -> bool {
    let Some((real, twin)) = show.worlds.get(row) else { return false };
    let verdicts = answers.verdicts(row);
    match wanted {
        Wanted::Label(class) => real.label == class,
        Wanted::Wrong => verdicts.is_some_and(|(v, _)| v != real.label),
        Wanted::Flip => verdicts.is_some_and(|(v, w)| v != w),
        Wanted::Shortcut => verdicts.is_some_and(|(v, w)| v != w) && real.label == twin.label,
    }
}

/// The softmax of every row.
fn probabilities(logits: &Logits) -> Vec<Vec<f32>> {
    let softmax = |row: &[f32]| {
        let top = row.iter().copied().fold(f32::MIN, f32::max);
        let powers: Vec<f32> = row.iter().map(|l| (l - top).exp()).collect();
        let sum: f32 = powers.iter().sum();
        powers.iter().map(|p| p / sum).collect()
    };
    (0..logits.rows).map(|row| softmax(logits.row(row))).collect()
}
