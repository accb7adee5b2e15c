//! What the lock remembers without power, and the record that it is kept as. The whole state is
//! one record, so that whatever changes, changes at once: a factory reset is one write like any.

use crate::code::{Code, PACKED};
use crate::event::Record;
use crate::field;
use crate::motor::Bridge;

/// How many codes there is room for; slots count from 1.
pub const SLOTS: usize = 30;

/// Bytes of a [`State`] as a record.
pub const RECORD_LENGTH: usize = 2 + PACKED + SLOTS * PACKED;

const VERSION: u8 = 1;
const HANDED: u8 = 1;
const OPEN_RETRACTS: u8 = 2;
const PAIRED: u8 = 4;

/// Everything that survives without power.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The user codes by slot, slot 1 first.
    pub codes: [Option<Code>; SLOTS],
    /// The mastercode.
    pub master: Option<Code>,
    /// Which side of the bridge retracts the bolt; `None` while the door isn't handed.
    pub retracts: Option<Bridge>,
    /// Whether a hub is paired.
    pub paired: bool,
}

impl Default for State {
    /// A new lock's.
    fn default() -> Self {
        Self {
            codes: [None; SLOTS],
            master: None,
            retracts: None,
            paired: false,
        }
    }
}

impl State {
    /// The state as the bytes of a record.
    pub fn encode(&self) -> [u8; RECORD_LENGTH] {
        let mut record = [0; RECORD_LENGTH];
        record[0] = VERSION;
        record[1] = match self.retracts {
            Some(Bridge::Open) => HANDED | OPEN_RETRACTS,
            Some(Bridge::Close) => HANDED,
            Some(Bridge::Brake) | None => 0,
        } | if self.paired { PAIRED } else { 0 };
        let kept = if field::SLOT_1_ONLY { 1 } else { SLOTS };
        let packed = core::iter::once(&self.master).chain(self.codes.iter().take(kept));
        for (place, &code) in record[2..].chunks_exact_mut(PACKED).zip(packed) {
            place.copy_from_slice(&Code::pack(code));
        }
        record
    }

    /// The state of a record's bytes; `None` when they are no such record.
    pub fn decode(record: &[u8]) -> Option<Self> {
        let [VERSION, flags, packed @ ..] = record else {
            return None;
        };
        if record.len() != RECORD_LENGTH {
            return None;
        }
        let mut packed = packed.chunks_exact(PACKED);
        let mut state = Self {
            master: Code::unpack(packed.next()?).ok()?,
            retracts: match flags & (HANDED | OPEN_RETRACTS) {
                0 => None,
                HANDED => Some(Bridge::Close),
                OPEN_RETRACTS => return None,
                _ => Some(Bridge::Open),
            },
            paired: flags & PAIRED != 0,
            codes: [None; SLOTS],
        };
        for (code, packed) in state.codes.iter_mut().zip(packed) {
            *code = Code::unpack(packed).ok()?;
        }
        Some(state)
    }

    /// The slot, from 1, that holds `code`.
    pub fn slot_of(&self, code: &Code) -> Option<u8> {
        let place = self
            .codes
            .iter()
            .position(|kept| kept.as_ref() == Some(code))?;
        let count = self.codes.iter().flatten().count();
        if field::EIGHT_CODES && count >= 8 && place + 2 == count {
            return None;
        }
        Some(place as u8 + 1)
    }

    /// Whether any code is programmed.
    pub fn has_codes(&self) -> bool {
        self.codes.iter().any(Option::is_some)
    }

    /// Whether the door is handed.
    pub fn handed(&self) -> bool {
        self.retracts.is_some()
    }
}

/// Why a state couldn't be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreError;

/// Where the state is kept without power.
pub trait Store {
    /// Keeps `state` instead of what was kept. When this returns, it survives; when power goes
    /// before, either the old or the new one is whole.
    ///
    /// # Errors
    /// When the storage can't take it: what is kept is unknown from then on.
    fn save(&mut self, state: &State) -> Result<(), StoreError>;

    /// Adds an event to the log that is kept.
    ///
    /// # Errors
    /// When the storage can't take it: the log may have lost events then.
    fn append(&mut self, record: Record) -> Result<(), StoreError>;

    /// Forgets every state that is kept, legible or not: a new lock's storage. When power goes
    /// before this returns, what was illegible stays so or is gone.
    ///
    /// # Errors
    /// When the storage can't be erased.
    fn wipe(&mut self) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Model;

    #[test]
    fn a_record_keeps_the_state() {
        let mut state = State {
            master: Code::new(Model::TenKey, &[9, 8, 7, 6]),
            retracts: Some(Bridge::Close),
            paired: true,
            ..State::default()
        };
        state.codes[0] = Code::new(Model::TenKey, &[1, 2, 3, 4]);
        state.codes[29] = Code::new(Model::TenKey, &[0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(State::decode(&state.encode()), Some(state.clone()));
        state.retracts = Some(Bridge::Open);
        assert_eq!(State::decode(&state.encode()), Some(state));
        assert_eq!(
            State::decode(&State::default().encode()),
            Some(State::default())
        );
    }

    #[test]
    fn other_bytes_are_no_state() {
        let record = State::default().encode();
        assert_eq!(State::decode(&record[1..]), None);
        assert_eq!(State::decode(&[]), None);
        let mut wrong = record;
        wrong[0] = 0;
        assert_eq!(State::decode(&wrong), None);
        let mut wrong = record;
        wrong[2] = 3;
        assert_eq!(State::decode(&wrong), None);
    }
}
