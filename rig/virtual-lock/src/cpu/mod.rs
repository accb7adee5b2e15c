//! An ARMv7E-M core (Cortex-M4F): registers, decoder, interpreter, exceptions, NVIC, SysTick and
//! halting debug.
//!
//! # Fidelity
//!
//! * **Instructions**: all of ARMv7E-M with the DSP extension and FPv4-SP. `tests/lockstep` runs
//!   random programs of every class beside QEMU's Cortex-M4, one instruction at a time, and compares
//!   R0 to R15, xPSR, FPSCR and S0 to S31; IT blocks, unaligned and faulting accesses, SVC, PendSV,
//!   SysTick pended, nested interrupts with priorities and grouping, and lazy stacking are among
//!   them; compiled programs, soft-float and hard-float, are compared the same way. What the
//!   manual calls undefined or unpredictable stops the run; UDF and disabled coprocessors fault.
//! * **Time** is a short-cut: an instruction takes one cycle of 64 MHz, whatever it does; an
//!   exception takes 12 to enter, 10 to return from and 6 to chain to the next. Flash that is being
//!   written holds up the next instruction.
//! * **Exceptions**: all but late arrival; bus faults are precise. Lockup stops the run.
//! * **Exclusive monitor**: one tag for all memory, as on the Cortex-M4.
//! * **Absent**: MPU (it tells of its eight regions, and stops the run that sets one up), bit-banding, DWT comparators, ETM, and tracing:
//!   ITM and TPIU keep what is written to them. FPB comparators break, but do not patch.
//! * A register of the private peripheral bus that is none of these stops the run by its address.

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
mod poll;
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
