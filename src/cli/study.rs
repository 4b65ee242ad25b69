//! `twinworld train --data`: one model from data files, one run directory.

use std::path::Path;
use std::process::ExitCode;

use super::options::{TrainingOptions, out_or};
use super::{UsageError, console, interrupt, summary};
use crate::dataset::read::read;
use crate::experiment::{RunDirectory, Study};
use crate::modality::audio::MelShape;
use crate::scene::training::{Objective, Training};
use crate::scene::{Stage, load, with_overrides};

/// Trains on a folder, examines on its other splits, writes the run directory.
pub fn run(
    folder: &Path,
    set: &[String],
    options: &TrainingOptions,
    objective: Option<Objective>,
    out: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    let data = read(folder)?;
    let stage = scene_of(folder, set)?;
    let own = stage.as_ref().map_or_else(Training::default, |s| s.scene.training.clone());
    let objective = objective.unwrap_or(own.objective);
    let training = options.training_after(&own, objective)?;
    let seed = options.seed.unwrap_or_else(|| stage.as_ref().map_or(0, |s| s.scene.seed));
    let mel = stage.as_ref().and_then(|s| s.renderers.sound.as_ref()).map(|sound| sound.mel());
    let steps = training.steps;
    let engine = options.engine(std::slice::from_ref(&training))?;
    let mel = mel.unwrap_or_else(MelShape::default);
    let study = Study::new(data, &training, seed, mel)?.on(engine);
    let named = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let out = out_or(out, &format!("{named}-{}-seed{seed}", objective.name()));
    let directory = RunDirectory::create(&out)?;
    interrupt::listen();
    let bar = console::bar("training", steps);
    let (mut entrant, complete) = study.train(|step, losses| {
        bar.set_position(step as u64);
        bar.set_message(format!("{} {:.3}", objective.name(), losses.total));
        !interrupt::asked()
    })?;
    bar.finish_and_clear();
    match &stage {
        Some(stage) => directory.write_model(stage, seed, &entrant)?,
        None => directory.write_learner(&entrant)?,
    }
    if !complete {
        let (updates, place) = (entrant.curve.len(), out.display());
        console::note(&format!("stopped after {updates} updates; {place} holds the model"));
        return Ok(ExitCode::from(interrupt::STOPPED));
    }
    if let Some(failure) = entrant.failure {
        return Err(failure.into());
    }
    study.judge(&folder.display().to_string(), &mut entrant)?;
    let Some(metrics) = &entrant.metrics else { return Ok(ExitCode::FAILURE) };
    directory.write_metrics(metrics)?;
    summary::say(&[(metrics.objective.clone(), vec![metrics])]);
    if !metrics.evaluation.causation.is_empty() {
        console::say(&summary::causation(metrics));
    }
    metrics.notes.iter().for_each(console::say);
    console::say(&format!("run: {}", out.display()));
    Ok(ExitCode::SUCCESS)
}

/// The scene that the data came from, where the folder has it.
fn scene_of(folder: &Path, set: &[String]) -> anyhow::Result<Option<Stage>> {
    let path = folder.join("scene.ron");
    if path.is_file() {
        return Ok(Some(with_overrides(load(&path)?, set)?));
    }
    if set.is_empty() {
        return Ok(None);
    }
    let message = format!("--set changes a scene, and {} has no scene.ron", folder.display());
    Err(UsageError(message).into())
}
