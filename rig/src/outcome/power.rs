//! Brown-outs and resets. Power that comes and goes with the pack is what a step asked for, so it is
//! not told; power that goes while the pack is in, is.

use super::{Found, Length, Part, Phrase};
use crate::trace::{Channel, Nanos, ResetCause, Trace, Value};

/// Terminals above this, in millivolts, have a pack on them, however weak.
const PACK_PRESENT: i32 = 500;

pub(super) fn power(trace: &Trace) -> Vec<Found> {
    let mut found = Vec::new();
    let mut supply = 0;
    let mut powered = false;
    let mut out: Option<Nanos> = None;
    let brown_out = |start, length| Found {
        start,
        part: Part::Power,
        phrase: Phrase::BrownOut(length),
    };
    for event in &trace.events {
        match (event.channel, event.value) {
            (Channel::Supply, Value::Sample(millivolts)) => {
                supply = millivolts;
                if supply < PACK_PRESENT
                    && let Some(start) = out.take()
                {
                    found.push(brown_out(start, Some(Length::from(event.at.since(start)))));
                }
            }
            (Channel::Power, Value::Level(level)) => {
                if powered && !level && supply >= PACK_PRESENT {
                    out = Some(event.at);
                }
                if level && let Some(start) = out.take() {
                    found.push(brown_out(start, Some(Length::from(event.at.since(start)))));
                }
                powered = level;
            }
            // The other two causes follow from power, which is told above.
            (Channel::Reset, Value::Reset(cause))
                if !matches!(cause, ResetCause::PowerOn | ResetCause::BrownOut) =>
            {
                found.push(Found {
                    start: event.at,
                    part: Part::Power,
                    phrase: Phrase::Reset(cause),
                });
            }
            _ => {}
        }
    }
    if let Some(start) = out {
        found.push(brown_out(start, None));
    }
    found
}
