//! A world that is played frame by frame, without a window.

use std::sync::Arc;

use bevy::app::{PluginGroup, PluginGroupBuilder, TaskPoolOptions, TaskPoolPlugin};
use bevy::ecs::system::RunSystemOnce as _;
use bevy::prelude::*;

use super::{
    Ahead, CausalFactors, Clock, ClockPlugin, DoOperations, Frame, GatherPlugin, Gathers, Hold,
    ImagePixels, Label, LearnPlugin, ModalityPlugin, NonCausalFactors, OperationsPlugin,
    PopulationPlugin, Present, PropagationPlugin, Row, SchedulePlugin, Settings, Stream, Tokens,
    Trainee, TwinOf, TwinPlan, Vectors, Waveform,
};
use crate::causal::{Interventions, exogenous};
use crate::scene::{Regime, Stage};

/// Everything that the world needs, headless or in a window.
pub struct SimulationPlugins;

impl PluginGroup for SimulationPlugins {
    fn build(self) -> PluginGroupBuilder {
        PluginGroupBuilder::start::<Self>()
            .add(SchedulePlugin)
            .add(ClockPlugin)
            .add(OperationsPlugin)
            .add(PopulationPlugin)
            .add(PropagationPlugin)
            .add(ModalityPlugin)
            .add(GatherPlugin)
            .add(LearnPlugin)
    }
}

/// The first specimen of every evaluation: training never comes so far.
pub const EVALUATION: u64 = exogenous::HORIZON;

/// One world of one specimen, copied out for showing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Played {
    /// Values of all factors, in the order of the scene.
    pub factors: Vec<f64>,
    /// The label's class.
    pub label: usize,
    /// RGB bytes, if the scene has pictures.
    pub picture: Option<Vec<u8>>,
    /// Samples and spectrogram, if the scene has sounds.
    pub sound: Option<Waveform>,
    /// Token ids, if the scene has sentences.
    pub tokens: Option<Vec<u16>>,
    /// Which modalities the specimen has, in the order in which a learner gets them.
    pub present: Vec<bool>,
    /// The scene's vectors, in their order.
    pub vectors: Vec<Vec<f32>>,
}

/// A Bevy app that plays one scene under one regime.
pub struct Simulation {
    pub(super) app: App,
}

impl Simulation {
    /// A world of `batch` specimens per frame whose first specimen is `first`.
    #[must_use]
    pub fn new(stage: &Arc<Stage>, regime: &Regime, seed: u64, batch: usize, first: u64) -> Self {
        let mut app = App::new();
        app.add_plugins(TaskPoolPlugin { task_pool_options: all_cores() })
            .insert_resource(Settings::new(stage, regime, seed, batch))
            .insert_resource(Stream { next: first })
            .add_plugins(SimulationPlugins);
        app.finish();
        app.cleanup();
        Self { app }
    }

    /// Chooses the hypothetical world of the twins, from the next frame on.
    pub fn plan_twins(&mut self, plan: TwinPlan) {
        self.app.insert_resource(plan);
    }

    /// Puts do-operations in force in place of all before, from the next frame on.
    pub fn operate(&mut self, interventions: Interventions) {
        self.app.insert_resource(DoOperations(interventions));
    }

    /// Sends a message, such as [`super::Do`].
    pub fn send<M: Message>(&mut self, message: M) {
        self.app.world_mut().write_message(message);
    }

    /// Lets the specimens of the last frame stay from now on, so that only twins live anew, or
    /// lets new ones come up again.
    pub fn hold(&mut self, hold: bool) {
        self.app.insert_resource(Hold(hold));
    }

    /// The same world without what only learners need: gathered frames and spectrograms. To be
    /// said before the first frame.
    #[must_use]
    pub fn without_learners(mut self) -> Self {
        self.app.insert_resource(Gathers(false));
        self
    }

    /// The same world a frame ahead of its trainees: while they learn from a frame, the next one is
    /// played. They learn the same; [`Simulation::settle`] has the last update made.
    #[must_use]
    pub fn ahead(mut self) -> Self {
        self.app.insert_resource(Ahead(true));
        self
    }

    /// Lets the trainees learn from the frame that was played last, where the world is ahead of
    /// them.
    pub fn settle(&mut self) {
        // It takes no part in the schedule, so it can't fail but for a missing resource.
        let _ = self.app.world_mut().run_system_once(super::learn::settle);
    }

    /// Where the time of all frames so far has gone.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        self.app.world().resource::<Clock>()
    }

    /// Lets the next frame begin at this specimen.
    pub fn seek(&mut self, first: u64) {
        self.app.insert_resource(Stream { next: first });
    }

    /// Adds a model that learns from every frame.
    pub fn add_trainee(&mut self, trainee: Trainee) {
        self.app.world_mut().spawn(trainee);
    }

    /// The last frame.
    #[must_use]
    pub fn frame(&self) -> &Frame {
        self.app.world().resource::<Frame>()
    }

    /// Plays one frame.
    pub fn step(&mut self) -> &Frame {
        self.app.update();
        self.app.world().resource::<Frame>()
    }

    /// The trainees in the order in which they were added.
    pub fn trainees(&mut self) -> Vec<&Trainee> {
        let world = self.app.world_mut();
        let mut query = world.query::<&Trainee>();
        let mut all: Vec<&Trainee> = query.iter(self.app.world()).collect();
        all.sort_by_key(|trainee| trainee.seat);
        all
    }

    /// Takes the trainees out of the world, in the order in which they were added.
    pub fn take_trainees(&mut self) -> Vec<Trainee> {
        let world = self.app.world_mut();
        let found: Vec<Entity> =
            world.query_filtered::<Entity, With<Trainee>>().iter(world).collect();
        let mut all: Vec<Trainee> =
            found.into_iter().filter_map(|e| world.entity_mut(e).take::<Trainee>()).collect();
        all.sort_by_key(|trainee| trainee.seat);
        all
    }

    /// Values of all factors, row-major, and labels of the last frame's specimens, or of their twins.
    pub fn values(&mut self, twins: bool) -> (Vec<f64>, Vec<usize>) {
        let world = self.app.world_mut();
        let settings = world.resource::<Settings>();
        let (stage, rows) = (Arc::clone(&settings.stage), settings.batch);
        let width = stage.factors.len();
        let (mut values, mut labels) = (vec![0.0; rows * width], vec![0; rows]);
        let mut query =
            world.query::<(&Row, &CausalFactors, &NonCausalFactors, &Label, Has<TwinOf>)>();
        let mut factors = Vec::with_capacity(width);
        for (row, causal, other, label, is_twin) in query.iter(world) {
            if is_twin == twins {
                super::propagation::merge(&stage, causal, other, &mut factors);
                // A twin that never lived has no factors.
                if factors.len() == width {
                    values[row.0 * width..(row.0 + 1) * width].copy_from_slice(&factors);
                }
                labels[row.0] = label.0;
            }
        }
        (values, labels)
    }

    /// The worlds of the last frame, row by row: the specimen, and its twin if there is one.
    pub fn played(&mut self) -> Vec<(Played, Played)> {
        let rows = self.app.world().resource::<Settings>().batch;
        // Reading takes no part in the schedule, so it can't fail but for a missing resource.
        self.app
            .world_mut()
            .run_system_once(copy_out)
            .unwrap_or_else(|_| vec![<(Played, Played)>::default(); rows])
    }
}

/// Every core renders: by default Bevy keeps some back for input and output, and of two cores one.
fn all_cores() -> TaskPoolOptions {
    let mut options = TaskPoolOptions::default();
    options.compute.min_threads = bevy::tasks::available_parallelism();
    options
}

fn copy_out(
    settings: Res<Settings>,
    entities: Query<(
        &Row,
        &CausalFactors,
        &NonCausalFactors,
        &Label,
        Option<&ImagePixels>,
        Option<&Waveform>,
        Option<&Tokens>,
        Option<&Vectors>,
        &Present,
        Has<TwinOf>,
    )>,
) -> Vec<(Played, Played)> {
    let mut all = vec![<(Played, Played)>::default(); settings.batch];
    for (row, causal, other, label, picture, sound, tokens, vectors, present, is_twin) in &entities
    {
        let mut factors = Vec::new();
        super::propagation::merge(&settings.stage, causal, other, &mut factors);
        let played = Played {
            factors,
            label: label.0,
            picture: picture.map(|p| p.0.clone()),
            sound: sound.cloned(),
            tokens: tokens.map(|t| t.0.clone()),
            present: present.0.clone(),
            vectors: vectors.map(|v| v.0.clone()).unwrap_or_default(),
        };
        let pair = &mut all[row.0];
        *(if is_twin { &mut pair.1 } else { &mut pair.0 }) = played;
    }
    all
}
