//! A person at the keypad of a lock on a bench: what they press is seen by lines that watch the contacts,
//! and the scenario that is made of it does the same to another lock.

use std::collections::VecDeque;
use std::path::Path;

use super::stand_in::StandIn;
use super::*;
use crate::bench::VirtualBench;
use crate::bench::file::parse;
use crate::bench::lines::{Board, Drive, Rehearsal, monotonic};
use crate::lock::Door;
use crate::outcome::{Outcomes, Part};
use crate::play::released::{self, FOREVER};
use crate::play::{Situation, play, prepare};
use crate::record::{scenario, steps};
use crate::scenario::Given;
use crate::trace::{Key, Trace};

/// A lock and someone who presses its own keys.
struct Person {
    lock: StandIn,
    /// When which contact closes or opens.
    plan: VecDeque<(Nanos, Contact, bool)>,
}

impl Board for Person {
    fn drive(&mut self, line: Gpio, drive: Drive, at: Nanos) {
        self.lock.drive(line, drive, at);
    }

    fn changes(&mut self, now: Nanos) -> Result<Vec<(Gpio, Level, Nanos)>, String> {
        while let Some((at, contact, closed)) = self.plan.front().copied()
            && at <= now
        {
            self.plan.pop_front();
            self.lock
                .press(contact, closed, at)
                .map_err(|error| error.to_string())?;
        }
        self.lock.changes(now)
    }
}

fn digit(digit: u8) -> Contact {
    Contact::Key(Key::Digit(digit))
}

/// What the lock showed at its keypad, without the times.
fn shown(outcomes: &Outcomes) -> Vec<String> {
    let outcomes = outcomes.blocks.iter().flat_map(|block| &block.outcomes);
    outcomes
        .filter(|outcome| outcome.part == Part::Keypad)
        .map(|outcome| format!("{} {}", outcome.part, outcome.phrase))
        .collect()
}

#[test]
fn what_a_person_presses_becomes_a_scenario_that_does_the_same() {
    let file = parse(
        "title: Watched\nlock: ten-key\npi: rehearsal\n\
         contacts: { program: { line: 17, closes: sink } }\n\
         signals: { contact 1: 4, contact 2: { line: 5, active: low }, contact lock: 6, keypad red: 7, keypad green: 8, \
         status red: 9, status green: 10 }\n\
         enable: 24\nlimits: { volts: 6.6 V, amperes: 1 A, run: 1min }\n\
         supply: { kind: fixed, volts: 6.0 V }\n",
        Path::new("bench.yaml"),
    )
    .unwrap();
    let image = released::image();
    let lock = StandIn::flashed(&file, &image).unwrap();
    let start = monotonic() + Nanos::from_millis(1_500);
    let plan = [
        (0, digit(1), true),
        (60, digit(1), false),
        // A bounce, and one key down before the other is up.
        (400, digit(2), true),
        (402, digit(2), false),
        (404, digit(2), true),
        (500, digit(1), true),
        (530, digit(2), false),
        (620, digit(1), false),
        (1_000, Contact::Lock, true),
        (1_200, Contact::Lock, false),
    ];
    let person = Person {
        lock,
        plan: plan
            .map(|(at, contact, closed)| (start + Nanos::from_millis(at), contact, closed))
            .into(),
    };
    let lines = Rehearsal::open(None, Some(Box::new(person))).unwrap();
    let mut bench = PiBench::assemble(file, Box::new(lines), None, None).unwrap();
    let begin = bench.now();
    bench
        .supply(Supply {
            millivolts: 6_000,
            milliohms: None,
        })
        .unwrap();
    let mut events = Vec::new();
    while bench.now().since(begin) < Nanos::from_millis(4_500) {
        events.extend(
            bench
                .run_until(bench.now() + Nanos::from_millis(100))
                .unwrap()
                .events,
        );
    }
    let end = bench.now();
    bench.make_safe().unwrap();

    let mut done = steps(&events, begin, end);
    // How long it took until the person came depends on the machine, and how long the bench looked on.
    let first = done.remove(0);
    assert!(first.starts_with("wait: "), "{first}");
    done.retain(|step| !step.starts_with("wait: ") || step.len() < "wait: 1000ms".len());
    insta::assert_snapshot!(done.join("\n"), @r#"
    press: "1"
    wait: 204ms
    hold: "2"
    wait: 96ms
    hold: "1"
    wait: 30ms
    release: "2"
    wait: 90ms
    release: "1"
    wait: 380ms
    press: { key: lock, for: 200ms }
    settle
    "#);

    done.splice(0..0, ["battery: connect".to_owned(), "wait: 1s".to_owned()]);
    let text = scenario("Watched", Given::New, LockModel::TenKey, &done);
    let scenario = crate::scenario::parse(&text, Path::new("x.yaml"), "x").unwrap();
    let (mut other, _) = VirtualBench::flashed(LockModel::TenKey, &image).unwrap();
    let mut situation = Situation::default();
    prepare(
        &mut other,
        &mut situation,
        Given::New,
        Door::default(),
        FOREVER,
    )
    .unwrap()
    .unwrap();
    let played = play(&mut other, &mut situation, &scenario, FOREVER).unwrap();
    let mut builder = Trace::builder();
    builder.begin_step("watched", Nanos::ZERO).unwrap();
    for event in &events {
        let at = event.at.since(begin);
        builder.record(at, event.channel, event.value).unwrap();
    }
    let watched = Outcomes::of(&builder.finish(end.since(begin)).unwrap());
    assert_eq!(shown(&watched), ["keypad red 3x 150/150ms"]);
    assert_eq!(shown(&played.outcomes), shown(&watched));
}
