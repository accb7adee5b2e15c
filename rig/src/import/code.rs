//! Codes for slots: a log never tells a code, only where it is kept, so every slot gets one of its own.

use std::collections::BTreeMap;

use super::capture::Frame;
use super::{Log, Told};
use crate::lock::LockModel;

/// The code of slot 1 in the given state `programmed`.
const FIRST: &str = "1234";
/// A code that no slot has.
pub(super) const NONE: &str = "9999";

/// The mastercode, which no slot has either.
pub(super) const MASTER: &str = "8642";

/// The code of every slot.
#[derive(Debug, Clone)]
pub(super) struct Codes {
    model: LockModel,
    /// Those that the log tells: a hub sends them in full.
    told: BTreeMap<u8, String>,
}

impl Codes {
    /// The codes of a log.
    pub(super) fn of(log: &Log, model: LockModel) -> Codes {
        let mut told = BTreeMap::new();
        for entry in &log.entries {
            let Told::ToLock(bytes) = &entry.told else {
                continue;
            };
            if let Some(Frame {
                kind: 0xE7,
                command: 0x0B,
                args,
            }) = Frame::of(bytes)
                && let [0, slot, keys @ ..] = args.as_slice()
                && let Some(code) = digits(keys, model)
                && (4..=8).contains(&code.len())
            {
                told.insert(*slot, code);
            }
        }
        Codes { model, told }
    }

    /// The code in a slot. Two slots never have the same one, nor the same keys.
    pub(super) fn slot(&self, slot: u8) -> String {
        if let Some(code) = self.told.get(&slot) {
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
