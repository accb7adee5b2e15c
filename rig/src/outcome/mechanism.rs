//! The motor's runs and the bolt's positions.

use super::rhythm::{Spell, since_first_step, spells};
use super::{Drive, Found, Length, Part, Phrase, Position};
use crate::trace::{Channel, Nanos, Phase, Trace, phases};

/// A switch that closes and opens again within this bounces.
const BOUNCE: Nanos = Nanos::from_millis(10);

pub(super) fn motor(trace: &Trace) -> Vec<Found> {
    let phases = phases(trace, [Channel::MotorOpen, Channel::MotorClose]);
    let runs = spells(&phases, |levels| match levels {
        [false, false] => None,
        [true, false] => Some(Drive::Open),
        [false, true] => Some(Drive::Close),
        [true, true] => Some(Drive::Both),
    });
    since_first_step(trace, runs)
        .into_iter()
        .map(|Spell { kind, start, end }| Found {
            start,
            part: Part::Motor,
            phrase: Phrase::Run(kind, end.map(|end| Length::from(end.since(start)))),
        })
        .collect()
}

pub(super) fn bolt(trace: &Trace) -> Vec<Found> {
    let Some(first) = trace.steps.first() else {
        return Vec::new();
    };
    let phases = settled(phases(
        trace,
        [Channel::BoltRetracted, Channel::BoltExtended],
    ));
    phases
        .iter()
        // Where it was at the start is no outcome.
        .filter(|phase| phase.start > first.start)
        .map(|phase| Found {
            start: phase.start,
            part: Part::Bolt,
            phrase: Phrase::Bolt(match phase.levels {
                [true, false] => Position::Retracted,
                [false, false] => Position::Between,
                [false, true] => Position::Extended,
                [true, true] => Position::Both,
            }),
        })
        .collect()
}

/// Without bounces: a change that is taken back within [`BOUNCE`] is none, and one that stands began
/// with its first edge.
fn settled(phases: Vec<Phase>) -> Vec<Phase> {
    let mut settled: Vec<Phase> = Vec::new();
    let mut index = 0;
    while index < phases.len() {
        let first = phases[index];
        let Some(before) = settled.last().copied() else {
            settled.push(first);
            index += 1;
            continue;
        };
        // On to the end of the bouncing between what was before and what is new.
        while let (Some(phase), Some(next)) = (phases.get(index), phases.get(index + 1))
            && next.start.since(phase.start) < BOUNCE
            && [before.levels, first.levels].contains(&next.levels)
        {
            index += 1;
        }
        let levels = phases[index].levels;
        if levels != before.levels {
            settled.push(Phase {
                start: first.start,
                levels,
            });
        }
        index += 1;
    }
    settled
}
