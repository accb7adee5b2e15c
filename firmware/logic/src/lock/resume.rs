//! What goes on after a hung program was restarted: a lockout, and the wait of auto-lock. It fits a
//! word, with a check, as the memory that keeps it may come out of a reset damaged.

use super::Lock;
use super::bolt::AUTO_LOCK;
use crate::lockout::WINDOW;
use crate::time::{Moment, Span};

/// What a restart doesn't end, in seconds; zero where there is nothing to go on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lasting {
    /// How long the keypad is still dead.
    pub lockout: u8,
    /// Until auto-lock is due.
    pub auto_lock: u8,
}

impl Lasting {
    /// As a word: the seconds below, their complement above.
    pub fn to_word(self) -> u32 {
        let seconds = u16::from_le_bytes([self.lockout, self.auto_lock]);
        u32::from(!seconds) << 16 | u32::from(seconds)
    }

    /// What a word says; one that doesn't check says that there is nothing to go on with.
    pub fn from_word(word: u32) -> Self {
        let seconds = word as u16;
        if (word >> 16) as u16 != !seconds {
            return Self::default();
        }
        let [lockout, auto_lock] = seconds.to_le_bytes();
        Self { lockout, auto_lock }
    }
}

impl Lock {
    /// What goes on at `now`. A second that has begun counts: what hangs loses time, and no lockout
    /// gets shorter by that.
    pub fn lasting(&self, now: Moment) -> Lasting {
        Lasting {
            lockout: seconds(self.lockout.left(now)),
            auto_lock: self.auto_lock.map_or(0, |due| seconds(due.since(now))),
        }
    }

    /// Goes on with what went on before a restart; no longer than either lasts at most, whatever
    /// another program left there.
    pub fn resume(&mut self, lasting: Lasting) {
        let after = |seconds: u8, most| Moment::BOOT + Span::seconds(seconds.into()).min(most);
        if lasting.lockout > 0 {
            self.lockout.resume(after(lasting.lockout, WINDOW));
        }
        if lasting.auto_lock > 0 {
            self.auto_lock = Some(after(lasting.auto_lock, AUTO_LOCK));
        }
    }
}

/// Whole seconds, rounded up.
fn seconds(span: Span) -> u8 {
    span.as_micros().div_ceil(1_000_000).min(u8::MAX.into()) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_which_a_bit_has_flipped_says_nothing() {
        let lasting = Lasting {
            lockout: 47,
            auto_lock: 12,
        };
        let word = lasting.to_word();
        assert_eq!(Lasting::from_word(word), lasting);
        for bit in 0..32 {
            assert_eq!(Lasting::from_word(word ^ 1 << bit), Lasting::default());
        }
        for blank in [0, u32::MAX] {
            assert_eq!(Lasting::from_word(blank), Lasting::default());
        }
    }
}
