//! `twinworld compare`: the same start, the same specimens, several objectives; who has learned
//! the causes?

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::options::{SceneOptions, TrainingOptions, objectives, out_or};
use super::progress::Bars;
use super::{console, interrupt, summary};
use crate::experiment::report::{Report, render};
use crate::experiment::{
    self, Contest, Entrant, RunDirectory, average, disagreements, judge, run_reports, sheet,
    write_whole,
};
use crate::learn::StepLosses;
use crate::measure::{Metrics, Table};
use crate::scene::Stage;
use crate::scene::training::Objective;

/// Arguments of `compare`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  twinworld compare scenes/duck.ron\n  twinworld compare scenes/duck.ron --objectives erm,c3r-literal --seeds 5 --out runs/literal"
)]
pub struct Compare {
    #[command(flatten)]
    scene: SceneOptions,
    /// The objectives, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "erm,c3r,c3r-twin",
          value_parser = objectives())]
    objectives: Vec<Objective>,
    /// How many seeds, counted up from the first
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: u64,
    #[command(flatten)]
    training: TrainingOptions,
    /// The directory for runs and report [default: runs/SCENE-compare]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Compare {
    /// Holds one contest per seed, writes the run directories and the report over all.
    pub fn run(mut self) -> anyhow::Result<ExitCode> {
        let stage = Arc::new(self.scene.load()?);
        let mut seen = Vec::new();
        self.objectives.retain(|o| {
            !seen.contains(o) && {
                seen.push(*o);
                true
            }
        });
        let trainings = self
            .objectives
            .iter()
            .map(|&objective| self.training.training(&stage, objective))
            .collect::<Result<Vec<_>, _>>()?;
        let engine = self.training.engine(&trainings)?;
        let first = self.training.seed(&stage);
        let out = out_or(self.out.as_deref(), &format!("{}-compare", stage.scene.name));
        let top = RunDirectory::create(&out)?;
        interrupt::listen();
        let mut rounds: Vec<Vec<Entrant>> = Vec::new();
        for seed in first..first.saturating_add(self.seeds) {
            let contest = Contest {
                stage: Arc::clone(&stage),
                seed,
                trainings: trainings.clone(),
                specimens: self.training.specimens,
                engine,
            };
            if self.seeds > 1 {
                console::note(&format!("seed {seed}"));
            }
            let mut bars = Bars::of(&contest);
            let (mut entrants, trained) = experiment::train(&contest, &mut bars)?;
            let place = |entrant: &Entrant| {
                let name = format!("{}-seed{seed}", entrant.training.objective.name());
                RunDirectory::create(&top.file(&name))
            };
            for entrant in &entrants {
                place(entrant)?.write_model(&stage, seed, entrant)?;
            }
            if trained && judge(&contest, &mut entrants, &mut bars)? {
                for entrant in &entrants {
                    if let Some(metrics) = &entrant.metrics {
                        place(entrant)?.write_metrics(metrics)?;
                    }
                }
            } else {
                console::note(&format!("stopped; {} holds what is trained so far", out.display()));
                return Ok(ExitCode::from(interrupt::STOPPED));
            }
            rounds.push(entrants);
        }
        let rows: Vec<(String, Vec<&Metrics>)> = (self.objectives.iter().enumerate())
            .map(|(i, o)| (o.name().to_owned(), of_objective(&rounds, i)))
            .collect();
        summary::say(&rows);
        if rounds[0].iter().any(|e| e.metrics.is_some()) {
            let page = top.file("report.html");
            let specimens = self.training.specimens;
            write_whole(&page, self.report(&stage, first, &rounds, specimens)?.as_bytes())?;
            console::say(&format!("report: {}", page.display()));
        }
        let mut failed = false;
        for error in rounds.iter().flatten().filter_map(|e| e.failure.as_ref()) {
            console::complain(&format!("error: {error}"));
            failed = true;
        }
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    /// The page over all runs: figures averaged over seeds, exhibits of the first seed.
    fn report(
        &self,
        stage: &Arc<Stage>,
        seed: u64,
        rounds: &[Vec<Entrant>],
        specimens: usize,
    ) -> anyhow::Result<String> {
        // What failed at the first seed has no exhibits, and so no place in the report.
        let whole: Vec<usize> =
            (0..rounds[0].len()).filter(|&i| rounds[0][i].metrics.is_some()).collect();
        let averaged: Vec<(Metrics, &[StepLosses])> = whole
            .iter()
            .filter_map(|&i| average(&of_objective(rounds, i)).map(|m| (m, &*rounds[0][i].curve)))
            .collect();
        let tables: Vec<(usize, &Table)> = (whole.iter().enumerate())
            .filter_map(|(run, &i)| Some((run, rounds[0][i].table.as_ref()?)))
            .collect();
        let names: Vec<String> = averaged.iter().map(|(m, _)| m.objective.clone()).collect();
        let intervals = match self.seeds {
            1 => format!("Wilson score, over {specimens} specimens"),
            n => format!("Student's t, over {n} seeds"),
        };
        let report = Report {
            title: format!("{}: what {} learned", stage.scene.name, names.join(", ")),
            scene_paragraph: stage.scene.about.clone(),
            intervals,
            runs: run_reports(&averaged),
            sheet: sheet(stage, seed, &tables),
            disagreements: disagreements(stage, seed, &names, &tables),
        };
        Ok(render(&report)?)
    }
}

/// The metrics of the i-th objective, seed by seed, without those that failed.
fn of_objective(rounds: &[Vec<Entrant>], i: usize) -> Vec<&Metrics> {
    rounds.iter().filter_map(|round| round[i].metrics.as_ref()).collect()
}
