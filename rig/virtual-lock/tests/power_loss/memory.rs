//! All that a lock remembers, read as a hub and a person read it: frame by frame and key by key, in
//! copies, so that the lock itself is left alone.

use virtual_lock::VirtualLock;
use virtual_lock::board::signal::{Contact, Signal};
use virtual_lock::board::{Event, Way, What};
use virtual_lock::time::Ticks;

use super::common::{tap, wait};

/// Codes a lock has room for.
const SLOTS: u8 = 30;
/// The mastercode of these tests.
pub(crate) const MASTER: &str = "8642";

/// The model of a lock: how its digits are wired and its codes written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Model {
    TenKey,
    FiveKey,
}

/// What a lock remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Its storage is illegible, and nothing below is known.
    pub(crate) fault: bool,
    pub(crate) paired: bool,
    /// Slots that hold a code, with its key bytes.
    pub(crate) codes: Vec<(u8, Vec<u8>)>,
    pub(crate) master: Master,
    /// The side of the bridge that retracts the bolt.
    pub(crate) handed: Option<Signal>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Master {
    None,
    Ours,
    Another,
}

/// A lock of a model, and a hub beside it.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) lock: VirtualLock,
    pub(crate) model: Model,
    seq: u8,
    /// What happened up to the last answer.
    told: Vec<Event>,
}

impl Unit {
    pub(crate) fn new(lock: VirtualLock, model: Model) -> Unit {
        Unit {
            lock,
            model,
            seq: 0,
            told: Vec::new(),
        }
    }

    pub(crate) fn wait(&mut self, millis: u64) {
        wait(&mut self.lock, millis);
    }

    /// Presses keys: digits, `L` for lock, `P` for Program, `A` for the hub's button.
    pub(crate) fn keys(&mut self, keys: &str) {
        for key in keys.chars() {
            let contact = match (key, key.to_digit(10)) {
                ('L', _) => Contact::Lock,
                ('P', _) => Contact::Program,
                ('A', _) => Contact::Hub,
                (_, Some(digit)) if self.model == Model::FiveKey => {
                    // 1 and 2 share a key, and 9 and 0.
                    Contact::Pair(((digit + 9) % 10 / 2 * 2 + 1) as u8)
                }
                (_, Some(digit)) => Contact::Digit(digit as u8),
                _ => panic!("no key {key}"),
            };
            tap(&mut self.lock, contact);
        }
    }

    /// Sends a request, and returns type and arguments of the answer.
    pub(crate) fn ask(&mut self, command: u8, args: &[u8]) -> Option<(u8, Vec<u8>)> {
        self.seq = self.seq.wrapping_add(1);
        let mut frame = vec![0xBD, 4 + args.len() as u8, self.seq, 0xE7, command];
        frame.extend_from_slice(args);
        frame.push(frame[1..].iter().fold(0xFF, |lrc, byte| lrc ^ byte));
        self.told.extend(self.lock.take_events());
        self.lock.hub_send(&frame);
        self.wait(120);
        let told = self.lock.take_events();
        self.told.extend(told.iter().copied());
        let bytes: Vec<u8> = told
            .into_iter()
            .filter_map(|event| match event.what {
                What::HubFromLock(byte) => Some(byte),
                _ => None,
            })
            .collect();
        // Between the lock's own messages.
        let start = bytes
            .windows(5)
            .position(|at| at[0] == 0xBD && at[2] == self.seq && at[3] != 0xE7)?;
        let length = usize::from(bytes[start + 1]);
        let answer = bytes.get(start + 3..start + 1 + length)?;
        Some((answer[0], answer[2..].to_vec()))
    }

    /// Key bytes of a code.
    pub(crate) fn key_bytes(&self, digits: &str) -> Vec<u8> {
        let mut keys: Vec<u8> = digits
            .bytes()
            .map(
                |digit| match (self.model, (digit - b'0' + 9) % 10 / 2 * 2 + 1) {
                    (Model::TenKey, _) => digit,
                    (Model::FiveKey, first) => (first << 4) | ((first + 1) % 10),
                },
            )
            .collect();
        keys.resize(8, 0);
        keys
    }

    /// Forgets what happened.
    pub(crate) fn forget(&mut self) {
        self.told.clear();
        self.lock.take_events();
    }

    /// When something happened last, since [`Unit::forget`].
    pub(crate) fn last(&mut self, is: impl Fn(What) -> bool) -> Option<Ticks> {
        self.told.extend(self.lock.take_events());
        let mut found = self.told.iter().rev().filter(|event| is(event.what));
        found.next().map(|event| event.at)
    }

    fn saw(&mut self, signal: Signal) -> bool {
        let mut told = self.lock.take_events().into_iter();
        told.any(|event| event.what == What::Signal(signal, true))
    }

    /// What it remembers.
    pub(crate) fn memory(&self) -> Memory {
        let mut hub = self.clone();
        let nothing = Memory {
            fault: true,
            paired: false,
            codes: Vec::new(),
            master: Master::None,
            handed: None,
        };
        let paired = match hub.ask(0x07, &[]) {
            Some((0xAA, _)) => true,
            Some((0x55, reason)) if reason == [0x06] => return nothing,
            Some((0x55, reason)) if reason == [0x04] => false,
            other => panic!("the lock answered {other:?}"),
        };
        if !paired {
            hub.keys("A");
            assert_eq!(hub.ask(0x18, &[]), Some((0xAA, vec![1])));
        }
        let codes = (1..=SLOTS).filter_map(|slot| match hub.ask(0x0C, &[0, slot]) {
            Some((0xAA, keys)) => keys.iter().any(|key| *key != 0).then_some((slot, keys)),
            other => panic!("slot {slot} is {other:?}"),
        });
        Memory {
            fault: false,
            paired,
            codes: codes.collect(),
            master: self.master(),
            handed: hub.handed(),
        }
    }

    fn master(&self) -> Master {
        let accepts = |keys: &str| {
            let mut unit = self.clone();
            unit.lock.take_events();
            unit.keys(keys);
            unit.saw(Signal::KeypadGreen)
        };
        match (accepts("P90909090L"), accepts(&format!("PL{MASTER}L"))) {
            (true, false) => Master::None,
            (false, true) => Master::Ours,
            _ => Master::Another,
        }
    }

    /// Unlocks by the hub, from extended.
    fn handed(mut self) -> Option<Signal> {
        self.lock.turn_key(Way::Out).unwrap();
        self.wait(1500);
        match self.ask(0x05, &[]) {
            Some((0x55, reason)) if reason == [0x05] => None,
            Some((0xAA, _)) => {
                let driven = |what| self.lock.levels().contains(&What::Signal(what, true));
                let sides = [Signal::MotorOpen, Signal::MotorClose];
                Some(sides.into_iter().find(|side| driven(*side)).unwrap())
            }
            other => panic!("the lock answered {other:?}"),
        }
    }
}
