//! `rig sweep`: from which value on does the lock do something else?

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use super::images::Firmware;
use super::interrupt::{self, INTERRUPTED};
use super::run::DEADLINE;
use super::select::Select;
use super::shrink::model;
use super::{Exit, Expected};
use crate::lock::LockModel;
use crate::search::Forks;
use crate::search::sweep::{Refined, refine, stretches};

/// Play a sweep and tell from which value on the lock does something else
///
/// Plays every point on the virtual lock and tells those in a row with the same outcome together. With
/// --refine it then looks closer between two points that differ, until they are that near.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rig sweep sweeps/supply
  rig sweep sweeps/supply --refine 0.01V       to the hundredth
  rig run sweeps/supply --point 4.6V           one point alone

`rig run` holds a sweep's points against its snapshot, and draws them with --html.")]
pub(crate) struct Sweep {
    /// A scenario file, or a part of a scenario's name that no other has
    #[arg(value_name = "SCENARIO")]
    scenario: String,
    /// How near two points that differ are to be in the end
    #[arg(long, value_name = "STEP")]
    refine: Option<String>,
    /// Image to flash, in place of the newest in firmware/images
    #[arg(long, value_name = "ELF")]
    firmware: Option<PathBuf>,
    /// The lock model; the image's, or the scenario's first if not said
    #[arg(long, value_name = "MODEL", value_parser = super::lock_model)]
    lock: Option<LockModel>,
}

impl Sweep {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        let scenario = Select::one(&self.scenario)?.scenario;
        if scenario.sweep.is_none() {
            return Err(Expected::NoSweep {
                name: scenario.name,
            });
        }
        let model = model(&scenario, self.lock, self.firmware.as_deref())?;
        let firmware = Firmware::chosen(self.firmware.as_deref(), model)?;
        interrupt::listen()?;
        let began = Instant::now();
        let mut forks = Forks::new(firmware.lock(model)?, &INTERRUPTED, DEADLINE);
        let Refined { points, limits } = refine(&scenario, self.refine.as_deref(), &mut forks)?;
        let mut out = std::io::stdout().lock();
        let mut say = |text: String| writeln!(out, "{text}").map_err(Expected::Print);
        say(format!(
            "{} on {model}: {}\n",
            scenario.name, scenario.title
        ))?;
        for stretch in stretches(&points) {
            say(stretch.to_string())?;
        }
        if !limits.is_empty() {
            say(String::new())?;
        }
        for (before, after) in limits {
            say(format!("it changes between {before} and {after}"))?;
        }
        let tally = forks.tally();
        say(format!(
            "\n{} points in {:.1} s: {} steps played, {} taken from earlier points",
            points.len(),
            began.elapsed().as_secs_f64(),
            tally.played,
            tally.reused
        ))?;
        Ok(Exit::Pass)
    }
}
