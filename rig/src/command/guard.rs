//! `rig guard`: started by a run for itself, see [`crate::bench::pi::guard`].

use std::path::PathBuf;

use clap::Args;

use super::{Exit, Expected, complain};
use crate::bench::file::BenchFile;
use crate::bench::pi::guard::stand_guard;

/// Make a bench safe when the run that started this is gone
#[derive(Debug, Args)]
pub(crate) struct Guard {
    /// Bench file
    #[arg(value_name = "BENCH")]
    bench: PathBuf,
}

impl Guard {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        let file = BenchFile::load(&self.bench)?;
        let failed = stand_guard(
            &self.bench,
            &file,
            &mut std::io::stdin().lock(),
            &mut std::io::stdout().lock(),
        )
        .map_err(Expected::Print)?;
        for message in &failed {
            complain(format_args!(
                "rig: failed to {message}; switch the supply off by hand"
            ));
        }
        Ok(if failed.is_empty() {
            Exit::Pass
        } else {
            Exit::Rig
        })
    }
}
