//! Where the bolt is, as far as a log tells: what a lock did not do, or could not have done from there,
//! says that someone turned the key. What stood in the bolt's way is read off the time that it took.

use super::super::{Entry, Told};
use super::{DEBOUNCE, JAMMED, TRAVEL, Teller};
use crate::scenario::{NOMINAL_PACK, TURN};
use crate::trace::Nanos;

/// Where the bolt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bolt {
    Locked,
    Open,
    /// Between its ends, half way at a guess.
    Between,
    /// The log doesn't tell.
    Unknown,
}

/// What stops a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// The bolt meets something half way.
    HalfWay,
    /// The bolt can't move at all.
    Stuck,
    /// The bolt is too slow: the motor is given this long.
    Slow,
    /// The pack collapses.
    Pack,
}

/// A move that takes this long has met nothing: it was stopped for being too slow.
const TOO_SLOW: Nanos = Nanos::from_millis(1_400);
/// No motor moves by less, in millivolts.
const LEAST: u32 = 3_600;
/// A bolt that can't move stalls the motor sooner.
const AT_ONCE: Nanos = Nanos::from_millis(100);
/// A command waits no longer than this for the move before it, and for its own end.
pub(super) const MOVE: Nanos = Nanos::from_secs(4);
/// What the lock calls too low as it is, in tenths of a volt.
const TOO_LOW: u8 = 45;

/// Which way a motor event's command moves the bolt.
pub(super) const fn opens(command: u8) -> bool {
    command >> 4 == 1
}

/// The result of the move that a command at `index` asks for: `None` when the log tells of none.
pub(super) fn result(entries: &[Entry], index: usize, opening: bool) -> Option<u8> {
    let asked = entries[index].at;
    let after = entries[index + 1..].iter();
    let soon = after.take_while(|entry| entry.at.since(asked) < MOVE && entry.at >= asked);
    soon.map_while(|entry| match entry.told {
        Told::Event([1, ..]) => None,
        Told::Event(event) => Some(event),
        _ => None,
    })
    .find_map(|event| match event {
        [3, command, outcome] if opens(command) == opening && command >> 4 != 3 => Some(outcome),
        _ => None,
    })
}

/// Whether power went, or the program hung, before the lock could tell what came of entry `index`.
fn cut_off(entries: &[Entry], index: usize) -> bool {
    let next = entries.get(index + 1);
    next.is_some_and(|next| matches!(next.told, Told::Event([1, ..])))
}

impl Teller<'_> {
    /// How long a move that reached its end took, from where the bolt was and by this pack.
    pub(super) fn travel(&self) -> Nanos {
        let whole = match self.bolt {
            Bolt::Between => TRAVEL.0 / 2,
            Bolt::Locked | Bolt::Open | Bolt::Unknown => TRAVEL.0,
        };
        Nanos(whole * u64::from(NOMINAL_PACK) / u64::from(self.pack.max(LEAST)))
    }

    /// When `lock` was pressed for the move that the motor event `index` tells of.
    pub(super) fn pressed_at(&self, index: usize, outcome: u8) -> Nanos {
        let at = self.entries[index].at;
        let takes = match (outcome, self.obstacle(index)) {
            (1, _) => self.travel(),
            (2, Obstacle::Pack) => AT_ONCE,
            (2, _) => JAMMED,
            _ => Nanos::ZERO,
        };
        // The pack is measured when the move begins.
        let before = index.checked_sub(1).map(|before| &self.entries[before]);
        let measured = before.filter(|before| {
            matches!(before.told, Told::Event([5, ..])) && at.since(before.at) < MOVE
        });
        measured
            .map_or(at.since(takes), |before| before.at)
            .since(DEBOUNCE)
    }

    /// The key was turned before the use that entry `index` tells of, if the bolt could not have been
    /// where it was: the use began at `begin`, and moved the bolt or not.
    pub(super) fn turned_before(&mut self, index: usize, begin: Nanos, opening: bool, moved: bool) {
        let there = if opening { Bolt::Open } else { Bolt::Locked };
        let away = if opening { Bolt::Locked } else { Bolt::Open };
        let (wrong, way) = match (moved, opening) {
            (true, true) => (there, "lock"),
            (true, false) => (there, "unlock"),
            (false, true) => (away, "unlock"),
            (false, false) => (away, "lock"),
        };
        if self.bolt != wrong || (!moved && cut_off(self.entries, index)) {
            return;
        }
        let mark = "that the key was turned, the log doesn't tell, but the bolt was elsewhere";
        let begin = begin.since(TURN + Nanos::from_millis(200));
        self.turn(index, begin.max(self.floor(index)), way, Some(mark));
        self.bolt = if way == "lock" {
            Bolt::Locked
        } else {
            Bolt::Open
        };
    }

    /// The bolt has gone where a motor event says.
    pub(super) const fn goes(&mut self, command: u8, outcome: u8) {
        self.bolt = match (command >> 4, outcome) {
            // A jam while closing reverses to open.
            (1, 1) | (2, 2) => Bolt::Open,
            (2, 1) | (3, 3) => Bolt::Locked,
            (1, 2) => Bolt::Between,
            _ => return,
        };
    }

    /// What stopped the move that the motor event `index` tells of.
    pub(super) fn obstacle(&self, index: usize) -> Obstacle {
        let at = self.entries[index].at;
        let together = self.entries[index + 1..].iter();
        let pack = together
            .take_while(|entry| entry.at == at)
            .any(|entry| matches!(entry.told, Told::Event([5, 2, tenths]) if tenths > TOO_LOW));
        if pack {
            return Obstacle::Pack;
        }
        let Some(asked) = self.asked_at(index) else {
            return Obstacle::HalfWay;
        };
        match at.since(asked) {
            time if time < AT_ONCE => Obstacle::Stuck,
            time if TOO_SLOW <= time && time < JAMMED + AT_ONCE && self.may_be_slow(index) => {
                Obstacle::Slow
            }
            _ => Obstacle::HalfWay,
        }
    }

    /// Closing, a jam takes as long: the bolt comes back.
    fn may_be_slow(&self, index: usize) -> bool {
        matches!(self.entries[index].told, Told::Event([3, command, _]) if opens(command) || command == 0x30)
    }

    /// When the move that the motor event `index` tells of was asked for, if the log tells that.
    fn asked_at(&self, index: usize) -> Option<Nanos> {
        let at = self.entries[index].at;
        let before = self.entries[..index].iter().rev();
        let mut before = before.take_while(|entry| at.since(entry.at) < MOVE && entry.at <= at);
        let asked = before.find(|entry| {
            matches!(
                entry.told,
                Told::Event([1..=3, ..] | [5, ..] | [7, 0x03 | 0x05, 0])
            )
        })?;
        // The pack is measured when a move begins.
        let asks = matches!(asked.told, Told::Event([2, 1, _] | [5, ..] | [7, ..]));
        asks.then_some(asked.at)
    }
}
