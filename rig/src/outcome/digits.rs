//! Numbers and bytes as they are written: digits alone, for a sign or a blank would be taken for one.

use std::str::FromStr;

/// A number without sign or blank.
pub(crate) fn number<T: FromStr>(word: &str) -> Option<T> {
    let all = word.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| word.parse().ok()).flatten()
}

/// A byte: two digits in hex.
pub(crate) fn byte(word: &str) -> Option<u8> {
    let all = word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    all.then(|| u8::from_str_radix(word, 16).ok()).flatten()
}

/// Bytes in hex, with spaces between them.
pub(crate) fn written(bytes: &[u8]) -> String {
    let words: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_is_no_digit() {
        assert_eq!(number::<u16>("5"), Some(5));
        assert_eq!(byte("0a"), Some(10));
        for word in ["+5", "-5", " 5", ""] {
            assert_eq!((number::<u16>(word), byte(word)), (None, None), "{word}");
        }
        assert_eq!((number::<u8>("256"), byte("100")), (None, None));
    }
}
