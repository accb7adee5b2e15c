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
    /// The name has been printed.
    named: bool,
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
            named: false,
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

    /// A step begins; the first of them once more for each point of a sweep.
    fn begin(&mut self, number: usize, text: &str) {
        if number == 1 {
            self.headings.clear();
            self.step = 0;
        }
        self.headings.push(format!("{number}  {text}"));
    }

    /// The lines that tell an outcome.
    fn told(&mut self, number: usize, outcome: &Outcome) -> Vec<String> {
        let mut told = Vec::new();
        if !std::mem::replace(&mut self.named, true) {
            told.push(self.name.to_owned());
        }
        if number != self.step {
            self.step = number;
            told.extend(self.headings.get(number - 1).cloned());
        }
        told.push(format!("     {outcome}"));
        told
    }
}

impl Spectator for Live<'_> {
    fn step(&mut self, number: usize, of: usize, step: &Step, left: Nanos) {
        self.begin(number, &step.text);
        self.progress.playing(format!(
            "{}  step {number} of {of}: {}, about {left:.0} left",
            self.name, step.text
        ));
    }

    fn outcome(&mut self, number: usize, outcome: &Outcome) {
        if !self.lines {
            return;
        }
        for line in self.told(number, outcome) {
            self.print(&line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcomes;

    #[test]
    fn each_point_of_a_sweep_has_its_headings() {
        let progress = Runs::many(true, 1);
        let mut live = Live::new(&progress, "sweeps/press", true);
        let text = "1  press lock\n     +0.020s  beeper  1x 30ms 4000Hz";
        let outcomes: Outcomes = text.parse().unwrap();
        let mut told = String::new();
        for down in ["5ms", "40ms"] {
            live.begin(1, &format!("press lock {down}"));
            for _ in 0..2 {
                for line in live.told(1, &outcomes.blocks[0].outcomes[0]) {
                    told += &format!("{line}\n");
                }
            }
        }
        insta::assert_snapshot!(told, @"
        sweeps/press
        1  press lock 5ms
             +0.020s   beeper  1x 30ms 4000Hz
             +0.020s   beeper  1x 30ms 4000Hz
        1  press lock 40ms
             +0.020s   beeper  1x 30ms 4000Hz
             +0.020s   beeper  1x 30ms 4000Hz
        ");
    }
}
