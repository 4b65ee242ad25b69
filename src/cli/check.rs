//! `twinworld check`: are these scene files right?

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{WRONG_INPUT, console, sight};
use crate::scene::load;

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
                    sight::tell(&stage);
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
