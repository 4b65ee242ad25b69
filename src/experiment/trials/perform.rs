//! One trial, from its description to its outcome.

use std::sync::Arc;

use super::{Cost, Outcome};
use crate::experiment::plan::{Plan, Trial};
use crate::experiment::{Contest, Times, Watcher, train};
use crate::learn::{Compute, StepLosses};
use crate::measure::suite::{Subject, take};
use crate::scene::training::Training;

/// Trains and measures a trial. `go_on` is asked at every update and between measures; `None`
/// where it says no. A model that can't be built, diverges, or can't be measured is an outcome
/// with its reason.
pub fn perform(plan: &Plan, trial: &Trial, go_on: &mut dyn FnMut() -> bool) -> Option<Outcome> {
    let stage = Arc::clone(&trial.stage);
    let (method, objective) = (trial.method, trial.objective);
    let training = Training { method, objective, ..stage.scene.training.clone() };
    let contest = Contest {
        stage,
        seed: trial.seed,
        trainings: vec![training],
        specimens: plan.specimens,
        engine: Compute::default(),
    };
    let failed = |reason: String| Some(Outcome::failed(&trial.key, &trial.title(), reason));
    let mut watcher = Asks(go_on);
    let (mut entrants, complete) = match train(&contest, &mut watcher) {
        Ok(trained) => trained,
        Err(error) => return failed(error.to_string()),
    };
    let entrant = entrants.pop().filter(|_| complete)?;
    if let Some(failure) = &entrant.failure {
        return failed(failure.to_string());
    }
    let subject = Subject {
        stage: &contest.stage,
        seed: trial.seed,
        learner: &*entrant.learner,
        training: &entrant.training,
        updates: entrant.curve.len(),
        specimens: plan.specimens,
    };
    let found = match take(&plan.experiment.measures, &subject, &mut *go_on) {
        Ok(found) => found?,
        Err(error) => return failed(error.to_string()),
    };
    let parameters = entrant
        .learner
        .parameters()
        .map(|all| all.iter().map(|parameter| parameter.values.len()).sum::<usize>() as f64);
    let trained = (entrant.curve.len() * entrant.training.batch) as f64;
    let cost = Cost {
        seconds: entrant.seconds,
        specimens_per_second: trained / entrant.seconds.max(1e-9),
        peak_mib: peak_mib(),
        parameters: parameters.unwrap_or(0.0),
    };
    Some(Outcome { found, cost, ..Outcome::named(&trial.key, &trial.title()) })
}

/// The most memory that this process has had, where the system tells (Linux).
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

/// A watcher that asks whether to go on.
struct Asks<'a>(&'a mut dyn FnMut() -> bool);

impl Watcher for Asks<'_> {
    fn trained(&mut self, _: usize, _: &[Option<StepLosses>]) {}

    fn timed(&mut self, _: &Times) {}

    fn examined(&mut self) {}

    fn wants_end(&mut self) -> bool {
        !(self.0)()
    }
}
