//! `rig doctor`: whether the parts of a bench do what its file says.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::{Exit, Expected};
use crate::bench::doctor::{Depth, examine};
use crate::bench::file::BenchFile;

/// Check every part of a bench, and leave everything off
///
/// The lock stays disconnected unless `--live` is given. Ends with 3 if a check failed.
#[derive(Debug, Args)]
#[command(after_help = "Example: rig doctor bench.yaml --live")]
pub(crate) struct Doctor {
    /// Bench file
    #[arg(value_name = "BENCH")]
    bench: PathBuf,
    /// Also feed the lock, press one of its digit keys, and listen for the click
    #[arg(long)]
    live: bool,
}

impl Doctor {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        let file = BenchFile::load(&self.bench)?;
        let mut printed = Ok(());
        let sound = examine(&file, Depth { live: self.live }, &mut |finding| {
            // A check that has begun is ended in order, whoever still reads.
            if printed.is_ok() {
                printed = writeln!(std::io::stdout(), "{finding}");
            }
        });
        printed.map_err(Expected::Print)?;
        Ok(if sound { Exit::Pass } else { Exit::Rig })
    }
}
