//! The lock: what comes in is shown to every part in turn, and what they make of it comes out.

mod bolt;
mod hub;
mod idle;
mod keypad;
mod program;
mod resume;
mod storage;

pub use resume::Lasting;

use crate::Model;
use crate::battery::Battery;
use crate::contacts::{Contact, ContactSet};
use crate::debounce::{Debounce, Edge};
use crate::entry::Entry;
use crate::event::{EventLog, What};
use crate::feedback::{Feedback, Light};
use crate::gesture::Gesture;
use crate::handing::Bolt;
use crate::hub::{Clock, Frame, Heard, Link, Parser};
use crate::lockout::Lockout;
use crate::motion::{Command, Motion};
use crate::motor::{Bridge, Measured, Stop};
use crate::programming::Programming;
use crate::state::{State, Store};
use crate::time::{Moment, Span, earliest};

/// Why the program started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootReason {
    /// Power came.
    PowerOn,
    /// The watchdog bit.
    Watchdog,
    /// The program asked for it, after a panic.
    Software,
    /// A debugger, a pin, or a locked-up core.
    Other,
}

/// The contacts as they were at a time.
pub type Glimpse = (Moment, ContactSet);

/// What the board tells the lock at every step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Inputs<'a> {
    /// The contacts as they are wired now, bounces and all.
    pub contacts: ContactSet,
    /// The contacts as they were since the last step, the oldest first, where that took long.
    pub glimpses: &'a [Glimpse],
    /// Bytes that the hub sent.
    pub received: &'a [u8],
    /// What [`Outputs::measure`] asked for.
    pub measured: Option<Measured>,
    /// Why the board has braked the motor that ought to run, as [`crate::WATCH`] has it.
    pub braked: Option<Stop>,
}

/// What the board has to do until the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outputs {
    /// The LED inside.
    pub status: Light,
    /// The LED outside.
    pub keypad: Light,
    /// Whether the beeper sounds.
    pub beeper: bool,
    /// The motor's bridge.
    pub bridge: Bridge,
    /// Measure now, and step with what was measured. Never while the motor runs.
    pub measure: bool,
    /// Do all this and step again at once: what follows must not delay it.
    pub again: bool,
}

/// What the storage held at boot.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The state, a new lock's where there never was one; `None` when it fails its checksum.
    pub state: Option<State>,
    /// The event log.
    pub events: EventLog,
}

/// Contacts that settle this soon after power-on were so before it.
const BOOT_SETTLING: Span = Span::millis(100);

/// The lock.
#[derive(Debug)]
pub struct Lock {
    model: Model,
    reason: BootReason,
    state: State,
    /// The storage is illegible, or failed.
    fault: bool,
    unkept: storage::Unkept,
    events: EventLog,
    debounce: Debounce,
    feedback: Feedback,
    entry: Entry,
    lockout: Lockout,
    programming: Option<Programming>,
    gesture: Gesture,
    motion: Motion,
    /// The bridge as the board has it.
    bridge: Bridge,
    /// What follows the move that is under way.
    pending: Option<Command>,
    /// The command under way waited for a move that jammed.
    after_jam: bool,
    battery: Battery,
    /// Where the bolt was in the step before.
    bolt_was: Bolt,
    auto_lock: Option<Moment>,
    idle: idle::Blink,
    link: Link,
    parser: Parser,
    clock: Option<Clock>,
    /// The hub's question for the pack's volts, until they are measured.
    battery_asked: Option<Heard>,
    /// What the next question for the bolt is answered with, where that isn't where it is.
    bolt_before: Option<Bolt>,
    /// Until when a hello pairs.
    pairing: Option<Moment>,
}

impl Lock {
    /// A lock that has just booted for `reason`, with what its storage held and its contacts as
    /// they are wired then.
    pub fn new(model: Model, reason: BootReason, kept: Kept, contacts: ContactSet) -> Self {
        let mut lock = Self {
            model,
            reason,
            fault: kept.state.is_none(),
            state: kept.state.unwrap_or_default(),
            unkept: storage::Unkept::default(),
            events: kept.events,
            debounce: Debounce::new(contacts),
            feedback: Feedback::new(),
            entry: Entry::default(),
            lockout: Lockout::default(),
            programming: None,
            gesture: Gesture::None,
            motion: Motion::new(),
            bridge: Bridge::Brake,
            pending: None,
            after_jam: false,
            battery: Battery::default(),
            bolt_was: Bolt::Between,
            auto_lock: None,
            idle: idle::Blink::default(),
            link: Link::default(),
            parser: Parser::default(),
            clock: None,
            battery_asked: None,
            bolt_before: None,
            pairing: None,
        };
        lock.note(Moment::BOOT, What::Boot, [reason as u8, 0]);
        if lock.fault {
            lock.note(Moment::BOOT, What::Fault, [0, 0]);
        }
        lock
    }

    /// Takes what the board sees at `now`, and says what it has to do. `now` never goes back.
    pub fn step(&mut self, now: Moment, inputs: Inputs, store: &mut dyn Store) -> Outputs {
        self.acknowledge_kept(now);
        for &(at, contacts) in inputs.glimpses {
            self.look(now, at, contacts);
        }
        self.look(now, now, inputs.contacts);
        self.watch_bolt(now);
        if let Some(measured) = inputs.measured {
            self.measured(now, measured);
        }
        if let Some(stop) = inputs.braked {
            self.motor_braked(now, stop);
        }
        for &byte in inputs.received {
            if let Some(heard) = self.parser.push(now, byte) {
                self.heard(now, &heard);
            }
        }
        self.advance_gesture(now);
        self.advance_keypad(now);
        self.advance_bolt(now);
        self.advance_idle(now);
        self.link.advance(now);
        self.feedback.advance(now);
        let again = self.keep(now, store);
        self.bridge = self.motion.bridge();
        let stands = self.bridge == Bridge::Brake;
        if !stands {
            self.answer_battery();
        }
        Outputs {
            status: self.feedback.status(),
            keypad: self.feedback.keypad(),
            beeper: self.audible() && self.feedback.beeper(now),
            bridge: self.bridge,
            measure: stands
                && (self.idle.wants_sample()
                    || self.battery_asked.is_some()
                    || self.motion.wants_sample(now)),
            again,
        }
    }

    /// When [`Lock::step`] has to be called next, should nothing come in before.
    pub fn next_deadline(&self, now: Moment) -> Option<Moment> {
        earliest([
            self.debounce.deadline(),
            self.feedback.deadline(now),
            self.gesture.deadline(),
            self.keypad_deadline(),
            self.motion.deadline(),
            self.auto_lock,
            self.idle.deadline(),
            self.link.deadline(),
        ])
    }

    /// The next frame to send to the hub, if there is one.
    pub fn next_frame(&mut self) -> Option<Frame> {
        self.link.next_frame()
    }

    /// Takes the contacts as they were at `at`.
    fn look(&mut self, now: Moment, at: Moment, contacts: ContactSet) {
        self.debounce.observe(at, contacts);
        while let Some(edge) = self.debounce.next_edge(at) {
            self.edge(now, edge);
        }
    }

    fn edge(&mut self, now: Moment, edge: Edge) {
        let Edge {
            contact,
            closed,
            at,
        } = edge;
        let since_boot = at <= Moment::BOOT + BOOT_SETTLING;
        match (contact, closed) {
            // Held since before there was power, a key isn't pressed.
            (Contact::Digit(_) | Contact::Lock | Contact::Hub, true) if since_boot => {}
            (Contact::Digit(digit), true) => self.digit(now, digit),
            (Contact::Lock, true) => self.lock_key(now),
            (Contact::Program, true) => {
                if since_boot {
                    self.program_held_at_boot();
                } else {
                    self.program_pressed(now);
                }
            }
            (Contact::Program, false) => self.program_released(now),
            (Contact::Hub, true) => self.hub_button(now),
            (Contact::SwitchStatus, on) => self.idle.switch(now, on),
            _ => {}
        }
    }

    fn measured(&mut self, now: Moment, measured: Measured) {
        let charge = self.battery.charge();
        let blinks = self.idle.take_sample();
        if self.motion.busy() {
            self.motor_measured(now, measured);
        } else {
            self.battery.idle(measured.pack);
            if blinks {
                self.blink(now);
            }
        }
        self.answer_battery();
        self.tell_charge(now, charge);
    }

    fn note(&mut self, now: Moment, what: What, about: [u8; 2]) {
        self.events.note(now, what, about);
    }

    fn audible(&self) -> bool {
        self.debounce.closed(Contact::SwitchAudio)
    }

    fn bolt(&self) -> Bolt {
        let retracted = self.debounce.closed(Contact::Retracted);
        let extended = self.debounce.closed(Contact::Extended);
        match (retracted, extended) {
            (true, false) => Bolt::Retracted,
            (false, true) => Bolt::Extended,
            _ => Bolt::Between,
        }
    }
}

#[cfg(test)]
mod tests;
