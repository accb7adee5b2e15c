//! What people and programs read about a run: lines on the console, JUnit, JSON, and a folder with
//! everything that is needed to argue about it and to repeat it.

mod bars;
mod console;
mod evidence;
pub(crate) mod folder;
pub mod html;
mod json;
mod junit;
mod strip;
mod wrong;

use std::path::PathBuf;
use std::time::Duration;

pub use console::Console;
pub(crate) use evidence::file;
pub use evidence::{Evidence, EvidenceError};
pub use folder::{RunFolder, RunFolderError};
pub use json::{lines, rounds_line};
pub use junit::junit;
pub use strip::strip;

use crate::command::Exit;
use crate::invariant::Violation;
use crate::lock::LockModel;
use crate::play::{Miss, NotReached};
use crate::search::sweep::Stretch;
use crate::snapshot::Difference;
use crate::trace::Nanos;

/// Where a run took place, for every report of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The bench: `virtual`, or the name of a bench file.
    pub bench: String,
    /// The lock's model.
    pub lock: LockModel,
    /// The firmware image.
    pub image: PathBuf,
    /// SHA-256 of the image file, in hex.
    pub image_sha256: String,
    /// Which moment of the virtual lock's clock the run began at; 0 on a real bench, whose moment is
    /// nobody's choice.
    pub seed: u64,
}

/// One scenario on one lock, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The scenario's name.
    pub name: String,
    /// Which of its repetitions this is, from 1.
    pub round: usize,
    /// Its title.
    pub title: String,
    /// Its file.
    pub path: PathBuf,
    /// Where it was played.
    pub setting: Setting,
    /// How it ended.
    pub ending: Ending,
    /// The texts of its steps, in order.
    pub steps: Vec<String>,
    /// Of a sweep, over which values the lock does what; empty where there is none.
    pub sweep: Vec<Stretch>,
    /// The same as accepted.
    pub sweep_accepted: Vec<Stretch>,
    /// How long it was for the lock.
    pub virtual_time: Nanos,
    /// How long it took here.
    pub real_time: Duration,
    /// The run folder, where there is one.
    pub folder: Option<PathBuf>,
    /// The command that repeats it.
    pub again: String,
}

/// How a scenario ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// As accepted.
    Passed,
    /// Accepted just now.
    Accepted {
        /// The snapshot.
        file: PathBuf,
        /// What it changed; `None` for a first snapshot.
        difference: Option<Difference>,
    },
    /// The lock did something else.
    Differs {
        /// From the accepted outcomes, where there are some.
        difference: Option<Difference>,
        /// From what the scenario itself wants.
        misses: Vec<Miss>,
        /// From what no lock may ever do.
        violations: Vec<Violation>,
        /// The pending snapshot, where one was written.
        pending: Option<PathBuf>,
    },
    /// The lock did not get into the state that the scenario begins in.
    NotReached(NotReached),
    /// There is no accepted snapshot.
    Missing {
        /// The pending snapshot, where one was written.
        pending: Option<PathBuf>,
    },
    /// Not played, and why.
    Skipped(String),
    /// The rig failed at something, which is said as in "failed to ...".
    Fault(String),
    /// Stopped by someone.
    Interrupted,
}

impl Ending {
    /// The exit code of a run that ends so.
    pub const fn exit(&self) -> Exit {
        match self {
            Ending::Passed | Ending::Accepted { .. } => Exit::Pass,
            Ending::Differs { .. } | Ending::NotReached(_) => Exit::Differs,
            Ending::Missing { .. } => Exit::Snapshot,
            Ending::Skipped(_) => Exit::Nothing,
            Ending::Fault(_) => Exit::Rig,
            Ending::Interrupted => Exit::Interrupted,
        }
    }

    /// Whether the lock did what is accepted.
    pub const fn passed(&self) -> bool {
        matches!(self, Ending::Passed | Ending::Accepted { .. })
    }

    /// One word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Ending::Passed => "pass",
            Ending::Accepted { .. } => "accepted",
            Ending::Differs { .. } | Ending::NotReached(_) => "differs",
            Ending::Missing { .. } => "missing",
            Ending::Skipped(_) => "skipped",
            Ending::Fault(_) => "error",
            Ending::Interrupted => "stopped",
        }
    }
}

/// The exit code of several: what was stopped or failed on the rig's side leaves the whole without a
/// result; then a difference, then a missing snapshot. Nothing played is nothing selected.
pub fn exit(records: &[Record]) -> Exit {
    worst(|exit| records.iter().any(|record| record.ending.exit() == exit))
}

/// The exit code of several, of which some ended with what `has` says.
pub(crate) fn worst(has: impl Fn(Exit) -> bool) -> Exit {
    [
        Exit::Interrupted,
        Exit::Rig,
        Exit::Differs,
        Exit::Snapshot,
        Exit::Pass,
    ]
    .into_iter()
    .find(|exit| has(*exit))
    .unwrap_or(Exit::Nothing)
}

#[cfg(test)]
pub(crate) mod tests;
