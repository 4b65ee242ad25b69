//! A model in training: the same frames, in the same order, as `train` gives it.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use crate::experiment::{Entrant, RunDirectory, RunError};
use crate::learn::{DecisionCurve, LearnError, Learner, StepLosses, new_learner};
use crate::scene::Stage;
use crate::scene::training::Training;
use crate::world::{Simulation, Trainee, TwinPlan, input_specs};

/// Points of the thinned curve at the most.
const POINTS: usize = 400;

/// A world with one trainee.
pub struct Trial {
    stage: Arc<Stage>,
    training: Training,
    seed: u64,
    simulation: Simulation,
    /// The first specimen that no frame has shown yet.
    position: u64,
    /// Seconds that its frames took, the updates left out.
    playing: f64,
    curve: Curve,
}

impl Trial {
    /// A new model in the world of `stage`.
    ///
    /// # Errors
    /// A model that can't be built.
    pub fn new(stage: &Arc<Stage>, training: &Training, seed: u64) -> Result<Self, LearnError> {
        let learner = new_learner(&input_specs(stage), stage.classes(), training, seed)?;
        Ok(Self::with(stage, training, seed, Trainee::new(0, learner), 0))
    }

    /// Goes on with a model that has made the updates of `curve`, and decided what stands beside it.
    pub fn resume(
        stage: &Arc<Stage>,
        training: &Training,
        learner: Box<dyn Learner>,
        (curve, decisions): (Vec<StepLosses>, DecisionCurve),
    ) -> Self {
        let position = (curve.len() * training.batch) as u64;
        let trainee = Trainee { curve, decisions, ..Trainee::new(0, learner) };
        Self::with(stage, training, stage.scene.seed, trainee, position)
    }

    fn with(
        stage: &Arc<Stage>,
        training: &Training,
        seed: u64,
        trainee: Trainee,
        position: u64,
    ) -> Self {
        let mut curve = Curve::default();
        trainee.curve.iter().for_each(|losses| curve.push(*losses));
        let mut simulation =
            Simulation::new(stage, stage.iid(), seed, training.batch, position).on_one_thread();
        simulation.add_trainee(trainee);
        if training.objective.needs_twins() {
            simulation.plan_twins(TwinPlan::OneFactor);
        }
        let (stage, training) = (Arc::clone(stage), training.clone());
        Self { stage, training, seed, simulation, position, playing: 0.0, curve }
    }

    /// One frame, one update.
    ///
    /// # Errors
    /// Why the model can't learn on, in words.
    pub fn step(&mut self) -> Result<StepLosses, String> {
        let before = self.with_trainee(|t| t.seconds).unwrap_or(0.0);
        let start = Instant::now();
        self.simulation.step();
        let frame = start.elapsed().as_secs_f64();
        let end = self.with_trainee(|t| {
            (t.seconds, t.failure.as_ref().map(ToString::to_string), t.curve.last().copied())
        });
        let Some((seconds, failure, losses)) = end else {
            return Err("there is no model; reset the training".to_owned());
        };
        self.playing += (frame - (seconds - before)).max(0.0);
        if let Some(failure) = failure {
            return Err(failure);
        }
        self.position += self.training.batch as u64;
        let losses = losses.unwrap_or_default();
        self.curve.push(losses);
        Ok(losses)
    }

    /// Goes on under other settings, in the same world or another; a world that the model can't
    /// take in begins a new one.
    ///
    /// # Errors
    /// A model that can't go on so; it then stays as it was.
    pub fn change(&mut self, stage: &Arc<Stage>, training: &Training) -> Result<(), LearnError> {
        let same = input_specs(stage) == input_specs(&self.stage)
            && stage.classes() == self.stage.classes();
        let trainee = if same { self.simulation.take_trainees().pop() } else { None };
        let Some(mut trainee) = trainee else {
            *self = Self::new(stage, training, self.seed)?;
            return Ok(());
        };
        if let Err(error) = trainee.learner.retune(training) {
            self.simulation.add_trainee(trainee);
            return Err(error);
        }
        trainee.failure = None;
        let playing = self.playing;
        let new = Self::with(stage, training, self.seed, trainee, self.position);
        *self = Self { playing, ..new };
        Ok(())
    }

    fn with_trainee<R>(&mut self, look: impl FnOnce(&Trainee) -> R) -> Option<R> {
        self.simulation.trainees().first().map(|trainee| look(trainee))
    }

    /// Asks the model.
    pub fn ask<R>(&mut self, ask: impl FnOnce(&dyn Learner) -> R) -> Option<R> {
        self.with_trainee(|trainee| ask(&*trainee.learner))
    }

    /// The settings.
    pub const fn training(&self) -> &Training {
        &self.training
    }

    /// Updates so far.
    pub const fn steps(&self) -> usize {
        self.curve.count
    }

    /// The losses, thinned out.
    pub fn curve(&self) -> Vec<(usize, StepLosses)> {
        self.curve.points.clone()
    }

    /// The last losses.
    pub const fn last(&self) -> Option<StepLosses> {
        self.curve.last
    }

    /// Writes the model into a run directory, and hands it to `more` as an entrant for what else is
    /// to be written of it.
    ///
    /// # Errors
    /// A file that can't be written.
    pub fn write(
        &mut self,
        path: &Path,
        more: impl FnOnce(&RunDirectory, &mut Entrant) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let Some(trainee) = self.simulation.take_trainees().pop() else { return Ok(()) };
        let steps = trainee.curve.len().max(1);
        let mut entrant = Entrant {
            training: Training { steps, ..self.training.clone() },
            learner: trainee.learner,
            curve: trainee.curve,
            decisions: trainee.decisions,
            seconds: self.playing + trainee.seconds,
            failure: trainee.failure,
            metrics: None,
            table: None,
        };
        let written = RunDirectory::create(path).and_then(|directory| {
            directory.write_model(&self.stage, self.seed, &entrant)?;
            more(&directory, &mut entrant)
        });
        self.simulation.add_trainee(Trainee {
            seat: 0,
            learner: entrant.learner,
            curve: entrant.curve,
            decisions: entrant.decisions,
            seconds: trainee.seconds,
            failure: entrant.failure,
        });
        written
    }
}

/// A curve of bounded size: when it's full every other point goes, and only every other comes.
#[derive(Debug)]
struct Curve {
    points: Vec<(usize, StepLosses)>,
    last: Option<StepLosses>,
    count: usize,
    every: usize,
}

impl Default for Curve {
    fn default() -> Self {
        Self { points: Vec::new(), last: None, count: 0, every: 1 }
    }
}

impl Curve {
    fn push(&mut self, losses: StepLosses) {
        self.count += 1;
        self.last = Some(losses);
        if !(self.count - 1).is_multiple_of(self.every) {
            return;
        }
        self.points.push((self.count, losses));
        if self.points.len() >= POINTS {
            self.every *= 2;
            let every = self.every;
            self.points.retain(|(step, _)| (step - 1).is_multiple_of(every));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_curve_keeps_its_ends_and_few_points() {
        let mut curve = Curve::default();
        for step in 1..=5000 {
            curve.push(StepLosses { total: f64::from(step), ..StepLosses::default() });
        }
        assert!(curve.points.len() < POINTS && curve.points.len() > POINTS / 4);
        assert_eq!((curve.count, curve.points[0].0), (5000, 1));
        assert!(curve.points.iter().all(|(step, l)| *step as f64 == l.total));
    }
}
