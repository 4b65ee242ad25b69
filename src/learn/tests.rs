//! Whole learners on toy data: what each objective does, repeatability, checkpoints.

use std::path::Path;

use dfdx::prelude::Cpu;
use rand::RngExt;

use super::method::Concat;
use super::plan::Plan;
use super::trainer::Trainer;
use super::worker::Worker;
use super::*;
use crate::causal::noise::{StreamId, stream};
use crate::scene::training::{Method, Objective, Step, Training};

mod phases;
mod readers;

const OBJECTIVES: [Objective; 5] = Objective::ALL;

// What is tested here is dfdx, also where another engine would be chosen.

fn new_learner(
    inputs: &[InputSpec],
    classes: usize,
    training: &Training,
    seed: u64,
) -> Result<Box<dyn Learner>, LearnError> {
    new_learner_on(Engine::Dfdx, inputs, classes, training, seed)
}

fn load_learner(
    path: &Path,
    inputs: &[InputSpec],
    classes: usize,
    training: &Training,
) -> Result<Box<dyn Learner>, LearnError> {
    load_learner_on(Engine::Dfdx, path, inputs, classes, training)
}

fn inputs(names: &[&str]) -> Vec<InputSpec> {
    names.iter().map(|name| InputSpec::row(name, 6)).collect()
}

/// Two classes, apart by one and a half standard deviations in every number.
fn separable(seed: u64, modalities: usize) -> Batch {
    let rows = 64;
    let mut noise = stream(seed, 0, StreamId::of("separable"));
    let labels: Vec<usize> = (0..rows).map(|i| i % 2).collect();
    let inputs = (0..modalities)
        .map(|_| {
            let centre = |i: usize| if labels[i / 6] == 1 { 0.75 } else { -0.75 };
            let number = |i| 3.4 * (noise.random::<f32>() - 0.5) + centre(i);
            Input::of((0..rows * 6).map(number).collect())
        })
        .collect();
    Batch { rows, inputs, labels, ..Batch::default() }
}

/// Words of a toy text.
const LENGTH: usize = 5;

/// A row, a grid and a text.
fn all_inputs() -> Vec<InputSpec> {
    let grid = Grid { height: 2, width: 3, channels: 1 };
    vec![
        InputSpec::row("image", 6),
        InputSpec::grid("audio", grid),
        InputSpec::words("text", LENGTH, 7),
    ]
}

/// As [`separable`], and of the five words of a text three or more are of its class, as long as
/// they aren't cut off.
fn everything(seed: u64) -> Batch {
    let mut batch = separable(seed, 2);
    let mut noise = stream(seed, 0, StreamId::of("words"));
    let mut text = Input::of(vec![0.0; batch.rows * 7]);
    for (row, &label) in batch.labels.iter().enumerate() {
        let other = noise.random_range(0..LENGTH);
        for place in 0..LENGTH {
            let class = if place == other { 1 - label } else { label };
            let word = 1 + 3 * class + noise.random_range(0..3_usize);
            let cut = place == LENGTH - 1 && row % 4 < 2;
            text.tokens.push(if cut { 0 } else { word as u16 });
            text.values[row * 7 + word] += if cut { 0.0 } else { 1.0 };
        }
    }
    batch.inputs.push(text);
    batch
}

fn training(method: Method, objective: Objective) -> Training {
    Training {
        method,
        objective,
        features: 16,
        representation: 8,
        learning_rate: 3e-3,
        ..Training::default()
    }
}

fn learner(training: &Training) -> Box<dyn Learner> {
    new_learner(&inputs(&["image", "audio"]), 2, training, 7).unwrap()
}

/// Trains for `steps` updates; the twins are other specimens with labels of their own.
fn train(learner: &mut dyn Learner, steps: u64) -> Vec<StepLosses> {
    train_on(learner, steps, |seed| separable(seed, 2))
}

/// The same on other data.
fn train_on(learner: &mut dyn Learner, steps: u64, data: fn(u64) -> Batch) -> Vec<StepLosses> {
    (0..steps)
        .map(|step| learner.update(&data(step), Some(&data(step + 1_000_000))).unwrap())
        .collect()
}

fn risk(learner: &dyn Learner, kind: CounterfactualKind) -> f64 {
    let test = separable(u64::MAX, 2);
    let found = learner.counterfactual(&test, kind).unwrap();
    assert_eq!(found.real, learner.logits(&test).unwrap());
    assert!(found.divergence.iter().all(|kl| *kl >= -1e-6));
    let (sufficiency, necessity) = c3_risk(&found.real, &found.hypothetical, &test.labels);
    sufficiency + necessity
}

#[test]
fn every_objective_lowers_its_loss() {
    for method in Method::ALL {
        for objective in OBJECTIVES {
            let training = Training { steps: 80, ..training(method, objective) };
            let mut learner = new_learner(&all_inputs(), 2, &training, 7).unwrap();
            let losses = train_on(&mut *learner, 80, everything);
            // The loss of evidence is whole after a tenth of the updates.
            let whole = if matches!(method, Method::Tmc | Method::TmcViews) { 8 } else { 0 };
            let (first, last) = (losses[whole], losses[losses.len() - 1]);
            assert!(last.total < first.total, "{method:?} {objective:?}: {first:?} {last:?}");
            if objective != Objective::C3rLiteral {
                let test = everything(u64::MAX - 1);
                let accuracy = learner.logits(&test).unwrap().accuracy(&test.labels);
                let enough = if method.modality().is_some() { 0.85 } else { 0.95 };
                assert!(accuracy > enough, "{method:?} {objective:?}: {accuracy} {last:?}");
            }
        }
    }
}

#[test]
fn only_the_terms_of_the_objective_are_reported() {
    let first = |objective| train(&mut *learner(&training(Method::Concat, objective)), 1)[0];
    let erm = first(Objective::Erm);
    assert_eq!(
        (erm.necessity, erm.l_v, erm.l_fe, erm.twin, erm.consistency),
        (0.0, 0.0, 0.0, 0.0, 0.0)
    );
    assert_eq!(erm.total, erm.sufficiency);
    let c3r = first(Objective::C3r);
    assert!(c3r.necessity > 0.0 && c3r.l_v > 0.0 && c3r.twin == 0.0);
    assert_eq!(c3r.sufficiency, erm.sufficiency);
    let sum = c3r.sufficiency + c3r.necessity + 0.75 * c3r.l_v + 0.4 * c3r.l_fe;
    assert!((c3r.total - sum).abs() < 1e-5);
    let twin = first(Objective::C3rTwin);
    assert!(twin.twin > 0.0 && twin.consistency > 0.0 && twin.necessity == 0.0);
    assert!(
        (twin.total - (twin.sufficiency + 3.0 * twin.twin + 3.0 * twin.consistency)).abs() < 1e-5
    );
}

#[test]
fn the_literal_step_never_gets_below_risk_one_and_the_flip_does() {
    let mut erm = learner(&training(Method::Concat, Objective::Erm));
    train(&mut *erm, 80);
    for step in [Step::Raw(1.0), Step::Spread(1.0)] {
        assert!(risk(&*erm, CounterfactualKind::Literal(step)) >= 1.0);
    }
    let training = training(Method::Concat, Objective::C3r);
    let mut c3r = learner(&training);
    train(&mut *c3r, 80);
    let flipped = risk(&*c3r, CounterfactualKind::Flip(training.step));
    assert!(flipped < 0.2, "{flipped}");
}

#[test]
fn the_literal_objective_stays_at_chance() {
    // -log p - log(1 - p_bar) >= 2 log 2, attained where the head knows nothing.
    let training = Training {
        lambda_v: 0.0,
        lambda_fe: 0.0,
        ..training(Method::Concat, Objective::C3rLiteral)
    };
    let mut literal = learner(&training);
    let last = train(&mut *literal, 300)[299];
    assert!(last.total > 2.0 * 2.0_f64.ln() - 1e-3 && last.total < 1.45, "{last:?}");
    assert!(risk(&*literal, CounterfactualKind::Literal(training.literal_step)) >= 1.0);
    let logits = literal.logits(&separable(5, 2)).unwrap();
    let margin = (0..logits.rows).map(|i| (logits.row(i)[0] - logits.row(i)[1]).abs());
    assert!(margin.fold(0.0, f32::max) < 0.5);
}

#[test]
fn objectives_share_the_start_of_the_parameters_they_share() {
    let start = |objective| learner(&training(Method::Concat, objective)).parameters().unwrap();
    let (erm, c3r) = (start(Objective::Erm), start(Objective::C3r));
    assert_eq!(erm, c3r[..erm.len()]);
    let more: Vec<_> = c3r[erm.len()..].iter().map(|p| p.name.as_str()).collect();
    assert_eq!(
        more,
        ["instrument.query.weight", "instrument.key.weight", "instrument.value.weight"]
    );
    assert_eq!(erm[0].name, "encoder.image.0.weight");
    assert_eq!(erm[0].shape, [6, 16]);
    let bound = 1.0 / 6.0_f32.sqrt();
    assert!(erm[0].values.iter().all(|v| v.abs() <= bound));
    assert!(erm[0].values.iter().any(|v| v.abs() > 0.9 * bound));
}

#[test]
fn a_loss_that_is_not_finite_stops_the_training_untouched() {
    let mut learner = learner(&training(Method::Concat, Objective::C3r));
    train(&mut *learner, 2);
    let before = learner.parameters().unwrap();
    let mut broken = separable(1, 2);
    broken.inputs[1].values[9] = f32::NAN;
    let error = learner.update(&broken, None).unwrap_err();
    assert!(matches!(error, LearnError::Diverged { step: 3, term: "sufficiency", .. }), "{error}");
    assert_eq!(learner.parameters().unwrap(), before);
}

#[test]
fn the_twin_objective_asks_for_twins_that_fit() {
    let mut learner = learner(&training(Method::Concat, Objective::C3rTwin));
    let batch = separable(1, 2);
    assert!(matches!(learner.update(&batch, None), Err(LearnError::TwinMissing)));
    let short = Batch {
        rows: 1,
        inputs: batch.inputs.iter().map(|i| Input::of(i.values[..6].to_vec())).collect(),
        labels: vec![0],
        present: Vec::new(),
    };
    let error = learner.update(&batch, Some(&short)).unwrap_err().to_string();
    assert!(error.contains("twins") && error.contains("64"), "{error}");
}

#[test]
fn impossible_models_are_refused_by_name() {
    let message = |names: &[&str], classes, training: &Training| {
        new_learner(&inputs(names), classes, training, 1).err().unwrap().to_string()
    };
    let good = Training::default();
    assert!(message(&[], 2, &good).contains("modalities"));
    assert!(message(&["a", "a"], 2, &good).contains("`a` twice"));
    assert!(message(&["a"], 1, &good).contains("classes"));
    let narrow = Training { features: 0, ..good.clone() };
    assert!(message(&["a"], 2, &narrow).contains("features"));
    let still = Training { learning_rate: f32::NAN, ..good };
    assert!(message(&["a"], 2, &still).contains("learning_rate"));
}

fn saved(learner: &dyn Learner, folder: &Path, name: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    learner.save(&path).unwrap();
    path
}

#[test]
fn two_runs_write_the_same_bytes_and_loading_gives_the_same_logits() {
    let folder = tempfile::tempdir().unwrap();
    for method in Method::ALL {
        let training = training(method, Objective::C3r);
        let run = |name| {
            let mut learner = new_learner(&all_inputs(), 2, &training, 7).unwrap();
            train_on(&mut *learner, 5, everything);
            let path = saved(&*learner, folder.path(), name);
            (learner, path)
        };
        let ((learner, first), (_, second)) = (run("first"), run("second"));
        assert_eq!(std::fs::read(&first).unwrap(), std::fs::read(&second).unwrap());
        let loaded = load_learner(&first, &all_inputs(), 2, &training).unwrap();
        let test = everything(99);
        assert_eq!(loaded.logits(&test).unwrap(), learner.logits(&test).unwrap());
        assert_eq!(loaded.representation(&test).unwrap(), learner.representation(&test).unwrap());
        // The instrument has no part in the verdict, so ERM may leave it aside.
        let erm = Training { objective: Objective::Erm, ..training };
        let plain = load_learner(&first, &all_inputs(), 2, &erm).unwrap();
        assert_eq!(plain.logits(&test).unwrap(), learner.logits(&test).unwrap());
    }
}

#[test]
fn a_checkpoint_of_another_model_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let training = training(Method::Late, Objective::Erm);
    let path = saved(&*learner(&training), folder.path(), "model.safetensors");
    let load = |path: &Path, names: &[&str], training: &Training| {
        load_learner(path, &inputs(names), 2, training).err().unwrap()
    };
    let names = ["image", "audio"];

    let error = load(&folder.path().join("nowhere"), &names, &training);
    assert!(matches!(error, LearnError::CheckpointFile { .. }), "{error}");
    assert!(error.to_string().contains("nowhere"));

    let text = folder.path().join("text");
    std::fs::write(&text, "not a model").unwrap();
    let error = load(&text, &names, &training);
    assert!(matches!(error, LearnError::CheckpointFormat { .. }), "{error}");

    let error = load(&path, &["image", "audio", "text"], &training).to_string();
    assert!(error.contains("no tensor `encoder.text.0.weight`"), "{error}");
    let error = load(&path, &["image"], &training).to_string();
    assert!(error.contains("no parameter `encoder.audio.0.bias`"), "{error}");
    let wide = Training { features: 17, ..training };
    let error = load(&path, &names, &wide).to_string();
    assert!(error.contains("encoder.image.0.weight") && error.contains("[6, 17]"), "{error}");
}

#[test]
fn a_learner_on_its_own_thread_is_the_same_learner() {
    let training = training(Method::Concat, Objective::C3r);
    let plan = Plan { inputs: inputs(&["image", "audio"]), classes: 2, training: training.clone() };
    let build = move || Trainer::<Cpu, Concat<Cpu>>::new(Cpu::default(), plan, 7, None);
    let mut remote = Worker::start(build).unwrap();
    let mut local = learner(&training);
    assert_eq!(train(&mut remote, 4), train(&mut *local, 4));
    assert_eq!(remote.parameters().unwrap(), local.parameters().unwrap());
    let (test, kind) = (separable(3, 2), CounterfactualKind::Flip(Step::Raw(1.0)));
    assert_eq!(remote.logits(&test).unwrap(), local.logits(&test).unwrap());
    assert_eq!(remote.representation(&test).unwrap(), local.representation(&test).unwrap());
    assert_eq!(
        remote.counterfactual(&test, kind).unwrap(),
        local.counterfactual(&test, kind).unwrap()
    );
}

#[test]
fn a_retuned_model_goes_on_as_one_that_was_built_so() {
    let built = training(Method::Concat, Objective::C3r);
    let mut wanted = learner(&built);
    let mut found = learner(&training(Method::Concat, Objective::Erm));
    found.retune(&built).unwrap();
    assert_eq!(found.parameters().unwrap(), wanted.parameters().unwrap());
    assert_eq!(train(&mut *found, 3), train(&mut *wanted, 3));
    found.retune(&training(Method::Concat, Objective::Erm)).unwrap();
    assert!(found.parameters().unwrap().iter().all(|p| !p.name.starts_with("instrument")));
    let other = found.retune(&training(Method::Late, Objective::Erm)).unwrap_err();
    assert!(other.to_string().contains("begin a new model"), "{other}");
}
