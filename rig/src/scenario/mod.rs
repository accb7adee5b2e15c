//! A scenario: what is done to a lock, step by step, as a person writes it in a YAML file. A file is
//! read, then checked whole, then handed on as typed steps: whatever is wrong with it is said before
//! anything is touched, with its place in the file and what would be right.

pub(crate) mod battery;
mod check;
mod expect;
pub(crate) mod fields;
mod folder;
pub(crate) mod hub;
mod parse;
pub(crate) mod problem;
pub(crate) mod steps;
mod sweep;
pub(crate) mod values;
mod write;
pub(crate) mod yaml;

#[cfg(test)]
pub(crate) mod mistakes;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use crate::lock::{Door, Jam, LockModel, Turn};
use crate::snapshot::Tolerance;
use crate::trace::{Contact, Nanos};

pub use battery::{Battery, Cell, Chemistry};
pub use expect::{Expectation, Pattern};
pub(crate) use folder::read_text;
pub use folder::{Folder, FolderError};
pub use hub::{Hub, Request};
pub use parse::{parse, parse_over};
pub use problem::ScenarioError;
pub(crate) use problem::{did_you_mean, suggest};
pub(crate) use sweep::decimal;
pub(crate) use values::{duration, millivolts, tolerance};
pub(crate) use write::written;

/// How long a key is down when a scenario presses it without saying for how long: a quick finger,
/// three times the lock's debounce.
pub const PRESS: Nanos = Nanos::from_millis(60);

/// How long nothing is pressed after a press, before the next step or the next digit begins.
pub const GAP: Nanos = Nanos::from_millis(140);

/// How long a turn of the key takes, all the way and out again.
pub const TURN: Nanos = Nanos::from_secs(1);

/// How long the lock must do nothing for `settle` to call it quiet.
pub const QUIET: Nanos = Nanos::from_secs(1);

/// How long a step of the hub lasts after what it sends: time for the lock's answer.
pub const HUB_ANSWER: Nanos = Nanos::from_millis(250);

/// How long `settle` waits for that when it isn't told.
pub const SETTLE_LIMIT: Nanos = Nanos::from_secs(30);

/// What four good AA cells give, in millivolts.
pub const NOMINAL_PACK: u32 = 6_000;

/// A scenario, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// The file's name without `.yaml`, with its folders below the scenario folder.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// What it shows, in a sentence.
    pub title: String,
    /// The state that the lock is in when the first step begins.
    pub given: Given,
    /// The models it is for.
    pub locks: Vec<LockModel>,
    /// Which way the bolt's door opens.
    pub door: Door,
    /// How far times may be from the accepted ones, where the scenario says so.
    pub tolerance: Option<Tolerance>,
    /// The file's text.
    pub source: String,
    /// What is done, in order, `repeat` written out. Of a sweep every point is a step.
    pub steps: Vec<Step>,
    /// Index of the first point of a sweep, which is the last thing that a scenario does: each point
    /// is played on a lock that is as the steps before the sweep left it.
    pub sweep: Option<usize>,
    /// The value of the one point of its sweep that is played.
    pub point: Option<String>,
}

/// What is before a point's value in the text of its step.
pub const POINT_HEADING: &str = "sweep ";

impl Scenario {
    /// The points of its sweep: each one's index among the steps, and its value.
    pub fn points(&self) -> impl Iterator<Item = (usize, &str)> {
        let first = self.sweep.unwrap_or(self.steps.len());
        let steps = self.steps.iter().enumerate().skip(first);
        steps.filter_map(|(index, step)| Some((index, step.text.strip_prefix(POINT_HEADING)?)))
    }

    /// The index of the point with this value, however it is spaced.
    pub fn point(&self, value: &str) -> Option<usize> {
        let value = sweep::squeezed(value);
        let mut points = self.points();
        points
            .find(|(_, known)| *known == value)
            .map(|(index, _)| index)
    }

    /// The scenario with one point of its sweep, by its index among the steps, after the steps before
    /// the sweep.
    pub fn at(&self, index: usize) -> Scenario {
        let mut alone = self.clone();
        let value = self.points().find(|(known, _)| *known == index);
        alone.point = value.map(|(_, value)| value.to_owned());
        if let Some(first) = alone.sweep.take() {
            alone.steps.truncate(index + 1);
            alone.steps.drain(first..index.max(first));
        }
        alone
    }

    /// The same without a sweep: the steps of the points stand as steps of their own.
    pub fn flat(&self) -> Scenario {
        let mut flat = self.clone();
        flat.sweep = None;
        flat.steps = Vec::new();
        for step in &self.steps {
            match &step.action {
                Action::Point(steps) => flat.steps.extend(steps.iter().cloned()),
                _ => flat.steps.push(step.clone()),
            }
        }
        flat
    }
}

/// The state of the lock before the first step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Given {
    /// Flashed, never powered, battery out.
    New,
    /// Handed by its real procedure and locked, no code; battery in, awake for a while.
    Handed,
    /// Handed, and code 1234 programmed (five-key: in slot 1); battery in.
    Programmed,
}

impl Given {
    pub(crate) const NAMES: [&str; 3] = ["new", "handed", "programmed"];

    /// The word for it in scenarios.
    pub const fn name(self) -> &'static str {
        match self {
            Given::New => "new",
            Given::Handed => "handed",
            Given::Programmed => "programmed",
        }
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// How the snapshot names it: `wait 30s`.
    pub text: String,
    /// Line in the file, from 1.
    pub line: usize,
    /// What the scenario wants to come of it.
    pub expect: Vec<Expectation>,
    /// What the scenario's author says before it.
    pub notes: Vec<String>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Puts the pack in or takes it out, or changes it.
    Battery(Battery),
    /// Closes a contact for a while, then waits for [`GAP`].
    Press {
        /// Which; never a switch.
        button: Contact,
        /// How long it is closed.
        down: Nanos,
    },
    /// Closes a contact and leaves it so.
    Hold(Contact),
    /// Opens a contact that was held.
    Release(Contact),
    /// Types a code.
    Enter(Entry),
    /// Moves switch 1, 2 or 3.
    Switch {
        /// Which.
        number: u8,
        /// To where.
        on: bool,
    },
    /// Lets time pass.
    Wait(Nanos),
    /// Lets time pass until the lock is dark, silent and still for [`QUIET`].
    Settle {
        /// How long at most; a lock that is busy still has failed the step.
        limit: Nanos,
    },
    /// Turns the key or the thumb-turn all the way, which takes [`TURN`].
    TurnKey(Turn),
    /// Blocks the bolt, or frees it.
    Jam(Jam),
    /// Lets the hub do something; what it sends is followed by [`HUB_ANSWER`].
    Hub(Hub),
    /// Damages what the lock keeps in its flash, through the debug port.
    CorruptStorage,
    /// Lets the lock's program hang, through the debug port, until its watchdog bites.
    Hang,
    /// All the steps of one point of a sweep.
    Point(Vec<Step>),
}

impl Action {
    /// Whether there must be a hub for it.
    pub(crate) fn has_hub(&self) -> bool {
        match self {
            Action::Hub(_) => true,
            Action::Point(steps) => steps.iter().any(|step| step.action.has_hub()),
            _ => false,
        }
    }
}

/// A code and how it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The digits.
    pub digits: Vec<u8>,
    /// Whether `lock` is pressed after them; unsaid, a ten-key lock wants it and a five-key doesn't.
    pub confirm: Option<bool>,
    /// How long each key is down.
    pub down: Nanos,
    /// How long none is, after each.
    pub gap: Nanos,
}
