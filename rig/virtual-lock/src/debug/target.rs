//! What a debug port needs of the chip behind it.

use crate::cpu::bus::{AccessError, Size};
use crate::time::Ticks;

/// A chip with a core that can be halted, as the access ports see it.
pub trait DebugTarget {
    /// Whether the chip has power. A debug port without power answers nothing.
    fn powered(&self) -> bool;

    /// Reads memory, a peripheral or the core's private peripheral bus as the AHB-AP does.
    fn debug_read(&mut self, address: u32, size: Size) -> Result<u32, AccessError>;

    /// Writes memory, a peripheral or the core's private peripheral bus as the AHB-AP does.
    fn debug_write(&mut self, address: u32, size: Size, value: u32) -> Result<(), AccessError>;

    /// CTRL-AP `RESET` or the nRESET pin, as long as `asserted`.
    fn hold_reset(&mut self, asserted: bool);

    /// CTRL-AP `ERASEALL`: all of flash and UICR.
    fn erase_all(&mut self);

    /// Lets virtual time pass: a running core runs, a halted one stays halted, peripherals go on.
    /// An error is a run that must stop; the debug port then answers FAULT.
    fn advance(&mut self, by: Ticks) -> Result<(), String>;
}
