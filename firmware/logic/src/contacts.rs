//! The contacts that the lock reads: keys, buttons, switches and the bolt's end switches.

/// One contact, by the bit that it has in a [`ContactSet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contact {
    /// A digit's key, `0..=9`; on five keys 1, 3, 5, 7 and 9, the lower digit but for `9/0`.
    Digit(u8),
    /// The lock (Kwikset) button.
    Lock,
    /// The Program button, inside.
    Program,
    /// Hub button `A`, inside.
    Hub,
    /// Switch 1: status LED.
    SwitchStatus,
    /// Switch 2: auto-lock.
    SwitchAutoLock,
    /// Switch 3: audio.
    SwitchAudio,
    /// End switch: the bolt is fully retracted.
    Retracted,
    /// End switch: the bolt is fully extended.
    Extended,
}

/// How many contacts there are.
pub(crate) const COUNT: usize = 18;

impl Contact {
    /// The contact's bit, `0..COUNT`; a digit past 9 has 9's.
    pub const fn index(self) -> usize {
        match self {
            Self::Digit(digit) => {
                if digit > 9 {
                    9
                } else {
                    digit as usize
                }
            }
            Self::Lock => 10,
            Self::Program => 11,
            Self::Hub => 12,
            Self::SwitchStatus => 13,
            Self::SwitchAutoLock => 14,
            Self::SwitchAudio => 15,
            Self::Retracted => 16,
            Self::Extended => 17,
        }
    }

    pub(crate) const fn from_index(index: usize) -> Self {
        match index {
            10 => Self::Lock,
            11 => Self::Program,
            12 => Self::Hub,
            13 => Self::SwitchStatus,
            14 => Self::SwitchAutoLock,
            15 => Self::SwitchAudio,
            16 => Self::Retracted,
            17 => Self::Extended,
            digit => Self::Digit(digit as u8),
        }
    }
}

/// Which contacts are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ContactSet(u32);

impl ContactSet {
    /// No contact closed.
    pub const NONE: Self = Self(0);

    /// Whether `contact` is closed.
    pub const fn contains(self, contact: Contact) -> bool {
        self.0 & (1 << contact.index()) != 0
    }

    /// The same contacts with `contact` closed or open.
    pub const fn with(self, contact: Contact, closed: bool) -> Self {
        let index = contact.index();
        Self(self.0 & !(1 << index) | (closed as u32) << index)
    }

    /// The contacts whose states differ between the two sets, as bits.
    pub(crate) const fn differing(self, other: Self) -> u32 {
        self.0 ^ other.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_is_one_contact() {
        for index in 0..COUNT {
            assert_eq!(Contact::from_index(index).index(), index);
        }
    }
}
