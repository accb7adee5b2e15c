//! Alarm reports as a Z-Wave hub keeps them: type and level, as CSV or as a JSON object a line; and what
//! the radio makes of the frames on the lock's bus.

use serde_json::Value;

use super::capture::Frame;
use super::observe::frames;
use super::{Entry, Format, Log, LogError, Told, lines, seconds};
use crate::trace::{Nanos, Trace};

const CSV_HELP: &str = "write a header `time,type,level`, then a report a line, like `12.5,19,1`";
const JSON_HELP: &str =
    "write an object a line, like `{\"time\": 12.5, \"type\": 19, \"level\": 1}`";

/// Reads CSV: the columns `time`, `type` and `level`, in any order, with a header.
pub(super) fn read_csv(text: &str) -> Result<Log, LogError> {
    let mut rows = lines(text);
    let Some((line, header)) = rows.next() else {
        return Err(LogError::new(1, "the log is empty", CSV_HELP));
    };
    let names: Vec<String> = header
        .split(',')
        .map(|name| name.trim().to_lowercase())
        .collect();
    let column = |name: &str| {
        let place = names.iter().position(|known| known == name);
        place.ok_or_else(|| LogError::new(line, format!("there is no column `{name}`"), CSV_HELP))
    };
    let (time, kind, level) = (column("time")?, column("type")?, column("level")?);
    let mut reports = Reports::default();
    for (line, row) in rows {
        let fields: Vec<&str> = row.split(',').map(str::trim).collect();
        if fields.len() != names.len() {
            return Err(LogError::new(
                line,
                format!(
                    "the row has {} fields, the header {}",
                    fields.len(),
                    names.len()
                ),
                CSV_HELP,
            ));
        }
        let at = when(line, fields[time])?;
        reports.add(
            line,
            at,
            number(line, "type", fields[kind])?,
            number(line, "level", fields[level])?,
        )?;
    }
    reports.log(line)
}

/// Reads a JSON object a line, with `time`, `type` and `level`.
pub(super) fn read_json(text: &str) -> Result<Log, LogError> {
    let mut reports = Reports::default();
    let mut last = 1;
    for (index, text) in text.lines().enumerate() {
        let (line, text) = (index + 1, text.trim());
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        last = line;
        let Ok(Value::Object(object)) = serde_json::from_str::<Value>(text) else {
            return Err(LogError::new(line, "this is not a JSON object", JSON_HELP));
        };
        let field = |names: [&str; 3]| {
            let value = names.iter().find_map(|name| object.get(*name));
            let text = match value {
                Some(Value::Number(number)) => Some(number.to_string()),
                Some(Value::String(text)) => Some(text.clone()),
                _ => None,
            };
            text.ok_or_else(|| {
                LogError::new(line, format!("the object has no `{}`", names[0]), JSON_HELP)
            })
        };
        let at = when(line, &field(["time", "timestamp", "date"])?)?;
        let kind = number(line, "type", &field(["type", "alarmType", "alarm_type"])?)?;
        let level = number(
            line,
            "level",
            &field(["level", "alarmLevel", "alarm_level"])?,
        )?;
        reports.add(line, at, kind, level)?;
    }
    reports.log(last)
}

#[derive(Default)]
struct Reports {
    first: Option<Nanos>,
    entries: Vec<Entry>,
}

impl Reports {
    fn add(&mut self, line: usize, at: Nanos, kind: u8, level: u8) -> Result<(), LogError> {
        if name(kind).is_none() {
            return Err(LogError::new(
                line,
                format!("no alarm of such a lock is of type {kind}"),
                "types are 9, 17 to 27, 32, 33, 112, 113, 161, 162 and 167 to 169",
            ));
        }
        let first = *self.first.get_or_insert(at);
        if at < first {
            return Err(LogError::new(
                line,
                "this is earlier than the first entry",
                "sort the log by time",
            ));
        }
        self.entries.push(Entry {
            line,
            at: at - first,
            told: Told::Alarm(kind, level),
        });
        Ok(())
    }

    fn log(self, line: usize) -> Result<Log, LogError> {
        if self.entries.is_empty() {
            return Err(LogError::new(line, "there is no report", CSV_HELP));
        }
        Ok(Log {
            format: Format::ZWave,
            entries: self.entries,
        })
    }
}

/// Seconds, or a date and time as RFC 3339 has it.
fn when(line: usize, text: &str) -> Result<Nanos, LogError> {
    if let Ok(date) = chrono::DateTime::parse_from_rfc3339(text) {
        let nanos = date
            .timestamp_nanos_opt()
            .and_then(|nanos| u64::try_from(nanos).ok());
        return nanos.map(Nanos).ok_or_else(|| {
            LogError::new(
                line,
                format!("`{text}` is out of range"),
                "dates are from 1970 to 2262",
            )
        });
    }
    seconds(line, text).map_err(|mut error| {
        error.help = "write seconds, like `12.5`, or a date like `2026-03-01T18:02:11Z`".to_owned();
        error
    })
}

fn number(line: usize, what: &str, text: &str) -> Result<u8, LogError> {
    text.parse().map_err(|_| {
        LogError::new(
            line,
            format!("`{text}` is not a {what}"),
            format!("a {what} is a number from 0 to 255"),
        )
    })
}

/// The reports of a run as CSV.
pub(crate) fn csv(trace: &Trace) -> String {
    let reports = reports(&frames(trace, 0));
    let rows = reports.iter().map(|(at, kind, level)| {
        let millis = at.to_millis();
        format!("{}.{:03},{kind},{level}\n", millis / 1_000, millis % 1_000)
    });
    format!("time,type,level\n{}", rows.collect::<String>())
}

/// The reports of a run as a JSON object a line.
pub(crate) fn json(trace: &Trace) -> String {
    let reports = reports(&frames(trace, 0));
    let rows = reports.iter().map(|(at, kind, level)| {
        let millis = at.to_millis();
        let time = format!("{}.{:03}", millis / 1_000, millis % 1_000);
        format!("{{\"time\": {time}, \"type\": {kind}, \"level\": {level}}}\n")
    });
    rows.collect()
}

/// A report in words.
pub(super) fn words(kind: u8, level: u8) -> String {
    format!("{kind} level {level}: {}", name(kind).unwrap_or("unknown"))
}

const fn name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        9 => "deadbolt jammed",
        17 => "locked at the keypad, jammed",
        18 => "locked at the keypad",
        19 => "unlocked at the keypad",
        21 => "locked by hand",
        22 => "unlocked by hand",
        23 => "locked by radio, jammed",
        24 => "locked by radio",
        25 => "unlocked by radio",
        26 => "locked itself, jammed",
        27 => "locked itself",
        32 => "all codes deleted",
        33 => "code deleted",
        112 => "code set",
        113 => "duplicate code",
        161 => "wrong codes",
        162 => "code out of schedule",
        167 => "battery low",
        168 => "battery critical",
        169 => "battery too low",
        _ => return None,
    })
}

/// The reports that a radio sends when the lock sends these frames.
pub(super) fn reports(frames: &[(Nanos, Vec<u8>)]) -> Vec<(Nanos, u8, u8)> {
    let mut reports: Vec<(Nanos, u8, u8)> = Vec::new();
    for (at, bytes) in frames {
        let Some((kind, level)) = report(bytes) else {
            continue;
        };
        // An auto-lock is told as a lock by nobody and then as what it is.
        if kind == 27 && reports.last().is_some_and(|last| last.1 == 21) {
            reports.pop();
        }
        reports.push((*at, kind, level));
    }
    reports
}

/// The report that a radio makes of one frame of the lock's: type and level.
pub(super) fn report(bytes: &[u8]) -> Option<(u8, u8)> {
    let frame = Frame::of(bytes).filter(|frame| frame.kind == 0xE7)?;
    Some(match (frame.command, frame.args.as_slice()) {
        (0x27, [_, user, 0x41]) => (18, *user),
        (0x27, [_, user, 0x42]) => (19, *user),
        (0x27, [_, _, 0x01]) => (21, 1),
        (0x27, [_, _, 0x02]) => (22, 1),
        (0x27, [_, _, 0x81]) => (24, 1),
        (0x27, [_, _, 0x82]) => (25, 1),
        (0x29, [_, slot, 1]) => (112, *slot),
        (0x29, [_, slot, 0]) => (33, *slot),
        (0x2A, [kind, level]) => (*kind, *level),
        _ => return None,
    })
}
