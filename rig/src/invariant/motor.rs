//! The motor's own rules: how long, how far against a stall, on which battery.

use super::{Found, Rule};
use crate::trace::{Channel, Nanos, Phase, Trace, highs, phases, samples};

/// Longest run in one direction.
const LONGEST: Nanos = Nanos::from_millis(1500);
/// What a bench's clock and the lock's may make of [`LONGEST`].
const LONGEST_MARGIN: Nanos = Nanos::from_millis(10);
/// Longest drive against a stall, or on a battery that sags too low.
const REACTION: Nanos = Nanos::from_millis(50);
/// Between the running current of 150 mA and the stall current of 800 mA at 6 V, which falls with the
/// voltage, in milliamperes. Inrush is as high but shorter than [`REACTION`].
const STALL: i32 = 400;
/// Idle millivolts at which the lock refuses the motor.
const TOO_LOW_IDLE: i32 = 4500;
/// Millivolts at which it stops it.
const TOO_LOW_RUNNING: i32 = 3600;
/// What the lock's converter and divider may be off, in millivolts.
const MEASURING: i32 = 50;
/// Two runs in the same direction that are closer are one.
const SEAM: Nanos = Nanos::from_millis(5);

/// A stretch in which the motor was driven one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// True for the input called open.
    pub open: bool,
    pub start: Nanos,
    /// Where it ended, or the trace did.
    pub end: Nanos,
}

/// Runs in start order. Both inputs at once are part of no run but where `skew` explains them.
pub(super) fn runs(trace: &Trace, skew: Nanos) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (phase, end) in driven(trace) {
        let open = match phase.levels {
            [true, false] => true,
            [false, true] => false,
            [false, false] => continue,
            // Overlaps are told by their own rule; for the others the direction before goes on.
            [true, true] => runs.last().is_none_or(|run| run.open),
        };
        match runs.last_mut() {
            Some(last) if last.open == open && phase.start.since(last.end) <= SEAM.max(skew) => {
                last.end = end;
            }
            _ => runs.push(Run {
                open,
                start: phase.start,
                end,
            }),
        }
    }
    runs
}

/// Phases of the two motor inputs and where each ends.
fn driven(trace: &Trace) -> Vec<(Phase, Nanos)> {
    let phases = phases(trace, [Channel::MotorOpen, Channel::MotorClose]);
    let ends = phases
        .iter()
        .skip(1)
        .map(|next| next.start)
        .chain([trace.end]);
    phases
        .iter()
        .copied()
        .zip(ends.collect::<Vec<_>>())
        .collect()
}

pub(super) fn check(trace: &Trace, runs: &[Run], skew: Nanos) -> Vec<Found> {
    let mut found = Vec::new();
    for (phase, end) in driven(trace) {
        let length = end.since(phase.start);
        if phase.levels == [true, true] && length > skew {
            found.push(Found {
                rule: Rule::BothDriven,
                at: phase.start,
                seen: format!("both motor inputs were driven for {length:.6}"),
            });
        }
    }
    let supply = samples(trace, Channel::Supply);
    let current = samples(trace, Channel::MotorCurrent);
    for run in runs {
        let way = if run.open { "opened" } else { "closed" };
        let length = run.end.since(run.start);
        if length > LONGEST + LONGEST_MARGIN {
            found.push(Found {
                rule: Rule::RunTooLong,
                at: run.start,
                seen: format!("the motor {way} for {length}"),
            });
        }
        let idle = supply.partition_point(|(at, _)| *at < run.start);
        if let Some((_, millivolts)) = idle.checked_sub(1).map(|index| supply[index])
            && millivolts <= TOO_LOW_IDLE - MEASURING
        {
            found.push(Found {
                rule: Rule::RunOnLowBattery,
                at: run.start,
                seen: format!("the motor {way} on {millivolts} mV"),
            });
        }
        let stall = longest(&current, run, |milliamperes| milliamperes >= STALL);
        if let Some((at, length)) = stall
            && length > REACTION + skew
        {
            found.push(Found {
                rule: Rule::StallTooLong,
                at,
                seen: format!("the motor was driven for {length} after it stalled"),
            });
        }
        let sag = longest(&supply, run, |millivolts| {
            millivolts < TOO_LOW_RUNNING - MEASURING
        });
        if let Some((at, length)) = sag
            && length > REACTION + skew
        {
            found.push(Found {
                rule: Rule::RunOnSag,
                at,
                seen: format!("the motor was driven for {length} on less than 3.6 V"),
            });
        }
    }
    found.extend(unpowered(trace, runs, skew));
    found
}

/// The longest stretch of a run in which the samples stay as `is` wants: where it begins, and its
/// length. A sample holds until the next.
fn longest(
    samples: &[(Nanos, i32)],
    run: &Run,
    is: impl Fn(i32) -> bool,
) -> Option<(Nanos, Nanos)> {
    let mut longest: Option<(Nanos, Nanos)> = None;
    let mut since: Option<Nanos> = None;
    let ends = samples.iter().skip(1).map(|(at, _)| *at);
    for ((at, sample), end) in samples.iter().zip(ends.chain([run.end])) {
        let (from, to) = ((*at).max(run.start), end.min(run.end));
        if from >= to {
            continue;
        }
        if !is(*sample) {
            since = None;
            continue;
        }
        let from = *since.get_or_insert(from);
        let length = to.since(from);
        if longest.is_none_or(|(_, before)| length > before) {
            longest = Some((from, length));
        }
    }
    longest
}

fn unpowered(trace: &Trace, runs: &[Run], skew: Nanos) -> Vec<Found> {
    let seen = |channel| trace.events.iter().any(|event| event.channel == channel);
    if !seen(Channel::Power) {
        return Vec::new();
    }
    let powered = highs(trace, Channel::Power);
    runs.iter()
        .filter_map(|run| {
            // The last time at which power held until then.
            let lost = powered
                .iter()
                .find(|(from, to)| *from <= run.start && to.is_none_or(|to| to > run.start))
                .map_or(Some(run.start), |(_, to)| *to)?;
            (run.end.since(lost) > skew && lost < run.end).then(|| Found {
                rule: Rule::RunUnpowered,
                at: lost,
                seen: format!(
                    "the motor was driven for {} without power",
                    run.end.since(lost)
                ),
            })
        })
        .collect()
}
