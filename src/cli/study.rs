//! `twinworld train --data`: one model from data files, one run directory.

use std::path::Path;
use std::process::ExitCode;

use super::options::{TrainingOptions, out_or};
use super::{UsageError, console, interrupt};
use crate::dataset::read::read;
use crate::experiment::{RunDirectory, Study};
use crate::measure::{Share, StoredMetrics};
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
    let (entrant, complete) = study.train(|step, losses| {
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
    let metrics = study.judge(&folder.display().to_string(), &entrant)?;
    directory.write_metrics(&metrics)?;
    say(&metrics);
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

fn say(metrics: &StoredMetrics) {
    let mut head = vec![metrics.objective.clone()];
    let mut row = vec!["accuracy".to_owned()];
    for (split, accuracy) in &metrics.accuracy {
        head.push(split.clone());
        row.push(format!("{accuracy:.3}"));
    }
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    console::say(&console::table(&head, &[row]));
    if !metrics.causation.is_empty() {
        let truth = |value: Option<f64>| value.map_or(String::new(), |v| format!("{v:.3}"));
        let learned = |share: Option<Share>| {
            share.map_or_else(String::new, |s| {
                format!("{:.3} [{:.3}, {:.3}]", s.value, s.interval[0], s.interval[1])
            })
        };
        let rows: Vec<Vec<String>> = metrics
            .causation
            .iter()
            .map(|f| {
                vec![
                    f.factor.clone(),
                    truth(f.truth.map(|t| t.pn)),
                    learned(f.learned.pn),
                    truth(f.truth.map(|t| t.ps)),
                    learned(f.learned.ps),
                    truth(f.truth.map(|t| t.pns)),
                    learned(f.learned.pns),
                ]
            })
            .collect();
        let head = ["factor", "PN", "learned", "PS", "learned", "PNS", "learned"];
        console::say(&console::table(&head, &rows));
    }
    if let Some(error) = metrics.causal_error {
        console::say(&format!("causal error {error:.3}, C3 risk {:.3}", metrics.c3_risk.total));
    }
    metrics.notes.iter().for_each(console::say);
}
