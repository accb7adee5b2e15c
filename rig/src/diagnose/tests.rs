//! The triage on locks with a broken part, which no scenario can break: the virtual lock, with something
//! cut off it.

use super::*;
use crate::bench::{Bench, BenchError, Capabilities, Observed, Supply, VirtualBench};
use crate::lock::{LockModel, Turn};
use crate::play::Sitting;
use crate::play::released::{FOREVER, programmed};
use crate::trace::{Channel, Contact, Nanos, Value};

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    /// Nothing.
    Nothing,
    /// The wire on which the hub's card talks to the lock.
    HubWire,
    /// The cable between keypad and inside unit.
    KeypadCable,
    /// The inside unit: it has power, and that is all.
    Board,
    /// The processor has latched up: nothing goes in or out until its power is gone.
    LatchedUp,
}

struct Faulty {
    lock: VirtualBench,
    broken: Broken,
    /// Nobody measures the pack's volts.
    blind: bool,
}

impl Faulty {
    fn is_off(&self) -> bool {
        matches!(self.broken, Broken::Board | Broken::LatchedUp)
    }

    /// Whether a channel's events come out of the lock.
    fn tells(&self, channel: Channel) -> bool {
        match channel {
            Channel::Supply | Channel::Power => !self.blind,
            Channel::Contact(_) => true,
            Channel::KeypadGreen | Channel::KeypadRed | Channel::Beeper => {
                !self.is_off() && self.broken != Broken::KeypadCable
            }
            _ => !self.is_off(),
        }
    }
}

impl Bench for Faulty {
    fn model(&self) -> LockModel {
        self.lock.model()
    }

    fn capabilities(&self) -> Capabilities {
        self.lock.capabilities()
    }

    fn unseen(&self) -> Vec<Channel> {
        match self.blind {
            true => vec![Channel::Power, Channel::Supply],
            false => Vec::new(),
        }
    }

    fn now(&self) -> Nanos {
        self.lock.now()
    }

    fn levels(&mut self) -> Result<Vec<(Channel, Value)>, BenchError> {
        let mut levels = self.lock.levels()?;
        levels.retain(|(channel, _)| self.tells(*channel));
        Ok(levels)
    }

    fn set(&mut self, contact: Contact, closed: bool) -> Result<(), BenchError> {
        let keypad = matches!(contact, Contact::Key(_) | Contact::Lock);
        match (self.is_off(), self.broken, keypad) {
            (true, ..) | (_, Broken::KeypadCable, true) => Ok(()),
            _ => self.lock.set(contact, closed),
        }
    }

    fn supply(&mut self, supply: Supply) -> Result<(), BenchError> {
        self.lock.supply(supply)
    }

    fn disconnect(&mut self) -> Result<(), BenchError> {
        if self.broken == Broken::LatchedUp {
            self.broken = Broken::Nothing;
        }
        self.lock.disconnect()
    }

    fn turn_key(&mut self, turn: Turn) -> Result<(), BenchError> {
        self.lock.turn_key(turn)
    }

    fn hub_send(&mut self, bytes: &[u8]) -> Result<(), BenchError> {
        match self.is_off() || self.broken == Broken::HubWire {
            true => Ok(()),
            false => self.lock.hub_send(bytes),
        }
    }

    fn run_until(&mut self, until: Nanos) -> Result<Observed, BenchError> {
        let mut observed = self.lock.run_until(until)?;
        observed.events.retain(|event| self.tells(event.channel));
        Ok(observed)
    }

    fn make_safe(&mut self) -> Result<(), BenchError> {
        self.lock.make_safe()
    }
}

fn diagnosis(broken: Broken, blind: bool, hub: bool) -> Diagnosis {
    let (lock, mut situation) = programmed();
    let mut bench = Faulty {
        lock,
        broken,
        blind,
    };
    let mut sitting = Sitting::begin(&mut bench, &mut situation, FOREVER).unwrap();
    let asked = Asked {
        codes: vec!["1234".to_owned()],
        hub,
        allow_reset: false,
    };
    let diagnosis = examine(&mut sitting, &asked).unwrap();
    // Nothing but the pack is taken from it, and no reset is made.
    assert!(!sitting.performed().contains("32s"));
    diagnosis
}

fn causes(broken: Broken, blind: bool, hub: bool) -> Vec<Cause> {
    let found = diagnosis(broken, blind, hub).causes;
    found.into_iter().map(|found| found.cause).collect()
}

#[test]
fn with_nothing_broken_there_is_no_cause() {
    assert_eq!(causes(Broken::Nothing, false, false), []);
    assert_eq!(causes(Broken::Nothing, true, false), []);
}

#[test]
fn a_hub_whose_wire_is_cut() {
    let told = diagnosis(Broken::HubWire, false, true).to_string();
    insta::assert_snapshot!(told, @"
    batteries    6.00 V idle, 5.91 V at 150 mA, 0.6 ohm: good alkaline cells
    user code    1234 opens
    glitch       no storage fault, and no restart
    handing      done
    hub pairing  the lock doesn't answer on the hub's bus
    mechanism    the motor brings the bolt to its ends, so does the key

    cause: the lock doesn't answer on the hub's bus
      no answer to a status request
    fix: Take the pack out and put the hub card in again, firmly. If the keypad works meanwhile, the card is to be replaced.
    ");
}

#[test]
fn a_keypad_whose_cable_is_out() {
    let told = diagnosis(Broken::KeypadCable, false, false).to_string();
    insta::assert_snapshot!(told, @"
    batteries    6.00 V idle: good alkaline cells
    user code    not reached
    glitch       the lock is alive, and its keypad is not
    handing      not reached
    hub pairing  not checked: with --hub it is
    mechanism    not reached

    cause: the lock is alive, and its keypad is not
      no light, no sound, no movement when it was used
      25  hub status
           +0.007s   hub     BD 05 01 55 07 04 AD
    fix: Check the cable between keypad and inside unit: a pinched wire, a bent pin, a plug that isn't all the way in. If it is sound, replace the keypad.
    ");
}

#[test]
fn a_dead_board_is_told_from_no_power_where_the_volts_are_seen() {
    let told = diagnosis(Broken::Board, false, true).to_string();
    insta::assert_snapshot!(told, @"
    batteries    6.00 V idle: good alkaline cells
    user code    not reached
    glitch       the lock has power and answers nothing
    handing      not reached
    hub pairing  not reached
    mechanism    not reached

    cause: the lock has power and answers nothing
      no light, no sound, no movement when it was used
      nor when the button inside was pressed, or its hub asked
    fix: Check the cable between keypad and inside unit. If a factory reset doesn't wake it either, replace the lock.
    ");
    assert_eq!(causes(Broken::Board, true, false), [Cause::Dark]);
}

#[test]
fn a_hang_that_only_the_power_ends() {
    let told = diagnosis(Broken::LatchedUp, false, false).to_string();
    insta::assert_snapshot!(told, @"
    batteries    6.00 V idle, 5.91 V at 150 mA, 0.6 ohm: good alkaline cells
    user code    1234 opens
    glitch       the lock's program hangs
    handing      done
    hub pairing  not checked: with --hub it is
    mechanism    the motor brings the bolt to its ends, so does the key

    cause: the lock's program hangs
      no light, no sound, no movement when it was used
      after 15 s without its pack:
      17  enter 1234
           +0.020s   beeper  4x 30/170ms 4000Hz
           +0.820s   motor   open 1015ms
           +0.820s   keypad  green 1x 300ms
           +0.820s   beeper  1x 300ms 4000Hz
      18  settle
           +0.815s   bolt    retracted
    fix: Take the pack out for a quarter of a minute and put it back. If it comes again, make a factory reset and update the firmware.
    ");
}
