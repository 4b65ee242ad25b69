//! A contest: the same method from the same starting weights on the same stream of specimens,
//! once per objective. A single training run is a contest of one.

use std::sync::Arc;
use std::time::Instant;

use crate::learn::{LearnError, Learner, StepLosses, new_learner};
use crate::measure::{Metrics, examine};
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
}

/// A model at the end of a contest.
pub struct Entrant {
    /// How it was trained.
    pub training: Training,
    /// The model.
    pub learner: Box<dyn Learner>,
    /// The losses of every update.
    pub curve: Vec<StepLosses>,
    /// What was measured, or why nothing could be.
    pub outcome: Result<Metrics, LearnError>,
}

/// Follows a contest, and may end it early.
pub trait Watcher {
    /// An update was made; one entry per model, empty for one that has failed.
    fn trained(&mut self, step: usize, losses: &[Option<StepLosses>]);
    /// A frame of the examination was played.
    fn examined(&mut self);
    /// Whether training is to end after this update, and the examination to be left out.
    fn wants_end(&mut self) -> bool;
}

/// Holds a contest: trains all models, then examines them.
///
/// The flag is false where the watcher ended it early: then nothing was examined, and the metrics
/// hold no more than the training's length.
///
/// # Errors
/// A model that can't be built or asked. A model that diverges is no error of the contest: its
/// outcome says so, and the others go on.
pub fn hold(
    contest: &Contest,
    watcher: &mut impl Watcher,
) -> Result<(Vec<Entrant>, bool), LearnError> {
    let Some(first) = contest.trainings.first() else { return Ok((Vec::new(), true)) };
    let stage = &contest.stage;
    let mut simulation = Simulation::new(stage, stage.scm(), contest.seed, first.batch, 0);
    let specs = input_specs(stage);
    for (seat, training) in contest.trainings.iter().enumerate() {
        let learner = new_learner(&specs, stage.classes(), training, contest.seed)?;
        simulation.add_trainee(Trainee::new(seat, learner));
    }
    if contest.trainings.iter().any(|t| t.objective.needs_twins()) {
        simulation.plan_twins(TwinPlan::OneFactor);
    }
    let start = Instant::now();
    let mut complete = true;
    for step in 1..=first.steps {
        simulation.step();
        let trainees = simulation.trainees();
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
    let elapsed = start.elapsed().as_secs_f64();
    let trainees = simulation.take_trainees();
    let updating: f64 = trainees.iter().map(|t| t.seconds).sum();
    let playing = (elapsed - updating).max(0.0);

    let whole: Vec<(&dyn Learner, &Training)> = trainees
        .iter()
        .zip(&contest.trainings)
        .filter(|(trainee, _)| trainee.failure.is_none())
        .map(|(trainee, training)| (&*trainee.learner, training))
        .collect();
    let findings = if complete {
        examine(stage, contest.seed, &whole, contest.specimens, || watcher.examined())?
    } else {
        Vec::new()
    };
    let mut findings = findings.into_iter();
    let mut entrants = Vec::new();
    for (trainee, training) in trainees.into_iter().zip(&contest.trainings) {
        let seconds = playing + trainee.seconds;
        let steps = trainee.curve.len();
        let outcome = match trainee.failure {
            Some(error) => Err(error),
            None => Ok(metrics(contest, training, steps, seconds, findings.next())),
        };
        let (learner, curve) = (trainee.learner, trainee.curve);
        entrants.push(Entrant { training: training.clone(), learner, curve, outcome });
    }
    Ok((entrants, complete))
}

fn metrics(
    contest: &Contest,
    training: &Training,
    steps: usize,
    seconds: f64,
    findings: Option<crate::measure::Findings>,
) -> Metrics {
    let findings = findings.unwrap_or_default();
    Metrics {
        scene: contest.stage.scene.name.clone(),
        method: training.method.name().to_owned(),
        objective: training.objective.name().to_owned(),
        seed: contest.seed,
        steps,
        seconds,
        samples_per_second: (steps * training.batch) as f64 / seconds.max(1e-9),
        accuracy: findings.accuracy,
        c3_risk: findings.c3_risk,
        causation: findings.causation,
        causal_error: findings.causal_error,
    }
}
