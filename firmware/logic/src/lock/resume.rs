//! What goes on after a hung program was restarted: a lockout, and the wait of auto-lock. Two bytes,
//! as the chip keeps no more over a reset by itself.

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
