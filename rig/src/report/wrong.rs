//! What is wrong with a run beside outcomes that differ, a sentence each.

use super::{Ending, Record};
use crate::play::Miss;
use crate::snapshot::Difference;

impl Record {
    /// What broke a rule, what the scenario itself wanted and did not get, and what kept the run from
    /// a result.
    pub fn wrong(&self) -> Vec<String> {
        match &self.ending {
            Ending::Differs {
                difference,
                misses,
                violations,
                ..
            } => {
                let violations = violations.iter().map(ToString::to_string);
                let misses = misses.iter().map(missed);
                let stale = difference.iter().filter_map(stale);
                violations.chain(misses).chain(stale).collect()
            }
            Ending::NotReached(not_reached) => {
                let given = not_reached.given.name();
                let first = format!("the lock did not get into the state `{given}`");
                let misses = not_reached.misses.iter().map(missed);
                std::iter::once(first).chain(misses).collect()
            }
            Ending::Missing { .. } => vec!["no snapshot is accepted yet".to_owned()],
            Ending::Skipped(reason) => vec![reason.clone()],
            Ending::Fault(error) => vec![format!("the rig failed to {error}")],
            Ending::Interrupted => vec!["it was stopped".to_owned()],
            Ending::Passed | Ending::Accepted { .. } => Vec::new(),
        }
    }
}

fn missed(miss: &Miss) -> String {
    let got = if miss.got.is_empty() {
        "nothing".to_owned()
    } else {
        miss.got.join("; ")
    };
    format!(
        "step {}, {}: wanted {}, got {got}",
        miss.step, miss.text, miss.wanted
    )
}

/// That the scenario's steps are not those of its snapshot.
pub(super) fn stale(difference: &Difference) -> Option<String> {
    let only = Difference {
        stale: Some(difference.stale.clone()?),
        changes: Vec::new(),
    };
    Some(only.to_string())
}
