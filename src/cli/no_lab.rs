//! `twinworld lab` of a program that was built without its window.

use std::process::ExitCode;

use clap::Args;

use super::UsageError;

/// Arguments of `lab`, whatever they are.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub struct Lab {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Lab {
    /// Says how to build the window.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let command = ["cargo run --release --features lab -- lab".to_owned()];
        let whole = command.into_iter().chain(self.arguments).collect::<Vec<_>>().join(" ");
        Err(UsageError(format!("this program was built without the window; {whole}")).into())
    }
}
