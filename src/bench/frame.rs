//! The time of a frame: the generator alone, the trainer alone, and both at once.

use std::sync::Arc;
use std::time::Instant;

use crate::experiment::{Contest, Times, Watcher, train};
use crate::learn::{Compute, LearnError, StepLosses, new_learner_on};
use crate::scene::Stage;
use crate::scene::training::Training;
use crate::world::{Simulation, TwinPlan, input_specs};

/// Seconds per frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameTimes {
    /// Making it.
    pub generator: f64,
    /// An update on it.
    pub trainer: f64,
    /// A frame and an update, the next frame beside the update on the last.
    pub both: f64,
    /// Where the time of the last went, in all frames together.
    pub times: Times,
}

/// Keeps what it's told, and never ends anything.
struct Stopwatch(Times);

impl Watcher for Stopwatch {
    fn trained(&mut self, _: usize, _: &[Option<StepLosses>]) {}

    fn timed(&mut self, times: &Times) {
        self.0 = *times;
    }

    fn examined(&mut self) {}

    fn wants_end(&mut self) -> bool {
        false
    }
}

/// Times `frames` of a scene's training, of the batch that `training` has.
///
/// # Errors
/// A model that can't be built or diverges.
pub fn time_frames(
    stage: &Arc<Stage>,
    engine: impl Into<Compute>,
    training: &Training,
    frames: usize,
) -> Result<FrameTimes, LearnError> {
    let (engine, seed) = (engine.into(), stage.scene.seed);
    let mut world = Simulation::new(stage, stage.iid(), seed, training.batch, 0);
    if training.objective.needs_twins() {
        world.plan_twins(TwinPlan::OneFactor);
    }
    let frame = world.step().clone();
    let start = Instant::now();
    for _ in 0..frames {
        world.step();
    }
    let generator = start.elapsed().as_secs_f64() / frames as f64;
    let specs = input_specs(stage);
    let mut learner = new_learner_on(engine, &specs, stage.classes(), training, seed)?;
    learner.update(&frame.real, Some(&frame.twin))?;
    let start = Instant::now();
    for _ in 0..frames {
        learner.update(&frame.real, Some(&frame.twin))?;
    }
    let trainer = start.elapsed().as_secs_f64() / frames as f64;
    let contest = Contest {
        stage: Arc::clone(stage),
        seed,
        trainings: vec![Training { steps: frames, ..training.clone() }],
        specimens: 0,
        engine,
    };
    let mut watch = Stopwatch(Times::default());
    for entrant in train(&contest, &mut watch)?.0 {
        entrant.failure.map_or(Ok(()), Err)?;
    }
    Ok(FrameTimes { generator, trainer, both: watch.0.whole / frames as f64, times: watch.0 })
}
