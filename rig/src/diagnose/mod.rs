//! Finding out why a lock won't work: the triage of its guide, in the guide's order, on whatever bench
//! holds the lock. It uses the lock as a person would and reads its flashes; nothing that the lock
//! keeps is changed, but by a fix that it is allowed to make.

mod battery;
mod cause;
mod examine;
mod reaction;
#[cfg(test)]
mod tests;
mod treat;

use std::fmt;

pub use cause::{Cause, Check};
pub(crate) use examine::examine;

/// What the examiner knows and may do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    /// Codes that should open, each of digits.
    pub(crate) codes: Vec<String>,
    /// Whether the lock belongs to a hub.
    pub(crate) hub: bool,
    /// Whether a factory reset may be made where it is the cure.
    pub(crate) allow_reset: bool,
}

/// What became of a part of the triage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which part.
    pub check: Check,
    /// What was found, in a line.
    pub said: String,
}

/// A cause and what shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The cause.
    pub cause: Cause,
    /// Outcome lines, under the steps that led to them.
    pub evidence: Vec<String>,
}

/// What a fix did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What was done.
    pub done: String,
    /// Whether the lock works since.
    pub works: bool,
    /// What shows it.
    pub evidence: Vec<String>,
}

/// What a triage came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// One line for every part of the triage.
    pub findings: Vec<Finding>,
    /// Why the lock doesn't work, first; what else is wrong with it, after that.
    pub causes: Vec<Found>,
    /// What a fix did, where one was made.
    pub verdict: Option<Verdict>,
}

/// As a person reads it.
impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{:<12} {}", finding.check.name(), finding.said)?;
        }
        let Some((first, others)) = self.causes.split_first() else {
            return write!(f, "\nno cause found: the lock works");
        };
        write!(f, "\ncause: {}", first.cause)?;
        for line in &first.evidence {
            write!(f, "\n  {line}")?;
        }
        write!(f, "\nfix: {}", first.cause.fix())?;
        for other in others {
            write!(f, "\nalso: {}. {}", other.cause, other.cause.fix())?;
        }
        if let Some(verdict) = &self.verdict {
            let word = if verdict.works {
                "works"
            } else {
                "does not help"
            };
            write!(f, "\n\ndone: {}: {word}", verdict.done)?;
            for line in &verdict.evidence {
                write!(f, "\n  {line}")?;
            }
        }
        Ok(())
    }
}
