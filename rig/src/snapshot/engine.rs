//! The one place that knows insta's machinery. Insta is made for test functions: it reads its
//! settings from the environment and a workspace's file, prints, and ends in a panic. Here it keeps
//! its files and its environment (`INSTA_UPDATE`, `CI`), and neither prints nor panics.

use std::any::Any;
use std::cell::Cell;
use std::fs;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Once;

use insta::{Comparator, Settings, Snapshot};
use tempfile::TempDir;

use super::Mode;
use super::compare::compare;
use super::tolerance::Terms;
use crate::outcome::Outcomes;

/// Insta, with its own settings in a folder of ours.
#[derive(Debug)]
pub(super) struct Engine {
    settings: TempDir,
}

impl Engine {
    pub(super) fn new() -> io::Result<Engine> {
        let settings = tempfile::Builder::new().prefix("rig-insta-").tempdir()?;
        for update in ["auto", "new"] {
            let folder = settings.path().join(update);
            fs::create_dir(&folder)?;
            let text =
                format!("behavior:\n  output: none\n  force_pass: true\n  update: {update}\n");
            fs::write(folder.join("insta.yaml"), text)?;
        }
        Ok(Engine { settings })
    }

    /// Has insta compare `text` with the accepted file and do what `mode` and the environment say.
    /// What came of it is seen by the files.
    pub(super) fn check(
        &self,
        file: &SnapshotFile,
        text: &str,
        terms: &Terms,
        mode: Mode,
    ) -> Result<(), String> {
        let mut settings = Settings::new();
        settings.set_snapshot_path(&file.folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_comparator(Box::new(WithinTerms {
            terms: terms.clone(),
        }));
        let workspace = self.settings.path().join(match mode {
            Mode::Auto | Mode::ReadOnly => "auto",
            // Accepting goes through the pending file, which insta alone knows to write.
            Mode::Accept => "new",
        });
        let asserted = quietly(|| {
            settings.bind(|| {
                insta::_macro_support::assert_snapshot(
                    (file.name.as_str(), text).into(),
                    &workspace,
                    "rig",
                    "rig",
                    &file.source,
                    0,
                    "",
                )
                .map_err(|error| error.to_string())
            })
        });
        match asserted {
            Ok(result) => result,
            // Its way to say "differs", where `INSTA_FORCE_PASS` is 0.
            Err(panic) if panic.starts_with("snapshot assertion for") => Ok(()),
            Err(panic) => Err(panic),
        }
    }
}

/// Where a snapshot is kept.
#[derive(Debug, Clone)]
pub(super) struct SnapshotFile {
    /// The lock's folder.
    pub folder: PathBuf,
    /// File name without extension.
    pub name: String,
    /// What the file's header names as its source.
    pub source: String,
}

impl SnapshotFile {
    pub(super) fn accepted(&self) -> PathBuf {
        self.folder.join(format!("{}.snap", self.name))
    }

    pub(super) fn pending(&self) -> PathBuf {
        self.folder.join(format!("{}.snap.new", self.name))
    }
}

/// Reads a `.snap` or `.snap.new` file: its text without the header.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let snapshot = load(path)?;
    match snapshot.as_text() {
        Some(text) => Ok(text.to_string()),
        None => Err("it is a binary snapshot".to_owned()),
    }
}

/// Turns a pending file into the accepted one.
pub(super) fn accept(pending: &Path, accepted: &Path) -> Result<(), String> {
    let snapshot = load(pending)?;
    quietly(|| snapshot.save(accepted).map_err(|error| error.to_string()))??;
    fs::remove_file(pending).map_err(|error| error.to_string())
}

fn load(path: &Path) -> Result<Snapshot, String> {
    quietly(|| Snapshot::from_file(path).map_err(|error| error.to_string()))?
}

/// Passes what [`compare`] finds no difference in.
struct WithinTerms {
    terms: Terms,
}

impl Comparator for WithinTerms {
    fn matches(&self, reference: &Snapshot, test: &Snapshot) -> bool {
        let text = |snapshot: &Snapshot| Some(snapshot.as_text()?.to_string());
        if text(reference) == text(test) {
            return true;
        }
        let outcomes = |snapshot: &Snapshot| text(snapshot)?.parse().ok();
        let (Some(accepted), Some(measured)): (Option<Outcomes>, Option<Outcomes>) =
            (outcomes(reference), outcomes(test))
        else {
            return false;
        };
        compare(&accepted, &measured, &self.terms).0.is_empty()
    }

    fn dyn_clone(&self) -> Box<dyn Comparator> {
        Box::new(WithinTerms {
            terms: self.terms.clone(),
        })
    }
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; a panic in it becomes its message, printed nowhere.
fn quietly<R>(work: impl FnOnce() -> R) -> Result<R, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info);
            }
        }));
    });
    QUIET.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    QUIET.set(false);
    result.map_err(|payload: Box<dyn Any + Send>| {
        let text = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned());
        text.or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "it panicked".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message() {
        let name = "x";
        assert_eq!(quietly(|| 1), Ok(1));
        assert_eq!(
            quietly(|| panic!("assertion for {name}")),
            Err::<(), _>("assertion for x".to_owned())
        );
    }
}
