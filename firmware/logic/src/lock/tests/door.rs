//! A door to try the lock on: a mechanism that the motor moves, a pack that sags, contacts that
//! somebody presses, and storage that outlives the power.

use std::vec::Vec;

use crate::hub::Kind;
use crate::motion::Command;
use crate::motor::watcher::Watcher;
use crate::{
    BootReason, Bridge, Code, Contact, ContactSet, EventLog, Frame, Inputs, Kept, Light, Lock,
    Measured, Model, Moment, Outputs, Record, Span, State, Stop, Store, StoreError,
};

/// Storage in memory.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) kept: State,
    pub(super) illegible: bool,
    pub(super) writes: usize,
    pub(super) events: EventLog,
}

impl Store for Memory {
    fn save(&mut self, state: &State) -> Result<(), StoreError> {
        if self.illegible {
            return Err(StoreError);
        }
        self.kept = State::decode(&state.encode()).ok_or(StoreError)?;
        self.writes += 1;
        Ok(())
    }

    fn append(&mut self, event: Record) -> Result<(), StoreError> {
        self.events.restore(event);
        Ok(())
    }

    fn wipe(&mut self) -> Result<(), StoreError> {
        self.illegible = false;
        self.kept = State::default();
        Ok(())
    }
}

/// What the lock did, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Did {
    Keypad(Light),
    Status(Light),
    Beeper(bool),
    Motor(Bridge),
}

/// How the bolt is stopped short.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Jam {
    None,
    /// At this place of its way, 0 retracted to 1 extended, in either direction.
    At(f64),
    /// Nothing to move: the motor turns freely.
    Loose,
}

#[derive(Debug)]
pub(super) struct Door {
    pub(super) model: Model,
    pub(super) lock: Option<Lock>,
    pub(super) memory: Memory,
    pub(super) now: Moment,
    pub(super) log: Vec<(Moment, Did)>,
    pub(super) idle_millivolts: u16,
    pub(super) loaded_millivolts: u16,
    pub(super) jam: Jam,
    /// Which way the door is hung: the side of the bridge that retracts.
    pub(super) retracts: Bridge,
    /// 0 retracted, 1 extended.
    pub(super) place: f64,
    to_lock: Vec<u8>,
    /// Whether the hub is there and answers what it is told.
    pub(super) hub_answers: bool,
    pub(super) from_lock: Vec<(Moment, Vec<u8>)>,
    contacts: ContactSet,
    outputs: Outputs,
    /// Watches the motor while it runs.
    watcher: Option<Watcher>,
}

/// How finely the mechanism moves.
const GRAIN: Span = Span::millis(1);

impl Door {
    /// Without power, new, its bolt half way.
    pub(super) fn new(model: Model) -> Self {
        Self {
            model,
            lock: None,
            memory: Memory::default(),
            now: Moment::BOOT,
            log: Vec::new(),
            idle_millivolts: 6000,
            loaded_millivolts: 5600,
            jam: Jam::None,
            retracts: Bridge::Open,
            place: 0.5,
            to_lock: Vec::new(),
            hub_answers: true,
            from_lock: Vec::new(),
            contacts: ContactSet::NONE.with(Contact::SwitchAudio, true),
            outputs: Outputs::default(),
            watcher: None,
        }
    }

    /// Handed, with these codes in the first slots, extended and running for a second.
    pub(super) fn programmed(model: Model, codes: &[&[u8]]) -> Self {
        let mut door = Self::new(model);
        door.memory.kept.retracts = Some(Bridge::Open);
        for (slot, digits) in door.memory.kept.codes.iter_mut().zip(codes) {
            *slot = Code::new(model, digits);
        }
        door.place = 1.0;
        door.power();
        door.wait(1000);
        door.log.clear();
        door
    }

    /// The pack goes in.
    pub(super) fn power(&mut self) {
        self.boot(BootReason::PowerOn);
    }

    pub(super) fn boot(&mut self, reason: BootReason) {
        self.now = Moment::BOOT;
        self.outputs = Outputs::default();
        self.watcher = None;
        let kept = Kept {
            state: (!self.memory.illegible).then(|| self.memory.kept.clone()),
            events: self.memory.events.clone(),
        };
        self.lock = Some(Lock::new(self.model, reason, kept, self.wired()));
        self.run_to(Moment::BOOT);
    }

    /// The watchdog restarts the program.
    pub(super) fn restart(&mut self) {
        let lasting = self.lock.as_ref().map(|lock| lock.lasting(self.now));
        self.boot(BootReason::Watchdog);
        if let (Some(lock), Some(lasting)) = (&mut self.lock, lasting) {
            lock.resume(lasting);
        }
    }

    /// The pack comes out.
    pub(super) fn unplug(&mut self) {
        self.lock = None;
        self.outputs = Outputs::default();
        self.watcher = None;
    }

    pub(super) fn contact(&mut self, contact: Contact, closed: bool) {
        self.contacts = self.contacts.with(contact, closed);
        self.run_to(self.now);
    }

    /// A press of 100 ms, and 100 ms after it.
    pub(super) fn press(&mut self, contact: Contact) {
        self.contact(contact, true);
        self.wait(100);
        self.contact(contact, false);
        self.wait(100);
    }

    pub(super) fn digits(&mut self, digits: &[u8]) {
        for &digit in digits {
            let key = crate::code::key_of(self.model, digit);
            self.press(Contact::Digit(key));
        }
    }

    /// A code as its model wants it confirmed.
    pub(super) fn enter(&mut self, digits: &[u8]) {
        self.digits(digits);
        if self.model == Model::TenKey {
            self.press(Contact::Lock);
        }
    }

    pub(super) fn wait(&mut self, millis: u64) {
        self.run_to(self.now + Span::millis(millis));
    }

    /// What was done since the log was last read, as (milliseconds since `start`, what).
    pub(super) fn since(&mut self, start: Moment) -> Vec<(u64, Did)> {
        let log = core::mem::take(&mut self.log);
        log.into_iter()
            .map(|(at, did)| (at.since(start).as_micros() / 1000, did))
            .collect()
    }

    /// What was done since the log was last read, times aside.
    pub(super) fn did(&mut self) -> Vec<Did> {
        self.log.drain(..).map(|(_, did)| did).collect()
    }

    /// Motor commands since the log was last read.
    pub(super) fn motor(&mut self) -> Vec<Bridge> {
        self.log
            .drain(..)
            .filter_map(|(_, did)| match did {
                Did::Motor(bridge) => Some(bridge),
                _ => None,
            })
            .collect()
    }

    /// How often the keypad's light came on in this colour since the log was last read.
    pub(super) fn keypad_flashes(&mut self, colour: Light) -> usize {
        self.log
            .drain(..)
            .filter(|&(_, did)| did == Did::Keypad(colour))
            .count()
    }

    fn wired(&self) -> ContactSet {
        self.contacts
            .with(Contact::Retracted, self.place <= 0.0)
            .with(Contact::Extended, self.place >= 1.0)
    }

    fn run_to(&mut self, end: Moment) {
        loop {
            self.step();
            if self.now >= end {
                return;
            }
            let moving = self.outputs.bridge != Bridge::Brake;
            let mut next = end;
            if let Some(lock) = &self.lock
                && let Some(deadline) = lock.next_deadline(self.now)
            {
                assert!(deadline > self.now, "a deadline that has passed: {lock:?}");
                next = next.min(deadline);
            }
            if moving {
                next = next.min(self.now + GRAIN);
            }
            if let Some(watcher) = &self.watcher {
                next = next.min(watcher.next());
            }
            self.turn(next.since(self.now));
            self.now = next;
        }
    }

    /// One look of the board, and more while it has to measure or do more at once.
    fn step(&mut self) {
        let mut measured = None;
        let mut braked = self.braked();
        let received = core::mem::take(&mut self.to_lock);
        let mut received = received.as_slice();
        loop {
            let inputs = Inputs {
                contacts: self.wired(),
                received: core::mem::take(&mut received),
                measured: measured.take(),
                braked: braked.take(),
                ..Inputs::default()
            };
            let Some(lock) = &mut self.lock else {
                return;
            };
            let outputs = lock.step(self.now, inputs, &mut self.memory);
            while let Some(frame) = lock.next_frame() {
                let bytes = frame.bytes();
                self.from_lock.push((self.now, bytes.to_vec()));
                if self.hub_answers && bytes[3] == Kind::Request as u8 {
                    let answer = Frame::new(bytes[2], Kind::Ack, bytes[4], &[]);
                    self.to_lock.extend_from_slice(answer.bytes());
                }
            }
            if self.outputs.bridge == Bridge::Brake && outputs.bridge != Bridge::Brake {
                let handing = lock.motion.command() == Some(Command::Hand);
                assert!(!self.memory.illegible, "a run in storage fault");
                assert!(
                    self.memory.kept.handed() || handing,
                    "a run while not handed"
                );
                assert!(self.idle_millivolts > 4500, "a run on an empty pack");
            }
            self.record(outputs);
            if outputs.again {
                continue;
            }
            if !outputs.measure {
                return;
            }
            assert_eq!(outputs.bridge, Bridge::Brake, "a sample while it runs");
            measured = Some(self.measure());
        }
    }

    /// Bytes from the hub, and the answers that come back at once.
    pub(super) fn hub(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.to_lock.extend_from_slice(bytes);
        self.run_to(self.now);
        let asks = |(_, frame): &(Moment, Vec<u8>)| frame[3] == Kind::Request as u8;
        let (asked, answers) = self.from_lock.drain(..).partition(asks);
        self.from_lock = asked;
        answers.into_iter().map(|(_, frame)| frame).collect()
    }

    /// Frames that the lock sent since they were last asked for.
    pub(super) fn frames(&mut self) -> Vec<Vec<u8>> {
        self.from_lock.drain(..).map(|(_, frame)| frame).collect()
    }

    fn record(&mut self, outputs: Outputs) {
        let before = core::mem::replace(&mut self.outputs, outputs);
        if before.bridge != outputs.bridge {
            let runs = outputs.bridge != Bridge::Brake;
            self.watcher = runs.then(|| Watcher::new(self.now));
        }
        let mut note = |did| self.log.push((self.now, did));
        if before.keypad != outputs.keypad {
            note(Did::Keypad(outputs.keypad));
        }
        if before.status != outputs.status {
            note(Did::Status(outputs.status));
        }
        if before.beeper != outputs.beeper {
            note(Did::Beeper(outputs.beeper));
        }
        if before.bridge != outputs.bridge {
            note(Did::Motor(outputs.bridge));
        }
    }

    /// Has the running motor watched.
    fn braked(&mut self) -> Option<Stop> {
        let mut watcher = self.watcher.take()?;
        watcher.look(self.now, || self.measure());
        let stop = watcher.stopped(self.now);
        self.watcher = Some(watcher);
        stop
    }

    fn measure(&self) -> Measured {
        if self.outputs.bridge == Bridge::Brake {
            return Measured {
                pack: self.idle_millivolts,
                motor: 0,
            };
        }
        Measured {
            pack: self.loaded_millivolts,
            motor: if self.stalled() { 800 } else { 150 },
        }
    }

    fn way(&self) -> f64 {
        match self.outputs.bridge {
            Bridge::Brake => 0.0,
            bridge if bridge == self.retracts => -1.0,
            _ => 1.0,
        }
    }

    fn stalled(&self) -> bool {
        let way = self.way();
        match self.jam {
            Jam::Loose => false,
            Jam::At(place) if way > 0.0 && self.place >= place => true,
            Jam::At(_) | Jam::None => {
                (way > 0.0 && self.place >= 1.0) || (way < 0.0 && self.place <= 0.0)
            }
        }
    }

    fn turn(&mut self, span: Span) {
        if self.jam == Jam::Loose || self.stalled() {
            return;
        }
        let most = match self.jam {
            Jam::At(place) if self.way() > 0.0 => place,
            _ => 1.0,
        };
        let moved = self.way() * span.as_micros() as f64 / 1e6;
        if moved != 0.0 {
            self.place = (self.place + moved).clamp(0.0, most.max(self.place));
        }
    }
}
