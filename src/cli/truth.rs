//! `twinworld truth`: what the factors really do to the label, and what others would say of it.

mod answer;
mod table;

use std::process::ExitCode;

use clap::Args;

use super::options::SceneOptions;
use super::{UsageError, console};
use crate::causal::{NodeId, Scm};
use crate::scene::{RolesBy, Stage, WrongRoles};
use answer::Answer;

/// Arguments of `truth`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  twinworld truth scenes/duck.ron --set 'factors.webbed_paws.mechanism=Bernoulli(0.3)'\n  twinworld truth scenes/duck.ron --full --instrument habitat\n  twinworld truth scenes/duck.ron --regime flipped --class duck --json"
)]
pub struct TruthCommand {
    #[command(flatten)]
    scene: SceneOptions,
    /// Ask about this class of the label alone [default: all, of two the second]
    #[arg(long, value_name = "NAME")]
    class: Option<String>,
    /// Ask under this regime
    #[arg(long, value_name = "REGIME", default_value = "iid")]
    regime: String,
    /// Beside the truth: bounds, what estimators say, and which of their assumptions fail
    #[arg(long)]
    full: bool,
    /// The node V of Theorem 3.3 (Eq. 5); a continuous one is put in bins
    #[arg(long, value_name = "NODE")]
    instrument: Option<String>,
    /// Print all of it as JSON
    #[arg(long)]
    json: bool,
}

impl TruthCommand {
    /// Prints the truth as tables or as JSON.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let stage = self.scene.load_as(WrongRoles::Told)?;
        for error in &stage.wrong_roles {
            console::note(error);
        }
        if !stage.wrong_roles.is_empty() {
            console::note(&"The truth below is that of the scene with the right roles.");
        }
        let (scm, instrument) = self.model(&stage)?;
        let classes = self.classes(&stage)?;
        let answer = Answer::of(&stage, &self.regime, scm, &classes, instrument);
        if self.json {
            console::say(&serde_json::to_string_pretty(&answer)?);
            return Ok(ExitCode::SUCCESS);
        }
        let all = self.full || self.class.is_some() || classes.len() != 2;
        table::short(&answer, if all { &classes } else { &classes[1..] });
        if stage.scene.roles == RolesBy::Observation {
            console::say(
                &"The roles are those that observation suggests to one who assumes exogeneity and \
                  monotonicity, not those of the interventions above; --full shows both.",
            );
        }
        if self.full || instrument.is_some() {
            table::full(&answer);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The model of the regime, and V in it.
    fn model<'a>(&self, stage: &'a Stage) -> Result<(&'a Scm, Option<NodeId>), UsageError> {
        let regime = stage.regime(&self.regime).ok_or_else(|| {
            let known: Vec<&str> = stage.regimes.iter().map(|r| r.name.as_str()).collect();
            let remedy = crate::causal::suggestion(&self.regime, known.into_iter());
            UsageError(format!("--regime {0}: no regime `{0}`; {remedy}", self.regime))
        })?;
        let scm = &regime.scm;
        let Some(name) = &self.instrument else { return Ok((scm, None)) };
        match scm.find(name) {
            Some(node) if node == stage.label => Err(UsageError(format!(
                "--instrument {name}: the label can't be V; name another node"
            ))),
            Some(node) => Ok((scm, Some(node))),
            None => {
                let remedy = scm.suggestion(name);
                Err(UsageError(format!("--instrument {name}: no node `{name}`; {remedy}")))
            }
        }
    }

    /// The classes that are asked about.
    fn classes(&self, stage: &Stage) -> Result<Vec<usize>, UsageError> {
        let names = &stage.scene.label.classes;
        let Some(wanted) = &self.class else { return Ok((0..names.len()).collect()) };
        match names.iter().position(|name| name == wanted) {
            Some(class) => Ok(vec![class]),
            None => {
                let remedy = crate::causal::suggestion(wanted, names.iter().map(String::as_str));
                Err(UsageError(format!("--class {wanted}: no class `{wanted}`; {remedy}")))
            }
        }
    }
}
