//! One run of the motor: when it starts, what ends it, and that it ends. Current is sampled every
//! 5 ms; a stall is six samples above 350 mA, seen within 35 ms.

use crate::battery::RUNNING_TOO_LOW;
use crate::time::{Moment, Span};

/// How often a running motor is looked at.
pub(crate) const SAMPLE_EVERY: Span = Span::millis(5);
/// The longest run in one direction: 1.5 s less what stopping may take.
pub(crate) const LONGEST_RUN: Span = Span::millis(1495);
/// Motor current from which it counts as stalled: a free run takes 150 mA, and a stall at the
/// 3.6 V where it stops anyway still takes 480 mA.
const STALLED_FROM: u16 = 350;
/// So many samples in a row make a stall: the end switches, settled after 20 ms, come first.
const STALLED_SAMPLES: u8 = 6;
/// So many samples in a row below 3.6 V make an empty pack: one alone may be the starting current.
const COLLAPSED_SAMPLES: u8 = 3;

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
pub(crate) enum Stop {
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
    next_sample: Moment,
    stalled: u8,
    collapsed: u8,
}

impl Run {
    pub(crate) fn start(bridge: Bridge, now: Moment) -> Self {
        Self {
            bridge,
            until: now + LONGEST_RUN,
            next_sample: now + SAMPLE_EVERY,
            stalled: 0,
            collapsed: 0,
        }
    }

    /// Whether a sample is due.
    pub(crate) fn wants_sample(&self, now: Moment) -> bool {
        now >= self.next_sample
    }

    /// Takes a sample of a motor that neither stalls nor empties the pack, as most are; `false` leaves
    /// one that does to [`Run::sampled`].
    pub(crate) fn runs_on(&mut self, now: Moment, measured: Measured) -> bool {
        let ordinary = measured.motor < STALLED_FROM && measured.pack >= RUNNING_TOO_LOW;
        ordinary && self.sampled(now, measured).is_none()
    }

    pub(crate) fn sampled(&mut self, now: Moment, measured: Measured) -> Option<Stop> {
        self.next_sample = now + SAMPLE_EVERY;
        self.stalled = counted(self.stalled, measured.motor >= STALLED_FROM);
        self.collapsed = counted(self.collapsed, measured.pack < RUNNING_TOO_LOW);
        if self.collapsed >= COLLAPSED_SAMPLES {
            Some(Stop::Collapsed)
        } else if self.stalled >= STALLED_SAMPLES {
            Some(Stop::Stalled)
        } else {
            None
        }
    }

    pub(crate) fn expired(&self, now: Moment) -> Option<Stop> {
        (now >= self.until).then_some(Stop::Expired)
    }

    pub(crate) fn deadline(&self) -> Moment {
        self.until.min(self.next_sample)
    }
}

const fn counted(count: u8, again: bool) -> u8 {
    if again { count.saturating_add(1) } else { 0 }
}

#[cfg(test)]
mod tests {
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

    /// Runs with `sample(ms)` every 5 ms; when and why it stopped.
    fn run(sample: impl Fn(u64) -> Measured) -> (u64, Stop) {
        let mut run = Run::start(Bridge::Open, at(0));
        loop {
            let now = run.deadline();
            if let Some(stop) = run.expired(now) {
                return (now.as_millis(), stop);
            }
            if let Some(stop) = run.sampled(now, sample(now.as_millis())) {
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
    fn a_sample_that_says_nothing_new_is_the_same_on_its_short_way() {
        let mut usual = Run::start(Bridge::Open, at(0));
        let mut short = usual;
        for sample in [FREE, STALL, STALL, FREE, EMPTY, STALL, FREE, FREE] {
            let now = usual.deadline();
            assert_eq!(short.deadline(), now);
            usual.sampled(now, sample);
            let runs_on = short.runs_on(now, sample);
            assert_eq!(runs_on, sample == FREE);
            if !runs_on {
                assert!(short.wants_sample(now));
                short.sampled(now, sample);
            }
            assert_eq!(
                (short.stalled, short.collapsed),
                (usual.stalled, usual.collapsed)
            );
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
        let (stopped, why) = run(|now| if now >= 500 { EMPTY } else { FREE });
        assert_eq!((stopped, why), (510, Stop::Collapsed));
    }
}
