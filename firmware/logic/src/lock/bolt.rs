//! The bolt: commands on their way to the motor, what became of them, and auto-lock.

use super::{BOOT_SETTLING, Lock};
use crate::battery::Charge;
use crate::contacts::Contact;
use crate::event::What;
use crate::feedback::Cue;
use crate::field;
use crate::handing::Bolt;
use crate::hub::Alarm;
use crate::motion::{Command, Outcome, Report, Source};
use crate::motor::{Measured, Stop};
use crate::time::{Moment, Span};

/// How long after an unlock the lock locks itself.
pub(super) const AUTO_LOCK: Span = Span::seconds(30);

impl Lock {
    /// Has `command` carried out: now, or after the move that is under way.
    pub(super) fn command(&mut self, now: Moment, command: Command) {
        if self.motion.busy() {
            self.pending = Some(command);
            return;
        }
        self.after_jam = false;
        self.carry_out(now, command);
    }

    fn carry_out(&mut self, now: Moment, command: Command) {
        let there = match command {
            Command::Unlock(_) => self.bolt() == Bolt::Retracted,
            Command::Lock(_) => self.bolt() == Bolt::Extended,
            Command::Hand => false,
        };
        if there {
            self.acknowledge(now, command);
            self.reached(now, command);
        } else {
            // What isn't a lock ends the wait for one: it counts anew from where that ends.
            if !matches!(command, Command::Lock(_)) {
                self.auto_lock = None;
            }
            self.motion.begin(command);
        }
    }

    /// Follows the bolt: what moves it while the motor stands is somebody with a key.
    pub(super) fn watch_bolt(&mut self, now: Moment) {
        let bolt = self.bolt();
        let moved = bolt != core::mem::replace(&mut self.bolt_was, bolt);
        if !moved || self.motion.busy() || now <= Moment::BOOT + BOOT_SETTLING {
            return;
        }
        match bolt {
            Bolt::Retracted => {
                self.auto_lock = Some(now + AUTO_LOCK);
                self.tell_state(None, false);
            }
            Bolt::Extended => {
                self.auto_lock = None;
                self.tell_state(None, true);
            }
            Bolt::Between => {}
        }
    }

    pub(super) fn advance_bolt(&mut self, now: Moment) {
        if let Some(report) = self.motion.advance(now, self.bolt()) {
            self.reported(now, report);
        }
        if self.auto_lock.is_some_and(|due| now >= due) {
            // A move that was asked for comes first; should it jam, there is a later time.
            let busy = self.motion.busy();
            self.auto_lock = busy.then(|| now + AUTO_LOCK);
            let wanted = self.debounce.closed(Contact::SwitchAutoLock) || field::RELOCKS;
            let open = self.bolt() != Bolt::Extended;
            if wanted && open && !busy && self.state.has_codes() {
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

    pub(super) fn motor_measured(&mut self, now: Moment, measured: Measured) {
        let (retracts, battery) = (self.state.retracts, &mut self.battery);
        if let Some(report) = self.motion.measured(now, measured, battery, retracts) {
            self.reported(now, report);
        }
    }

    /// The board has braked the motor.
    pub(super) fn motor_braked(&mut self, now: Moment, stop: Stop) {
        let charge = self.battery.charge();
        let bolt = self.bolt();
        if let Some(report) = self.motion.braked(now, stop, &mut self.battery, bolt) {
            self.reported(now, report);
        }
        self.tell_charge(now, charge);
    }

    fn reported(&mut self, now: Moment, report: Report) {
        match report {
            Report::Started(command) => self.acknowledge(now, command),
            Report::Refused(command) => {
                self.note(now, What::Motor, [command.number(), Outcome::REFUSED]);
                match command {
                    Command::Hand => self.handing_failed(now),
                    _ => self.answer(Cue::LowBattery, now),
                }
                self.alarm(Alarm::BatteryTooLow, 1);
            }
            Report::Ended(command, outcome) => self.ended(now, command, outcome),
        }
        if !self.motion.busy()
            && let Some(command) = self.pending.take()
        {
            match self.out_of_order() {
                Some(cue) => self.feedback.play_after(cue, now),
                None => {
                    self.after_jam = matches!(report, Report::Ended(_, Outcome::Jammed));
                    self.carry_out(now, command);
                    if self.after_jam && !self.motion.busy() {
                        self.warn_of_battery(now, command);
                    }
                }
            }
        }
    }

    fn ended(&mut self, now: Moment, command: Command, outcome: Outcome) {
        self.note(now, What::Motor, [command.number(), outcome.number()]);
        match (command, outcome) {
            (_, Outcome::Reached) => self.reached(now, command),
            (_, Outcome::Jammed) => {
                self.feedback.play_next(Cue::Jam, now);
                self.note(now, What::Jam, [command.number(), 0]);
                if field::JAM_AS_LOCKED && command == Command::Lock(Source::Hub) {
                    self.tell_state(Some(Source::Hub), true);
                } else {
                    self.alarm(jam(command), 1);
                }
            }
            (_, Outcome::Handed { retracts }) => {
                self.state.retracts = Some(retracts);
                self.unkept.say(Cue::HandingSucceeded);
            }
            (Command::Hand, Outcome::NotHanded) => self.handing_failed(now),
            (_, Outcome::NotHanded) => self.feedback.play(Cue::NotHanded, now),
        }
        // What waited for a jam is answered before the battery has its turn.
        if outcome != Outcome::Jammed || self.pending.is_none() {
            self.warn_of_battery(now, command);
        }
    }

    /// Says that the battery is low when it is, after what the move itself has to say.
    fn warn_of_battery(&mut self, now: Moment, command: Command) {
        match command {
            _ if self.battery.charge() == Charge::Good => {}
            Command::Hand => self.feedback.play_after(Cue::LowBattery, now),
            _ => self.feedback.play_next(Cue::LowBattery, now),
        }
    }

    fn acknowledge(&mut self, now: Moment, command: Command) {
        match command {
            Command::Unlock(Source::Keypad(_) | Source::Hub)
            | Command::Lock(Source::Keypad(_) | Source::Hub) => {
                self.answer(Cue::Accepted, now);
            }
            Command::Unlock(Source::AutoLock) | Command::Lock(Source::AutoLock) | Command::Hand => {
            }
        }
    }

    /// Says what becomes of a command: at once, or after the jam that it waited for.
    fn answer(&mut self, cue: Cue, now: Moment) {
        if self.after_jam {
            self.feedback.play_next(cue, now);
        } else {
            self.feedback.play(cue, now);
        }
    }

    fn reached(&mut self, now: Moment, command: Command) {
        match command {
            Command::Unlock(source) => {
                self.auto_lock = Some(now + AUTO_LOCK);
                self.tell_state(Some(source), false);
            }
            Command::Lock(source) => {
                self.auto_lock = None;
                self.tell_state(Some(source), true);
                if source == Source::AutoLock {
                    self.alarm(Alarm::AutoLocked, 1);
                }
            }
            Command::Hand => self.auto_lock = None,
        }
    }

    /// A failed handing leaves the lock not handed: said at once when it wasn't, and when that is
    /// kept when it was.
    fn handing_failed(&mut self, now: Moment) {
        if self.state.retracts.take().is_some() {
            self.unkept.say(Cue::HandingFailed);
        } else {
            self.feedback.play(Cue::HandingFailed, now);
        }
    }
}

/// The alarm that tells a jam.
const fn jam(command: Command) -> Alarm {
    match command {
        Command::Lock(Source::Keypad(_)) => Alarm::JamKeypad,
        Command::Lock(Source::Hub) => Alarm::JamHub,
        Command::Lock(Source::AutoLock) => Alarm::JamAutoLock,
        Command::Unlock(_) | Command::Hand => Alarm::JamOpening,
    }
}
