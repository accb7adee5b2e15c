//! A run folder read again: what [`super::Evidence`] left there, for reports of runs that are over.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::evidence::{Run, file};
use super::html::{Shown, image, times};
use crate::outcome::{Outcomes, ParseError, Part};
use crate::scenario;
use crate::snapshot::{Terms, difference};
use crate::trace::{Nanos, ReadTraceError, Trace};

/// A run folder.
#[derive(Debug)]
pub struct RunFolder {
    /// How the run ended, as an exit code.
    pub exit: u8,
    /// When it began.
    pub began: String,
    /// What was printed about it.
    pub text: String,
    /// What a page shows of it.
    pub shown: Shown,
}

/// A folder that no run left, or not whole.
#[derive(Debug, thiserror::Error)]
pub enum RunFolderError {
    /// A file is missing or can't be read.
    #[error("read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// `run.json` is something else.
    #[error("read {}: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where, and what is wrong.
        source: serde_json::Error,
    },
    /// The outcomes are not outcomes.
    #[error("read {}: {source}", path.display())]
    Outcomes {
        /// The file.
        path: PathBuf,
        /// Where, and what is wrong.
        source: ParseError,
    },
    /// The waveform is none.
    #[error("{source} {}", path.display())]
    Trace {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ReadTraceError,
    },
}

impl RunFolder {
    /// Whether a run has left its record in the folder at `path`.
    pub fn is_at(path: &Path) -> bool {
        path.join(file::RUN).is_file()
    }

    /// Reads the folder at `path`.
    ///
    /// # Errors
    ///
    /// When a file is missing that every run leaves, or one is not what a run leaves.
    pub fn read(path: &Path) -> Result<RunFolder, RunFolderError> {
        let run = record(path)?;
        let trace = path.join(file::TRACE);
        let measured = outcomes(&path.join(file::OUTCOMES))?;
        let played = match measured {
            Some(measured) => Some((read_trace(&trace)?, measured)),
            None => None,
        };
        let accepted = outcomes(&path.join(file::ACCEPTED))?;
        let terms = Terms {
            tolerance: scenario::tolerance(&run.tolerance).unwrap_or_default(),
            unseen: Part::ALL
                .into_iter()
                .filter(|part| run.unseen.iter().any(|name| name == part.name()))
                .collect(),
        };
        let difference = match (&accepted, &played) {
            (Some(accepted), Some((_, measured))) => {
                Some(difference(accepted, measured, &terms)).filter(|found| !found.is_empty())
            }
            _ => None,
        };
        let real = Duration::try_from_secs_f64(run.real_seconds).unwrap_or_default();
        Ok(RunFolder {
            exit: run.exit,
            began: run.began,
            text: text(&path.join(file::REPORT))?,
            shown: Shown {
                name: run.scenario,
                title: run.title,
                lock: run.lock,
                bench: run.bench,
                image: image(&run.image.file, &run.image.sha256),
                word: run.outcome,
                times: times(Nanos(run.virtual_nanoseconds).into(), real),
                wrong: run.wrong,
                played,
                accepted,
                difference,
                log: text(&path.join(file::LOG))?,
                folder: Some(path.display().to_string()),
                again: run.again,
            },
        })
    }
}

/// `run.json` of the folder at `path`.
pub(crate) fn record(path: &Path) -> Result<Run, RunFolderError> {
    let path = path.join(file::RUN);
    let record = serde_json::from_slice(&bytes(&path)?);
    record.map_err(|source| RunFolderError::Json { path, source })
}

/// A file of a run folder.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, RunFolderError> {
    fs::read(path).map_err(|source| RunFolderError::File {
        path: path.to_owned(),
        source,
    })
}

/// A file of a run folder, as text.
pub(crate) fn text(path: &Path) -> Result<String, RunFolderError> {
    fs::read_to_string(path).map_err(|source| RunFolderError::File {
        path: path.to_owned(),
        source,
    })
}

/// Outcomes, where the run came to some.
fn outcomes(path: &Path) -> Result<Option<Outcomes>, RunFolderError> {
    if !path.exists() {
        return Ok(None);
    }
    let outcomes = text(path)?.parse();
    outcomes
        .map(Some)
        .map_err(|source| RunFolderError::Outcomes {
            path: path.to_owned(),
            source,
        })
}

fn read_trace(path: &Path) -> Result<Trace, RunFolderError> {
    let opened = fs::File::open(path).map_err(|source| RunFolderError::File {
        path: path.to_owned(),
        source,
    })?;
    Trace::read_vcd(io::BufReader::new(opened)).map_err(|source| RunFolderError::Trace {
        path: path.to_owned(),
        source,
    })
}
