//! The whole lock, on a door.

mod door;
mod hub;
mod keypad;
mod never;
mod power_on;
mod programming;
