//! Draws a contact sheet of a scene: 64 specimens, each beside its twin.
//!
//! Every two rows belong to one of the scene's first four factors that aren't mere nuisance: the
//! twin is the same specimen with that factor set to its other value.
//!
//! ```text
//! cargo run --release --example contact_sheet -- scenes/duck.ron docs/duck.png
//! ```
#![expect(clippy::print_stderr, reason = "a program talks to its terminal")]

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use twinworld::causal::{Interventions, Role};
use twinworld::modality::image::contact_sheet;
use twinworld::scene::load;
use twinworld::world::{Played, Simulation, TwinPlan};

/// Specimens beside their twins in one row.
const PAIRS: usize = 8;
/// Specimens of one factor.
const PER_FACTOR: usize = 2 * PAIRS;
/// Screen pixels a picture's pixel takes.
const SCALE: usize = 3;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [scene, out] = arguments.as_slice() else {
        eprintln!("usage: contact_sheet SCENE.ron OUT.png");
        return ExitCode::from(2);
    };
    match draw(Path::new(scene), Path::new(out)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn draw(scene: &Path, out: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let stage = Arc::new(load(scene)?);
    let plan = stage.renderers.image.as_ref().ok_or("the scene has no pictures")?;
    let mut pictures: Vec<Vec<u8>> = Vec::new();
    let mut simulation = Simulation::new(&stage, stage.iid(), stage.scene.seed, PER_FACTOR, 0);
    let shown = stage.factors.iter().enumerate().filter(|(_, f)| f.role != Role::Nuisance);
    for (turn, (i, factor)) in shown.take(4).enumerate() {
        let mut under = |value: f64| {
            simulation.seek((turn * PER_FACTOR) as u64);
            simulation.plan_twins(TwinPlan::Under(Interventions::set(factor.node, value)));
            simulation.step();
            simulation.played()
        };
        let (absent, present) = (under(factor.absent), under(factor.present));
        for ((real, without), (_, with)) in absent.into_iter().zip(present) {
            let twin = if real.factors[i] == factor.absent { with } else { without };
            let picture = |world: Played| world.picture.unwrap_or_default();
            pictures.extend([picture(real), picture(twin)]);
        }
    }
    let pictures: Vec<&[u8]> = pictures.iter().map(Vec::as_slice).collect();
    let sheet = contact_sheet(&pictures, plan.size(), 2 * PAIRS, SCALE);
    std::fs::write(out, sheet.to_png()?)?;
    Ok(())
}
