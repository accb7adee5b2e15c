//! A start of the lock: the pack was put in, with Program held or not, or the program hung.

use super::super::{Entry, Told};
use super::bolt::{Bolt, MOVE, result};
use super::{DEBOUNCE, Teller};
use crate::scenario::{GAP, Given, NOMINAL_PACK, PRESS};
use crate::trace::Nanos;

/// A given state ends with a start of its own, and so much time.
pub(super) const GIVEN_BEGINS: Nanos = Nanos::from_secs(2);
/// What was done sooner was done after another start.
pub(super) const FIRST: Nanos = Nanos::from_millis(1_950);
/// The program that hung starts over within 4 s: so much of its time has gone then, at a guess.
const STARTED_OVER: Nanos = Nanos::from_secs(1);
/// A pack with fewer millivolts is low.
const LOW: u32 = 5_100;
/// A start that is told by nothing after it is kept when the lock next wakes.
const KEPT: &str = "wait: 5s";

/// How long after the last entry that led to it a given state is reached.
pub(super) const fn settled(given: Given) -> Nanos {
    match given {
        Given::Programmed => Nanos::from_millis(1_300),
        Given::Handed | Given::New => Nanos::from_millis(1_500),
    }
}

/// Whether entry `index` tells of the start that the given state ends with, where entries led to that.
pub(super) fn of_the_given(entries: &[Entry], index: usize) -> bool {
    let start =
        matches!(entries.get(index), Some(entry) if matches!(entry.told, Told::Event([1, 0, _])));
    index > 0
        && start
        && gesture(entries, index).is_none()
        && !matches!(entries.get(index + 1), Some(next) if matches!(next.told, Told::Event([1, ..])))
}

/// What tells that someone held Program while power came, or that the storage was damaged.
fn gesture(entries: &[Entry], index: usize) -> Option<&Entry> {
    let session = || {
        let after = entries.get(index + 1..).unwrap_or_default().iter();
        after.take_while(|entry| !matches!(entry.told, Told::Event([1, ..])))
    };
    let held = session().find(|entry| matches!(entry.told, Told::Event([3, 0x30, _] | [8, ..])));
    held.or_else(|| session().find(|entry| matches!(entry.told, Told::Event([9, 0, _]))))
}

impl Teller<'_> {
    /// Power came, or the program started over.
    pub(super) fn boot(&mut self, index: usize, reason: u8) {
        self.sort();
        let entries = self.entries;
        let alone =
            index > 0 && matches!(entries[index - 1].told, Told::Event([1, ..] | [9, 0, _]));
        let rests = if alone { KEPT } else { "settle" }.to_owned();
        let cut = index > 0 && unfinished(entries, index - 1);
        if cut {
            self.bolt = Bolt::Unknown;
        }
        let gesture = gesture(entries, index);
        let corrupt = !self.fault
            && matches!(gesture, Some(entry) if matches!(entry.told, Told::Event([9, ..])));
        self.fault |= corrupt;
        let was_in = std::mem::replace(&mut self.pack_in, true);
        let mut steps = Vec::new();
        if reason != 0 {
            if !was_in {
                steps.extend(["battery: connect", KEPT].map(str::to_owned));
            } else if !cut {
                steps.push(rests);
            }
            return self.starts_over(index, reason, corrupt, steps);
        }
        if was_in {
            steps.extend([
                rests,
                "battery: disconnect".to_owned(),
                "wait: 15s".to_owned(),
            ]);
        }
        let mark = if self.pack < LOW && good_again(entries, index) {
            self.pack = NOMINAL_PACK;
            steps.push("battery: 6.00 V".to_owned());
            "that the cells were changed, and how long that took, the log doesn't tell"
        } else {
            "how long the pack was out, the log doesn't tell"
        };
        let connect = "battery: connect".to_owned();
        match gesture.map(|entry| (&entry.told, entry.at)) {
            Some((Told::Event([8, ..]), at)) => {
                steps.extend(["hold: program".to_owned(), connect]);
                self.boots(index, Nanos::ZERO, steps, mark);
                let press = at.since(DEBOUNCE);
                let release = press.since(Nanos::from_secs(1));
                self.program_again(index, release.max(Nanos::from_millis(30_500)), press);
            }
            Some((Told::Event([3, _, outcome]), at)) => {
                steps.extend(["hold: program".to_owned(), connect]);
                self.boots(index, Nanos::ZERO, steps, mark);
                let press = noticed(entries, index, at)
                    .unwrap_or(at.since(self.handing(*outcome)))
                    .since(DEBOUNCE);
                let release = press.since(Nanos::from_secs(2));
                self.program_again(index, release.max(Nanos::from_secs(1)), press);
            }
            Some(_) if corrupt => {
                steps.extend([
                    connect,
                    "wait: 1s".to_owned(),
                    "storage: corrupt".to_owned(),
                ]);
                let mark = "what damaged the flash, the log doesn't tell";
                self.boots(index, Nanos::ZERO, steps, mark);
            }
            _ => {
                steps.push(connect);
                self.boots(index, Nanos::ZERO, steps, mark);
            }
        }
    }

    /// The program started over by itself, after these steps.
    fn starts_over(&mut self, index: usize, reason: u8, corrupt: bool, mut steps: Vec<String>) {
        let (what, after, mark) = match (reason, corrupt) {
            (_, true) => (
                &["storage: corrupt"][..],
                Nanos::ZERO,
                "what damaged the flash, the log doesn't tell",
            ),
            (1, false) => (
                &["processor: hang", "wait: 4s"][..],
                STARTED_OVER,
                "why the program hung, the log doesn't tell",
            ),
            _ => (
                &[][..],
                Nanos::ZERO,
                "the lock started over by itself: nobody did that",
            ),
        };
        steps.extend(what.iter().map(|step| (*step).to_owned()));
        self.boots(index, after, steps, mark);
    }

    /// How long a handing with this outcome takes.
    const fn handing(&self, outcome: u8) -> Nanos {
        match (outcome, self.bolt) {
            (3, Bolt::Locked) => Nanos::from_millis(2_320),
            (3, _) => Nanos::from_millis(1_310),
            // The bolt is stuck, and the motor stalls at once both ways.
            (4, _) => Nanos::from_millis(310),
            _ => Nanos::ZERO,
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

    /// The log's time is `after` when these steps are done.
    fn boots(&mut self, index: usize, after: Nanos, steps: Vec<String>, mark: &str) {
        self.act(index, Nanos::ZERO, steps, Nanos::ZERO, Some(mark));
        if let Some(act) = self.acts.last_mut() {
            act.boots = Some(after);
        }
        self.sorted = self.acts.len();
        self.program_free = Nanos::ZERO;
        self.free = Nanos::ZERO;
    }
}

/// When the pack was measured for the handing that is told at `at`, if the log tells that.
fn noticed(entries: &[Entry], index: usize, at: Nanos) -> Option<Nanos> {
    let session = entries[index + 1..].iter();
    let before = session.take_while(|entry| entry.at <= at);
    let measured = before.filter(|entry| matches!(entry.told, Told::Event([5, ..])));
    let last = measured.map(|entry| entry.at).last();
    last.filter(|time| at.since(*time) < MOVE)
}

/// Whether a pack that was low is so no more after the start that entry `index` tells of: the motor runs, and
/// nothing is told of the pack.
fn good_again(entries: &[Entry], index: usize) -> bool {
    let after = entries[index + 1..].iter();
    let mut session = after.take_while(|entry| !matches!(entry.told, Told::Event([1, ..])));
    let first = session.find(|entry| matches!(entry.told, Told::Event([3, ..] | [5, ..])));
    matches!(first, Some(entry) if matches!(entry.told, Told::Event([3, ..])))
}

/// Whether entry `index` tells of a command whose end the lock did not live to tell.
fn unfinished(entries: &[Entry], index: usize) -> bool {
    match entries[index].told {
        Told::Event([2, 1, _] | [7, 0x05, 0]) => result(entries, index, true).is_none(),
        Told::Event([7, 0x03, 0]) => result(entries, index, false).is_none(),
        _ => false,
    }
}
