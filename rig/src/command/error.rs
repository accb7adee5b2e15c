//! How a command ends: with an exit code, or with an error that has one.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::complain;
use crate::bench::BenchError;
use crate::bench::file::BenchFileError;
use crate::import::LogError;
use crate::lock::LockModel;
use crate::play::PlayError;
use crate::report::{EvidenceError, RunFolderError};
use crate::scenario::FolderError;
use crate::search::sweep::SweepError;
use crate::search::{HistoryError, OracleError, ReplayError, ShrinkError};
use crate::snapshot::SnapshotError;

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
    /// For `git bisect run`: this version can't be tried.
    Skip,
    /// For `git bisect run`: no version can be tried.
    Stop,
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
            Exit::Skip => 125,
            Exit::Stop => 128,
        }
    }
}

/// Something that a command needs and that isn't right, with what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Expected {
    /// Scenario or bench files with mistakes; their messages come first.
    #[error("read {}", if messages.len() == 1 { "a file: it has mistakes".to_owned() } else { format!("{} files: they have mistakes", messages.len()) })]
    Scenarios {
        /// The mistakes of each file, as a person reads them.
        messages: Vec<String>,
    },
    /// A bench file with mistakes.
    #[error("read the bench file\n{}", .0.render(super::colour_on_stderr()))]
    Bench(#[from] BenchFileError),
    /// A voltage that a bench doesn't give its lock.
    #[error(
        "feed the lock with {asked} mV: {} allows {} {} mV",
        path.display(),
        if delivers.start() == delivers.end() { "only" } else { "at most" },
        delivers.end()
    )]
    Volts {
        /// The bench file.
        path: PathBuf,
        /// What was asked for.
        asked: u32,
        /// What the bench gives.
        delivers: RangeInclusive<u32>,
    },
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
    /// A name that more than one scenario has, for a command that takes one.
    #[error(
        "select one scenario: {count} have `{filter}` in their names; say more of it, or name a file"
    )]
    Several {
        /// What was asked for.
        filter: String,
        /// How many have it.
        count: usize,
    },
    /// A scenario that can't be made smaller.
    #[error(transparent)]
    Shrink(#[from] ShrinkError),
    /// A scenario without a sweep where one is wanted.
    #[error("sweep {name}: it has no `sweep` step")]
    NoSweep {
        /// The scenario.
        name: String,
    },
    /// A sweep can't be played.
    #[error(transparent)]
    Sweep(#[from] SweepError),
    /// A sweep where a single run is wanted.
    #[error("take {name} as one run: it is a sweep; choose one of its points with --point")]
    WhichPoint {
        /// The scenario.
        name: String,
    },
    /// A point that no sweep has.
    #[error("find the point {value} of {name}: {}", points(known))]
    NoPoint {
        /// The scenario.
        name: String,
        /// What was asked for.
        value: String,
        /// The points that there are.
        known: Vec<String>,
    },
    /// One point can't be accepted by itself.
    #[error("accept a single point: a snapshot has all points of its sweep; leave --point out")]
    AcceptPoint,
    /// A run can't be repeated.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// Another image than the one that was played.
    #[error("replay the run with {}: its SHA-256 is {sha256:.12}..., the run's is {wanted:.12}...", path.display())]
    OtherImage {
        /// The image that was named.
        path: PathBuf,
        /// Its hash.
        sha256: String,
        /// The hash of the one that was played.
        wanted: String,
    },
    /// The image that was played is nowhere.
    #[error("find the image of the run: it was {}, SHA-256 {sha256:.12}..., and none of {looked} images is it; name a folder with --images", name.display())]
    LostImage {
        /// Where it was.
        name: PathBuf,
        /// Its hash.
        sha256: String,
        /// How many images were looked at.
        looked: usize,
    },
    /// Good and bad can't be told from each other.
    #[error(transparent)]
    Oracle(#[from] OracleError),
    /// A scenario can't be played.
    #[error(transparent)]
    Play(#[from] PlayError),
    /// Git can't do what is asked of it.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A commit that has to be built can't be.
    #[error("build {commit}: {problem}")]
    Build {
        /// The commit.
        commit: String,
        /// Why.
        problem: String,
    },
    /// An image that a build would leave outside of its work tree.
    #[error("look for {} in a commit's work tree: it is outside; name it from the top of the tree, like out/lock.elf", path.display())]
    ImageOutside {
        /// As it was named.
        path: PathBuf,
    },
    /// A version that no image has.
    #[error("find version {name}: {} has no lock-{model}-{name}.elf{}", folder.display(), versions(known))]
    NoVersion {
        /// What was asked for.
        name: String,
        /// Where it was looked for.
        folder: PathBuf,
        /// The lock's model.
        model: LockModel,
        /// The versions that there are.
        known: Vec<String>,
    },
    /// A good version after the bad one.
    #[error("search from {good} to {bad}: the good version comes before the bad one")]
    Backwards {
        /// The good one.
        good: String,
        /// The bad one.
        bad: String,
    },
    /// A single version is to be tried, and none is named.
    #[error("try a version: name an image with --firmware, or say how to --build one")]
    NothingToTry,
    /// Nothing says what a scenario should come to.
    #[error("judge {name}: it has no accepted snapshot and no `expect`; name a --good image")]
    NothingRight {
        /// The scenario.
        name: String,
    },
    /// A snapshot of other steps than the scenario's.
    #[error("judge {name}: its snapshot is of other steps; accept it anew, or name a --good image")]
    StaleSnapshot {
        /// The scenario.
        name: String,
    },
    /// Every scenario that was selected is for other locks.
    #[error("select scenarios: none of them is for a {model} lock")]
    NoneForLock {
        /// The model asked for.
        model: LockModel,
    },
    /// There is no image to flash.
    #[error("find firmware/images/lock-{model}-*.elf here or above; name an image with --firmware")]
    NoImage {
        /// The model it would be for.
        model: LockModel,
    },
    /// An image was named, and it isn't said for which lock.
    #[error("flash {}: is it for a ten-key or a five-key lock? Say so with --lock", path.display())]
    WhichLock {
        /// The image.
        path: PathBuf,
    },
    /// A folder can't be read.
    #[error("list {}: {source}", path.display())]
    ReadFolder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder in which no run has left anything.
    #[error("find a run in {}: it has no run.json, and no folder in it has", path.display())]
    NoRuns {
        /// The folder.
        path: PathBuf,
    },
    /// A run folder isn't whole.
    #[error(transparent)]
    RunFolder(#[from] RunFolderError),
    /// An image can't be read.
    #[error("read {}: {source}", path.display())]
    ReadImage {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is no image for the lock.
    #[error("flash {}: {problem}; an image is a program for the lock's nRF52840, a 32-bit Arm ELF file", path.display())]
    NotImage {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// An image whose name says that it is for another lock.
    #[error("flash {} into a {model} lock: its name says that it is for a {named} lock", path.display())]
    ImageOfOther {
        /// The file.
        path: PathBuf,
        /// The lock that it was to go into.
        model: LockModel,
        /// The lock that its name tells of.
        named: LockModel,
    },
    /// Flashing an image failed.
    #[error("flash {}: {error}", path.display())]
    Flash {
        /// The image.
        path: PathBuf,
        /// Why.
        error: BenchError,
    },
    /// The address for a debug port isn't to be had.
    #[error("serve a debug port on {address}: {source}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A virtual lock can't be served, or can't go on.
    #[error(transparent)]
    Serve(BenchError),
    /// The snapshots can't be compared with.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The run folder can't be written.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// A scenario would be written over a file.
    #[error("write {}: it exists; name another file, or remove it first", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A report can't be written.
    #[error("write {}: {problem}", path.display())]
    Report {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// A bench with another lock than the one asked for.
    #[error("play on {}: it has a {model} lock", path.display())]
    OtherLock {
        /// The bench file.
        path: PathBuf,
        /// The lock's model.
        model: LockModel,
    },
    /// A moment to begin at, on a bench where nobody can choose it.
    #[error("play on {}: --seed is for the virtual lock", path.display())]
    SeedOnBench {
        /// The bench file.
        path: PathBuf,
    },
    /// An image for a bench that can't be flashed.
    #[error("flash the lock on {}: the bench file names no `probe`", path.display())]
    NoProbe {
        /// The bench file.
        path: PathBuf,
    },
    /// A bench that doesn't open.
    #[error("use the bench of {}: failed to {error}", path.display())]
    OpenBench {
        /// The bench file.
        path: PathBuf,
        /// Why.
        error: BenchError,
    },
    /// Only the virtual lock can be brought into a state, or be another.
    #[error("use {option} on a real bench: it is for the virtual lock")]
    OnlyVirtual {
        /// The option.
        option: &'static str,
    },
    /// The lock did not get into a state that something was to begin in.
    #[error(
        "bring the lock into the state `{given}`: its own procedure did not lead there\n{outcomes}"
    )]
    Unprepared {
        /// The state.
        given: &'static str,
        /// What the lock did.
        outcomes: String,
    },
    /// A title that a scenario file can't have.
    #[error("write the title: it is one line, without `\"` and `\\`")]
    Title,
    /// A bench that doesn't see what a person does.
    #[error("watch the lock's keypad: {} has no signal like `contact 1` or `contact lock`", path.display())]
    NoSense {
        /// The bench file.
        path: PathBuf,
    },
    /// Two reports would be one file.
    #[error("write two reports to {}: name another file for one of --junit and --html", path.display())]
    SameReport {
        /// The file.
        path: PathBuf,
    },
    /// A log of what was played, and nothing was.
    #[error("log what was played: name a scenario with --after")]
    NothingPlayed,
    /// A log can't be read.
    #[error("read {}: {source}", path.display())]
    ReadLog {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A log has a mistake.
    #[error("read {}: {error}", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: LogError,
    },
    /// Questions would be asked, and nobody is there.
    #[error("ask about each snapshot: there is no terminal; say --accept-all or --reject-all")]
    NoTerminal,
    /// Outcomes would be accepted where nobody has read them.
    #[error("accept outcomes: `CI` is set, and nothing is written there")]
    AcceptInCi,
    /// Ctrl-C can't be listened for.
    #[error("listen for Ctrl-C: {0}")]
    Signal(#[from] ctrlc::Error),
    /// Printing failed.
    #[error("print the result: {0}")]
    Print(std::io::Error),
}

impl Expected {
    /// Says on stderr what isn't right.
    pub fn complain(&self) {
        if let Expected::Scenarios { messages } = self {
            for message in messages {
                complain(format_args!("{message}\n"));
            }
        }
        complain(format_args!("rig: failed to {self}"));
    }

    /// The exit code that goes with it.
    pub const fn exit(&self) -> Exit {
        match self {
            Expected::Scenarios { .. }
            | Expected::Bench(_)
            | Expected::Volts { .. }
            | Expected::Folder(_)
            | Expected::NoFolder { .. }
            | Expected::Several { .. }
            | Expected::WhichPoint { .. }
            | Expected::NoSweep { .. }
            | Expected::NoPoint { .. }
            | Expected::AcceptPoint
            | Expected::OtherImage { .. }
            | Expected::LostImage { .. }
            | Expected::ImageOutside { .. }
            | Expected::NoVersion { .. }
            | Expected::Backwards { .. }
            | Expected::NothingToTry
            | Expected::NothingRight { .. }
            | Expected::StaleSnapshot { .. }
            | Expected::NoTerminal
            | Expected::AcceptInCi
            | Expected::OnlyVirtual { .. }
            | Expected::NothingPlayed
            | Expected::SameReport { .. }
            | Expected::Title
            | Expected::NoSense { .. }
            | Expected::ReadLog { .. }
            | Expected::Log { .. }
            | Expected::NoImage { .. }
            | Expected::WhichLock { .. }
            | Expected::NotImage { .. }
            | Expected::ImageOfOther { .. }
            | Expected::OtherLock { .. }
            | Expected::NoProbe { .. }
            | Expected::SeedOnBench { .. }
            | Expected::ReadImage { .. }
            | Expected::ReadFolder { .. }
            | Expected::NoRuns { .. }
            | Expected::RunFolder(_)
            | Expected::Exists { .. }
            | Expected::Snapshot(
                SnapshotError::Unreadable { .. } | SnapshotError::Outcomes { .. },
            )
            | Expected::Listen { .. } => Exit::Usage,
            Expected::History(HistoryError::Unrelated { .. } | HistoryError::Git { .. }) => {
                Exit::Usage
            }
            Expected::Oracle(OracleError::Same) => Exit::Nothing,
            Expected::Oracle(OracleError::GoodNotReached(_)) => Exit::Usage,
            Expected::Play(PlayError::Interrupted)
            | Expected::Oracle(OracleError::Play(PlayError::Interrupted)) => Exit::Interrupted,
            Expected::Replay(ReplayError::Play(PlayError::Interrupted)) => Exit::Interrupted,
            Expected::Replay(ReplayError::Play(_)) => Exit::Rig,
            Expected::Replay(_) => Exit::Usage,
            Expected::Sweep(SweepError::Play(PlayError::Interrupted)) => Exit::Interrupted,
            Expected::Sweep(SweepError::Play(_)) => Exit::Rig,
            Expected::Sweep(SweepError::NotReached(_)) => Exit::Differs,
            Expected::Sweep(_) => Exit::Usage,
            Expected::Shrink(error) => match error {
                ShrinkError::NothingWrong => Exit::Nothing,
                ShrinkError::Play(PlayError::Interrupted) => Exit::Interrupted,
                ShrinkError::GoodNotReached(_) => Exit::Usage,
                ShrinkError::Play(_) | ShrinkError::Write(_) => Exit::Rig,
            },
            Expected::NoMatch { .. }
            | Expected::EmptyFolder { .. }
            | Expected::NoneForLock { .. } => Exit::Nothing,
            // A lock that doesn't take its own procedures is the lock's fault.
            Expected::Unprepared { .. } => Exit::Differs,
            Expected::Flash { .. }
            | Expected::Play(_)
            | Expected::Oracle(OracleError::Play(_))
            | Expected::History(_)
            | Expected::Build { .. }
            | Expected::Serve(_)
            | Expected::OpenBench { .. }
            | Expected::Snapshot(_)
            | Expected::Evidence(_)
            | Expected::Report { .. }
            | Expected::Signal(_)
            | Expected::Print(_) => Exit::Rig,
        }
    }
}

/// The points that there are, after one that isn't.
fn points(known: &[String]) -> String {
    match known {
        [] => "it has no sweep".to_owned(),
        [first, second, .., last] if known.len() > 8 => {
            format!("its points are {first}, {second} and so on to {last}")
        }
        known => format!("its points are {}", known.join(", ")),
    }
}

/// The versions that there are, after what isn't.
fn versions(known: &[String]) -> String {
    match known {
        [] => String::new(),
        known => format!("; it has {}", known.join(", ")),
    }
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}
