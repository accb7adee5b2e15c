//! Plays a scenario on a bench and gives back the trace. It knows no pin: it closes contacts by name,
//! lets the bench's time pass and writes down every event that the bench tells.
//!
//! The state that a scenario begins in is reached by the lock's real procedures, played like any
//! other steps and checked by their outcomes, and from then on restored where there is a debug port; the
//! trace begins with the scenario's own first step.

mod given;
mod hub;
mod live;
mod miss;
mod needs;
mod pack;
mod player;
#[cfg(test)]
pub(crate) mod released;
mod renew;
#[cfg(test)]
pub(crate) mod scripted;
mod session;
mod sitting;
mod sweep;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

pub(crate) use given::HANDING;
pub use given::{NotReached, keep, prepare, procedures, restorable, restore};
pub use live::Spectator;
pub use miss::Miss;
pub use needs::missing;
pub use renew::renew;
pub use session::Session;
pub(crate) use sitting::Sitting;
pub use sweep::{join, sweep};

use crate::bench::log::LogLine;
use crate::bench::{Bench, BenchError, Supply};
use crate::outcome::Outcomes;
use crate::scenario::{NOMINAL_PACK, Scenario};
use crate::trace::{Nanos, Trace};
use hub::HubCard;
pub(crate) use hub::frame;
use player::Player;

/// Why a run has no result.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The bench failed.
    #[error(transparent)]
    Bench(#[from] BenchError),
    /// A procedure of the rig's own has a mistake.
    #[error("read a built-in procedure: {0}")]
    Procedure(String),
    /// The run took longer than it may.
    #[error("finish the run within {} s", .0.as_secs())]
    Deadline(Duration),
    /// A sweep would be played as one run.
    #[error("play a sweep as a single run: choose one of its points")]
    Sweep,
    /// Someone stopped it.
    #[error("finish the run: it was interrupted")]
    Interrupted,
}

/// What may end a run before its last step.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// When it must be over, and how long it had.
    pub deadline: Option<(Instant, Duration)>,
    /// Becomes true when someone wants it to stop.
    pub interrupted: &'a AtomicBool,
}

impl Limits<'_> {
    fn check(&self) -> Result<(), PlayError> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(PlayError::Interrupted);
        }
        match self.deadline {
            Some((end, allowed)) if Instant::now() > end => Err(PlayError::Deadline(allowed)),
            _ => Ok(()),
        }
    }
}

/// The battery beside or in the lock, and its hub, which a scenario finds as the steps before it left
/// them. It goes with the bench, copied where the bench is copied.
#[derive(Debug, Clone)]
pub struct Situation {
    /// The pack that is in, or would go in.
    pack: Supply,
    pack_in: bool,
    hub: HubCard,
}

impl Default for Situation {
    /// Four good cells beside the lock, and no hub card in it.
    fn default() -> Situation {
        Situation {
            pack: Supply {
                millivolts: NOMINAL_PACK,
                milliohms: None,
            },
            pack_in: false,
            hub: HubCard::default(),
        }
    }
}

/// A scenario played to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// What happened, with time zero at the first step.
    pub trace: Trace,
    /// The same in words.
    pub outcomes: Outcomes,
    /// Where the lock did not do what the scenario itself wants.
    pub misses: Vec<Miss>,
    /// What the firmware logged, where the bench can read it.
    pub log: Vec<LogLine>,
    /// Of a sweep, each point's run from the beginning; the trace above has them one after the other.
    pub points: Vec<Trace>,
}

/// Plays the steps of `scenario` on a bench that is in its given state, and leaves the bench safe
/// whatever the end. A sweep is refused: its points are runs of their own.
pub fn play(
    bench: &mut dyn Bench,
    situation: &mut Situation,
    scenario: &Scenario,
    limits: Limits<'_>,
) -> Result<Played, PlayError> {
    play_before(bench, situation, scenario, limits, None)
}

/// As [`play`], telling `spectator` what is going on.
pub fn play_before<'s>(
    bench: &mut dyn Bench,
    situation: &mut Situation,
    scenario: &Scenario,
    limits: Limits<'s>,
    spectator: Option<&'s mut (dyn Spectator + 's)>,
) -> Result<Played, PlayError> {
    if scenario.sweep.is_some() {
        return Err(PlayError::Sweep);
    }
    // A scenario that has to do with the hub has one; it answers until it is away.
    situation.hub.answers = scenario.steps.iter().any(|step| step.action.has_hub());
    let played = Player::new(bench, situation, limits)
        .map_err(PlayError::from)
        .and_then(|player| player.before(spectator).steps(&scenario.steps));
    safely(played, bench.make_safe())
}

/// What came of something done on a bench that had to be made safe after it. A bench that isn't safe is
/// worse news than an interruption.
pub(crate) fn safely<T>(
    done: Result<T, PlayError>,
    safe: Result<(), BenchError>,
) -> Result<T, PlayError> {
    match (done, safe) {
        (Ok(_) | Err(PlayError::Interrupted), Err(error)) => Err(error.into()),
        (done, _) => done,
    }
}

/// As much later as a seed may have a run begin.
const LATEST: Nanos = Nanos::from_millis(4);

/// How much later than usual a run begins: a person's finger knows nothing of the lock's clock. Less
/// than the fixed part of the usual tolerance, by SplitMix64; nothing for seed 0.
pub fn phase(seed: u64) -> Nanos {
    if seed == 0 {
        return Nanos::ZERO;
    }
    let mut mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    Nanos((mixed ^ (mixed >> 31)) % LATEST.0)
}
