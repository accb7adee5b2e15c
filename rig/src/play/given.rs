//! The states that scenarios begin in: reached by the lock's own procedures, or restored by writing back
//! what a lock in that state kept. Both end with the same battery change, and nothing that a scenario
//! sees tells them apart.

use std::path::Path;

use super::player::Player;
use super::{Limits, Miss, PlayError, Played, Situation};
use crate::bench::{Bench, Capability, Storage};
use crate::lock::{Door, LockModel};
use crate::outcome::Outcomes;
use crate::scenario::{Action, Given, Scenario, Step, parse};
use crate::trace::{Channel, Contact, Nanos, Value};

/// The door handing procedure of the lock's guide: pack in with Program held, released early, Program
/// once more.
pub(crate) const HANDING: &str = "
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

/// How every state but `new` ends: the lock boots with what it kept, and the bolt is where the key puts
/// it, however it got there.
const BATTERY_CHANGE: &str = "
title: A battery change
given: handed
steps:
  - battery: disconnect
  - turn-key: lock
  - wait: 5s
  - battery: connect
  - wait: 2s
";

/// A procedure begins at a multiple of this.
const WHOLE: Nanos = Nanos::from_millis(1);

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
    set_up(bench, door)?;
    for source in sources(given) {
        let played = do_by_hand(source, bench, situation, limits)?;
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

/// The door and the switches, as a new lock is mounted.
fn set_up(bench: &mut dyn Bench, door: Door) -> Result<(), PlayError> {
    if door != Door::default() {
        bench.door(door)?;
    }
    // Where no line moves the switch it is as someone set it.
    let audio = Contact::Switch(3);
    if bench.capabilities().contains(&Capability::Contact(audio)) {
        bench.set(audio, true)?;
    }
    Ok(())
}

/// Plays a procedure. Where nothing turns the key, the bolt is where the motor left it.
fn do_by_hand(
    source: &str,
    bench: &mut dyn Bench,
    situation: &mut Situation,
    limits: Limits<'_>,
) -> Result<Played, PlayError> {
    let mut steps = procedure(source, bench.model())?.steps;
    if !bench.capabilities().contains(&Capability::Key) {
        steps.retain(|step| !matches!(step.action, Action::TurnKey(_)));
    }
    // A clock finer than the bench's may have stopped between two of its ticks: what comes after a
    // whole millisecond is told the same, whatever came before.
    let begin = bench.now().0.next_multiple_of(WHOLE.0);
    bench.run_until(Nanos(begin))?;
    Player::new(bench, situation, limits)?.steps(&steps)
}

/// What the lock on a bench keeps without power, read through its debug port. The lock is in a given
/// state, and is after a battery change still.
pub fn keep(
    bench: &mut dyn Bench,
    situation: &mut Situation,
    limits: Limits<'_>,
) -> Result<Storage, PlayError> {
    let storage = bench.read_storage()?;
    do_by_hand(BATTERY_CHANGE, bench, situation, limits)?;
    Ok(storage)
}

/// Whether the lock on a bench can be brought into a given state by [`restore`]: through its debug
/// port, and with the bolt extended, by the key or as it is.
pub fn restorable(bench: &mut dyn Bench, given: Given) -> Result<bool, PlayError> {
    let can = bench.capabilities();
    let extended = (Channel::BoltExtended, Value::Level(true));
    Ok(given != Given::New
        && can.contains(&Capability::DebugPort)
        && (can.contains(&Capability::Key) || bench.levels()?.contains(&extended)))
}

/// Brings the lock on a bench that is safe, with its image in it, into the state in which `storage` was
/// kept, hinged as it was then.
pub fn restore(
    bench: &mut dyn Bench,
    situation: &mut Situation,
    storage: &Storage,
    door: Door,
    limits: Limits<'_>,
) -> Result<(), PlayError> {
    let restored = set_up(bench, door).and_then(|()| {
        bench.write_storage(storage)?;
        do_by_hand(BATTERY_CHANGE, bench, situation, limits).map(drop)
    });
    if restored.is_err() {
        bench.make_safe()?;
    }
    restored
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
        Given::Handed => &[HANDING, BATTERY_CHANGE],
        Given::Programmed => &[HANDING, PROGRAMMING, BATTERY_CHANGE],
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
        for source in [HANDING, PROGRAMMING, BATTERY_CHANGE] {
            procedure(source, LockModel::TenKey).unwrap();
        }
    }
}
