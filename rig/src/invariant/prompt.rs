//! Who may start the motor: somebody at the lock or on the hub, and only on a lock that is handed and
//! whole.

use super::motor::Run;
use super::{Found, Rule};
use crate::outcome::{Block, Colour, Length, Outcomes, Paint, Part, Phrase, Rhythm};
use crate::trace::{Channel, Contact, Nanos, Trace, Value};

/// Runs that follow each other within this belong to one movement: a jam reverses, handing turns.
const MOVEMENT: Nanos = Nanos::from_millis(1000);
/// A movement begins within this after what asked for it.
const PROMPT: Nanos = Nanos::from_millis(2000);
/// The bolt may still coast onto its switch.
const COAST: Nanos = Nanos::from_millis(100);
/// The feedback of handing and of a reset is no blink of the idle lock.
const FEEDBACK: Length = Length::from_millis(100);

/// What ends a lock's right, or gives it back.
enum Turn {
    /// The motor started; the movement's first run.
    Movement(usize),
    Handed,
    Reset,
    Corrupted,
}

pub(super) fn check(trace: &Trace, runs: &[Run], handed: Option<bool>) -> Vec<Found> {
    let movements = movements(runs);
    let mut turns: Vec<(Nanos, Turn)> = movements
        .iter()
        .map(|first| (runs[*first].start, Turn::Movement(*first)))
        .collect();
    turns.extend(feedback(trace));
    turns.extend(corruptions(trace));
    turns.sort_by_key(|(at, _)| *at);

    let (mut handed, mut faulty) = (handed, false);
    let mut found = Vec::new();
    for (at, turn) in turns {
        match turn {
            Turn::Handed => handed = Some(true),
            Turn::Reset => (handed, faulty) = (Some(false), false),
            Turn::Corrupted => faulty = true,
            Turn::Movement(first) => {
                let prompt = last_prompt(trace, at);
                let handing = prompt == Some(Channel::Contact(Contact::Program));
                let told = |rule, seen: &str| Found {
                    rule,
                    at,
                    seen: seen.to_owned(),
                };
                if faulty {
                    let seen = "the motor ran after the storage was corrupted";
                    found.push(told(Rule::RunInStorageFault, seen));
                }
                if handed == Some(false) && !handing {
                    let seen = "the motor ran, and no press of Program asked for a handing";
                    found.push(told(Rule::RunNotHanded, seen));
                }
                if prompt.is_none() && retracts(trace, &runs[first]) {
                    let seen = "the motor retracted the bolt, and nothing was pressed or sent \
                                in the 2 s before";
                    found.push(told(Rule::UnpromptedUnlock, seen));
                }
            }
        }
    }
    found
}

/// The first run of each movement.
fn movements(runs: &[Run]) -> Vec<usize> {
    (0..runs.len())
        .filter(|index| {
            let before = index.checked_sub(1).map(|before| runs[before].end);
            before.is_none_or(|end| runs[*index].start.since(end) > MOVEMENT)
        })
        .collect()
}

/// The last contact or hub line that changed within [`PROMPT`] before `at`.
fn last_prompt(trace: &Trace, at: Nanos) -> Option<Channel> {
    let until = trace.events.partition_point(|event| event.at <= at);
    trace.events[..until]
        .iter()
        .rev()
        .take_while(|event| at.since(event.at) <= PROMPT)
        .map(|event| event.channel)
        .find(|channel| matches!(channel, Channel::Contact(_) | Channel::HubToLock))
}

/// Whether this run brought the bolt fully back, where the trace shows the bolt. A later run of the
/// same movement may: a jam while closing reverses.
fn retracts(trace: &Trace, run: &Run) -> bool {
    trace.events.iter().any(|event| {
        event.channel == Channel::BoltRetracted
            && event.value == Value::Level(true)
            && event.at > run.start
            && event.at <= run.end + COAST
    })
}

/// Handings that succeeded and resets that were done, by the status LED.
fn feedback(trace: &Trace) -> Vec<(Nanos, Turn)> {
    let outcomes = Outcomes::of(trace);
    let blocks = outcomes.blocks.iter().zip(&trace.steps);
    let lit = blocks.flat_map(|(Block { outcomes, .. }, step)| {
        outcomes.iter().map(move |outcome| (step.start, outcome))
    });
    lit.filter_map(|(start, outcome)| {
        let at = start + Nanos::from_millis(outcome.at);
        match (outcome.part, &outcome.phrase) {
            (Part::Status, Phrase::Light(Paint::One(Colour::Green), rhythm)) => match rhythm {
                Rhythm::Once(on) if *on > FEEDBACK => {
                    let moved = trace.events.iter().rev().any(|event| {
                        matches!(event.channel, Channel::MotorOpen | Channel::MotorClose)
                            && event.at <= at
                            && at.since(event.at) <= MOVEMENT
                    });
                    moved.then_some((at, Turn::Handed))
                }
                Rhythm::Pulses { count: 2, on, .. } if *on > FEEDBACK => Some((at, Turn::Reset)),
                _ => None,
            },
            _ => None,
        }
    })
    .collect()
}

/// Steps that write over the lock's storage.
fn corruptions(trace: &Trace) -> impl Iterator<Item = (Nanos, Turn)> {
    trace
        .steps
        .iter()
        .filter(|step| step.text == "storage corrupt")
        .map(|step| (step.start, Turn::Corrupted))
}
