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
    /// The hardware on a real bench, or what it is reached by.
    #[error(transparent)]
    Hardware(Box<dyn std::error::Error + Send + Sync>),
    /// The virtual lock can't go on: the firmware did something that isn't modelled, or that no core
    /// survives.
    #[error(transparent)]
    Virtual(virtual_lock::LockError),
    /// The virtual lock does not come up to be flashed.
    #[error("power the virtual lock up: {0}")]
    PowerUp(String),
    /// The virtual lock can't go on while a debugger drives it.
    #[error("{0}")]
    Stopped(String),
    /// Whoever was to be told is gone.
    #[error("tell what the lock does: {0}")]
    Tell(std::io::Error),
    /// The virtual lock's debug port can't be served.
    #[error(transparent)]
    Serve(virtual_lock::debug::server::ServeError),
    /// The lock can't be flashed, or its memory not be read or written.
    #[error("{}", chain(.0.as_ref()))]
    Probe(Box<super::probe::ProbeError>),
    /// A file is no image for the lock.
    #[error(transparent)]
    Image(#[from] super::probe::ImageError),
    /// An image's log formats can't be read.
    #[error(transparent)]
    LogFormat(#[from] super::log::LogFormatError),
    /// The events of a bench aren't in order.
    #[error(transparent)]
    Trace(#[from] TraceError),
}

/// An error and what is behind it, in one line: probe-rs says the decisive thing last.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text
}
