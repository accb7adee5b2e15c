//! The bolt: commands on their way to the motor, what became of them, and auto-lock.

use super::Lock;
use crate::battery::Charge;
use crate::contacts::Contact;
use crate::feedback::Cue;
use crate::handing::Bolt;
use crate::motion::{Command, Outcome, Report, Source};
use crate::state::Store;
use crate::time::{Moment, Span};

/// How long after an unlock the lock locks itself.
const AUTO_LOCK: Span = Span::seconds(30);

impl Lock {
    /// Has `command` carried out: now, or after the move that is under way.
    pub(super) fn command(&mut self, now: Moment, command: Command) {
        if self.motion.busy() {
            self.pending = Some(command);
            return;
        }
        let there = match command {
            Command::Unlock(_) => self.bolt() == Bolt::Retracted,
            Command::Lock(_) => self.bolt() == Bolt::Extended,
            Command::Hand => false,
        };
        if there {
            self.acknowledge(now, command);
            self.reached(now, command);
        } else {
            self.motion.begin(command);
        }
    }

    /// An end switch closed: the motor's doing, or somebody's with a key.
    pub(super) fn bolt_moved(&mut self, now: Moment) {
        if self.motion.busy() {
            return;
        }
        self.auto_lock = match self.bolt() {
            Bolt::Retracted => Some(now + AUTO_LOCK),
            Bolt::Between | Bolt::Extended => None,
        };
    }

    pub(super) fn advance_bolt(&mut self, now: Moment, store: &mut dyn Store) {
        if let Some(report) = self.motion.advance(now, self.bolt()) {
            self.reported(now, report, store);
        }
        if self.auto_lock.is_some_and(|due| now >= due) {
            self.auto_lock = None;
            if self.debounce.closed(Contact::SwitchAutoLock) && self.state.has_codes() {
                self.lock_itself(now);
            }
        }
    }

    fn lock_itself(&mut self, now: Moment) {
        match self.out_of_order() {
            Some(cue) => self.feedback.play(cue, now),
            None => self.command(now, Command::Lock(Source::AutoLock)),
        }
    }

    pub(super) fn reported(&mut self, now: Moment, report: Report, store: &mut dyn Store) {
        match report {
            Report::Started(command) => self.acknowledge(now, command),
            Report::Refused(Command::Hand) => self.handing_failed(now, store),
            Report::Refused(_) => self.feedback.play(Cue::LowBattery, now),
            Report::Ended(command, outcome) => {
                match (command, outcome) {
                    (_, Outcome::Reached) => self.reached(now, command),
                    (_, Outcome::Jammed) => self.feedback.play(Cue::Jam, now),
                    (_, Outcome::Handed { retracts }) => {
                        self.state.retracts = Some(retracts);
                        if self.save(now, store) {
                            self.feedback.play(Cue::HandingSucceeded, now);
                        }
                    }
                    (Command::Hand, Outcome::NotHanded) => self.handing_failed(now, store),
                    (_, Outcome::NotHanded) => self.feedback.play(Cue::NotHanded, now),
                }
                if self.battery.charge() != Charge::Good {
                    self.feedback.play_next(Cue::LowBattery, now);
                }
            }
        }
        if !self.motion.busy()
            && let Some(command) = self.pending.take()
            && self.out_of_order().is_none()
        {
            self.command(now, command);
        }
    }

    fn acknowledge(&mut self, now: Moment, command: Command) {
        match command {
            Command::Unlock(Source::Keypad(_)) | Command::Lock(Source::Keypad(_)) => {
                self.feedback.play(Cue::Accepted, now);
            }
            Command::Unlock(Source::AutoLock) | Command::Lock(Source::AutoLock) | Command::Hand => {
            }
        }
    }

    fn reached(&mut self, now: Moment, command: Command) {
        self.auto_lock = match command {
            Command::Unlock(_) => Some(now + AUTO_LOCK),
            Command::Lock(_) | Command::Hand => None,
        };
    }

    fn handing_failed(&mut self, now: Moment, store: &mut dyn Store) {
        let was_handed = self.state.retracts.take().is_some();
        if !was_handed || self.save(now, store) {
            self.feedback.play(Cue::HandingFailed, now);
        }
    }
}
