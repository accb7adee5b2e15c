//! What the board's hardware does while the motor runs, for tests without a board: samples, and two
//! timers that a good sample starts over.

use super::{Measured, Stop, WATCH};
use crate::time::Moment;

#[derive(Debug)]
pub(crate) struct Watcher {
    next_sample: Moment,
    stalls_at: Moment,
    empty_at: Moment,
}

impl Watcher {
    /// Begins with the motor.
    pub(crate) fn new(now: Moment) -> Self {
        Self {
            next_sample: now + WATCH.every,
            stalls_at: now + WATCH.stalled_after,
            empty_at: now + WATCH.empty_after,
        }
    }

    /// When it next does something.
    pub(crate) fn next(&self) -> Moment {
        self.next_sample.min(self.stalls_at).min(self.empty_at)
    }

    /// Takes a sample where one is due.
    pub(crate) fn look(&mut self, now: Moment, sample: impl FnOnce() -> Measured) {
        if now < self.next_sample {
            return;
        }
        self.next_sample = now + WATCH.every;
        let measured = sample();
        if measured.motor < WATCH.stalled_from {
            self.stalls_at = now + WATCH.stalled_after;
        }
        if measured.pack >= WATCH.empty_below {
            self.empty_at = now + WATCH.empty_after;
        }
    }

    /// Whether it has braked the motor.
    pub(crate) fn stopped(&self, now: Moment) -> Option<Stop> {
        if now >= self.empty_at {
            Some(Stop::Collapsed)
        } else {
            (now >= self.stalls_at).then_some(Stop::Stalled)
        }
    }
}
