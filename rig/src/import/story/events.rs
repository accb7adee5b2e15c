//! The lock's own event log: what each of its entries tells that someone did.

use super::super::programming::Change;
use super::super::{Entry, Told, written};
use super::{BEFORE, DEBOUNCE, FRAME, JAMMED, TRAVEL, Teller};
use crate::scenario::{GAP, Given, PRESS};
use crate::trace::Nanos;

impl Teller<'_> {
    pub(super) fn events(&mut self, entries: &[Entry], skipped: usize) {
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
                [1, reason, _] => self.boot(entries, index, reason),
                [2, 1, slot] => self.enter(index, at, &self.codes.slot(slot, index), None),
                [2, 2 | 3, _] => self.wrong(index, at),
                [2, 4, _] => {
                    let begin = at.since(Nanos::from_secs(5) + DEBOUNCE);
                    let step = "enter: { code: \"1\", confirm: no }".to_owned();
                    let mark = "which keys, the log doesn't tell";
                    self.act(index, begin, vec![step], PRESS + GAP, Some(mark));
                }
                [2, 5, _] => {
                    let code = self.codes.slot(1, index);
                    self.enter(index, at, &code, Some("which code, the log doesn't tell"));
                }
                [3, 0x21, outcome] => {
                    self.jam_if(index, at, outcome == 2, "closing");
                    let takes = match outcome {
                        1 => TRAVEL,
                        2 => JAMMED,
                        _ => Nanos::ZERO,
                    };
                    self.press(index, at.since(takes + DEBOUNCE), "lock");
                }
                [3, command, outcome] => {
                    let way = if command >> 4 == 1 {
                        "opening"
                    } else {
                        "closing"
                    };
                    self.jam_if(index, at, outcome == 2, way);
                }
                [5, charge, tenths] => self.volts(index, at, charge, tenths),
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
                [7, command, result] => {
                    let slot = match index.checked_sub(1).map(|before| &entries[before].told) {
                        Some(Told::Event([6, _, slot])) => Some(*slot),
                        _ => None,
                    };
                    self.asked(index, at.since(FRAME), command, result, slot);
                }
                [8, ..] => self.master = false,
                [4, ..] | [9, ..] => {}
                _ => {}
            }
        }
    }

    /// A request that the event log tells of.
    fn asked(&mut self, index: usize, at: Nanos, command: u8, result: u8, slot: Option<u8>) {
        let place = slot.filter(|_| result == 0);
        let (step, mark) = match (command, place) {
            (0x03, _) => ("hub: lock".to_owned(), None),
            (0x05, _) => ("hub: unlock".to_owned(), None),
            (0x18, _) => ("hub: hello".to_owned(), None),
            (0x0F, _) => {
                let step = "hub: { set-clock: \"26 01 01 12 00 00 04\" }".to_owned();
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
                let frame = [0xBD, 0x04, 0x01, 0xE7, command];
                let sum = frame[1..].iter().fold(0xFF, |sum, byte| sum ^ byte);
                let step = format!("hub: {{ bytes: \"{} {sum:02X}\" }}", written(&frame));
                (step, Some("which arguments, the log doesn't tell"))
            }
        };
        self.hub(index, at, &step, Nanos::ZERO, mark);
    }

    /// Power came, or the program started over.
    fn boot(&mut self, entries: &[Entry], index: usize, reason: u8) {
        self.sort();
        let session = entries.get(index + 1..).unwrap_or_default().iter();
        let mut session = session.take_while(|entry| !matches!(entry.told, Told::Event([1, ..])));
        let gesture = session
            .find(|entry| matches!(entry.told, Told::Event([3, 0x30, _] | [8, ..] | [9, 0, _])));
        if reason != 0 {
            self.boots(
                index,
                Nanos::ZERO,
                Vec::new(),
                "the lock started over by itself: nobody did that",
            );
            return;
        }
        let in_already = index > 0 || self.guess.given != Given::New;
        let mut steps = Vec::new();
        if in_already {
            steps.extend(["settle", "battery: disconnect", "wait: 15s"].map(str::to_owned));
        }
        let mark = "how long the pack was out, the log doesn't tell";
        let connect = "battery: connect".to_owned();
        match gesture.map(|entry| (&entry.told, entry.at)) {
            Some((Told::Event([8, ..]), at)) => {
                steps.extend(["hold: program".to_owned(), connect]);
                self.boots(index, Nanos::ZERO, steps, mark);
                let press = at.since(DEBOUNCE);
                let release = press.since(Nanos::from_secs(1));
                self.program_again(index, release.max(Nanos::from_millis(30_500)), press);
            }
            Some((Told::Event([3, ..]), at)) => {
                steps.extend(["hold: program".to_owned(), connect]);
                self.boots(index, Nanos::ZERO, steps, mark);
                let press = at.since(Nanos::from_millis(1_200));
                let release = press.since(Nanos::from_secs(2));
                self.program_again(index, release.max(Nanos::from_secs(1)), press);
            }
            Some(_) => {
                steps.extend([
                    connect,
                    "wait: 1s".to_owned(),
                    "storage: corrupt".to_owned(),
                ]);
                self.boots(
                    index,
                    Nanos::ZERO,
                    steps,
                    "what damaged the flash, the log doesn't tell",
                );
            }
            None => {
                steps.push(connect);
                self.boots(index, Nanos::ZERO, steps, mark);
            }
        }
    }

    /// Program is let go, and pressed once more: later than the log has it, if it must.
    fn program_again(&mut self, index: usize, release: Nanos, press: Nanos) {
        let press = press.max(release + GAP);
        self.program_free = press + PRESS + GAP;
        let step = "release: program".to_owned();
        self.act(index, release, vec![step], Nanos::ZERO, None);
        self.press(index, press, "program");
    }

    fn volts(&mut self, index: usize, at: Nanos, charge: u8, tenths: u8) {
        // The lock rounds down; at its own thresholds it is the threshold.
        let millivolts = match (charge, tenths) {
            (1, 48) | (2, 45) => u32::from(tenths) * 100,
            _ => u32::from(tenths) * 100 + 50,
        };
        // No pack of four cells has more.
        let millivolts = millivolts.min(9_000);
        let step = format!(
            "battery: {}.{:02} V",
            millivolts / 1_000,
            millivolts % 1_000 / 10
        );
        let mark = "the log tells tenths of a volt, and not what cells";
        self.act(index, at.since(BEFORE), vec![step], Nanos::ZERO, Some(mark));
    }
}
