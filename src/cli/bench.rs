//! `twinworld bench`: how fast the program is on this machine.

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::options::{SceneOptions, engines, methods, objectives};
use super::{UsageError, console, interrupt};
use crate::bench::{Machine, Rival, StepTimes, time_frames, time_steps};
use crate::learn::{Engine, InputSpec, Work, choose};
use crate::scene::training::{Method, Objective, Training};

/// Arguments of `bench`.
#[derive(Args)]
pub struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Time one update: engines in turn, beside the least time that the machine allows
    Step(Step),
    /// Time a scene's frames: the generator alone, the trainer alone, and both at once
    Frame(Frame),
}

/// Arguments of `bench step`.
#[derive(Args)]
#[command(
    after_help = "The floor is the longer of two times: that of the counted bytes (inputs once, parameters and\nAdam's moments once in and once out) at the measured rate of a copy, and that of the counted\noperations of all matrix products at the measured rate of square ones.\n\nExamples:\n  twinworld bench step\n  twinworld bench step --objective c3r --batch 256,4096 --engine fused\n  RAYON_NUM_THREADS=1 twinworld bench step --json"
)]
struct Step {
    /// The methods, separated by commas
    #[arg(long = "method", value_delimiter = ',', default_value = Method::Concat.name(),
          value_parser = methods())]
    methods: Vec<Method>,
    /// The objectives, separated by commas
    #[arg(long = "objective", value_delimiter = ',', default_value = "erm,c3r",
          value_parser = objectives())]
    objectives: Vec<Objective>,
    /// Specimens per update, separated by commas
    #[arg(long = "batch", value_delimiter = ',', default_value = "64,256,1024,4096")]
    batches: Vec<usize>,
    /// The engines, separated by commas; the ratio is to the first
    #[arg(long = "engine", value_delimiter = ',', default_value = "dfdx,fused",
          value_parser = engines())]
    engines: Vec<Engine>,
    /// Numbers of a picture, a sound and a text
    #[arg(long, value_delimiter = ',', num_args = 1, default_value = "3072,1024,64")]
    widths: Vec<usize>,
    /// Classes of the label
    #[arg(long, default_value_t = 4)]
    classes: usize,
    /// Updates that are timed [default: fewer of larger batches]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    updates: Option<u64>,
    /// One line of JSON for every row, in place of the table
    #[arg(long)]
    json: bool,
}

/// Arguments of `bench frame`.
#[derive(Args)]
#[command(
    after_help = "Example:\n  twinworld bench frame scenes/duck.ron --objective c3r-twin --batch 1024"
)]
struct Frame {
    #[command(flatten)]
    scene: SceneOptions,
    /// How modalities are joined [default: the scene's]
    #[arg(long, value_parser = methods())]
    method: Option<Method>,
    /// What is minimised [default: the scene's]
    #[arg(long, value_parser = objectives())]
    objective: Option<Objective>,
    /// Specimens per update [default: the scene's]
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// What computes the updates
    #[arg(long, value_parser = engines(), default_value = Engine::Auto.name())]
    engine: Engine,
    /// Frames that are timed
    #[arg(long, value_name = "N", default_value_t = 100,
          value_parser = clap::value_parser!(u64).range(1..))]
    frames: u64,
}

impl Bench {
    /// Times and says.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.what {
            What::Step(step) => step.run(),
            What::Frame(frame) => frame.run(),
        }
    }
}

const HEAD: [&str; 10] = [
    "method",
    "objective",
    "batch",
    "engine",
    "us/update",
    "range",
    "specimens/s",
    "ratio",
    "floor us",
    "of floor",
];

impl Step {
    fn run(self) -> anyhow::Result<ExitCode> {
        let [image, audio, text] = self.widths[..] else {
            return Err(
                UsageError("--widths takes three numbers, such as 3072,1024,64".into()).into()
            );
        };
        if self.batches.iter().any(|&rows| rows < 2) {
            return Err(UsageError("--batch takes 2 or more".into()).into());
        }
        // A text of its vocabulary's counts, and 16 words for the methods that read them.
        let inputs = [
            InputSpec::row("image", image),
            InputSpec::row("audio", audio),
            InputSpec::words("text", 16, text),
        ];
        interrupt::listen();
        let machine = Machine::measure();
        if !self.json {
            console::note(&format!(
                "{} threads; a copy moves {:.1} GB/s, a matrix product {:.0} GFLOP/s",
                machine.threads,
                machine.bytes / 1e9,
                machine.operations / 1e9
            ));
        }
        let mut rows = Vec::new();
        for &method in &self.methods {
            for &objective in &self.objectives {
                let training = Training { method, objective, ..Training::default() };
                let fits = |engine: &&Engine| choose(**engine, &training).is_ok();
                let engines: Vec<Engine> = self.engines.iter().filter(fits).copied().collect();
                if let Some(&engine) = self.engines.first().filter(|_| engines.is_empty()) {
                    choose(engine, &training).map_err(|error| UsageError(error.to_string()))?;
                }
                let rivals: Vec<Rival> = engines
                    .iter()
                    .map(|&engine| Rival { engine, training: training.clone() })
                    .collect();
                for &batch in &self.batches {
                    let updates = match self.updates {
                        Some(updates) => usize::try_from(updates).unwrap_or(usize::MAX),
                        None => (30_000 / batch).clamp(9, 101),
                    };
                    let times = time_steps(&rivals, &inputs, self.classes, batch, updates, || {
                        !interrupt::asked()
                    })?;
                    if interrupt::asked() {
                        return Ok(ExitCode::from(interrupt::STOPPED));
                    }
                    let work = Work::of(&inputs, self.classes, &training, batch).ok();
                    let floor = work.map(|work| machine.floor(&work));
                    for (rival, times) in rivals.iter().zip(&times) {
                        let row = Row { rival, batch, times, floor };
                        if self.json {
                            console::say(&row.json());
                        } else {
                            rows.push(row.words());
                        }
                    }
                }
            }
        }
        if !self.json {
            console::say(&console::table(&HEAD, &rows));
            console::note(&"medians of updates in turn, one of each engine");
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A row of the table.
struct Row<'a> {
    rival: &'a Rival,
    batch: usize,
    times: &'a StepTimes,
    floor: Option<f64>,
}

impl Row<'_> {
    fn rate(&self) -> f64 {
        self.batch as f64 / self.times.seconds.middle
    }

    fn words(&self) -> Vec<String> {
        let StepTimes { seconds, ratio } = self.times;
        let microseconds = |seconds: f64| format!("{:.0}", seconds * 1e6);
        let training = &self.rival.training;
        vec![
            training.method.name().into(),
            training.objective.name().into(),
            self.batch.to_string(),
            self.rival.engine.name().into(),
            microseconds(seconds.middle),
            format!("{}-{}", microseconds(seconds.least), microseconds(seconds.most)),
            format!("{:.0}", self.rate()),
            format!("{:.2} ({:.2}-{:.2})", ratio.middle, ratio.least, ratio.most),
            self.floor.map_or_else(|| "-".into(), microseconds),
            self.floor.map_or_else(
                || "-".into(),
                |floor| format!("{:.0} %", 100.0 * floor / seconds.middle),
            ),
        ]
    }

    fn json(&self) -> serde_json::Value {
        let training = &self.rival.training;
        serde_json::json!({
            "method": training.method.name(),
            "objective": training.objective.name(),
            "batch": self.batch,
            "engine": self.rival.engine.name(),
            "microseconds": self.times.seconds.middle * 1e6,
            "specimens_per_second": self.rate(),
            "floor_microseconds": self.floor.map(|floor| floor * 1e6),
        })
    }
}

impl Frame {
    fn run(self) -> anyhow::Result<ExitCode> {
        let stage = Arc::new(self.scene.load()?);
        let own = &stage.scene.training;
        let training = Training {
            method: self.method.unwrap_or(own.method),
            objective: self.objective.unwrap_or(own.objective),
            batch: self.batch.unwrap_or(own.batch),
            ..own.clone()
        };
        if training.batch < 2 {
            return Err(UsageError("--batch takes 2 or more".into()).into());
        }
        choose(self.engine, &training).map_err(|error| UsageError(error.to_string()))?;
        let frames = usize::try_from(self.frames).unwrap_or(usize::MAX);
        let found = time_frames(&stage, self.engine, &training, frames)?;
        let row = |what: &str, seconds: f64| {
            let rate = training.batch as f64 / seconds;
            vec![what.to_owned(), format!("{:.2}", seconds * 1e3), format!("{rate:.0}")]
        };
        let rows = [
            row("generator alone", found.generator),
            row("trainer alone", found.trainer),
            row("both, side by side", found.both),
        ];
        console::say(&console::table(&["", "ms/frame", "specimens/s"], &rows));
        let share = |seconds: f64| 100.0 * seconds / found.times.making().max(1e-12);
        console::say(&format!(
            "of the generator: noise {:.0} %, mechanisms {:.0} %, rendering {:.0} %, gathering {:.0} %",
            share(found.times.drawing),
            share(found.times.propagating),
            share(found.times.rendering),
            share(found.times.gathering)
        ));
        console::say(&format!(
            "both take {:.2} times the slower, {:.2} times the sum",
            found.both / found.generator.max(found.trainer),
            found.both / (found.generator + found.trainer)
        ));
        Ok(ExitCode::SUCCESS)
    }
}
