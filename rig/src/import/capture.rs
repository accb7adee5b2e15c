//! A capture of the hub's bus: seconds, `>` to the lock or `<` from it, and the bytes of a frame.

use super::{Entry, Format, Log, LogError, Told, hex, lines, seconds};
use crate::trace::{Channel, Nanos, Trace, Value};

/// The most bytes that a line has.
const LONGEST: usize = 256;

/// Reads `12.345 > BD 04 01 E7 05 18`, a line for each frame.
pub(super) fn read(text: &str) -> Result<Log, LogError> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut first = None;
    for (line, text) in lines(text) {
        let Some(at) = text.find(['<', '>']) else {
            return Err(LogError::new(
                line,
                "the line doesn't say who sent it",
                "write `>` for the hub or `<` for the lock, like `12.345 > BD 04 01 E7 05 18`",
            ));
        };
        let time = seconds(line, text[..at].trim())?;
        let bytes = hex(line, &text[at + 1..])?;
        if bytes.is_empty() {
            return Err(LogError::new(
                line,
                "the frame has no bytes",
                "write them in hex, like `12.345 > BD 04 01 E7 05 18`",
            ));
        }
        if bytes.len() > LONGEST {
            return Err(LogError::new(
                line,
                format!("the frame has {} bytes", bytes.len()),
                "no frame has more than 256: write one a line",
            ));
        }
        let told = match &text[at..=at] {
            ">" => Told::ToLock(bytes),
            _ => Told::FromLock(bytes),
        };
        // The same frame again half a second later is one that nobody answered.
        if matches!(told, Told::FromLock(_)) && repeats(&entries, &told) {
            continue;
        }
        let zero = *first.get_or_insert(time);
        if time < zero {
            return Err(LogError::new(
                line,
                "this is earlier than the first entry",
                "sort the log by time",
            ));
        }
        entries.push(Entry {
            line,
            at: time - zero,
            told,
        });
    }
    if entries.is_empty() {
        return Err(LogError::new(
            1,
            "the log is empty",
            "it has a frame a line",
        ));
    }
    Ok(Log {
        format: Format::Capture,
        entries,
    })
}

fn repeats(entries: &[Entry], told: &Told) -> bool {
    let last = entries.iter().rev().map(|entry| &entry.told);
    last.take_while(|last| matches!(last, Told::FromLock(_)))
        .any(|last| last == told)
}

/// A whole frame: `BD len seq type cmd args.. lrc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) command: u8,
    pub(super) args: Vec<u8>,
}

impl Frame {
    /// The frame that these bytes are; `None` when length or checksum say that they are none.
    pub(super) fn of(bytes: &[u8]) -> Option<Frame> {
        let [0xBD, length, counted @ ..] = bytes else {
            return None;
        };
        let [_, kind, command, args @ .., _] = counted else {
            return None;
        };
        let sum = bytes[1..].iter().fold(0xFF, |sum, byte| sum ^ byte);
        (counted.len() == usize::from(*length) && sum == 0).then(|| Frame {
            kind: *kind,
            command: *command,
            args: args.to_vec(),
        })
    }
}

/// Why a lock refuses a request: the argument of its refusal.
pub(super) mod refusal {
    pub(in super::super) const NOT_PAIRED: u8 = 0x04;
    pub(in super::super) const NOT_HANDED: u8 = 0x05;
    pub(in super::super) const FAULT: u8 = 0x06;
    pub(in super::super) const NO_TIME: u8 = 0x09;
}

/// The lock's answer to a request, in what comes after it.
pub(super) fn answer(after: &[Entry], command: u8) -> Option<Frame> {
    let until = after.iter().map_while(|entry| match &entry.told {
        Told::ToLock(_) => None,
        Told::FromLock(bytes) => Some(Frame::of(bytes)),
        Told::Event(_) | Told::Alarm(..) => Some(None),
    });
    let mut answers = until.flatten().filter(|frame| frame.kind != 0xE7);
    answers.find(|frame| frame.command == command)
}

/// A silence that no frame has in it: what comes after it is another one.
pub(super) const SILENCE: Nanos = Nanos::from_millis(20);

/// What went over the hub's bus in a run, as a capture. A frame ends where its length says, a broken
/// one with a silence or where a line of a capture must end.
pub(crate) fn text(trace: &Trace) -> String {
    let mut frames = Vec::new();
    for (channel, way) in [(Channel::HubToLock, '>'), (Channel::HubFromLock, '<')] {
        let (mut start, mut last, mut frame) = (Nanos::ZERO, Nanos::ZERO, Vec::new());
        for event in trace.events.iter().filter(|event| event.channel == channel) {
            let Value::Byte(byte) = event.value else {
                continue;
            };
            if !frame.is_empty() && event.at.since(last) > SILENCE {
                frames.push((start, way, std::mem::take(&mut frame)));
            }
            if frame.is_empty() {
                start = event.at;
            }
            last = event.at;
            frame.push(byte);
            let whole = matches!(
                frame.as_slice(),
                [0xBD, length, rest @ ..] if rest.len() == usize::from(*length)
            );
            if whole || frame.len() == LONGEST {
                frames.push((start, way, std::mem::take(&mut frame)));
            }
        }
        if !frame.is_empty() {
            frames.push((start, way, frame));
        }
    }
    frames.sort_by_key(|(at, ..)| *at);
    let lines = frames.iter().map(|(at, way, bytes)| {
        let millis = at.to_millis();
        format!(
            "{}.{:03} {way} {}\n",
            millis / 1_000,
            millis % 1_000,
            super::written(bytes)
        )
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Event;

    /// The capture of bytes to the lock, each with its milliseconds.
    fn captured(bytes: impl IntoIterator<Item = (u64, u8)>) -> String {
        let events = bytes.into_iter().map(|(millis, byte)| Event {
            at: Nanos::from_millis(millis),
            channel: Channel::HubToLock,
            value: Value::Byte(byte),
        });
        text(&Trace {
            events: events.collect(),
            ..Trace::default()
        })
    }

    #[test]
    fn broken_frames_are_lines_of_their_own() {
        let short = [(0, 0xBD), (1, 0x04), (2, 0x01)];
        let noise = [(100, 0x55), (101, 0x01), (102, 0x00)];
        let good = [0xBD, 0x04, 0x01, 0xE7, 0x07, 0x1A];
        let good = good.into_iter().zip(200..).map(|(byte, at)| (at, byte));
        let all = short.into_iter().chain(noise).chain(good);
        assert_eq!(
            captured(all),
            "0.000 > BD 04 01\n0.100 > 55 01 00\n0.200 > BD 04 01 E7 07 1A\n"
        );
    }

    #[test]
    fn what_is_captured_can_be_read() {
        let capture = captured((0..600).map(|millis| (millis, 0x00)));
        assert_eq!(capture.lines().count(), 3, "{capture}");
        read(&capture).unwrap();
    }
}
