//! The hub's clock: seven BCD bytes, year to weekday, kept going from when they were set. The lock
//! has no other clock and forgets this one without power.

use crate::time::Moment;

/// Years, months, days, hours, minutes, seconds and weekday, two digits each.
type Reading = [u8; 7];

const SECONDS_PER_DAY: u64 = 86_400;

/// A clock that was set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    set_at: Moment,
    /// Seconds since 2000-01-01 when it was set.
    seconds: u64,
    /// The weekday of 2000-01-01 in the hub's numbering, `0..=6`.
    weekday: u64,
}

impl Clock {
    /// A clock that reads `bcd` now; `None` when that is no time.
    pub(crate) fn set(now: Moment, bcd: Reading) -> Option<Self> {
        let mut read = [0; 7];
        for (value, byte) in read.iter_mut().zip(bcd) {
            let (tens, ones) = (byte >> 4, byte & 0xF);
            if tens > 9 || ones > 9 {
                return None;
            }
            *value = u64::from(tens * 10 + ones);
        }
        let [year, month, day, hour, minute, second, weekday] = read;
        let valid = (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60
            && weekday < 8;
        if !valid {
            return None;
        }
        let days = (0..year).map(days_in_year).sum::<u64>()
            + (1..month).map(|month| days_in(year, month)).sum::<u64>()
            + day
            - 1;
        Some(Self {
            set_at: now,
            seconds: days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second,
            weekday: (weekday % 7 + 7 - days % 7) % 7,
        })
    }

    /// What it reads now. After a century it begins again.
    pub(crate) fn read(&self, now: Moment) -> Reading {
        let seconds = self.seconds + now.since(self.set_at).as_micros() / 1_000_000;
        let all_days = seconds / SECONDS_PER_DAY;
        let (mut days, mut year, mut month) = (all_days, 0, 1);
        while days >= days_in_year(year) {
            days -= days_in_year(year);
            year = (year + 1) % 100;
        }
        while days >= days_in(year, month) {
            days -= days_in(year, month);
            month += 1;
        }
        let of_day = seconds % SECONDS_PER_DAY;
        [
            year,
            month,
            days + 1,
            of_day / 3600,
            of_day / 60 % 60,
            of_day % 60,
            (self.weekday + all_days) % 7,
        ]
        .map(|value| (value / 10 % 10 * 16 + value % 10) as u8)
    }
}

/// From 2000 to 2099 every fourth year is a leap year.
const fn days_in_year(year: u64) -> u64 {
    if year.is_multiple_of(4) { 366 } else { 365 }
}

const fn days_in(year: u64, month: u64) -> u64 {
    match month {
        2 if year.is_multiple_of(4) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    const CAPTURED: Reading = [0x14, 0x06, 0x21, 0x03, 0x46, 0x47, 0x06];

    #[test]
    fn it_reads_what_it_was_set_to_and_goes_on() {
        let clock = Clock::set(Moment::BOOT, CAPTURED).unwrap();
        assert_eq!(clock.read(Moment::BOOT), CAPTURED);
        let later = Moment::BOOT + Span::seconds(86_400 * 10 + 13);
        assert_eq!(
            clock.read(later),
            [0x14, 0x07, 0x01, 0x03, 0x47, 0x00, 0x02]
        );
    }

    #[test]
    fn leap_days_and_years_turn() {
        let clock = Clock::set(Moment::BOOT, [0x16, 0x02, 0x28, 0x23, 0x59, 0x59, 0x00]).unwrap();
        let second = Moment::BOOT + Span::seconds(1);
        assert_eq!(clock.read(second)[..4], [0x16, 0x02, 0x29, 0x00]);
        let clock = Clock::set(Moment::BOOT, [0x15, 0x12, 0x31, 0x23, 0x59, 0x59, 0x04]).unwrap();
        assert_eq!(clock.read(second), [0x16, 0x01, 0x01, 0, 0, 0, 0x05]);
    }

    #[test]
    fn what_is_no_time_isnt_taken() {
        for (place, value) in [
            (0, 0x9A),
            (1, 0x00),
            (1, 0x13),
            (2, 0x00),
            (2, 0x31),
            (3, 0x24),
            (4, 0x60),
            (5, 0x60),
            (6, 0x08),
        ] {
            let mut bcd = CAPTURED;
            bcd[place] = value;
            assert!(Clock::set(Moment::BOOT, bcd).is_none(), "{bcd:x?}");
        }
    }
}
