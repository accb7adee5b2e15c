//! The whole lock, on a door.

mod auto_lock;
mod door;
mod hub;
mod keypad;
mod never;
mod power_on;
mod programming;
mod waiting;
