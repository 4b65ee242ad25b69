//! `twinworld probe`: what has a saved model learned, and what does it say under do-operations?

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::options::{interventions, within_range};
use super::{UsageError, console, summary};
use crate::experiment::RunDirectory;
use crate::measure::{Metrics, Probe as Probed, SPECIMENS, examine, frames, probe};

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
        let bar = console::bar("measuring", frames(stage, self.specimens));
        let models = [(learner, training)];
        let findings = examine(stage, seed, &models, self.specimens, || {
            bar.inc(1);
            true
        })?;
        bar.finish_and_clear();
        let Some(found) = findings.into_iter().flatten().next() else {
            return Ok(ExitCode::FAILURE);
        };
        let metrics = Metrics {
            scene: stage.scene.name.clone(),
            method: training.method.name().to_owned(),
            objective: training.objective.name().to_owned(),
            seed,
            steps: training.steps,
            seconds: 0.0,
            samples_per_second: 0.0,
            accuracy: found.accuracy,
            c3_risk: found.c3_risk,
            causation: found.causation,
            causal_error: found.causal_error,
        };
        let under = if operations.is_empty() {
            None
        } else {
            let probed = probe(stage, seed, learner, &operations, self.specimens)?;
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
        if let Some(table) = summary::table(&[(metrics.objective.clone(), vec![metrics])]) {
            console::say(&table);
        }
        let rows: Vec<Vec<String>> = metrics
            .causation
            .iter()
            .map(|f| {
                let l = &f.learned;
                let interval = |v: f64, i: [f64; 2]| format!("{v:.3} [{:.3}, {:.3}]", i[0], i[1]);
                vec![
                    f.factor.clone(),
                    format!("{:.3}", f.truth.pn),
                    interval(l.pn, l.pn_interval),
                    format!("{:.3}", f.truth.ps),
                    interval(l.ps, l.ps_interval),
                    format!("{:.3}", f.truth.pns),
                    interval(l.pns, l.pns_interval),
                ]
            })
            .collect();
        let head = ["factor", "PN", "learned", "PS", "learned", "PNS", "learned"];
        console::say(&console::table(&head, &rows));
        let Some(under) = under else { return };
        let class = &stage.scene.label.classes[crate::scene::CLASS];
        let p = &under.probed;
        let row = |what: &str, before: f64, after: f64| {
            vec![what.to_owned(), format!("{before:.3}"), format!("{after:.3}")]
        };
        let rows = [
            row(&format!("label is `{class}`"), p.label_before, p.label_after),
            row(&format!("verdict is `{class}`"), p.verdict_before, p.verdict_after),
            row("verdict is right", p.accuracy_before, p.accuracy_after),
        ];
        let done = format!("do {}", self.operations.join(", "));
        console::say(&console::table(&["share of specimens", "as they are", &done], &rows));
        console::say(&format!(
            "{done} changes the label of {:.1}% and the verdict of {:.1}% of {} specimens; the \
             verdict changes without the label in {:.1}%.",
            100.0 * p.label_changes,
            100.0 * p.verdict_changes,
            p.specimens,
            100.0 * p.only_verdict_changes
        ));
    }
}
