//! What is wrong in a run, told so that two runs can be found to go wrong in the same way: the same
//! broken rule, the same unmet `expect`, or the same kind of difference of the same part from a good
//! run in the same step. Times don't count, what happened does.

use std::fmt;

use super::forks::Run;
use crate::invariant::{Conditions, Rule};
use crate::outcome::{Length, Outcome, Part, Phrase, Rhythm};
use crate::play::{Miss, Played};
use crate::scenario::{Given, Scenario};
use crate::snapshot::{Change, Measure, Terms, difference};

/// One way to go wrong. Equal ones are the same fault, as far as a run shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Symptom {
    /// The lock does not get into a given state.
    NotReached(Given),
    /// It breaks a rule for every lock.
    Broken(Rule),
    /// It does not do what the scenario says it should.
    Miss {
        /// The step, by what it was in the scenario that the search began with, from 0.
        origin: usize,
        /// What was wanted.
        wanted: String,
        /// What the lock does in that step, without its times.
        did: Vec<(Part, String)>,
    },
    /// It does something else than the good lock.
    Change {
        /// The step, by what it was in the scenario that the search began with, from 0.
        origin: usize,
        /// Which part of the lock.
        part: Part,
        /// What the good lock does there, without its times.
        good: Option<String>,
        /// What this one does.
        bad: Option<String>,
        /// Where both do the same: which of its numbers differ, and whether they are larger.
        off: Vec<(Measure, bool)>,
    },
}

impl Symptom {
    /// The step that it is about, as an index in the scenario that the search began with.
    pub(super) fn origin(&self) -> Option<usize> {
        match self {
            Symptom::NotReached(_) | Symptom::Broken(_) => None,
            Symptom::Miss { origin, .. } | Symptom::Change { origin, .. } => Some(*origin),
        }
    }

    /// Whether a run may have it, for all that can be told without a good one beside it.
    pub(super) fn may_be_in(&self, scenario: &Scenario, origins: &[usize], bad: &Run) -> bool {
        let played = match (self, bad) {
            (Symptom::NotReached(given), Run::NotReached(not_reached)) => {
                return *given == not_reached.given;
            }
            (Symptom::NotReached(_), Run::Played(_)) | (_, Run::NotReached(_)) => return false,
            (_, Run::Played(played)) => played,
        };
        match self {
            Symptom::NotReached(_) => false,
            Symptom::Broken(_) | Symptom::Miss { .. } => own(scenario, origins, played)
                .iter()
                .any(|finding| finding.symptom == *self),
            Symptom::Change {
                origin: step,
                part,
                bad: Some(bad),
                ..
            } => played.outcomes.blocks.iter().any(|block| {
                origin(origins, block.number) == *step
                    && block
                        .outcomes
                        .iter()
                        .any(|outcome| outcome.part == *part && kind(outcome) == *bad)
            }),
            Symptom::Change { bad: None, .. } => true,
        }
    }

    /// Whether both break the same rule or miss the same wish, however they do it.
    pub(super) fn is_about(&self, other: &Symptom) -> bool {
        match (self, other) {
            (
                Symptom::Miss {
                    origin: a, wanted, ..
                },
                Symptom::Miss {
                    origin: b,
                    wanted: other,
                    ..
                },
            ) => a == b && wanted == other,
            (a, b) => a == b,
        }
    }
}

/// A symptom where it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub symptom: Symptom,
    /// What was seen, for people; several lines.
    pub seen: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.seen)
    }
}

/// What is wrong in a run of `scenario`, the surest first: broken rules, unmet expectations, and what
/// differs from the run of a good lock, each in the order of the run. What the good lock does too is
/// not wrong with this one. `origins` has for each step which one of the first scenario it was.
pub fn find(scenario: &Scenario, origins: &[usize], bad: &Run, good: Option<&Run>) -> Vec<Finding> {
    let bad = match (bad, good) {
        (Run::NotReached(_), Some(Run::NotReached(_))) => return Vec::new(),
        (Run::NotReached(not_reached), _) => {
            let misses: Vec<String> = not_reached.misses.iter().map(missed).collect();
            let given = not_reached.given;
            return vec![Finding {
                symptom: Symptom::NotReached(given),
                seen: format!(
                    "the lock does not get into the state `{}`: {}",
                    given.name(),
                    misses.join("; ")
                ),
            }];
        }
        (Run::Played(bad), _) => bad,
    };
    let good = match good {
        Some(Run::Played(good)) => Some(good.as_ref()),
        // Nothing to compare with.
        Some(Run::NotReached(_)) | None => None,
    };
    let mut found = own(scenario, origins, bad);
    if let Some(good) = good {
        let also = own(scenario, origins, good);
        found.retain(|finding| {
            !also
                .iter()
                .any(|other| other.symptom.is_about(&finding.symptom))
        });
        found.extend(changes(scenario, origins, bad, good));
    }
    let mut unique: Vec<Finding> = Vec::new();
    for finding in found {
        if !unique.iter().any(|other| other.symptom == finding.symptom) {
            unique.push(finding);
        }
    }
    unique
}

/// What is wrong with a run by itself.
fn own(scenario: &Scenario, origins: &[usize], played: &Played) -> Vec<Finding> {
    let conditions = Conditions {
        handed: Some(scenario.given != Given::New),
        ..Conditions::default()
    };
    let violations = played.violations(conditions).into_iter();
    let broken = violations.map(|violation| Finding {
        symptom: Symptom::Broken(violation.rule),
        seen: violation.to_string(),
    });
    let misses = played.misses.iter().map(|miss| Finding {
        symptom: Symptom::Miss {
            origin: origin(origins, miss.step),
            wanted: miss.wanted.clone(),
            did: did(played, miss.step),
        },
        seen: missed(miss),
    });
    broken.chain(misses).collect()
}

/// What the lock does in a step.
fn did(played: &Played, number: usize) -> Vec<(Part, String)> {
    let block = played.outcomes.blocks.get(number.saturating_sub(1));
    let outcomes = block.map_or(&[][..], |block| &block.outcomes);
    let mut did: Vec<(Part, String)> = outcomes.iter().map(|o| (o.part, kind(o))).collect();
    did.sort();
    did
}

fn changes(scenario: &Scenario, origins: &[usize], bad: &Played, good: &Played) -> Vec<Finding> {
    let terms = Terms {
        tolerance: scenario.tolerance.unwrap_or_default(),
        unseen: Vec::new(),
    };
    let changes = difference(&good.outcomes, &bad.outcomes, &terms).changes;
    changes
        .iter()
        .map(|change| Finding {
            symptom: Symptom::Change {
                origin: origin(origins, change.step),
                part: change.part,
                good: change.accepted.as_ref().map(kind),
                bad: change.measured.as_ref().map(kind),
                off: change
                    .deviations
                    .iter()
                    .map(|d| (d.what, d.measured > d.accepted))
                    .collect(),
            },
            seen: told(change),
        })
        .collect()
}

/// `step 3, enter 1234: keypad green 1x 300ms is gone`.
fn told(change: &Change) -> String {
    let Change { step, heading, .. } = change;
    let line = |outcome: &Outcome| {
        let text = outcome.to_string();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let what = match (&change.accepted, &change.measured) {
        (Some(good), Some(bad)) => {
            let off: Vec<String> = change.deviations.iter().map(ToString::to_string).collect();
            match off.as_slice() {
                [] => format!("{} instead of {}", line(bad), line(good)),
                off => format!("{} {}", line(bad), off.join("; ")),
            }
        }
        (Some(good), None) => format!("{} is gone", line(good)),
        (None, Some(bad)) => format!("{} is new", line(bad)),
        (None, None) => "nothing".to_owned(),
    };
    format!("step {step}, {heading}: {what}")
}

fn missed(miss: &Miss) -> String {
    let got = match miss.got.as_slice() {
        [] => "nothing".to_owned(),
        got => got.join("; "),
    };
    format!(
        "step {}, {}: wanted {}, got {got}",
        miss.step, miss.text, miss.wanted
    )
}

/// The step's index in the first scenario.
fn origin(origins: &[usize], number: usize) -> usize {
    let index = number.saturating_sub(1);
    origins.get(index).copied().unwrap_or(index)
}

/// What an outcome is, without how long and when.
pub(super) fn kind(outcome: &Outcome) -> String {
    // Shorter than any beep of the lock's: a key's click, and there are as many as keys.
    const CLICK: Length = Length::from_millis(100);
    let count = |rhythm: &Rhythm| match rhythm {
        Rhythm::Once(_) => "1x".to_owned(),
        Rhythm::Pulses { count, .. } => format!("{count}x"),
        Rhythm::ToEnd => "on".to_owned(),
    };
    let each = |rhythm: &Rhythm| match rhythm {
        Rhythm::Once(on) | Rhythm::Pulses { on, .. } => Some(*on),
        Rhythm::ToEnd => None,
    };
    match &outcome.phrase {
        Phrase::Sound(rhythm, _) if each(rhythm).is_some_and(|on| on < CLICK) => "clicks".into(),
        Phrase::Sound(rhythm, _) => count(rhythm),
        Phrase::Light(_, rhythm) => {
            let text = outcome.phrase.to_string();
            let colour = text.split_whitespace().next().unwrap_or_default();
            format!("{colour} {}", count(rhythm))
        }
        // Start, length, sequence, type, command: the rest is what it is about, but for the reason of a
        // refusal.
        Phrase::Frame(bytes) => {
            const NAK: u8 = 0x55;
            let until = if bytes.get(3) == Some(&NAK) { 6 } else { 5 };
            let about = bytes.get(3..until.min(bytes.len())).unwrap_or_default();
            about.iter().map(|byte| format!("{byte:02X}")).collect()
        }
        phrase @ (Phrase::Run(..) | Phrase::Bolt(_) | Phrase::BrownOut(_) | Phrase::Reset(_)) => {
            let text = phrase.to_string();
            let words = text.split_whitespace().filter(|word| {
                let length = word.ends_with("ms") || word.ends_with("us");
                !(length && word.starts_with(|c: char| c.is_ascii_digit()))
            });
            words.collect::<Vec<_>>().join(" ")
        }
    }
}
