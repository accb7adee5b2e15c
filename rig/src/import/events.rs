//! The lock's own event log, as read over the hub's bus: as text with a line for each event, or as the
//! records themselves.

use super::{Entry, Format, Log, LogError, Told, hex, lines, seconds};
use crate::trace::Nanos;

/// What a binary event log begins with; records of eight bytes follow, the oldest first.
pub(super) const MAGIC: &[u8] = b"EVT1";

/// A lock keeps no more.
const MOST: usize = 64;

/// An event as the lock tells it: what, two bytes about it, milliseconds since boot in five bytes,
/// least significant first.
pub(crate) type Record = [u8; 8];

/// Reads what follows [`MAGIC`].
pub(super) fn read_binary(bytes: &[u8]) -> Result<Log, LogError> {
    let (records, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(LogError::new(
            records.len() + 1,
            format!("the last record has {} bytes", rest.len()),
            "a record has eight",
        ));
    }
    let entries = records.iter().enumerate().map(|(index, record)| Entry {
        line: index + 1,
        at: time(record),
        told: Told::Event([record[0], record[1], record[2]]),
    });
    log(entries.collect())
}

/// Reads `12.345  02 01 03`, a line for each event.
pub(super) fn read_text(text: &str) -> Result<Log, LogError> {
    let mut entries = Vec::new();
    for (line, text) in lines(text) {
        let (time, bytes) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let at = seconds(line, time)?;
        let bytes = hex(line, bytes)?;
        let Ok(event) = <[u8; 3]>::try_from(bytes.as_slice()) else {
            return Err(LogError::new(
                line,
                format!("an event has three bytes, not {}", bytes.len()),
                "write the time, then what happened and two bytes about it: `12.345  02 01 03`",
            ));
        };
        entries.push(Entry {
            line,
            at,
            told: Told::Event(event),
        });
    }
    log(entries)
}

fn log(entries: Vec<Entry>) -> Result<Log, LogError> {
    let first = entries.first().map_or(1, |entry| entry.line);
    if entries.is_empty() {
        return Err(LogError::new(
            first,
            "the log is empty",
            "it has an event a line",
        ));
    }
    if entries.len() > MOST {
        return Err(LogError::new(
            entries[MOST].line,
            format!("there are more than {MOST} events"),
            "a lock keeps the last 64",
        ));
    }
    for entry in &entries {
        if let Told::Event([what, ..]) = entry.told
            && !(1..=9).contains(&what)
        {
            return Err(LogError::new(
                entry.line,
                format!("there is no event {what:02X}"),
                "events are 01 boot to 09 storage fault",
            ));
        }
    }
    for pair in entries.windows(2) {
        let boot = matches!(pair[1].told, Told::Event([1, ..]));
        if pair[1].at < pair[0].at && !boot {
            return Err(LogError::new(
                pair[1].line,
                "this is earlier than the event before it, and no boot lies between",
                "list the oldest event first",
            ));
        }
    }
    Ok(Log {
        format: Format::Events,
        entries,
    })
}

fn time(record: &Record) -> Nanos {
    let [_, _, _, t0, t1, t2, t3, t4] = *record;
    Nanos::from_millis(u64::from_le_bytes([t0, t1, t2, t3, t4, 0, 0, 0]))
}

/// Records as text, the oldest first.
pub(crate) fn text(records: &[Record]) -> String {
    let lines = records.iter().map(|record| {
        let event = [record[0], record[1], record[2]];
        format!(
            "{:.3}  {:02X} {:02X} {:02X}  # {}\n",
            Seconds(time(record)),
            event[0],
            event[1],
            event[2],
            words(event)
        )
    });
    format!(
        "# the lock's events, the oldest first: seconds since boot, what, two bytes about it\n{}",
        lines.collect::<String>()
    )
}

/// Records as a binary log.
pub(crate) fn binary(records: &[Record]) -> Vec<u8> {
    [MAGIC, records.as_flattened()].concat()
}

/// Seconds without their unit.
struct Seconds(Nanos);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let millis = self.0.to_millis();
        write!(f, "{}.{:03}", millis / 1_000, millis % 1_000)
    }
}

/// An event in words.
pub(super) fn words([what, a, b]: [u8; 3]) -> String {
    let pick = |names: &[&str], index: u8| {
        let name = names
            .get(usize::from(index))
            .filter(|name| !name.is_empty());
        name.map_or_else(|| format!("{index:02X}"), |name| (*name).to_owned())
    };
    match what {
        1 => format!(
            "boot: {}",
            pick(&["power", "watchdog", "software", "other"], a)
        ),
        2 => {
            let entry = pick(
                &[
                    "",
                    "valid",
                    "wrong",
                    "wrong, locked out",
                    "timed out",
                    "not handed or fault",
                ],
                a,
            );
            match a {
                1 => format!("entry: {entry}, slot {b}"),
                _ => format!("entry: {entry}"),
            }
        }
        3 => format!(
            "motor: {}: {}",
            command(a),
            pick(
                &[
                    "",
                    "reached",
                    "jammed",
                    "handed",
                    "not handed",
                    "battery too low"
                ],
                b
            )
        ),
        4 => format!("jam: {}", command(a)),
        5 => format!(
            "battery: {} at {}.{} V",
            pick(&["good", "low", "too low"], a),
            b / 10,
            b % 10
        ),
        6 => {
            let change = match a {
                0x81 => "refused".to_owned(),
                0x82 => "duplicate".to_owned(),
                0x83 => "full".to_owned(),
                0x84 => "timed out".to_owned(),
                _ => pick(
                    &[
                        "",
                        "set",
                        "deleted",
                        "all deleted",
                        "mastercode set",
                        "mastercode dropped",
                    ],
                    a,
                ),
            };
            format!("programming: {change}, slot {b}")
        }
        7 => match b {
            0 => format!("hub: {a:02X} done"),
            _ => format!("hub: {a:02X} refused {b:02X}"),
        },
        8 => "factory reset".to_owned(),
        9 => format!("storage fault: {}", pick(&["at boot", "in a write"], a)),
        _ => format!("event {what:02X} {a:02X} {b:02X}"),
    }
}

fn command(byte: u8) -> String {
    let what = match byte >> 4 {
        1 => "unlock",
        2 => "lock",
        3 => return "hand".to_owned(),
        _ => return format!("{byte:02X}"),
    };
    let source = match byte & 0xF {
        1 => "keypad",
        2 => "hub",
        3 => "auto-lock",
        _ => return format!("{byte:02X}"),
    };
    format!("{what} by {source}")
}
