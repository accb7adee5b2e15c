//! The states that scenarios begin in, reached by the lock's own procedures.

use std::path::Path;

use super::player::Player;
use super::{Limits, Miss, PlayError, Situation};
use crate::bench::{Bench, Capability};
use crate::lock::{Door, LockModel};
use crate::outcome::Outcomes;
use crate::scenario::{Given, Scenario, Step, parse};
use crate::trace::Contact;

/// The door handing procedure of the lock's guide: pack in with Program held, released early, Program
/// once more.
const HANDING: &str = "
title: Door handing
given: new
steps:
  - hold: program
  - battery: connect
  - wait: 3s
  - release: program
  - wait: 2s
  - press: program
  - settle
  - expect: { status: green 1x, bolt: extended }
";

/// A first code on a lock that is handed. Both models take it in slot 1 after one press of Program.
const PROGRAMMING: &str = "
title: Programming 1234
given: handed
steps:
  - press: program
  - wait: 500ms
  - enter: { code: \"1234\", confirm: yes }
  - expect: { keypad: green 1x }
  - settle
";

/// A given state that the lock's own procedure did not lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotReached {
    /// The state.
    pub given: Given,
    /// What went wrong in the procedure.
    pub misses: Vec<Miss>,
    /// What the lock did.
    pub outcomes: Outcomes,
}

/// Brings the lock on a bench that is safe, and as new, into a given state: switches as they come
/// from the factory (audio on, blink and auto-lock off), then the procedures. A lock that doesn't get
/// there is left safe.
pub fn prepare(
    bench: &mut dyn Bench,
    situation: &mut Situation,
    given: Given,
    door: Door,
    limits: Limits<'_>,
) -> Result<Result<(), NotReached>, PlayError> {
    let reached = reach(bench, situation, given, door, limits);
    if !matches!(reached, Ok(Ok(()))) {
        let safe = bench.make_safe();
        let reached = reached?;
        safe?;
        return Ok(reached);
    }
    reached
}

fn reach(
    bench: &mut dyn Bench,
    situation: &mut Situation,
    given: Given,
    door: Door,
    limits: Limits<'_>,
) -> Result<Result<(), NotReached>, PlayError> {
    if door != Door::default() {
        bench.door(door)?;
    }
    // Where no line moves the switch it is as someone set it.
    let audio = Contact::Switch(3);
    if bench.capabilities().contains(&Capability::Contact(audio)) {
        bench.set(audio, true)?;
    }
    for source in sources(given) {
        let procedure = procedure(source, bench.model())?;
        let played = Player::new(bench, situation, limits)?.steps(&procedure.steps)?;
        if !played.misses.is_empty() {
            return Ok(Err(NotReached {
                given,
                misses: played.misses,
                outcomes: played.outcomes,
            }));
        }
    }
    Ok(Ok(()))
}

/// The steps of the procedures that lead to a given state, from a lock as new.
pub fn procedures(given: Given, model: LockModel) -> Result<Vec<Step>, PlayError> {
    let mut steps = Vec::new();
    for source in sources(given) {
        steps.extend(procedure(source, model)?.steps);
    }
    Ok(steps)
}

const fn sources(given: Given) -> &'static [&'static str] {
    match given {
        Given::New => &[],
        Given::Handed => &[HANDING],
        Given::Programmed => &[HANDING, PROGRAMMING],
    }
}

/// Reads a built-in procedure.
pub(super) fn procedure(source: &str, model: LockModel) -> Result<Scenario, PlayError> {
    let mut procedure = parse(source, Path::new("built-in"), "built-in")
        .map_err(|error| PlayError::Procedure(error.to_string()))?;
    procedure.locks = vec![model];
    Ok(procedure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_procedure_reads() {
        for source in [HANDING, PROGRAMMING] {
            procedure(source, LockModel::TenKey).unwrap();
        }
    }
}
