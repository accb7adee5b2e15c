//! The schema of bench files.

use std::collections::BTreeSet;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::{
    Ohms, Time, Tolerance, Volts, any_text, document, either, generator, mapping, number, text,
    word,
};
use crate::bench::file::wires::{SIGNALS, contacts_of};
use crate::bench::file::{Closes, Header, Via};
use crate::bench::probe::CHIP;
use crate::bench::supply::{COMMANDS, DIALECTS};
use crate::lock::LockModel;

/// The schema of a bench file.
pub fn bench() -> Value {
    let mut generator = generator();
    let volts = generator.subschema_for::<Volts>();
    let time = generator.subschema_for::<Time>();
    let limits = mapping(
        "What may never be passed",
        vec![
            ("volts", volts.clone()),
            (
                "amperes",
                text(
                    "The most current: `2 A`, `800 mA`",
                    r"^\d+(\.\d+)?\s*(mA|A)$",
                ),
            ),
            ("run", time.clone()),
            ("tolerance", volts),
        ],
        &["volts", "amperes", "run"],
    );
    let contacts: BTreeSet<String> = LockModel::ALL
        .into_iter()
        .flat_map(contacts_of)
        .map(|contact| contact.to_string())
        .collect();
    // What a person presses can be watched too.
    let pressed = contacts.iter().map(|contact| format!("contact {contact}"));
    let signals: BTreeSet<String> = SIGNALS
        .iter()
        .map(ToString::to_string)
        .chain(pressed)
        .collect();
    let file = mapping(
        "A bench: what lock is on it, and which line of the header goes where",
        vec![
            ("title", any_text("What this bench is, in a sentence")),
            (
                "lock",
                word("The model of the lock on it", &LockModel::NAMES),
            ),
            (
                "profile",
                any_text("The folder of its snapshots, for a lock that isn't ours"),
            ),
            ("pi", header()),
            (
                "state",
                any_text("Where a rehearsal keeps the state of its lines"),
            ),
            (
                "image",
                any_text("The firmware of a rehearsal's virtual lock"),
            ),
            (
                "contacts",
                lines("What closes the lock's contacts", &contacts, &switch()),
            ),
            (
                "signals",
                lines("What watches the lock's signals", &signals, &sense()),
            ),
            ("supply", supply(&mut generator)),
            ("enable", switch()),
            ("monitor", monitor(&mut generator)),
            (
                "hub",
                any_text("The serial port of the hub's bus: `/dev/ttyACM0`"),
            ),
            ("probe", probe()),
            ("tolerance", generator.subschema_for::<Tolerance>()),
            ("lag", time),
            ("limits", limits),
            ("loopback", loopback()),
        ],
        &[
            "title", "lock", "pi", "contacts", "signals", "supply", "limits",
        ],
    );
    document(generator, "rig bench", file)
}

/// The header's name; some are numbers to YAML.
fn header() -> Schema {
    let names = Header::names();
    let numbers: Vec<u32> = names.iter().filter_map(|name| name.parse().ok()).collect();
    either(
        "The Raspberry Pi, or `rehearsal`",
        vec![word("By name", &names), json_schema!({ "enum": numbers })],
    )
}

fn lines(description: &str, names: &BTreeSet<String>, line: &Schema) -> Schema {
    let keys = names.iter().map(|name| (name.as_str(), line.clone()));
    mapping(description, keys.collect(), &[])
}

fn line() -> Schema {
    json_schema!({
        "description": "A line by its BCM number: `17` is GPIO17",
        "type": ["string", "integer"],
        "pattern": r"^(GPIO)?\d{1,2}$",
        "minimum": 0,
        "maximum": 27,
    })
}

fn via() -> Schema {
    word("What is between the line and the lock", &Via::NAMES)
}

fn switch() -> Schema {
    either(
        "The line that closes it",
        vec![
            line(),
            mapping(
                "A line and how it closes the contact",
                vec![
                    ("line", line()),
                    ("closes", word("How it closes the contact", &Closes::NAMES)),
                    ("via", via()),
                ],
                &["line"],
            ),
        ],
    )
}

fn sense() -> Schema {
    either(
        "The line that watches it",
        vec![
            line(),
            mapping(
                "A line and what its level means",
                vec![
                    ("line", line()),
                    ("active", word("The level that means on", &["low", "high"])),
                    (
                        "pull",
                        word("The header's own resistor", &["off", "down", "up"]),
                    ),
                    ("via", via()),
                ],
                &["line"],
            ),
        ],
    )
}

fn supply(generator: &mut SchemaGenerator) -> Schema {
    let volts = generator.subschema_for::<Volts>();
    let commands = COMMANDS
        .iter()
        .map(|name| (*name, json_schema!({ "type": "string" })))
        .collect();
    let kind = |name: &str| json_schema!({ "const": name });
    either(
        "What feeds the lock",
        vec![
            mapping(
                "A bench supply on a serial port",
                vec![
                    ("kind", kind("scpi")),
                    ("port", any_text("Its serial port: `/dev/serial/by-id/...`")),
                    ("baud", number("The port's speed", 300, 4_000_000)),
                    (
                        "ends",
                        word("What ends a command", &["lf", "crlf", "nothing"]),
                    ),
                    ("dialect", word("How it is spoken to", &DIALECTS)),
                    ("channel", number("Which output", 1, 9)),
                    ("timeout", generator.subschema_for::<Time>()),
                    ("commands", mapping("Commands of its own", commands, &[])),
                ],
                &["kind", "port"],
            ),
            mapping(
                "A DAC with an amplifier",
                vec![
                    ("kind", kind("dac")),
                    ("bus", bus()),
                    ("address", address("0x60 to 0x67", r"^0x6[0-7]$")),
                    ("full-scale", volts.clone()),
                ],
                &["kind", "full-scale"],
            ),
            mapping(
                "A source of one voltage",
                vec![("kind", kind("fixed")), ("volts", volts)],
                &["kind", "volts"],
            ),
        ],
    )
}

fn bus() -> Schema {
    number("Number of the I2C bus", 0, 9)
}

/// An address on the I2C bus, which is a number to YAML.
fn address(description: &str, pattern: &str) -> Schema {
    json_schema!({
        "type": ["string", "integer"],
        "description": description,
        "pattern": pattern,
    })
}

fn monitor(generator: &mut SchemaGenerator) -> Schema {
    mapping(
        "What measures the lock's current",
        vec![
            ("bus", bus()),
            ("address", address("0x40 to 0x4f", "^0x4[0-9A-Fa-f]$")),
            ("shunt", generator.subschema_for::<Ohms>()),
        ],
        &[],
    )
}

fn probe() -> Schema {
    let mut probe = mapping(
        "The debug probe",
        vec![
            ("chip", word("The chip, as probe-rs calls it", &[CHIP])),
            (
                "selector",
                text(
                    "Which probe, as `probe-rs list` shows it: `1366:1015`",
                    r"^[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}(-\d+)?(:.*)?$",
                ),
            ),
            (
                "usb",
                text("Where it is plugged in: `1-1.3`", r"^\d+-\d+(\.\d+)*$"),
            ),
        ],
        &[],
    );
    probe.insert(
        "oneOf".to_owned(),
        serde_json::json!([{ "required": ["selector"] }, { "required": ["usb"] }]),
    );
    probe
}

fn loopback() -> Schema {
    json_schema!({
        "type": "array",
        "description": "Wires between two free lines, for `rig doctor`: `[[20, 21]]`",
        "items": { "type": "array", "items": line(), "minItems": 2, "maxItems": 2 },
    })
}
