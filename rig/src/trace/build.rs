//! Putting a trace together while a scenario plays: events and steps in, in time order or not at
//! all.

use super::{Channel, Event, Nanos, Step, Trace, Value, channel::Kind};

/// Something that no real run can have recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// An event earlier than the one before it: the bench lost the order.
    #[error("record {channel} at {at:.9}: it comes after an event at {last:.9}")]
    EventOutOfOrder {
        /// Where.
        channel: Channel,
        /// Its time.
        at: Nanos,
        /// Time of the latest event so far.
        last: Nanos,
    },
    /// A value of a kind that the channel doesn't carry.
    #[error("record {value:?} on {channel}: it carries another kind of value")]
    WrongValue {
        /// Where.
        channel: Channel,
        /// What.
        value: Value,
    },
    /// A step that begins before the one before it.
    #[error("begin step {number} at {at:.9}: the step before it began at {last:.9}")]
    StepOutOfOrder {
        /// Number of the step, from 1.
        number: usize,
        /// When it would begin.
        at: Nanos,
        /// When the step before it began.
        last: Nanos,
    },
    /// An end before something that was recorded.
    #[error("end a trace at {end:.9}: it reaches to {last:.9}")]
    EndTooEarly {
        /// The end asked for.
        end: Nanos,
        /// The latest event or start of a step.
        last: Nanos,
    },
}

/// A trace in the making.
#[derive(Debug, Clone, Default)]
pub struct TraceBuilder {
    trace: Trace,
}

impl TraceBuilder {
    /// Begins the next step at `at`, which ends the one before it.
    pub fn begin_step(&mut self, text: impl Into<String>, at: Nanos) -> Result<(), TraceError> {
        let number = self.trace.steps.len() + 1;
        if let Some(last) = self.trace.steps.last_mut() {
            if at < last.start {
                return Err(TraceError::StepOutOfOrder {
                    number,
                    at,
                    last: last.start,
                });
            }
            last.end = at;
        }
        self.trace.steps.push(Step {
            number,
            text: text.into(),
            start: at,
            end: at,
        });
        Ok(())
    }

    /// Adds an event. Events of the same time keep the order they are added in.
    pub fn push(&mut self, event: Event) -> Result<(), TraceError> {
        if event.channel.kind() != Kind::of(event.value) {
            return Err(TraceError::WrongValue {
                channel: event.channel,
                value: event.value,
            });
        }
        if let Some(last) = self.trace.events.last()
            && event.at < last.at
        {
            return Err(TraceError::EventOutOfOrder {
                channel: event.channel,
                at: event.at,
                last: last.at,
            });
        }
        self.trace.events.push(event);
        Ok(())
    }

    /// Adds events, as [`TraceBuilder::push`] does, up to the first that is refused.
    pub fn extend(
        &mut self,
        events: impl ExactSizeIterator<Item = Event>,
    ) -> Result<(), TraceError> {
        self.trace.events.reserve(events.len());
        for event in events {
            self.push(event)?;
        }
        Ok(())
    }

    /// Adds an event by its parts.
    pub fn record(&mut self, at: Nanos, channel: Channel, value: Value) -> Result<(), TraceError> {
        self.push(Event { at, channel, value })
    }

    /// Closes the last step and the trace at `end`, up to which every event has been added.
    pub fn finish(mut self, end: Nanos) -> Result<Trace, TraceError> {
        let event = self.trace.events.last().map(|event| event.at);
        let step = self.trace.steps.last().map(|step| step.start);
        if let Some(last) = event.max(step)
            && end < last
        {
            return Err(TraceError::EndTooEarly { end, last });
        }
        if let Some(step) = self.trace.steps.last_mut() {
            step.end = end;
        }
        self.trace.end = end;
        Ok(self.trace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_no_run_can_have_recorded() {
        let mut builder = Trace::builder();
        builder
            .record(Nanos(5), Channel::Beeper, Value::Level(true))
            .unwrap();
        builder
            .record(Nanos(5), Channel::Beeper, Value::Level(false))
            .unwrap();
        let early = builder
            .record(Nanos(4), Channel::Power, Value::Level(true))
            .unwrap_err();
        let wrong = builder
            .record(Nanos(6), Channel::Supply, Value::Level(true))
            .unwrap_err();
        builder.begin_step("wait 1s", Nanos(3)).unwrap();
        let step = builder.begin_step("wait 2s", Nanos(2)).unwrap_err();
        let end = builder.finish(Nanos(4)).unwrap_err();
        insta::assert_snapshot!([early, wrong, step, end].map(|e| e.to_string()).join("\n"), @r"
        record power at 0.000000004s: it comes after an event at 0.000000005s
        record Level(true) on supply: it carries another kind of value
        begin step 2 at 0.000000002s: the step before it began at 0.000000003s
        end a trace at 0.000000004s: it reaches to 0.000000005s
        ");
    }
}
