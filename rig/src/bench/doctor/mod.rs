//! Examines a bench part by part, each as far as it can be without harm: with the lock disconnected
//! unless it is asked to go live, and with everything off again after each check. What can't be
//! checked is said to be so, never passed over.

mod lines;
mod live;
mod power;
mod reach;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use super::file::BenchFile;
use super::lines::Lines;
use super::owner::Owner;
use super::pi::guard::Guard;
use super::pi::{PiError, make_lines_safe, open_lines, open_monitor, open_supply, safe_supply};
use super::supply::{Monitor, Supply, SupplyError};

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
    stop: &'a AtomicBool,
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

    /// Whether whoever asked wants no more of it.
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn unknown(&mut self, part: &str, why: impl Into<String>) {
        self.note(part, Verdict::NotCheckable(why.into()));
    }
}

/// Examines a bench and tells each finding as it is made. True if nothing failed. When `stop` becomes
/// true, what has begun is ended in order and the rest is left out.
pub fn examine(
    file: &BenchFile,
    depth: Depth,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(Finding),
) -> bool {
    let mut notes = Notes {
        tell,
        sound: true,
        stop,
    };
    for caution in &file.cautions {
        notes.unknown("bench file", caution.as_str());
    }
    reach::permissions(file, &mut notes);
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
    examine_parts(file, depth, Parts::open(file), &mut notes);
    if notes.sound {
        guard.release();
    } else {
        // What failed here may not have been made safe here either: the guard tries again.
        drop(guard);
    }
    notes.sound
}

/// The parts that a file names, opened; or why they don't open.
struct Parts {
    header: Result<Box<dyn Lines>, PiError>,
    supply: Result<Box<dyn Supply>, SupplyError>,
    monitor: Result<Option<Monitor>, SupplyError>,
}

impl Parts {
    /// Opens them; the lines are made safe before anything else is touched.
    fn open(file: &BenchFile) -> Parts {
        let header = open_lines(file).and_then(|mut header| {
            make_lines_safe(file, &mut *header)?;
            Ok(header)
        });
        Parts {
            header,
            supply: open_supply(file),
            monitor: open_monitor(file),
        }
    }
}

fn examine_parts(file: &BenchFile, depth: Depth, parts: Parts, notes: &mut Notes<'_>) {
    let mut header = parts
        .header
        .map_err(|error| notes.failed("header", error))
        .ok();
    let mut supply = parts
        .supply
        .map_err(|error| notes.failed("supply", error))
        .ok();
    let mut monitor = power::monitor(parts.monitor, notes);
    // First: what may be closed depends on it.
    let off = power::off(file, supply.is_some(), monitor.as_mut());
    let mut apart = Err("without its header nobody knows whether the lock is connected");
    if let Some(header) = &mut header {
        lines::header(file, &**header, notes);
        apart = lines::drives(file, &mut **header, off, notes);
        lines::loopback(file, &mut **header, notes);
    }
    if let Some(supply) = &mut supply
        && !notes.stopped()
    {
        power::examine(file, apart, &mut **supply, monitor.as_mut(), notes);
    }
    reach::hub(file, notes);
    reach::probe(file, notes);
    match (&mut header, &mut supply) {
        (Some(header), Some(supply)) if depth.live && !notes.stopped() => {
            live::examine(file, &mut **header, &mut **supply, notes);
        }
        _ => live::left_out(file, depth, notes),
    }
    if notes.stopped() {
        notes.unknown("rest", "interrupted");
    }
    end_safe(file, header, supply, notes);
}

/// Opens every contact and switches the supply off. What didn't open is tried once more.
fn end_safe(
    file: &BenchFile,
    header: Option<Box<dyn Lines>>,
    supply: Option<Box<dyn Supply>>,
    notes: &mut Notes<'_>,
) {
    let lines = match header {
        Some(mut header) => make_lines_safe(file, &mut *header).map_err(|error| error.to_string()),
        None => Err("find its lines again".to_owned()),
    };
    let supply = match supply {
        Some(mut supply) => supply.switch(false),
        None => safe_supply(file),
    };
    match lines.and(supply.map_err(|error| error.to_string())) {
        Ok(()) => notes.passed("end", "contacts open, supply off"),
        Err(error) => notes.failed(
            "end",
            format!("leave the bench off: {error}; switch the supply off by hand"),
        ),
    }
}
