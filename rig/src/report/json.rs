//! JSON lines: an object for each scenario, for programs that watch a run.

use serde::Serialize;

use super::wrong::stale;
use super::{Ending, Record};
use crate::snapshot::Difference;
use crate::statistics::Statistics;

#[derive(Serialize)]
struct Line<'a> {
    scenario: &'a str,
    round: usize,
    title: &'a str,
    path: String,
    lock: &'a str,
    bench: &'a str,
    image_sha256: &'a str,
    seed: u64,
    outcome: &'a str,
    exit: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<Changed>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    misses: Vec<Missed<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<String>,
    virtual_nanoseconds: u64,
    real_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
    again: &'a str,
}

#[derive(Serialize)]
struct Changed {
    step: usize,
    text: String,
    accepted: Option<String>,
    measured: Option<String>,
}

#[derive(Serialize)]
struct Missed<'a> {
    step: usize,
    text: &'a str,
    line: usize,
    wanted: &'a str,
    got: &'a [String],
}

/// A line of JSON for each record, without line ends.
pub fn lines(records: &[Record]) -> Result<Vec<String>, serde_json::Error> {
    records.iter().map(line).collect()
}

/// A line of JSON about all repetitions of a scenario on a lock: how many passed, and `statistics`.
pub fn rounds_line(
    records: &[Record],
    statistics: &Statistics,
) -> Result<String, serde_json::Error> {
    let first = records.first();
    let passed = records.iter().filter(|record| record.ending.passed());
    serde_json::to_string(&serde_json::json!({
        "scenario": first.map(|record| &record.name),
        "lock": first.map(|record| record.setting.lock.name()),
        "bench": first.map(|record| &record.setting.bench),
        "rounds": records.len(),
        "passed": passed.count(),
        "statistics": statistics.to_json()?,
    }))
}

fn line(record: &Record) -> Result<String, serde_json::Error> {
    let (reason, difference, misses) = match &record.ending {
        Ending::Differs {
            difference, misses, ..
        } => {
            let stale = difference.as_ref().and_then(stale);
            (stale, difference.as_ref(), misses.as_slice())
        }
        Ending::Accepted { difference, .. } => (None, difference.as_ref(), &[][..]),
        Ending::NotReached(not_reached) => (
            Some(format!("`{}` is not reached", not_reached.given.name())),
            None,
            not_reached.misses.as_slice(),
        ),
        Ending::Skipped(reason) => (Some(reason.clone()), None, &[][..]),
        Ending::Fault(error) => (Some(format!("failed to {error}")), None, &[][..]),
        Ending::Passed | Ending::Missing { .. } | Ending::Interrupted => (None, None, &[][..]),
    };
    let violations = match &record.ending {
        Ending::Differs { violations, .. } => violations.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    serde_json::to_string(&Line {
        scenario: &record.name,
        round: record.round,
        title: &record.title,
        path: record.path.display().to_string(),
        lock: record.setting.lock.name(),
        bench: &record.setting.bench,
        image_sha256: &record.setting.image_sha256,
        seed: record.setting.seed,
        outcome: record.ending.word(),
        exit: record.ending.exit().code(),
        reason,
        changes: difference.map(changes).unwrap_or_default(),
        misses: misses
            .iter()
            .map(|miss| Missed {
                step: miss.step,
                text: &miss.text,
                line: miss.line,
                wanted: &miss.wanted,
                got: &miss.got,
            })
            .collect(),
        violations,
        virtual_nanoseconds: record.virtual_time.0,
        real_seconds: record.real_time.as_secs_f64(),
        folder: record
            .folder
            .as_ref()
            .map(|folder| folder.display().to_string()),
        again: &record.again,
    })
}

fn changes(difference: &Difference) -> Vec<Changed> {
    difference
        .changes
        .iter()
        .map(|change| Changed {
            step: change.step,
            text: change.heading.clone(),
            accepted: change.accepted.as_ref().map(ToString::to_string),
            measured: change.measured.as_ref().map(ToString::to_string),
        })
        .collect()
}
