//! An ARMv7E-M core (Cortex-M4, no FPU): registers, decoder, interpreter, exceptions, NVIC,
//! SysTick and halting debug.

pub mod bus;
