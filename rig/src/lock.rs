//! What a person says about a lock: its model, its door, its key, what is in the way of its bolt.

use std::fmt;

use crate::trace::{Contact, Key};

/// A lock model, by its keypad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockModel {
    /// Ten digit keys; `lock` confirms a code.
    TenKey,
    /// Five keys of two digits each; a code acts on its last key.
    FiveKey,
}

impl LockModel {
    /// Every model, in the order of reports.
    pub const ALL: [LockModel; 2] = [LockModel::TenKey, LockModel::FiveKey];

    pub(crate) const NAMES: [&str; 2] = ["ten-key", "five-key"];

    /// Its name in scenarios, image files and snapshot folders.
    pub const fn name(self) -> &'static str {
        match self {
            LockModel::TenKey => "ten-key",
            LockModel::FiveKey => "five-key",
        }
    }

    /// The model called `name`.
    pub fn named(name: &str) -> Option<LockModel> {
        LockModel::ALL
            .into_iter()
            .find(|model| model.name() == name)
    }

    /// The contact that this model has for `contact`: a digit of a five-key lock is the key it
    /// shares. `None` where the model has no such key.
    pub fn contact(self, contact: Contact) -> Option<Contact> {
        match (self, contact) {
            (LockModel::TenKey, Contact::Key(Key::Pair(_))) => None,
            (LockModel::FiveKey, Contact::Key(Key::Digit(digit))) => {
                let first = match digit {
                    0 => 9,
                    digit => (digit - 1) / 2 * 2 + 1,
                };
                Some(Contact::Key(Key::Pair(first)))
            }
            (_, contact) => Some(contact),
        }
    }

    /// Whether a code needs `lock` after its last digit.
    pub const fn confirms(self) -> bool {
        matches!(self, LockModel::TenKey)
    }
}

impl fmt::Display for LockModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The side that the door is hinged on, which decides which way round the motor retracts the bolt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Door {
    /// Hinged on the left.
    #[default]
    Left,
    /// Hinged on the right.
    Right,
}

/// Where the key turns the bolt to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Fully extended.
    Lock,
    /// Fully retracted.
    Unlock,
}

/// What the bolt meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jam {
    /// Nothing.
    Free,
    /// It can't move out any further than half way.
    Closing,
    /// It can't move in any further than half way.
    Opening,
    /// It can't move at all.
    Stuck,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_of_a_five_key_lock_is_on_the_key_that_shows_it() {
        for digit in 0..10 {
            let contact = LockModel::FiveKey
                .contact(Contact::Key(Key::Digit(digit)))
                .unwrap();
            assert!(
                contact.to_string().contains(&digit.to_string()),
                "{digit} on {contact}"
            );
        }
    }

    #[test]
    fn a_ten_key_lock_has_no_shared_key() {
        assert_eq!(LockModel::TenKey.contact(Contact::Key(Key::Pair(1))), None);
    }
}
