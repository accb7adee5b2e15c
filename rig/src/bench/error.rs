//! Faults of the rig.

use super::Capability;
use crate::trace::{Contact, Nanos, TraceError};

/// Something on the bench failed; what the lock does is not known.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// It was asked for something it can't do.
    #[error("use this bench: it can't {0}")]
    Unable(Capability),
    /// A contact that the lock's model doesn't have.
    #[error("close `{0}`: the lock has no such contact")]
    NoContact(Contact),
    /// Events up to some time were wanted, and it can't promise that it has all of them.
    #[error("watch the lock up to {until:.6}: events are complete only to {complete_to:.6}")]
    Incomplete {
        /// The time asked for.
        until: Nanos,
        /// The time reached.
        complete_to: Nanos,
    },
    /// The virtual lock can't go on: the firmware did something that isn't modelled, or that no core
    /// survives.
    #[error("run the virtual lock: {0}")]
    Stopped(String),
    /// The hardware on a real bench, or what it is reached by.
    #[error(transparent)]
    Hardware(Box<dyn std::error::Error + Send + Sync>),
    /// The events of a bench aren't in order.
    #[error(transparent)]
    Trace(#[from] TraceError),
}
