//! Accepted outcomes, one `.snap` file for each lock and scenario, and what a run's outcomes are
//! beside them. Insta keeps the files: pending ones are `.snap.new`, `cargo insta review`,
//! `INSTA_UPDATE` and `CI` mean what they mean to it, and no panic of its leaves this module.
//!
//! What is within tolerance keeps its accepted value whatever else is accepted anew, so accepted
//! values never drift and a difference shows only what changed.

mod compare;
mod engine;
mod pending;
mod tolerance;

pub(crate) use compare::beside;
pub use compare::{Change, Difference, Stale};
pub use pending::Pending;
pub use tolerance::{Deviation, Measure, Terms, Tolerance};
pub(crate) use tolerance::{Fit, like, numbers};

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::outcome::{Outcomes, ParseError};
use compare::compare;
use engine::{Engine, SnapshotFile};

/// The snapshots' folder: `<folder>/<lock>/<scenario>.snap`.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    engine: Engine,
}

/// What to do with what is not as accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Insta's way: a pending file, or what `INSTA_UPDATE` says; nothing with `CI` set.
    Auto,
    /// Write nothing.
    ReadOnly,
    /// Accept it.
    Accept,
}

/// How a run's outcomes stand to the accepted ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As accepted, within tolerance.
    Same,
    /// Not as accepted.
    Different {
        /// What differs.
        difference: Difference,
        /// The pending file, where one was written.
        pending: Option<PathBuf>,
    },
    /// Nothing has been accepted yet.
    Missing {
        /// The pending file, where one was written.
        pending: Option<PathBuf>,
    },
    /// Accepted by this run, because it was told to.
    Accepted {
        /// The snapshot.
        file: PathBuf,
        /// What it changed; `None` for a first snapshot.
        difference: Option<Difference>,
    },
}

/// The store can't do its work.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// A file or folder that can't be read or written.
    #[error("{what} {}: {source}", path.display())]
    Io {
        /// What was tried: `read`, `write`, `list`.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file that isn't one of insta's.
    #[error("read the snapshot {}: {problem}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What insta says about it.
        problem: String,
    },
    /// A snapshot whose text isn't outcomes.
    #[error("read the outcomes in {}: {source}", path.display())]
    Outcomes {
        /// Which.
        path: PathBuf,
        /// Which line and why; lines count from the file's first.
        source: ParseError,
    },
    /// A lock or scenario whose name can't be a file's.
    #[error("name a snapshot file after {name:?}")]
    Name {
        /// The name.
        name: String,
    },
    /// Insta refuses, for instance a value of `INSTA_UPDATE`.
    #[error("let insta check {}: {problem}", path.display())]
    Insta {
        /// Which snapshot.
        path: PathBuf,
        /// What insta says.
        problem: String,
    },
}

impl Store {
    /// Opens the store in a folder, which is made when the first snapshot is written.
    pub fn new(folder: impl AsRef<Path>) -> Result<Store, SnapshotError> {
        let folder = folder.as_ref();
        let io = |what| {
            move |source| SnapshotError::Io {
                what,
                path: folder.to_owned(),
                source,
            }
        };
        Ok(Store {
            folder: std::path::absolute(folder).map_err(io("find"))?,
            engine: Engine::new().map_err(io("make settings for the snapshots in"))?,
        })
    }

    /// Compares a run's outcomes with what was accepted for this lock and scenario.
    pub fn check(
        &self,
        lock: &str,
        scenario: &str,
        measured: &Outcomes,
        terms: &Terms,
        mode: Mode,
    ) -> Result<Verdict, SnapshotError> {
        let file = self.file(lock, scenario)?;
        let before = self.readable_text(&file, mode)?;
        let accepted = match &before {
            None => None,
            Some(text) => match parse(&file.accepted(), text) {
                Ok(outcomes) => Some(outcomes),
                Err(_) if mode == Mode::Accept => None,
                Err(error) => return Err(error),
            },
        };
        let (difference, text) = match &accepted {
            Some(accepted) => {
                let (difference, merged) = compare(accepted, measured, terms);
                (Some(difference), merged.to_string())
            }
            None => (None, measured.to_string()),
        };
        if mode != Mode::ReadOnly {
            let checked = self.engine.check(&file, &text, terms, mode);
            checked.map_err(|problem| SnapshotError::Insta {
                path: file.accepted(),
                problem,
            })?;
        }
        if difference.as_ref().is_some_and(Difference::is_empty) {
            self.forget_pending(&file, mode)?;
            return Ok(Verdict::Same);
        }
        // Where `INSTA_UPDATE` is `always`, insta has put it in place already.
        if mode == Mode::Accept && file.pending().exists() {
            accept(&file)?;
        } else if mode == Mode::Accept && self.accepted_text(&file)? == before {
            return Err(SnapshotError::Insta {
                path: file.accepted(),
                problem: "`INSTA_UPDATE` forbids to write it".to_owned(),
            });
        }
        if mode != Mode::ReadOnly && self.accepted_text(&file)? != before {
            self.forget_pending(&file, mode)?;
            return Ok(Verdict::Accepted {
                file: file.accepted(),
                difference,
            });
        }
        let pending =
            Some(file.pending()).filter(|pending| mode != Mode::ReadOnly && pending.exists());
        Ok(match difference {
            Some(difference) => Verdict::Different {
                difference,
                pending,
            },
            None => Verdict::Missing { pending },
        })
    }

    /// What was accepted for this lock and scenario.
    pub fn accepted(&self, lock: &str, scenario: &str) -> Result<Option<Outcomes>, SnapshotError> {
        let file = self.file(lock, scenario)?;
        match self.accepted_text(&file)? {
            Some(text) => parse(&file.accepted(), &text).map(Some),
            None => Ok(None),
        }
    }

    /// Leaves outcomes waiting for review, whatever the environment says.
    #[cfg(test)]
    pub(crate) fn leave_pending(
        &self,
        lock: &str,
        scenario: &str,
        measured: &Outcomes,
    ) -> Result<(), SnapshotError> {
        let file = self.file(lock, scenario)?;
        let text = format!("---\nsource: {}\n---\n{measured}\n", file.source);
        fs::create_dir_all(&file.folder)
            .and_then(|()| fs::write(file.pending(), text))
            .map_err(|source| SnapshotError::Io {
                what: "write",
                path: file.pending(),
                source,
            })
    }

    /// The accepted file's text. Accepting is how a file that can't be read is repaired, so it makes
    /// room for a new one.
    fn readable_text(
        &self,
        file: &SnapshotFile,
        mode: Mode,
    ) -> Result<Option<String>, SnapshotError> {
        match self.accepted_text(file) {
            Err(SnapshotError::Unreadable { path, .. }) if mode == Mode::Accept => {
                fs::remove_file(&path).map_err(|source| SnapshotError::Io {
                    what: "replace",
                    path,
                    source,
                })?;
                Ok(None)
            }
            other => other,
        }
    }

    /// Deletes what waited for a decision that there is nothing to decide about any more.
    fn forget_pending(&self, file: &SnapshotFile, mode: Mode) -> Result<(), SnapshotError> {
        let pending = file.pending();
        if mode == Mode::ReadOnly || in_ci() || !pending.exists() {
            return Ok(());
        }
        fs::remove_file(&pending).map_err(|source| SnapshotError::Io {
            what: "delete",
            path: pending,
            source,
        })
    }

    fn accepted_text(&self, file: &SnapshotFile) -> Result<Option<String>, SnapshotError> {
        let path = file.accepted();
        if path.exists() {
            read(&path).map(Some)
        } else {
            Ok(None)
        }
    }

    fn file(&self, lock: &str, scenario: &str) -> Result<SnapshotFile, SnapshotError> {
        for name in [lock, scenario] {
            let fits =
                !name.is_empty() && !name.starts_with('.') && !name.contains(char::is_control);
            if !fits || (name == lock && name.contains(['/', '\\'])) {
                return Err(SnapshotError::Name {
                    name: name.to_owned(),
                });
            }
        }
        Ok(SnapshotFile {
            folder: self.folder.join(lock),
            // As insta does it.
            name: scenario.replace(['/', '\\'], "__"),
            source: format!("rig run {scenario} --lock {lock}"),
        })
    }
}

/// Whether `CI` says that nothing is to be written, as insta reads it.
pub(crate) fn in_ci() -> bool {
    match std::env::var("CI").ok().as_deref() {
        Some("false" | "0" | "") => false,
        Some(_) => true,
        None => std::env::var_os("TF_BUILD").is_some(),
    }
}

/// What differs between accepted and measured outcomes.
pub fn difference(accepted: &Outcomes, measured: &Outcomes, terms: &Terms) -> Difference {
    compare(accepted, measured, terms).0
}

/// Moves a pending file into place.
fn accept(file: &SnapshotFile) -> Result<(), SnapshotError> {
    let pending = file.pending();
    engine::accept(&pending, &file.accepted()).map_err(|problem| SnapshotError::Insta {
        path: pending,
        problem,
    })
}

/// A snapshot file's text, below its header.
fn read(path: &Path) -> Result<String, SnapshotError> {
    let unreadable = |problem| SnapshotError::Unreadable {
        path: path.to_owned(),
        problem,
    };
    let raw = crate::scenario::read_text(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::InvalidData => unreadable(source.to_string()),
        _ => SnapshotError::Io {
            what: "read",
            path: path.to_owned(),
            source,
        },
    })?;
    let mut lines = raw.lines().map(str::trim_end);
    if lines.next() != Some("---") {
        return Err(unreadable("its first line is not `---`".to_owned()));
    }
    if !lines.any(|line| line == "---") {
        return Err(unreadable(
            "no second line `---` ends its header".to_owned(),
        ));
    }
    engine::read(path).map_err(unreadable)
}

fn parse(path: &Path, text: &str) -> Result<Outcomes, SnapshotError> {
    text.parse().map_err(|source: ParseError| {
        let raw = fs::read_to_string(path).unwrap_or_default();
        let header = raw
            .lines()
            .enumerate()
            .filter(|(_, line)| line.trim_end() == "---")
            .nth(1)
            .map_or(0, |(index, _)| index + 1);
        SnapshotError::Outcomes {
            path: path.to_owned(),
            source: ParseError {
                line: source.line + header,
                ..source
            },
        }
    })
}

#[cfg(test)]
mod tests;
