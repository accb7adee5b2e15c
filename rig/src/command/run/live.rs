//! A run on a real bench while it is played: the step on the bar, each outcome on a line.

use std::io::Write;

use super::super::progress::Runs;
use crate::outcome::Outcome;
use crate::play::Spectator;
use crate::scenario::Step;
use crate::trace::Nanos;

/// Watches one run.
pub(super) struct Live<'a> {
    progress: &'a Runs,
    name: &'a str,
    /// Whether outcomes are printed.
    lines: bool,
    /// The heading that is printed before the step's first outcome.
    headings: Vec<String>,
    /// The last step whose heading has been printed.
    step: usize,
}

impl<'a> Live<'a> {
    /// A watch of the scenario `name`.
    pub(super) fn new(progress: &'a Runs, name: &'a str, lines: bool) -> Live<'a> {
        Live {
            progress,
            name,
            lines,
            headings: Vec::new(),
            step: 0,
        }
    }

    /// What is done to get the lock ready.
    pub(super) fn preparing(&self, what: &str) {
        self.progress
            .playing(format!("{}  getting ready: {what}", self.name));
    }

    fn print(&self, line: &str) {
        // Whoever read it may be gone; the bench is left in order nonetheless.
        self.progress
            .above(|| drop(writeln!(std::io::stdout(), "{line}")));
    }
}

impl Spectator for Live<'_> {
    fn step(&mut self, number: usize, of: usize, step: &Step, left: Nanos) {
        self.headings.push(format!("{number}  {}", step.text));
        self.progress.playing(format!(
            "{}  step {number} of {of}: {}, about {left:.0} left",
            self.name, step.text
        ));
    }

    fn outcome(&mut self, number: usize, outcome: &Outcome) {
        if !self.lines {
            return;
        }
        if self.step == 0 {
            self.print(self.name);
        }
        if number != self.step {
            self.step = number;
            if let Some(heading) = self.headings.get(number - 1) {
                self.print(heading);
            }
        }
        self.print(&format!("     {outcome}"));
    }
}
