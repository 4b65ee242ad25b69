//! `twinworld lab`: the laboratory window.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::UsageError;
use super::options::{methods, objectives};
use crate::lab::{self, Start};
use crate::measure::SPECIMENS;
use crate::scene::training::{Method, Objective};
use crate::scene::{with_overrides, with_variant};

/// Arguments of `lab`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  twinworld lab scenes/duck.ron\n  twinworld lab --run runs/duck-erm-seed7\n  twinworld lab --script demo.ron\n\nA script is a list of actions: [Train(200), Do(\"lake=0\"), Screenshot(\"lake.png\"), Quit]."
)]
pub struct Lab {
    /// The scene file [default: the duck]
    scene: Option<PathBuf>,
    /// Go on with the model of a run directory
    #[arg(long, value_name = "DIR", conflicts_with_all = ["scene", "method", "variant", "set"])]
    run: Option<PathBuf>,
    /// How modalities are joined [default: the scene's]
    #[arg(long, value_parser = methods())]
    method: Option<Method>,
    /// What is minimised [default: the scene's]
    #[arg(long, value_parser = objectives(), conflicts_with = "run")]
    objective: Option<Objective>,
    /// A variant that the scene names
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,
    /// Any value of the scene, for instance `factors.lake.mechanism.strength=0.7`
    #[arg(long = "set", value_name = "WAY=VALUE")]
    set: Vec<String>,
    /// Specimens on which a saved run is examined
    #[arg(long, value_name = "N", default_value_t = SPECIMENS)]
    specimens: usize,
    /// Wait for a person before training
    #[arg(long)]
    paused: bool,
    /// A file of actions that drives the window
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Width and height of the window
    #[arg(long, value_name = "WxH", default_value = "1280x800", value_parser = size)]
    size: (u32, u32),
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let parts = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    parts
        .filter(|(w, h)| *w >= 640 && *h >= 480)
        .ok_or("write it as 1280x800; 640x480 or more".to_owned())
}

impl Lab {
    /// Opens the window.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let wrong = |message: String| anyhow::Error::from(UsageError(message));
        if self.specimens < 1 {
            return Err(wrong("--specimens takes 1 or more".to_owned()));
        }
        let mut opening = lab::open(self.scene.as_deref(), self.run.as_deref()).map_err(wrong)?;
        if self.variant.is_some() || !self.set.is_empty() {
            let mut stage = (*opening.stage).clone();
            if let Some(variant) = &self.variant {
                stage = with_variant(&stage, variant)?;
            }
            opening.stage = Arc::new(with_overrides(stage, &self.set)?);
            opening.training = opening.stage.scene.training.clone();
        }
        let training = &mut opening.training;
        training.method = self.method.unwrap_or(training.method);
        training.objective = self.objective.unwrap_or(training.objective);
        let script = self.script.map(|path| lab::read_script(&path)).transpose().map_err(wrong)?;
        let start = Start {
            opening,
            specimens: self.specimens,
            paused: self.paused,
            script,
            size: self.size,
        };
        let exit = lab::run(start).map_err(anyhow::Error::msg)?;
        Ok(if exit.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
