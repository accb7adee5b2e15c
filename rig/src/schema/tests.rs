//! The schemas beside the parser: what it reads they allow, and of its mistakes they see all but
//! those that only a whole file shows.

use std::path::Path;

use jsonschema::Validator;
use serde_json::Value;

use crate::bench::file;
use crate::scenario::{Folder, mistakes, steps};

/// A file as an editor reads it; `None` where it isn't YAML.
fn json(source: &str) -> Option<Value> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
    };
    serde_saphyr::from_str_with_options(source, options).ok()
}

fn validator(schema: &Value) -> Validator {
    assert!(jsonschema::meta::is_valid(schema));
    jsonschema::validator_for(schema).unwrap()
}

/// What the schema says against a file.
fn refused(validator: &Validator, source: &str) -> Vec<String> {
    let Some(json) = json(source) else {
        return vec!["it is not YAML".to_owned()];
    };
    validator
        .iter_errors(&json)
        .map(|error| error.to_string())
        .collect()
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn every_scenario_and_bench_that_ships_is_allowed() {
    let scenarios = Folder::new(repository().join("scenarios")).files().unwrap();
    let benches: Vec<_> = std::fs::read_dir(repository().join("rig/hardware"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    assert!(scenarios.len() > 40 && benches.len() > 2);
    for (schema, files) in [(super::scenario(), scenarios), (super::bench(), benches)] {
        let validator = validator(&schema);
        for file in files {
            let source = std::fs::read_to_string(&file).unwrap();
            let refused = refused(&validator, &source);
            assert!(refused.is_empty(), "{}: {refused:#?}", file.display());
        }
    }
}

#[test]
fn what_the_parser_reads_is_allowed() {
    let validator = validator(&super::scenario());
    for step in [
        "battery: 4.525 V",
        "battery: { volts: 4600 mV, resistance: 600 mohm }",
        "battery: { chemistry: nimh, charge: 50.5% }",
        "battery: { cells: [alkaline 80%, lithium 50.5% reversed, nimh 100% leaking 20 ohm, alkaline 5%] }",
        "press: 1",
        "press: { key: program, for: 5 s }",
        "enter: 1234",
        "enter: { code: \"0042\", confirm: no, down: 30ms, gap: 1s }",
        "switch: 3 off",
        "settle",
        "settle: 10s",
        "settle:",
        "hub: { set-code: \"0042\", slot: 2 }",
        "hub: { get-code: 2 }",
        "hub: { set-clock: \"14 06 21 03 46 47 06\" }",
        "hub: { bytes: \"bd 04 01 e7 07 1A\" }",
        "repeat: { times: 2, steps: [press: lock, settle] }",
        "sweep: { over: 4.0 V to 6.5 V, by: 0.1 V, steps: [battery: $point, settle] }",
        "sweep: { over: [alkaline, lithium], steps: [battery: { chemistry: $point, charge: 5% }] }",
        "sweep: { over: 5 to 1, by: 2, steps: [press: $point] }",
    ] {
        let source = mistakes::with_step(step);
        crate::scenario::parse(&source, Path::new("x.yaml"), "x").unwrap();
        let refused = refused(&validator, &source);
        assert!(refused.is_empty(), "{step}: {refused:#?}");
    }
    for expect in [
        "{ motor: none, bolt: [between, retracted], keypad: red 3x, status: green/red }",
        "{ hub: [nak, ack 01, tells 27 00 01 42], power: [reset watchdog, brown-out], beeper: 3x }",
    ] {
        let source = mistakes::with_expectation(expect);
        let refused = refused(&validator, &source);
        assert!(refused.is_empty(), "{expect}: {refused:#?}");
    }
}

/// What is left to `rig check`: names that only a model knows, sums, and what was done before.
#[test]
fn mistakes_that_a_schema_cannot_see() {
    let validator = validator(&super::scenario());
    let unseen: Vec<String> = mistakes::all()
        .into_iter()
        .filter(|source| refused(&validator, source).is_empty())
        .map(|source| {
            let source = source
                .replace("title: T\n", "")
                .replace("given: handed\n", "");
            source.replace('\n', " ").trim().to_owned()
        })
        .collect();
    insta::assert_snapshot!(unseen.join("\n"));
}

#[test]
fn every_step_has_a_schema() {
    let schema = super::scenario();
    let known = &schema["definitions"]["Steps"]["items"]["anyOf"][1]["properties"];
    for name in steps::NAMES {
        assert!(known[name].is_object(), "an editor would refuse `{name}`");
    }
}

#[test]
fn every_key_of_a_bench_has_a_schema() {
    let schema = super::bench();
    for key in file::KEYS {
        assert!(schema["properties"][key].is_object(), "{key}");
    }
}

#[test]
fn mistakes_in_a_bench_are_refused() {
    let validator = validator(&super::bench());
    let path = repository().join("rig/hardware/rehearsal.yaml");
    let right = std::fs::read_to_string(path).unwrap();
    for (from, to) in [
        ("lock: ten-key", "lock: tenkey"),
        ("pi: rehearsal", "pi: 6"),
        ("beeper: 27", "buzzer: 27"),
        ("beeper: 27", "beeper: 28"),
        ("beeper: 27", "beeper: pin 13"),
        ("closes: sink", "closes: ground"),
        ("closes: sink", "close: sink"),
        ("volts: 6.0 V }", "volts: 6 }"),
        ("kind: fixed", "kind: battery"),
        ("volts: 6.0 V }", "volts: 6.0 V, port: /dev/ttyUSB0 }"),
        ("amperes: 1.5 A", "amperes: 1.5 V"),
        ("run: 5min", "run: 5 m"),
        ("enable: 25", "probe: { usb: 1.3 }"),
        ("enable: 25", "probe: { chip: nRF52840_xxAA }"),
        ("enable: 25", "monitor: { address: 0x60x }"),
        ("enable: 25", "loopback: [[1]]"),
    ] {
        assert!(right.contains(from), "{from}");
        let wrong = right.replacen(from, to, 1);
        assert!(!refused(&validator, &wrong).is_empty(), "{to}");
    }
}
