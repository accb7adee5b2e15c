//! A bench for tests of what is around it: a lock that answers contacts and the pack by a script.

use std::collections::{BTreeMap, VecDeque};

use crate::bench::{Bench, BenchError, Capabilities, Capability, Observed, Supply};
use crate::lock::{Door, Jam, LockModel, Turn};
use crate::trace::{Channel, Contact, Event, Key, Nanos, Value};

/// What sets an answer off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cue {
    /// A contact closes while the pack is in.
    Closed(Contact),
    /// The pack goes in.
    Connected,
}

/// Milliseconds after the cue, channel, level.
pub(crate) type Answer = Vec<(u64, Channel, bool)>;

#[derive(Debug, Clone)]
pub(crate) struct Scripted {
    pub(crate) now: Nanos,
    pub(crate) can: Capabilities,
    /// The highest voltage that it gives.
    pub(crate) most: Option<u32>,
    pub(crate) script: Vec<(Cue, Answer)>,
    /// Calls in their order, for tests to look at.
    pub(crate) calls: Vec<String>,
    /// Fails at this time.
    pub(crate) breaks_at: Option<Nanos>,
    pub(crate) pack_in: bool,
    pending: VecDeque<Event>,
    levels: BTreeMap<Channel, Value>,
}

impl Scripted {
    pub(crate) fn new(script: Vec<(Cue, Answer)>) -> Scripted {
        let contacts = (0..10)
            .map(|digit| Contact::Key(Key::Digit(digit)))
            .chain([Contact::Lock, Contact::Program])
            .chain((1..=3).map(Contact::Switch));
        let mut can: Capabilities = contacts.map(Capability::Contact).collect();
        can.extend([Capability::Supply, Capability::Voltage, Capability::New]);
        Scripted {
            now: Nanos::ZERO,
            can,
            most: None,
            script,
            calls: Vec::new(),
            breaks_at: None,
            pack_in: false,
            pending: VecDeque::new(),
            levels: BTreeMap::new(),
        }
    }

    fn call(&mut self, what: String) {
        self.calls.push(format!("{} {what}", self.now));
    }

    fn now_event(&mut self, channel: Channel, value: Value) {
        self.pending.push_back(Event {
            at: self.now,
            channel,
            value,
        });
        self.pending.make_contiguous().sort_by_key(|event| event.at);
    }

    fn cue(&mut self, cue: Cue) {
        let answers = self.script.iter().filter(|(known, _)| *known == cue);
        for (ms, channel, level) in answers.flat_map(|(_, answer)| answer) {
            self.pending.push_back(Event {
                at: self.now + Nanos::from_millis(*ms),
                channel: *channel,
                value: Value::Level(*level),
            });
        }
        self.pending.make_contiguous().sort_by_key(|event| event.at);
    }
}

impl Bench for Scripted {
    fn model(&self) -> LockModel {
        LockModel::TenKey
    }

    fn capabilities(&self) -> Capabilities {
        self.can.clone()
    }

    fn most_volts(&self) -> Option<u32> {
        self.most
    }

    fn now(&self) -> Nanos {
        self.now
    }

    fn levels(&mut self) -> Result<Vec<(Channel, Value)>, BenchError> {
        Ok(self.levels.clone().into_iter().collect())
    }

    fn set(&mut self, contact: Contact, closed: bool) -> Result<(), BenchError> {
        self.now_event(Channel::Contact(contact), Value::Level(closed));
        self.call(format!("{contact} {}", if closed { "down" } else { "up" }));
        if closed && self.pack_in {
            self.cue(Cue::Closed(contact));
        }
        Ok(())
    }

    fn supply(&mut self, supply: Supply) -> Result<(), BenchError> {
        self.call(format!("supply {} mV", supply.millivolts));
        self.now_event(Channel::Supply, Value::Sample(supply.millivolts as i32));
        if !self.pack_in {
            self.pack_in = true;
            self.cue(Cue::Connected);
        }
        Ok(())
    }

    fn disconnect(&mut self) -> Result<(), BenchError> {
        self.call("disconnect".into());
        self.pack_in = false;
        Ok(())
    }

    fn turn_key(&mut self, turn: Turn) -> Result<(), BenchError> {
        self.call(format!("key {turn:?}"));
        Ok(())
    }

    fn jam(&mut self, jam: Jam) -> Result<(), BenchError> {
        self.call(format!("jam {jam:?}"));
        Ok(())
    }

    fn door(&mut self, door: Door) -> Result<(), BenchError> {
        self.call(format!("door {door:?}"));
        Ok(())
    }

    fn run_until(&mut self, until: Nanos) -> Result<Observed, BenchError> {
        if self.breaks_at.is_some_and(|at| at <= until) {
            return Err(BenchError::Unable(Capability::Supply));
        }
        self.now = until;
        let mut events = Vec::new();
        while let Some(event) = self.pending.pop_front_if(|event| event.at <= until) {
            self.levels.insert(event.channel, event.value);
            events.push(event);
        }
        Ok(Observed {
            events,
            complete_to: until,
            log: Vec::new(),
        })
    }

    fn make_safe(&mut self) -> Result<(), BenchError> {
        self.call("safe".into());
        self.pack_in = false;
        Ok(())
    }
}
