//! An ARMv7E-M core (Cortex-M4): registers, decoder, interpreter, exceptions, NVIC, SysTick and
//! halting debug. One instruction takes one cycle of 64 MHz.

pub mod bus;
mod core;
mod stop;

pub use self::core::Core;
pub use self::stop::{Exit, Stop, StopReason};
