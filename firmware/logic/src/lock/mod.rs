//! The lock: what comes in is shown to every part in turn, and what they make of it comes out.

mod bolt;
mod keypad;
mod program;

use crate::Model;
use crate::battery::Battery;
use crate::contacts::{Contact, ContactSet};
use crate::debounce::{Debounce, Edge};
use crate::entry::Entry;
use crate::feedback::{Cue, Feedback, Light};
use crate::gesture::Gesture;
use crate::handing::Bolt;
use crate::lockout::Lockout;
use crate::motion::{Command, Motion};
use crate::motor::{Bridge, Measured};
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

/// What the board tells the lock at every step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Inputs {
    /// The contacts as they are wired now, bounces and all.
    pub contacts: ContactSet,
    /// What [`Outputs::measure`] asked for.
    pub measured: Option<Measured>,
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
    /// Measure now, and step with what was measured.
    pub measure: bool,
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
    debounce: Debounce,
    feedback: Feedback,
    entry: Entry,
    lockout: Lockout,
    programming: Option<Programming>,
    gesture: Gesture,
    motion: Motion,
    /// What follows the move that is under way.
    pending: Option<Command>,
    battery: Battery,
    auto_lock: Option<Moment>,
    /// When the status LED blinks next, while switch 1 is on.
    blink: Option<Moment>,
    /// The blink waits for the pack's volts.
    blinking: bool,
}

impl Lock {
    /// A lock that has just booted for `reason`, with what its storage held (`None` when that
    /// fails its checksum) and its contacts as they are wired then.
    pub fn new(
        model: Model,
        reason: BootReason,
        loaded: Option<State>,
        contacts: ContactSet,
    ) -> Self {
        let fault = loaded.is_none();
        let state = loaded.unwrap_or_default();
        Self {
            model,
            reason,
            state,
            fault,
            debounce: Debounce::new(contacts),
            feedback: Feedback::new(),
            entry: Entry::default(),
            lockout: Lockout::default(),
            programming: None,
            gesture: Gesture::None,
            motion: Motion::new(),
            pending: None,
            battery: Battery::default(),
            auto_lock: None,
            blink: None,
            blinking: false,
        }
    }

    /// Takes what the board sees at `now`, and says what it has to do. `now` never goes back.
    pub fn step(&mut self, now: Moment, inputs: Inputs, store: &mut dyn Store) -> Outputs {
        self.debounce.observe(now, inputs.contacts);
        while let Some(edge) = self.debounce.next_edge(now) {
            self.edge(now, edge, store);
        }
        if let Some(measured) = inputs.measured {
            self.measured(now, measured, store);
        }
        self.advance_gesture(now, store);
        self.advance_keypad(now);
        self.advance_bolt(now, store);
        self.advance_blink(now);
        self.feedback.advance(now);
        Outputs {
            status: self.feedback.status(now),
            keypad: self.feedback.keypad(now),
            beeper: self.audible() && self.feedback.beeper(now),
            bridge: self.motion.bridge(),
            measure: self.blinking || self.motion.wants_sample(now),
        }
    }

    /// When [`Lock::step`] has to be called next, should no contact change before.
    pub fn next_deadline(&self, now: Moment) -> Option<Moment> {
        earliest([
            self.debounce.deadline(),
            self.feedback.deadline(now),
            self.gesture.deadline(),
            self.keypad_deadline(),
            self.motion.deadline(),
            self.auto_lock,
            self.blink,
        ])
    }

    fn edge(&mut self, now: Moment, edge: Edge, store: &mut dyn Store) {
        let Edge {
            contact,
            closed,
            at,
        } = edge;
        let since_boot = at <= Moment::BOOT + BOOT_SETTLING;
        match (contact, closed) {
            (Contact::Digit(digit), true) => self.digit(now, digit),
            (Contact::Lock, true) => self.lock_key(now, store),
            (Contact::Program, true) => {
                if since_boot {
                    self.program_held_at_boot();
                } else {
                    self.program_pressed(now, store);
                }
            }
            (Contact::Program, false) => self.program_released(now),
            (Contact::Retracted | Contact::Extended, true) if !since_boot => self.bolt_moved(now),
            (Contact::SwitchStatus, on) => self.blink = on.then(|| now + BLINK_EVERY),
            _ => {}
        }
    }

    fn measured(&mut self, now: Moment, measured: Measured, store: &mut dyn Store) {
        if self.blinking {
            self.blinking = false;
            if !self.motion.busy() {
                self.battery.idle(measured.pack);
                let colour = self.idle_colour();
                self.feedback.play(Cue::Idle(colour), now);
                return;
            }
        }
        let bolt = self.bolt();
        let retracts = self.state.retracts;
        let report = self
            .motion
            .measured(now, measured, &mut self.battery, retracts, bolt);
        if let Some(report) = report {
            self.reported(now, report, store);
        }
    }

    fn advance_blink(&mut self, now: Moment) {
        if self.blink.is_some_and(|due| now >= due) {
            self.blink = self.blink.map(|due| due + BLINK_EVERY);
            self.blinking = self.is_idle();
        }
    }

    fn idle_colour(&self) -> Light {
        use crate::battery::Charge;
        if self.battery.charge() != Charge::Good {
            Light::Red
        } else if self.bolt() == Bolt::Extended {
            Light::Amber
        } else {
            Light::Green
        }
    }

    /// Whether the lock has nothing to say or do.
    fn is_idle(&self) -> bool {
        !self.feedback.status_busy()
            && !self.motion.busy()
            && self.gesture == Gesture::None
            && self.programming.is_none()
            && self.entry.is_empty()
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

    /// Keeps the state; whether it is kept. When not, the lock is in storage fault from now on.
    fn save(&mut self, now: Moment, store: &mut dyn Store) -> bool {
        let saved = store.save(&self.state).is_ok();
        if !saved {
            self.fault = true;
            self.feedback.play(Cue::StorageFault, now);
        }
        saved
    }
}

/// How often the idle lock blinks.
const BLINK_EVERY: Span = Span::seconds(6);

#[cfg(test)]
mod tests;
