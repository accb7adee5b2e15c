//! Where the lock did not do what the scenario itself says it should.

use crate::outcome::{Outcomes, Part};
use crate::scenario::Step;
use crate::trace::Channel;

/// A wish of the scenario that the lock did not meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// Number of the step, from 1.
    pub step: usize,
    /// The step as snapshots name it.
    pub text: String,
    /// Its line in the scenario file.
    pub line: usize,
    /// What was wanted: `motor none`.
    pub wanted: String,
    /// What there was of it: the outcome lines of that part, or why there is none.
    pub got: Vec<String>,
}

impl Miss {
    /// Every expectation that the outcomes don't meet, but for those of parts that the bench can't
    /// see.
    pub(super) fn find(steps: &[Step], outcomes: &Outcomes, unseen: &[Part]) -> Vec<Miss> {
        let mut misses = Vec::new();
        for (index, (step, block)) in steps.iter().zip(&outcomes.blocks).enumerate() {
            for expectation in &step.expect {
                if unseen.contains(&expectation.part) || expectation.met_by(&block.outcomes) {
                    continue;
                }
                let got: Vec<String> = block
                    .outcomes
                    .iter()
                    .filter(|outcome| outcome.part == expectation.part)
                    .map(ToString::to_string)
                    .collect();
                misses.push(Miss {
                    step: index + 1,
                    text: step.text.clone(),
                    line: step.line,
                    wanted: expectation.to_string(),
                    got,
                });
            }
        }
        misses
    }

    /// A `settle` that ended at its limit.
    pub(super) fn unsettled(number: usize, step: &Step, busy: &[Channel]) -> Miss {
        let got = if busy.is_empty() {
            vec!["it was never still for a second".into()]
        } else {
            busy.iter()
                .map(|channel| format!("{channel} is on still"))
                .collect()
        };
        Miss {
            step: number,
            text: step.text.clone(),
            line: step.line,
            wanted: "a lock that is dark, silent and still".into(),
            got,
        }
    }
}
