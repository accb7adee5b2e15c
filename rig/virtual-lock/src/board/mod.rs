//! The lock's board: the parts that the rig can touch or see.

pub mod signal;
pub mod wiring;
