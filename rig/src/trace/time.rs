//! Time in a run: whole nanoseconds since its epoch.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A point in a run's time, or a length of it, in nanoseconds. 64 bits last for 584 years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Nanos(pub u64);

impl Nanos {
    /// The run's epoch.
    pub const ZERO: Nanos = Nanos(0);

    /// `micros` microseconds.
    pub const fn from_micros(micros: u64) -> Nanos {
        Nanos(micros * 1_000)
    }

    /// `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Nanos {
        Nanos(millis * 1_000_000)
    }

    /// `secs` seconds.
    pub const fn from_secs(secs: u64) -> Nanos {
        Nanos(secs * 1_000_000_000)
    }

    /// Milliseconds, rounded to the nearest.
    pub const fn to_millis(self) -> u64 {
        (self.0 + 500_000) / 1_000_000
    }

    /// From `earlier` to this time; zero if that is later.
    pub const fn since(self, earlier: Nanos) -> Nanos {
        Nanos(self.0.saturating_sub(earlier.0))
    }

    /// The distance between two times, whichever is first.
    pub const fn distance(self, other: Nanos) -> Nanos {
        Nanos(self.0.abs_diff(other.0))
    }
}

impl Add for Nanos {
    type Output = Nanos;
    fn add(self, other: Nanos) -> Nanos {
        Nanos(self.0 + other.0)
    }
}

impl AddAssign for Nanos {
    fn add_assign(&mut self, other: Nanos) {
        self.0 += other.0;
    }
}

impl Sub for Nanos {
    type Output = Nanos;
    fn sub(self, other: Nanos) -> Nanos {
        Nanos(self.0 - other.0)
    }
}

impl From<std::time::Duration> for Nanos {
    /// Longer than 584 years becomes the longest.
    fn from(duration: std::time::Duration) -> Nanos {
        Nanos(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl From<Nanos> for std::time::Duration {
    fn from(nanos: Nanos) -> std::time::Duration {
        std::time::Duration::from_nanos(nanos.0)
    }
}

/// Seconds with three decimals, `29.951s`, or as many as a precision asks for.
impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(3).min(9);
        let unit = 10u64.pow(9 - decimals as u32);
        // Split first: adding half a unit to the whole could overflow.
        let up = u64::from(self.0 % unit * 2 >= unit);
        let units = self.0 / unit + up;
        let per_second = 10u64.pow(decimals as u32);
        write!(f, "{}", units / per_second)?;
        if decimals > 0 {
            write!(f, ".{:0decimals$}", units % per_second)?;
        }
        f.write_str("s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displays_rounded_seconds() {
        assert_eq!(Nanos(29_950_999_999).to_string(), "29.951s");
        assert_eq!(Nanos(999_500_000).to_string(), "1.000s");
        assert_eq!(format!("{:.0}", Nanos::from_secs(30)), "30s");
        assert_eq!(format!("{:.9}", Nanos(1)), "0.000000001s");
        assert_eq!(Nanos(u64::MAX).to_string(), "18446744073.710s");
    }
}
