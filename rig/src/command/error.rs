//! How a command ends: with an exit code, or with an error that has one.

use std::path::PathBuf;

use crate::bench::file::BenchFileError;
use crate::scenario::FolderError;

/// The exit codes of `rig`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything is as accepted.
    Pass,
    /// An outcome differs from the accepted one.
    Differs,
    /// The command line, a scenario or a bench file is wrong.
    Usage,
    /// The rig itself failed; the lock may be fine.
    Rig,
    /// There was nothing to do.
    Nothing,
    /// A snapshot is missing or waits for review.
    Snapshot,
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    /// The number that the process ends with.
    pub const fn code(self) -> u8 {
        match self {
            Exit::Pass => 0,
            Exit::Differs => 1,
            Exit::Usage => 2,
            Exit::Rig => 3,
            Exit::Nothing => 4,
            Exit::Snapshot => 5,
            Exit::Interrupted => 130,
        }
    }
}

/// Something that a command needs and that isn't right, with what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Expected {
    /// Scenario files with mistakes; their messages come first.
    #[error("read {}", if messages.len() == 1 { "a scenario file".to_owned() } else { format!("{} scenario files", messages.len()) })]
    Scenarios {
        /// The mistakes of each file, as a person reads them.
        messages: Vec<String>,
    },
    /// A bench file with mistakes.
    #[error("read the bench file\n{}", .0.render(super::colour_on_stderr()))]
    Bench(#[from] BenchFileError),
    /// A folder or file can't be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// No scenario folder was named and none found.
    #[error("find a folder called `scenarios` in {} or above it; name one", from.display())]
    NoFolder {
        /// Where the search began.
        from: PathBuf,
    },
    /// A name that no scenario has.
    #[error("select scenarios: none is called `{filter}`{}", hint(suggestion.as_deref()))]
    NoMatch {
        /// What was asked for.
        filter: String,
        /// A name it may have been meant to be.
        suggestion: Option<String>,
    },
    /// A folder without scenarios.
    #[error("select scenarios: {} has none", path.display())]
    EmptyFolder {
        /// The folder.
        path: PathBuf,
    },
    /// Printing failed.
    #[error("print the result: {0}")]
    Print(std::io::Error),
}

impl Expected {
    /// The exit code that goes with it.
    pub const fn exit(&self) -> Exit {
        match self {
            Expected::Scenarios { .. }
            | Expected::Bench(_)
            | Expected::Folder(_)
            | Expected::NoFolder { .. } => Exit::Usage,
            Expected::NoMatch { .. } | Expected::EmptyFolder { .. } => Exit::Nothing,
            Expected::Print(_) => Exit::Rig,
        }
    }
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}
