//! What a waveform shows: a row for each part of the lock that did something, with the measured bars,
//! the accepted ones and where the two part.

use std::collections::BTreeSet;

use crate::outcome::{Colour, Drive, Outcomes, Part, Phrase, Position, bursts};
use crate::report::bars::{Bar, bars_of, colour, drive, position};
use crate::snapshot::Difference;
use crate::trace::{Channel, Contact, Nanos, Phase, Trace, Value, highs, phases, samples};

/// A row's points are thinned to as many, keeping every extreme.
const POINTS: usize = 2000;

/// One line of a waveform.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    pub label: String,
    pub shape: Shape,
    /// As accepted.
    pub accepted: Vec<Bar>,
    /// Where accepted and measured differ.
    pub differing: Vec<(Nanos, Nanos)>,
}

impl Row {
    /// Whether one of its bars looks like this.
    pub(super) fn shows(&self, look: &str) -> bool {
        matches!(&self.shape, Shape::Bars(bars) if bars.iter().any(|bar| bar.look == look))
    }
}

#[derive(Debug, PartialEq)]
pub(super) enum Shape {
    Bars(Vec<Bar>),
    /// Samples with their unit; each holds until the next.
    Plot(Vec<(Nanos, i32)>, &'static str),
}

/// What is beside a trace.
#[derive(Clone, Copy)]
pub(super) struct Beside<'a> {
    pub accepted: Option<&'a Outcomes>,
    pub difference: Option<&'a Difference>,
}

/// The rows of a trace, from what the rig did down to what the lock did.
pub(super) fn rows(trace: &Trace, beside: Beside<'_>) -> Vec<Row> {
    let mut rows = contacts(trace);
    for (channel, label, unit) in [
        (Channel::Supply, "supply", "mV"),
        (Channel::MotorCurrent, "current", "mA"),
    ] {
        let points = thinned(samples(trace, channel), trace.end);
        if !points.is_empty() {
            rows.push(plain(label, Shape::Plot(points, unit)));
        }
    }
    for part in Part::ALL {
        let bars = measured(trace, part);
        let accepted = beside
            .accepted
            .map_or_else(Vec::new, |accepted| expand(accepted, trace, part));
        if bars.is_empty() && accepted.is_empty() {
            continue;
        }
        rows.push(Row {
            label: part.name().to_owned(),
            shape: Shape::Bars(bars),
            accepted,
            differing: differing(trace, beside, part),
        });
    }
    rows
}

fn plain(label: impl Into<String>, shape: Shape) -> Row {
    Row {
        label: label.into(),
        shape,
        accepted: Vec::new(),
        differing: Vec::new(),
    }
}

/// A row for each contact that was moved; one that stayed closed all the time says nothing.
fn contacts(trace: &Trace) -> Vec<Row> {
    let moved: BTreeSet<Channel> = trace
        .events
        .iter()
        .filter(|event| matches!(event.channel, Channel::Contact(_)))
        .filter(|event| event.at > Nanos::ZERO || !is_switch(event.channel))
        .map(|event| event.channel)
        .collect();
    moved
        .into_iter()
        .map(|channel| {
            let label = channel.to_string().replacen("contact ", "", 1);
            let bars = highs(trace, channel)
                .into_iter()
                .map(|(from, to)| bar(trace, from, to, "contact", "closed"))
                .collect();
            plain(label, Shape::Bars(bars))
        })
        .collect()
}

const fn is_switch(channel: Channel) -> bool {
    matches!(channel, Channel::Contact(Contact::Switch(_)))
}

fn bar(
    trace: &Trace,
    from: Nanos,
    to: Option<Nanos>,
    look: &'static str,
    what: impl Into<String>,
) -> Bar {
    Bar {
        from,
        to: to.unwrap_or(trace.end),
        look,
        title: what.into(),
    }
}

fn measured(trace: &Trace, part: Part) -> Vec<Bar> {
    match part {
        Part::Motor => {
            two_lines(
                trace,
                [Channel::MotorOpen, Channel::MotorClose],
                |levels| match levels {
                    [false, false] => None,
                    [true, false] => Some(drive(Drive::Open)),
                    [false, true] => Some(drive(Drive::Close)),
                    [true, true] => Some(drive(Drive::Both)),
                },
            )
        }
        Part::Bolt => bolt(trace),
        Part::Status => led(trace, [Channel::StatusGreen, Channel::StatusRed]),
        Part::Keypad => led(trace, [Channel::KeypadGreen, Channel::KeypadRed]),
        Part::Beeper => bursts(trace)
            .into_iter()
            .map(|(from, to, hertz)| bar(trace, from, to, "beep", tone(hertz)))
            .collect(),
        Part::Hub => bytes(trace),
        Part::Power => power(trace),
    }
}

/// Bars of two lines' phases, each with its look and word.
fn two_lines(
    trace: &Trace,
    lines: [Channel; 2],
    look: impl Fn([bool; 2]) -> Option<(&'static str, &'static str)>,
) -> Vec<Bar> {
    let phases = phases(trace, lines);
    let end = |index: usize| phases.get(index + 1).map(|next: &Phase| next.start);
    let looks = phases.iter().enumerate();
    looks
        .filter_map(|(index, phase)| {
            let (look, word) = look(phase.levels)?;
            Some(bar(trace, phase.start, end(index), look, word))
        })
        .collect()
}

fn led(trace: &Trace, lines: [Channel; 2]) -> Vec<Bar> {
    two_lines(trace, lines, |levels| match levels {
        [false, false] => None,
        [true, false] => Some(colour(Colour::Green)),
        [false, true] => Some(colour(Colour::Red)),
        [true, true] => Some(colour(Colour::Amber)),
    })
}

fn bolt(trace: &Trace) -> Vec<Bar> {
    let lines = [Channel::BoltRetracted, Channel::BoltExtended];
    if !trace
        .events
        .iter()
        .any(|event| lines.contains(&event.channel))
    {
        return Vec::new();
    }
    two_lines(trace, lines, |levels| {
        Some(position(match levels {
            [true, false] => Position::Retracted,
            [false, false] => Position::Between,
            [false, true] => Position::Extended,
            [true, true] => Position::Both,
        }))
    })
}

/// Both directions of the hub line, a bar for each byte.
fn bytes(trace: &Trace) -> Vec<Bar> {
    let byte_time = Nanos::from_micros(1042);
    trace
        .events
        .iter()
        .filter_map(|event| match (event.channel, event.value) {
            (Channel::HubFromLock, Value::Byte(byte)) => Some((event.at, "hub-from", byte)),
            (Channel::HubToLock, Value::Byte(byte)) => Some((event.at, "hub-to", byte)),
            _ => None,
        })
        .map(|(at, look, byte)| Bar {
            from: at.since(byte_time),
            to: at,
            look,
            title: format!("{byte:02X}"),
        })
        .collect()
}

/// When the processor had power; resets as bars of no length.
fn power(trace: &Trace) -> Vec<Bar> {
    let on = highs(trace, Channel::Power)
        .into_iter()
        .map(|(from, to)| bar(trace, from, to, "power", "powered"));
    let resets = trace.events.iter().filter_map(|event| match event.value {
        Value::Reset(cause) => Some(Bar {
            from: event.at,
            to: event.at,
            look: "reset",
            title: format!("reset {}", cause.name()),
        }),
        _ => None,
    });
    on.chain(resets).collect()
}

fn tone(hertz: Option<u32>) -> String {
    hertz.map_or_else(|| "sounding".to_owned(), |hertz| format!("{hertz} Hz"))
}

/// A part's outcomes as bars at their absolute times. Only steps that both have are placed.
fn expand(outcomes: &Outcomes, trace: &Trace, part: Part) -> Vec<Bar> {
    let mut bars: Vec<Bar> = Vec::new();
    for (block, step) in outcomes.blocks.iter().zip(&trace.steps) {
        if block.heading != crate::outcome::one_line(&step.text) {
            continue;
        }
        for outcome in &block.outcomes {
            if outcome.part == part {
                let start = step.start + Nanos::from_millis(outcome.at);
                if part == Part::Bolt
                    && let Some(before) = bars.last_mut()
                {
                    before.to = start;
                }
                bars.extend(bars_of(outcome, start, trace.end));
            }
        }
    }
    bars
}

/// Where a part's changed outcomes are, accepted or measured.
fn differing(trace: &Trace, beside: Beside<'_>, part: Part) -> Vec<(Nanos, Nanos)> {
    let Some(difference) = beside.difference else {
        return Vec::new();
    };
    let mut spans = Vec::new();
    for change in difference.changes.iter().filter(|c| c.part == part) {
        let Some(step) = change.step.checked_sub(1).and_then(|i| trace.steps.get(i)) else {
            continue;
        };
        for outcome in [&change.accepted, &change.measured].into_iter().flatten() {
            let start = step.start + Nanos::from_millis(outcome.at);
            let bars = bars_of(outcome, start, trace.end);
            let to = match outcome.phrase {
                // A position lasts, but what differs is that it was reached.
                Phrase::Bolt(_) => start,
                _ => bars.last().map_or(start, |bar| bar.to),
            };
            spans.push((start, to));
        }
    }
    spans.sort_unstable();
    let mut apart: Vec<(Nanos, Nanos)> = Vec::new();
    for (from, to) in spans {
        match apart.last_mut() {
            Some((_, last)) if from <= *last => *last = to.max(*last),
            _ => apart.push((from, to)),
        }
    }
    apart
}

/// Fewer points of the same look: of each stretch the first, the extremes and the last.
fn thinned(points: Vec<(Nanos, i32)>, end: Nanos) -> Vec<(Nanos, i32)> {
    let mut changes: Vec<(Nanos, i32)> = Vec::new();
    for point in points {
        if changes.last().is_none_or(|(_, before)| *before != point.1) {
            changes.push(point);
        }
    }
    if changes.len() <= POINTS {
        return changes;
    }
    let stretch = end.0 / (POINTS as u64 / 4) + 1;
    let mut thinned: Vec<(Nanos, i32)> = Vec::new();
    for chunk in changes.chunk_by(|(a, _), (b, _)| a.0 / stretch == b.0 / stretch) {
        let extremes = [
            chunk.first(),
            chunk.iter().min_by_key(|(_, value)| *value),
            chunk.iter().max_by_key(|(_, value)| *value),
            chunk.last(),
        ];
        let mut kept: Vec<(Nanos, i32)> = extremes.into_iter().flatten().copied().collect();
        kept.sort_unstable();
        kept.dedup();
        thinned.extend(kept);
    }
    thinned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Terms;
    use crate::trace::sketch::Sketch;

    fn draw(trace: &Trace, accepted: Option<&str>) -> String {
        let measured = Outcomes::of(trace);
        let accepted: Option<Outcomes> = accepted.map(|text| text.parse().unwrap());
        let difference = accepted
            .as_ref()
            .map(|accepted| crate::snapshot::difference(accepted, &measured, &Terms::default()));
        let beside = Beside {
            accepted: accepted.as_ref(),
            difference: difference.as_ref(),
        };
        let span = |from: Nanos, to: Nanos| format!("{from}..{to}");
        let bars = |bars: &[Bar]| {
            let texts = bars
                .iter()
                .map(|bar| format!("{} {} ({})", span(bar.from, bar.to), bar.look, bar.title));
            texts.collect::<Vec<_>>().join(", ")
        };
        let lines = rows(trace, beside).into_iter().map(|row| {
            let mut line = match &row.shape {
                Shape::Bars(measured) => format!("{}: {}", row.label, bars(measured)),
                Shape::Plot(points, unit) => format!("{}: {points:?} {unit}", row.label),
            };
            if !row.accepted.is_empty() {
                line += &format!("\n  accepted: {}", bars(&row.accepted));
            }
            for (from, to) in row.differing {
                line += &format!("\n  differs: {}", span(from, to));
            }
            line
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn every_part_that_did_something_has_a_row() {
        use crate::trace::{Channel::*, Contact as C, Key, ResetCause};
        let trace = Sketch::default()
            .level(0, Contact(C::Switch(3)), true)
            .level(0, BoltRetracted, true)
            .sample(0, Supply, 6000)
            .level(0, Power, true)
            .step(0, "press 1")
            .pulse(Contact(C::Key(Key::Digit(1))), 0, 100)
            .beep(20, 30)
            .pulse(MotorClose, 200, 500)
            .level(250, BoltRetracted, false)
            .pulse(KeypadGreen, 300, 100)
            .pulse(KeypadRed, 350, 100)
            .bytes(600, &[0xBD])
            .reset(900, ResetCause::Watchdog)
            .end(1000);
        insta::assert_snapshot!(draw(&trace, None));
    }

    #[test]
    fn accepted_bars_stand_beside_and_changes_are_marked() {
        use crate::trace::Channel::*;
        let trace = Sketch::default()
            .step(0, "wait 1s")
            .step(1_000, "wait 2s")
            .pulses(KeypadRed, 1_100, 4, 150, 150)
            .beep(1_100, 30)
            .end(3_000);
        let accepted = "1  wait 1s\n2  wait 2s\n     +0.100s  keypad  red 3x 150/150ms\n     \
                        +0.100s  beeper  1x 30ms 4000Hz\n     +0.500s  status  green/red 2x 100/50ms\n";
        insta::assert_snapshot!(draw(&trace, Some(accepted)));
    }

    #[test]
    fn thinning_keeps_extremes() {
        let points: Vec<(Nanos, i32)> = (0..100_000)
            .map(|index| (Nanos(index * 1000), (index % 7) as i32))
            .chain([(Nanos(100_000_500), 99)])
            .collect();
        let thinned = thinned(points, Nanos(100_001_000));
        assert!(thinned.len() <= POINTS, "{}", thinned.len());
        assert_eq!(thinned.iter().map(|(_, value)| *value).max(), Some(99));
        assert_eq!(thinned.iter().map(|(_, value)| *value).min(), Some(0));
        assert!(thinned.is_sorted());
    }
}
