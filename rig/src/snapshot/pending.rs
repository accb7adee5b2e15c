//! Snapshots that wait for a decision, and those that no scenario asks for any more.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::compare::{Difference, compare};
use super::engine::SnapshotFile;
use super::{SnapshotError, Store, Terms, Tolerance, accept, parse, read};
use crate::outcome::Outcomes;

/// A `.snap.new` file.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The lock that it was measured on.
    pub lock: String,
    /// The scenario, as its file is called.
    pub scenario: String,
    /// The pending file.
    pub path: PathBuf,
    /// What it would replace.
    pub accepted: Option<Outcomes>,
    /// What it would accept.
    pub measured: Outcomes,
    file: SnapshotFile,
}

impl Pending {
    /// What accepting it would change; `None` for a first snapshot.
    pub fn difference(&self) -> Option<Difference> {
        let terms = Terms {
            tolerance: Tolerance::EXACT,
            unseen: Vec::new(),
        };
        let accepted = self.accepted.as_ref()?;
        Some(compare(accepted, &self.measured, &terms).0)
    }

    /// Makes it the accepted snapshot.
    pub fn accept(self) -> Result<(), SnapshotError> {
        accept(&self.file)
    }

    /// Deletes it.
    pub fn reject(self) -> Result<(), SnapshotError> {
        fs::remove_file(&self.path).map_err(|source| SnapshotError::Io {
            what: "delete",
            path: self.path,
            source,
        })
    }
}

impl Store {
    /// Every pending snapshot, by lock and scenario.
    pub fn pending(&self) -> Result<Vec<Pending>, SnapshotError> {
        let mut pending = Vec::new();
        for (lock, name) in self.files(".snap.new")? {
            let file = self.file(&lock, &name)?;
            let path = file.pending();
            let measured = parse(&path, &read(&path)?)?;
            pending.push(Pending {
                accepted: self.accepted(&lock, &name)?,
                lock,
                scenario: name,
                path,
                measured,
                file,
            });
        }
        Ok(pending)
    }

    /// Snapshots, pending ones too, of scenarios and locks other than these.
    pub fn orphans<'a>(
        &self,
        known: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Vec<PathBuf>, SnapshotError> {
        let mut wanted = BTreeSet::new();
        for (lock, scenario) in known {
            let file = self.file(lock, scenario)?;
            wanted.extend([file.accepted(), file.pending()]);
        }
        let mut orphans = Vec::new();
        for extension in [".snap", ".snap.new"] {
            for (lock, name) in self.files(extension)? {
                let path = self.folder.join(lock).join(format!("{name}{extension}"));
                if !wanted.contains(&path) {
                    orphans.push(path);
                }
            }
        }
        orphans.sort();
        Ok(orphans)
    }

    /// The locks that there are snapshots for, models and others.
    pub fn locks(&self) -> Result<Vec<String>, SnapshotError> {
        let mut locks = names(&self.folder)?;
        locks.retain(|lock| self.folder.join(lock).is_dir());
        locks.sort();
        Ok(locks)
    }

    /// Lock and name of every file with this extension, in order. None where the folder isn't.
    fn files(&self, extension: &str) -> Result<Vec<(String, String)>, SnapshotError> {
        let mut files = Vec::new();
        for lock in names(&self.folder)? {
            let folder = self.folder.join(&lock);
            if !folder.is_dir() {
                continue;
            }
            for file in names(&folder)? {
                if let Some(name) = file.strip_suffix(extension) {
                    files.push((lock.clone(), name.to_owned()));
                }
            }
        }
        files.sort();
        Ok(files)
    }
}

/// Names in a folder that are text; others are none of the store's.
fn names(folder: &Path) -> Result<Vec<String>, SnapshotError> {
    let error = |source| SnapshotError::Io {
        what: "list",
        path: folder.to_owned(),
        source,
    };
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(error)? {
        names.extend(entry.map_err(error)?.file_name().into_string());
    }
    Ok(names)
}
