//! `rig doctor`: whether the parts of a bench do what its file says.

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use clap::Args;

use super::interrupt::{self, INTERRUPTED};
use super::{Exit, Expected};
use crate::bench::doctor::{Depth, examine};
use crate::bench::file::BenchFile;

/// Check every part of a bench, and leave everything off
///
/// Says for each part whether it passed, failed and what to do about it, or can't be checked. The lock
/// stays disconnected unless `--live` is given. Ends with 3 if a check failed.
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
        interrupt::listen()?;
        let mut printed = Ok(());
        let depth = Depth { live: self.live };
        let sound = examine(&file, depth, &INTERRUPTED, &mut |finding| {
            // A check that has begun is ended in order, whoever still reads.
            if printed.is_ok() {
                printed = writeln!(std::io::stdout(), "{finding}");
            }
        });
        printed.map_err(Expected::Print)?;
        Ok(match (INTERRUPTED.load(Ordering::Relaxed), sound) {
            (_, false) => Exit::Rig,
            (true, true) => Exit::Interrupted,
            (false, true) => Exit::Pass,
        })
    }
}
