//! What the lock's answer to its hub tells of the time before the request: that its storage was damaged, that
//! it was reset, that its power went, or what its pack gave.

use super::super::Told;
use super::super::capture::{Frame, answer, refusal};
use super::Teller;
use super::pack::volts;
use crate::trace::Nanos;

/// A factory reset: pack in with Program held for 30 s, and Program once more.
const RESET: [&str; 8] = [
    "battery: disconnect",
    "wait: 2s",
    "hold: program",
    "battery: connect",
    "wait: 31s",
    "release: program",
    "wait: 1s",
    "press: program",
];
/// How long that takes.
const RESET_TIME: Nanos = Nanos::from_millis(34_200);
/// How long it takes to damage the storage, and to start over.
const CORRUPT_TIME: Nanos = Nanos::from_millis(1_550);
/// A difference in millivolts that is a pack's, not a converter's.
const OTHER: u32 = 50;

impl Teller<'_> {
    /// What came before the request of entry `index`, by its answer.
    pub(super) fn answered(&mut self, index: usize, at: Nanos) {
        let Some(Told::ToLock(request)) = self.entries.get(index).map(|entry| &entry.told) else {
            return;
        };
        let Some(command) = Frame::of(request).map(|frame| frame.command) else {
            return;
        };
        let Some(answer) = answer(&self.entries[index + 1..], command) else {
            return;
        };
        match (answer.kind, command, answer.args.as_slice()) {
            (0xAA, 0x18, [1]) => self.knows_hub = true,
            (0xAA, 0x0F, _) => self.has_time = true,
            (0xAA, 0x09, [hi, lo]) => {
                let millivolts = u32::from(u16::from_be_bytes([*hi, *lo]));
                if millivolts.abs_diff(self.pack) > OTHER {
                    self.pack = millivolts;
                    // What the converter rounds down is ten millivolts at most.
                    let pack = volts((millivolts + 5).min(9_000));
                    let mark = "the log tells millivolts, and not what cells";
                    self.put_in(index, at.since(Nanos::from_millis(50)), &pack, mark);
                }
            }
            (0x55, _, [refusal::FAULT]) if !self.fault => {
                self.fault = true;
                let steps = vec!["storage: corrupt".to_owned(), "wait: 1s".to_owned()];
                let mark = "what damaged the flash, the log doesn't tell";
                self.act(
                    index,
                    self.before(index, at),
                    steps,
                    CORRUPT_TIME,
                    Some(mark),
                );
            }
            (0x55, 0x10, [refusal::NO_TIME]) if std::mem::take(&mut self.has_time) => {
                let steps = ["battery: disconnect", "wait: 1s", "battery: connect"];
                let mark =
                    "that the power went, the log doesn't tell, but the lock's clock was lost";
                let steps = steps.map(str::to_owned).into();
                self.act(
                    index,
                    self.before(index, at),
                    steps,
                    Nanos::from_secs(1),
                    Some(mark),
                );
            }
            (0x55, _, [refusal::NOT_PAIRED]) if std::mem::take(&mut self.knows_hub) => {
                let mark = "that the lock was reset, the log doesn't tell, but its hub was lost";
                let steps = RESET.map(str::to_owned).into();
                let begin = at
                    .since(RESET_TIME + Nanos::from_secs(2))
                    .max(self.floor(index));
                self.act(index, begin, steps, RESET_TIME, Some(mark));
            }
            _ => {}
        }
    }
}
