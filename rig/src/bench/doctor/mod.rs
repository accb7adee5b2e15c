//! Examines a bench part by part, each as far as it can be without harm: with the lock disconnected
//! unless it is asked to go live, and with everything off again after each check. What can't be
//! checked is said to be so, never passed over.

mod lines;
mod power;

use std::fmt;
use std::time::Duration;

use probe_rs::probe::DebugProbeSelector;
use probe_rs::probe::list::Lister;

use super::file::BenchFile;
use super::lines::Lines;
use super::owner::Owner;
use super::pi::guard::Guard;
use super::pi::{make_lines_safe, open_lines, safe_supply, usb};
use super::supply::{Link, LinkError};

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It does what it should; what was seen.
    Passed(String),
    /// It doesn't; what was seen, and what to do about it.
    Failed(String),
    /// It can't be told; why.
    NotCheckable(String),
}

/// A check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was checked.
    pub part: String,
    /// What came of it.
    pub verdict: Verdict,
}

/// One line, for people.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, text) = match &self.verdict {
            Verdict::Passed(text) => ("passed", text),
            Verdict::Failed(text) => ("FAILED", text),
            Verdict::NotCheckable(text) => ("not checkable", text),
        };
        write!(f, "{word:13}  {:16}  {text}", self.part)
    }
}

/// How far a doctor goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Whether the lock may be connected, and one of its keys pressed.
    pub live: bool,
}

/// Takes notes.
struct Notes<'a> {
    tell: &'a mut dyn FnMut(Finding),
    sound: bool,
}

impl Notes<'_> {
    fn note(&mut self, part: impl Into<String>, verdict: Verdict) {
        self.sound &= !matches!(verdict, Verdict::Failed(_));
        (self.tell)(Finding {
            part: part.into(),
            verdict,
        });
    }

    fn passed(&mut self, part: &str, what: impl Into<String>) {
        self.note(part, Verdict::Passed(what.into()));
    }

    fn failed(&mut self, part: &str, error: impl fmt::Display) {
        self.note(part, Verdict::Failed(format!("failed to {error}")));
    }

    fn wrong(&mut self, part: &str, what: impl Into<String>) {
        self.note(part, Verdict::Failed(what.into()));
    }

    fn unknown(&mut self, part: &str, why: impl Into<String>) {
        self.note(part, Verdict::NotCheckable(why.into()));
    }
}

/// Examines a bench and tells each finding as it is made. True if nothing failed.
pub fn examine(file: &BenchFile, depth: Depth, tell: &mut dyn FnMut(Finding)) -> bool {
    let mut notes = Notes { tell, sound: true };
    for caution in &file.cautions {
        notes.unknown("bench file", caution.as_str());
    }
    let owner = match Owner::take(file) {
        Ok(owner) => owner,
        Err(error) => {
            notes.failed("bench", error);
            return false;
        }
    };
    notes.passed("bench", "ours alone");
    // Before anything is driven, as in a run.
    let guard = match Guard::start(file, &owner) {
        Ok(guard) => guard,
        Err(error) => {
            notes.failed("guard", error);
            return false;
        }
    };
    notes.passed("guard", "ready to make the bench safe");
    examine_parts(file, depth, &mut notes);
    if notes.sound {
        guard.release();
    } else {
        // What failed here may not have been made safe here either: the guard tries again.
        drop(guard);
    }
    notes.sound
}

fn examine_parts(file: &BenchFile, depth: Depth, notes: &mut Notes<'_>) {
    match open_lines(file) {
        Ok(mut header) => {
            lines::header(file, &*header, notes);
            lines::drives(file, &mut *header, notes);
            lines::loopback(file, &mut *header, notes);
            power::examine(file, &mut *header, depth, notes);
            lines::signals(file, notes);
            end_safe(file, &mut *header, notes);
        }
        Err(error) => notes.failed("header", error),
    }
    hub(file, notes);
    probe(file, notes);
}

/// The probe by itself. The chip behind it is asked only while the lock is fed.
fn probe(file: &BenchFile, notes: &mut Notes<'_>) {
    let Some(settings) = &file.probe else {
        return;
    };
    let selector = match usb::selector(&settings.which) {
        Ok(selector) => selector,
        Err(error) => return notes.failed("probe", error),
    };
    let opened = selector
        .parse::<DebugProbeSelector>()
        .map_err(|error| error.to_string())
        .and_then(|parsed| {
            Lister::new()
                .open(parsed)
                .map_err(|error| error.to_string())
        });
    match opened {
        Ok(probe) => notes.passed("probe", format!("{} opens", probe.get_name())),
        Err(error) => notes.wrong(
            "probe",
            format!("{selector} does not open: {error}; `probe-rs list` shows what is there"),
        ),
    }
}

/// The hub's port; whether a lock is behind it only the lock can say.
fn hub(file: &BenchFile, notes: &mut Notes<'_>) {
    let Some(port) = &file.hub else {
        return;
    };
    match Link::open(
        port,
        9600,
        super::supply::Ends::Nothing,
        Duration::from_millis(100),
    ) {
        Ok(_) => notes.passed(
            "hub",
            format!("{port} opens; the lock answers in scenarios"),
        ),
        Err(error @ LinkError::Open { .. }) => notes.failed("hub", error),
        Err(error) => notes.failed("hub", error),
    }
}

fn end_safe(file: &BenchFile, header: &mut dyn Lines, notes: &mut Notes<'_>) {
    let lines = make_lines_safe(file, header).map_err(|error| error.to_string());
    let supply = safe_supply(file).map_err(|error| error.to_string());
    match lines.and(supply) {
        Ok(()) => notes.passed("end", "contacts open, supply off"),
        Err(error) => notes.failed("end", error),
    }
}
