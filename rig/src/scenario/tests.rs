//! What a person reads who made a mistake in a scenario, and what comes of one without.

use std::fmt::Write;
use std::path::Path;

use super::{Scenario, ScenarioError, mistakes, parse, steps};

/// Text against its snapshot, without the expression that made it.
macro_rules! assert_text {
    ($text:expr) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($text) })
    };
}

fn read(source: &str) -> Result<Scenario, ScenarioError> {
    parse(source, Path::new("scenarios/example.yaml"), "example")
}

/// The messages for each source, one below the other.
fn messages(sources: &[&str]) -> String {
    let mut out = String::new();
    for source in sources {
        let error = read(source).expect_err(source);
        writeln!(out, "{}\n", error.render(false)).unwrap();
    }
    out
}

/// Messages for scenarios that are right but for one step.
fn step_messages(steps: &[&str]) -> String {
    let sources: Vec<String> = steps.iter().map(|step| mistakes::with_step(step)).collect();
    messages(&sources.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn the_example_of_the_design_reads() {
    let scenario = read(
        "title: Factory reset wipes every user code
given: programmed
locks: [ten-key, five-key]
tolerance: 10ms + 1%
steps:
  - battery: disconnect
  - hold: program
  - battery: connect
  - wait: 30s
  - release: program
  - note: The tap that does it
  - press: program
  - settle
  - enter: \"1234\"
  - expect: { motor: none, keypad: red 3x }
  - repeat:
      times: 2
      steps:
        - press: { key: lock, for: 2 s }
        - battery: { volts: 4.525 V, resistance: 0.6 ohm }
  - enter: { code: \"0042\", confirm: no, down: 30ms, gap: 1s }
  - switch: 3 off
  - turn-key: unlock
  - jam: closing
",
    )
    .unwrap();
    insta::assert_debug_snapshot!(scenario);
}

#[test]
fn mistakes_in_the_file() {
    assert_text!(messages(mistakes::IN_THE_FILE));
}

#[test]
fn mistakes_in_a_step() {
    assert_text!(step_messages(mistakes::IN_A_STEP));
}

#[test]
fn mistakes_in_a_key() {
    assert_text!(messages(mistakes::IN_A_KEY));
}

#[test]
fn a_step_that_does_not_say_what_is_answered_with_how_it_is_written() {
    let words: Vec<&str> = steps::NAMES
        .into_iter()
        .filter(|word| *word != "settle")
        .collect();
    assert_text!(step_messages(&words));
}

#[test]
fn mistakes_about_cells() {
    assert_text!(step_messages(mistakes::ABOUT_CELLS));
}

#[test]
fn mistakes_about_the_hub_and_storage() {
    assert_text!(step_messages(mistakes::ABOUT_THE_HUB));
    assert_text!(messages(mistakes::ABOUT_THE_HUB_ACROSS));
}

#[test]
fn every_step_reads_as_a_snapshot_names_it() {
    let scenario = read(
        "title: T
given: handed
steps:
  - battery: { chemistry: alkaline, charge: 20% }
  - battery: { cells: [alkaline 80%, lithium 50.5% reversed, nimh 100% leaking 20 ohm, alkaline 5%] }
  - hub: pair
  - hub: away
  - hub: { set-code: \"0042\", slot: 2 }
  - hub: { get-code: 2 }
  - hub: { delete-code: 31 }
  - hub: { set-clock: \"14 06 21 03 46 47 06\" }
  - hub: { event: 0 }
  - hub: { bytes: \"bd 04 01 e7 07 1A\" }
  - expect: { hub: [nak, ack 01, tells 27 00 01 42], power: [reset watchdog, brown-out] }
  - storage: corrupt
  - processor: hang
",
    )
    .unwrap();
    let texts: Vec<&str> = scenario
        .steps
        .iter()
        .map(|step| step.text.as_str())
        .collect();
    assert_text!(texts.join("\n"));
    let wanted: Vec<String> = scenario.steps[9]
        .expect
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        wanted,
        [
            "hub nak, ack 01, tells 27 00 01 42",
            "power reset watchdog, brown-out"
        ]
    );
}

#[test]
fn mistakes_in_an_expectation() {
    let expectations = mistakes::IN_AN_EXPECTATION.iter();
    let sources: Vec<String> = expectations
        .map(|expect| mistakes::with_expectation(expect))
        .chain([mistakes::with_step("expect: { motor: none }")])
        .collect();
    assert_text!(messages(
        &sources.iter().map(String::as_str).collect::<Vec<_>>()
    ));
}

#[test]
fn none_in_the_wrong_case_is_understood() {
    let error = read(&mistakes::with_expectation("{ motor: None }")).unwrap_err();
    assert!(error.render(false).contains("did you mean `none`?"));
}

#[test]
fn mistakes_across_steps() {
    assert_text!(messages(mistakes::ACROSS_STEPS));
}

#[test]
fn every_mistake_is_told_at_once() {
    assert_text!(messages(mistakes::AT_ONCE));
}

#[test]
fn any_text_is_a_scenario_or_a_message() {
    use proptest::prelude::*;
    proptest!(|(source in "(title|given|steps|- |: |\n|  |wait|1s|\\[|\\]|\\{|\\}|é|\"|\\PC)*")| {
        if let Err(error) = read(&source) {
            prop_assert!(!error.render(false).is_empty());
        }
    });
}
