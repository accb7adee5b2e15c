//! The lock's own event log: what each of its entries tells that someone did.

use super::super::programming::Change;
use super::super::{Told, written};
use super::bolt::{opens, result};
use super::{DEBOUNCE, FRAME, TRAVEL, Teller};
use crate::play::frame;
use crate::scenario::{GAP, PRESS};
use crate::trace::Nanos;

/// Command and source of a lock that locks itself.
const AUTO_LOCK: u8 = 0x23;
/// From the end of a key's turn that opens a bolt to the lock's own locking told: what is left of the 30 s, and
/// the move.
const AUTO_LOCK_TIME: Nanos = Nanos(29_300_000_000 + TRAVEL.0);

impl Teller<'_> {
    pub(super) fn events(&mut self, skipped: usize) {
        let entries = self.entries;
        let mut paired = None;
        for (index, entry) in entries.iter().enumerate().skip(skipped) {
            let Told::Event(event) = entry.told else {
                continue;
            };
            let at = entry.at;
            let next = entries.get(index + 1).and_then(|next| match next.told {
                Told::Event(event) => Some((event, next.at)),
                _ => None,
            });
            let by_hub = |command: u8| {
                next.is_some_and(|(event, time)| {
                    event == [7, command, 0] && time.distance(at) < Nanos::from_millis(50)
                })
            };
            match event {
                [1, reason, _] => self.boot(index, reason),
                [2, 1, slot] => {
                    let code = self.codes.slot(slot, index);
                    let begin = at.since(self.typing(&code) + DEBOUNCE);
                    let moved = result(entries, index, true).is_some();
                    self.turned_before(index, begin, true, moved);
                    self.enter(index, at, &code, None);
                }
                [2, 2 | 3, _] => self.wrong(index, at),
                [2, 4, _] => {
                    let begin = at.since(Nanos::from_secs(5) + DEBOUNCE);
                    let step = "enter: { code: \"1\", confirm: no }".to_owned();
                    let mark = "which keys, the log doesn't tell";
                    self.act(index, begin, vec![step], PRESS + GAP, Some(mark));
                }
                [2, 5, _] => {
                    let code = self.codes.slot(1, index);
                    self.refused(index, at, &code, "which code, the log doesn't tell");
                }
                [3, 0x21, outcome] => {
                    let begin = self.pressed_at(index, outcome);
                    self.turned_before(index, begin, false, true);
                    self.jam_if(index, at, outcome == 2, "closing");
                    self.press(index, begin, "lock");
                    self.goes(0x21, outcome);
                }
                [3, 0x30, outcome] => {
                    self.jam_if(index, at, outcome == 4, "stuck");
                    self.goes(0x30, outcome);
                }
                [3, command, outcome] => {
                    if command == AUTO_LOCK {
                        self.turned_before(index, at.since(AUTO_LOCK_TIME), false, true);
                    }
                    let way = if opens(command) { "opening" } else { "closing" };
                    self.jam_if(index, at, outcome == 2, way);
                    self.goes(command, outcome);
                }
                [5, charge, tenths] => {
                    self.volts(index, at, charge, tenths);
                    let hub_before = entries[..index]
                        .iter()
                        .any(|entry| matches!(entry.told, Told::Event([7, 0x18, 0])));
                    if hub_before && !self.used_around(index) {
                        let mark = "by what it was noticed, the log doesn't tell";
                        self.hub(
                            index,
                            at.since(FRAME),
                            "hub: battery",
                            Nanos::ZERO,
                            Some(mark),
                        );
                    }
                }
                // What a hub did is told by the event after it.
                [6, 1, _] if by_hub(0x0B) => {}
                [6, 2, _] if by_hub(0x0D) => {}
                [6, change, slot] => match Change::of(change, slot) {
                    Some(change) => self.programming(index, at, change, change.mark()),
                    None => self.note(index, at, "how that was programmed the rig can't tell"),
                },
                [7, 0x0E, _] => {
                    let pairs = next.is_some_and(|(event, time)| {
                        event[..2] == [7, 0x18] && time.since(at) < Nanos::from_secs(2)
                    });
                    if pairs {
                        paired = Some(index + 1);
                        self.hub(index, at.since(DEBOUNCE), "hub: pair", PRESS + GAP, None);
                    } else {
                        self.press(index, at.since(DEBOUNCE), "hub");
                    }
                }
                [7, 0x18, _] if paired == Some(index) => {}
                [7, command, answer] => {
                    let slot = match index.checked_sub(1).map(|before| &entries[before].told) {
                        Some(Told::Event([6, _, slot])) => Some(*slot),
                        _ => None,
                    };
                    let begin = at.since(FRAME);
                    if let (0x03 | 0x05, 0) = (command, answer) {
                        let opening = command == 0x05;
                        let moved = result(entries, index, opening).is_some();
                        self.turned_before(index, begin, opening, moved);
                    }
                    self.asked(index, begin, command, answer, slot);
                }
                [8, ..] => {
                    self.master = false;
                    self.fault = false;
                }
                [4, ..] | [9, ..] => {}
                _ => {}
            }
        }
    }

    /// A request that the event log tells of.
    fn asked(&mut self, index: usize, at: Nanos, command: u8, result: u8, slot: Option<u8>) {
        let place = slot.filter(|_| result == 0);
        let (step, mark) = match (command, place) {
            // Refused for the frame itself.
            (_, None) if matches!(result, 1..=3) => {
                let step = format!(
                    "hub: {{ bytes: \"{}\" }}",
                    written(&refused(command, result))
                );
                (step, Some("what frame it was, the log doesn't tell"))
            }
            (0x03, _) => ("hub: lock".to_owned(), None),
            (0x05, _) => ("hub: unlock".to_owned(), None),
            (0x18, _) => ("hub: hello".to_owned(), None),
            (0x0F, _) => {
                let month = if result == 0 { "01" } else { "13" };
                let step = format!("hub: {{ set-clock: \"26 {month} 01 12 00 00 04\" }}");
                (step, Some("which time, the log doesn't tell"))
            }
            (0x0B, Some(slot)) => {
                let code = self.codes.slot(slot, index);
                (
                    format!("hub: {{ set-code: \"{code}\", slot: {slot} }}"),
                    None,
                )
            }
            (0x0D, Some(slot)) => (format!("hub: {{ delete-code: {slot} }}"), None),
            (0x0B, None) => {
                let (code, slot) = match result {
                    0x07 => (self.codes.slot(1, index), 2),
                    0x08 => ("123".to_owned(), 2),
                    0x0A => (self.codes.slot(2, index), 31),
                    _ => (self.codes.slot(2, index), 2),
                };
                let step = format!("hub: {{ set-code: \"{code}\", slot: {slot} }}");
                (step, Some("which code and slot, the log doesn't tell"))
            }
            (0x0D, None) => (
                "hub: { delete-code: 31 }".to_owned(),
                Some("which slot, the log doesn't tell"),
            ),
            _ => {
                let step = format!(
                    "hub: {{ bytes: \"{}\" }}",
                    written(&frame(1, 0xE7, command, &[]))
                );
                (step, Some("which arguments, the log doesn't tell"))
            }
        };
        self.hub(index, at, &step, Nanos::ZERO, mark);
    }
}

/// A frame of the hub's that the lock refuses for this reason: 1 for its checksum, 2 for its length, 3 for
/// its command.
fn refused(command: u8, reason: u8) -> Vec<u8> {
    // No command has so many arguments.
    let args: &[u8] = if reason == 2 { &[0; 12] } else { &[] };
    let mut bytes = frame(1, 0xE7, command, args);
    if reason == 1
        && let Some(sum) = bytes.last_mut()
    {
        *sum ^= 1;
    }
    bytes
}
