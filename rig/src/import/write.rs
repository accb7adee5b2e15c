//! A retold log as a scenario file: every step under the line of the log that tells of it.

use super::programming::Typed;
use super::story::{Guess, LEAD, Story};
use super::{Format, Log};
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
    if log.format != Format::Events && !pairs(&story) {
        page.mark("the hub was paired before the log begins");
        page.step("hub: pair");
        page.step("settle");
    }
    if guess.master {
        page.mark("a mastercode was set before the log begins; which one, it doesn't tell");
        for step in Typed::master().steps {
            page.step(&step);
        }
        page.step("settle");
    }
    let prelude = page.steps;
    // The log's time at this place of the scenario: after the last that led to the given state, or
    // when the first thing happened.
    let settled = match guess.given {
        Given::Programmed => Nanos::from_millis(1_300),
        Given::Handed | Given::New => Nanos::from_millis(1_500),
    };
    let led = log.entries[..story.skipped].last();
    let mut clock: Option<Nanos> = led.map(|entry| entry.at + settled);
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
        if !act.boots && act.at.since(now) > SHORT {
            page.wait(act.at.since(now));
        }
        for step in &act.steps {
            page.step(step);
        }
        clock = Some(if act.boots {
            Nanos::ZERO
        } else {
            act.at.max(now) + act.takes
        });
    }
    for (entry, told) in log.entries.iter().zip(&told).skip(story.skipped) {
        if !told {
            page.line(&format!("  # {}: {}", entry.line, entry.told));
        }
    }
    let lead = match log.format {
        Format::Events => Nanos::ZERO,
        Format::Capture | Format::ZWave => LEAD,
    };
    let end = log
        .entries
        .last()
        .map_or(Nanos::ZERO, |entry| entry.at + lead);
    if let Some(clock) = clock
        && end.since(clock) > SHORT
    {
        page.wait(end.since(clock));
    }
    page.step("settle");
    (page.text, prelude)
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
