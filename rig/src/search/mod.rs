//! Searches: a run repeated exactly, the smallest scenario that still goes wrong, the first version
//! that does, and the values from which it does. They play on copies of the virtual lock, so that what
//! scenarios have in common is played once, and every search is the same each time.

mod bisect;
mod ddmin;
mod forks;
mod history;
mod replay;
mod shrink;
pub mod sweep;
mod symptom;

pub use bisect::{Found, Judged, Mark, Oracle, OracleError, bisect};
pub use forks::{Forks, Run, Tally};
pub use history::{Commit, History, HistoryError, build};
pub use replay::{Recorded, ReplayError, Replayed};
pub use shrink::{ShrinkError, Shrunk, shrink};
pub use symptom::{Finding, Symptom, find};
