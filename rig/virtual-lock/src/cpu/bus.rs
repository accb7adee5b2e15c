//! What the core sees of the chip: memory and peripherals behind one trait, outside the core's own
//! private peripheral bus (`0xE000_0000..0xE010_0000`), which never reaches a [`Bus`].

use crate::time::Ticks;

/// How many bytes one access moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// One byte.
    Byte,
    /// Two bytes.
    Half,
    /// Four bytes.
    Word,
}

/// Why an access did not happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// The chip answers this access with a bus fault; the core takes the exception.
    #[error("bus fault at {address:#010x}")]
    Fault {
        /// The address of the access.
        address: u32,
    },
    /// The chip would answer, the model cannot: the run must stop.
    #[error("{what} at {address:#010x} is not modelled")]
    Unmodelled {
        /// The address of the access.
        address: u32,
        /// What is there, as the product specification names it: `TWIM0.TASKS_STARTTX, write of 1`.
        what: String,
    },
}

/// The chip as its core sees it. Addresses are as the core issues them; accesses to peripherals
/// are aligned, accesses to memory may be unaligned. Values are little-endian and zero-extended.
pub trait Bus {
    /// Reads `size` bytes at time `now`; a peripheral may act on it.
    fn read(&mut self, address: u32, size: Size, now: Ticks) -> Result<u32, AccessError>;

    /// Writes `size` bytes at time `now`; a peripheral may act on it.
    fn write(
        &mut self,
        address: u32,
        size: Size,
        value: u32,
        now: Ticks,
    ) -> Result<(), AccessError>;

    /// Fetches a halfword of code, without side effect.
    fn fetch(&self, address: u32) -> Result<u16, AccessError>;

    /// Counts up whenever memory below `0x2000_0000` (flash, UICR) changes, whoever changes it:
    /// decoded code of an older generation is stale.
    fn code_generation(&self) -> u64;

    /// Counts up whenever RAM is changed by other means than [`Bus::write`] of the running core
    /// (EasyDMA, a debugger). Costs nothing unless code runs from RAM.
    fn ram_generation(&self) -> u64;

    /// Interrupt lines that are asserted, one bit an interrupt number.
    fn interrupts(&self) -> u64;

    /// When the bus next has something to do by itself. The core returns from running at the
    /// first instruction boundary at or after it; a peripheral write may bring it forward.
    fn next_event(&self) -> Ticks;

    /// Until when the core may not fetch, because flash is being written or erased.
    fn stalled_until(&self) -> Ticks;
}
