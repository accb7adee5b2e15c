//! The whole lock, on a door.

mod door;
mod keypad;
mod power_on;
