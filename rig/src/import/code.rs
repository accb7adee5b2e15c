//! Codes for slots: a log never tells a code, only where it is kept, so every slot gets one of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::capture::{Frame, answer};
use super::{Entry, Log, Told};
use crate::lock::LockModel;
use crate::scenario::Given;

/// The slots of a lock.
const SLOTS: RangeInclusive<u8> = 1..=30;
/// The code of slot 1 in the given state `programmed`.
const FIRST: &str = "1234";
/// A code that no slot has.
pub(super) const NONE: &str = "9999";

/// The mastercode, which no slot has either.
pub(super) const MASTER: &str = "8642";

/// The code of every slot, at every place of a log.
#[derive(Debug, Clone)]
pub(super) struct Codes {
    model: LockModel,
    /// Those that the log tells, in its order: a hub sends them in full.
    told: Vec<Kept>,
    /// Those that the hub read before it set any in their slot.
    read: BTreeMap<u8, String>,
}

/// A code that was there before a log begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Before {
    pub(super) slot: u8,
    pub(super) code: String,
    /// Whether the log tells it.
    pub(super) told: bool,
}

/// What an entry tells of a slot.
#[derive(Debug, Clone)]
struct Kept {
    index: usize,
    slot: u8,
    /// `None` once the slot is empty.
    code: Option<String>,
}

impl Codes {
    /// The codes of a log. What the lock refused is in no slot.
    pub(super) fn of(log: &Log, model: LockModel) -> Codes {
        let entries = log.entries.iter().enumerate();
        let told = entries.filter_map(|(index, entry)| {
            let Told::ToLock(bytes) = &entry.told else {
                return None;
            };
            let frame = Frame::of(bytes).filter(|frame| frame.kind == 0xE7)?;
            let (slot, code) = match (frame.command, frame.args.as_slice()) {
                (0x0B, [0, slot, keys @ ..]) => {
                    let code = digits(keys, model).filter(|code| (4..=8).contains(&code.len()))?;
                    (*slot, Some(code))
                }
                (0x0D, [0, slot]) => (*slot, None),
                _ => return None,
            };
            let answer = answer(&log.entries[index + 1..], frame.command);
            let refused = answer.is_some_and(|answer| answer.kind == 0x55);
            (!refused).then_some(Kept { index, slot, code })
        });
        let told: Vec<Kept> = told.collect();
        let mut read = BTreeMap::new();
        for (index, entry) in log.entries.iter().enumerate() {
            if let Some((slot, code)) = read_at(entry, &log.entries[index + 1..], model)
                && !told
                    .iter()
                    .any(|kept| kept.slot == slot && kept.index < index)
            {
                read.entry(slot).or_insert(code);
            }
        }
        Codes { model, told, read }
    }

    /// The code that is in a slot when entry `index` is told, or that comes into it by that. Two slots
    /// for which the log tells none never have the same one, nor the same keys.
    pub(super) fn slot(&self, slot: u8, index: usize) -> String {
        let told = self.told.iter().rev();
        let mut told = told.filter(|told| told.slot == slot && told.index <= index);
        if let Some(code) = told.next().and_then(|told| told.code.clone()) {
            return code;
        }
        self.first(slot)
    }

    /// The code that a slot had before the log begins.
    fn first(&self, slot: u8) -> String {
        if let Some(code) = self.read.get(&slot) {
            return code.clone();
        }
        match (slot, self.model) {
            (1, _) => FIRST.to_owned(),
            (_, LockModel::TenKey) => format!("2{slot:03}"),
            (_, LockModel::FiveKey) => {
                // Four keys, counted in fives, away from the keys of the first code.
                let number = u32::from(slot) + 100;
                let key = |place: u32| 1 + 2 * (number / 5_u32.pow(place) % 5);
                [3, 2, 1, 0].map(|place| key(place).to_string()).concat()
            }
        }
    }
}

impl Codes {
    /// Slots that had a code before the log begins, on a lock in this state: those whose code is used or
    /// deleted and never set, and on ten keys those that were not free when a code at the keypad went past
    /// them.
    pub(super) fn before(&self, log: &Log, given: Given) -> Vec<Before> {
        let mut have = BTreeSet::new();
        if given == Given::Programmed {
            have.insert(1);
        }
        let mut before = BTreeSet::new();
        let mut need = |slot: u8, have: &mut BTreeSet<u8>| {
            if SLOTS.contains(&slot) && have.insert(slot) {
                before.insert(slot);
            }
        };
        for (index, entry) in log.entries.iter().enumerate() {
            let by_hub = self.told.iter().find(|kept| kept.index == index);
            match by_hub.map_or_else(|| says(&entry.told), |kept| Some(kept.says())) {
                Some(Says::Set(slot)) => {
                    have.insert(slot);
                }
                Some(Says::Programmed(slot)) => {
                    if self.model == LockModel::TenKey {
                        (1..slot).for_each(|slot| need(slot, &mut have));
                    }
                    have.insert(slot);
                }
                Some(Says::Used(slot)) => need(slot, &mut have),
                Some(Says::Deleted(slot)) => {
                    need(slot, &mut have);
                    have.remove(&slot);
                }
                Some(Says::AllDeleted) => have.clear(),
                None => {}
            }
        }
        // A code that was read and never set, neither by the state that the lock was in.
        let state = |slot: u8, code: &str| slot == 1 && given == Given::Programmed && code == FIRST;
        let read = self.read.iter().filter(|(slot, code)| {
            let set = log.entries.iter().any(
                |entry| matches!(says(&entry.told), Some(Says::Programmed(set)) if set == **slot),
            );
            !set && !state(**slot, code)
        });
        before.extend(read.map(|(slot, _)| *slot));
        let before = before.into_iter().map(|slot| Before {
            slot,
            code: self.first(slot),
            told: self.read.contains_key(&slot),
        });
        before.collect()
    }
}

/// What becomes of slots, or became.
enum Says {
    /// The hub set its code.
    Set(u8),
    /// A code was set at the keypad, or by whom isn't told.
    Programmed(u8),
    /// Its code was typed.
    Used(u8),
    Deleted(u8),
    AllDeleted,
}

impl Kept {
    const fn says(&self) -> Says {
        match self.code {
            Some(_) => Says::Set(self.slot),
            None => Says::Deleted(self.slot),
        }
    }
}

fn says(told: &Told) -> Option<Says> {
    Some(match (told, told.report()) {
        (Told::Event([6, 1, slot]), _) => Says::Programmed(*slot),
        (Told::Event([2, 1, slot]), _) => Says::Used(*slot),
        (Told::Event([6, 2, slot]), _) => Says::Deleted(*slot),
        (Told::Event([6, 3, _] | [8, ..]), _) | (_, Some((32, _))) => Says::AllDeleted,
        (_, Some((112, slot))) => Says::Programmed(slot),
        (_, Some((19 | 162, slot))) => Says::Used(slot),
        (_, Some((33, slot))) => Says::Deleted(slot),
        _ => return None,
    })
}

/// The slot and the code that the hub reads by an entry.
fn read_at(entry: &Entry, after: &[Entry], model: LockModel) -> Option<(u8, String)> {
    let Told::ToLock(bytes) = &entry.told else {
        return None;
    };
    let asked = Frame::of(bytes).filter(|frame| frame.kind == 0xE7 && frame.command == 0x0C)?;
    let [0, slot] = asked.args.as_slice() else {
        return None;
    };
    let answer = answer(after, asked.command).filter(|answer| answer.kind == 0xAA)?;
    let code = digits(&answer.args, model).filter(|code| (4..=8).contains(&code.len()))?;
    Some((*slot, code))
}

/// The digits that key bytes stand for; `None` for bytes that are no digits.
pub(super) fn digits(keys: &[u8], model: LockModel) -> Option<String> {
    let used = keys.split(|byte| *byte == 0).next()?;
    used.iter()
        .map(|byte| match model {
            LockModel::TenKey => byte.is_ascii_digit().then_some(char::from(*byte)),
            LockModel::FiveKey => char::from_digit(u32::from(byte >> 4), 10),
        })
        .collect()
}
