//! A sweep: the steps before it once, then each of its points on a lock that is as those steps left
//! it. The points' runs are told one after the other, as one.

use std::collections::BTreeMap;

use super::{Limits, PlayError, Played, Session, Situation};
use crate::bench::log::LogLine;
use crate::bench::{Bench, BenchError};
use crate::invariant::{self, Conditions, Violation};
use crate::outcome::Outcomes;
use crate::scenario::Scenario;
use crate::trace::{Channel, Event, Nanos, Trace, Value};

/// Plays a scenario with a sweep on copies of a bench that is in its given state.
pub fn sweep<B: Bench + Clone>(
    bench: B,
    situation: Situation,
    scenario: &Scenario,
    limits: Limits<'_>,
) -> Result<Played, PlayError> {
    let first = scenario.sweep.unwrap_or(scenario.steps.len());
    let hub = scenario.steps.iter().any(|step| step.action.has_hub());
    let mut session = Session::begin(bench, situation, hub)?;
    for step in &scenario.steps[..first] {
        session = session.step(step, limits)?;
    }
    let mut runs = Vec::new();
    for index in first..scenario.steps.len() {
        let alone = scenario.at(index);
        let point = session.clone().step(&scenario.steps[index], limits)?;
        runs.push(point.end(&alone.steps)?);
    }
    join(first, runs)
}

/// The runs of a sweep's points, each from the beginning, told as one: what is before step `first`
/// (from 0) as the first run has it, then each run's own step. Where a point begins, the levels are
/// set back to what the steps before the sweep left.
pub fn join(first: usize, runs: Vec<Played>) -> Result<Played, PlayError> {
    let mut trace = Trace::builder();
    let mut joined = Played {
        trace: Trace::default(),
        outcomes: Outcomes::default(),
        misses: Vec::new(),
        log: Vec::new(),
        points: Vec::new(),
    };
    let mut levels = BTreeMap::new();
    let mut end = Nanos::ZERO;
    for (index, run) in runs.into_iter().enumerate() {
        let Some(own) = run.trace.steps.get(first) else {
            continue;
        };
        let fork = own.start;
        let split = run.trace.events.partition_point(|event| event.at < fork);
        let (before, after) = run.trace.events.split_at(split);
        if index == 0 {
            for step in &run.trace.steps[..first] {
                trace
                    .begin_step(step.text.as_str(), step.start)
                    .map_err(BenchError::from)?;
            }
            for event in before {
                trace.push(*event).map_err(BenchError::from)?;
            }
            end = fork;
        }
        trace
            .begin_step(own.text.as_str(), end)
            .map_err(BenchError::from)?;
        let left = levels_after(before);
        if index > 0 {
            for (channel, value) in back(&levels, &left) {
                trace
                    .record(end, channel, value)
                    .map_err(BenchError::from)?;
            }
        }
        let moved = |at: Nanos| end + at.since(fork);
        for event in after {
            let at = moved(event.at);
            trace
                .push(Event { at, ..*event })
                .map_err(BenchError::from)?;
        }
        levels = levels_after(&run.trace.events);
        let from = if index == 0 { 0 } else { first };
        let mut blocks = run.outcomes.blocks;
        for block in blocks.drain(from..) {
            let number = joined.outcomes.blocks.len() + 1;
            joined
                .outcomes
                .blocks
                .push(crate::outcome::Block { number, ..block });
        }
        let misses = run.misses.into_iter().filter(|miss| miss.step > from);
        joined.misses.extend(misses.map(|mut miss| {
            if miss.step > first {
                miss.step = first + index + 1;
            }
            miss
        }));
        let log = run
            .log
            .into_iter()
            .filter(|line| index == 0 || line.at >= fork);
        joined.log.extend(log.map(|line| LogLine {
            at: if line.at < fork {
                line.at
            } else {
                moved(line.at)
            },
            ..line
        }));
        end = moved(run.trace.end);
        joined.points.push(run.trace);
    }
    joined.trace = trace.finish(end).map_err(BenchError::from)?;
    Ok(joined)
}

impl Played {
    /// Every violation of a rule for every lock, in the order of the steps; of a sweep each point by
    /// itself.
    pub fn violations(&self, conditions: Conditions) -> Vec<Violation> {
        if self.points.is_empty() {
            return invariant::check(&self.trace, conditions);
        }
        let mut violations = Vec::new();
        for (index, trace) in self.points.iter().enumerate() {
            let own = trace.steps.len();
            let found = invariant::check(trace, conditions).into_iter();
            violations.extend(
                found
                    .filter(|violation| index == 0 || violation.step == own)
                    .map(|mut violation| {
                        if violation.step == own {
                            violation.step += index;
                        }
                        violation
                    }),
            );
        }
        violations
    }
}

/// Every level and sample that events leave.
fn levels_after(events: &[Event]) -> BTreeMap<Channel, Value> {
    let mut levels = BTreeMap::new();
    // Of a tone's thousands of edges the last one counts.
    let stretches = events.chunk_by(|a, b| a.channel == b.channel);
    for event in stretches.filter_map(|events| events.last()) {
        if matches!(event.value, Value::Level(_) | Value::Sample(_)) {
            levels.insert(event.channel, event.value);
        }
    }
    levels
}

/// What changes when levels become others.
fn back(
    from: &BTreeMap<Channel, Value>,
    to: &BTreeMap<Channel, Value>,
) -> BTreeMap<Channel, Value> {
    let rest = from.iter().map(|(channel, value)| {
        let rest = match value {
            Value::Sample(_) => Value::Sample(0),
            _ => Value::Level(false),
        };
        (*channel, rest)
    });
    let mut to: BTreeMap<Channel, Value> = rest
        .chain(to.iter().map(|(channel, value)| (*channel, *value)))
        .collect();
    to.retain(|channel, value| {
        let is = from.get(channel);
        let low = matches!(value, Value::Level(false) | Value::Sample(0));
        is.map_or(!low, |is| is != value)
    });
    to
}
