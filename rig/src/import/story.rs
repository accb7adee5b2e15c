//! What someone did to the lock for its log to come out: the log's entries, and a guess at what they
//! leave open, as steps with times.

use std::collections::{BTreeMap, BTreeSet};

use super::capture::Frame;
use super::code::{Codes, NONE, digits};
use super::programming::{Change, Typed};
use super::{Entry, Format, Log, Told, written};
use crate::lock::LockModel;
use crate::scenario::{GAP, Given, HUB_ANSWER, PRESS, TURN};
use crate::trace::Nanos;

/// From the debounced last key to what the log tells of it.
const DEBOUNCE: Nanos = Nanos::from_millis(20);
/// How long the bolt travels.
const TRAVEL: Nanos = Nanos::from_millis(1_040);
/// How long it takes to meet a jam half way and to come back.
const JAMMED: Nanos = Nanos::from_millis(1_450);
/// What was there before a use is there this long before what the log tells of the use.
const BEFORE: Nanos = Nanos::from_millis(3_500);
/// A log without the lock's own times begins with its first entry: what led to that was before it.
pub(super) const LEAD: Nanos = Nanos::from_secs(60);
/// A frame of a few bytes at 9600 baud.
const FRAME: Nanos = Nanos::from_millis(7);

/// What a log doesn't tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Guess {
    /// The state that the lock was in.
    pub(crate) given: Given,
    /// Whether switch 2 was on.
    pub(crate) auto_lock: bool,
    /// Whether a mastercode was set before the log begins. Where it was not, and something needs one,
    /// it was set just before that.
    pub(crate) master: bool,
    /// For entries that tell of a wrong code: the slot whose code it was.
    pub(crate) wrong: BTreeMap<usize, u8>,
    /// Entries that tell of a move, in which the bolt met something.
    pub(crate) jams: BTreeSet<usize>,
}

/// One thing that someone did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Act {
    /// When it began, in the log's time.
    pub(super) at: Nanos,
    /// As a scenario has it, a step a line.
    pub(super) steps: Vec<String>,
    /// How long the steps take.
    pub(super) takes: Nanos,
    /// The log's time starts over with the end of this.
    pub(super) boots: bool,
    /// The entries that tell of it.
    pub(super) entries: Vec<usize>,
    /// What of it the log doesn't tell.
    pub(super) mark: Option<String>,
}

/// A log retold.
pub(super) struct Story {
    pub(super) acts: Vec<Act>,
    /// Entries that the given state's own procedure explains, at the log's beginning.
    pub(super) skipped: usize,
}

/// The given state that a log begins with, and how many of its entries that explains.
pub(super) fn given_of(log: &Log) -> (Given, usize) {
    let events: Vec<[u8; 3]> = log
        .entries
        .iter()
        .map_while(|entry| match entry.told {
            Told::Event(event) => Some(event),
            _ => None,
        })
        .collect();
    match events.as_slice() {
        [[1, 0, _], [3, 0x30, 3], [6, 1, 1], ..] => (Given::Programmed, 3),
        [[1, 0, _], [3, 0x30, 3], ..] => (Given::Handed, 2),
        _ => (Given::Programmed, 0),
    }
}

impl Story {
    /// What was done, by this guess.
    pub(super) fn tell(log: &Log, model: LockModel, guess: &Guess) -> Story {
        let (given, explained) = given_of(log);
        let skipped = if given == guess.given { explained } else { 0 };
        let mut teller = Teller {
            model,
            guess,
            codes: Codes::of(log, model),
            master: guess.master,
            acts: Vec::new(),
            sorted: 0,
            program_free: Nanos::ZERO,
        };
        match log.format {
            Format::Events => teller.events(&log.entries, skipped),
            Format::Capture | Format::ZWave => teller.reports(&log.entries),
        }
        teller.sort();
        Story {
            acts: teller.acts,
            skipped,
        }
    }
}

struct Teller<'g> {
    model: LockModel,
    guess: &'g Guess,
    codes: Codes,
    /// Whether a mastercode is set.
    master: bool,
    acts: Vec<Act>,
    /// Acts before this are of earlier times, and in order.
    sorted: usize,
    /// From when on Program is not part of what was done while power came.
    program_free: Nanos,
}

impl Teller<'_> {
    fn events(&mut self, entries: &[Entry], skipped: usize) {
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
                [2, 1, slot] => self.enter(index, at, &self.codes.slot(slot), None),
                [2, 2 | 3, _] => self.wrong(index, at),
                [2, 4, _] => {
                    let begin = at.since(Nanos::from_secs(5) + DEBOUNCE);
                    let step = "enter: { code: \"1\", confirm: no }".to_owned();
                    let mark = "which keys, the log doesn't tell";
                    self.act(index, begin, vec![step], PRESS + GAP, Some(mark));
                }
                [2, 5, _] => {
                    let code = self.codes.slot(1);
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

    /// Frames and alarm reports: both tell what the lock told the hub.
    fn reports(&mut self, entries: &[Entry]) {
        let mut paired = None;
        for (index, entry) in entries.iter().enumerate() {
            let at = entry.at + LEAD;
            match &entry.told {
                Told::Alarm(kind, level) => self.alarm(index, at, *kind, *level),
                Told::ToLock(_) if paired == Some(index) => {}
                Told::ToLock(bytes) => self.request(index, at, bytes),
                Told::FromLock(bytes) => {
                    let Some(frame) = Frame::of(bytes).filter(|frame| frame.kind == 0xE7) else {
                        continue;
                    };
                    if frame.command == 0x0E {
                        paired = hello_after(entries, index);
                        if paired.is_some() {
                            self.hub(index, at.since(DEBOUNCE), "hub: pair", PRESS + GAP, None);
                        } else {
                            self.press(index, at.since(DEBOUNCE), "hub");
                        }
                        continue;
                    }
                    let itself = entries.get(index + 1..).unwrap_or_default().iter().take(2).any(|next| {
                        matches!(&next.told, Told::FromLock(bytes)
                            if Frame::of(bytes).is_some_and(|next| next.command == 0x2A && next.args.first() == Some(&27)))
                    });
                    let report = match (frame.command, frame.args.as_slice()) {
                        (0x27, [_, _, 0x01]) if itself => None,
                        (0x27, [_, user, 0x41]) => Some((18, *user)),
                        (0x27, [_, user, 0x42]) => Some((19, *user)),
                        (0x27, [_, _, 0x01]) => Some((21, 1)),
                        (0x27, [_, _, 0x02]) => Some((22, 1)),
                        (0x27, [_, _, 0x81]) => Some((0, 1)),
                        (0x29, [_, slot, 1]) => Some((112, *slot)),
                        (0x29, [_, slot, 0]) => Some((33, *slot)),
                        // What the hub asked for is there already as its own frame.
                        (0x2A, [23, _]) => Some((1, 1)),
                        (0x2A, [kind, level]) => Some((*kind, *level)),
                        _ => None,
                    };
                    if let Some((kind, level)) = report {
                        self.alarm(index, at, kind, level);
                    }
                }
                Told::Event(_) => {}
            }
        }
    }

    fn alarm(&mut self, index: usize, at: Nanos, kind: u8, level: u8) {
        let moved = at.since(TRAVEL);
        let jammed = at.since(JAMMED);
        match kind {
            // What a hub's own frame asked for: only the jam is left to tell.
            0 => self.jam_if(index, at, false, "closing"),
            1 => self.jam_if(index, at, true, "closing"),
            9 => {
                self.jam_if(index, at, true, "opening");
                let code = self.codes.slot(1);
                self.enter(
                    index,
                    at.since(Nanos::from_millis(600)),
                    &code,
                    Some("whose code, the log doesn't tell"),
                );
            }
            17 => {
                self.jam_if(index, at, true, "closing");
                self.press(index, jammed.since(DEBOUNCE), "lock");
            }
            18 => {
                self.jam_if(index, at, false, "closing");
                self.press(index, moved.since(DEBOUNCE), "lock");
            }
            19 => {
                self.jam_if(index, at, false, "opening");
                self.enter(index, moved, &self.codes.slot(level.max(1)), None);
            }
            21 => self.key(index, at, "lock"),
            22 => self.key(index, at, "unlock"),
            23 => {
                self.jam_if(index, at, true, "closing");
                self.hub(index, jammed.since(FRAME), "hub: lock", Nanos::ZERO, None);
            }
            24 => {
                self.jam_if(index, at, false, "closing");
                self.hub(index, moved.since(FRAME), "hub: lock", Nanos::ZERO, None);
            }
            25 => {
                self.jam_if(index, at, false, "opening");
                self.hub(index, moved.since(FRAME), "hub: unlock", Nanos::ZERO, None);
            }
            26 => self.jam_if(index, at, true, "closing"),
            27 => self.jam_if(index, at, false, "closing"),
            32 => self.programming(index, at, Change::AllDeleted, None),
            33 => self.programming(index, at, Change::Deleted(level), None),
            112 => self.programming(index, at, Change::Set(level), None),
            113 => self.programming(index, at, Change::Duplicate, Change::Duplicate.mark()),
            161 => {
                for before in [10, 5, 0] {
                    self.wrong(index, at.since(Nanos::from_secs(before)));
                }
            }
            162 => {
                let code = self.codes.slot(level.max(1));
                let mark = "this lock has no schedules: here it is any time for that code";
                self.enter(index, at, &code, Some(mark));
            }
            167 => self.low(index, at, "4.7 V", "press: lock"),
            168 => self.low(index, at, "4.4 V", "press: lock"),
            // Follows the critical alarm of the same use.
            169 => {}
            _ => self.note(index, at, "how that came about the rig can't tell"),
        }
    }

    /// A frame of the hub's, as a scenario says it.
    fn request(&mut self, index: usize, at: Nanos, bytes: &[u8]) {
        let frame = Frame::of(bytes);
        // Its answers to the lock the rig's hub gives by itself.
        if frame.as_ref().is_some_and(|frame| frame.kind != 0xE7) {
            return;
        }
        let word = frame.and_then(|frame| {
            Some(match (frame.command, frame.args.as_slice()) {
                (0x03, []) => "hub: lock".to_owned(),
                (0x05, []) => "hub: unlock".to_owned(),
                (0x07, []) => "hub: status".to_owned(),
                (0x09, []) => "hub: battery".to_owned(),
                (0x10, []) => "hub: clock".to_owned(),
                (0x18, []) => "hub: hello".to_owned(),
                (0x11, [event]) => format!("hub: {{ event: {event} }}"),
                (0x0B, [hi, lo, keys @ ..]) if keys.len() == 8 => {
                    let code = digits(keys, self.model).filter(|code| !code.is_empty())?;
                    let slot = u16::from_be_bytes([*hi, *lo]);
                    format!("hub: {{ set-code: \"{code}\", slot: {slot} }}")
                }
                (0x0C, [hi, lo]) => {
                    format!("hub: {{ get-code: {} }}", u16::from_be_bytes([*hi, *lo]))
                }
                (0x0D, [hi, lo]) => {
                    format!("hub: {{ delete-code: {} }}", u16::from_be_bytes([*hi, *lo]))
                }
                (0x0F, time) if time.len() == 7 => {
                    format!("hub: {{ set-clock: \"{}\" }}", written(time))
                }
                _ => return None,
            })
        });
        let word = word.unwrap_or_else(|| format!("hub: {{ bytes: \"{}\" }}", written(bytes)));
        let sending = Nanos::from_micros(bytes.len() as u64 * 1_042);
        self.act(index, at, vec![word], sending + HUB_ANSWER, None);
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
                let code = self.codes.slot(slot);
                (
                    format!("hub: {{ set-code: \"{code}\", slot: {slot} }}"),
                    None,
                )
            }
            (0x0D, Some(slot)) => (format!("hub: {{ delete-code: {slot} }}"), None),
            (0x0B, None) => {
                let (code, slot) = match result {
                    0x07 => (self.codes.slot(1), 2),
                    0x08 => ("123".to_owned(), 2),
                    0x0A => (self.codes.slot(2), 31),
                    _ => (self.codes.slot(2), 2),
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

    /// A code, so that its last key falls on `at`.
    fn enter(&mut self, index: usize, at: Nanos, code: &str, mark: Option<&str>) {
        let keys = code.len() as u64 + u64::from(self.model.confirms());
        let takes = Nanos((PRESS + GAP).0 * keys);
        let begin = at.since(takes.since(PRESS + GAP) + DEBOUNCE);
        self.act(
            index,
            begin,
            vec![format!("enter: \"{code}\"")],
            takes,
            mark,
        );
    }

    fn wrong(&mut self, index: usize, at: Nanos) {
        let slot = self.guess.wrong.get(&index);
        let code = slot.map_or(NONE.to_owned(), |slot| self.codes.slot(*slot));
        let mark = match slot {
            Some(slot) => format!("which code, the log doesn't tell: here the one in slot {slot}"),
            None => {
                "which code, the log doesn't tell: here one that the lock doesn't have".to_owned()
            }
        };
        // On five keys a wrong code ends with `lock`.
        let keys = code.len() as u64 + 1;
        let takes = Nanos((PRESS + GAP).0 * keys);
        let begin = at.since(takes.since(PRESS + GAP) + DEBOUNCE);
        let step = match self.model.confirms() {
            true => format!("enter: \"{code}\""),
            false => format!("enter: {{ code: \"{code}\", confirm: yes }}"),
        };
        self.act(index, begin, vec![step], takes, Some(&mark));
    }

    fn press(&mut self, index: usize, at: Nanos, button: &str) {
        self.act(
            index,
            at,
            vec![format!("press: {button}")],
            PRESS + GAP,
            None,
        );
    }

    fn key(&mut self, index: usize, at: Nanos, way: &str) {
        let begin = at.since(Nanos::from_millis(500));
        self.act(index, begin, vec![format!("turn-key: {way}")], TURN, None);
    }

    fn hub(&mut self, index: usize, at: Nanos, step: &str, before: Nanos, mark: Option<&str>) {
        self.act(
            index,
            at,
            vec![step.to_owned()],
            before + FRAME + HUB_ANSWER,
            mark,
        );
    }

    /// The bolt meets something in the move that entry `index` tells of, if the log or the guess says
    /// so.
    fn jam_if(&mut self, index: usize, at: Nanos, told: bool, way: &str) {
        let guessed = self.guess.jams.contains(&index);
        if !told && !guessed {
            return;
        }
        let mark = guessed.then_some("that the bolt met something, the log doesn't tell");
        let begin = at.since(BEFORE);
        self.act(index, begin, vec![format!("jam: {way}")], Nanos::ZERO, mark);
        let free = at + Nanos::from_millis(700);
        self.act(
            index,
            free,
            vec!["jam: free".to_owned()],
            Nanos::ZERO,
            Some("when it was free again, the log doesn't tell"),
        );
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

    fn low(&mut self, index: usize, at: Nanos, volts: &str, using: &str) {
        let mark = "how low and by what use it was noticed, the log doesn't tell";
        self.act(
            index,
            at.since(BEFORE),
            vec![format!("battery: {volts}")],
            Nanos::ZERO,
            Some(mark),
        );
        self.act(
            index,
            at.since(Nanos::from_millis(60)),
            vec![using.to_owned()],
            PRESS + GAP,
            None,
        );
    }

    /// Something was programmed at the keypad, or should have been.
    fn programming(&mut self, index: usize, at: Nanos, change: Change, mark: Option<&str>) {
        let set = change.wants_master() && !self.master;
        let typed = Typed::of(change, self.model, &self.codes, self.master || set);
        self.master = typed.master;
        let mut begin = at.since(typed.until_told).max(self.program_free);
        if set {
            let before = Typed::of(Change::MasterSet, self.model, &self.codes, false);
            let mark = "when the mastercode was set, and which one, the log doesn't tell";
            let takes = before.takes + Nanos::from_secs(1);
            let early = begin.since(takes).max(self.program_free);
            begin = begin.max(early + takes);
            self.act(index, early, before.steps, before.takes, Some(mark));
        }
        self.act(index, begin, typed.steps, typed.takes, mark);
    }

    fn note(&mut self, index: usize, at: Nanos, mark: &str) {
        self.act(index, at, Vec::new(), Nanos::ZERO, Some(mark));
    }

    fn boots(&mut self, index: usize, at: Nanos, steps: Vec<String>, mark: &str) {
        self.act(index, at, steps, Nanos::ZERO, Some(mark));
        if let Some(act) = self.acts.last_mut() {
            act.boots = true;
        }
        self.sorted = self.acts.len();
        self.program_free = Nanos::ZERO;
    }

    fn act(
        &mut self,
        index: usize,
        at: Nanos,
        steps: Vec<String>,
        takes: Nanos,
        mark: Option<&str>,
    ) {
        self.acts.push(Act {
            at,
            steps,
            takes,
            boots: false,
            entries: vec![index],
            mark: mark.map(str::to_owned),
        });
    }

    /// What began first comes first, since power last came.
    fn sort(&mut self) {
        self.acts[self.sorted..].sort_by_key(|act| act.at);
    }
}

/// The hello that follows the hub button of entry `index`.
fn hello_after(entries: &[Entry], index: usize) -> Option<usize> {
    let after = entries.get(index + 1..)?.iter().take(3);
    let place = after.enumerate().find(|(_, entry)| {
        matches!(&entry.told, Told::ToLock(bytes)
            if Frame::of(bytes).is_some_and(|frame| frame.kind == 0xE7 && frame.command == 0x18))
    });
    place.map(|(offset, _)| index + 1 + offset)
}
