//! A contest: the same method from the same starting weights on the same stream of specimens,
//! once per objective. A single training run is a contest of one.

use std::sync::Arc;
use std::time::Instant;

use crate::learn::{Compute, LearnError, Learner, StepLosses, new_learner_on};
use crate::measure::{Findings, Metrics, examine};
use crate::scene::Stage;
use crate::scene::training::Training;
use crate::world::{Simulation, Trainee, TwinPlan, input_specs};

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
    /// Seconds that training it took, its share of the world's frames included.
    pub seconds: f64,
    /// Why it stopped learning, if it did.
    pub failure: Option<LearnError>,
    /// What was measured of it, once it's examined.
    pub metrics: Option<Metrics>,
}

impl Entrant {
    /// Its figures, from what an examination found.
    #[must_use]
    pub fn metrics_of(&self, stage: &Stage, seed: u64, findings: Findings) -> Metrics {
        let (training, steps) = (&self.training, self.curve.len());
        Metrics {
            scene: stage.scene.name.clone(),
            method: training.method.name().to_owned(),
            objective: training.objective.name().to_owned(),
            seed,
            steps,
            seconds: self.seconds,
            samples_per_second: (steps * training.batch) as f64 / self.seconds.max(1e-9),
            accuracy: findings.accuracy,
            c3_risk: findings.c3_risk,
            causation: findings.causation,
            causal_error: findings.causal_error,
        }
    }
}

/// Follows a contest, and may end it.
pub trait Watcher {
    /// An update was made; one entry per model, empty for one that has failed.
    fn trained(&mut self, step: usize, losses: &[Option<StepLosses>]);
    /// A frame of the examination was played.
    fn examined(&mut self);
    /// Whether the work is to end here.
    fn wants_end(&mut self) -> bool;
}

/// Trains all models of a contest. The flag is false where the watcher ended it early.
///
/// # Errors
/// A model that can't be built. One that diverges is no error: it says so itself, and the others
/// go on.
pub fn train(
    contest: &Contest,
    watcher: &mut impl Watcher,
) -> Result<(Vec<Entrant>, bool), LearnError> {
    let Some(first) = contest.trainings.first() else { return Ok((Vec::new(), true)) };
    let stage = &contest.stage;
    let mut simulation = Simulation::new(stage, stage.iid(), contest.seed, first.batch, 0);
    let specs = input_specs(stage);
    for (seat, training) in contest.trainings.iter().enumerate() {
        let (engine, classes) = (contest.engine, stage.classes());
        let learner = new_learner_on(engine, &specs, classes, training, contest.seed)?;
        simulation.add_trainee(Trainee::new(seat, learner));
    }
    if contest.trainings.iter().any(|t| t.objective.needs_twins()) {
        simulation.plan_twins(TwinPlan::OneFactor);
    }
    let (mut complete, mut playing) = (true, 0.0);
    for step in 1..=first.steps {
        let before: f64 = simulation.trainees().iter().map(|t| t.seconds).sum();
        let start = Instant::now();
        simulation.step();
        let frame = start.elapsed().as_secs_f64();
        let trainees = simulation.trainees();
        let updating: f64 = trainees.iter().map(|t| t.seconds).sum::<f64>() - before;
        playing += (frame - updating).max(0.0);
        let losses: Vec<_> = trainees
            .iter()
            .map(|t| if t.failure.is_none() { t.curve.last().copied() } else { None })
            .collect();
        watcher.trained(step, &losses);
        if watcher.wants_end() {
            complete = false;
            break;
        }
        if trainees.iter().all(|t| t.failure.is_some()) {
            break;
        }
    }
    let trainees = simulation.take_trainees().into_iter().zip(&contest.trainings);
    let entrants = trainees.map(|(trainee, training)| Entrant {
        training: training.clone(),
        learner: trainee.learner,
        curve: trainee.curve,
        seconds: playing + trainee.seconds,
        failure: trainee.failure,
        metrics: None,
    });
    Ok((entrants.collect(), complete))
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
    let findings = examine(&contest.stage, contest.seed, &models, contest.specimens, || {
        watcher.examined();
        !watcher.wants_end()
    })?;
    let Some(findings) = findings else { return Ok(false) };
    for (entrant, found) in whole.iter_mut().zip(findings) {
        entrant.metrics = Some(entrant.metrics_of(&contest.stage, contest.seed, found));
    }
    Ok(true)
}
