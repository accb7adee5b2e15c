//! The lines of a bench: what drives contacts and what watches the lock's own signals.
//!
//! [`Lines`] is all that the bench asks of a GPIO header. `rpi` is the header of a Raspberry Pi,
//! `rehearsal` a lock board in software; [`Reader`] turns what either of them reports into edges
//! that are complete, or into an error.

mod reader;
mod rehearsal;
mod rhythm;
mod rpi;
mod verify;

use std::fmt;
use std::time::Duration;

use crate::trace::Nanos;

pub(crate) use reader::Reader;
pub(crate) use rehearsal::{Board, Rehearsal, Wires};
pub(crate) use rpi::RaspberryPi;
pub(crate) use verify::{Doubt, LAG};

/// A line by its BCM number: 17 is GPIO17, pin 11 of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Gpio(pub(crate) u8);

impl fmt::Display for Gpio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GPIO{}", self.0)
    }
}

/// What a line does electrically.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Drive {
    /// Driven to the header's supply.
    High,
    /// Driven to ground.
    Low,
    /// Not driven, no pull.
    Float,
}

/// The pull of a watched line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Bias {
    /// None: the wiring has its own resistor.
    Off,
    /// To ground.
    Down,
    /// To the header's supply.
    Up,
}

/// A level, as the header sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Level {
    /// Near ground.
    Low,
    /// Near the header's supply.
    High,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Low => "low",
            Level::High => "high",
        })
    }
}

impl From<bool> for Level {
    fn from(high: bool) -> Level {
        if high { Level::High } else { Level::Low }
    }
}

/// A change of a watched line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    /// Which line.
    pub(crate) line: Gpio,
    /// The level after it.
    pub(crate) level: Level,
    /// When, on the clock of [`Lines::now`].
    pub(crate) at: Nanos,
    /// Counted per line from when it was first watched; a number left out is an edge lost.
    pub(crate) sequence: u32,
}

/// A GPIO header.
///
/// A line keeps what it was last set to until something sets it again, whatever becomes of this
/// value or of the process: it is the owner who makes a bench safe.
pub(crate) trait Lines: Send {
    /// What it is, for people: `Raspberry Pi 4 B`.
    fn name(&self) -> String;

    /// Drives a line, from now on. Between its old state and the new one a line shows neither a
    /// third level nor a pulse.
    fn set(&mut self, line: Gpio, drive: Drive) -> Result<(), LineError>;

    /// The level at the pin, whoever drives it.
    fn read(&mut self, line: Gpio) -> Result<Level, LineError>;

    /// Watches these lines for edges. Once this returns, none is missed.
    fn watch(&mut self, lines: &[(Gpio, Bias)]) -> Result<Box<dyn Watch>, LineError>;

    /// The clock of the edges: monotonic, since boot.
    fn now(&self) -> Nanos {
        monotonic()
    }
}

/// The watched lines of a header.
pub(crate) trait Watch: Send {
    /// The next edge of any line, in order for each line but not between lines. `None` when
    /// nothing was waiting to be fetched and nothing came within `wait`.
    fn next(&mut self, wait: Duration) -> Result<Option<Edge>, LineError>;

    /// The level of a watched line.
    fn level(&mut self, line: Gpio) -> Result<Level, LineError>;

    /// The clock of the edges.
    fn now(&self) -> Nanos {
        monotonic()
    }
}

/// CLOCK_MONOTONIC, the clock of the kernel's GPIO events.
pub(crate) fn monotonic() -> Nanos {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    // Both are positive: the clock starts at boot.
    Nanos(now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs())
}

/// A header that doesn't do what it is told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LineError {
    /// Not a Raspberry Pi, or one this program doesn't know.
    #[error("find the GPIO of a Raspberry Pi: this machine isn't one, or isn't known")]
    NoHeader,
    /// The device files of the header are closed to this user.
    #[error("open {path}: permission denied; add yourself to the `gpio` group and log in again")]
    Permission {
        /// The device file.
        path: String,
    },
    /// The header is there and can't be opened.
    #[error("open the GPIO header: {reason}")]
    Open {
        /// What the system says.
        reason: String,
    },
    /// The header doesn't have such a line, or someone has it already.
    #[error("take {line}: {reason}")]
    Take {
        /// Which.
        line: Gpio,
        /// What the system says.
        reason: String,
    },
    /// The kernel won't report a line's edges.
    #[error("watch {line}: {reason}")]
    Watch {
        /// Which.
        line: Gpio,
        /// What the system says.
        reason: String,
    },
    /// The line wasn't set up before.
    #[error("use {line}: it was never set up")]
    NotSetUp {
        /// Which.
        line: Gpio,
    },
    /// Edges that were being reported no longer are.
    #[error("read edges: {reason}")]
    Read {
        /// What the system says.
        reason: String,
    },
    /// The file or the board behind a rehearsal's lines.
    #[error("rehearse lines: {reason}")]
    Rehearsal {
        /// What is wrong.
        reason: String,
    },
    /// Edges came that can't all be true.
    #[error(transparent)]
    Doubt(#[from] Doubt),
}
