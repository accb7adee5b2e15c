//! One run of the motor: when it starts, what ends it, and that it ends. The board's hardware watches
//! a running motor by [`WATCH`] and brakes a stalled one by itself within 50 ms, so that the program
//! sleeps through a run.

use crate::battery::RUNNING_TOO_LOW;
use crate::time::{Moment, Span};

/// The longest run in one direction: 1.5 s less what stopping may take.
pub(crate) const LONGEST_RUN: Span = Span::millis(1495);

/// How a running motor is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// How often pack and motor are sampled.
    pub every: Span,
    /// Motor current, in milliamperes, from which it counts as stalled.
    pub stalled_from: u16,
    /// The motor stalls that had no sample below that for so long.
    pub stalled_after: Span,
    /// Pack volts, in millivolts, below which it counts as empty.
    pub empty_below: u16,
    /// The pack is empty that had no sample at that or above for so long.
    pub empty_after: Span,
}

/// How the board has to watch a running motor, and brake it.
pub const WATCH: Watch = Watch {
    every: SAMPLE_EVERY,
    // A free run takes 150 mA, and a stall at the 3.6 V where it stops anyway still takes 480 mA.
    stalled_from: 350,
    // The end switches, settled after 20 ms, come first.
    stalled_after: samples(6),
    empty_below: RUNNING_TOO_LOW,
    // One alone may be the starting current.
    empty_after: samples(3),
};

const SAMPLE_EVERY: Span = Span::millis(5);

/// Until so many samples are taken, the last one's conversion included.
const fn samples(count: u64) -> Span {
    Span::millis(count * SAMPLE_EVERY.as_micros() / 1000 + 1)
}

/// The motor's H-bridge. There is no state that drives both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bridge {
    /// Both inputs low: braked.
    #[default]
    Brake,
    /// The input `open` high.
    Open,
    /// The input `close` high.
    Close,
}

impl Bridge {
    /// The other way; a brake stays one.
    pub(crate) const fn reversed(self) -> Self {
        match self {
            Self::Brake => Self::Brake,
            Self::Open => Self::Close,
            Self::Close => Self::Open,
        }
    }
}

/// What the board measured, when the lock asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Pack, in millivolts.
    pub pack: u16,
    /// Motor current, in milliamperes.
    pub motor: u16,
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The current says that the mechanism stopped the motor.
    Stalled,
    /// Nothing stopped it for 1.5 s.
    Expired,
    /// The pack fell below 3.6 V.
    Collapsed,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) bridge: Bridge,
    until: Moment,
}

impl Run {
    pub(crate) fn start(bridge: Bridge, now: Moment) -> Self {
        Self {
            bridge,
            until: now + LONGEST_RUN,
        }
    }

    pub(crate) fn expired(&self, now: Moment) -> Option<Stop> {
        (now >= self.until).then_some(Stop::Expired)
    }

    pub(crate) fn deadline(&self) -> Moment {
        self.until
    }
}

#[cfg(test)]
pub(crate) mod watcher;

#[cfg(test)]
mod tests {
    use super::watcher::Watcher;
    use super::*;

    const FREE: Measured = Measured {
        pack: 5900,
        motor: 150,
    };
    const STALL: Measured = Measured {
        pack: 5600,
        motor: 800,
    };
    const EMPTY: Measured = Measured {
        pack: 3500,
        motor: 150,
    };

    fn at(millis: u64) -> Moment {
        Moment::BOOT + Span::millis(millis)
    }

    /// Runs with a pack and a motor that are as `sample(ms)` says; when and why it stopped.
    fn run(sample: impl Fn(u64) -> Measured) -> (u64, Stop) {
        let run = Run::start(Bridge::Open, at(0));
        let mut watcher = Watcher::new(at(0));
        loop {
            let now = run.deadline().min(watcher.next());
            watcher.look(now, || sample(now.as_millis()));
            if let Some(stop) = watcher.stopped(now).or(run.expired(now)) {
                return (now.as_millis(), stop);
            }
        }
    }

    #[test]
    fn a_stall_stops_it_within_50_ms() {
        for stalls_at in 0..1400 {
            let (stopped, why) = run(|now| if now >= stalls_at { STALL } else { FREE });
            assert_eq!(why, Stop::Stalled);
            assert!((25..=35).contains(&(stopped - stalls_at)), "{stalls_at}");
        }
    }

    #[test]
    fn starting_current_is_no_stall() {
        let (_, why) = run(|now| if now <= 25 { STALL } else { FREE });
        assert_eq!(why, Stop::Expired);
    }

    #[test]
    fn it_never_runs_longer_than_a_second_and_a_half() {
        assert_eq!(run(|_| FREE), (1495, Stop::Expired));
    }

    #[test]
    fn an_empty_pack_stops_it() {
        for empty_at in 0..1400 {
            let (stopped, why) = run(|now| if now >= empty_at { EMPTY } else { FREE });
            assert_eq!(why, Stop::Collapsed);
            assert!((10..=20).contains(&(stopped - empty_at)), "{empty_at}");
        }
    }

    #[test]
    fn a_pack_that_sags_for_two_samples_is_not_empty() {
        let (_, why) = run(|now| {
            if (500..510).contains(&now) {
                EMPTY
            } else {
                FREE
            }
        });
        assert_eq!(why, Stop::Expired);
    }

    #[test]
    fn a_stall_that_empties_the_pack_is_told_as_the_pack() {
        let weak = Measured {
            pack: 3500,
            motor: 800,
        };
        let (_, why) = run(|now| if now >= 500 { weak } else { FREE });
        assert_eq!(why, Stop::Collapsed);
    }
}
