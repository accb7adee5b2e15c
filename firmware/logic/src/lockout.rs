//! Wrong codes: three within 60 s make the keypad dead for 60 s from the third.

use crate::time::{Moment, Span};

/// Within this time three wrong codes are too many, and this long the keypad is dead.
pub(crate) const WINDOW: Span = Span::seconds(60);

#[derive(Debug, Default)]
pub(crate) struct Lockout {
    /// The wrong codes before the next one, the older first.
    wrong: [Option<Moment>; 2],
    until: Option<Moment>,
}

impl Lockout {
    /// Counts a wrong code; `true` when it was one too many and the keypad is dead from now on.
    pub(crate) fn count(&mut self, now: Moment) -> bool {
        let [older, newer] = self.wrong;
        if older.is_some_and(|first| now.since(first) <= WINDOW) {
            self.wrong = [None; 2];
            self.until = Some(now + WINDOW);
            return true;
        }
        self.wrong = [newer, Some(now)];
        false
    }

    /// A valid code: what was counted is forgotten.
    pub(crate) fn clear(&mut self) {
        self.wrong = [None; 2];
    }

    /// The keypad is dead until then.
    pub(crate) fn resume(&mut self, until: Moment) {
        self.until = Some(until);
    }

    /// How long the keypad is still dead.
    pub(crate) fn left(&self, now: Moment) -> Span {
        self.until.map_or(Span::ZERO, |until| until.since(now))
    }

    /// Whether the keypad is dead.
    pub(crate) fn active(&self, now: Moment) -> bool {
        self.until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment::BOOT + Span::seconds(seconds)
    }

    #[test]
    fn the_third_within_a_minute_locks_the_keypad_for_a_minute() {
        let mut lockout = Lockout::default();
        assert!(!lockout.count(at(0)));
        assert!(!lockout.count(at(30)));
        assert!(lockout.count(at(60)));
        assert!(lockout.active(at(119)));
        assert!(!lockout.active(at(120)));
    }

    #[test]
    fn slow_guesses_never_add_up() {
        let mut lockout = Lockout::default();
        for guess in 0..20 {
            assert!(!lockout.count(at(guess * 31)));
        }
    }

    #[test]
    fn a_valid_code_clears_the_count() {
        let mut lockout = Lockout::default();
        lockout.count(at(0));
        lockout.count(at(1));
        lockout.clear();
        assert!(!lockout.count(at(2)));
        assert!(!lockout.count(at(3)));
        assert!(lockout.count(at(4)));
    }

    #[test]
    fn after_a_lockout_counting_starts_anew() {
        let mut lockout = Lockout::default();
        for guess in 0..3 {
            lockout.count(at(guess));
        }
        assert!(!lockout.count(at(62)));
        assert!(!lockout.count(at(63)));
        assert!(lockout.count(at(64)));
    }
}
