//! `rig check`: whether scenario files are right, touching nothing.

use std::io::Write;

use clap::Args;

use super::select::Select;
use super::{Exit, Expected};

/// Check scenario files without touching a lock
#[derive(Debug, Args)]
#[command(after_help = "Example: rig check scenarios/factory-reset.yaml")]
pub(crate) struct Check {
    #[command(flatten)]
    select: Select,
}

impl Check {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        let count = self.select.load()?.len();
        let plural = if count == 1 { "" } else { "s" };
        writeln!(std::io::stdout(), "{count} scenario{plural}, no mistake")
            .map_err(Expected::Print)?;
        Ok(Exit::Pass)
    }
}
