//! A contest: the same method from the same starting weights on the same stream of specimens,
//! once per objective. A single training run is a contest of one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::TrainingState;
use crate::learn::{Compute, DecisionCurve, LearnError, Learner, StepLosses, new_learner_on};
use crate::measure::{Evaluated, Evaluation, Metrics, SCHEMA, State, Table, evaluate};
use crate::scene::Stage;
use crate::scene::training::Training;
use crate::world::{Clock, Simulation, SimulationSystems, Trainee, TwinPlan, input_specs};

/// What is trained, on what, and how it's measured.
#[derive(Clone, Debug)]
pub struct Contest {
    /// The scene.
    pub stage: Arc<Stage>,
    /// The seed of specimens and starting weights.
    pub seed: u64,
    /// One training per objective; batch and steps are those of the first.
    pub trainings: Vec<Training>,
    /// Specimens of each measurement.
    pub specimens: usize,
    /// What computes the updates, and where.
    pub engine: Compute,
}

/// A model that takes part in a contest.
pub struct Entrant {
    /// How it was trained.
    pub training: Training,
    /// The model.
    pub learner: Box<dyn Learner>,
    /// The losses of every update.
    pub curve: Vec<StepLosses>,
    /// What method and objective decided, update by update.
    pub decisions: DecisionCurve,
    /// Seconds that training it took, its share of the world's frames included.
    pub seconds: f64,
    /// Why it stopped learning, if it did.
    pub failure: Option<LearnError>,
    /// What was measured of it, once it's evaluated.
    pub metrics: Option<Metrics>,
    /// The predictions behind that.
    pub table: Option<Table>,
}

impl Entrant {
    /// What method and objective have decided, as it stood after the last update, by the names that
    /// [`Decision`](crate::learn::Decision) lists; empty where they decide nothing.
    #[must_use]
    pub fn decisions(&self) -> BTreeMap<String, f64> {
        self.decisions.last()
    }

    /// The same update by update: when each decision changed, and what it became.
    #[must_use]
    pub const fn decision_curve(&self) -> &DecisionCurve {
        &self.decisions
    }

    /// Takes over what an evaluation found.
    pub fn take(&mut self, scene: &str, seed: u64, evaluated: Evaluated) {
        let Evaluated { evaluation, table } = evaluated;
        self.table = Some(table);
        self.metrics = Some(self.metrics_of(scene, seed, evaluation));
    }

    /// Its metrics; of one that diverged they say so.
    fn metrics_of(&self, scene: &str, seed: u64, mut evaluation: Evaluation) -> Metrics {
        let (training, steps) = (&self.training, self.curve.len());
        let mut notes = Vec::new();
        let state = self.state();
        if matches!(state, TrainingState::Diverged { .. }) {
            evaluation.state = State::Diverged;
            notes.push(state.to_string());
        }
        Metrics {
            schema: SCHEMA,
            scene: scene.to_owned(),
            data: None,
            method: training.method.name().to_owned(),
            objective: training.objective.name().to_owned(),
            seed,
            seeds: 1,
            steps,
            seconds: self.seconds,
            samples_per_second: (steps * training.batch) as f64 / self.seconds.max(1e-9),
            decisions: self.decisions(),
            evaluation,
            notes,
        }
    }
}

/// Where the time of a contest's training went, in seconds. The next frame is made while the models
/// learn from the last, so the parts add up to more than the whole, and a part of a frame lasts as long
/// as it waits for a thread that a model holds. `bench frame` times frames by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Times {
    /// From the first frame to the last update.
    pub whole: f64,
    /// New specimens and their noise.
    pub drawing: f64,
    /// Mechanisms and labels.
    pub propagating: f64,
    /// Pictures, sounds and sentences.
    pub rendering: f64,
    /// Frames copied into batches.
    pub gathering: f64,
    /// Updates of all models.
    pub learning: f64,
}

impl Times {
    /// Seconds in which frames were made.
    #[must_use]
    pub const fn making(&self) -> f64 {
        self.drawing + self.propagating + self.rendering + self.gathering
    }

    fn of(clock: &Clock, trainees: &[&Trainee], whole: f64) -> Self {
        Self {
            whole,
            drawing: clock.seconds(SimulationSystems::Draw),
            propagating: clock.seconds(SimulationSystems::Propagate),
            rendering: clock.seconds(SimulationSystems::Render),
            gathering: clock.seconds(SimulationSystems::Gather),
            learning: trainees.iter().map(|trainee| trainee.seconds).sum(),
        }
    }
}

/// Follows a contest, and may end it.
pub trait Watcher {
    /// An update was made; one entry per model, empty for one that has failed.
    fn trained(&mut self, step: usize, losses: &[Option<StepLosses>]);
    /// The training has ended.
    fn timed(&mut self, times: &Times);
    /// A frame of the examination was played.
    fn examined(&mut self);
    /// Whether the work is to end here.
    fn wants_end(&mut self) -> bool;
}

/// Trains all models of a contest. The flag is false where the watcher ended it early.
///
/// # Errors
/// A model that can't be built. One that diverges, by its losses or by its weights at the end, is no
/// error: it says so itself, and the others go on.
pub fn train(
    contest: &Contest,
    watcher: &mut impl Watcher,
) -> Result<(Vec<Entrant>, bool), LearnError> {
    let Some(first) = contest.trainings.first() else { return Ok((Vec::new(), true)) };
    let stage = &contest.stage;
    let world = Simulation::new(stage, stage.iid(), contest.seed, first.batch, 0);
    let mut simulation = world.ahead();
    let specs = input_specs(stage);
    for (seat, training) in contest.trainings.iter().enumerate() {
        let (engine, classes) = (contest.engine, stage.classes());
        let learner = new_learner_on(engine, &specs, classes, training, contest.seed)?;
        simulation.add_trainee(Trainee::new(seat, learner));
    }
    if contest.trainings.iter().any(|t| t.objective.needs_twins()) {
        simulation.plan_twins(TwinPlan::OneFactor);
    }
    let (mut complete, start) = (true, Instant::now());
    // The update on a frame is made beside the next frame, the last one after all of them.
    for played in 1..=first.steps + 1 {
        if played <= first.steps {
            simulation.step();
        } else {
            simulation.settle();
        }
        if played == 1 {
            continue;
        }
        let trainees = simulation.trainees();
        watcher.trained(played - 1, &trainees.iter().map(|t| last(t)).collect::<Vec<_>>());
        if watcher.wants_end() {
            complete = false;
            break;
        }
        if trainees.iter().all(|t| t.failure.is_some()) {
            break;
        }
    }
    let whole = start.elapsed().as_secs_f64();
    let trainees = simulation.take_trainees();
    let times = Times::of(simulation.clock(), &trainees.iter().collect::<Vec<_>>(), whole);
    watcher.timed(&times);
    // Of several, each is told the frames and its own updates, as if it had been alone.
    let alone = contest.trainings.len() == 1;
    let entrants =
        trainees.into_iter().zip(&contest.trainings).map(|(trainee, training)| Entrant {
            training: training.clone(),
            curve: trainee.curve,
            decisions: trainee.decisions,
            seconds: if alone { whole } else { times.making() + trainee.seconds },
            failure: trainee.failure.or_else(|| trainee.learner.check_weights().err()),
            learner: trainee.learner,
            metrics: None,
            table: None,
        });
    Ok((entrants.collect(), complete))
}

/// The losses of the last update; none of a model that has failed.
fn last(trainee: &Trainee) -> Option<StepLosses> {
    if trainee.failure.is_none() { trainee.curve.last().copied() } else { None }
}

/// Examines all models of a contest that haven't failed. False where the watcher ended it early;
/// then nothing is measured.
///
/// # Errors
/// A model that can't be asked.
pub fn judge(
    contest: &Contest,
    entrants: &mut [Entrant],
    watcher: &mut impl Watcher,
) -> Result<bool, LearnError> {
    let mut whole: Vec<&mut Entrant> =
        entrants.iter_mut().filter(|e| e.failure.is_none()).collect();
    let models: Vec<(&dyn Learner, &Training)> =
        whole.iter().map(|e| (&*e.learner, &e.training)).collect();
    let found = evaluate(&contest.stage, contest.seed, &models, contest.specimens, || {
        watcher.examined();
        !watcher.wants_end()
    })?;
    let Some(found) = found else { return Ok(false) };
    let scene = &contest.stage.scene.name;
    for (entrant, found) in whole.iter_mut().zip(found) {
        entrant.take(scene, contest.seed, found);
    }
    // One that can't be asked any more is said to have diverged, and nothing else.
    for entrant in entrants.iter_mut().filter(|e| e.failure.is_some()) {
        if matches!(entrant.state(), TrainingState::Diverged { .. }) {
            let metrics = entrant.metrics_of(scene, contest.seed, Evaluation::default());
            entrant.metrics = Some(metrics);
        }
    }
    Ok(true)
}
