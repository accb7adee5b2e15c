//! What someone did to the lock for its log to come out: the log's entries, and a guess at what they
//! leave open, as steps with times.

mod events;
mod reports;

use std::collections::{BTreeMap, BTreeSet};

use super::code::{Codes, NONE};
use super::programming::{Change, Typed};
use super::{Format, Log, Told};
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
        let code = slot.map_or(NONE.to_owned(), |slot| self.codes.slot(*slot, index));
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

    /// Something was programmed at the keypad, or should have been.
    fn programming(&mut self, index: usize, at: Nanos, change: Change, mark: Option<&str>) {
        let set = change.wants_master() && !self.master;
        let typed = Typed::of(change, self.model, self.slots(index), self.master || set);
        self.master = typed.master;
        let mut begin = at.since(typed.until_told).max(self.program_free);
        if set {
            let before = Typed::master();
            let mark = "when the mastercode was set, and which one, the log doesn't tell";
            let takes = before.takes + Nanos::from_secs(1);
            let early = begin.since(takes).max(self.program_free);
            begin = begin.max(early + takes);
            self.act(index, early, before.steps, before.takes, Some(mark));
        }
        self.act(index, begin, typed.steps, typed.takes, mark);
    }

    /// The codes when entry `index` is told.
    fn slots(&self, index: usize) -> impl Fn(u8) -> String {
        move |slot| self.codes.slot(slot, index)
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
