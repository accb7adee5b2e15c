//! What waits to be kept: nothing is written while the motor runs, and nothing is acknowledged
//! before it is written.

use super::Lock;
use crate::event::What;
use crate::feedback::Cue;
use crate::hub::{Heard, Kind, Refusal};
use crate::motor::Bridge;
use crate::programming::Change;
use crate::state::{Store, StoreError};
use crate::time::Moment;

/// A change of the state that isn't kept yet, and what is said when it is.
#[derive(Debug, Default)]
pub(super) struct Unkept {
    changed: bool,
    wipe: bool,
    cue: Option<Cue>,
    /// What was changed at the keypad, which the hub is told.
    change: Option<Change>,
    answer: Option<(Heard, Option<u8>)>,
    /// What came of it, until the next step says so.
    outcome: Option<Result<(), StoreError>>,
}

impl Unkept {
    /// The state changed; say `cue` when that is kept.
    pub(super) fn say(&mut self, cue: Cue) {
        self.changed = true;
        self.cue = Some(cue);
    }

    /// `change` was made at the keypad; acknowledge it and tell the hub when that is kept.
    pub(super) fn tell(&mut self, change: Change) {
        self.say(Cue::Accepted);
        self.change = Some(change);
    }

    /// The state changed; acknowledge the hub's request, with `arg`, when that is kept.
    pub(super) fn answer(&mut self, request: &Heard, arg: Option<u8>) {
        self.changed = true;
        self.answer = Some((*request, arg));
    }

    /// The hub's request will be acknowledged when its change is kept.
    pub(super) fn owe(&mut self, request: &Heard) {
        self.answer = Some((*request, None));
    }

    /// What is kept is illegible, and has to go before.
    pub(super) fn wipe(&mut self) {
        self.wipe = true;
    }

    /// Whether a request of the hub waits for its change to be kept.
    pub(super) fn owes_answer(&self) -> bool {
        self.answer.is_some()
    }
}

impl Lock {
    /// Writes what is due, one thing at a time; whether there is more to do at once.
    pub(super) fn keep(&mut self, now: Moment, store: &mut dyn Store) -> bool {
        if self.unkept.changed {
            if self.motion.bridge() != Bridge::Brake {
                return false;
            }
            if self.bridge == Bridge::Brake {
                self.unkept.changed = false;
                let wiped = match core::mem::take(&mut self.unkept.wipe) {
                    true => store.wipe(),
                    false => Ok(()),
                };
                self.unkept.outcome = Some(wiped.and_then(|()| store.save(&self.state)));
            }
            return true;
        }
        if self.is_quiet(now)
            && let Some(record) = self.events.unsaved()
        {
            // A log that can't be written is no reason not to open the door.
            let _kept = store.append(record);
            self.events.saved();
            return true;
        }
        false
    }

    /// Says what came of what was written in the step before.
    pub(super) fn acknowledge_kept(&mut self, now: Moment) {
        let Some(outcome) = self.unkept.outcome.take() else {
            return;
        };
        let cue = self.unkept.cue.take();
        let change = self.unkept.change.take();
        let answer = self.unkept.answer.take();
        match outcome {
            Ok(()) => {
                if let Some(cue) = cue {
                    self.feedback.play(cue, now);
                }
                if let Some(change) = change {
                    self.tell_change(change);
                }
                if let Some((request, arg)) = answer {
                    self.link.answer(&request, Kind::Ack, arg.as_slice());
                }
            }
            Err(StoreError) => {
                self.fault = true;
                self.note(now, What::Fault, [1, 0]);
                self.feedback.play(Cue::StorageFault, now);
                if let Some((request, _)) = answer {
                    self.refuse(&request, Refusal::StorageFault);
                }
            }
        }
    }

    /// Whether a write, and the page erase that it may need, would delay nothing.
    fn is_quiet(&self, now: Moment) -> bool {
        !self.motion.busy()
            && self.feedback.is_still(now)
            && self.debounce.deadline().is_none()
            && self.entry.is_empty()
            && self.programming.is_none()
            && now >= Moment::BOOT + super::BOOT_SETTLING
    }
}
