//! What happened on a lock's lines during a run: edges and samples with their times, and the steps
//! that were played meanwhile. A [`Trace`] is ordered, complete and says nothing about meaning;
//! [`crate::outcome`] reads meaning out of it.

mod build;
mod channel;
mod level;
mod read;
#[cfg(test)]
pub(crate) mod sketch;
mod time;
mod vcd;

pub use build::{TraceBuilder, TraceError};
pub use channel::{Channel, Contact, Key, UnknownName};
pub(crate) use level::{Phase, highs, phases, samples};
pub use read::ReadTraceError;
pub use time::Nanos;

/// What a channel changed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Value {
    /// Logical level of a line: `true` is closed, lit, driven or powered, whatever the polarity.
    Level(bool),
    /// A measured quantity, in the channel's unit.
    Sample(i32),
    /// A byte on the hub bus, at the end of its stop bit.
    Byte(u8),
    /// Why the lock's processor started again.
    Reset(ResetCause),
}

/// Why the lock's processor started again, where the bench can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResetCause {
    /// Power came up from nothing.
    PowerOn,
    /// The supply fell below the brown-out level and came back.
    BrownOut,
    /// The watchdog ran out.
    Watchdog,
    /// The firmware asked for it.
    Software,
    /// The core locked up.
    Lockup,
    /// The reset pin, or the debug port.
    Pin,
}

impl ResetCause {
    /// Every cause.
    pub const ALL: [ResetCause; 6] = [
        ResetCause::PowerOn,
        ResetCause::BrownOut,
        ResetCause::Watchdog,
        ResetCause::Software,
        ResetCause::Lockup,
        ResetCause::Pin,
    ];

    /// The word for it in outcomes.
    pub const fn name(self) -> &'static str {
        match self {
            ResetCause::PowerOn => "power-on",
            ResetCause::BrownOut => "brown-out",
            ResetCause::Watchdog => "watchdog",
            ResetCause::Software => "software",
            ResetCause::Lockup => "lockup",
            ResetCause::Pin => "pin",
        }
    }
}

/// One change on one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Event {
    /// When, since the run's epoch.
    pub at: Nanos,
    /// Where.
    pub channel: Channel,
    /// To what.
    pub value: Value,
}

/// One played step of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Counted from 1.
    pub number: usize,
    /// As the snapshot's heading shows it: `wait 30s`.
    pub text: String,
    /// When the step began.
    pub start: Nanos,
    /// When it was over; the next one begins no earlier.
    pub end: Nanos,
}

/// A run's steps and events.
///
/// Events are in time order, steps too. An event belongs to the last step that starts at or before
/// it. A channel's level before its first event is low (open, dark, off) and a sample's is zero, so
/// whoever starts a trace in another state begins it with events that say so, before or at the first
/// step's start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    /// Steps, numbered from 1 without a gap.
    pub steps: Vec<Step>,
    /// Events, none earlier than the one before it.
    pub events: Vec<Event>,
    /// Everything up to here was watched.
    pub end: Nanos,
}

impl Trace {
    /// Starts an empty trace.
    pub fn builder() -> TraceBuilder {
        TraceBuilder::default()
    }

    /// The same without the beeper's edges, which are most of a trace and mean nothing to the rest of it.
    pub(crate) fn without_beeper(&self) -> Trace {
        let events = self.events.iter().copied();
        Trace {
            steps: self.steps.clone(),
            events: events
                .filter(|event| event.channel != Channel::Beeper)
                .collect(),
            end: self.end,
        }
    }

    /// Index of the step in which something at `at` falls; `None` before the first step.
    pub fn step_at(&self, at: Nanos) -> Option<usize> {
        self.steps
            .partition_point(|step| step.start <= at)
            .checked_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_shared_by_two_steps_belongs_to_the_later() {
        let mut builder = Trace::builder();
        builder
            .begin_step("hold program", Nanos::from_millis(0))
            .unwrap();
        builder
            .begin_step("battery connect", Nanos::from_millis(0))
            .unwrap();
        builder
            .begin_step("wait 30s", Nanos::from_millis(10))
            .unwrap();
        let trace = builder.finish(Nanos::from_millis(30_010)).unwrap();
        assert_eq!(trace.step_at(Nanos(0)), Some(1));
        assert_eq!(trace.step_at(Nanos::from_millis(10)), Some(2));
        assert_eq!(trace.steps[1].end, Nanos::from_millis(10));
        assert_eq!(trace.steps[2].end, trace.end);
    }
}
