//! One frame, one batch, one update: the trainees of the world.

use std::time::Instant;

use bevy::ecs::batching::BatchingStrategy;
use bevy::prelude::*;

use super::{Frame, SimulationStep, SimulationSystems};
use crate::learn::{LearnError, Learner, StepLosses};

/// A model in training, as an entity.
#[derive(Component)]
pub struct Trainee {
    /// Its place among the trainees.
    pub seat: usize,
    /// The model.
    pub learner: Box<dyn Learner>,
    /// The losses of every update so far.
    pub curve: Vec<StepLosses>,
    /// Seconds spent in its updates.
    pub seconds: f64,
    /// Why it stopped learning, if it did.
    pub failure: Option<LearnError>,
}

impl Trainee {
    /// A model that has learned nothing in this world yet.
    #[must_use]
    pub fn new(seat: usize, learner: Box<dyn Learner>) -> Self {
        Self { seat, learner, curve: Vec::new(), seconds: 0.0, failure: None }
    }
}

/// Adds the system that trains.
pub struct LearnPlugin;

impl Plugin for LearnPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(SimulationStep, learn.in_set(SimulationSystems::Learn));
    }
}

/// Trainees don't see each other, so they may learn side by side; one that fails stays as it is.
fn learn(frame: Res<Frame>, mut trainees: Query<&mut Trainee>) {
    let twin = (frame.twin.rows > 0).then_some(&frame.twin);
    let one_each = BatchingStrategy::fixed(1);
    trainees.par_iter_mut().batching_strategy(one_each).for_each(|mut trainee| {
        if trainee.failure.is_some() {
            return;
        }
        let start = Instant::now();
        let outcome = trainee.learner.update(&frame.real, twin);
        trainee.seconds += start.elapsed().as_secs_f64();
        match outcome {
            Ok(losses) => trainee.curve.push(losses),
            Err(error) => trainee.failure = Some(error),
        }
    });
}
