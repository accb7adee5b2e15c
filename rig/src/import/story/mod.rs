//! What someone did to the lock for its log to come out: the log's entries, and a guess at what they
//! leave open, as steps with times.

mod answers;
mod bolt;
mod boot;
mod events;
mod pack;
mod reports;
mod teller;

use std::collections::{BTreeMap, BTreeSet};

use super::code::{Before, Codes};
use super::{Log, Told};
use crate::lock::LockModel;
use crate::scenario::Given;
use crate::trace::Nanos;
use teller::Teller;

/// From the debounced last key to what the log tells of it.
const DEBOUNCE: Nanos = Nanos::from_millis(20);
/// How long the bolt travels.
const TRAVEL: Nanos = Nanos::from_millis(1_040);
/// How long it takes to meet a jam half way and to come back.
const JAMMED: Nanos = Nanos::from_millis(1_450);
/// What was there before a use is there this long before what the log tells of the use.
const BEFORE: Nanos = Nanos::from_millis(3_500);
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
    /// Whether the lock knew no hub before the log begins.
    pub(crate) unpaired: bool,
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
    /// The log's time starts over with the end of this, at so much.
    pub(super) boots: Option<Nanos>,
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
    /// When the first step is done, in the log's time; `None` when the log doesn't tell.
    pub(super) begins: Option<Nanos>,
    /// Codes that were there before the log begins.
    pub(super) before: Vec<Before>,
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
        let led = if given == guess.given { explained } else { 0 };
        let codes = Codes::of(log, model);
        // The start that the given state ends with will do, unless something began too soon after it.
        if boot::of_the_given(&log.entries, led) {
            let acts = Teller::of(log, model, guess, &codes).tell(led + 1);
            let first = acts.first();
            if first.is_none_or(|act| act.boots.is_some() || act.at >= boot::FIRST) {
                return Story {
                    acts,
                    skipped: led + 1,
                    begins: Some(boot::GIVEN_BEGINS),
                    before: Vec::new(),
                };
            }
        }
        let before = match explained {
            0 => codes.before(log, guess.given),
            _ => Vec::new(),
        };
        let last = led.checked_sub(1).map(|last| &log.entries[last]);
        Story {
            acts: Teller::of(log, model, guess, &codes).tell(led),
            skipped: led,
            begins: last.map(|last| last.at + boot::settled(guess.given)),
            before,
        }
    }
}
