//! Trials, from their descriptions to their outcomes.

use std::sync::Arc;

use super::{Cost, Outcome};
use crate::experiment::plan::{Plan, Trial};
use crate::experiment::{Contest, Entrant, Times, TrainingState, Watcher, train};
use crate::learn::{Compute, StepLosses};
use crate::measure::suite::{Subject, take};
use crate::scene::training::Training;

/// Trains and measures trials that see the same ([`Trial::sees_the_same_as`]) and so share their
/// frames; each comes to what it comes to alone. `go_on` is asked at every update and between
/// measures; `None` where it says no. A model that can't be built, diverges, or can't be measured is
/// an outcome with its reason.
pub fn perform(
    plan: &Plan,
    trials: &[&Trial],
    go_on: &mut dyn FnMut() -> bool,
) -> Option<Vec<Outcome>> {
    let Some(first) = trials.first() else { return Some(Vec::new()) };
    let training = |trial: &&Trial| Training {
        method: trial.method,
        objective: trial.objective,
        ..trial.stage.scene.training.clone()
    };
    let contest = Contest {
        stage: Arc::clone(&first.stage),
        seed: first.seed,
        trainings: trials.iter().map(training).collect(),
        specimens: plan.specimens,
        engine: Compute::default(),
    };
    let (entrants, complete) = match train(&contest, &mut Asks(go_on)) {
        Ok(trained) => trained,
        // Whose model is it that can't be built?
        Err(_) if trials.len() > 1 => return one_by_one(plan, trials, go_on),
        Err(error) => return Some(vec![failed(first, error.to_string())]),
    };
    if !complete {
        return None;
    }
    let subjects: Vec<Subject> = entrants
        .iter()
        .filter(|entrant| broken(entrant).is_none())
        .map(|entrant| Subject {
            stage: &contest.stage,
            seed: contest.seed,
            learner: &*entrant.learner,
            training: &entrant.training,
            updates: entrant.curve.len(),
            samples: plan.specimens,
        })
        .collect();
    let mut taken = take(&plan.experiment.measures, &subjects, &mut *go_on)?.into_iter();
    let outcome = |(trial, entrant): (&&Trial, &Entrant)| {
        if let Some(reason) = broken(entrant) {
            return Some(failed(trial, reason));
        }
        Some(match taken.next()? {
            Ok(found) => Outcome {
                found,
                cost: cost_of(entrant),
                ..Outcome::named(&trial.key, &trial.title())
            },
            Err(error) => failed(trial, error.to_string()),
        })
    };
    trials.iter().zip(&entrants).map(outcome).collect()
}

/// Trials in companies that [`perform`] takes, of `most` at the most, in the order of their first.
#[must_use]
pub fn companies<'a>(trials: &[&'a Trial], most: usize) -> Vec<Vec<&'a Trial>> {
    let mut all: Vec<Vec<&Trial>> = Vec::new();
    for trial in trials {
        let fits = |company: &&mut Vec<&Trial>| {
            company.len() < most && company.first().is_some_and(|one| one.sees_the_same_as(trial))
        };
        match all.iter_mut().find(fits) {
            Some(company) => company.push(trial),
            None => all.push(vec![trial]),
        }
    }
    all
}

fn one_by_one(
    plan: &Plan,
    trials: &[&Trial],
    go_on: &mut dyn FnMut() -> bool,
) -> Option<Vec<Outcome>> {
    let mut all = Vec::new();
    for trial in trials {
        all.extend(perform(plan, &[trial], go_on)?);
    }
    Some(all)
}

/// Why there is no model to measure, if so: a device that failed, or a loss or weights that
/// diverged.
fn broken(entrant: &Entrant) -> Option<String> {
    match (&entrant.failure, entrant.state()) {
        (Some(failure), _) => Some(failure.to_string()),
        (None, state @ TrainingState::Diverged { .. }) => Some(state.to_string()),
        (None, _) => None,
    }
}

fn failed(trial: &Trial, reason: String) -> Outcome {
    Outcome::failed(&trial.key, &trial.title(), reason)
}

fn cost_of(entrant: &Entrant) -> Cost {
    let parameters = entrant
        .learner
        .parameters()
        .map(|all| all.iter().map(|parameter| parameter.values.len()).sum::<usize>() as f64);
    let trained = (entrant.curve.len() * entrant.training.batch) as f64;
    Cost {
        seconds: entrant.seconds,
        specimens_per_second: trained / entrant.seconds.max(1e-9),
        peak_mib: peak_mib(),
        parameters: parameters.unwrap_or(0.0),
    }
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
