//! The schema of scenario files.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use super::{
    Bytes, Code, Ohms, Time, Tolerance, Volts, any_text, document, either, generator, mapping,
    number, one_or_list, text, text_or_number, word,
};
use crate::lock::LockModel;
use crate::outcome::Part;
use crate::scenario::Given;
use crate::scenario::battery::{NAMES as BATTERY_CHEMISTRIES, WORDS as BATTERY_WORDS};
use crate::scenario::hub::WORDS as HUB_WORDS;
use crate::scenario::steps::{JAMS, NAMES as STEPS, TURNS};
use crate::trace::{Contact, Key, ResetCause};

/// The schema of a scenario file.
pub fn scenario() -> Value {
    let mut generator = generator();
    let steps = steps(&mut generator);
    let file = mapping(
        "What is done to a lock, step by step",
        vec![
            ("title", any_text("What it shows, in a sentence")),
            (
                "given",
                word(
                    "The state that the lock is in when the first step begins, reached by its own procedures",
                    &Given::NAMES,
                ),
            ),
            (
                "locks",
                one_or_list(
                    "The lock models it is for; all if not said",
                    &word("A lock model", &LockModel::NAMES),
                ),
            ),
            (
                "door",
                word(
                    "The side of the door's hinges; left if not said",
                    &["left", "right"],
                ),
            ),
            ("tolerance", generator.subschema_for::<Tolerance>()),
            ("steps", steps),
        ],
        &["title", "given", "steps"],
    );
    document(generator, "rig scenario", file)
}

/// A list of steps, defined once because `repeat` has one in it.
fn steps(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<Steps>()
}

struct Steps;

impl schemars::JsonSchema for Steps {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Steps".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let properties: Map<String, Value> = STEPS
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), step(generator, name)?.to_value())))
            .collect();
        json_schema!({
            "type": "array",
            "description": "What is done, in order",
            "minItems": 1,
            "items": { "anyOf": [
                { "const": "settle", "description": "Wait until the lock is dark, silent and still" },
                {
                    "type": "object",
                    "description": "A step: one word, and what it is about",
                    "properties": properties,
                    "additionalProperties": false,
                    "minProperties": 1,
                    "maxProperties": 1,
                },
            ] },
        })
    }
}

/// What stands after a step's word. A step without a schema is one that an editor would refuse.
fn step(generator: &mut SchemaGenerator, name: &str) -> Option<Schema> {
    Some(match name {
        "battery" => battery(generator),
        "press" => either(
            "Close a key's contact for a moment",
            vec![
                button(),
                mapping(
                    "A key and how long it is down",
                    vec![
                        ("key", button()),
                        ("for", generator.subschema_for::<Time>()),
                    ],
                    &["key", "for"],
                ),
            ],
        ),
        "hold" => described("Press a key and keep it down", button()),
        "release" => described("Let go of a key that is held", button()),
        "enter" => enter(generator),
        "switch" => text(
            "Move a switch: 1 is the status LED, 2 auto-lock, 3 audio. `3 off`",
            r"^[123]\s+(on|off)$",
        ),
        "wait" => described("Let time pass", generator.subschema_for::<Time>()),
        "settle" => either(
            "Wait until the lock is dark, silent and still, but no longer than this",
            vec![
                generator.subschema_for::<Time>(),
                json_schema!({ "type": "null" }),
            ],
        ),
        "turn-key" => word("Turn the key or thumb-turn all the way", &TURNS),
        "jam" => word("Block the bolt, or free it", &JAMS),
        "hub" => hub(generator),
        "storage" => word(
            "Damage what the lock keeps in its flash, through the debug port",
            &["corrupt"],
        ),
        "processor" => word(
            "Let the program hang, through the debug port, until its watchdog bites",
            &["hang"],
        ),
        "expect" => expect(),
        "repeat" => mapping(
            "Do some steps several times",
            vec![
                ("times", number("How often", 1, 1_000)),
                ("steps", steps(generator)),
            ],
            &["times", "steps"],
        ),
        "sweep" => mapping(
            "Do some steps with every value of a range in the place of `$point`; the last step",
            vec![
                (
                    "over",
                    either(
                        "The values: from one to another, or a list of them",
                        vec![
                            text("A range, like `4.0 V to 6.5 V`", r"^.+ to .+$"),
                            json_schema!({ "type": "array", "minItems": 2 }),
                        ],
                    ),
                ),
                (
                    "by",
                    text_or_number("How far apart the values are: `0.1 V`", r"^\s*\d"),
                ),
                ("steps", with_point()),
            ],
            &["over", "steps"],
        ),
        "note" => any_text("A word about the step after it"),
        _ => return None,
    })
}

/// The steps of a sweep: which they are, for `$point` may stand for any value of theirs.
fn with_point() -> Schema {
    json_schema!({
        "type": "array",
        "description": "What is done with each value",
        "minItems": 1,
        "items": { "anyOf": [
            { "const": "settle" },
            {
                "type": "object",
                "propertyNames": { "enum": STEPS },
                "minProperties": 1,
                "maxProperties": 1,
            },
        ] },
    })
}

fn described(description: &str, mut schema: Schema) -> Schema {
    // In draft 07 nothing beside a reference counts.
    if schema.get("$ref").is_some() {
        return json_schema!({ "description": description, "allOf": [schema] });
    }
    schema.insert("description".to_owned(), description.into());
    schema
}

/// The name of a key that is pressed.
fn button() -> Schema {
    let names: Vec<String> = (0..=9)
        .map(Key::Digit)
        .chain([1, 3, 5, 7, 9].map(Key::Pair))
        .map(Contact::Key)
        .chain([Contact::Lock, Contact::Program, Contact::Hub])
        .map(|contact| contact.to_string())
        .collect();
    json_schema!({
        "description": "A key: 0 to 9, 1/2 to 9/0, lock, program or hub",
        "anyOf": [
            { "enum": names },
            { "type": "integer", "minimum": 0, "maximum": 9 },
        ],
    })
}

fn battery(generator: &mut SchemaGenerator) -> Schema {
    let volts = generator.subschema_for::<Volts>();
    let charge = || {
        text(
            "What is left in it: `80%`",
            r"^(100(\.0)?|\d{1,2}(\.\d)?)\s*%$",
        )
    };
    let chemistries = BATTERY_CHEMISTRIES.join("|");
    let cell = text(
        "A cell: `alkaline 80%`, `alkaline 80% leaking 20 ohm`, `lithium 50% reversed`",
        &format!(
            r"^({chemistries})\s+(100(\.0)?|\d{{1,2}}(\.\d)?)%(\s+leaking\s+\d+(\.\d+)?\s+(mohm|ohm)|\s+reversed)*$"
        ),
    );
    either(
        "Put the pack in or out, or change it",
        vec![
            word("Put the pack in, or take it out", &BATTERY_WORDS),
            volts.clone(),
            mapping(
                "A pack of this voltage",
                vec![
                    ("volts", volts),
                    ("resistance", generator.subschema_for::<Ohms>()),
                ],
                &["volts"],
            ),
            mapping(
                "Four cells of one kind",
                vec![
                    (
                        "chemistry",
                        word("What they are made of", &BATTERY_CHEMISTRIES),
                    ),
                    ("charge", charge()),
                ],
                &["chemistry", "charge"],
            ),
            mapping(
                "Four cells, each of its own kind",
                vec![(
                    "cells",
                    json_schema!({ "type": "array", "items": cell, "minItems": 4, "maxItems": 4 }),
                )],
                &["cells"],
            ),
        ],
    )
}

fn enter(generator: &mut SchemaGenerator) -> Schema {
    let time = generator.subschema_for::<Time>();
    either(
        "Type a code, confirmed the way the lock's model wants",
        vec![
            generator.subschema_for::<Code>(),
            mapping(
                "A code and how it is typed",
                vec![
                    ("code", generator.subschema_for::<Code>()),
                    (
                        "confirm",
                        word("Whether `lock` is pressed after it", &["no", "yes"]),
                    ),
                    ("down", described("How long each key is down", time.clone())),
                    ("gap", described("How long none is, after each", time)),
                ],
                &["code"],
            ),
        ],
    )
}

fn hub(generator: &mut SchemaGenerator) -> Schema {
    let slot = || number("A code slot; 1 to 30 exist", 0, u16::MAX.into());
    let bytes = generator.subschema_for::<Bytes>();
    let one = |key, schema, description| mapping(description, vec![(key, schema)], &[key]);
    either(
        "Let the hub do something",
        vec![
            word(
                "Pair, be there or away, or ask the lock for something",
                &HUB_WORDS,
            ),
            mapping(
                "Put a code into a slot",
                vec![
                    (
                        "set-code",
                        text_or_number("Up to eight digits", r"^\d{1,8}$"),
                    ),
                    ("slot", slot()),
                ],
                &["set-code", "slot"],
            ),
            one("get-code", slot(), "Which code is in a slot?"),
            one("delete-code", slot(), "Empty a slot"),
            one(
                "event",
                number(
                    "An entry of the event log; the newest is 0",
                    0,
                    u8::MAX.into(),
                ),
                "What is in the event log?",
            ),
            one(
                "set-clock",
                text(
                    "Year, month, day, hour, minute, second and weekday in BCD: `14 06 21 03 46 47 06`",
                    r"^[0-9A-Fa-f]{2}(\s+[0-9A-Fa-f]{2}){6}$",
                ),
                "Set the lock's clock",
            ),
            one("bytes", bytes, "Send bytes, whatever they are"),
        ],
    )
}

/// What a step is wanted to lead to.
fn expect() -> Schema {
    let keys = Part::ALL
        .iter()
        .map(|part| {
            let item = outcome(*part);
            let none = json_schema!({ "const": "none" });
            let list = json_schema!({ "type": "array", "items": item, "minItems": 1 });
            let about = format!(
                "What the {} does, in order; `none` for nothing",
                part.name()
            );
            (part.name(), either(&about, vec![none, item, list]))
        })
        .collect();
    let mut schema = mapping(
        "What the step before it must lead to; times are the snapshot's to say",
        keys,
        &[],
    );
    schema.insert("minProperties".to_owned(), 1.into());
    schema
}

fn outcome(part: Part) -> Schema {
    match part {
        Part::Motor => word("Which way it runs", &["open", "close"]),
        Part::Bolt => word("Where it gets", &["retracted", "between", "extended"]),
        Part::Status | Part::Keypad => text(
            "A colour and how often: `red 3x`",
            r"^(green/red|green|red|amber)(\s+[1-9]\d*x)?$",
        ),
        Part::Beeper => text("How often it sounds: `3x`", r"^[1-9]\d*x$"),
        Part::Hub => text(
            "A frame to the hub: `ack`, `nak 0A`, `tells 27 00 01`",
            r"^(ack|nak|tells)(\s+[0-9A-Fa-f]{2})*$",
        ),
        Part::Power => {
            let causes = ResetCause::ALL.map(ResetCause::name).join("|");
            text(
                "`brown-out`, or a reason like `reset watchdog`",
                &format!(r"^(brown-out|reset\s+({causes}))$"),
            )
        }
    }
}
