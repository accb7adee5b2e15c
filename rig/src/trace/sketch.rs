//! Traces for tests, drawn pulse by pulse in any order, in milliseconds.

use super::{Channel, Event, Nanos, ResetCause, Trace, Value};

/// A trace being drawn.
#[derive(Default, Clone)]
pub(crate) struct Sketch {
    steps: Vec<(u64, String)>,
    events: Vec<Event>,
}

impl Sketch {
    /// A step that begins at `at`.
    pub(crate) fn step(mut self, at: u64, text: &str) -> Sketch {
        self.steps.push((at, text.to_owned()));
        self
    }

    pub(crate) fn event(mut self, at: Nanos, channel: Channel, value: Value) -> Sketch {
        self.events.push(Event { at, channel, value });
        self
    }

    pub(crate) fn level(self, at: u64, channel: Channel, level: bool) -> Sketch {
        self.event(Nanos::from_millis(at), channel, Value::Level(level))
    }

    pub(crate) fn sample(self, at: u64, channel: Channel, sample: i32) -> Sketch {
        self.event(Nanos::from_millis(at), channel, Value::Sample(sample))
    }

    pub(crate) fn reset(self, at: u64, cause: ResetCause) -> Sketch {
        self.event(Nanos::from_millis(at), Channel::Reset, Value::Reset(cause))
    }

    /// High from `at` for `length`.
    pub(crate) fn pulse(self, channel: Channel, at: u64, length: u64) -> Sketch {
        self.level(at, channel, true)
            .level(at + length, channel, false)
    }

    /// `count` pulses.
    pub(crate) fn pulses(
        mut self,
        channel: Channel,
        at: u64,
        count: u64,
        on: u64,
        off: u64,
    ) -> Sketch {
        for index in 0..count {
            self = self.pulse(channel, at + index * (on + off), on);
        }
        self
    }

    /// A square wave on the beeper, `periods` periods of `period`, with edges off by what `jitter`
    /// says for each.
    pub(crate) fn wave(
        mut self,
        at: Nanos,
        periods: u64,
        period: Nanos,
        mut jitter: impl FnMut() -> Nanos,
    ) -> Sketch {
        for index in 0..periods {
            let rise = at + Nanos(index * period.0);
            let fall = rise + Nanos(period.0 / 2);
            self = self
                .event(rise + jitter(), Channel::Beeper, Value::Level(true))
                .event(fall + jitter(), Channel::Beeper, Value::Level(false));
        }
        self
    }

    /// A clean beep of 4 kHz.
    pub(crate) fn beep(self, at: u64, length: u64) -> Sketch {
        self.wave(
            Nanos::from_millis(at),
            length * 4,
            Nanos::from_micros(250),
            || Nanos::ZERO,
        )
    }

    /// Bytes from the lock, one each millisecond.
    pub(crate) fn bytes(mut self, at: u64, bytes: &[u8]) -> Sketch {
        for (index, byte) in (0..).zip(bytes) {
            self = self.event(
                Nanos::from_millis(at + index),
                Channel::HubFromLock,
                Value::Byte(*byte),
            );
        }
        self
    }

    /// The trace, watched until `end`.
    pub(crate) fn end(mut self, end: u64) -> Trace {
        self.events.sort_by_key(|event| event.at);
        let mut builder = Trace::builder();
        for (at, text) in self.steps {
            builder.begin_step(text, Nanos::from_millis(at)).unwrap();
        }
        for event in self.events {
            builder.push(event).unwrap();
        }
        builder.finish(Nanos::from_millis(end)).unwrap()
    }
}
