//! What the pack's volts say about the cells in it: idle, and under the motor. What sags is resistance,
//! and resistance and level together give the kind of cell away.

use std::fmt;

use super::Cause;
use crate::trace::{Channel, Nanos, Trace, Value, highs, samples};

/// A motor that has run this long has left its start behind and has met nothing yet.
const RUNNING: Nanos = Nanos::from_millis(100);
/// Less current than this is no load, in milliamperes.
const LOAD: i32 = 50;
/// Above this a good pack doesn't go under the motor, in millivolts.
const COLLAPSED: i32 = 3_650;

/// A whole travel takes 1.5 s, which is all that the motor is given, at so many millivolts (LOCK.md section 7: 1 s
/// at 6 V, in proportion).
const SLOW: i32 = 4_050;
/// What the lock calls low and too low (LOCK.md section 6), in millivolts.
const LOW: i32 = 4_800;
const TOO_LOW: i32 = 4_500;

/// Volts that were seen at the lock's terminals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Pack {
    /// Without load, in millivolts; `None` where the bench doesn't see it.
    pub(super) idle: Option<i32>,
    /// While the motor ran: millivolts and milliamperes.
    pub(super) loaded: Option<(i32, i32)>,
    /// The least that was seen while the motor was driven, in millivolts.
    pub(super) least: Option<i32>,
}

/// What cells they probably are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guess {
    /// No voltage at all.
    None,
    /// So little that one of them takes away what another gives, or all are empty.
    Reversed,
    /// Tens of ohms: what leaked out, or a corroded contact.
    Leaking,
    /// Level high, resistance too: one of them is much older.
    Mixed,
    /// Lithium primary cells.
    Lithium,
    /// Rechargeable cells.
    Nimh,
    /// Alkaline cells with enough in them.
    Good,
    /// Alkaline cells at their end.
    Worn,
}

impl Pack {
    /// Takes in what the motor's runs since `from` did to the pack.
    pub(super) fn load(&mut self, trace: &Trace, from: Nanos) {
        let volts = samples(trace, Channel::Supply);
        let currents = samples(trace, Channel::MotorCurrent);
        for line in [Channel::MotorOpen, Channel::MotorClose] {
            for (start, end) in highs(trace, line) {
                if start < from {
                    continue;
                }
                let end = end.unwrap_or(trace.end);
                let within = volts.iter().filter(|(at, _)| (start..=end).contains(at));
                let least = within.map(|(_, volts)| *volts).min();
                self.least = [self.least, least].into_iter().flatten().min();
                let at = start + RUNNING;
                if at < end
                    && let (Some(volts), Some(current)) =
                        (at_time(&volts, at), at_time(&currents, at))
                    && current >= LOAD
                {
                    self.loaded = Some((volts, current));
                }
            }
        }
    }

    /// Takes in a breakdown since `from`: the motor's run was too short to be one.
    pub(super) fn broke_down(&mut self, trace: &Trace, from: Nanos) {
        let volts = samples(trace, Channel::Supply);
        let since = volts.iter().filter(|(at, _)| *at >= from);
        let least = since.map(|(_, volts)| *volts).min();
        self.least = [self.least, least].into_iter().flatten().min();
    }

    /// Resistance of the whole pack, in milliohms, where both were seen.
    pub(super) fn milliohms(&self) -> Option<i32> {
        let (idle, (loaded, current)) = (self.idle?, self.loaded?);
        Some((idle - loaded).max(0) * 1_000 / current)
    }

    /// Whether the motor was too much for it.
    pub(super) fn collapsed(&self) -> bool {
        self.least.is_some_and(|least| least < COLLAPSED)
    }

    /// Whether it brings the bolt nowhere in the time that the lock gives the motor: by this many volts that is
    /// the time that a whole travel takes.
    pub(super) fn slow(&self) -> bool {
        self.loaded.is_some_and(|(loaded, _)| loaded < SLOW)
    }

    /// What the lock would warn of, or refuse, by what it gives without load.
    pub(super) fn low(&self) -> Option<Cause> {
        let idle = self.idle?;
        if idle <= TOO_LOW {
            Some(Cause::BatteryTooLow)
        } else if idle <= LOW {
            Some(Cause::BatteryLow)
        } else {
            None
        }
    }

    /// What cells they probably are; `None` where no volts were seen.
    pub(super) fn guess(&self) -> Option<Guess> {
        let idle = self.idle?;
        let ohms = self.milliohms();
        let more_than = |limit: i32| ohms.is_some_and(|ohms| ohms > limit);
        let at_most = |limit: i32| ohms.is_none_or(|ohms| ohms <= limit);
        Some(match idle {
            ..=200 => Guess::None,
            201..=3_700 => Guess::Reversed,
            _ if more_than(8_000) => Guess::Leaking,
            _ if self.collapsed() && idle >= 5_200 && ohms.is_none() => Guess::Leaking,
            6_650.. if at_most(1_000) => Guess::Lithium,
            4_600..=5_050 if ohms.is_some_and(|ohms| ohms <= 400) => Guess::Nimh,
            // Alkaline cells that still give so much have half of this.
            5_200.. if more_than(1_800) => Guess::Mixed,
            5_200.. => Guess::Good,
            _ => Guess::Worn,
        })
    }
}

/// The sample that holds at a time.
fn at_time(samples: &[(Nanos, i32)], at: Nanos) -> Option<i32> {
    let after = samples.partition_point(|(time, _)| *time <= at);
    samples.get(after.checked_sub(1)?).map(|(_, value)| *value)
}

/// The level of a channel that samples, in a sitting.
pub(super) fn sampled(value: Option<Value>) -> i32 {
    match value {
        Some(Value::Sample(sample)) => sample,
        _ => 0,
    }
}

/// Reads after "4.82 V idle: ".
impl fmt::Display for Guess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Guess::None => "no voltage",
            Guess::Reversed => "a cell the wrong way round, or an empty pack",
            Guess::Leaking => "a leaking cell or a corroded contact",
            Guess::Mixed => "an old cell among newer ones",
            Guess::Lithium => "lithium cells",
            Guess::Nimh => "rechargeable cells (NiMH)",
            Guess::Good => "good alkaline cells",
            Guess::Worn => "alkaline cells at their end",
        })
    }
}

/// `6.00 V idle, 5.91 V at 150 mA, 0.6 ohm: good alkaline cells`.
impl fmt::Display for Pack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let volts = |millivolts: i32| f64::from(millivolts) / 1_000.0;
        let Some(idle) = self.idle else {
            return f.write_str("this bench doesn't see the pack's volts");
        };
        write!(f, "{:.2} V idle", volts(idle))?;
        if let Some((loaded, current)) = self.loaded {
            write!(f, ", {:.2} V at {current} mA", volts(loaded))?;
        } else if let Some(least) = self.least {
            write!(f, ", {:.2} V under the motor", volts(least))?;
        }
        if let Some(milliohms) = self.milliohms() {
            write!(f, ", {:.1} ohm", f64::from(milliohms) / 1_000.0)?;
        }
        match self.guess() {
            Some(guess) => write!(f, ": {guess}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(idle: i32, milliohms: Option<i32>) -> Option<Guess> {
        let loaded = milliohms.map(|milliohms| (idle - milliohms * 150 / 1_000, 150));
        let pack = Pack {
            idle: Some(idle),
            loaded,
            least: None,
        };
        pack.guess()
    }

    #[test]
    fn level_and_sag_give_the_cells_away() {
        for (idle, milliohms, expected) in [
            (0, None, Guess::None),
            (3_200, None, Guess::Reversed),
            (6_400, Some(600), Guess::Good),
            (5_320, Some(1_120), Guess::Good),
            (4_760, Some(2_400), Guess::Worn),
            (4_300, None, Guess::Worn),
            (4_800, Some(180), Guess::Nimh),
            (7_040, Some(500), Guess::Lithium),
            (5_850, Some(2_100), Guess::Mixed),
            (6_000, Some(20_600), Guess::Leaking),
        ] {
            assert_eq!(
                guess(idle, milliohms),
                Some(expected),
                "{idle} mV {milliohms:?}"
            );
        }
    }

    #[test]
    fn a_bench_that_measures_nothing_guesses_nothing() {
        assert_eq!(Pack::default().guess(), None);
    }
}
