//! Why the core leaves [`Core::run`](super::Core::run): ordinary exits, and the stops that end a
//! run because the model cannot go on truthfully.

use super::bus::AccessError;

/// Why [`Core::run`](super::Core::run) returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// Time has reached the deadline or the bus's next event.
    Reached,
    /// The core waits for an interrupt or event (WFI, WFE, sleep-on-exit).
    Sleeping,
    /// The core is in debug state.
    Halted,
    /// Software or the debugger asked for a system reset (`AIRCR.SYSRESETREQ`).
    ResetRequested,
    /// The run cannot go on.
    Stopped(Stop),
}

/// A run that cannot go on, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}, at pc {pc:#010x}")]
pub struct Stop {
    /// Address of the instruction that could not be completed.
    pub pc: u32,
    /// What was wrong with it.
    pub reason: StopReason,
}

/// What keeps a run from going on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StopReason {
    /// An encoding that ARMv7E-M leaves undefined or unpredictable. 32-bit encodings have their
    /// first halfword in the upper half.
    #[error("undefined instruction {encoding:#x}")]
    Undefined {
        /// The instruction as fetched.
        encoding: u32,
    },
    /// The chip would answer this access, the model cannot.
    #[error("{what} at {address:#010x} is not modelled")]
    Unmodelled {
        /// The address of the access.
        address: u32,
        /// What is there, as the manual names it.
        what: String,
    },
    /// The reset vector cannot be read or is no Thumb address.
    #[error("no reset vector: {0}")]
    ResetVector(AccessError),
    /// A fault while HardFault or NMI was active: the core is locked up (ARMv7-M B1.5.15).
    #[error("lockup by {cause}")]
    Lockup {
        /// The fault that could not be taken.
        cause: &'static str,
    },
}
