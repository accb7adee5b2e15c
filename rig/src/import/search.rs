//! Filling in what a log doesn't tell: guesses in a fixed order, each played on the virtual lock with the
//! owner's firmware, until one gives the log. Given a right firmware to hold it against, a guess by which
//! that one tells something else counts more: it is why the log was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::capture::Frame;
use super::compare::{Parting, compare};
use super::programming::Change;
use super::story::{Guess, given_of};
use super::{Format, Log, Observed, Told, scenario};
use crate::bench::VirtualBench;
use crate::lock::{Door, LockModel};
use crate::play::{Limits, PlayError, Situation, play, prepare};
use crate::scenario::{Given, parse};

/// Why a lock refuses a hub that it doesn't know.
const NOT_PAIRED: u8 = 0x04;
/// Why it refuses to move before its handing.
const NOT_HANDED: u8 = 0x05;

/// A lock as new, by the name of its firmware.
pub(crate) struct Lock<'a> {
    pub(crate) name: String,
    pub(crate) bench: &'a VirtualBench,
}

/// What is searched.
pub(crate) struct Search<'a> {
    pub(crate) log: &'a Log,
    /// What the log is called.
    pub(crate) name: &'a str,
    pub(crate) model: LockModel,
    /// The owner's lock.
    pub(crate) lock: Lock<'a>,
    /// A lock with nothing wrong.
    pub(crate) good: Option<Lock<'a>>,
    /// How many guesses are played at most.
    pub(crate) tries: usize,
    pub(crate) limits: Limits<'a>,
}

/// What a search came to.
#[derive(Debug)]
pub(crate) struct Searched {
    /// The guess by which the log comes out, or the one that came nearest.
    pub(crate) guess: Guess,
    /// Guesses that were played.
    pub(crate) tried: usize,
    /// Guesses that there were.
    pub(crate) possible: usize,
    /// Where log and lock part, when it doesn't come out.
    pub(crate) parting: Option<Parting>,
    /// Where the log and a right lock part.
    pub(crate) fault: Option<Parting>,
}

/// A lock in a given state; `None` where its own procedure doesn't lead there.
type Ready = Option<(VirtualBench, Situation)>;

impl Search<'_> {
    /// Searches.
    pub(crate) fn run(&self) -> Result<Searched, PlayError> {
        let guesses = self.guesses();
        let mut mine = BTreeMap::new();
        let mut others = BTreeMap::new();
        let mut explained: Option<Guess> = None;
        let mut nearest: Option<(Guess, Parting)> = None;
        let mut tried = 0;
        let possible = guesses.len();
        for guess in guesses.into_iter().take(self.tries) {
            tried += 1;
            let parting = self.play(&self.lock, &guess, &mut mine)?;
            match (parting, &self.good) {
                (None, None) => {
                    return Ok(Searched {
                        guess,
                        tried,
                        possible,
                        parting: None,
                        fault: None,
                    });
                }
                (None, Some(good)) => {
                    if let Some(fault) = self.play(good, &guess, &mut others)? {
                        return Ok(Searched {
                            guess,
                            tried,
                            possible,
                            parting: None,
                            fault: Some(fault),
                        });
                    }
                    explained.get_or_insert(guess);
                }
                (Some(parting), _) => {
                    let farther = nearest
                        .as_ref()
                        .is_none_or(|(_, best)| parting.matched > best.matched);
                    if farther {
                        nearest = Some((guess, parting));
                    }
                }
            }
        }
        let (guess, parting) = match (explained, nearest) {
            (Some(guess), _) => (guess, None),
            (None, Some((guess, parting))) => (guess, Some(parting)),
            (None, None) => (self.base(), None),
        };
        Ok(Searched {
            guess,
            tried,
            possible,
            parting,
            fault: None,
        })
    }

    /// Where the log and a lock part by a guess; `None` when the log comes out.
    fn play(
        &self,
        lock: &Lock<'_>,
        guess: &Guess,
        ready: &mut BTreeMap<Given, Ready>,
    ) -> Result<Option<Parting>, PlayError> {
        let (text, prelude) = scenario(self.log, self.name, self.model, guess);
        let scenario = parse(&text, Path::new("imported"), "imported")
            .map_err(|error| PlayError::Procedure(error.to_string()))?;
        let Some((mut bench, mut situation)) = self.ready(lock, guess.given, ready)? else {
            let state = format!("a lock that doesn't become {}", guess.given.name());
            return Ok(Some(Parting {
                matched: 0,
                line: self.log.entries.first().map(|entry| entry.line),
                log: "the state that the log begins in".to_owned(),
                lock: state,
            }));
        };
        let played = play(&mut bench, &mut situation, &scenario, self.limits)?;
        let format = self.log.format;
        let observed = Observed::of(
            format,
            &played.trace,
            prelude,
            &mut bench,
            &mut situation,
            self.limits,
        )?;
        Ok(compare(self.log, &observed).err())
    }

    fn ready(
        &self,
        lock: &Lock<'_>,
        given: Given,
        ready: &mut BTreeMap<Given, Ready>,
    ) -> Result<Ready, PlayError> {
        if let Some(known) = ready.get(&given) {
            return Ok(known.clone());
        }
        let (mut bench, mut situation) = (lock.bench.clone(), Situation::default());
        let door = Door::default();
        let reached = prepare(&mut bench, &mut situation, given, door, self.limits)?;
        let state = reached.ok().map(|()| (bench, situation));
        ready.insert(given, state.clone());
        Ok(state)
    }

    /// The plainest guess.
    fn base(&self) -> Guess {
        let auto_locked = self.log.entries.iter().any(|entry| {
            matches!(entry.told, Told::Event([3, 0x23, _]))
                || matches!(entry.told.report(), Some((26 | 27, _)))
        });
        let refused = |reason: u8| self.refused(reason);
        Guess {
            given: match given_of(self.log).0 {
                // The lock says so: it is not handed.
                _ if refused(NOT_HANDED) => Given::New,
                given => given,
            },
            auto_lock: auto_locked,
            master: self.wants_master(),
            wrong: BTreeMap::new(),
            jams: BTreeSet::new(),
            unpaired: refused(NOT_PAIRED),
        }
    }

    /// Whether a capture shows, before anything pairs, that the lock refuses its hub for this reason.
    fn refused(&self, reason: u8) -> bool {
        let frames = self
            .log
            .entries
            .iter()
            .filter_map(|entry| match &entry.told {
                Told::FromLock(bytes) => Frame::of(bytes),
                Told::Event(_) | Told::ToLock(_) | Told::Alarm(..) => None,
            });
        let paired = |frame: &Frame| frame.command == 0x18 && frame.args == [1];
        let before = frames.take_while(|frame| reason != NOT_PAIRED || !paired(frame));
        let mut refusals = before.filter(|frame| frame.kind == 0x55);
        refusals.any(|frame| frame.args == [reason])
    }

    /// What the log tells of programming at the keypad, in its order.
    fn changes(&self) -> impl Iterator<Item = Change> {
        self.log.entries.iter().filter_map(|entry| {
            if let Told::Event([6, change, slot]) = entry.told {
                return Change::of(change, slot);
            }
            Some(match entry.told.report()? {
                (32, _) => Change::AllDeleted,
                (33, slot) => Change::Deleted(slot),
                (112, slot) => Change::Set(slot),
                (113, _) => Change::Duplicate,
                _ => return None,
            })
        })
    }

    /// Whether there must have been a mastercode before the log begins.
    fn wants_master(&self) -> bool {
        let mut changes = self
            .changes()
            .take_while(|change| *change != Change::MasterSet);
        changes.any(Change::wants_master)
    }

    /// Every guess in the order in which they are tried: the plainest, then one thing otherwise, then
    /// two.
    fn guesses(&self) -> Vec<Guess> {
        let base = self.base();
        let turns = self.turns(&base);
        let mut guesses = vec![base.clone()];
        for turn in &turns {
            guesses.push(turn.taken(&base));
        }
        for (index, first) in turns.iter().enumerate() {
            for second in &turns[index + 1..] {
                if first.place() != second.place() {
                    guesses.push(second.taken(&first.taken(&base)));
                }
            }
        }
        guesses
    }

    /// What may be otherwise.
    fn turns(&self, base: &Guess) -> Vec<Turn> {
        let mut turns = Vec::new();
        if base.auto_lock {
            turns.push(Turn::NoAutoLock);
        }
        let mut slots: BTreeSet<u8> = BTreeSet::new();
        if base.given == Given::Programmed {
            slots.insert(1);
        }
        for (index, entry) in self.log.entries.iter().enumerate() {
            match (&entry.told, entry.told.report()) {
                (Told::Event([6, 1, slot] | [2, 1, slot]), _) => {
                    slots.insert(*slot);
                }
                (_, Some((112 | 19, slot))) => {
                    slots.insert(slot);
                }
                (Told::Event([2, 2 | 3, _]), _) | (_, Some((161, _))) => {
                    turns.extend(slots.iter().map(|slot| Turn::Wrong(index, *slot)));
                }
                _ => {}
            }
            // Moves of the motor.
            if let Some((18 | 19 | 24 | 25 | 27, _)) = entry.told.report() {
                turns.push(Turn::Jam(index));
            }
        }
        let others = [Given::Programmed, Given::Handed, Given::New];
        let programs = self.changes().next().is_some();
        let known = self.log.format == Format::Events && given_of(self.log).1 > 0;
        if !known {
            if programs {
                turns.push(Turn::Master);
            }
            let others = others.into_iter().filter(|given| *given != base.given);
            turns.extend(others.map(Turn::Given));
        }
        turns
    }
}

/// One thing otherwise than in the plainest guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    NoAutoLock,
    Wrong(usize, u8),
    Jam(usize),
    Given(Given),
    Master,
}

impl Turn {
    /// What it is about: only one turn of each is taken.
    const fn place(self) -> (u8, usize) {
        match self {
            Turn::NoAutoLock => (0, 0),
            Turn::Wrong(index, _) => (1, index),
            Turn::Jam(index) => (2, index),
            Turn::Given(_) => (3, 0),
            Turn::Master => (4, 0),
        }
    }

    fn taken(self, guess: &Guess) -> Guess {
        let mut guess = guess.clone();
        match self {
            Turn::NoAutoLock => guess.auto_lock = false,
            Turn::Wrong(index, slot) => {
                guess.wrong.insert(index, slot);
            }
            Turn::Jam(index) => {
                guess.jams.insert(index);
            }
            Turn::Given(given) => guess.given = given,
            Turn::Master => guess.master = !guess.master,
        }
        guess
    }
}
