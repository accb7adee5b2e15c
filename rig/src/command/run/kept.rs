//! Given states of a real lock, as its debug port read them: reached once by the lock's own procedures,
//! and restored from then on, by later runs too. They go with the image: another one may keep its state
//! in another way.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::bench::Storage;
use crate::lock::Door;
use crate::scenario::Given;

/// What has been kept of one image's locks.
pub(super) struct Kept {
    folder: PathBuf,
    states: BTreeMap<(Given, Door), Storage>,
}

impl Kept {
    /// Those of the image with this hash, in `given` below the folder of all runs.
    pub(super) fn of(runs: &Path, image_sha256: &str) -> Kept {
        Kept {
            folder: runs.join("given").join(image_sha256),
            states: BTreeMap::new(),
        }
    }

    /// What a lock in this state keeps. A file that is damaged counts as none.
    pub(super) fn get(&mut self, given: Given, door: Door) -> Option<&Storage> {
        if !self.states.contains_key(&(given, door)) {
            let bytes = fs::read(self.file(given, door)).ok()?;
            let storage = Storage::from_bytes(&bytes)?;
            self.states.insert((given, door), storage);
        }
        self.states.get(&(given, door))
    }

    /// Keeps it, for this run and, where the folder can be written, for later ones.
    pub(super) fn put(
        &mut self,
        given: Given,
        door: Door,
        storage: Storage,
    ) -> std::io::Result<()> {
        let file = self.file(given, door);
        let bytes = storage.to_bytes();
        self.states.insert((given, door), storage);
        fs::create_dir_all(&self.folder)?;
        // Whole or not at all, whoever else runs.
        let part = file.with_extension(format!("part-{}", std::process::id()));
        fs::write(&part, bytes)?;
        fs::rename(part, file)
    }

    fn file(&self, given: Given, door: Door) -> PathBuf {
        let door = match door {
            Door::Left => "left",
            Door::Right => "right",
        };
        self.folder.join(format!("{}-{door}", given.name()))
    }
}
