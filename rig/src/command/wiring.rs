//! `rig wiring`: what a bench file says, as a table for the soldering iron.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::{Exit, Expected};
use crate::bench::file::BenchFile;

/// Print the wiring table and parts list of a bench file
#[derive(Debug, Args)]
#[command(after_help = "Example: rig wiring rig/hardware/nrf52840-dk.yaml")]
pub(crate) struct Wiring {
    /// Bench file
    #[arg(value_name = "BENCH")]
    bench: PathBuf,
}

impl Wiring {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        let bench = BenchFile::load(&self.bench)?;
        write!(std::io::stdout(), "{}", bench.wiring()).map_err(Expected::Print)?;
        Ok(Exit::Pass)
    }
}
