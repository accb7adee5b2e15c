//! The keypad: codes, the lock button, and programming once Program has begun it.

use super::Lock;
use crate::Model;
use crate::feedback::Cue;
use crate::motion::{Command, Source};
use crate::programming::{Change, Progress};
use crate::state::Store;
use crate::time::{Moment, earliest};

impl Lock {
    pub(super) fn digit(&mut self, now: Moment, digit: u8) {
        if self.lockout.active(now) {
            return;
        }
        self.feedback.click(now);
        if let Some(programming) = &mut self.programming {
            programming.digit(now, digit);
            return;
        }
        self.entry.push(now, digit);
        if self.model == Model::FiveKey {
            let matching = self.entry.code(self.model);
            let known = matching.and_then(|code| self.state.slot_of(&code));
            if known.is_some() || self.entry.is_full() {
                self.entered(now);
            }
        }
    }

    pub(super) fn lock_key(&mut self, now: Moment, store: &mut dyn Store) {
        if self.lockout.active(now) {
            return;
        }
        self.feedback.click(now);
        if let Some(programming) = &mut self.programming {
            let progress = programming.lock(now, self.model, &self.state);
            self.progressed(now, progress, store);
        } else if !self.entry.is_empty() {
            self.entered(now);
        } else if let Some(cue) = self.out_of_order() {
            self.feedback.play(cue, now);
        } else if self.state.has_codes() {
            self.command(now, Command::Lock(Source::Keypad(0)));
        } else {
            self.feedback.play(Cue::Refused, now);
        }
    }

    /// The entry is complete.
    fn entered(&mut self, now: Moment) {
        let code = self.entry.code(self.model);
        self.entry.clear();
        if let Some(cue) = self.out_of_order() {
            self.feedback.play(cue, now);
            return;
        }
        match code.and_then(|code| self.state.slot_of(&code)) {
            Some(slot) => {
                self.lockout.clear();
                self.command(now, Command::Unlock(Source::Keypad(slot)));
            }
            None if self.lockout.count(now) => self.feedback.play(Cue::LockedOut, now),
            None => self.feedback.play(Cue::Refused, now),
        }
    }

    /// What the lock says to any use, when it can't be used.
    pub(super) fn out_of_order(&self) -> Option<Cue> {
        if self.fault {
            Some(Cue::StorageFault)
        } else if !self.state.handed() {
            Some(Cue::NotHanded)
        } else {
            None
        }
    }

    pub(super) fn advance_keypad(&mut self, now: Moment) {
        if self.entry.deadline().is_some_and(|due| now >= due) {
            self.entry.clear();
            let cue = self.out_of_order().unwrap_or(Cue::Refused);
            self.feedback.play(cue, now);
        }
        if let Some(programming) = &mut self.programming {
            match programming.advance(now) {
                Progress::Accepted => self.feedback.play(Cue::Accepted, now),
                Progress::Failed(_) => {
                    self.programming = None;
                    self.feedback.play(Cue::Refused, now);
                }
                Progress::Waiting | Progress::Done(_) => {}
            }
        }
    }

    pub(super) fn keypad_deadline(&self) -> Option<Moment> {
        earliest([
            self.entry.deadline(),
            self.programming
                .as_ref()
                .map(|programming| programming.deadline()),
        ])
    }

    fn progressed(&mut self, now: Moment, progress: Progress, store: &mut dyn Store) {
        match progress {
            Progress::Waiting => {}
            Progress::Accepted => self.feedback.play(Cue::Accepted, now),
            Progress::Failed(_) => {
                self.programming = None;
                self.feedback.play(Cue::Refused, now);
            }
            Progress::Done(change) => {
                self.programming = None;
                self.change(change);
                if self.save(now, store) {
                    self.feedback.play(Cue::Accepted, now);
                }
            }
        }
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Set(slot, code) => self.put(slot, Some(code)),
            Change::Delete(slot) => self.put(slot, None),
            Change::DeleteAll => self.state.codes.fill(None),
            Change::Master(code) => self.state.master = code,
        }
        if !self.state.has_codes() {
            self.auto_lock = None;
        }
    }

    fn put(&mut self, slot: u8, code: Option<crate::Code>) {
        let place = usize::from(slot).checked_sub(1);
        if let Some(kept) = place.and_then(|place| self.state.codes.get_mut(place)) {
            *kept = code;
        }
    }
}
