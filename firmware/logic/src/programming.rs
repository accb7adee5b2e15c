//! Programming at the keypad: from the Program button to a change of the codes. It knows what was
//! pressed and what is programmed, and says what to change; it changes nothing itself.

use crate::Model;
use crate::code::Code;
use crate::entry::{Entry, PAUSE};
use crate::state::{SLOTS, State};
use crate::time::{Moment, Span};

/// Program held this long begins the setting of a mastercode.
const MASTER_HOLD: Span = Span::seconds(5);
/// Deleting everything is this key, this many times, twice.
const DELETE_ALL: (u8, usize) = (9, 6);

/// What programming leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// This code in this slot, from 1; whatever was there is overwritten.
    Set(u8, Code),
    /// The code in this slot goes.
    Delete(u8),
    /// Every user code goes.
    DeleteAll,
    /// This mastercode, or none.
    Master(Option<Code>),
}

/// Why programming failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Failure {
    /// Too short, too long, not the same twice, no such code, or out of turn.
    Refused = 1,
    /// The code is in use already.
    Duplicate = 2,
    /// No slot is free.
    Full = 3,
    /// No key for 5 s.
    Timeout = 4,
}

/// What a key did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing to say yet.
    Waiting,
    /// A step was accepted, and more is to come.
    Accepted,
    /// Programming is over with this change.
    Done(Change),
    /// Programming is over, with nothing changed.
    Failed(Failure),
}

/// Which procedure, and how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Program was pressed; a code, or `lock` for what begins with it.
    Start,
    /// `lock` was pressed and a mastercode is set.
    Authenticating,
    /// The code to delete, and once more.
    Deleting(Option<Code>),
    /// Once more.
    DeletingAll,
    /// The new mastercode, and once more.
    NewMaster(Option<Code>),
    /// The old mastercode, and once more, to have none.
    DroppingMaster(bool),
}

#[derive(Debug)]
pub(crate) struct Programming {
    stage: Stage,
    entry: Entry,
    authenticated: bool,
    /// How often Program was pressed: the slot, on a five-key lock.
    presses: u8,
    /// The next press of Program counts from one again.
    recount: bool,
    held_since: Option<Moment>,
    last: Moment,
}

impl Programming {
    /// Program was pressed.
    pub(crate) fn begin(now: Moment) -> Self {
        Self {
            stage: Stage::Start,
            entry: Entry::default(),
            authenticated: false,
            presses: 1,
            recount: false,
            held_since: Some(now),
            last: now,
        }
    }

    /// Program was pressed again: counted before a code on a five-key lock, a new start elsewhere.
    pub(crate) fn program(&mut self, now: Moment, model: Model) {
        let counting = self.stage == Stage::Start && self.entry.is_empty();
        if model == Model::FiveKey && counting {
            self.presses = if self.recount {
                1
            } else {
                self.presses.saturating_add(1)
            };
            self.recount = false;
            self.held_since = Some(now);
            self.last = now;
        } else {
            *self = Self::begin(now);
        }
    }

    pub(crate) fn program_released(&mut self, now: Moment) {
        self.held_since = None;
        self.last = now;
    }

    pub(crate) fn digit(&mut self, now: Moment, digit: u8) {
        self.entry.push(now, digit);
        self.last = now;
    }

    /// `lock` was pressed.
    pub(crate) fn lock(&mut self, now: Moment, model: Model, state: &State) -> Progress {
        self.last = now;
        let code = self.entry.code(model);
        let nothing = self.entry.is_empty();
        let everything = self.entry.is_repeated(model, DELETE_ALL.0, DELETE_ALL.1);
        self.entry.clear();
        let allowed = self.authenticated || state.master.is_none();
        match self.stage {
            Stage::Start if nothing && !allowed => self.go(Stage::Authenticating),
            Stage::Start if nothing && model == Model::TenKey => self.go(Stage::Deleting(None)),
            Stage::Start if !allowed || nothing => Progress::Failed(Failure::Refused),
            Stage::Start if everything && self.authenticated => self.accept(Stage::DeletingAll),
            Stage::Start => match code {
                Some(code) => self.set(code, model, state),
                None => Progress::Failed(Failure::Refused),
            },
            Stage::Authenticating if code.is_some() && code == state.master => {
                self.authenticated = true;
                self.recount = true;
                self.accept(Stage::Start)
            }
            Stage::Deleting(None) => match code {
                Some(code) if state.slot_of(&code).is_some() => {
                    self.accept(Stage::Deleting(Some(code)))
                }
                _ => Progress::Failed(Failure::Refused),
            },
            Stage::Deleting(first) if code.is_some() && code == first => {
                match code.and_then(|code| state.slot_of(&code)) {
                    Some(slot) => Progress::Done(Change::Delete(slot)),
                    None => Progress::Failed(Failure::Refused),
                }
            }
            Stage::DeletingAll if everything => Progress::Done(Change::DeleteAll),
            Stage::NewMaster(None) if nothing && state.master.is_some() => {
                self.go(Stage::DroppingMaster(false))
            }
            // Whoever holds Program may drop the mastercode only by knowing it.
            Stage::NewMaster(None) if state.master.is_some() => Progress::Failed(Failure::Refused),
            Stage::NewMaster(None) => match code {
                Some(code) if state.slot_of(&code).is_some() => {
                    Progress::Failed(Failure::Duplicate)
                }
                Some(code) => self.accept(Stage::NewMaster(Some(code))),
                None => Progress::Failed(Failure::Refused),
            },
            Stage::NewMaster(first) if code.is_some() && code == first => {
                Progress::Done(Change::Master(code))
            }
            Stage::DroppingMaster(again) if code.is_some() && code == state.master => {
                if again {
                    Progress::Done(Change::Master(None))
                } else {
                    self.accept(Stage::DroppingMaster(true))
                }
            }
            Stage::Authenticating
            | Stage::Deleting(_)
            | Stage::DeletingAll
            | Stage::NewMaster(_)
            | Stage::DroppingMaster(_) => Progress::Failed(Failure::Refused),
        }
    }

    /// The hold of 5 s, and the pause of 5 s that ends it.
    pub(crate) fn advance(&mut self, now: Moment) -> Progress {
        if now < self.deadline() {
            return Progress::Waiting;
        }
        if self.held_since.take().is_none() {
            return Progress::Failed(Failure::Timeout);
        }
        self.last = now;
        if self.stage == Stage::Start && self.entry.is_empty() && !self.authenticated {
            self.accept(Stage::NewMaster(None))
        } else {
            Progress::Waiting
        }
    }

    pub(crate) fn deadline(&self) -> Moment {
        match self.held_since {
            Some(since) => since + MASTER_HOLD,
            None => self.last + PAUSE,
        }
    }

    fn go(&mut self, stage: Stage) -> Progress {
        self.stage = stage;
        Progress::Waiting
    }

    fn accept(&mut self, stage: Stage) -> Progress {
        self.stage = stage;
        Progress::Accepted
    }

    fn set(&mut self, code: Code, model: Model, state: &State) -> Progress {
        let slot = match model {
            Model::FiveKey => Some(self.presses).filter(|&slot| usize::from(slot) <= SLOTS),
            Model::TenKey => free_slot(state),
        };
        match (in_use(code, model, state, slot), slot) {
            // After the mastercode, a code that exists is the one to delete.
            (Some(_), _) if model == Model::TenKey && self.authenticated => {
                match state.slot_of(&code) {
                    Some(_) => self.accept(Stage::Deleting(Some(code))),
                    None => Progress::Failed(Failure::Duplicate),
                }
            }
            (Some(_), _) => Progress::Failed(Failure::Duplicate),
            (None, None) => Progress::Failed(Failure::Full),
            (None, Some(slot)) => Progress::Done(Change::Set(slot, code)),
        }
    }
}

/// The first slot without a code, from 1.
pub(crate) fn free_slot(state: &State) -> Option<u8> {
    let place = state.codes.iter().position(Option::is_none)?;
    Some(place as u8 + 1)
}

/// What stands against `code` in `slot`: a code in another slot that is the same, or on a five-key
/// lock begins alike, or the mastercode, which `lock` always ends, where it is the same.
pub(crate) fn in_use(code: Code, model: Model, state: &State, slot: Option<u8>) -> Option<Code> {
    let own = slot.map(|slot| usize::from(slot) - 1);
    let others = state
        .codes
        .iter()
        .enumerate()
        .filter(|&(place, _)| Some(place) != own)
        .filter_map(|(_, kept)| *kept);
    others
        .filter(|kept| *kept == code || (model == Model::FiveKey && kept.shadows(&code)))
        .chain(state.master.filter(|master| *master == code))
        .next()
}
