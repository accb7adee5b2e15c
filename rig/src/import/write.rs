//! A retold log as a scenario file: every step under the line of the log that tells of it.

use super::code::Before;
use super::programming::Typed;
use super::story::{Guess, Story};
use super::{Format, Log, Told};
use crate::lock::LockModel;
use crate::scenario::Given;
use crate::trace::Nanos;

/// Shorter than this nobody waits.
const SHORT: Nanos = Nanos::from_millis(5);

/// Milliseconds.
const DAY: u64 = 86_400_000;

/// The scenario that retells `log` by `guess`, and how many steps come before the log's own.
pub(crate) fn scenario(log: &Log, name: &str, model: LockModel, guess: &Guess) -> (String, usize) {
    let story = Story::tell(log, model, guess);
    let mut page = Page::default();
    page.line(&format!(
        "# From {name}: {}, {} entries. Comments are its lines.",
        log.format,
        log.entries.len()
    ));
    page.line(&format!("title: \"What {name} tells\""));
    page.line(&format!("given: {}", guess.given.name()));
    if guess.given.name() != "new" && story.skipped == 0 {
        page.mark("the state that the lock was in, the log doesn't tell");
    }
    page.line(&format!("locks: {model}"));
    page.line("steps:");
    for entry in &log.entries[..story.skipped] {
        page.line(&format!(
            "  # {}: {}  (led to the given state)",
            entry.line, entry.told
        ));
    }
    if guess.auto_lock {
        page.mark("how the switches stood, the log doesn't tell");
        page.step("switch: 2 on");
    }
    if guess.given == Given::New && log.format != Format::Events {
        page.mark("the pack was put in before the log begins");
        page.step("battery: connect");
        page.step("wait: 2s");
    }
    let paired = !pairs(&story) && !guess.unpaired && hub_known(log);
    if paired || !story.before.is_empty() {
        page.mark("the hub was paired before the log begins");
        page.step("hub: pair");
        page.step("settle");
    }
    for Before { slot, code, told } in &story.before {
        page.mark(match told {
            true => "this code was set before the log begins",
            false => "a code was set here before the log begins; which one, it doesn't tell",
        });
        page.step(&format!("hub: {{ set-code: \"{code}\", slot: {slot} }}"));
    }
    if guess.master {
        page.mark("a mastercode was set before the log begins; which one, it doesn't tell");
        for step in Typed::master().steps {
            page.step(&step);
        }
        page.step("settle");
    }
    let prelude = page.steps;
    // The log's time at this place of the scenario.
    let mut clock: Option<Nanos> = story.begins;
    let mut told = vec![false; log.entries.len()];
    for act in &story.acts {
        for index in &act.entries {
            let upto = log.entries.iter().zip(&mut told).take(index + 1);
            for (entry, told) in upto.skip(story.skipped) {
                if !std::mem::replace(told, true) {
                    page.line(&format!("  # {}: {}", entry.line, entry.told));
                }
            }
        }
        if let Some(mark) = &act.mark {
            page.mark(mark);
        }
        // Nobody knows when the first thing happened, and after power came time starts anew.
        let now = clock.unwrap_or(act.at);
        if act.boots.is_none() && act.at.since(now) > SHORT {
            page.wait(act.at.since(now));
        }
        for step in &act.steps {
            page.step(step);
        }
        clock = Some(act.boots.unwrap_or(act.at.max(now) + act.takes));
    }
    for (entry, told) in log.entries.iter().zip(&told).skip(story.skipped) {
        if !told {
            page.line(&format!("  # {}: {}", entry.line, entry.told));
        }
    }
    let end = log
        .entries
        .last()
        .map_or(Nanos::ZERO, |entry| entry.at + log.format.lead());
    if let Some(clock) = clock
        && end.since(clock) > SHORT
    {
        page.wait(end.since(clock));
    }
    // When a program that hung started over, nobody knows to the second, and auto-lock counts on from before.
    let last = story.acts.iter().rev().find_map(|act| act.boots);
    if last.is_some_and(|after| after > Nanos::ZERO) {
        page.wait(Nanos::from_secs(if guess.auto_lock { 30 } else { 3 }));
    }
    page.step("settle");
    (page.text, prelude)
}

/// Whether a log tells of a hub that it does not tell the pairing of.
fn hub_known(log: &Log) -> bool {
    log.format != Format::Events
        || log
            .entries
            .iter()
            .any(|entry| matches!(entry.told, Told::Event([7, 0x03..=0x0D, 0])))
}

/// Whether pairing is part of what the log tells.
fn pairs(story: &Story) -> bool {
    let mut steps = story.acts.iter().flat_map(|act| &act.steps);
    steps.any(|step| step == "hub: pair")
}

#[derive(Default)]
struct Page {
    text: String,
    steps: usize,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text += line;
        self.text.push('\n');
    }

    fn mark(&mut self, what: &str) {
        self.line(&format!("  # (not in the log) {what}"));
    }

    fn step(&mut self, step: &str) {
        self.line(&format!("  - {step}"));
        self.steps += 1;
    }

    /// No step takes longer than a day.
    fn wait(&mut self, time: Nanos) {
        let millis = time.to_millis();
        for _ in 0..millis / DAY {
            self.step("wait: 1440min");
        }
        if !millis.is_multiple_of(DAY) {
            self.step(&format!("wait: {}ms", millis % DAY));
        }
    }
}
