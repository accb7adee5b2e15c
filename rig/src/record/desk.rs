//! A terminal at a virtual lock: every line typed is something done to it, done at once, and what the
//! lock does about it is the answer.

use std::path::Path;

use super::scenario;
use crate::lock::LockModel;
use crate::outcome::Block;
use crate::play::{PlayError, Sitting};
use crate::scenario::{Given, parse};
use crate::trace::Nanos;

/// What can be typed.
pub(crate) const WORDS: &str = "\
  1234              these keys, one after the other    lock, program, hub   these buttons
  hold program      and `release program`              1234 lock            several at once
  battery out       in, or volts: `battery 4.6 V`      jam closing          opening, stuck, free
  key unlock        lock: by key                       switch 2 on          off: status LED, auto-lock, audio
  hub: unlock       any step as a scenario has it      wait 5s, settle      let time pass
  help              quit";

/// Someone sits at a lock.
pub(crate) struct Desk<'s, 'b, 'l> {
    sitting: &'s mut Sitting<'b, 'l>,
    model: LockModel,
    given: Given,
    steps: Vec<String>,
    /// Steps that were done, as scenarios count them.
    done: usize,
}

/// What came of a line.
pub(crate) enum Typed {
    /// What the lock did.
    Done(Vec<Block>),
    /// The line is no step: what is wrong, and what would be right.
    Wrong(String),
}

impl<'s, 'b, 'l> Desk<'s, 'b, 'l> {
    /// A desk at a lock of this model, in this state.
    pub(crate) fn at(sitting: &'s mut Sitting<'b, 'l>, given: Given) -> Desk<'s, 'b, 'l> {
        Desk {
            model: sitting.bench().model(),
            sitting,
            given,
            steps: Vec::new(),
            done: 0,
        }
    }

    /// Does what a line says.
    pub(crate) fn line(&mut self, line: &str) -> Result<Typed, PlayError> {
        match words(line) {
            Some(steps) => self.steps(steps),
            None => Ok(Typed::Wrong(format!(
                "`{}` is nothing to do; type `help`",
                line.trim()
            ))),
        }
    }

    /// Lets time pass that nobody typed.
    pub(crate) fn pass(&mut self, time: Nanos) -> Result<Typed, PlayError> {
        match time.to_millis() {
            0 => Ok(Typed::Done(Vec::new())),
            millis => self.steps(vec![format!("wait: {millis}ms")]),
        }
    }

    /// The scenario of all that was done.
    pub(crate) fn scenario(&self, title: &str) -> String {
        scenario(title, self.given, self.model, &self.steps)
    }

    /// Whether nothing was done.
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    fn steps(&mut self, steps: Vec<String>) -> Result<Typed, PlayError> {
        let known = self.steps.len();
        // A scenario with a hub has it from its beginning, and the lock calls for one by its button first.
        if steps.iter().any(|step| calls_hub(step)) && !self.steps.iter().any(|step| is_hub(step)) {
            self.steps.push("hub: here".to_owned());
        }
        self.steps.extend(steps);
        // Read with all before them: what is held, and where the pack is, they have left so.
        let text = self.scenario("At the desk");
        match parse(&text, Path::new("desk"), "desk") {
            Ok(scenario) => {
                let passage = self.sitting.play(&scenario.steps[self.done..])?;
                self.done = scenario.steps.len();
                Ok(Typed::Done(passage.blocks))
            }
            Err(error) => {
                self.steps.truncate(known);
                let problems = error.problems.iter();
                let said = problems.map(|problem| match &problem.help {
                    Some(help) => format!("{}; {help}", problem.what),
                    None => problem.what.clone(),
                });
                Ok(Typed::Wrong(said.collect::<Vec<_>>().join("\n")))
            }
        }
    }
}

/// Whether a step is of the hub.
fn is_hub(step: &str) -> bool {
    step.starts_with("hub:")
}

/// Whether a step closes the hub's button.
fn calls_hub(step: &str) -> bool {
    ["press:", "hold:"]
        .iter()
        .any(|word| step.starts_with(word))
        && step.contains("hub")
}

/// The steps that a line stands for, as a scenario file has them.
fn words(line: &str) -> Option<Vec<String>> {
    let line = line.trim();
    if line.contains(['\n', '#']) || line.is_empty() {
        return None;
    }
    if line.contains(':') {
        return Some(vec![line.to_owned()]);
    }
    let parts: Vec<&str> = line.split_whitespace().collect();
    let step = match parts.as_slice() {
        ["hold", button] => format!("hold: {}", button_name(button)),
        ["release", button] => format!("release: {}", button_name(button)),
        ["battery", "in"] => "battery: connect".to_owned(),
        ["battery", "out"] => "battery: disconnect".to_owned(),
        ["battery", volts @ ..] if !volts.is_empty() => format!("battery: {}", volts.join(" ")),
        ["jam", way] => format!("jam: {way}"),
        ["key", way] => format!("turn-key: {way}"),
        ["switch", number, way] => format!("switch: {number} {way}"),
        ["wait", time @ ..] if !time.is_empty() => format!("wait: {}", time.join(" ")),
        ["settle"] => "settle".to_owned(),
        ["hub", word] => format!("hub: {word}"),
        _ => return presses(&parts),
    };
    Some(vec![step])
}

/// Keys by their digits, and buttons by their names.
fn presses(parts: &[&str]) -> Option<Vec<String>> {
    let mut steps = Vec::new();
    for part in parts {
        match *part {
            "lock" | "program" | "hub" => steps.push(format!("press: {part}")),
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                steps.extend(digits.chars().map(|digit| format!("press: \"{digit}\"")));
            }
            _ => return None,
        }
    }
    Some(steps)
}

fn button_name(name: &str) -> String {
    match name.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("\"{name}\""),
        false => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_for_steps() {
        let lines = [
            "12 lock",
            "hold program",
            "release 3",
            "battery in",
            "battery 4.6 V",
            "jam closing",
            "key unlock",
            "switch 2 on",
            "wait 5 s",
            "settle",
            "hub unlock",
            "hub",
            "enter: \"1234\"",
            "open the door",
            "",
        ];
        let read: Vec<String> = lines
            .iter()
            .map(|line| match words(line) {
                Some(steps) => format!("{line} -> {}", steps.join(" | ")),
                None => format!("{line} -> nothing"),
            })
            .collect();
        insta::assert_snapshot!(read.join("\n"));
    }
}
