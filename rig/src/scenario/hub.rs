//! The hub as a scenario plays it: what it asks of the lock, and whether it is there to answer.

use super::fields::Reader;
use super::problem::suggest;
use super::values::Wrong;
use super::yaml::{Kind, Node};
use crate::outcome;

/// What the hub does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hub {
    /// Someone presses button A, and the hub says hello.
    Pair,
    /// From now on the hub answers what the lock tells it.
    Here,
    /// From now on it does not.
    Away,
    /// It asks the lock for something.
    Ask(Request),
    /// It sends these bytes, whatever they are.
    Bytes(Vec<u8>),
}

/// A request of the hub to the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Lock the door.
    Lock,
    /// Unlock it.
    Unlock,
    /// Where is the bolt?
    Status,
    /// How many millivolts has the pack?
    Battery,
    /// Hello: pairing.
    Hello,
    /// What time is it?
    Clock,
    /// It is this time: year, month, day, hour, minute, second, weekday in BCD.
    SetClock([u8; 7]),
    /// Put a code into a slot.
    SetCode {
        /// Which; 1 to 30 exist.
        slot: u16,
        /// The code.
        digits: Vec<u8>,
    },
    /// Which code is in a slot?
    GetCode(u16),
    /// Empty a slot.
    DeleteCode(u16),
    /// What is in this entry of the event log, from the newest?
    Event(u8),
}

pub(crate) const WORDS: [&str; 9] = [
    "pair", "here", "away", "lock", "unlock", "status", "battery", "hello", "clock",
];

const KEYS: [&str; 7] = [
    "set-code",
    "slot",
    "get-code",
    "delete-code",
    "set-clock",
    "event",
    "bytes",
];

/// The value of a `hub` step, and how a snapshot names it.
pub(super) fn read(reader: &mut Reader, value: &Node, help: &str) -> Option<(Hub, String)> {
    let Kind::Map(_) = value.kind else {
        let word = reader.text(value, "`hub`", help)?;
        let hub = match word {
            "pair" => Hub::Pair,
            "here" => Hub::Here,
            "away" => Hub::Away,
            "lock" => Hub::Ask(Request::Lock),
            "unlock" => Hub::Ask(Request::Unlock),
            "status" => Hub::Ask(Request::Status),
            "battery" => Hub::Ask(Request::Battery),
            "hello" => Hub::Ask(Request::Hello),
            "clock" => Hub::Ask(Request::Clock),
            _ => {
                return reader.wrong(
                    &value.span,
                    format!("a hub can't `{word}`"),
                    suggest(word, &WORDS),
                );
            }
        };
        return Some((hub, format!("hub {word}")));
    };
    let fields = reader.fields(value, "`hub`", &KEYS)?;
    let used: Vec<&str> = KEYS
        .into_iter()
        .filter(|key| fields.get(key).is_some())
        .collect();
    let get = |key: &str| fields.get(key);
    let (hub, text) = match used.as_slice() {
        ["set-code", "slot"] => {
            let (code, slot) = (get("set-code")?, get("slot")?);
            let digits = reader.value(code, "`set-code`", help, super::steps::digits);
            let slot = reader.value(slot, "`slot`", help, number::<u16>)?;
            let text = format!("set-code {} slot {slot}", super::steps::written(code));
            let digits = digits?;
            if digits.len() > 8 {
                return reader.wrong(
                    &code.span,
                    "a hub's code has eight digits at most",
                    "send more with `bytes`",
                );
            }
            (Hub::Ask(Request::SetCode { slot, digits }), text)
        }
        ["get-code"] => {
            let slot = reader.value(get("get-code")?, "`get-code`", help, number)?;
            (Hub::Ask(Request::GetCode(slot)), format!("get-code {slot}"))
        }
        ["delete-code"] => {
            let slot = reader.value(get("delete-code")?, "`delete-code`", help, number)?;
            (
                Hub::Ask(Request::DeleteCode(slot)),
                format!("delete-code {slot}"),
            )
        }
        ["event"] => {
            let index = reader.value(get("event")?, "`event`", help, number)?;
            (Hub::Ask(Request::Event(index)), format!("event {index}"))
        }
        ["set-clock"] => {
            let node = get("set-clock")?;
            let bytes = reader.value(node, "`set-clock`", help, hex)?;
            match <[u8; 7]>::try_from(bytes.as_slice()) {
                Ok(bcd) => (
                    Hub::Ask(Request::SetClock(bcd)),
                    format!("set-clock {}", outcome::written(&bytes)),
                ),
                Err(_) => {
                    return reader.wrong(
                        &node.span,
                        format!("a time has seven bytes, not {}", bytes.len()),
                        "write year, month, day, hour, minute, second and weekday: `\"14 06 21 03 46 47 06\"`",
                    );
                }
            }
        }
        ["bytes"] => {
            let bytes = reader.value(get("bytes")?, "`bytes`", help, hex)?;
            let text = format!("bytes {}", outcome::written(&bytes));
            (Hub::Bytes(bytes), text)
        }
        ["set-code"] => return reader.wrong(&value.span, "`set-code` has no `slot`", help),
        ["slot"] => return reader.wrong(&value.span, "`slot` has no `set-code`", help),
        [] if fields.has_unknown() => return None,
        [] => return reader.wrong(&value.span, "`hub` doesn't say what", help),
        _ => return reader.wrong(&value.span, "a hub does one thing at a time", help),
    };
    Some((hub, format!("hub {text}")))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, Wrong> {
    outcome::number(text).ok_or_else(|| Wrong {
        what: format!("`{text}` is not a number that a frame can carry"),
        help: "slots are 1 to 30, events 0 to 63; others are for the lock to refuse".into(),
    })
}

/// Bytes in hex, with spaces between them.
pub(super) fn hex(text: &str) -> Result<Vec<u8>, Wrong> {
    let bytes: Option<Vec<u8>> = text.split_whitespace().map(outcome::byte).collect();
    match bytes {
        Some(bytes) if bytes.len() <= 256 => Ok(bytes),
        _ => Err(Wrong {
            what: format!("`{text}` is not bytes"),
            help: "write up to 256 bytes in hex with spaces between them, like `\"BD 04 01 E7 07 1A\"`".into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_is_no_digit() {
        assert_eq!(hex("BD 05").unwrap(), [0xBD, 0x05]);
        assert!(hex("BD +5").is_err());
        assert_eq!(number::<u16>("5").unwrap(), 5);
        assert!(number::<u16>("+5").is_err());
    }
}
