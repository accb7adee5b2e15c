//! Levels and samples over time, read off a trace.

use super::{Channel, Nanos, Trace, Value};

/// A stretch in which two lines keep their levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Phase {
    pub start: Nanos,
    pub levels: [bool; 2],
}

/// The phases of two lines from the trace's beginning to its end, the first one starting at zero.
/// Edges of the same instant are one change.
pub(crate) fn phases(trace: &Trace, lines: [Channel; 2]) -> Vec<Phase> {
    let [first, second] = lines;
    let mut phases = vec![Phase {
        start: Nanos::ZERO,
        levels: [false; 2],
    }];
    for event in &trace.events {
        // Most events are of other channels: a beep has thousands.
        let line = if event.channel == first {
            0
        } else if event.channel == second {
            1
        } else {
            continue;
        };
        let Value::Level(level) = event.value else {
            continue;
        };
        let last = phases[phases.len() - 1];
        let mut levels = last.levels;
        levels[line] = level;
        if last.start == event.at {
            phases.pop();
        }
        // What a merged instant leaves may be what was before it.
        if phases.last().is_none_or(|before| before.levels != levels) {
            phases.push(Phase {
                start: event.at,
                levels,
            });
        }
    }
    phases
}

/// When a line was high: from, and to; `None` where it still was at the trace's end.
pub(crate) fn highs(trace: &Trace, line: Channel) -> Vec<(Nanos, Option<Nanos>)> {
    let phases = phases(trace, [line, line]);
    let end = |index: usize| phases.get(index + 1).map(|next| next.start);
    phases
        .iter()
        .enumerate()
        .filter(|(_, phase)| phase.levels[0])
        .map(|(index, phase)| (phase.start, end(index)))
        .collect()
}

/// The samples of a channel, in time order.
pub(crate) fn samples(trace: &Trace, channel: Channel) -> Vec<(Nanos, i32)> {
    let of_channel = trace.events.iter().filter(|event| event.channel == channel);
    of_channel
        .filter_map(|event| match event.value {
            Value::Sample(sample) => Some((event.at, sample)),
            _ => None,
        })
        .collect()
}
