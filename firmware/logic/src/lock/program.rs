//! The Program button: the two power-on procedures, and the start of programming.

use super::{BootReason, Lock};
use crate::event::What;
use crate::feedback::Cue;
use crate::gesture::{Gesture, Step};
use crate::lockout::Lockout;
use crate::motion::Command;
use crate::programming::Programming;
use crate::state::State;
use crate::time::Moment;

impl Lock {
    /// Program is found pressed: a procedure begins when power has just come, not after a reset.
    pub(super) fn program_held_at_boot(&mut self) {
        if self.reason == BootReason::PowerOn {
            self.gesture = Gesture::Held;
        }
    }

    pub(super) fn program_pressed(&mut self, now: Moment) {
        match self.gesture.press() {
            Some(step) => self.procedure(now, step),
            None => self.begin_programming(now),
        }
    }

    pub(super) fn program_released(&mut self, now: Moment) {
        if let Some(programming) = &mut self.programming {
            programming.program_released(now);
        }
        if self.gesture.release(now) == Some(Step::ArmHanding) {
            self.feedback.play(Cue::HandingArmed, now);
        }
    }

    pub(super) fn advance_gesture(&mut self, now: Moment) {
        if let Some(step) = self.gesture.advance(now) {
            self.procedure(now, step);
        }
    }

    fn procedure(&mut self, now: Moment, step: Step) {
        match step {
            Step::ArmHanding => self.feedback.play(Cue::HandingArmed, now),
            Step::ArmReset => self.feedback.play(Cue::ResetArmed, now),
            Step::Hand if self.fault => self.feedback.play(Cue::StorageFault, now),
            Step::Hand => self.command(now, Command::Hand),
            Step::Reset => self.reset(now),
        }
    }

    fn reset(&mut self, now: Moment) {
        if self.fault {
            self.unkept.wipe();
        }
        self.state = State::default();
        self.fault = false;
        self.entry.clear();
        self.programming = None;
        self.lockout = Lockout::default();
        self.pending = None;
        self.auto_lock = None;
        self.link.forget();
        self.pairing = None;
        self.clock = None;
        self.unkept.say(Cue::ResetDone);
        self.note(now, What::Reset, [0, 0]);
    }

    fn begin_programming(&mut self, now: Moment) {
        if self.lockout.active(now) {
            return;
        }
        self.feedback.click(now);
        if self.fault {
            self.feedback.play(Cue::StorageFault, now);
            return;
        }
        self.entry.clear();
        match &mut self.programming {
            Some(programming) => programming.program(now, self.model),
            None => self.programming = Some(Programming::begin(now)),
        }
    }
}
