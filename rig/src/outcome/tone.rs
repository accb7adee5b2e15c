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

/// Bursts from the first step on.
pub(super) fn burst_spells(trace: &Trace) -> Vec<Spell<Option<u32>>> {
    since_first_step(trace, bursts(trace))
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

/// Pulses of the line that belong together.
struct Burst {
    first_rise: Nanos,
    /// How many periods there are up to the last pulse.
    periods: u64,
    /// The last pulse; it lasts where it has no fall.
    rise: Nanos,
    fall: Option<Nanos>,
}

fn bursts(trace: &Trace) -> Vec<Spell<Option<u32>>> {
    let mut bursts = Vec::new();
    let mut latest: Option<Burst> = None;
    for event in &trace.events {
        if event.channel != Channel::Beeper {
            continue;
        }
        match (event.value, &mut latest) {
            (Value::Level(false), Some(burst)) => {
                burst.fall.get_or_insert(event.at);
            }
            (Value::Level(true), Some(Burst { fall: None, .. })) => {}
            (Value::Level(true), Some(burst)) if burst.goes_on(event.at) => {
                burst.periods += 1;
                burst.rise = event.at;
                burst.fall = None;
            }
            (Value::Level(true), _) => {
                let over = latest.replace(Burst::begin(event.at));
                bursts.extend(over.map(|burst| burst.spell(trace.end)));
            }
            _ => {}
        }
    }
    bursts.extend(latest.map(|burst| burst.spell(trace.end)));
    bursts
}

impl Burst {
    fn begin(rise: Nanos) -> Burst {
        Burst {
            first_rise: rise,
            periods: 0,
            rise,
            fall: None,
        }
    }

    /// Whether a pulse that rises at `next` is one more period.
    fn goes_on(&self, next: Nanos) -> bool {
        let Some(fall) = self.fall else { return false };
        let pause = next.since(fall);
        if self.periods == 0 {
            // No period yet: the pause must go with the pulse's own width.
            let width = fall.since(self.rise);
            return next.since(self.rise) <= LONGEST_PERIOD && pause.0 <= 8 * width.0;
        }
        // Not longer than two periods, without a division for each of a tone's pulses.
        pause.0.div_ceil(2).saturating_mul(self.periods) <= self.rounded()
    }

    /// All periods, and half of one nanosecond for each, so that their mean is rounded.
    fn rounded(&self) -> u64 {
        self.rise.since(self.first_rise).0 + self.periods / 2
    }

    /// The mean period of two pulses or more.
    fn period(&self) -> Option<Nanos> {
        self.rounded().checked_div(self.periods).map(Nanos)
    }

    fn spell(&self, end: Nanos) -> Spell<Option<u32>> {
        let period = self.period();
        let stop = match period {
            // Still sounding where its next period would have begun after the end.
            Some(period) => Some(self.rise + period).filter(|stop| *stop <= end),
            None => self.fall,
        };
        Spell {
            kind: period.map(hertz),
            start: self.first_rise,
            end: stop.filter(|_| self.fall.is_some()),
        }
    }
}

/// Frequency of a period, to 50 Hz from 1 kHz on and to 10 Hz below.
fn hertz(period: Nanos) -> u32 {
    let exact = 1_000_000_000 / period.0.max(1);
    let unit = if exact >= 1000 { 50 } else { 10 };
    u32::try_from((exact + unit / 2) / unit * unit).unwrap_or(u32::MAX)
}
