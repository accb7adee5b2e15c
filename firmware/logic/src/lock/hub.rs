//! The hub: its requests, carried out or refused with a reason, and what it is told.

use super::Lock;
use crate::code::{Code, LONGEST};
use crate::event::What;
use crate::feedback::Cue;
use crate::field;
use crate::handing::Bolt;
use crate::hub::{Alarm, Clock, Heard, Kind, Refusal, command, from_keys, to_keys};
use crate::motion::{Command, Source};
use crate::programming::{Change, in_use};
use crate::state::SLOTS;
use crate::time::{Moment, Span};

/// How long after hub button `A` a hello pairs.
const PAIRING: Span = Span::seconds(30);
/// Requests that change and move nothing.
const QUESTIONS: [u8; 5] = [
    command::STATUS,
    command::BATTERY,
    command::GET_CODE,
    command::GET_CLOCK,
    command::EVENT,
];
/// A request that was carried out, in the event log.
const DONE: u8 = 0;

/// The bits of a state event's source and state.
const KEYPAD: u8 = 0x40;
const HUB: u8 = 0x80;
const LOCKED: u8 = 0x01;
const UNLOCKED: u8 = 0x02;

impl Lock {
    pub(super) fn hub_button(&mut self, now: Moment) {
        self.pairing = Some(now + PAIRING);
        self.link.tell(command::BUTTON, &[]);
        self.note(now, What::Hub, [command::BUTTON, DONE]);
    }

    pub(super) fn heard(&mut self, now: Moment, heard: &Heard) {
        let answer = [Kind::Ack as u8, Kind::Nak as u8].contains(&heard.kind);
        if answer && heard.intact {
            self.link.answered(heard);
        }
        if heard.kind != Kind::Request as u8 {
            return;
        }
        let result = match heard.intact {
            true => self.request(now, heard),
            false => Err(Refusal::Checksum),
        };
        let result = match result {
            Ok(()) => DONE,
            Err(refusal) => {
                self.refuse(heard, refusal);
                refusal as u8
            }
        };
        // Questions leave no trace: reading the log must not push out what is read.
        if !QUESTIONS.contains(&heard.command) {
            self.note(now, What::Hub, [heard.command, result]);
        }
    }

    pub(super) fn refuse(&mut self, request: &Heard, refusal: Refusal) {
        self.link.answer(request, Kind::Nak, &[refusal as u8]);
    }

    /// Carries a request out, and acknowledges it now or when it is kept.
    fn request(&mut self, now: Moment, request: &Heard) -> Result<(), Refusal> {
        let moves = matches!(request.command, command::LOCK | command::UNLOCK);
        if self.fault {
            if moves {
                self.feedback.play(Cue::StorageFault, now);
            }
            return Err(Refusal::StorageFault);
        }
        let changes = matches!(
            request.command,
            command::HELLO | command::SET_CODE | command::DELETE_CODE
        );
        if changes && self.unkept.owes_answer() {
            return Err(Refusal::Busy);
        }
        if request.command == command::HELLO {
            return self.hello(now, request);
        }
        if !self.state.paired {
            return Err(Refusal::NotPaired);
        }
        match (request.command, request.args()) {
            (command::LOCK, []) => self.moves(now, request, Command::Lock(Source::Hub)),
            (command::UNLOCK, []) => self.moves(now, request, Command::Unlock(Source::Hub)),
            (command::STATUS, []) => {
                let bolt = self.bolt_before.take().unwrap_or(self.bolt());
                let status = match bolt {
                    Bolt::Extended => 1,
                    Bolt::Between => 0,
                    Bolt::Retracted => 2,
                };
                self.acknowledged(request, &[status])
            }
            (command::BATTERY, []) => {
                self.battery_asked = Some(*request);
                Ok(())
            }
            (command::SET_CODE, [hi, lo, keys @ ..]) if keys.len() == LONGEST => {
                let slot = slot([*hi, *lo])?;
                if field::LENGTH_WEDGES {
                    self.unkept.owe(request);
                }
                let code = from_keys(self.model, keys).ok_or(Refusal::Invalid)?;
                self.set_code(now, request, slot, code)
            }
            (command::GET_CODE, &[hi, lo]) => {
                let slot = slot([hi, lo])?;
                let code = self.state.codes[usize::from(slot) - 1];
                self.acknowledged(request, &to_keys(self.model, code))
            }
            (command::DELETE_CODE, &[hi, lo]) => {
                let slot = slot([hi, lo])?;
                self.change(Change::Delete(slot));
                self.note(now, What::Programming, [2, slot]);
                self.unkept.answer(request, None);
                Ok(())
            }
            (command::SET_CLOCK, &[y, m, d, h, min, s, w]) => {
                let clock = Clock::set(now, [y, m, d, h, min, s, w]);
                self.clock = Some(clock.ok_or(Refusal::Invalid)?);
                self.acknowledged(request, &[])
            }
            (command::GET_CLOCK, []) => {
                let clock = self.clock.ok_or(Refusal::NoClock)?;
                self.acknowledged(request, &clock.read(now))
            }
            (command::EVENT, &[index]) => self.tell_event(request, index),
            (
                command::LOCK
                | command::UNLOCK
                | command::STATUS
                | command::BATTERY
                | command::SET_CODE
                | command::GET_CODE
                | command::DELETE_CODE
                | command::SET_CLOCK
                | command::GET_CLOCK
                | command::EVENT,
                _,
            ) => Err(Refusal::Length),
            _ => Err(Refusal::Unknown),
        }
    }

    fn acknowledged(&mut self, request: &Heard, args: &[u8]) -> Result<(), Refusal> {
        self.link.answer(request, Kind::Ack, args);
        Ok(())
    }

    /// The pack was measured, and so the hub's question can be answered: with its idle volts, which
    /// under a running motor are those that it had before.
    pub(super) fn answer_battery(&mut self) {
        if let Some(request) = self.battery_asked.take() {
            let millivolts = self.battery.millivolts().to_be_bytes();
            self.link.answer(&request, Kind::Ack, &millivolts);
        }
    }

    /// A hello pairs for a while after the hub button; otherwise it tells whether the lock is
    /// paired.
    fn hello(&mut self, now: Moment, request: &Heard) -> Result<(), Refusal> {
        if !request.args().is_empty() {
            return Err(Refusal::Length);
        }
        let open = self.pairing.take().is_some_and(|until| now < until);
        if open && !self.state.paired {
            self.state.paired = true;
            self.unkept.answer(request, Some(1));
            return Ok(());
        }
        self.acknowledged(request, &[u8::from(self.state.paired)])
    }

    fn moves(&mut self, now: Moment, request: &Heard, command: Command) -> Result<(), Refusal> {
        if let Some(cue) = self.out_of_order() {
            self.feedback.play(cue, now);
            return Err(Refusal::NotHanded);
        }
        if field::STATUS_LAGS {
            self.bolt_before = Some(self.bolt());
        }
        self.command(now, command);
        self.acknowledged(request, &[])
    }

    fn set_code(
        &mut self,
        now: Moment,
        request: &Heard,
        slot: u8,
        code: Code,
    ) -> Result<(), Refusal> {
        if field::EMPTY_REFUSES_HUB && !self.state.has_codes() {
            return Err(Refusal::Invalid);
        }
        if in_use(code, self.model, &self.state, Some(slot)).is_some() {
            return Err(Refusal::Duplicate);
        }
        self.change(Change::Set(slot, code));
        self.note(now, What::Programming, [1, slot]);
        self.unkept.answer(request, None);
        Ok(())
    }

    /// How many events there are, and one of them, the newest being 0.
    fn tell_event(&mut self, request: &Heard, index: u8) -> Result<(), Refusal> {
        let count = self.events.len();
        let place = count.checked_sub(usize::from(index) + 1);
        let record = place.and_then(|place| self.events.get(place)).copied();
        let record = record.ok_or(Refusal::Invalid)?;
        let mut args = [0; 10];
        args[0] = count as u8;
        args[1] = index;
        args[2..].copy_from_slice(&record);
        self.acknowledged(request, &args)
    }

    /// Tells a paired hub that the bolt was moved: by `source`, or by hand.
    pub(super) fn tell_state(&mut self, source: Option<Source>, locked: bool) {
        let state = if locked { LOCKED } else { UNLOCKED };
        let (user, source) = match source {
            Some(Source::Keypad(slot)) => (slot, KEYPAD),
            Some(Source::Hub) => (0, HUB),
            Some(Source::AutoLock) | None => (0, 0),
        };
        self.tell(command::STATE, &[0, user, source | state]);
    }

    /// Tells a paired hub which codes were set or deleted at the keypad.
    pub(super) fn tell_change(&mut self, change: Change) {
        match change {
            Change::Set(slot, _) => self.tell(command::CODE_CHANGED, &[0, slot, 1]),
            Change::Delete(slot) => self.tell(command::CODE_CHANGED, &[0, slot, 0]),
            Change::DeleteAll => self.alarm(Alarm::AllDeleted, 1),
            Change::Master(_) => {}
        }
    }

    pub(super) fn alarm(&mut self, alarm: Alarm, level: u8) {
        self.tell(command::ALARM, &[alarm as u8, level]);
    }

    fn tell(&mut self, command: u8, args: &[u8]) {
        if self.state.paired {
            self.link.tell(command, args);
        }
    }
}

/// A slot of the bus, high byte first.
fn slot(bytes: [u8; 2]) -> Result<u8, Refusal> {
    let slot = u16::from_be_bytes(bytes);
    if (1..=SLOTS as u16).contains(&slot) {
        Ok(slot as u8)
    } else {
        Err(Refusal::Slot)
    }
}
