//! The lines of a bench file: contacts, signals, the enable line and loopback wires.

use std::collections::BTreeMap;

use crate::bench::lines::{Bias, Gpio, Level};
use crate::lock::LockModel;
use crate::scenario::fields::{Fields, Reader};
use crate::scenario::values::Wrong;
use crate::scenario::yaml::{Kind, Node, Span};
use crate::trace::{Channel, Contact, Key};

use super::{Closes, Sense, Switch, Via};

/// A line and where the file says so.
#[derive(Debug, Clone)]
pub(super) struct Use {
    pub(super) span: Span,
    pub(super) line: Gpio,
    /// For people: "`program`".
    pub(super) what: String,
    pub(super) driven: bool,
}

/// Every use of a line, for the checks across the file.
pub(super) type Uses = Vec<Use>;

const LINE_HELP: &str = "write a BCM number like `17`; GPIO17 is pin 11 of the header";

fn line(text: &str) -> Result<Gpio, Wrong> {
    let digits = text.strip_prefix("GPIO").unwrap_or(text);
    match digits.parse::<u8>() {
        Ok(number) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Gpio(number)),
        _ => Err(Wrong::new(format!("`{text}` is not a line"), LINE_HELP)),
    }
}

/// Contacts that a model has, in the order of its keypad.
pub(crate) fn contacts_of(lock: LockModel) -> Vec<Contact> {
    let keys: Vec<Key> = match lock {
        LockModel::TenKey => (1..10).chain([0]).map(Key::Digit).collect(),
        LockModel::FiveKey => [1, 3, 5, 7, 9].map(Key::Pair).to_vec(),
    };
    keys.into_iter()
        .map(Contact::Key)
        .chain([Contact::Lock, Contact::Program, Contact::Hub])
        .chain((1..=3).map(Contact::Switch))
        .collect()
}

/// Signals that a line can watch.
pub(crate) const SIGNALS: [Channel; 9] = [
    Channel::MotorOpen,
    Channel::MotorClose,
    Channel::StatusGreen,
    Channel::StatusRed,
    Channel::KeypadGreen,
    Channel::KeypadRed,
    Channel::Beeper,
    Channel::BoltRetracted,
    Channel::BoltExtended,
];

pub(super) fn contacts(
    reader: &mut Reader,
    fields: &Fields<'_>,
    lock: LockModel,
    uses: &mut Uses,
) -> BTreeMap<Contact, Switch> {
    let mut map = BTreeMap::new();
    let help = "write `contacts:` and below it `program: 17` and so on";
    let Some(node) = fields.need(reader, "a bench", "contacts", help) else {
        return map;
    };
    let known = contacts_of(lock);
    let names: Vec<String> = known.iter().map(Contact::to_string).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let what = format!("a {lock} lock");
    let Some(fields) = reader.fields(node, &what, &names) else {
        return map;
    };
    for (contact, name) in known.iter().zip(&names) {
        let Some(node) = fields.get(name) else {
            continue;
        };
        if let Some(switch) = switch(reader, node, &format!("`{name}`"), uses) {
            map.insert(*contact, switch);
        }
    }
    map
}

pub(super) fn signals(
    reader: &mut Reader,
    fields: &Fields<'_>,
    lock: Option<LockModel>,
    uses: &mut Uses,
) -> BTreeMap<Channel, Sense> {
    let mut map = BTreeMap::new();
    let help = "write `signals:` and below it `beeper: 22` and so on";
    let Some(node) = fields.need(reader, "a bench", "signals", help) else {
        return map;
    };
    // What a person presses can be watched too, for a recording.
    let contacts = lock.map(contacts_of).unwrap_or_default();
    let contacts = contacts.into_iter().map(Channel::Contact);
    let channels: Vec<Channel> = SIGNALS.into_iter().chain(contacts).collect();
    let names: Vec<String> = channels.iter().map(Channel::to_string).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let Some(fields) = reader.fields(node, "a lock", &names) else {
        return map;
    };
    for (channel, name) in channels.iter().zip(&names) {
        let Some(node) = fields.get(name) else {
            continue;
        };
        if let Some(sense) = sense(reader, node, &format!("`{name}`"), uses) {
            map.insert(*channel, sense);
        }
    }
    map
}

/// `17`, or `{ line: 17, closes: low }`.
pub(super) fn switch(
    reader: &mut Reader,
    node: &Node,
    what: &str,
    uses: &mut Uses,
) -> Option<Switch> {
    let (at, fields) = place(reader, node, what, &["line", "closes", "via"])?;
    let line = reader.value(at, what, LINE_HELP, line)?;
    let closes = match fields.as_ref().and_then(|fields| fields.get("closes")) {
        None => Closes::High,
        Some(node) => match reader.choice(node, "`closes`", &Closes::NAMES)? {
            0 => Closes::High,
            1 => Closes::Low,
            _ => Closes::Sink,
        },
    };
    let via = match fields.as_ref().and_then(|fields| fields.get("via")) {
        None if closes == Closes::Sink => Via::Wire,
        None => Via::Opto,
        Some(node) => match Via::at(reader.choice(node, "`via`", &Via::NAMES)?) {
            Via::Wire => Via::Wire,
            via if closes == Closes::Sink => {
                return reader.wrong(
                    &node.span,
                    format!(
                        "a line that sinks is the contact itself, not behind `{}`",
                        via.name()
                    ),
                    "write `via: wire`, or `closes: high` or `low`",
                );
            }
            via => via,
        },
    };
    if closes != Closes::Sink && via == Via::Wire {
        return reader.wrong(
            &at.span,
            format!("{what} drives the lock's own line {}", closes.name()),
            "over a wire a contact only sinks: write `closes: sink`",
        );
    }
    uses.push(Use {
        span: at.span.clone(),
        line,
        what: what.to_owned(),
        driven: true,
    });
    Some(Switch { line, closes, via })
}

/// `17`, or `{ line: 17, active: low, pull: up }`.
fn sense(reader: &mut Reader, node: &Node, what: &str, uses: &mut Uses) -> Option<Sense> {
    let (at, fields) = place(reader, node, what, &["line", "active", "pull", "via"])?;
    let line = reader.value(at, what, LINE_HELP, line)?;
    let word = |key| fields.as_ref().and_then(|fields| fields.get(key));
    let active = match word("active") {
        None => Level::High,
        Some(node) => Level::from(reader.choice(node, "`active`", &["low", "high"])? == 1),
    };
    let pull = match word("pull") {
        None => Bias::Off,
        Some(node) => match reader.choice(node, "`pull`", &["off", "down", "up"])? {
            0 => Bias::Off,
            1 => Bias::Down,
            _ => Bias::Up,
        },
    };
    let via = match word("via") {
        None => Via::Opto,
        Some(node) => Via::at(reader.choice(node, "`via`", &Via::NAMES)?),
    };
    uses.push(Use {
        span: at.span.clone(),
        line,
        what: what.to_owned(),
        driven: false,
    });
    Some(Sense {
        line,
        active,
        pull,
        via,
    })
}

/// The node of the line, and the fields around it if there are any.
fn place<'n>(
    reader: &mut Reader,
    node: &'n Node,
    what: &str,
    known: &[&str],
) -> Option<(&'n Node, Option<Fields<'n>>)> {
    if !matches!(node.kind, Kind::Map(_)) {
        return Some((node, None));
    }
    let fields = reader.fields(node, what, known)?;
    let line = fields.need(reader, what, "line", LINE_HELP)?;
    Some((line, Some(fields)))
}

/// Pairs of lines: `[[20, 21]]`.
pub(super) fn loopback(
    reader: &mut Reader,
    fields: &Fields<'_>,
    uses: &mut Uses,
) -> Vec<(Gpio, Gpio)> {
    let Some(node) = fields.get("loopback") else {
        return Vec::new();
    };
    let help = "write a list of wires, each from one free line to another: `[[20, 21]]`";
    let mut wires = Vec::new();
    for wire in reader.items(node) {
        let Kind::List(ends) = &wire.kind else {
            reader.wrong::<()>(&wire.span, "a wire has two ends", help);
            continue;
        };
        let [out, back] = ends.as_slice() else {
            reader.wrong::<()>(&wire.span, "a wire has two ends", help);
            continue;
        };
        let mut end = |node: &Node, driven| {
            let line = reader.value(node, "`loopback`", help, line)?;
            uses.push(Use {
                span: node.span.clone(),
                line,
                what: "`loopback`".to_owned(),
                driven,
            });
            Some(line)
        };
        if let (Some(out), Some(back)) = (end(out, true), end(back, false)) {
            wires.push((out, back));
        }
    }
    wires
}
