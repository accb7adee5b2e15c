//! Searches on the released firmware: what is found is minimal, right, and the same every time.

mod common;

use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rig::bench::probe::Image;
use rig::bench::{Bench, VirtualBench};
use rig::lock::LockModel;
use rig::scenario::{Scenario, parse};
use rig::search::{Forks, Run, Shrunk, find, shrink};
use rig::trace::Contact;

use common::released;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// A ten-key lock as new with the newest released image, flashed once.
fn lock() -> VirtualBench {
    static FLASHED: OnceLock<VirtualBench> = OnceLock::new();
    let flashed = FLASHED.get_or_init(|| {
        let image = Image::from_elf(&fs::read(released("ten-key")).unwrap()).unwrap();
        VirtualBench::flashed(LockModel::TenKey, &image).unwrap().0
    });
    flashed.clone()
}

fn forks(bench: VirtualBench) -> Forks<'static> {
    Forks::new(bench, &INTERRUPTED, Duration::from_secs(120))
}

fn scenario(source: &str) -> Scenario {
    parse(source, Path::new("mine.yaml"), "mine").unwrap()
}

/// A lock whose status LED blinks every six seconds, which the good one's doesn't.
fn blinking() -> VirtualBench {
    let mut bench = lock();
    bench.set(Contact::Switch(1), true).unwrap();
    bench
}

const LONG: &str = "
title: Someone comes home and leaves again
given: programmed
locks: ten-key
door: right
steps:
  - battery: 5.83 V
  - enter: { code: \"1234\", down: 75ms }
  - expect: { keypad: green 1x }
  - settle
  - note: An hour at home.
  - repeat:
      times: 3
      steps:
        - press: { key: 5, for: 40ms }
        - wait: 7.3s
  - hold: program
  - wait: 100ms
  - release: program
  - wait: 29.9s
  - press: lock
  - settle
";

/// The scenario without one of its steps, where that is one at all.
fn without(scenario: &Scenario, index: usize) -> Option<Scenario> {
    let mut less = scenario.clone();
    less.steps.remove(index);
    parse(&less.to_yaml(), &less.path, &less.name).ok()
}

fn shrunk() -> Shrunk {
    shrink(
        &scenario(LONG),
        &mut forks(blinking()),
        Some(&mut forks(lock())),
        None,
    )
    .unwrap()
}

#[test]
fn a_difference_between_two_locks_shrinks_to_what_it_needs() {
    let shrunk = shrunk();
    insta::assert_snapshot!(format!("{}\n{}", shrunk.after, shrunk.source), @r#"
    step 2, wait 5s: +3.022s status green 1x 50ms is new
    title: Someone comes home and leaves again
    given: programmed
    locks: ten-key
    steps:
      - enter: "1234"
      - wait: 5s
    "#);
    assert!(
        4 * shrunk.tally.reused > shrunk.tally.played,
        "{:?}",
        shrunk.tally
    );

    let (mut bad, mut good) = (forks(blinking()), forks(lock()));
    let mut holds = |scenario: &Scenario, origins: &[usize]| {
        let (bad, good) = (bad.play(scenario).unwrap(), good.play(scenario).unwrap());
        let found = find(scenario, origins, &bad, Some(&good));
        found
            .iter()
            .any(|found| found.symptom == shrunk.after.symptom)
    };
    assert!(holds(&shrunk.scenario, &shrunk.origins));
    for index in 0..shrunk.scenario.steps.len() {
        let mut origins = shrunk.origins.clone();
        origins.remove(index);
        if let Some(less) = without(&shrunk.scenario, index) {
            assert!(!holds(&less, &origins), "step {} is not needed", index + 1);
        }
    }
}

#[test]
fn the_same_search_finds_the_same() {
    assert_eq!(shrunk(), shrunk());
}

#[test]
fn an_expectation_that_is_not_met_shrinks_on_one_lock() {
    let scenario = scenario(
        "
title: Ten wrong codes are taken for one
given: programmed
locks: ten-key
steps:
  - enter: \"9999\"
  - wait: 3.2s
  - press: lock
  - settle
  - enter: \"123456\"
  - settle
  - enter: \"777\"
  - expect: { keypad: red 3x }
  - settle
",
    );
    let shrunk = shrink(&scenario, &mut forks(lock()), None, None).unwrap();
    insta::assert_snapshot!(format!("{}\n{}", shrunk.after, shrunk.source), @r#"
    step 4, enter 7: wanted keypad red 3x, got +0.220s   keypad  red 15x 150/150ms
    title: Ten wrong codes are taken for one
    given: handed
    locks: ten-key
    steps:
      - enter: "9"
      - enter: "1"
      - settle
      - enter: "7"
      - expect: { keypad: red 3x }
      - settle
    "#);
}

#[test]
fn a_lock_that_cannot_be_handed_shrinks_to_the_handing() {
    let mut stuck = lock();
    stuck.jam(rig::lock::Jam::Stuck).unwrap();
    let scenario = scenario(
        "title: It opens\ngiven: programmed\nlocks: ten-key\nsteps:\n  - enter: \"1234\"\n",
    );
    let shrunk = shrink(&scenario, &mut forks(stuck), Some(&mut forks(lock())), None).unwrap();
    insta::assert_snapshot!(format!("{}\n{}", shrunk.after, shrunk.source), @"
    step 7, settle: wanted bolt extended, got nothing
    title: It opens
    given: new
    locks: ten-key
    steps:
      - hold: program
      - battery: connect
      - wait: 50ms
      - release: program
      - wait: 1s
      - press: program
      - settle
      - expect: { bolt: extended }
    ");
}

#[test]
fn where_nothing_is_wrong_there_is_nothing_to_shrink() {
    let error = shrink(&scenario(LONG), &mut forks(lock()), None, None).unwrap_err();
    assert_eq!(error.to_string(), "shrink it: nothing goes wrong in it");
}

/// What a fork gives is what a run from the beginning gives.
#[test]
fn a_run_from_a_fork_is_the_run_itself() {
    let scenario = scenario(LONG);
    let mut warm = forks(lock());
    for end in (1..=scenario.steps.len()).rev() {
        let mut part = scenario.clone();
        part.steps.truncate(end);
        let (Run::Played(reused), Run::Played(fresh)) = (
            warm.play(&part).unwrap(),
            forks(lock()).play(&part).unwrap(),
        ) else {
            panic!("the given state was not reached");
        };
        assert_eq!(reused.trace, fresh.trace, "{end} steps");
        assert_eq!(reused.outcomes, fresh.outcomes, "{end} steps");
    }
    assert!(warm.tally().reused > warm.tally().played);
}
