//! An ARMv7E-M core (Cortex-M4F): registers, decoder, interpreter, exceptions, NVIC, SysTick and
//! halting debug. One instruction takes one cycle of 64 MHz, whatever it does; an exception takes
//! 12 to enter and 10 to return from.

pub mod bus;
mod code;
mod core;
mod data;
mod debug;
mod decode;
mod dsp;
mod exception;
mod float;
mod interpret;
mod memory;
mod nvic;
mod op;
mod ppb;
mod scb;
mod state;
mod stop;
mod system;
mod systick;
mod transfer;

#[cfg(test)]
mod core_tests;
#[cfg(test)]
mod debug_tests;
#[cfg(test)]
mod testing;

pub use self::core::Core;
pub use self::stop::{Exit, Stop, StopReason};
