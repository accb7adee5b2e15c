//! The harness: plays scenarios on a lock, watches its lines and compares what it does with what was
//! accepted before.

pub mod bench;
pub mod command;
pub mod diagnose;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod import;
pub mod invariant;
pub mod lock;
pub mod outcome;
pub mod play;
mod record;
pub mod report;
pub mod scenario;
pub mod schema;
pub mod search;
pub mod snapshot;
pub mod statistics;
pub mod trace;
