//! Notices a tone that skips: a beeper's wave at 4 kHz is the fastest thing on the bench, and two
//! edges that the kernel merged away leave one period too long between regular ones. A tone that
//! changes its pitch for good, or stops, is the lock's own affair.

use super::Level;
use crate::trace::Nanos;

/// No tone is slower: a longer pause ends one.
const LONGEST_PERIOD: Nanos = Nanos::from_millis(5);

/// Periods that the usual one is taken from.
const MEMORY: usize = 15;

/// Periods that must have been seen before one is called too long.
const ESTABLISHED: usize = 4;

/// A period is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Missing {
    /// Where the gap begins.
    pub(super) at: Nanos,
    /// The tone's usual period.
    pub(super) period: Nanos,
}

/// The rhythm of one line.
#[derive(Debug, Default)]
pub(super) struct Rhythm {
    rose: Option<Nanos>,
    periods: Vec<Nanos>,
    /// A period that was too long: wrong if the next one is as before.
    suspect: Option<Nanos>,
}

impl Rhythm {
    /// Takes the line's next edge.
    pub(super) fn edge(&mut self, at: Nanos, level: Level) -> Result<(), Missing> {
        if level == Level::Low {
            return Ok(());
        }
        let Some(rose) = self.rose.replace(at) else {
            return Ok(());
        };
        let period = at.since(rose);
        if period > LONGEST_PERIOD {
            *self = Rhythm {
                rose: Some(at),
                ..Rhythm::default()
            };
            return Ok(());
        }
        let Some(usual) = self.usual() else {
            self.remember(period);
            return Ok(());
        };
        let long = 2 * period.0 > 3 * usual.0;
        match self.suspect.take() {
            Some(at) if !long => Err(Missing { at, period: usual }),
            Some(_) => {
                // Slower for good: another tone.
                self.periods = vec![period];
                Ok(())
            }
            None if long => {
                self.suspect = Some(rose);
                Ok(())
            }
            None => {
                self.remember(period);
                Ok(())
            }
        }
    }

    fn remember(&mut self, period: Nanos) {
        if self.periods.len() == MEMORY {
            self.periods.remove(0);
        }
        self.periods.push(period);
    }

    /// The median period, once there is one.
    fn usual(&self) -> Option<Nanos> {
        let mut periods = self.periods.clone();
        periods.sort_unstable();
        (periods.len() >= ESTABLISHED).then(|| periods[periods.len() / 2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays high and low times in microseconds; the first skip, if any.
    fn play(times: impl IntoIterator<Item = (u64, u64)>) -> Option<Missing> {
        let mut rhythm = Rhythm::default();
        let mut at = Nanos::from_millis(1);
        for (high, low) in times {
            if let Err(missing) = rhythm.edge(at, Level::High) {
                return Some(missing);
            }
            at += Nanos::from_micros(high);
            rhythm.edge(at, Level::Low).unwrap();
            at += Nanos::from_micros(low);
        }
        None
    }

    #[test]
    fn a_merged_period_is_noticed_in_any_duty_cycle() {
        for (high, low) in [(125, 125), (75, 175), (200, 50)] {
            // A low and a high time merged into the high before them.
            let merged = (high + low + high, low);
            let mut times = vec![(high, low); 20];
            times[10] = merged;
            let missing = play(times).unwrap();
            assert_eq!(missing.period, Nanos::from_micros(250));
            assert_eq!(missing.at, Nanos::from_micros(1_000 + 10 * 250));
        }
    }

    #[test]
    fn pauses_other_pitches_and_jitter_are_the_locks_own() {
        let tone = |half, count| std::iter::repeat_n((half, half), count);
        assert_eq!(
            play(tone(125, 40).chain([(125, 150_000)]).chain(tone(125, 40))),
            None
        );
        assert_eq!(
            play(tone(125, 40).chain(tone(250, 40)).chain(tone(125, 40))),
            None
        );
        assert_eq!(play((0..100).map(|i| (105 + i % 40, 150 - i % 50))), None);
    }
}
