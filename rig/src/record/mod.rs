//! From what a person does to a lock to a scenario that does the same: contacts as they were seen to
//! close and open, or words typed at a terminal.

mod desk;
mod hands;

pub(crate) use desk::{Desk, Typed, WORDS};
pub(crate) use hands::steps;

use crate::lock::LockModel;
use crate::scenario::Given;

/// A scenario file with these steps, each as the file has it.
pub(crate) fn scenario(title: &str, given: Given, model: LockModel, steps: &[String]) -> String {
    let steps: String = steps.iter().map(|step| format!("  - {step}\n")).collect();
    format!(
        "title: \"{title}\"\ngiven: {}\nlocks: {model}\nsteps:\n{steps}",
        given.name()
    )
}
