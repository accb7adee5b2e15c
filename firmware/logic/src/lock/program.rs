//! The Program button: the two power-on procedures, and the start of programming.

use super::{BootReason, Lock};
use crate::feedback::Cue;
use crate::gesture::{Gesture, Step};
use crate::motion::Command;
use crate::programming::Programming;
use crate::state::{State, Store};
use crate::time::Moment;

impl Lock {
    /// Program is found pressed: a procedure begins when power has just come, not after a reset.
    pub(super) fn program_held_at_boot(&mut self) {
        if self.reason == BootReason::PowerOn {
            self.gesture = Gesture::Held;
        }
    }

    pub(super) fn program_pressed(&mut self, now: Moment, store: &mut dyn Store) {
        match self.gesture.press() {
            Some(step) => self.procedure(now, step, store),
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

    pub(super) fn advance_gesture(&mut self, now: Moment, store: &mut dyn Store) {
        if let Some(step) = self.gesture.advance(now) {
            self.procedure(now, step, store);
        }
    }

    fn procedure(&mut self, now: Moment, step: Step, store: &mut dyn Store) {
        match step {
            Step::ArmHanding => self.feedback.play(Cue::HandingArmed, now),
            Step::ArmReset => self.feedback.play(Cue::ResetArmed, now),
            Step::Hand if self.fault => self.feedback.play(Cue::StorageFault, now),
            Step::Hand => self.command(now, Command::Hand),
            Step::Reset => self.reset(now, store),
        }
    }

    fn reset(&mut self, now: Moment, store: &mut dyn Store) {
        if self.fault && store.wipe().is_err() {
            self.feedback.play(Cue::StorageFault, now);
            return;
        }
        self.state = State::default();
        self.fault = false;
        self.entry.clear();
        self.programming = None;
        self.lockout = Default::default();
        self.pending = None;
        self.auto_lock = None;
        if self.save(now, store) {
            self.feedback.play(Cue::ResetDone, now);
        }
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
