//! The time of one update, contender beside contender.

use std::time::Instant;

use rand::RngExt as _;

use super::Spread;
use crate::causal::noise::{StreamId, stream};
use crate::learn::{Batch, Engine, Form, Input, InputSpec, LearnError, Learner, new_learner_on};
use crate::scene::training::Training;

/// Updates before the first that is timed.
const WARM_UP: usize = 3;

/// One that is timed: an engine and what it trains.
#[derive(Clone, Debug)]
pub struct Rival {
    /// What computes the updates.
    pub engine: Engine,
    /// What is trained.
    pub training: Training,
}

/// What one rival took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepTimes {
    /// Seconds of an update.
    pub seconds: Spread,
    /// How many times as long the first of the rivals took, update by update.
    pub ratio: Spread,
}

/// Random specimens, the same ones every time.
#[must_use]
pub fn random_batch(inputs: &[InputSpec], classes: usize, rows: usize) -> Batch {
    let mut noise = stream(7, 0, StreamId::of("bench"));
    let inputs = inputs.iter().map(|spec| {
        let values = (0..rows * spec.width).map(|_| 2.0 * noise.random::<f32>() - 1.0).collect();
        let tokens = match spec.form {
            Form::Words { length, vocabulary } => (0..rows * length)
                .map(|_| u16::try_from(noise.random_range(0..vocabulary)).unwrap_or(0))
                .collect(),
            _ => Vec::new(),
        };
        Input { values, tokens }
    });
    let inputs = inputs.collect();
    let labels = (0..rows).map(|row| row % classes).collect();
    Batch { rows, inputs, labels, ..Batch::default() }
}

/// Times `updates` of every rival, one of each in turn: a machine's speed changes from second to
/// second, and so they share its moods. `go_on` is asked before every round.
///
/// # Errors
/// A model that can't be built or diverges.
pub fn time_steps(
    rivals: &[Rival],
    inputs: &[InputSpec],
    classes: usize,
    rows: usize,
    updates: usize,
    mut go_on: impl FnMut() -> bool,
) -> Result<Vec<StepTimes>, LearnError> {
    let (batch, twin) = (random_batch(inputs, classes, rows), random_batch(inputs, classes, rows));
    let mut learners = rivals
        .iter()
        .map(|rival| new_learner_on(rival.engine, inputs, classes, &rival.training, 7))
        .collect::<Result<Vec<_>, _>>()?;
    let once = |learner: &mut Box<dyn Learner>| {
        let start = Instant::now();
        learner.update(&batch, Some(&twin))?;
        Ok(start.elapsed().as_secs_f64())
    };
    let mut rounds: Vec<Vec<f64>> = Vec::with_capacity(updates);
    for round in 0..WARM_UP + updates {
        if !go_on() {
            break;
        }
        let times = learners.iter_mut().map(once).collect::<Result<Vec<_>, LearnError>>()?;
        if round >= WARM_UP {
            rounds.push(times);
        }
    }
    let of = |i: usize| StepTimes {
        seconds: Spread::of(rounds.iter().map(|times| times[i])),
        ratio: Spread::of(rounds.iter().map(|times| times[0] / times[i])),
    };
    Ok((0..rivals.len()).map(of).collect())
}
