//! Whether a card computes what the processor does: one update of both from the same weights on the
//! same specimens.

use rand::RngExt;

use super::super::super::plan::Plan;
use super::super::super::{
    Batch, Input, InputSpec, LearnError, Learner, NamedParameter, StepLosses,
};
use super::super::fused::Fused;
use super::super::store::{Adam, adam_step};
use super::device::Device;
use super::learner::{OnCard, known};
use crate::causal::noise::{StreamId, stream};
use crate::scene::training::{Method, Objective, Step, Training};

/// How far an update on a card is from the same on the processor.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// What was compared.
    pub case: String,
    /// The largest relative difference of a loss; of one below 0.01 it is over 0.01.
    pub losses: f64,
    /// The largest difference of a parameter's gradient, relative by length; and that parameter.
    pub gradients: (f64, String),
    /// The largest difference of a parameter after the step of Adam from where the gradient that
    /// the card found leads, over the learning rate.
    pub step: f64,
}

/// What differences are allowed: about what rounding in 32 bits gives.
pub const TOLERANCE: f64 = 1e-5;

impl Agreement {
    /// Whether all are within `TOLERANCE`; a step may be off by that of one over its rate.
    #[must_use]
    pub fn holds(&self) -> bool {
        // A NaN is no agreement.
        self.losses < TOLERANCE && self.gradients.0 < TOLERANCE && self.step < 1e-3
    }
}

/// The inputs that are compared with: one beyond the width of what a kernel sums up, and all of
/// other widths than a warp's or a tile's.
#[must_use]
pub fn inputs() -> Vec<InputSpec> {
    vec![InputSpec::row("image", 600), InputSpec::row("audio", 70), InputSpec::words("text", 2, 5)]
}

/// Random specimens, some of which lack modalities if `lacking`, and one of them all.
#[must_use]
pub fn specimens(name: &str, rows: usize, classes: usize, lacking: bool) -> Batch {
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
        for (i, _) in present.iter().enumerate().filter(|(_, there)| !**there) {
            let width = inputs[i % 3].values.len() / rows;
            inputs[i % 3].values[i / 3 * width..][..width].fill(0.0);
        }
    }
    Batch { rows, inputs, labels, present }
}

/// The length of `one - other` over that of `one`.
fn apart(one: &[f32], other: &[f32]) -> f64 {
    let length = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
    let pairs = one.iter().zip(other);
    let gap = length(&mut pairs.map(|(a, b)| f64::from(*a) - f64::from(*b)));
    gap / length(&mut one.iter().map(|&a| a.into())).max(1e-6)
}

fn figures(losses: &StepLosses) -> [f64; 8] {
    let StepLosses { total, sufficiency, necessity, l_v, l_fe, twin, consistency, accuracy } =
        *losses;
    [total, sufficiency, necessity, l_v, l_fe, twin, consistency, accuracy]
}

/// The larger of two, and a NaN if there is one.
fn worst(one: f64, other: f64) -> f64 {
    if one.is_nan() || one > other { one } else { other }
}

/// One update on a card and on the processor.
///
/// # Errors
/// [`LearnError::Device`], and those of a plan that the engine can't follow.
pub fn compare<D: Device>(
    device: D,
    plan: &Plan,
    batch: &Batch,
    twin: &Batch,
) -> Result<Agreement, LearnError> {
    let seed = 9;
    let mut processor = Fused::new(plan.clone(), seed, None)?;
    let expected = processor.differentiate(batch, Some(twin))?;
    let slopes = processor.gradients(batch, twin);

    let mut card = OnCard::new(device, plan.clone(), seed, None)?;
    let (found, gradients) = card.gradients(batch, Some(twin))?;
    let before = card.parameters()?;
    let again = card.update(batch, Some(twin))?;
    let after = card.parameters()?;

    let training = &plan.training;
    let mut agreement = Agreement {
        case: format!(
            "{} {}, {} classes, {} specimens{}",
            training.method.name(),
            training.objective.name(),
            plan.classes,
            batch.rows,
            if batch.present.is_empty() { "" } else { ", some lacking modalities" }
        ),
        losses: 0.0,
        gradients: (0.0, String::new()),
        step: 0.0,
    };
    for found in [found, again] {
        for (found, expected) in figures(&found).iter().zip(figures(&expected)) {
            // What is over a budget is the small difference of two numbers.
            let gap = (found - expected).abs() / expected.abs().max(1e-2);
            agreement.losses = worst(gap, agreement.losses);
        }
    }
    for (found, expected) in gradients.iter().zip(&slopes) {
        let gap = apart(&expected.values, &found.values);
        if gap.is_nan() || gap > agreement.gradients.0 {
            agreement.gradients = (gap, expected.name.clone());
        }
    }
    let adam = Adam::new(f64::from(training.learning_rate), 1);
    let pairs = before.into_iter().zip(&gradients).zip(&after);
    for ((NamedParameter { mut values, .. }, gradient), after) in pairs {
        let mut moments = [vec![0.0; values.len()], vec![0.0; values.len()]];
        let [first, second] = &mut moments;
        adam_step(&adam, &mut values, first, second, &gradient.values);
        for (expected, found) in values.iter().zip(&after.values) {
            let gap = f64::from((expected - found).abs() / training.learning_rate);
            agreement.step = worst(gap, agreement.step);
        }
    }
    Ok(agreement)
}

/// The settings that are compared: every method with every objective, and settings that take other
/// ways through the kernels.
#[must_use]
pub fn cases() -> Vec<(Training, usize, bool)> {
    let methods = [Method::Concat, Method::Late, Method::Image, Method::Audio, Method::Text];
    let training = |method, objective| Training {
        method,
        objective,
        features: 20,
        representation: 37,
        kl_budget: 0.01,
        learning_rate: 1e-3,
        ..Training::default()
    };
    let mut cases = Vec::new();
    for method in methods {
        for objective in known() {
            cases.push((training(method, objective), 2, false));
            cases.push((training(method, objective), 4, true));
        }
    }
    for method in [Method::Concat, Method::Late] {
        for objective in [Objective::C3r, Objective::C3rLiteral, Objective::C3rTwin] {
            let plain = training(method, objective);
            let others = [
                Training { detach_instrument: false, ..plain.clone() },
                Training { step: Step::Raw(1.3), literal_step: Step::Spread(0.7), ..plain.clone() },
                Training { lambda_n: 0.0, lambda_s: 0.3, ..plain.clone() },
                Training { lambda_v: 0.0, kl_budget: 0.0, ..plain.clone() },
                Training { lambda_fe: 0.0, distance_weight: 0.4, ..plain.clone() },
                Training { lambda_v: 0.0, lambda_fe: 0.0, ..plain.clone() },
                Training { lambda_consistency: 0.0, lambda_twin: 0.5, ..plain.clone() },
                Training { features: 70, representation: 130, ..plain },
            ];
            cases.extend(others.into_iter().map(|other| (other, 3, true)));
        }
    }
    cases
}
