//! Time as the lock counts it: microseconds since boot. Everything the lock promises is in
//! milliseconds, but a contact's 20 ms would not hold if edges were rounded to them.

use core::ops::{Add, Sub};

/// A point in time: microseconds since boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Moment(u64);

/// A length of time, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span(u64);

impl Moment {
    /// The boot itself.
    pub const BOOT: Self = Self(0);

    /// So many microseconds after boot.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since boot.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Milliseconds since boot, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1000
    }

    /// The time from `earlier` to here; zero when `earlier` is later.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many milliseconds.
    pub const fn millis(millis: u64) -> Self {
        Self(millis * 1000)
    }

    /// So many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds * 1_000_000)
    }

    /// So many microseconds.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// This long, so many times over.
    pub const fn times(self, count: u64) -> Self {
        Self(self.0 * count)
    }
}

impl Add<Span> for Moment {
    type Output = Self;

    fn add(self, span: Span) -> Self {
        Self(self.0 + span.0)
    }
}

impl Add for Span {
    type Output = Self;

    fn add(self, span: Self) -> Self {
        Self(self.0 + span.0)
    }
}

impl Sub for Span {
    type Output = Self;

    fn sub(self, span: Self) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

/// The earliest of some deadlines, where there are any.
pub(crate) fn earliest<const N: usize>(deadlines: [Option<Moment>; N]) -> Option<Moment> {
    deadlines.into_iter().flatten().min()
}
