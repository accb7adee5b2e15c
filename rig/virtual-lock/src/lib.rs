//! A SmartCode-class electronic deadbolt in software: an ARMv7E-M core, the nRF52840 peripherals
//! around it, and the board that a lock is made of. It runs the same firmware image as the real
//! lock, in virtual time: the same image and the same inputs give the same edges, to the tick, on
//! every machine. What is not modelled stops the run loudly; nothing is silently ignored.

pub mod board;
pub mod cpu;
pub mod debug;
#[doc = include_str!("fidelity.md")]
pub mod fidelity {}
mod lock;
mod log;
pub mod nrf52840;
pub mod time;

pub use lock::{LockError, Seconds, VirtualLock};
pub use log::LogChunk;
