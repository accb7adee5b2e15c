//! The bench file: what lock is on a bench, which line of the header goes where, what feeds it and
//! how far anything may go. It is checked whole, against the header and against itself, before
//! anything is touched; every mistake is told with its place and what would be right.

mod check;
mod header;
mod read;
pub(crate) mod wires;
mod wiring;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::lock::LockModel;
use crate::scenario::ScenarioError;
use crate::snapshot::Tolerance;
use crate::trace::{Channel, Contact, Nanos};

use super::lines::{Bias, Drive, Gpio, Level};
use super::supply::{DacSettings, Limits, Millivolts, ScpiSettings};

pub(crate) use header::{Header, pin};
#[cfg(test)]
pub(crate) use read::KEYS;
pub(crate) use read::parse;

/// A bench, as its file describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchFile {
    /// The file.
    pub(crate) path: PathBuf,
    /// What it is, in a sentence.
    pub(crate) title: String,
    /// The lock on it.
    pub(crate) lock: LockModel,
    /// Where its snapshots are, when not with those of its model: a lock that isn't ours.
    pub(crate) profile: Option<String>,
    /// The header that its lines are on.
    pub(crate) header: Header,
    /// Where a rehearsal keeps the state of its lines.
    pub(crate) state: Option<PathBuf>,
    /// The firmware of the virtual lock that stands in for a real one in a rehearsal.
    pub(crate) image: Option<PathBuf>,
    /// What closes the lock's contacts.
    pub(crate) contacts: BTreeMap<Contact, Switch>,
    /// What watches the lock's own signals.
    pub(crate) signals: BTreeMap<Channel, Sense>,
    /// What feeds the lock.
    pub(crate) supply: Source,
    /// Connects the supply to the lock.
    pub(crate) enable: Option<Switch>,
    /// Measures what the lock draws.
    pub(crate) monitor: Option<MonitorSettings>,
    /// The hub card's serial port.
    pub(crate) hub: Option<String>,
    /// The debug probe.
    pub(crate) probe: Option<ProbeSettings>,
    /// How far times may be from accepted ones.
    pub(crate) tolerance: Option<Tolerance>,
    /// How much later than its level a line's edge may be reported.
    pub(crate) lag: Nanos,
    /// What the supply may not pass.
    pub(crate) limits: Limits,
    /// How long a run may take.
    pub(crate) deadline: Nanos,
    /// Wires between two free lines, out and in, for `rig doctor`.
    pub(crate) loopback: Vec<(Gpio, Gpio)>,
    /// What is allowed and still deserves a second look.
    pub(crate) cautions: Vec<String>,
}

/// What closes a contact: an opto-coupler, an analog switch, or the line itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Switch {
    /// Its line.
    pub(crate) line: Gpio,
    /// How it closes.
    pub(crate) closes: Closes,
    /// What is between the line and the lock.
    pub(crate) via: Via,
}

/// What is between a line and the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Via {
    /// Light: no common ground.
    Opto,
    /// An analog switch or a buffer: common ground, levels of its own.
    Switch,
    /// A resistor: common ground, and the lock's own logic at 3.3 V or a little less.
    Wire,
}

impl Via {
    pub(crate) const NAMES: [&str; 3] = ["opto", "switch", "wire"];

    fn at(index: usize) -> Via {
        [Via::Opto, Via::Switch, Via::Wire][index % 3]
    }

    /// The word for it in bench files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Via::Opto => "opto",
            Via::Switch => "switch",
            Via::Wire => "wire",
        }
    }
}

/// How a line closes a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closes {
    /// Driven high: an opto-coupler or analog switch from the line to ground.
    High,
    /// Driven low: one from the header's supply to the line.
    Low,
    /// Pulled to ground, else not driven at all: the line is the contact.
    Sink,
}

impl Closes {
    pub(crate) const NAMES: [&str; 3] = ["high", "low", "sink"];

    /// The word for it in bench files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Closes::High => "high",
            Closes::Low => "low",
            Closes::Sink => "sink",
        }
    }
}

impl Switch {
    /// What the line does for the contact to be closed, or open.
    pub(crate) const fn drive(self, closed: bool) -> Drive {
        match (self.closes, closed) {
            (Closes::High, true) | (Closes::Low, false) => Drive::High,
            (Closes::High, false) | (Closes::Low, true) | (Closes::Sink, true) => Drive::Low,
            (Closes::Sink, false) => Drive::Float,
        }
    }
}

/// What watches a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sense {
    /// Its line.
    pub(crate) line: Gpio,
    /// The level that means lit, driven or closed.
    pub(crate) active: Level,
    /// The header's own resistor.
    pub(crate) pull: Bias,
    /// What is between the lock and the line.
    pub(crate) via: Via,
}

/// What feeds the lock.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    /// A bench supply on a serial port.
    Scpi(ScpiSettings),
    /// A DAC with an amplifier.
    Dac(DacSettings),
    /// A source of one voltage, switched by the enable line.
    Fixed(Millivolts),
}

/// An INA219 between supply and lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MonitorSettings {
    /// Number of the I2C bus.
    pub(crate) bus: u8,
    /// 0x40 to 0x4f.
    pub(crate) address: u8,
    /// Its shunt.
    pub(crate) shunt_milliohms: u32,
}

/// A debug probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProbeSettings {
    /// The chip behind it, as probe-rs calls it.
    pub(crate) chip: String,
    /// Which probe.
    pub(crate) which: WhichProbe,
}

/// Which of the probes that are plugged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WhichProbe {
    /// As probe-rs writes it: `VID:PID` or `VID:PID:SERIAL`.
    Selector(String),
    /// Where it is plugged in, as the kernel writes it: `1-1.3`. Clones share serial numbers.
    Usb(String),
}

impl std::fmt::Display for WhichProbe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            WhichProbe::Selector(selector) => f.write_str(selector),
            WhichProbe::Usb(location) => write!(f, "at USB {location}"),
        }
    }
}

/// A bench file that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum BenchFileError {
    /// It can't be read.
    #[error("read bench file {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It has mistakes.
    #[error(transparent)]
    Wrong(#[from] ScenarioError),
}

impl BenchFileError {
    /// What is wrong, as a person reads it.
    pub fn render(&self, colour: bool) -> String {
        match self {
            BenchFileError::Read { .. } => self.to_string(),
            BenchFileError::Wrong(error) => error.render(colour),
        }
    }
}

impl BenchFile {
    /// Reads and checks a file.
    ///
    /// # Errors
    ///
    /// When it can't be read, or with every mistake in it.
    pub fn load(path: &Path) -> Result<BenchFile, BenchFileError> {
        let source = crate::scenario::read_text(path).map_err(|source| BenchFileError::Read {
            path: path.to_owned(),
            source,
        })?;
        Ok(parse(&source, path)?)
    }

    /// What the bench is, in a sentence.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The voltages that the lock may get from its supply.
    pub(crate) fn deliverable(&self) -> RangeInclusive<Millivolts> {
        let most = self.limits.millivolts;
        match &self.supply {
            Source::Fixed(volts) => *volts..=*volts,
            Source::Dac(dac) => 0..=most.min(dac.full_scale),
            Source::Scpi(_) => 0..=most,
        }
    }

    /// The model of the lock on it.
    pub fn lock(&self) -> LockModel {
        self.lock
    }

    /// The lines that close contacts, by BCM number, and whether they close them high: for whoever
    /// stands in for the lock.
    pub fn contact_lines(&self) -> Vec<(u8, Contact, bool)> {
        let lines = self.contacts.iter();
        lines
            .map(|(contact, switch)| (switch.line.0, *contact, switch.closes == Closes::High))
            .collect()
    }

    /// The lines that watch signals, by BCM number, and whether they are on when high.
    pub fn signal_lines(&self) -> Vec<(u8, Channel, bool)> {
        let lines = self.signals.iter();
        lines
            .map(|(channel, sense)| (sense.line.0, *channel, sense.active == Level::High))
            .collect()
    }

    /// The line that connects the supply, by BCM number, and whether it does so high.
    pub fn enable_line(&self) -> Option<(u8, bool)> {
        let enable = self.enable?;
        Some((enable.line.0, enable.closes == Closes::High))
    }

    /// Its wires as a table, and the parts that it takes.
    pub fn wiring(&self) -> String {
        wiring::wiring(self)
    }

    /// What is allowed and still deserves a second look, a sentence each.
    pub fn cautions(&self) -> &[String] {
        &self.cautions
    }

    /// How far times may be from accepted ones, where the file says so.
    pub fn tolerance(&self) -> Option<Tolerance> {
        self.tolerance
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether its lock can be flashed.
    pub fn has_probe(&self) -> bool {
        self.probe.is_some()
    }

    /// How long a run may take on it.
    pub fn deadline(&self) -> Duration {
        self.deadline.into()
    }

    /// How far apart the times of two of its channels may be.
    pub fn skew(&self) -> Nanos {
        self.lag
    }

    /// The folder of its snapshots: its own for a lock that isn't ours, else its model's.
    pub fn snapshots(&self) -> &str {
        self.profile.as_deref().unwrap_or(self.lock.name())
    }
}
