//! Statistics for programs.

use serde::Serialize;
use serde_json::Value;

use super::{OutcomeStatistics, Spread, Statistics};
use crate::snapshot::Measure;

#[derive(Serialize)]
struct Step<'a> {
    step: usize,
    text: &'a str,
    outcomes: Vec<Seen<'a>>,
}

#[derive(Serialize)]
struct Seen<'a> {
    part: &'a str,
    outcome: String,
    seen: usize,
    flakes: bool,
    spreads: Vec<Numbers>,
}

#[derive(Serialize)]
struct Numbers {
    what: &'static str,
    unit: &'static str,
    min: u64,
    median: u64,
    p99: u64,
    max: u64,
    drift: i64,
}

impl Statistics {
    /// As a JSON object: `runs`, `tolerance` (null where no number spreads) and `steps`, every outcome
    /// with its numbers in microseconds or hertz.
    ///
    /// # Errors
    ///
    /// Never for statistics of outcomes; serde's own.
    pub fn to_json(&self) -> Result<Value, serde_json::Error> {
        let steps: Vec<Step<'_>> = self
            .steps
            .iter()
            .map(|step| Step {
                step: step.number,
                text: &step.heading,
                outcomes: step
                    .outcomes
                    .iter()
                    .map(|outcome| Seen::of(outcome, self.runs))
                    .collect(),
            })
            .collect();
        Ok(serde_json::json!({
            "runs": self.runs,
            "tolerance": self.tolerance.map(|tolerance| tolerance.to_string()),
            "steps": serde_json::to_value(steps)?,
        }))
    }
}

impl Seen<'_> {
    fn of(outcome: &OutcomeStatistics, runs: usize) -> Seen<'_> {
        Seen {
            part: outcome.outcome.part.name(),
            outcome: outcome.outcome.to_string(),
            seen: outcome.seen,
            flakes: outcome.flakes(runs),
            spreads: outcome.spreads.iter().map(Numbers::of).collect(),
        }
    }
}

impl Numbers {
    fn of(spread: &Spread) -> Numbers {
        Numbers {
            what: spread.what.name(),
            unit: match spread.what {
                Measure::Tone => "Hz",
                Measure::Start | Measure::On | Measure::Off => "us",
            },
            min: spread.min,
            median: spread.median,
            p99: spread.p99,
            max: spread.max,
            drift: spread.drift,
        }
    }
}
