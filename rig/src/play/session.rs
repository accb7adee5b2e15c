//! A run that can be copied between two steps: what has been played once need not be played again for
//! everything that may come after it. A copy that goes on ends as a run without a pause would, event
//! for event.

use super::player::{Player, Watch};
use super::{Limits, PlayError, Played, Situation};
use crate::bench::Bench;
use crate::scenario::Step;
use crate::trace::Trace;

/// A run on a bench of its own, paused after some steps.
#[derive(Debug, Clone)]
pub struct Session<B> {
    bench: B,
    situation: Situation,
    watch: Watch,
}

impl<B: Bench> Session<B> {
    /// Begins a run on a bench in its given state. `hub` says whether the scenario has to do with the
    /// hub, which then answers until it is away.
    pub fn begin(
        mut bench: B,
        mut situation: Situation,
        hub: bool,
    ) -> Result<Session<B>, PlayError> {
        situation.hub.answers = hub;
        let watch = Watch::begin(&mut bench)?;
        Ok(Session {
            bench,
            situation,
            watch,
        })
    }

    /// Plays one more step.
    pub fn step(self, step: &Step, limits: Limits<'_>) -> Result<Session<B>, PlayError> {
        let Session {
            mut bench,
            mut situation,
            watch,
        } = self;
        let mut player = Player::resume(&mut bench, &mut situation, limits, watch);
        player.next(step)?;
        let watch = player.pause();
        Ok(Session {
            bench,
            situation,
            watch,
        })
    }

    /// What was seen so far.
    pub(crate) fn trace(&self) -> Result<Trace, PlayError> {
        Ok(self.watch.clone().end(&self.bench, &[])?.trace)
    }

    /// The bench, and what it is in.
    pub(crate) fn into_parts(self) -> (B, Situation) {
        (self.bench, self.situation)
    }

    /// What came of it, if it ends here. `steps` are those played, for what they want of the lock.
    pub fn end(self, steps: &[Step]) -> Result<Played, PlayError> {
        self.watch.end(&self.bench, steps)
    }
}
