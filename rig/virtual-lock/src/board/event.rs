//! What can be watched on the board: every edge, sample and byte, stamped with its tick.

use super::signal::{Contact, Signal};
use crate::time::Ticks;

/// Why the lock's processor started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Start {
    /// A pack was put in.
    PowerOn,
    /// The supply fell below the brown-out level and came back.
    BrownOut,
    /// The reset pin, or the debug port.
    Pin,
    /// The watchdog.
    Watchdog,
    /// The firmware, or a debugger, by `SYSRESETREQ`.
    Soft,
    /// The core locked up.
    Lockup,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A contact closed or opened, each edge of its bounce.
    Contact(Contact, bool),
    /// A line changed its logical level.
    Signal(Signal, bool),
    /// The pack's terminals, in millivolts, after a change.
    Supply(i32),
    /// The motor's current, in milliamperes, after a change.
    MotorCurrent(i32),
    /// The processor has power, or has it no more.
    Power(bool),
    /// The processor started.
    Start(Start),
    /// The hub has sent a byte.
    HubToLock(u8),
    /// The lock has sent a byte.
    HubFromLock(u8),
}

/// Something that happened on the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Ticks,
    /// What.
    pub what: What,
}
