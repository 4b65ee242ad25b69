//! Fills tables from stored data: the twins that the files hold, and no others.
//!
//! A stored sample is shown as it is and in each of its stored twins. By consistency, a sample whose
//! factor has a value by nature is its own twin under that value. What the twins don't show stays
//! unknown. Where twins under a factor change no other stored factor, what the factor itself shows
//! is all that changes, and both reaches are one.

use std::sync::Arc;

use super::condition::{Condition, End, Reach, Source};
use super::table::{Answers, Column, Factor, Scope, UNKNOWN, World};
use crate::causal::Domain;
use crate::dataset::read::{Data, Shapes, SplitData};
use crate::learn::LearnError;

/// What is known of stored samples.
#[must_use]
pub fn scope(data: &Data) -> Scope {
    let shapes = &data.shapes;
    let factor = |i: usize| Factor {
        name: shapes.keys[i].clone(),
        role: shapes.roles.get(i).cloned().unwrap_or_default(),
        domain: domain(data, i),
        contrast: shapes.contrast.get(i).map_or([0.0, 1.0], |(a, b)| [*a, *b]),
        truth: shapes.truth.get(i).cloned().unwrap_or_default(),
    };
    // Without their values nothing can be said of factors, whatever is said about them.
    let stored = data.splits.iter().any(|split| !split.worlds[0].latents.is_empty());
    let factors = if stored { (0..shapes.keys.len()).map(factor).collect() } else { Vec::new() };
    Scope { factors, classes: shapes.classes.clone() }
}

/// The values of a factor as its stored ones look.
fn domain(data: &Data, factor: usize) -> Domain {
    let width = data.shapes.keys.len();
    let worlds = data.splits.iter().flat_map(|split| &split.worlds);
    let values = worlds.flat_map(|world| world.latents.iter().skip(factor).step_by(width));
    let mut largest = 1.0_f64;
    for &value in values {
        if value.fract() != 0.0 || value < 0.0 {
            return Domain::Continuous;
        }
        largest = largest.max(value);
    }
    Domain::discrete(largest as usize + 1)
}

/// The columns of a split. `ask` is told the world of the split that the model is to be asked
/// about: 0 is the world as it is, then come the twins.
///
/// # Errors
/// A model that can't be asked.
pub fn columns(
    scope: &Scope,
    shapes: &Shapes,
    split: &SplitData,
    mut ask: impl FnMut(usize) -> Result<Answers, LearnError>,
) -> Result<Vec<Column>, LearnError> {
    let source = Source { regime: split.name.clone(), first: 0 };
    let width = scope.factors.len();
    let world = |at: usize| World {
        labels: split.worlds[at].labels.clone(),
        factors: if width > 0 { split.worlds[at].latents.clone() } else { Vec::new() },
    };
    let (natural, actual) = (ask(0)?, Arc::new(world(0)));
    let mut columns = vec![Column {
        source: source.clone(),
        condition: Condition::Natural,
        world: Arc::clone(&actual),
        answers: natural.clone(),
        inputs: None,
    }];
    if width == 0 || actual.factors.is_empty() {
        return Ok(columns);
    }
    let mut twins = Vec::new();
    for at in 1..split.worlds.len() {
        let Some((factor, value, reach)) = shapes.twin_factor(at - 1) else { continue };
        let latents = &split.worlds[at].latents;
        let values: Vec<f64> = if latents.is_empty() {
            match value {
                Some(value) => vec![value; split.rows],
                None => continue,
            }
        } else {
            latents.iter().skip(factor).step_by(width).copied().collect()
        };
        let alone = !latents.is_empty()
            && (0..latents.len()).all(|i| i % width == factor || latents[i] == actual.factors[i]);
        twins.push(Twin {
            factor,
            values,
            reach,
            alone,
            answers: ask(at)?,
            labels: &split.worlds[at].labels,
        });
    }
    for (place, factor) in scope.factors.iter().enumerate() {
        for reach in Reach::ALL {
            for end in End::ALL {
                let fits =
                    |twin: &&Twin| twin.factor == place && (twin.reach == reach || twin.alone);
                let own: Vec<&Twin> = twins.iter().filter(fits).collect();
                if own.is_empty() {
                    continue;
                }
                let put = (place, factor.value(end));
                columns.push(Column {
                    source: source.clone(),
                    condition: Condition::Do(place, end, reach),
                    ..at_end(&actual, &natural, &own, put, width)
                });
            }
        }
    }
    Ok(columns)
}

/// A stored twin of every sample, in which one factor differs.
struct Twin<'a> {
    factor: usize,
    /// The factor's value in the twin of each sample.
    values: Vec<f64>,
    reach: Reach,
    /// Whether no other factor follows.
    alone: bool,
    answers: Answers,
    labels: &'a [usize],
}

/// Every sample with a factor put to a value, as far as it or one of its twins shows it.
fn at_end(
    actual: &Arc<World>,
    natural: &Answers,
    twins: &[&Twin],
    (factor, value): (usize, f64),
    width: usize,
) -> Column {
    // Values are stored in 32 bits.
    let is = |found: f64| found as f32 == value as f32;
    let mut world = World::default();
    let mut answers = Answers::default();
    for row in 0..actual.labels.len() {
        let own = actual.row(row, width);
        let twin = twins.iter().find(|twin| is(twin.values[row]));
        let (said, label) = match twin {
            _ if is(own[factor]) => (Some(natural), actual.labels[row]),
            Some(twin) => (Some(&twin.answers), twin.labels[row]),
            None => (None, actual.labels[row]),
        };
        let prediction = said.and_then(|said| said.prediction(row));
        let known = said.and_then(|said| said.probabilities.get(row)).copied();
        answers.predictions.push(prediction.map_or(UNKNOWN, |class| class as u32));
        answers.probabilities.push(known.unwrap_or(f32::NAN));
        world.labels.push(label);
        let start = world.factors.len();
        world.factors.extend_from_slice(own);
        world.factors[start + factor] = value;
    }
    Column {
        source: Source { regime: String::new(), first: 0 },
        condition: Condition::Natural,
        world: Arc::new(world),
        answers,
        inputs: None,
    }
}
