//! `rig completions`: what a shell needs to complete the command line.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Exit, Expected};

/// Print what a shell needs to complete rig's command line
#[derive(Debug, Args)]
#[command(
    after_help = "Example: rig completions bash > ~/.local/share/bash-completion/completions/rig"
)]
pub(crate) struct Completions {
    /// Which shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "rig", &mut script);
        std::io::stdout()
            .write_all(&script)
            .map_err(Expected::Print)?;
        Ok(Exit::Pass)
    }
}
