//! The keypad: codes, the lock button, and programming once Program has begun it.

use super::Lock;
use crate::Model;
use crate::code::Code;
use crate::event::What;
use crate::feedback::Cue;
use crate::hub::Alarm;
use crate::motion::{Command, Source};
use crate::programming::{Change, Failure, Progress};
use crate::time::{Moment, earliest};

/// What became of an entry, in the event log.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
enum Entered {
    Valid = 1,
    Wrong = 2,
    LockedOut = 3,
    TimedOut = 4,
    OutOfOrder = 5,
}

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

    pub(super) fn lock_key(&mut self, now: Moment) {
        if self.lockout.active(now) {
            return;
        }
        self.feedback.click(now);
        if let Some(programming) = &mut self.programming {
            let progress = programming.lock(now, self.model, &self.state);
            self.progressed(now, progress);
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
            self.note(now, What::Entry, [Entered::OutOfOrder as u8, 0]);
            return;
        }
        match code.and_then(|code| self.state.slot_of(&code)) {
            Some(slot) => {
                self.lockout.clear();
                self.note(now, What::Entry, [Entered::Valid as u8, slot]);
                self.command(now, Command::Unlock(Source::Keypad(slot)));
            }
            None if self.lockout.count(now) => {
                self.feedback.play(Cue::LockedOut, now);
                self.note(now, What::Entry, [Entered::LockedOut as u8, 0]);
                self.alarm(Alarm::WrongCodes, 1);
            }
            None => {
                self.feedback.play(Cue::Refused, now);
                self.note(now, What::Entry, [Entered::Wrong as u8, 0]);
            }
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
            self.note(now, What::Entry, [Entered::TimedOut as u8, 0]);
        }
        if let Some(programming) = &mut self.programming {
            let progress = programming.advance(now);
            self.progressed(now, progress);
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

    fn progressed(&mut self, now: Moment, progress: Progress) {
        match progress {
            Progress::Waiting => {}
            Progress::Accepted => self.feedback.play(Cue::Accepted, now),
            Progress::Failed(failure) => {
                self.programming = None;
                self.feedback.play(Cue::Refused, now);
                self.note(now, What::Programming, [0x80 | failure as u8, 0]);
                if failure == Failure::Duplicate {
                    self.alarm(Alarm::Duplicate, 1);
                }
            }
            Progress::Done(change) => {
                self.programming = None;
                self.change(change);
                let (kind, slot) = match change {
                    Change::Set(slot, _) => (1, slot),
                    Change::Delete(slot) => (2, slot),
                    Change::DeleteAll => (3, 0),
                    Change::Master(Some(_)) => (4, 0),
                    Change::Master(None) => (5, 0),
                };
                self.note(now, What::Programming, [kind, slot]);
                self.unkept.tell(change);
            }
        }
    }

    pub(super) fn change(&mut self, change: Change) {
        match change {
            Change::Set(slot, code) => self.put(slot, Some(code)),
            Change::Delete(slot) => self.put(slot, None),
            Change::DeleteAll => self.state.codes.fill(None),
            Change::Master(code) => self.state.master = code,
        }
    }

    fn put(&mut self, slot: u8, code: Option<Code>) {
        let place = usize::from(slot).checked_sub(1);
        if let Some(kept) = place.and_then(|place| self.state.codes.get_mut(place)) {
            *kept = code;
        }
    }
}
