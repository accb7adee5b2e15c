//! The beeper: a square wave becomes bursts of a tone, and bursts become patterns.
//!
//! A pause of more than two periods ends a burst. A burst lasts whole periods, so that 30 ms at 4 kHz
//! is 30 ms and not half a period less. What is no square wave (an active buzzer's line) is told as
//! plain pulses.

use super::rhythm::{Spell, since_first_step, trains};
use super::{Found, Part, Phrase};
use crate::trace::{Channel, Nanos, Trace, Value};

/// The longest period that is heard as a tone: 50 Hz.
const LONGEST_PERIOD: Nanos = Nanos::from_millis(20);

/// One high time of the line.
#[derive(Debug, Clone, Copy)]
struct Pulse {
    rise: Nanos,
    fall: Option<Nanos>,
}

/// Bursts from the first step on.
pub(super) fn burst_spells(trace: &Trace) -> Vec<Spell<Option<u32>>> {
    since_first_step(trace, bursts(&pulses(trace), trace.end))
}

pub(super) fn beeper(trace: &Trace) -> Vec<Found> {
    trains(trace, &burst_spells(trace), same_tone)
        .into_iter()
        .map(|train| Found {
            start: train.start,
            part: Part::Beeper,
            phrase: Phrase::Sound(train.rhythm, train.kind),
        })
        .collect()
}

/// Within 2 %: what is left of the edges' jitter in a short burst.
fn same_tone(a: &Option<u32>, b: &Option<u32>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.abs_diff(*b) <= a.max(b) / 50,
        (a, b) => a == b,
    }
}

fn pulses(trace: &Trace) -> Vec<Pulse> {
    let mut pulses: Vec<Pulse> = Vec::new();
    for event in &trace.events {
        if event.channel != Channel::Beeper {
            continue;
        }
        let open = pulses.last_mut().filter(|pulse| pulse.fall.is_none());
        match (event.value, open) {
            (Value::Level(true), None) => pulses.push(Pulse {
                rise: event.at,
                fall: None,
            }),
            (Value::Level(false), Some(pulse)) => pulse.fall = Some(event.at),
            _ => {}
        }
    }
    pulses
}

fn bursts(pulses: &[Pulse], end: Nanos) -> Vec<Spell<Option<u32>>> {
    let mut bursts = Vec::new();
    let mut first = 0;
    for index in 1..=pulses.len() {
        let goes_on = pulses
            .get(index)
            .is_some_and(|next| continues(&pulses[first..index], next));
        if !goes_on {
            bursts.push(burst(&pulses[first..index], end));
            first = index;
        }
    }
    bursts
}

/// Whether `next` is one more period of the burst so far.
fn continues(burst: &[Pulse], next: &Pulse) -> bool {
    let [.., last] = burst else { return false };
    let Some(fall) = last.fall else { return false };
    let pause = next.rise.since(fall);
    match period(burst) {
        Some(period) => pause.0 <= 2 * period.0,
        // No period yet: the pause must go with the pulse's own width.
        None => {
            let width = fall.since(last.rise);
            next.rise.since(last.rise) <= LONGEST_PERIOD && pause.0 <= 8 * width.0
        }
    }
}

/// The mean period of a burst of two pulses or more.
fn period(burst: &[Pulse]) -> Option<Nanos> {
    let [first, .., last] = burst else {
        return None;
    };
    let periods = burst.len() as u64 - 1;
    Some(Nanos(
        (last.rise.since(first.rise).0 + periods / 2) / periods,
    ))
}

fn burst(pulses: &[Pulse], end: Nanos) -> Spell<Option<u32>> {
    let (first, last) = (pulses[0], pulses[pulses.len() - 1]);
    let stop = match period(pulses) {
        // Still sounding where its next period would have begun after the end.
        Some(period) => Some(last.rise + period).filter(|stop| *stop <= end),
        None => last.fall,
    };
    Spell {
        kind: period(pulses).map(hertz),
        start: first.rise,
        end: stop.filter(|_| last.fall.is_some()),
    }
}

/// Frequency of a period, to 50 Hz from 1 kHz on and to 10 Hz below.
fn hertz(period: Nanos) -> u32 {
    let exact = 1_000_000_000 / period.0.max(1);
    let unit = if exact >= 1000 { 50 } else { 10 };
    u32::try_from((exact + unit / 2) / unit * unit).unwrap_or(u32::MAX)
}
