//! Statistics as a person reads them.

use std::fmt;

use super::{OutcomeStatistics, Spread, Statistics};
use crate::outcome::Length;
use crate::snapshot::Measure;

/// Each outcome that spreads, drifts or comes and goes, with its numbers; steady ones are counted.
impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut steady = 0;
        for step in &self.steps {
            let worth: Vec<&OutcomeStatistics> = step
                .outcomes
                .iter()
                .filter(|outcome| outcome.flakes(self.runs) || outcome.spreads.iter().any(moves))
                .collect();
            steady += step.outcomes.len() - worth.len();
            if worth.is_empty() {
                continue;
            }
            writeln!(f, "{}  {}", step.number, step.heading)?;
            for outcome in worth {
                write!(f, "     {}", outcome.outcome)?;
                if outcome.flakes(self.runs) {
                    write!(f, "    (in {} of {} runs)", outcome.seen, self.runs)?;
                }
                writeln!(f)?;
                for spread in outcome.spreads.iter().filter(|spread| moves(spread)) {
                    writeln!(f, "         {spread}")?;
                }
            }
        }
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        write!(
            f,
            "{} run{}: {steady} outcome{} steady, {} in some runs only",
            self.runs,
            plural(self.runs),
            plural(steady),
            self.flaky().count()
        )?;
        match self.tolerance {
            Some(tolerance) => write!(f, "; a tolerance of {tolerance} would hold them"),
            None => f.write_str("; no time ever differed"),
        }
    }
}

const fn moves(spread: &Spread) -> bool {
    spread.max > spread.min
}

/// `start  min 20ms  median 21ms  p99 23ms  max 23ms  drift +1ms`.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |value: u64| match self.what {
            Measure::Tone => format!("{value}Hz"),
            _ => Length::from_micros(value).to_string(),
        };
        write!(f, "{:<5}", self.what.name())?;
        for (name, value) in [
            ("min", self.min),
            ("median", self.median),
            ("p99", self.p99),
            ("max", self.max),
        ] {
            write!(f, "  {name} {}", number(value))?;
        }
        let sign = if self.drift < 0 { '-' } else { '+' };
        write!(f, "  drift {sign}{}", number(self.drift.unsigned_abs()))
    }
}
