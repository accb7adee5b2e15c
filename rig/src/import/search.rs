//! Filling in what a log doesn't tell: guesses in a fixed order, each played on the virtual lock with the
//! owner's firmware, until one gives the log. Given a right firmware to hold it against, a guess by which
//! that one tells something else counts more: it is why the log was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use super::capture::{Frame, refusal};
use super::compare::{Heard, Parting, compare, parted};
use super::programming::Change;
use super::story::{Guess, given_of};
use super::{Format, Log, Observed, Told, scenario};
use crate::bench::VirtualBench;
use crate::lock::LockModel;
use crate::play::{Limits, PlayError, Session};
use crate::scenario::{Action, Given, Step, parse};
use crate::search::Forks;
use crate::trace::{Nanos, Trace};

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
    /// When no further guess is played.
    pub(crate) until: Instant,
    /// For each guess.
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
    /// Whether the time was over before all guesses were played.
    pub(crate) over: bool,
}

/// A wait this long is paused in its first minute, to see whether the log and the lock have parted.
const LONG: Nanos = Nanos::from_secs(180);
const MINUTE: Nanos = Nanos::from_secs(60);

impl<'a> Search<'a> {
    /// Searches.
    pub(crate) fn run(&self) -> Result<Searched, PlayError> {
        let guesses = self.guesses();
        let mut mine = self.forks(&self.lock);
        let mut others = self.good.as_ref().map(|good| self.forks(good));
        let mut explained: Option<Guess> = None;
        let mut nearest: Option<(Guess, Parting)> = None;
        let possible = guesses.len();
        let (mut tried, mut over) = (0, false);
        for guess in guesses.into_iter().take(self.tries) {
            // What came nearest by then is worth having: one is played in any case.
            over = tried > 0 && Instant::now() >= self.until;
            if over {
                break;
            }
            let searched = |fault| Searched {
                guess: guess.clone(),
                tried: tried + 1,
                possible,
                parting: None,
                fault,
                over: false,
            };
            match (self.play(&guess, &mut mine)?, &mut others) {
                (None, Some(others)) => match self.play(&guess, others)? {
                    Some(fault) => return Ok(searched(Some(fault))),
                    None => {
                        explained.get_or_insert(guess);
                    }
                },
                (None, None) => return Ok(searched(None)),
                (Some(parting), _) => {
                    let farther = nearest
                        .as_ref()
                        .is_none_or(|(_, best)| parting.matched > best.matched);
                    if farther {
                        nearest = Some((guess, parting));
                    }
                }
            }
            tried += 1;
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
            over,
        })
    }

    /// Copies of a lock: guesses have much in common, which is played once.
    fn forks(&self, lock: &Lock<'_>) -> Forks<'a> {
        let allowed = self.limits.deadline.map_or(Duration::MAX, |(_, all)| all);
        Forks::new(lock.bench.clone(), self.limits.interrupted, allowed)
    }

    /// Where the log and a lock part by a guess; `None` when the log comes out.
    fn play(&self, guess: &Guess, forks: &mut Forks<'_>) -> Result<Option<Parting>, PlayError> {
        let (text, prelude) = scenario(self.log, self.name, self.model, guess);
        let mut scenario = parse(&text, Path::new("imported"), "imported")
            .map_err(|error| PlayError::Procedure(error.to_string()))?;
        let pauses = pause(&mut scenario.steps);
        let mut parting = None;
        let played = forks.play_while(&scenario, |steps, session| {
            if pauses.contains(&steps) {
                let trace = session.trace()?;
                let since = trace
                    .steps
                    .get(prelude)
                    .map_or(trace.end, |step| step.start);
                let heard = Heard {
                    since,
                    now: trace.end,
                };
                let so_far = self.observed(session.clone(), &trace, prelude)?;
                parting = parted(self.log, &so_far, heard);
            }
            Ok(parting.is_none())
        })?;
        let Ok(session) = played else {
            let state = format!("a lock that doesn't become {}", guess.given.name());
            return Ok(Some(Parting {
                matched: 0,
                line: self.log.entries.first().map(|entry| entry.line),
                log: "the state that the log begins in".to_owned(),
                lock: state,
            }));
        };
        if parting.is_some() {
            return Ok(parting);
        }
        let trace = session.trace()?;
        let observed = self.observed(session, &trace, prelude)?;
        Ok(compare(self.log, &observed))
    }

    /// What the lock of a run has told since its prelude.
    fn observed(
        &self,
        session: Session<VirtualBench>,
        trace: &Trace,
        prelude: usize,
    ) -> Result<Observed, PlayError> {
        let (mut bench, mut situation) = session.into_parts();
        // Reading a log is soon done, whenever that is.
        let limits = Limits {
            deadline: None,
            ..self.limits
        };
        let format = self.log.format;
        Observed::of(format, trace, prelude, &mut bench, &mut situation, limits)
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
                _ if refused(refusal::NOT_HANDED) => Given::New,
                given => given,
            },
            auto_lock: auto_locked,
            master: self.wants_master(),
            wrong: BTreeMap::new(),
            jams: BTreeSet::new(),
            unpaired: refused(refusal::NOT_PAIRED),
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
        let before = frames.take_while(|frame| reason != refusal::NOT_PAIRED || !paired(frame));
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

/// Divides long waits after their first minute; after how many steps each of those is over.
fn pause(steps: &mut Vec<Step>) -> BTreeSet<usize> {
    let mut pauses = BTreeSet::new();
    let mut divided = Vec::new();
    for step in steps.drain(..) {
        if let Action::Wait(time) = step.action
            && time >= LONG
        {
            let wait = |time| Step {
                action: Action::Wait(time),
                ..step.clone()
            };
            divided.push(wait(MINUTE));
            pauses.insert(divided.len());
            divided.push(wait(time.since(MINUTE)));
        } else {
            divided.push(step);
        }
    }
    *steps = divided;
    pauses
}
