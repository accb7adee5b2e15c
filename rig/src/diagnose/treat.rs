//! Fixes that the rig can make itself, and whether they help. Only a factory reset destroys something,
//! and only who allowed it gets it.

use super::examine::Examiner;
use super::reaction::{Reaction, Use};
use super::{Cause, Check, Verdict};
use crate::bench::Capability;
use crate::play::{HANDING, PlayError};
use crate::trace::Contact;

/// Four fresh cells.
const FRESH: &str = "  - battery: disconnect\n  - battery: 6.0 V\n  - wait: 15s\n  - battery: connect\n  - wait: 5s\n";

/// The pack out, and long enough for the lock to be off.
const OUT: &str = "  - battery: disconnect\n  - wait: 15s\n";

/// The factory reset, up to its confirmation.
const RESET: &str = "  - hold: program\n  - battery: connect\n  - wait: 32s\n  - release: program\n  - wait: 1s\n  - press: program\n  - settle\n";

impl Examiner<'_, '_, '_> {
    /// Fixes `cause` where that can be done from here, and tries the lock again.
    pub(super) fn treat(&mut self, cause: Cause) -> Result<Option<Verdict>, PlayError> {
        match cause {
            Cause::NoPower
            | Cause::CellReversed
            | Cause::BatteryTooLow
            | Cause::BatteryCollapses
            | Cause::BatteryLow => {
                if !self.can(Capability::Voltage) {
                    return Ok(None);
                }
                self.sitting.perform(FRESH)?;
                if self.has(Cause::NotHanded) && self.can_restart() {
                    return self
                        .hand("four fresh alkaline cells, then door handing")
                        .map(Some);
                }
                self.verdict("four fresh alkaline cells")
            }
            Cause::NotHanded if self.can_restart() => {
                let verdict = self.hand("door handing")?;
                let cells = self.blamed(Check::Batteries);
                if verdict.works || !cells || !self.can(Capability::Voltage) {
                    return Ok(Some(verdict));
                }
                self.sitting.perform(FRESH)?;
                let done =
                    "door handing, which failed, four fresh alkaline cells, and door handing again";
                self.hand(done).map(Some)
            }
            Cause::StorageFault if self.asked.allow_reset && self.can_restart() => {
                self.sitting.perform(OUT)?;
                self.sitting.perform(RESET)?;
                self.sitting.perform(OUT)?;
                self.sitting.perform(steps_of(HANDING))?;
                let mut done = "factory reset, then door handing".to_owned();
                for code in self.asked.codes.clone() {
                    self.act(&format!(
                        "  - press: program\n  - wait: 500ms\n  - enter: {{ code: \"{code}\", confirm: yes }}\n  - settle\n"
                    ))?;
                    done += &format!(", then code {code}");
                }
                self.verdict(&done)
            }
            Cause::NotPaired if self.can(Capability::Contact(Contact::Hub)) => {
                self.sitting.perform("  - hub: pair\n  - settle\n")?;
                let (answer, evidence) = self.ask_hub()?;
                Ok(Some(Verdict {
                    done: "paired with the rig's own hub".to_owned(),
                    works: answer.is_some_and(|frame| frame.get(3) == Some(&0xAA)),
                    evidence,
                }))
            }
            _ => Ok(None),
        }
    }

    /// Hands the lock, and uses it; a code that was never programmed is another matter. Where the handing fails
    /// by the motor, what stops that is a cause of its own.
    fn hand(&mut self, done: &str) -> Result<Verdict, PlayError> {
        self.sitting.perform(OUT)?;
        let handing = self.act(steps_of(HANDING))?;
        let used = self.first_use()?;
        let works = matches!(
            used.reaction,
            Reaction::Opened | Reaction::Closed | Reaction::AlreadyThere | Reaction::Refused
        );
        if used.reaction == Reaction::NotHanded {
            self.fails(&handing);
        }
        let mut evidence = match works {
            true => Vec::new(),
            false => handing.evidence,
        };
        evidence.extend(used.evidence);
        if used.reaction == Reaction::Refused {
            evidence.push("handed now; the code is still to be programmed".to_owned());
        }
        Ok(Verdict {
            done: done.to_owned(),
            works,
            evidence,
        })
    }

    /// Why a handing failed: the pack, or the bolt.
    fn fails(&mut self, handing: &Use) {
        let mut evidence = handing.evidence.clone();
        self.measured_again();
        let pack = if handing.reaction == Reaction::BrownedOut || self.pack.collapsed() {
            Some(Cause::BatteryCollapses)
        } else if self.pack.slow() {
            Some(Cause::BatteryTooLow)
        } else {
            None
        };
        if let Some(cause) = pack {
            evidence.push(self.pack.to_string());
            self.found(cause, evidence);
        } else if handing.moved {
            self.found(Cause::JamClosing, evidence);
        }
    }

    fn can_restart(&self) -> bool {
        self.can(Capability::Supply) && self.can(Capability::Contact(Contact::Program))
    }

    /// Uses the lock once more.
    fn verdict(&mut self, done: &str) -> Result<Option<Verdict>, PlayError> {
        let mut used = self.first_use()?;
        if used.reaction == Reaction::AlreadyThere {
            used = self.back_and_again()?;
        }
        let mut works = matches!(
            used.reaction,
            Reaction::Opened | Reaction::Closed | Reaction::AlreadyThere
        ) && !used.warned;
        // Without a code to try, a lock that has none can do no better than refuse.
        works |= self.asked.codes.is_empty() && used.reaction == Reaction::Refused;
        Ok(Some(Verdict {
            done: done.to_owned(),
            works,
            evidence: used.evidence,
        }))
    }
}

/// The lines of a built-in procedure's steps.
fn steps_of(procedure: &str) -> &str {
    procedure
        .split_once("steps:\n")
        .map_or(procedure, |(_, steps)| steps)
}
