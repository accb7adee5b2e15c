//! What the lock must never do, checked on every trace without an eye on it: the motor's rules and
//! the "never" list of the lock's description. A broken rule is a failure of the lock, like an outcome
//! that differs.
//!
//! The checks know only the trace and [`Conditions`]. Where a trace can't decide (a bench without a
//! current monitor, a lock whose past is unknown) a rule holds until the trace says otherwise.

mod answer;
mod motor;
mod prompt;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::outcome::Part;
use crate::trace::{Nanos, Trace};

/// A rule, by what breaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The bolt was retracted by the motor with nobody at the lock.
    UnpromptedUnlock,
    /// The motor ran on a lock that isn't handed, and it wasn't the handing.
    RunNotHanded,
    /// The motor ran on a lock whose storage fails its checksum.
    RunInStorageFault,
    /// The motor was started on a battery too low for it.
    RunOnLowBattery,
    /// The motor was kept running on a battery that sags too low.
    RunOnSag,
    /// The motor ran too long in one direction.
    RunTooLong,
    /// Both motor inputs were driven at once.
    BothDriven,
    /// The motor was driven on after it stalled.
    StallTooLong,
    /// The motor was driven while the processor had no power.
    RunUnpowered,
    /// A key press got no answer.
    Deaf,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Rule; 10] = [
        Rule::UnpromptedUnlock,
        Rule::RunNotHanded,
        Rule::RunInStorageFault,
        Rule::RunOnLowBattery,
        Rule::RunOnSag,
        Rule::RunTooLong,
        Rule::BothDriven,
        Rule::StallTooLong,
        Rule::RunUnpowered,
        Rule::Deaf,
    ];

    /// The parts without which it can't be decided.
    pub const fn parts(self) -> &'static [Part] {
        match self {
            Rule::RunUnpowered => &[Part::Motor, Part::Power],
            Rule::Deaf => &[Part::Beeper, Part::Keypad],
            _ => &[Part::Motor],
        }
    }

    /// The rule's place in the lock's description, and its words.
    pub const fn clause(self) -> &'static str {
        match self {
            Rule::UnpromptedUnlock => {
                "10.1: never unlock without a valid code, a paired hub's command or the key"
            }
            Rule::RunNotHanded => {
                "10.2: never run the motor while not handed, handing itself aside"
            }
            Rule::RunInStorageFault => "10.2: never run the motor in storage fault",
            Rule::RunOnLowBattery => "10.2: never run the motor on a battery too low",
            Rule::RunOnSag => "6: stop the motor where the battery sags below 3.6 V",
            Rule::RunTooLong => "10.3: never run the motor longer than 1.5 s in one direction",
            Rule::BothDriven => "10.3: never drive both sides of the motor at once",
            Rule::StallTooLong => "7: the motor stops within 50 ms of a stall",
            Rule::RunUnpowered => "7: the motor stands while the processor has no power",
            Rule::Deaf => {
                "10.5: 4 s after power is good and nothing is held, a key press gets its click"
            }
        }
    }
}

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// When.
    pub at: Nanos,
    /// Number of the step in which, from 1; 0 before the first.
    pub step: usize,
    /// When, from that step's start.
    pub since_step: Nanos,
    /// What was seen.
    pub seen: String,
}

/// What is known of a run beside its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Conditions {
    /// Whether the lock was handed when the trace began; `None` if nobody knows.
    pub handed: Option<bool>,
    /// How far a bench may misplace an edge. Zero for the virtual lock.
    pub skew: Nanos,
}

/// Every violation in a trace, in time order.
pub fn check(trace: &Trace, conditions: Conditions) -> Vec<Violation> {
    let quiet = trace.without_beeper();
    let runs = motor::runs(&quiet, conditions.skew);
    let mut found = motor::check(&quiet, &runs, conditions.skew);
    found.extend(prompt::check(&quiet, &runs, conditions.handed));
    found.extend(answer::check(trace, &quiet));
    let mut violations: Vec<Violation> = found
        .into_iter()
        .map(|Found { rule, at, seen }| {
            let step = trace.step_at(at).map(|index| &trace.steps[index]);
            Violation {
                rule,
                at,
                step: step.map_or(0, |step| step.number),
                since_step: at.since(step.map_or(Nanos::ZERO, |step| step.start)),
                seen,
            }
        })
        .collect();
    violations.sort_by_key(|violation| (violation.at, violation.rule));
    violations
}

/// A violation before it is given to a step.
struct Found {
    rule: Rule,
    at: Nanos,
    seen: String,
}

/// `step 3 +1.520s: the motor opened for 1.620s (rule 10.3: never ...)`.
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation {
            rule,
            step,
            since_step,
            seen,
            ..
        } = self;
        write!(
            f,
            "step {step} +{since_step}: {seen} (rule {})",
            rule.clause()
        )
    }
}
