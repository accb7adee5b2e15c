//! Codes as the bus writes them: eight key bytes, zero after the last key. A five-key lock's bytes
//! are the two digits of the key, `12` to `90`; a ten-key lock's are the digits in ASCII.

use crate::Model;
use crate::code::{Code, LONGEST};

/// The eight key bytes of a code; all zero for an empty slot.
pub(crate) fn to_keys(model: Model, code: Option<Code>) -> [u8; LONGEST] {
    let mut keys = [0; LONGEST];
    if let Some(code) = code {
        for (key, &digit) in keys.iter_mut().zip(code.digits()) {
            *key = match model {
                Model::TenKey => b'0' + digit,
                Model::FiveKey => (digit << 4) | ((digit + 1) % 10),
            };
        }
    }
    keys
}

/// The code of eight key bytes; `None` when they are none.
pub(crate) fn from_keys(model: Model, keys: &[u8]) -> Option<Code> {
    let mut digits = [0; LONGEST];
    let used = keys.iter().rposition(|&key| key != 0)? + 1;
    for (digit, &key) in digits.iter_mut().zip(keys.get(..used)?) {
        *digit = match (model, key) {
            (Model::TenKey, b'0'..=b'9') => key - b'0',
            (Model::FiveKey, 0x12 | 0x34 | 0x56 | 0x78 | 0x90) => key >> 4,
            _ => return None,
        };
    }
    Code::new(model, digits.get(..used)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captured_codes_of_five_keys() {
        let code = |digits: &[u8]| Code::new(Model::FiveKey, digits);
        for (digits, keys) in [
            (&[1, 2, 3, 4][..], [0x12, 0x12, 0x34, 0x34, 0, 0, 0, 0]),
            (&[9, 0, 7, 7], [0x90, 0x90, 0x78, 0x78, 0, 0, 0, 0]),
            (&[1, 3, 5, 7], [0x12, 0x34, 0x56, 0x78, 0, 0, 0, 0]),
        ] {
            assert_eq!(to_keys(Model::FiveKey, code(digits)), keys);
            assert_eq!(from_keys(Model::FiveKey, &keys), code(digits));
        }
    }

    #[test]
    fn ten_keys_keep_their_zeros() {
        let code = Code::new(Model::TenKey, &[0, 0, 1, 0]);
        let keys = to_keys(Model::TenKey, code);
        assert_eq!(&keys, b"0010\0\0\0\0");
        assert_eq!(from_keys(Model::TenKey, &keys), code);
    }

    #[test]
    fn other_bytes_are_no_code() {
        for keys in [
            [0; 8],
            *b"123\0\0\0\0\0",
            *b"12\x0034\0\0\0",
            *b"123x\0\0\0\0",
        ] {
            assert_eq!(from_keys(Model::TenKey, &keys), None);
            assert_eq!(from_keys(Model::FiveKey, &keys), None);
        }
    }
}
