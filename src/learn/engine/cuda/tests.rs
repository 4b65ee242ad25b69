//! The engine on a card against the one on the processor, on the emulator.

use super::super::super::plan::Plan;
use super::super::super::{
    Accelerated, Batch, CounterfactualKind, InputSpec, LearnError, Learner, NamedParameter,
    StepLosses,
};
use super::super::fused::Fused;
use super::check::{cases, compare, inputs, specimens};
use super::draft::{Draft, Placed, Purpose};
use super::emulator::Emulator;
use super::learner::{OnCard, known};
use super::program::Step as ProgramStep;
use crate::scene::training::{Method, Objective, Step, Training};

mod agreement;
#[cfg(target_os = "linux")]
mod driving;
mod running;

fn training(method: Method, objective: Objective) -> Training {
    Training {
        method,
        objective,
        features: 20,
        representation: 37,
        kl_budget: 0.01,
        learning_rate: 1e-3,
        ..Training::default()
    }
}

fn plan(training: &Training) -> Plan {
    Plan { inputs: inputs(), classes: 3, training: training.clone() }
}

fn on_card(training: &Training) -> Option<OnCard<Emulator>> {
    Some(OnCard::new(Emulator::new()?, plan(training), 3, None).unwrap())
}

fn on_processor(training: &Training) -> Fused {
    Fused::new(plan(training), 3, None).unwrap()
}

/// Specimens that are others for every update, some lacking modalities.
fn data(i: usize) -> Batch {
    specimens(&format!("specimens {}", "+".repeat(i)), 43, 3, i % 2 == 1)
}

/// Some updates; those of `C3rTwin` get other specimens for twins.
fn run(learner: &mut dyn Learner, updates: std::ops::Range<usize>) -> Vec<StepLosses> {
    updates.map(|i| learner.update(&data(i), Some(&data(i + 1))).unwrap()).collect()
}

/// How far two runs are apart in their losses.
fn gap(one: &[StepLosses], other: &[StepLosses]) -> f64 {
    let pairs = one.iter().zip(other);
    pairs.map(|(a, b)| (a.total - b.total).abs() / a.total.abs()).fold(0.0, f64::max)
}

fn apart(one: &[f32], other: &[f32]) -> f64 {
    assert_eq!(one.len(), other.len());
    let largest = one.iter().fold(1e-3_f32, |most, x| most.max(x.abs()));
    let gaps = one.iter().zip(other).map(|(a, b)| f64::from((a - b).abs() / largest));
    gaps.fold(0.0, f64::max)
}
