//! Virtual time. Its unit is the longest one in which both clocks of the chip have whole periods,
//! so that no event is ever rounded and no order depends on rounding.

use std::ops::{Add, AddAssign, Sub};

/// A point in virtual time, or a length of it, in ticks of 512 MHz: 64 MHz (HFCLK's core clock)
/// and 32 768 Hz (LFCLK) both divide it. 64 bits last for a thousand years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ticks(pub u64);

impl Ticks {
    /// One second.
    pub const SECOND: Ticks = Ticks(512_000_000);
    /// One cycle of the 64 MHz core clock.
    pub const CYCLE: Ticks = Ticks(8);
    /// One cycle of the 16 MHz peripheral clock.
    pub const PCLK16M: Ticks = Ticks(32);
    /// One cycle of the 32 768 Hz low-frequency clock.
    pub const LFCLK: Ticks = Ticks(15_625);
    /// Later than anything that happens.
    pub const NEVER: Ticks = Ticks(u64::MAX);

    /// The first tick at or after `nanos`.
    pub const fn from_nanos(nanos: u64) -> Ticks {
        Ticks((nanos as u128 * 64).div_ceil(125) as u64)
    }

    /// Whole nanoseconds up to this tick.
    pub const fn to_nanos(self) -> u64 {
        (self.0 as u128 * 125 / 64) as u64
    }

    /// `micros` microseconds.
    pub const fn from_micros(micros: u64) -> Ticks {
        Ticks(micros * 512)
    }

    /// `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Ticks {
        Ticks(millis * 512_000)
    }

    /// This time plus `other`, or [`Ticks::NEVER`] where that is too late to say.
    pub const fn saturating_add(self, other: Ticks) -> Ticks {
        Ticks(self.0.saturating_add(other.0))
    }
}

impl Add for Ticks {
    type Output = Ticks;
    fn add(self, other: Ticks) -> Ticks {
        Ticks(self.0 + other.0)
    }
}

impl AddAssign for Ticks {
    fn add_assign(&mut self, other: Ticks) {
        self.0 += other.0;
    }
}

impl Sub for Ticks {
    type Output = Ticks;
    fn sub(self, other: Ticks) -> Ticks {
        Ticks(self.0 - other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_have_whole_periods() {
        assert_eq!(Ticks::SECOND.0, Ticks::CYCLE.0 * 64_000_000);
        assert_eq!(Ticks::SECOND.0, Ticks::LFCLK.0 * 32_768);
    }

    #[test]
    fn a_microsecond_is_whole_and_a_nanosecond_never_comes_early() {
        for nanos in [0, 1_000, 999_000, 86_400_000_123_000] {
            assert_eq!(Ticks::from_nanos(nanos).to_nanos(), nanos);
        }
        for nanos in [1, 2, 999, 1_000_000_007] {
            assert!((nanos..=nanos + 1).contains(&Ticks::from_nanos(nanos).to_nanos()));
        }
    }
}
