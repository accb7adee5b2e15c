//! The hub card's bus: frames both ways, what the lock has to tell, and how often it tries.

mod calendar;
mod frame;
mod keys;
mod link;

pub(crate) use calendar::Clock;
pub use frame::{Frame, LONGEST_FRAME};
pub(crate) use frame::{Heard, Kind, Parser};
pub(crate) use keys::{from_keys, to_keys};
pub(crate) use link::Link;

/// Commands of the bus.
pub(crate) mod command {
    /// Lock the door.
    pub(crate) const LOCK: u8 = 0x03;
    /// Unlock the door.
    pub(crate) const UNLOCK: u8 = 0x05;
    /// Where is the bolt?
    pub(crate) const STATUS: u8 = 0x07;
    /// The pack's millivolts.
    pub(crate) const BATTERY: u8 = 0x09;
    /// Put a code into a slot.
    pub(crate) const SET_CODE: u8 = 0x0B;
    /// Which code is in a slot?
    pub(crate) const GET_CODE: u8 = 0x0C;
    /// Empty a slot.
    pub(crate) const DELETE_CODE: u8 = 0x0D;
    /// From the lock: hub button `A`.
    pub(crate) const BUTTON: u8 = 0x0E;
    /// Set the clock.
    pub(crate) const SET_CLOCK: u8 = 0x0F;
    /// What time is it?
    pub(crate) const GET_CLOCK: u8 = 0x10;
    /// An event of the log: ours, of a number that the bus leaves free.
    pub(crate) const EVENT: u8 = 0x11;
    /// Hello: pairing.
    pub(crate) const HELLO: u8 = 0x18;
    /// From the lock: it was locked or unlocked.
    pub(crate) const STATE: u8 = 0x27;
    /// From the lock: a code changed at the keypad.
    pub(crate) const CODE_CHANGED: u8 = 0x29;
    /// From the lock: an alarm, by Kwikset's numbers.
    pub(crate) const ALARM: u8 = 0x2A;
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Refusal {
    Checksum = 0x01,
    Length = 0x02,
    Unknown = 0x03,
    NotPaired = 0x04,
    NotHanded = 0x05,
    StorageFault = 0x06,
    Duplicate = 0x07,
    /// A code, a time or an event number that can't be.
    Invalid = 0x08,
    /// The clock was never set.
    NoClock = 0x09,
    Slot = 0x0A,
    /// The change before isn't kept yet.
    Busy = 0x0B,
}

/// What an alarm is about; its level is 1 or the slot of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Alarm {
    JamOpening = 9,
    JamKeypad = 17,
    JamHub = 23,
    JamAutoLock = 26,
    AutoLocked = 27,
    AllDeleted = 32,
    Duplicate = 113,
    WrongCodes = 161,
    BatteryLow = 167,
    BatteryCritical = 168,
    BatteryTooLow = 169,
}
