//! A sitting at a lock: steps are played as someone thinks of them, each on the lock as the ones before
//! left it, and all of them make one trace. Nothing is made safe between them or after them.

use super::given::procedure;
use super::player::Player;
use super::{Limits, PlayError, Played, Situation};
use crate::bench::{Bench, BenchError};
use crate::outcome::Block;
use crate::scenario::Step;
use crate::trace::{Channel, Nanos, Trace, Value};

/// A sitting that has begun.
pub(crate) struct Sitting<'b, 'l> {
    player: Player<'b, 'l>,
    /// Steps so far.
    steps: usize,
    /// The lines that [`Sitting::perform`] did.
    performed: String,
}

/// What came of some steps of a sitting.
pub(crate) struct Passage {
    /// A block for each of them, numbered as in the whole sitting.
    pub(crate) blocks: Vec<Block>,
    /// The trace of the whole sitting so far.
    pub(crate) trace: Trace,
    /// When these steps began.
    pub(crate) from: Nanos,
}

impl<'b, 'l> Sitting<'b, 'l> {
    /// Sits down at the lock on `bench`, as it is.
    pub(crate) fn begin(
        bench: &'b mut dyn Bench,
        situation: &'b mut Situation,
        limits: Limits<'l>,
    ) -> Result<Sitting<'b, 'l>, BenchError> {
        Ok(Sitting {
            player: Player::new(bench, situation, limits)?,
            steps: 0,
            performed: String::new(),
        })
    }

    /// Does steps.
    pub(crate) fn play(&mut self, steps: &[Step]) -> Result<Passage, PlayError> {
        if steps.iter().any(|step| step.action.has_hub()) {
            self.player.situation().hub.answers = true;
        }
        let from = self.time();
        for step in steps {
            self.player.next(step)?;
        }
        let Played {
            trace,
            mut outcomes,
            ..
        } = self.player.so_far()?;
        let blocks = outcomes.blocks.split_off(self.steps);
        self.steps += steps.len();
        Ok(Passage {
            blocks,
            trace,
            from,
        })
    }

    /// Does the steps of a scenario's text, one step a line as in a scenario file.
    pub(crate) fn perform(&mut self, steps: &str) -> Result<Passage, PlayError> {
        let given = if self.pack_in() { "programmed" } else { "new" };
        let source = format!("title: One of several\ngiven: {given}\nsteps:\n{steps}");
        let scenario = procedure(&source, self.bench().model())?;
        self.performed += steps;
        self.play(&scenario.steps)
    }

    /// The lines of all steps that were performed, as a scenario file has them.
    pub(crate) fn performed(&self) -> &str {
        &self.performed
    }

    /// Whether the pack is in.
    pub(crate) fn pack_in(&mut self) -> bool {
        self.player.situation().pack_in
    }

    /// The bench's time since the sitting began.
    pub(crate) fn time(&self) -> Nanos {
        self.player.time()
    }

    /// What a channel has now, if that is neither low nor zero.
    pub(crate) fn level(&self, channel: Channel) -> Option<Value> {
        self.player.level(channel)
    }

    pub(crate) fn bench(&self) -> &dyn Bench {
        self.player.bench()
    }

    /// All of it.
    pub(crate) fn finish(self) -> Result<Played, PlayError> {
        self.player.so_far()
    }
}
