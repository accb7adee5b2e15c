//! What a person reads who made a mistake in a scenario, and what comes of one without.

use std::fmt::Write;
use std::path::Path;

use super::{Scenario, ScenarioError, parse};

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
    let sources: Vec<String> = steps
        .iter()
        .map(|step| format!("title: T\ngiven: handed\nlocks: ten-key\nsteps:\n  - {step}\n"))
        .collect();
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
    assert_text!(messages(&[
        "",
        "# only a comment\n",
        "- a\n- b\n",
        "title: [",
        "title: T\ngiven: new\nsteps:\n  - wait: 1s\n - wait: 2s\n",
        "titel: T\ngiven: new\nsteps: [wait: 1s]\n",
        "title: T\nsteps: [wait: 1s]\n",
        "title:\ngiven: new\nsteps: [wait: 1s]\n",
        "title: ''\ngiven: used\nsteps: [wait: 1s]\n",
        "title: T\ngiven: programed\nsteps: [wait: 1s]\n",
        "title: T\ngiven: new\nlocks: [ten-keys]\nsteps: [wait: 1s]\n",
        "title: T\ngiven: new\nlocks: []\nsteps: [wait: 1s]\n",
        "title: T\ngiven: new\nlocks: [ten-key, ten-key]\nsteps: [wait: 1s]\n",
        "title: T\ngiven: new\ndoor: top\nsteps: [wait: 1s]\n",
        "title: T\ngiven: new\ntolerance: 5\nsteps: [wait: 1s]\n",
        "title: T\ngiven: new\ntitle: U\nsteps: [wait: 1s]\n",
        "title: T\ngiven: new\n",
        "title: T\ngiven: new\nsteps:\n",
        "title: T\ngiven: new\nsteps: []\n",
        "title: T\ngiven: new\nsteps: wait 1s\n",
        "title: T\ngiven: new\nsteps: [wait: 1s, note: end]\n",
    ]));
}

#[test]
fn mistakes_in_a_step() {
    assert_text!(step_messages(&[
        "wiat: 1s",
        "flash: now",
        "wait",
        "wait:",
        "[wait, 1s]",
        "{}",
        "{ wait: 1s, press: lock }",
        "wait: 30",
        "wait: [1s]",
        "wait: 0s",
        "settle: soon",
        "battery: conect",
        "battery: 4.6",
        "battery: 12 V",
        "battery: { resistance: 2 ohm }",
        "battery: { volts: 4.6 V, ohm: 2 }",
        "battery: [connect]",
        "press: star",
        "press: porgram",
        "press: { key: lock }",
        "press: { key: lock, for: 5 }",
        "press: switch 3",
        "hold: 12",
        "enter: 12a4",
        "enter: \"12345678901234567\"",
        "enter: { code: \"1234\", confirm: maybe }",
        "enter: \"\"",
        "switch: 3",
        "switch: 4 on",
        "switch: 3 up",
        "turn-key: open",
        "jam: yes",
        "repeat: 3",
        "repeat: { times: 0, steps: [wait: 1s] }",
        "repeat: { times: 3 }",
        "repeat: { times: 1000, steps: [press: 1, press: 2, press: 3, press: 4, press: 5, press: 6, press: 7, press: 8, press: 9, press: 0, press: lock] }",
        "repeat: { times: 3, steps: [expect: { motor: none }] }",
    ]));
}

#[test]
fn mistakes_about_cells() {
    assert_text!(step_messages(&[
        "battery: {}",
        "battery: { chemistry: alkaline }",
        "battery: { charge: 20% }",
        "battery: { chemistry: zinc, charge: 20% }",
        "battery: { chemistry: alkaline, charge: 20 }",
        "battery: { chemistry: alkaline, charge: 101% }",
        "battery: { volts: 5 V, charge: 20% }",
        "battery: { cells: [alkaline 80%] }",
        "battery: { cells: [alkalin 80%, lithium, nimh 20% upside-down, nimh 20% leaking 5] }",
    ]));
}

#[test]
fn mistakes_about_the_hub_and_storage() {
    assert_text!(step_messages(&[
        "hub: open",
        "hub: [lock]",
        "hub: {}",
        "hub: { set-code: \"1234\" }",
        "hub: { slot: 2 }",
        "hub: { set-code: \"123456789\", slot: 2 }",
        "hub: { set-code: \"12x4\", slot: 70000 }",
        "hub: { get-code: 1, delete-code: 1 }",
        "hub: { get-code: two }",
        "hub: { event: 256 }",
        "hub: { set-clock: \"14 06\" }",
        "hub: { bytes: BD4 }",
        "hub: { byte: BD }",
        "storage: corupt",
    ]));
    assert_text!(messages(&[
        "title: T\ngiven: new\nsteps: [storage: corrupt]\n",
        "title: T\ngiven: handed\nsteps: [hold: hub, hub: pair]\n",
    ]));
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
    let wrong: Vec<String> = [
        "{}",
        "none",
        "{ moter: none }",
        "{ motor: opened }",
        "{ motor: none open }",
        "{ keypad: blue 3x }",
        "{ keypad: red three }",
        "{ keypad: red 0x }",
        "{ keypad: red 3x 150ms }",
        "{ beeper: loud }",
        "{ beeper: [] }",
        "{ motor: }",
        "{ hub: yes }",
        "{ hub: nak 1 }",
        "{ power: low }",
        "{ power: reset sofware }",
    ]
    .iter()
    .map(|expect| format!("wait: 1s\n  - expect: {expect}"))
    .chain(["expect: { motor: none }".to_owned()])
    .collect();
    assert_text!(step_messages(
        &wrong.iter().map(String::as_str).collect::<Vec<_>>()
    ));
}

#[test]
fn mistakes_across_steps() {
    assert_text!(messages(&[
        "title: T\ngiven: new\nsteps: [battery: disconnect]\n",
        "title: T\ngiven: handed\nsteps: [battery: connect]\n",
        "title: T\ngiven: handed\nsteps: [hold: program, press: program]\n",
        "title: T\ngiven: handed\nsteps: [hold: program, release: lock]\n",
        "title: T\ngiven: handed\nsteps: [release: lock]\n",
        "title: T\ngiven: handed\nsteps: [press: 1/2]\n",
        "title: T\ngiven: handed\nlocks: five-key\nsteps: [hold: 1, press: 2]\n",
        "title: T\ngiven: handed\nlocks: ten-key\nsteps: [hold: lock, enter: \"1234\"]\n",
    ]));
}

#[test]
fn every_mistake_is_told_at_once() {
    assert_text!(messages(&[
        "titel: T\ngiven: now\nsteps:\n  - wait: 30\n  - pres: lock\n",
    ]));
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
