//! User codes: 4 to 8 digits. On a five-key lock a digit is its key, so that `1234`, `2143` and
//! `1144` are one code.

use crate::Model;

/// Digits in the shortest code.
pub const SHORTEST: usize = 4;
/// Digits in the longest code.
pub const LONGEST: usize = 8;

/// A code of 4 to 8 digits, in the digits of the lock's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    digits: [u8; LONGEST],
    length: u8,
}

impl Code {
    /// A code of these digits as `model` keeps them. `None` when there are fewer than four or
    /// more than eight, or one isn't `0..=9`.
    pub fn new(model: Model, digits: &[u8]) -> Option<Self> {
        if !(SHORTEST..=LONGEST).contains(&digits.len()) || digits.iter().any(|&digit| digit > 9) {
            return None;
        }
        let mut code = Self {
            digits: [0; LONGEST],
            length: digits.len() as u8,
        };
        for (kept, &digit) in code.digits.iter_mut().zip(digits) {
            *kept = key_of(model, digit);
        }
        Some(code)
    }

    /// The digits, each by its key.
    pub fn digits(&self) -> &[u8] {
        self.digits
            .get(..usize::from(self.length))
            .unwrap_or(&self.digits)
    }

    /// Whether one of the two begins with the other: on a five-key lock the shorter acts first,
    /// and the longer could never be entered.
    pub(crate) fn shadows(&self, other: &Self) -> bool {
        self.digits().starts_with(other.digits()) || other.digits().starts_with(self.digits())
    }

    /// Five bytes: the length, then two digits a byte, the first in the high half.
    pub(crate) fn pack(code: Option<Self>) -> [u8; PACKED] {
        let mut packed = [0; PACKED];
        if let Some(code) = code {
            packed[0] = code.length;
            for (byte, pair) in packed[1..].iter_mut().zip(code.digits.chunks_exact(2)) {
                *byte = pair[0] << 4 | pair[1];
            }
        }
        packed
    }

    /// What [`Code::pack`] packed. `Err` when the bytes are no code.
    pub(crate) fn unpack(packed: &[u8]) -> Result<Option<Self>, NotACode> {
        let [length, pairs @ ..] = packed else {
            return Err(NotACode);
        };
        if *length == 0 {
            return Ok(None);
        }
        let mut digits = [0; LONGEST];
        for (pair, &byte) in digits.chunks_exact_mut(2).zip(pairs) {
            pair[0] = byte >> 4;
            pair[1] = byte & 0xF;
        }
        let used = digits.get(..usize::from(*length)).ok_or(NotACode)?;
        Self::new(Model::TenKey, used).map(Some).ok_or(NotACode)
    }
}

/// Bytes of a packed code.
pub(crate) const PACKED: usize = 1 + LONGEST / 2;

/// The bytes are no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotACode;

/// The digit that stands for the key which `digit` is on.
pub(crate) const fn key_of(model: Model, digit: u8) -> u8 {
    match model {
        Model::TenKey => digit,
        Model::FiveKey => match digit {
            0 => 9,
            odd if odd % 2 == 1 => odd,
            even => even - 1,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_to_eight_digits() {
        for (length, valid) in [(0, false), (3, false), (4, true), (8, true), (9, false)] {
            assert_eq!(Code::new(Model::TenKey, &[1; 9][..length]).is_some(), valid);
        }
        assert_eq!(Code::new(Model::TenKey, &[1, 2, 3, 10]), None);
    }

    #[test]
    fn two_digits_share_a_key_on_five_keys() {
        let code = Code::new(Model::FiveKey, &[1, 2, 3, 4]);
        assert_eq!(code, Code::new(Model::FiveKey, &[2, 1, 4, 3]));
        assert_eq!(code, Code::new(Model::FiveKey, &[1, 1, 4, 4]));
        assert_ne!(code, Code::new(Model::FiveKey, &[1, 2, 3, 5]));
        assert_eq!(
            Code::new(Model::FiveKey, &[9, 0, 9, 0]),
            Code::new(Model::FiveKey, &[0, 0, 0, 0])
        );
        assert_ne!(
            Code::new(Model::TenKey, &[1, 2, 3, 4]),
            Code::new(Model::TenKey, &[2, 1, 4, 3])
        );
    }

    #[test]
    fn packing_keeps_the_code() {
        for digits in [
            &[0, 0, 0, 0][..],
            &[1, 2, 3, 4, 5],
            &[9, 8, 7, 6, 5, 4, 3, 2],
        ] {
            let code = Code::new(Model::TenKey, digits);
            assert_eq!(Code::unpack(&Code::pack(code)), Ok(code));
        }
        assert_eq!(Code::unpack(&Code::pack(None)), Ok(None));
        assert_eq!(Code::unpack(&[9, 0, 0, 0, 0]), Err(NotACode));
        assert_eq!(Code::unpack(&[4, 0xAB, 0, 0, 0]), Err(NotACode));
    }

    #[test]
    fn a_code_shadows_what_begins_with_it() {
        let code = |digits: &[u8]| Code::new(Model::FiveKey, digits).unwrap();
        assert!(code(&[1, 3, 5, 7]).shadows(&code(&[1, 3, 5, 7, 9])));
        assert!(code(&[1, 3, 5, 7, 9]).shadows(&code(&[2, 4, 6, 8])));
        assert!(!code(&[1, 3, 5, 7, 9]).shadows(&code(&[3, 5, 7, 9])));
    }
}
