//! The repetitions of one scenario on one lock, gathered to be told as one.

use crate::outcome::Outcomes;
use crate::report::Record;
use crate::statistics::Statistics;

/// Repetitions so far.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    pub(super) records: Vec<Record>,
    outcomes: Vec<Outcomes>,
}

impl Rounds {
    /// One more, with what the lock did where it came to that.
    pub(super) fn add(&mut self, record: Record, outcomes: Option<&Outcomes>) {
        self.records.push(record);
        self.outcomes.extend(outcomes.cloned());
    }

    /// What those say that were played.
    pub(super) fn statistics(&self) -> Statistics {
        Statistics::of(&self.outcomes)
    }
}
