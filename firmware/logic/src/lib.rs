//! What a SmartCode-class lock does, without the hardware it does it on: time, contacts, volts and
//! amperes go in; lights, beeps, motor commands and journal writes come out. Nothing here waits:
//! [`Lock::step`] is told what the time is, and [`Lock::next_deadline`] says when to call again.
#![cfg_attr(not(test), no_std)]

mod battery;
mod code;
mod contacts;
mod debounce;
mod entry;
mod event;
mod feedback;
mod field;
mod gesture;
mod handing;
mod hub;
mod lock;
mod lockout;
mod motion;
mod motor;
mod programming;
mod state;
mod time;

pub use battery::Charge;
pub use code::{Code, LONGEST, SHORTEST};
pub use contacts::{Contact, ContactSet};
pub use event::{EVENTS, EventLog, Record};
pub use feedback::Light;
pub use field::FIELD_BUGS;
pub use hub::{Frame, LONGEST_FRAME};
pub use lock::{BootReason, Glimpse, Inputs, Kept, Lasting, Lock, Outputs};
pub use motor::{Bridge, Measured, Stop, WATCH, Watch};
pub use state::{RECORD_LENGTH, SLOTS, State, Store, StoreError};
pub use time::{Moment, Span};

/// Which keypad the lock has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Ten keys; a code is confirmed with `lock`.
    TenKey,
    /// Five keys of two digits each; a code acts on its last key.
    FiveKey,
}
