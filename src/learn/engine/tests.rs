//! The fused engine against dfdx, against finite differences, and against itself on other threads.

use dfdx::prelude::Cpu;
use rand::RngExt;

use super::super::method::{Alone, Concat, Late, Method};
use super::super::plan::Plan;
use super::super::trainer::Trainer;
use super::super::{
    Batch, CounterfactualKind, DecisionCurve, Input, InputSpec, LearnError, Learner,
    NamedParameter, StepLosses, load_learner, load_learner_on, new_learner_on,
};
use super::{Engine, Fused};
use crate::causal::noise::{StreamId, stream};
use crate::scene::training::{Distance, Method as Name, Objective, Step, Training};

mod agreement;
mod running;

const METHODS: [Name; 5] = [Name::Concat, Name::Late, Name::Image, Name::Audio, Name::Text];

/// One input is wider than what a single job takes of a weight.
fn inputs() -> Vec<InputSpec> {
    vec![InputSpec::row("image", 300), InputSpec::row("audio", 7), InputSpec::words("text", 2, 5)]
}

/// Random specimens, in several blocks the last of which is smaller; some lack modalities if
/// `lacking`, and one of them all.
fn batch(name: &str, classes: usize, lacking: bool) -> Batch {
    let rows = 75;
    let mut noise = stream(5, 0, StreamId::of(name));
    let mut input = |spec: &InputSpec| Input {
        values: (0..rows * spec.width).map(|_| 3.0 * noise.random::<f32>() - 1.5).collect(),
        tokens: vec![1; rows * spec.length()],
    };
    let mut inputs: Vec<Input> = inputs().iter().map(&mut input).collect();
    let labels = (0..rows).map(|i| (i * 7 + i / 5 + name.len()) % classes).collect();
    let mut present = Vec::new();
    if lacking {
        present = (0..rows * 3).map(|i| !(i * i + i / 3).is_multiple_of(3)).collect();
        present[9..12].fill(false);
        for (i, there) in present.iter().enumerate().filter(|(_, there)| !**there) {
            let width = inputs[i % 3].values.len() / rows;
            inputs[i % 3].values[i / 3 * width..][..width].fill(f32::from(u8::from(*there)));
        }
    }
    Batch { rows, inputs, labels, present }
}

fn training(method: Name, objective: Objective) -> Training {
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

fn plan(training: &Training, classes: usize) -> Plan {
    Plan { inputs: inputs(), classes, training: training.clone() }
}

fn fused(training: &Training, classes: usize) -> Fused {
    Fused::new(plan(training, classes), 9, None).unwrap()
}
