//! `rig schema`: what an editor needs to complete and check the files that people write.

use std::io::Write;

use clap::{Args, ValueEnum};

use super::{Exit, Expected};
use crate::schema::{bench, scenario};

/// Print the JSON schema of scenario or bench files, for an editor
#[derive(Debug, Args)]
#[command(
    after_help = "Example: rig schema scenario > target/scenario.schema.json

An editor with the YAML language server then completes and checks a file that begins with
# yaml-language-server: $schema=../target/scenario.schema.json"
)]
pub(crate) struct Schema {
    /// Of which files
    #[arg(value_name = "FILES", value_enum)]
    of: Files,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Files {
    /// Scenario files
    Scenario,
    /// Bench files
    Bench,
}

impl Schema {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        let schema = match self.of {
            Files::Scenario => scenario(),
            Files::Bench => bench(),
        };
        writeln!(std::io::stdout(), "{schema:#}").map_err(Expected::Print)?;
        Ok(Exit::Pass)
    }
}
