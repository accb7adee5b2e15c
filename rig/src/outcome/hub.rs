//! Bytes from the lock to the hub, cut into frames: `BD`, the count of bytes after that count, and as
//! many bytes. What doesn't begin with `BD`, or stops short, ends at a pause.

use super::{Found, Part, Phrase};
use crate::trace::{Channel, Nanos, Trace, Value};

/// Start of a frame.
const START: u8 = 0xBD;
/// A pause that no frame has within it; at 9600 baud a byte takes about a millisecond.
const PAUSE: Nanos = Nanos::from_millis(20);

pub(super) fn frames(trace: &Trace) -> Vec<Found> {
    let mut found = Vec::new();
    let mut frame: Vec<u8> = Vec::new();
    let (mut start, mut last) = (Nanos::ZERO, Nanos::ZERO);
    let flush = |start: Nanos, frame: &mut Vec<u8>, found: &mut Vec<Found>| {
        if !frame.is_empty() {
            found.push(Found {
                start,
                part: Part::Hub,
                phrase: Phrase::Frame(std::mem::take(frame)),
            });
        }
    };
    for event in &trace.events {
        let (Channel::HubFromLock, Value::Byte(byte)) = (event.channel, event.value) else {
            continue;
        };
        if event.at.since(last) > PAUSE {
            flush(start, &mut frame, &mut found);
        }
        if frame.is_empty() {
            start = event.at;
        }
        frame.push(byte);
        last = event.at;
        if let [START, count, rest @ ..] = frame.as_slice()
            && rest.len() == usize::from(*count)
        {
            flush(start, &mut frame, &mut found);
        }
    }
    flush(start, &mut frame, &mut found);
    found
}
