//! Options that several commands share.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};

use super::{UsageError, console};
use crate::causal::{Interventions, Scm};
use crate::dataset::Part;
use crate::learn::{Compute, Device, Engine, choose};
use crate::measure::SPECIMENS;
use crate::scene::training::{Method, Objective, Training};
use crate::scene::{self, Stage, WrongRoles, load_as, with_overrides_as, with_variant_as};

/// A scene and how to train on it.
#[derive(Args)]
pub struct SceneOptions {
    /// The scene file
    pub scene: PathBuf,
    /// A variant that the scene names
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Any value of the scene, for instance `training.lambda_v=0.5` or
    /// `factors.lake.mechanism.strength=0.7`
    #[arg(long = "set", value_name = "WAY=VALUE")]
    pub set: Vec<String>,
}

impl SceneOptions {
    /// The checked scene with its settings.
    pub fn load(&self) -> anyhow::Result<Stage> {
        self.load_as(WrongRoles::Refused)
    }

    /// As [`SceneOptions::load`], of a scene whose declared roles may be wrong. What there is to
    /// note of it is said.
    pub fn load_as(&self, wrong: WrongRoles) -> anyhow::Result<Stage> {
        let mut stage = load_as(&self.scene, wrong)?;
        if let Some(variant) = &self.variant {
            stage = with_variant_as(&stage, variant, wrong)?;
        }
        stage = with_overrides_as(stage, &self.set, wrong)?;
        for note in &stage.notes {
            console::note(note);
        }
        Ok(stage)
    }
}

/// What is trained, and for how long.
#[derive(Args)]
pub struct TrainingOptions {
    /// How modalities are joined [default: the scene's]
    #[arg(long, value_parser = methods())]
    pub method: Option<Method>,
    /// Updates [default: the scene's]
    #[arg(long, value_name = "N")]
    pub steps: Option<usize>,
    /// Specimens per update [default: the scene's]
    #[arg(long, value_name = "N")]
    pub batch: Option<usize>,
    /// The seed of specimens and starting weights [default: the scene's]
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// Specimens of each measurement
    #[arg(long, value_name = "N", default_value_t = SPECIMENS)]
    pub specimens: usize,
    /// What computes the updates
    #[arg(long, value_parser = engines(), default_value = Engine::Auto.name())]
    pub engine: Engine,
    /// Where they are computed
    #[arg(long, value_parser = devices(), default_value = Compute::default().device.name())]
    pub device: Device,
}

impl TrainingOptions {
    /// The scene's training section with these options and an objective.
    pub fn training(&self, stage: &Stage, objective: Objective) -> Result<Training, UsageError> {
        self.training_after(&stage.scene.training, objective)
    }

    /// A training section with these options and an objective.
    pub fn training_after(
        &self,
        own: &Training,
        objective: Objective,
    ) -> Result<Training, UsageError> {
        let training = Training {
            objective,
            method: self.method.unwrap_or(own.method),
            steps: self.steps.unwrap_or(own.steps),
            batch: self.batch.unwrap_or(own.batch),
            ..own.clone()
        };
        if training.batch < 2 || training.steps < 1 || self.specimens < 1 {
            let message = "--batch takes 2 or more, --steps and --specimens 1 or more";
            return Err(UsageError(message.to_owned()));
        }
        Ok(training)
    }

    /// What computes the updates of these trainings, and where. Where the program chooses, it says
    /// what and why.
    pub fn engine(&self, trainings: &[Training]) -> Result<Compute, UsageError> {
        let compute = Compute { engine: self.engine, device: self.device };
        let mut said = Vec::new();
        for training in trainings {
            let choice =
                choose(compute, training).map_err(|error| UsageError(error.to_string()))?;
            let Compute { engine, device } = choice.compute;
            let (engine, device, reason) = (engine.name(), device.name(), choice.reason);
            let line = format!("engine: {engine} on {device}, for {reason}");
            if self.engine != Engine::Dfdx && !said.contains(&line) {
                console::note(&line);
                said.push(line);
            }
        }
        Ok(compute)
    }

    /// The seed.
    pub fn seed(&self, stage: &Stage) -> u64 {
        self.seed.unwrap_or(stage.scene.seed)
    }
}

/// Reads a method's name.
pub fn methods() -> impl clap::builder::TypedValueParser<Value = Method> {
    let values = Method::ALL.map(|m| PossibleValue::new(m.name()).help(m.description()));
    PossibleValuesParser::new(values)
        .map(|name| Method::ALL.into_iter().find(|m| m.name() == name).unwrap_or_default())
}

/// Reads an objective's name.
pub fn objectives() -> impl clap::builder::TypedValueParser<Value = Objective> {
    let values = Objective::ALL.map(|o| PossibleValue::new(o.name()).help(o.description()));
    PossibleValuesParser::new(values)
        .map(|name| Objective::ALL.into_iter().find(|o| o.name() == name).unwrap_or_default())
}

/// Reads an engine's name.
pub fn engines() -> impl clap::builder::TypedValueParser<Value = Engine> {
    let values = Engine::ALL.map(|e| PossibleValue::new(e.name()).help(e.description()));
    PossibleValuesParser::new(values)
        .map(|name| Engine::ALL.into_iter().find(|e| e.name() == name).unwrap_or_default())
}

/// Reads a device's name.
pub fn devices() -> impl clap::builder::TypedValueParser<Value = Device> {
    let values = Device::ALL.map(|d| PossibleValue::new(d.name()).help(d.description()));
    PossibleValuesParser::new(values)
        .map(|name| Device::ALL.into_iter().find(|d| d.name() == name).unwrap_or_default())
}

/// Reads do-operations such as `lake=0` or `size+=0.1`.
pub fn interventions(stage: &Stage, operations: &[String]) -> Result<Interventions, UsageError> {
    let mut all = Interventions::none();
    for operation in operations {
        let (node, action) = scene::operation(stage.scm(), operation)
            .map_err(|fault| UsageError(format!("--do {operation}: {fault}")))?;
        all.insert(node, action);
    }
    Ok(all)
}

/// Refuses do-operations that take a factor out of the range that its style shows. `done` are
/// those of the command in their order, later ones in place of earlier; `option` is the last one's
/// name.
pub fn within_range(
    stage: &Stage,
    scm: &Scm,
    done: &[&Interventions],
    option: &str,
) -> Result<(), UsageError> {
    let mut all = Interventions::none();
    for (node, action) in done.iter().flat_map(|done| done.iter()) {
        all.insert(*node, action.clone());
    }
    match scene::beyond_range(stage, scm, &all) {
        None => Ok(()),
        Some(problem) => Err(UsageError(format!("{option}: {problem}"))),
    }
}

/// The directory that results go to: the one asked for, or one named after the work.
pub fn out_or(out: Option<&Path>, name: &str) -> PathBuf {
    out.map_or_else(|| Path::new("runs").join(name), Path::to_path_buf)
}

/// Reads `2/8`.
pub fn part(text: &str) -> Result<Part, String> {
    let wrong = || format!("`{text}` names no part; write 1/4 for the first of four");
    let (number, of) = text.split_once('/').ok_or_else(wrong)?;
    let number: u64 = number.trim().parse().map_err(|_| wrong())?;
    let of: u64 = of.trim().parse().map_err(|_| wrong())?;
    if (1..=of).contains(&number) { Ok(Part { number, of }) } else { Err(wrong()) }
}
