//! Benches: what a scenario can be played on, and the instruments that a bench is made of.

pub mod probe;
