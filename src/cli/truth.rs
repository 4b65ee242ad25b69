//! `twinworld truth`: what the factors really do to the label.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::console;
use super::options::SceneOptions;
use crate::causal::causation::REPLAYS;
use crate::scene::Stage;

/// Arguments of `truth`.
#[derive(Args)]
#[command(
    after_help = "Example:\n  twinworld truth scenes/duck.ron --set 'factors.webbed_paws.mechanism=Bernoulli(0.3)'"
)]
pub struct TruthCommand {
    #[command(flatten)]
    scene: SceneOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct SceneTruth<'a> {
    scene: &'a str,
    factors: Vec<FactorTruth<'a>>,
}

#[derive(Serialize)]
struct FactorTruth<'a> {
    name: &'a str,
    role: String,
    pn: f64,
    ps: f64,
    pns: f64,
    exact: bool,
    /// 95% intervals of PN, PS and PNS where they are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    intervals: Option<[[f64; 2]; 3]>,
}

impl TruthCommand {
    /// Prints the truth as a table or as JSON.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let stage = self.scene.load()?;
        if self.json {
            console::say(&serde_json::to_string_pretty(&answer(&stage))?);
            return Ok(ExitCode::SUCCESS);
        }
        let number = |value: f64, interval: Option<[f64; 2]>| match interval {
            None => format!("{value:.4}"),
            Some([low, high]) => format!("{value:.3} [{low:.3}, {high:.3}]"),
        };
        let rows: Vec<Vec<String>> = stage
            .factors
            .iter()
            .map(|f| {
                let interval = |i: usize| f.truth.intervals.map(|all| all[i]);
                vec![
                    f.name.clone(),
                    f.role.description().to_owned(),
                    number(f.truth.pn, interval(0)),
                    number(f.truth.ps, interval(1)),
                    number(f.truth.pns, interval(2)),
                ]
            })
            .collect();
        let class = &stage.scene.label.classes[crate::scene::CLASS];
        console::say(&format!("{}: what makes a specimen `{class}`", stage.scene.name));
        console::say(&console::table(&["factor", "role", "PN", "PS", "PNS"], &rows));
        if stage.factors.iter().all(|f| f.truth.is_exact()) {
            console::say(&"Exact: summed over all of the noise behind the label.");
        } else {
            console::say(&format!(
                "Exact where no interval stands; else counted over {REPLAYS} replayed twins, with \
                 95% intervals."
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn answer(stage: &Stage) -> SceneTruth<'_> {
    let factors = stage.factors.iter().map(|f| FactorTruth {
        name: &f.name,
        role: f.role.to_string(),
        pn: f.truth.pn,
        ps: f.truth.ps,
        pns: f.truth.pns,
        exact: f.truth.is_exact(),
        intervals: f.truth.intervals,
    });
    SceneTruth { scene: &stage.scene.name, factors: factors.collect() }
}
