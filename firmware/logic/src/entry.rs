//! Digits as they are keyed in: at most 5 s apart, else the entry is dropped.

use crate::code::{Code, LONGEST};
use crate::time::{Moment, Span};
use crate::{Model, code};

/// The longest pause between two keys.
pub(crate) const PAUSE: Span = Span::seconds(5);

#[derive(Debug, Default)]
pub(crate) struct Entry {
    digits: [u8; LONGEST],
    /// Keys pressed; past `LONGEST` the entry can be no code any more.
    count: usize,
    last: Moment,
}

impl Entry {
    pub(crate) fn push(&mut self, now: Moment, digit: u8) {
        if let Some(place) = self.digits.get_mut(self.count) {
            *place = digit;
        }
        self.count = (self.count + 1).min(LONGEST + 1);
        self.last = now;
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether no further key can make a code of it.
    pub(crate) fn is_full(&self) -> bool {
        self.count >= LONGEST
    }

    /// The entry as a code, when it has the length of one.
    pub(crate) fn code(&self, model: Model) -> Option<Code> {
        Code::new(model, self.digits.get(..self.count)?)
    }

    /// Whether it is the key of `digit`, `count` times over.
    pub(crate) fn is_repeated(&self, model: Model, digit: u8, count: usize) -> bool {
        self.count == count
            && self
                .digits
                .iter()
                .take(count)
                .all(|&pressed| code::key_of(model, pressed) == code::key_of(model, digit))
    }

    /// When the entry is dropped.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        (!self.is_empty()).then(|| self.last + PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(digits: &[u8]) -> Entry {
        let mut entry = Entry::default();
        for &digit in digits {
            entry.push(Moment::BOOT, digit);
        }
        entry
    }

    #[test]
    fn nine_digits_are_no_code() {
        assert!(entry(&[1; 8]).code(Model::TenKey).is_some());
        assert!(entry(&[1; 9]).code(Model::TenKey).is_none());
        assert!(entry(&[1; 20]).code(Model::TenKey).is_none());
    }

    #[test]
    fn nine_six_times_is_nothing_shorter_or_longer() {
        assert!(entry(&[9; 6]).is_repeated(Model::TenKey, 9, 6));
        assert!(!entry(&[9; 5]).is_repeated(Model::TenKey, 9, 6));
        assert!(!entry(&[9; 7]).is_repeated(Model::TenKey, 9, 6));
        assert!(!entry(&[9, 9, 9, 9, 9, 0]).is_repeated(Model::TenKey, 9, 6));
        assert!(entry(&[9, 9, 9, 9, 9, 0]).is_repeated(Model::FiveKey, 9, 6));
    }

    #[test]
    fn an_entry_is_dropped_five_seconds_after_its_last_key() {
        let mut entry = entry(&[1]);
        assert_eq!(entry.deadline(), Some(Moment::BOOT + PAUSE));
        entry.push(Moment::BOOT + Span::seconds(3), 2);
        assert_eq!(entry.deadline(), Some(Moment::BOOT + Span::seconds(8)));
        entry.clear();
        assert_eq!(entry.deadline(), None);
    }
}
