//! `twinworld probe`: what has a saved model learned, and what does it say under do-operations?

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::options::{interventions, within_range};
use super::{UsageError, console, summary};
use crate::experiment::RunDirectory;
use crate::measure::{Metrics, Probe as Probed, SCHEMA, SPECIMENS, evaluate, probe, renderings};

/// Arguments of `probe`.
#[derive(Args)]
#[command(after_help = "Example:\n  twinworld probe runs/duck-erm-seed7 --do lake=0 --do wings=1")]
pub struct Probe {
    /// The directory of a run, as `train` and `compare` write it
    run: PathBuf,
    /// A do-operation, for instance lake=0; several are done together
    #[arg(long = "do", value_name = "F=V")]
    operations: Vec<String>,
    /// Specimens of each measurement
    #[arg(long, value_name = "N", default_value_t = SPECIMENS)]
    specimens: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    metrics: Metrics,
    #[serde(skip_serializing_if = "Option::is_none")]
    under: Option<Under>,
}

#[derive(Serialize)]
struct Under {
    operations: Vec<String>,
    #[serde(flatten)]
    probed: Probed,
}

impl Probe {
    /// Measures the model and prints what was found.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        if self.specimens < 1 {
            return Err(UsageError("--specimens takes 1 or more".to_owned()).into());
        }
        if !self.run.is_dir() {
            let message = format!(
                "{} is no directory; name one that `train` or `compare` has written",
                self.run.display()
            );
            return Err(UsageError(message).into());
        }
        let saved = RunDirectory::create(&self.run)?.read()?;
        let (stage, learner) = (&saved.stage, &*saved.learner);
        let training = &stage.scene.training;
        let seed = stage.scene.seed;
        let operations = interventions(stage, &self.operations)?;
        within_range(stage, stage.scm(), &[&operations], "--do")?;
        let bar = console::bar("measuring", renderings(stage, self.specimens));
        let models = [(learner, training)];
        let evaluated = evaluate(stage, seed, &models, self.specimens, || {
            bar.inc(1);
            true
        })?;
        bar.finish_and_clear();
        let Some(found) = evaluated.into_iter().flatten().next() else {
            return Ok(ExitCode::FAILURE);
        };
        let metrics = Metrics {
            schema: SCHEMA,
            scene: stage.scene.name.clone(),
            data: None,
            method: training.method.name().to_owned(),
            objective: training.objective.name().to_owned(),
            seed,
            seeds: 1,
            steps: training.steps,
            seconds: 0.0,
            samples_per_second: 0.0,
            decisions: BTreeMap::new(),
            evaluation: found.evaluation,
            notes: Vec::new(),
        };
        let under = if operations.is_empty() {
            None
        } else {
            let model = (learner, training);
            let probed = probe(stage, seed, model, &operations, self.specimens)?;
            Some(Under { operations: self.operations.clone(), probed })
        };
        if self.json {
            console::say(&serde_json::to_string_pretty(&Answer { metrics, under })?);
            return Ok(ExitCode::SUCCESS);
        }
        self.print(stage, &metrics, under.as_ref());
        Ok(ExitCode::SUCCESS)
    }

    fn print(&self, stage: &Arc<crate::scene::Stage>, metrics: &Metrics, under: Option<&Under>) {
        summary::say(&[(metrics.objective.clone(), vec![metrics])]);
        console::say(&summary::causation(metrics));
        let Some(under) = under else { return };
        let class = &stage.scene.label.classes[crate::scene::CLASS];
        let p = &under.probed;
        let row = |what: &str, before: f64, after: f64| {
            vec![what.to_owned(), format!("{before:.3}"), format!("{after:.3}")]
        };
        let rows = [
            row(&format!("label is `{class}`"), p.label_before, p.label_after),
            row(&format!("prediction is `{class}`"), p.prediction_before, p.prediction_after),
            row("prediction is right", p.accuracy_before, p.accuracy_after),
        ];
        let done = format!("do {}", self.operations.join(", "));
        console::say(&console::table(&["share of samples", "as they are", &done], &rows));
        console::say(&format!(
            "{done} changes the label of {:.1}% and the prediction for {:.1}% of {} samples; the \
             prediction changes without the label in {:.1}%.",
            100.0 * p.label_changes,
            100.0 * p.prediction_changes,
            p.samples,
            100.0 * p.only_prediction_changes
        ));
    }
}
