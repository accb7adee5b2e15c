//! Making a lock as new without a debug port: by its own factory reset, as its guide has it.

use super::given::procedure;
use super::player::Player;
use super::{Limits, NotReached, PlayError, Situation};
use crate::bench::Bench;
use crate::scenario::Given;

/// Pack in with Program held for more than 30 s, released, Program once more. The pack is out long
/// enough before and after for the lock to be really off.
const RESET: &str = "
title: Factory reset
given: new
steps:
  - wait: 5s
  - hold: program
  - battery: connect
  - wait: 32s
  - release: program
  - wait: 1s
  - press: program
  - expect: { status: green 2x }
  - settle
  - battery: disconnect
  - wait: 5s
";

/// Resets the lock on a bench, which ends with the pack out. A lock that doesn't get there is left
/// safe.
pub fn renew(
    bench: &mut dyn Bench,
    situation: &mut Situation,
    limits: Limits<'_>,
) -> Result<Result<(), NotReached>, PlayError> {
    let reset = procedure(RESET, bench.model())?;
    let played = Player::new(bench, situation, limits)
        .map_err(PlayError::from)
        .and_then(|player| player.steps(&reset.steps));
    let safe = bench.make_safe();
    let played = played?;
    safe?;
    if played.misses.is_empty() {
        return Ok(Ok(()));
    }
    Ok(Err(NotReached {
        given: Given::New,
        misses: played.misses,
        outcomes: played.outcomes,
    }))
}
