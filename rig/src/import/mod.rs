//! From a log out of the field to a scenario: what the log tells becomes steps, what it doesn't tell is
//! guessed in a fixed order, and a guess counts when the virtual lock, played so, gives the same log.

mod capture;
mod code;
mod compare;
mod events;
mod observe;
mod programming;
mod search;
mod story;
mod write;
mod zwave;

#[cfg(test)]
mod tests;

use std::fmt;

use crate::outcome::{byte, written};
use crate::trace::Nanos;

pub(crate) use capture::text as capture_text;
pub(crate) use events::{binary, text};
pub(crate) use observe::{Observed, events_of};
pub(crate) use search::{Lock, Search, Searched};
#[cfg(any(test, fuzzing))]
pub(crate) use story::Guess;
pub(crate) use write::scenario;
pub(crate) use zwave::{csv, json};

/// Where a log comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// The lock's own log of its last events.
    Events,
    /// Frames on the hub's bus.
    Capture,
    /// Alarm reports of the radio.
    ZWave,
}

impl Format {
    /// A log without the lock's own times begins with its first entry: what led to that was before it.
    const fn lead(self) -> Nanos {
        match self {
            Format::Events => Nanos::ZERO,
            Format::Capture | Format::ZWave => Nanos::from_secs(60),
        }
    }

    /// How far times may be from those of the log, beside 2 %.
    const fn slack(self) -> Nanos {
        match self {
            Format::Events | Format::Capture => Nanos::from_millis(300),
            // Hubs write down when a report came in, often in whole seconds.
            Format::ZWave => Nanos::from_millis(1_500),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Events => "the lock's event log",
            Format::Capture => "a capture of the hub's bus",
            Format::ZWave => "Z-Wave alarm reports",
        })
    }
}

/// What an entry of a log tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// An event of the lock's own log: what, and two bytes about it.
    Event([u8; 3]),
    /// A frame that the hub sent.
    ToLock(Vec<u8>),
    /// A frame that the lock sent.
    FromLock(Vec<u8>),
    /// An alarm report: type and level.
    Alarm(u8, u8),
}

impl Told {
    /// What a radio's alarm report of it says: type and level.
    fn report(&self) -> Option<(u8, u8)> {
        match self {
            Told::Alarm(kind, level) => Some((*kind, *level)),
            Told::FromLock(bytes) => zwave::report(bytes),
            Told::Event(_) | Told::ToLock(_) => None,
        }
    }
}

/// An entry of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Line in the file, from 1; number of the record in a binary file.
    pub(crate) line: usize,
    /// Since the lock started (events), or since the log's first entry.
    pub(crate) at: Nanos,
    pub(crate) told: Told,
}

/// A log, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Log {
    pub(crate) format: Format,
    pub(crate) entries: Vec<Entry>,
}

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}; {help}")]
pub struct LogError {
    /// Line in the file, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What would be right.
    pub help: String,
}

impl LogError {
    fn new(line: usize, what: impl Into<String>, help: impl Into<String>) -> LogError {
        LogError {
            line,
            what: what.into(),
            help: help.into(),
        }
    }
}

/// Reads a log, whichever of the formats it is in.
pub(crate) fn read(bytes: &[u8]) -> Result<Log, LogError> {
    if let Some(records) = bytes.strip_prefix(events::MAGIC) {
        return events::read_binary(records);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(LogError::new(
            1,
            "this is neither text nor a binary event log",
            "a binary event log begins with `EVT1`",
        ));
    };
    // A mark of the byte order, as spreadsheets write it, says nothing.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = lines(text).next();
    let log = match first {
        None => Err(LogError::new(
            1,
            "the log is empty",
            "it has an entry a line",
        )),
        Some((_, line)) if line.starts_with('{') => zwave::read_json(text),
        Some((_, line)) if line.contains(',') => zwave::read_csv(text),
        Some((_, line)) if line.contains(['<', '>']) => capture::read(text),
        Some(_) => events::read_text(text),
    }?;
    if log.format != Format::Events {
        in_order(&log.entries)?;
    }
    Ok(log)
}

/// The lines that say something, from 1, without comments.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.split('#').next().unwrap_or_default().trim()))
        .filter(|(_, line)| !line.is_empty())
}

fn in_order(entries: &[Entry]) -> Result<(), LogError> {
    for pair in entries.windows(2) {
        if pair[1].at < pair[0].at {
            return Err(LogError::new(
                pair[1].line,
                "this is earlier than the entry before it",
                "sort the log by time",
            ));
        }
    }
    Ok(())
}

/// Seconds with up to nine decimals, `12.345`.
fn seconds(line: usize, text: &str) -> Result<Nanos, LogError> {
    let wrong = || {
        LogError::new(
            line,
            format!("`{text}` is not a time"),
            "write seconds, like `12.345`",
        )
    };
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 9 || whole.len() > 9 {
        return Err(wrong());
    }
    let whole: u64 = whole.parse().map_err(|_| wrong())?;
    let nanos: u64 = format!("{part:0<9}").parse().map_err(|_| wrong())?;
    Ok(Nanos::from_secs(whole) + Nanos(nanos))
}

/// Bytes in hex with spaces between them.
fn hex(line: usize, text: &str) -> Result<Vec<u8>, LogError> {
    text.split_whitespace()
        .map(|word| {
            byte(word).ok_or_else(|| {
                LogError::new(
                    line,
                    format!("`{word}` is not a byte"),
                    "write two hex digits for each, with spaces between, like `BD 04 01 E7 07 1A`",
                )
            })
        })
        .collect()
}

/// What an entry tells, in words.
impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Told::Event(event) => f.write_str(&events::words(*event)),
            Told::ToLock(bytes) => write!(f, "> {}", written(bytes)),
            Told::FromLock(bytes) => write!(f, "< {}", written(bytes)),
            Told::Alarm(kind, level) => f.write_str(&zwave::words(*kind, *level)),
        }
    }
}
