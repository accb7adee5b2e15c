//! How codes are programmed at the keypad, as steps: with a mastercode everything begins with that, and
//! on five keys Program is pressed as often as the slot's number.

use super::code::MASTER;
use crate::lock::LockModel;
use crate::scenario::{GAP, PRESS};
use crate::trace::Nanos;

/// From the debounced last key to what the log tells of it.
const DEBOUNCE: Nanos = Nanos::from_millis(20);
/// How long Program is held for a mastercode.
const HOLD: Nanos = Nanos::from_secs(6);
/// After Program, and after it was held.
const PAUSE: Nanos = Nanos::from_millis(500);
/// The slots that a lock has, and one more.
const ONE_TOO_MANY: u8 = 31;

/// What a log tells of programming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// A code is in this slot.
    Set(u8),
    /// The code in this slot has gone.
    Deleted(u8),
    /// Every code has gone.
    AllDeleted,
    /// There is a mastercode.
    MasterSet,
    /// There is none any more.
    MasterDropped,
    /// A code that is none, or out of turn.
    Refused,
    /// A code that is there already.
    Duplicate,
    /// No slot was free.
    Full,
    /// No key for 5 s.
    TimedOut,
}

impl Change {
    /// What an event of the lock's own log tells.
    pub(super) const fn of(change: u8, slot: u8) -> Option<Change> {
        Some(match change {
            1 => Change::Set(slot),
            2 => Change::Deleted(slot),
            3 => Change::AllDeleted,
            4 => Change::MasterSet,
            5 => Change::MasterDropped,
            0x81 => Change::Refused,
            0x82 => Change::Duplicate,
            0x83 => Change::Full,
            0x84 => Change::TimedOut,
            _ => return None,
        })
    }

    /// What the log leaves open of it.
    pub(super) const fn mark(self) -> Option<&'static str> {
        match self {
            Change::Set(_) | Change::Deleted(_) | Change::AllDeleted | Change::TimedOut => None,
            Change::MasterSet | Change::MasterDropped => {
                Some("which mastercode, the log doesn't tell")
            }
            Change::Refused | Change::Duplicate | Change::Full => {
                Some("which code, the log doesn't tell")
            }
        }
    }

    /// Whether only who knows a mastercode can do it.
    pub(super) const fn wants_master(self) -> bool {
        matches!(self, Change::AllDeleted | Change::MasterDropped)
    }
}

/// Steps at the keypad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Typed {
    /// As a scenario has them.
    pub(super) steps: Vec<String>,
    /// How long they take.
    pub(super) takes: Nanos,
    /// From their begin to what the log tells of them.
    pub(super) until_told: Nanos,
    /// Whether a mastercode is set after them.
    pub(super) master: bool,
}

impl Typed {
    /// What has to be done for `change` on a lock that has these codes in its slots, and a mastercode or
    /// not.
    pub(super) fn of(
        change: Change,
        model: LockModel,
        slots: impl Fn(u8) -> String,
        master: bool,
    ) -> Typed {
        let mut typed = Typed::nothing(master);
        let five = model == LockModel::FiveKey;
        match change {
            Change::Set(slot) => {
                typed.begin(master, if five { slot } else { 1 });
                typed.code(&slots(slot));
            }
            Change::Deleted(slot) => {
                typed.begin(master, 1);
                typed.press("lock");
                typed.twice(&slots(slot));
            }
            Change::AllDeleted => {
                typed.begin(true, 1);
                typed.twice("999999");
            }
            Change::MasterSet => return Typed::master(),
            Change::MasterDropped => {
                typed.hold();
                typed.press("lock");
                typed.twice(MASTER);
                typed.master = false;
            }
            // With a mastercode that nobody gives, any code is refused.
            Change::Refused => {
                typed.begin(false, 1);
                typed.code("123");
            }
            // The code of slot 1 is the one to delete on ten keys once the mastercode was given.
            Change::Duplicate => {
                typed.begin(master, if five { 2 } else { 1 });
                match master && !five {
                    true => typed.code(MASTER),
                    false => typed.code(&slots(1)),
                }
            }
            Change::Full => {
                typed.begin(master, if five { ONE_TOO_MANY } else { 1 });
                typed.code("8888");
            }
            Change::TimedOut => {
                typed.press("program");
                typed.until_told = Nanos::from_secs(5) + PRESS;
                return typed;
            }
        }
        typed.told()
    }

    /// What sets a mastercode on a lock that has none.
    pub(super) fn master() -> Typed {
        let mut typed = Typed::nothing(true);
        typed.hold();
        typed.twice(MASTER);
        typed.told()
    }

    const fn nothing(master: bool) -> Typed {
        Typed {
            steps: Vec::new(),
            takes: Nanos::ZERO,
            until_told: Nanos::ZERO,
            master,
        }
    }

    /// The log tells of it when the last key has been down for a while, not when it is up again.
    fn told(mut self) -> Typed {
        self.until_told = self.takes.since(PRESS + GAP) + DEBOUNCE;
        self
    }

    /// Begins programming, for a slot by presses of Program.
    fn begin(&mut self, master: bool, presses: u8) {
        if master {
            self.press("program");
            self.wait(PAUSE);
            self.press("lock");
            self.code(MASTER);
            // One press counts unsaid.
            if presses == 1 {
                return;
            }
        }
        for _ in 0..presses {
            self.press("program");
        }
        self.wait(PAUSE);
    }

    fn press(&mut self, button: &str) {
        self.steps.push(format!("press: {button}"));
        self.takes += PRESS + GAP;
    }

    fn hold(&mut self) {
        let seconds = HOLD.to_millis() / 1_000;
        self.steps
            .push(format!("press: {{ key: program, for: {seconds}s }}"));
        self.takes += HOLD + GAP;
        self.wait(PAUSE);
    }

    fn wait(&mut self, time: Nanos) {
        self.steps.push(format!("wait: {}ms", time.to_millis()));
        self.takes += time;
    }

    fn code(&mut self, code: &str) {
        self.steps
            .push(format!("enter: {{ code: \"{code}\", confirm: yes }}"));
        self.takes += Nanos((PRESS + GAP).0 * (code.len() as u64 + 1));
    }

    fn twice(&mut self, code: &str) {
        self.code(code);
        self.code(code);
    }
}
