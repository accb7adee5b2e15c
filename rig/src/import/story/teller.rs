//! Who tells a story: what is known at a place of the log, and the acts that it is told by.

use super::super::capture::Frame;
use super::super::code::{Codes, NONE};
use super::super::programming::{Change, Typed};
use super::super::{Entry, Format, Log, Told};
use super::bolt::{self, Bolt, Obstacle};
use super::{Act, BEFORE, DEBOUNCE, FRAME, Guess, pack};
use crate::lock::LockModel;
use crate::scenario::{GAP, Given, HUB_ANSWER, NOMINAL_PACK, PRESS, TURN};
use crate::trace::Nanos;

pub(super) struct Teller<'g> {
    pub(super) model: LockModel,
    pub(super) guess: &'g Guess,
    pub(super) entries: &'g [Entry],
    pub(super) format: Format,
    /// What the times of acts are later than those of entries.
    pub(super) lead: Nanos,
    pub(super) codes: &'g Codes,
    /// Where the bolt is.
    pub(super) bolt: Bolt,
    /// Whether the pack is in.
    pub(super) pack_in: bool,
    /// Whether the storage is damaged.
    pub(super) fault: bool,
    /// Whether the lock knows the hub, and has the time from it.
    pub(super) knows_hub: bool,
    pub(super) has_time: bool,
    /// What the pack gives, in millivolts.
    pub(super) pack: u32,
    /// Entries of this time that tell of the pack are told already.
    pub(super) weak_at: Option<Nanos>,
    /// From when on nothing is in the bolt's way.
    pub(super) free: Nanos,
    /// Whether a mastercode is set.
    pub(super) master: bool,
    pub(super) acts: Vec<Act>,
    /// Acts before this are of earlier times, and in order.
    pub(super) sorted: usize,
    /// From when on Program is not part of what was done while power came.
    pub(super) program_free: Nanos,
}

impl<'g> Teller<'g> {
    pub(super) fn of(
        log: &'g Log,
        model: LockModel,
        guess: &'g Guess,
        codes: &'g Codes,
    ) -> Teller<'g> {
        Teller {
            model,
            guess,
            entries: &log.entries,
            format: log.format,
            lead: log.format.lead(),
            codes,
            master: guess.master,
            bolt: match guess.given {
                Given::New => Bolt::Unknown,
                Given::Handed | Given::Programmed => Bolt::Locked,
            },
            pack_in: guess.given != Given::New,
            fault: false,
            knows_hub: !guess.unpaired,
            has_time: false,
            pack: NOMINAL_PACK,
            weak_at: None,
            free: Nanos::ZERO,
            acts: Vec::new(),
            sorted: 0,
            program_free: Nanos::ZERO,
        }
    }

    /// What was done, but for what led to the given state: that many entries.
    pub(super) fn tell(mut self, skipped: usize) -> Vec<Act> {
        match self.format {
            Format::Events => self.events(skipped),
            Format::Capture | Format::ZWave => self.reports(),
        }
        self.sort();
        self.acts
    }

    /// A code, so that its last key falls on `at`.
    pub(super) fn enter(&mut self, index: usize, at: Nanos, code: &str, mark: Option<&str>) {
        let takes = self.typing(code);
        let begin = at.since(takes.since(PRESS + GAP) + DEBOUNCE);
        self.act(
            index,
            begin,
            vec![format!("enter: \"{code}\"")],
            takes,
            mark,
        );
    }

    /// How long it takes to type a code.
    pub(super) fn typing(&self, code: &str) -> Nanos {
        let keys = code.len() as u64 + u64::from(self.model.confirms());
        Nanos((PRESS + GAP).0 * keys)
    }

    pub(super) fn wrong(&mut self, index: usize, at: Nanos) {
        let slot = self.guess.wrong.get(&index);
        let code = slot.map_or(NONE.to_owned(), |slot| self.codes.slot(*slot, index));
        let mark = match slot {
            Some(slot) => format!("which code, the log doesn't tell: here the one in slot {slot}"),
            None => {
                "which code, the log doesn't tell: here one that the lock doesn't have".to_owned()
            }
        };
        self.refused(index, at, &code, &mark);
    }

    /// A code that the lock refuses, so that it does so at `at`: it ends with `lock` on five keys too.
    pub(super) fn refused(&mut self, index: usize, at: Nanos, code: &str, mark: &str) {
        let keys = code.len() as u64 + 1;
        let takes = Nanos((PRESS + GAP).0 * keys);
        let begin = at.since(takes.since(PRESS + GAP) + DEBOUNCE);
        let step = match self.model.confirms() {
            true => format!("enter: \"{code}\""),
            false => format!("enter: {{ code: \"{code}\", confirm: yes }}"),
        };
        self.act(index, begin, vec![step], takes, Some(mark));
    }

    pub(super) fn press(&mut self, index: usize, at: Nanos, button: &str) {
        self.act(
            index,
            at,
            vec![format!("press: {button}")],
            PRESS + GAP,
            None,
        );
    }

    /// The key has the bolt at its end at `at`.
    pub(super) fn key(&mut self, index: usize, at: Nanos, way: &str) {
        self.turn(index, at.since(Nanos::from_millis(500)), way, None);
    }

    pub(super) fn turn(&mut self, index: usize, begin: Nanos, way: &str, mark: Option<&str>) {
        self.act(index, begin, vec![format!("turn-key: {way}")], TURN, mark);
    }

    pub(super) fn hub(
        &mut self,
        index: usize,
        at: Nanos,
        step: &str,
        before: Nanos,
        mark: Option<&str>,
    ) {
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
    pub(super) fn jam_if(&mut self, index: usize, at: Nanos, told: bool, way: &str) {
        let guessed = self.guess.jams.contains(&index);
        if !told && !guessed {
            return;
        }
        let mark = guessed.then_some("that the bolt met something, the log doesn't tell");
        let jam = match self.obstacle(index) {
            Obstacle::HalfWay => format!("jam: {way}"),
            Obstacle::Stuck => "jam: stuck".to_owned(),
            Obstacle::Slow => return self.weak(index, at, pack::SLOW),
            Obstacle::Pack => return self.weak(index, at, pack::SAGS),
        };
        let begin = self.before(index, at).max(self.free);
        self.act(index, begin, vec![jam], Nanos::ZERO, mark);
        let free = at + Nanos::from_millis(700);
        self.free = free + Nanos::from_millis(10);
        self.act(
            index,
            free,
            vec!["jam: free".to_owned()],
            Nanos::ZERO,
            Some("when it was free again, the log doesn't tell"),
        );
    }

    /// Something was programmed at the keypad, or should have been.
    pub(super) fn programming(
        &mut self,
        index: usize,
        at: Nanos,
        change: Change,
        mark: Option<&str>,
    ) {
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
    pub(super) fn slots(&self, index: usize) -> impl Fn(u8) -> String {
        move |slot| self.codes.slot(slot, index)
    }

    pub(super) fn note(&mut self, index: usize, at: Nanos, mark: &str) {
        self.act(index, at, Vec::new(), Nanos::ZERO, Some(mark));
    }

    /// When what was there before a use came, if the use is told at `at` by entry `index`.
    pub(super) fn before(&self, index: usize, at: Nanos) -> Nanos {
        at.since(BEFORE).max(self.floor(index))
    }

    /// When the use that entry `index` tells of can have begun at the earliest: after the one before.
    pub(super) fn floor(&self, index: usize) -> Nanos {
        let mut first = index;
        while first > 0 && same_use(&self.entries[first - 1], &self.entries[first]) {
            first -= 1;
        }
        match first.checked_sub(1).map(|before| &self.entries[before]) {
            Some(before) if before.at <= self.entries[first].at => before.at + self.lead + DEBOUNCE,
            _ => Nanos::ZERO,
        }
    }

    pub(super) fn act(
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
            boots: None,
            entries: vec![index],
            mark: mark.map(str::to_owned),
        });
    }

    /// What began first comes first, since power last came.
    pub(super) fn sort(&mut self) {
        self.acts[self.sorted..].sort_by_key(|act| act.at);
    }
}

/// Whether two entries, one after the other, tell of the same use: of one moment, or a command and what
/// came of it.
fn same_use(before: &Entry, after: &Entry) -> bool {
    const MOMENT: Nanos = Nanos::from_millis(50);
    let apart = after.at.since(before.at);
    if after.at < before.at || matches!(before.told, Told::Event([1, ..])) {
        return false;
    }
    let asks = match &before.told {
        Told::Event([2, 1, _] | [5, ..] | [7, 0x03 | 0x05, 0]) => true,
        Told::ToLock(bytes) | Told::FromLock(bytes) => {
            let frame = Frame::of(bytes);
            frame.is_some_and(|frame| matches!(frame.command, 0x03 | 0x05))
        }
        Told::Event(_) | Told::Alarm(..) => false,
    };
    let comes_of_it = match &after.told {
        Told::Event([3, ..]) => true,
        told => told.report().is_some() || matches!(told, Told::FromLock(_)),
    };
    apart < MOMENT || (asks && comes_of_it && apart < bolt::MOVE)
}
