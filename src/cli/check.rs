//! `twinworld check`: are these scene files right?

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{WRONG_INPUT, console, sight};
use crate::scene::{Stage, load};

/// Arguments of `check`.
#[derive(Args)]
pub struct Check {
    /// Scene files
    #[arg(required = true)]
    scenes: Vec<PathBuf>,
}

impl Check {
    /// Checks every file, whatever is wrong with the others.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let mut wrong = false;
        for scene in &self.scenes {
            match load(scene) {
                Ok(stage) => {
                    console::say(&format!("{}: ok", scene.display()));
                    tell(&stage);
                }
                Err(error) => {
                    console::complain(&error);
                    wrong = true;
                }
            }
        }
        Ok(if wrong { ExitCode::from(WRONG_INPUT) } else { ExitCode::SUCCESS })
    }
}

/// What there is to know of a scene that is right, out of the way of the answer.
fn tell(stage: &Stage) {
    sight::tell(stage);
    for note in &stage.notes {
        console::note(note);
    }
    let found = stage.found_roles();
    if !found.is_empty() {
        console::note(&format!("  roles that were found: {found}"));
    }
    for regime in &stage.regimes {
        console::note(&format!("  regime {}: {}", regime.name, regime.words(stage)));
    }
}
