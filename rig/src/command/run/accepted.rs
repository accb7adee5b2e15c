//! What was accepted of every scenario that is about to be played, read before the first is: a mistake in a
//! snapshot ends a run that has not begun.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::select::Selected;
use crate::outcome::Outcomes;
use crate::snapshot::{SnapshotError, Store};

/// The snapshots of a `rig run`.
pub(super) struct Accepted {
    /// By folder.
    stores: BTreeMap<PathBuf, Store>,
    /// By folder, lock and scenario.
    outcomes: BTreeMap<(PathBuf, String, String), Outcomes>,
}

impl Accepted {
    /// Reads what each scenario's outcomes are compared with on a lock, by the name that the lock's snapshots
    /// go by. `anew`: what can't be read is about to be written anew, and no mistake.
    pub(super) fn read<'s>(
        runs: impl IntoIterator<Item = (&'s Selected, &'s str)>,
        anew: bool,
    ) -> Result<Accepted, SnapshotError> {
        let mut stores = BTreeMap::new();
        let mut outcomes = BTreeMap::new();
        for (selected, lock) in runs {
            let folder = selected.folder.snapshots();
            if !stores.contains_key(&folder) {
                stores.insert(folder.clone(), Store::new(&folder)?);
            }
            let name = &selected.scenario.name;
            match stores[&folder].accepted(lock, name) {
                Ok(None) => {}
                Ok(Some(accepted)) => {
                    outcomes.insert((folder, lock.to_owned(), name.clone()), accepted);
                }
                Err(SnapshotError::Unreadable { .. } | SnapshotError::Outcomes { .. }) if anew => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Accepted { stores, outcomes })
    }

    /// The store of a scenario that was read.
    pub(super) fn store(&self, selected: &Selected) -> &Store {
        &self.stores[&selected.folder.snapshots()]
    }

    /// What was accepted before the run, if anything.
    pub(super) fn outcomes(&self, selected: &Selected, lock: &str) -> Option<&Outcomes> {
        let folder = selected.folder.snapshots();
        let key = (folder, lock.to_owned(), selected.scenario.name.clone());
        self.outcomes.get(&key)
    }
}
