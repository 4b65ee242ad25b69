//! One frame, one batch, one update: the trainees of the world.

use std::time::Instant;

use bevy::ecs::batching::BatchingStrategy;
use bevy::prelude::*;

use super::{Frame, SimulationStep, SimulationSystems};
use crate::learn::{DecisionCurve, LearnError, Learner, StepLosses};

/// A model in training, as an entity.
#[derive(Component)]
pub struct Trainee {
    /// Its place among the trainees.
    pub seat: usize,
    /// The model.
    pub learner: Box<dyn Learner>,
    /// The losses of every update so far.
    pub curve: Vec<StepLosses>,
    /// What method and objective decided, update by update.
    pub decisions: DecisionCurve,
    /// Seconds spent in its updates.
    pub seconds: f64,
    /// Why it stopped learning, if it did.
    pub failure: Option<LearnError>,
}

impl Trainee {
    /// A model that has learned nothing in this world yet.
    #[must_use]
    pub fn new(seat: usize, learner: Box<dyn Learner>) -> Self {
        let (curve, decisions) = (Vec::new(), DecisionCurve::default());
        Self { seat, learner, curve, decisions, seconds: 0.0, failure: None }
    }
}

/// Whether the world plays the next frame while trainees learn from the last one. They make the
/// same updates on the same frames, each a frame later; [`Simulation::settle`](super::Simulation::settle)
/// has the last one made.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ahead(pub bool);

/// The frame that trainees learn from where the world is [`Ahead`]; no rows where there is none.
#[derive(Resource, Debug, Default)]
pub(super) struct HandedOver(Frame);

fn ahead(ahead: Res<Ahead>) -> bool {
    ahead.0
}

/// Adds the systems that train.
pub struct LearnPlugin;

impl Plugin for LearnPlugin {
    fn build(&self, app: &mut App) {
        use SimulationSystems::{Draw, Learn};
        app.init_resource::<Ahead>().init_resource::<HandedOver>().add_systems(
            SimulationStep,
            (
                learn.in_set(Learn).run_if(not(ahead)),
                hand_over.before(Draw).run_if(ahead),
                // Beside all stages in which the next frame is made.
                learn_behind.after(hand_over).before(Learn).run_if(ahead),
            ),
        );
    }
}

/// The frame as it is played.
fn learn(frame: Res<Frame>, trainees: Query<&mut Trainee>) {
    update(&frame, trainees);
}

/// Gives the frame to the trainees, and its place to the next.
fn hand_over(mut frame: ResMut<Frame>, mut handed: ResMut<HandedOver>) {
    std::mem::swap(&mut *frame, &mut handed.0);
}

/// The frame that was handed over.
fn learn_behind(handed: Res<HandedOver>, trainees: Query<&mut Trainee>) {
    if handed.0.real.rows > 0 {
        update(&handed.0, trainees);
    }
}

/// The frame that was played last, if nobody has learned from it yet.
pub(super) fn settle(ahead: Res<Ahead>, mut frame: ResMut<Frame>, trainees: Query<&mut Trainee>) {
    if ahead.0 && frame.real.rows > 0 {
        update(&frame, trainees);
        frame.real.rows = 0;
    }
}

/// Trainees don't see each other, so they may learn side by side; one that fails stays as it is.
fn update(frame: &Frame, mut trainees: Query<&mut Trainee>) {
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
            Ok(losses) => {
                trainee.curve.push(losses);
                let (step, told) = (trainee.curve.len(), trainee.learner.decisions());
                trainee.decisions.record(step, &told);
            }
            Err(error) => trainee.failure = Some(error),
        }
    });
}
