//! `twinworld train`: one model, one run directory.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::options::{SceneOptions, TrainingOptions, objectives, out_or};
use super::progress::Bars;
use super::{console, interrupt, study, summary};
use crate::experiment::{self, Contest, RunDirectory, judge, write_paper};
use crate::scene::training::Objective;

/// Arguments of `train`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  twinworld train scenes/duck.ron --objective c3r-twin\n  twinworld train scenes/duck.ron --method late --set training.lambda_v=0.5\n  twinworld train --data data/duck --objective c3r-twin\n\nOn data files the splits besides train are what the model is judged on (or the last fifth of\ntrain, where there is no other), and what it learned of each factor is counted over the stored\ntwins.\n\nCtrl-C ends early and leaves a model that `twinworld probe` can measure."
)]
pub struct Train {
    /// The scene file
    #[arg(required_unless_present = "data", conflicts_with = "data")]
    scene: Option<PathBuf>,
    /// A folder of data files instead of a scene: of `twinworld generate` in any format, or anyone's
    /// NPZ with the same keys
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A variant that the scene names
    #[arg(long, value_name = "NAME", conflicts_with = "data")]
    variant: Option<String>,
    /// Any value of the scene, for instance `training.lambda_v=0.5` or
    /// `factors.lake.mechanism.strength=0.7`
    #[arg(long = "set", value_name = "WAY=VALUE")]
    set: Vec<String>,
    /// What is minimised [default: the scene's]
    #[arg(long, value_parser = objectives())]
    objective: Option<Objective>,
    #[command(flatten)]
    training: TrainingOptions,
    /// The run directory [default: runs/SCENE-OBJECTIVE-seedS]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Train {
    /// Trains, examines, writes the run directory.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        if let Some(data) = &self.data {
            let Self { set, training, objective, out, .. } = &self;
            return study::run(data, set, training, *objective, out.as_deref());
        }
        let scene = self.scene.unwrap_or_default();
        let scene = SceneOptions { scene, variant: self.variant, set: self.set };
        let stage = Arc::new(scene.load()?);
        let objective = self.objective.unwrap_or(stage.scene.training.objective);
        let training = self.training.training(&stage, objective)?;
        let trainings = vec![training];
        let engine = self.training.engine(&trainings)?;
        let seed = self.training.seed(&stage);
        let name = format!("{}-{}-seed{seed}", stage.scene.name, objective.name());
        let out = out_or(self.out.as_deref(), &name);
        let directory = RunDirectory::create(&out)?;
        let specimens = self.training.specimens;
        let contest = Contest { stage: Arc::clone(&stage), seed, trainings, specimens, engine };
        interrupt::listen();
        let mut bars = Bars::of(&contest);
        let (mut entrants, trained) = experiment::train(&contest, &mut bars)?;
        for entrant in &entrants {
            directory.write_model(&stage, seed, entrant)?;
        }
        let judged = trained && judge(&contest, &mut entrants, &mut bars)?;
        let Some(entrant) = entrants.pop() else { return Ok(ExitCode::FAILURE) };
        if !judged {
            console::note(&format!(
                "stopped after {} updates; {} holds the model, `twinworld probe {}` measures it",
                entrant.curve.len(),
                out.display(),
                out.display()
            ));
            return Ok(ExitCode::from(interrupt::STOPPED));
        }
        if let Some(failure) = entrant.failure {
            if let Some(metrics) = &entrant.metrics {
                directory.write_metrics(metrics)?;
            }
            return Err(failure.into());
        }
        let page = write_paper(&directory, &stage, seed, &entrant, specimens)?;
        let (Some(metrics), Some(page)) = (&entrant.metrics, page) else {
            return Ok(ExitCode::FAILURE);
        };
        summary::say(&[(metrics.objective.clone(), vec![metrics])]);
        console::say(&format!("report: {}", page.display()));
        Ok(ExitCode::SUCCESS)
    }
}
