//! A run folder played again: the same scenario text, image, lock and seed on the virtual bench, which
//! must give the same outcomes and the same trace, byte for byte.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crate::bench::{Bench, VirtualBench};
use crate::lock::LockModel;
use crate::outcome::Outcomes;
use crate::play::{Limits, PlayError, Played, Situation, phase, play, prepare, sweep};
use crate::report::{RunFolderError, file, folder};
use crate::scenario::{Scenario, ScenarioError, parse};
use crate::snapshot::{Terms, Tolerance, difference};

/// The bench that repeats exactly.
const VIRTUAL: &str = "virtual";

/// A folder that is no run, or none that can be repeated.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A file of it can't be read, or isn't what a run leaves.
    #[error(transparent)]
    Folder(#[from] RunFolderError),
    /// Its scenario isn't one.
    #[error("read the run's scenario\n{0}")]
    Scenario(Box<ScenarioError>),
    /// It names a lock that nobody knows.
    #[error("replay a run on a lock called `{0}`: there are ten-key and five-key locks")]
    Lock(String),
    /// It is of a point that its scenario hasn't.
    #[error("replay a run of the point {0}: its scenario has no such point")]
    Point(String),
    /// It was played where nothing repeats exactly.
    #[error(
        "replay a run on {0}: only the virtual lock does the same twice; play it again with rig run --bench"
    )]
    RealBench(String),
    /// It never came to playing.
    #[error("replay a run that ended with `{0}`: nothing was recorded")]
    NothingRecorded(String),
    /// The rig failed, or was interrupted.
    #[error(transparent)]
    Play(#[from] PlayError),
}

/// A run that can be repeated.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The scenario, as it was.
    pub scenario: Scenario,
    /// The lock's model.
    pub model: LockModel,
    /// Where the image was.
    pub image: PathBuf,
    /// SHA-256 of the image, in hex.
    pub sha256: String,
    /// Seed of the run.
    pub seed: u64,
    /// The version of the rig that played it.
    pub rig: String,
    outcomes: String,
    trace: Vec<u8>,
}

/// How a repeated run stands to the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// Outcomes and trace are the same, byte for byte.
    Same {
        /// How many bytes the trace has.
        bytes: usize,
    },
    /// Something is not, as people read it.
    Other(String),
}

impl Recorded {
    /// Reads a run folder.
    pub fn read(path: &Path) -> Result<Recorded, ReplayError> {
        let run = folder::record(path)?;
        if run.bench != VIRTUAL {
            return Err(ReplayError::RealBench(run.bench));
        }
        let model = LockModel::named(&run.lock).ok_or(ReplayError::Lock(run.lock))?;
        let source = folder::text(&path.join(file::SCENARIO))?;
        let scenario = parse(&source, Path::new(&run.path), &run.scenario)
            .map_err(|error| ReplayError::Scenario(Box::new(error)))?;
        let scenario = match &run.point {
            None => scenario,
            Some(value) => match scenario.point(value) {
                Some(index) => scenario.at(index),
                None => return Err(ReplayError::Point(value.clone())),
            },
        };
        if !path.join(file::TRACE).exists() {
            return Err(ReplayError::NothingRecorded(run.outcome));
        }
        Ok(Recorded {
            scenario,
            model,
            image: PathBuf::from(run.image.file),
            sha256: run.image.sha256,
            seed: run.seed,
            rig: run.versions.rig,
            outcomes: folder::text(&path.join(file::OUTCOMES))?,
            trace: folder::bytes(&path.join(file::TRACE))?,
        })
    }

    /// Plays it again on a lock that its image was flashed into. It may take `allowed` here.
    pub fn replay(
        &self,
        mut bench: VirtualBench,
        interrupted: &AtomicBool,
        allowed: Duration,
    ) -> Result<Replayed, ReplayError> {
        let limits = Limits {
            deadline: Some((Instant::now() + allowed, allowed)),
            interrupted,
        };
        let mut situation = Situation::default();
        let Scenario { given, door, .. } = self.scenario;
        if let Err(not_reached) = prepare(&mut bench, &mut situation, given, door, limits)? {
            return Ok(Replayed::Other(format!(
                "the lock does not get into the state `{}` this time\n{}",
                given.name(),
                not_reached.outcomes
            )));
        }
        let begin = bench.now() + phase(self.seed);
        bench.run_until(begin).map_err(PlayError::from)?;
        let played = match self.scenario.sweep {
            Some(_) => sweep(bench, situation, &self.scenario, limits)?,
            None => play(&mut bench, &mut situation, &self.scenario, limits)?,
        };
        self.compare(&played)
    }

    fn compare(&self, played: &Played) -> Result<Replayed, ReplayError> {
        let outcomes = format!("{}\n", played.outcomes);
        if outcomes != self.outcomes {
            return Ok(Replayed::Other(self.other_outcomes(&played.outcomes)));
        }
        let mut trace = Vec::new();
        let comment = format!("{} on {}", self.scenario.name, self.model);
        let written = played.trace.write_vcd(&mut trace, &comment);
        written.map_err(|source| RunFolderError::File {
            path: PathBuf::from(file::TRACE),
            source,
        })?;
        if trace == self.trace {
            return Ok(Replayed::Same { bytes: trace.len() });
        }
        Ok(Replayed::Other(other_trace(&self.trace, &trace)))
    }

    fn other_outcomes(&self, measured: &Outcomes) -> String {
        let terms = Terms {
            tolerance: Tolerance::EXACT,
            ..Terms::default()
        };
        match self.outcomes.trim_end_matches('\n').parse::<Outcomes>() {
            Ok(before) => {
                let difference = difference(&before, measured, &terms);
                format!("the outcomes are others\n{difference}")
            }
            Err(error) => format!("outcomes.txt can't be compared: {error}"),
        }
    }
}

/// Where two traces part.
fn other_trace(before: &[u8], now: &[u8]) -> String {
    let (before, now) = (
        String::from_utf8_lossy(before),
        String::from_utf8_lossy(now),
    );
    let mut lines = (before.lines(), now.lines());
    let mut number = 0;
    loop {
        number += 1;
        let (was, is) = (lines.0.next(), lines.1.next());
        if was != is || was.is_none() {
            let line = |line: Option<&str>| line.unwrap_or("the end").to_owned();
            return format!(
                "the outcomes are the same, the trace is not: line {number} of trace.vcd was `{}`, now it is `{}`",
                line(was),
                line(is)
            );
        }
    }
}
