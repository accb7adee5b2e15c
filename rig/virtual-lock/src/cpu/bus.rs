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

impl Size {
    /// In bytes.
    pub const fn bytes(self) -> usize {
        match self {
            Size::Byte => 1,
            Size::Half => 2,
            Size::Word => 4,
        }
    }
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

    /// Whether reads of the register at `address` have no effect, and give the same until
    /// [`Bus::next_event`] unless something is written.
    fn is_settled(&self, address: u32) -> bool {
        let _ = address;
        false
    }

    /// `length` bytes of plain memory, RAM or flash, which [`Bus::read`] would give one by one and which
    /// may be read at any time; `None` for anything else, or where a slice can't show them.
    fn memory(&self, address: u32, length: usize) -> Option<&[u8]>;

    /// `length` bytes of plain RAM, all of them to be written as [`Bus::write`] would; `None` for
    /// anything else.
    fn ram_mut(&mut self, address: u32, length: usize) -> Option<&mut [u8]>;

    /// Fetches a halfword of code, without side effect.
    fn fetch(&self, address: u32) -> Result<u16, AccessError>;

    /// Counts up whenever memory below `0x2000_0000` (flash, UICR) changes, whoever changes it:
    /// decoded code of an older generation is stale.
    fn code_generation(&self) -> u64;

    /// From which address up to which that memory may have changed since a generation; `None` where it is
    /// not known, and all of it may have.
    fn code_changes(&self, since: u64) -> Option<(u32, u32)> {
        let _ = since;
        None
    }

    /// Counts up whenever RAM is changed by other means than [`Bus::write`] of the running core
    /// (EasyDMA, a debugger). Costs nothing unless code runs from RAM.
    fn ram_generation(&self) -> u64;

    /// The same as [`Bus::code_changes`] for RAM, at its addresses on the system bus.
    fn ram_changes(&self, since: u64) -> Option<(u32, u32)> {
        let _ = since;
        None
    }

    /// Interrupt lines that are asserted, one bit an interrupt number.
    fn interrupts(&self) -> u64;

    /// When the bus next has something to do by itself. The core returns from running at the
    /// first instruction boundary at or after it; a peripheral write may bring it forward.
    fn next_event(&self) -> Ticks;

    /// Until when the core may not fetch, because flash is being written or erased.
    fn stalled_until(&self) -> Ticks;
}

/// Reads plain memory; `None` where [`Bus::memory`] shows none.
#[inline(always)]
pub fn peek<B: Bus>(bus: &B, address: u32, size: Size) -> Option<u32> {
    let bytes = bus.memory(address, size.bytes())?;
    Some(match size {
        Size::Word => u32::from_le_bytes(bytes.try_into().ok()?),
        Size::Half => u16::from_le_bytes(bytes.try_into().ok()?).into(),
        Size::Byte => u32::from(*bytes.first()?),
    })
}

/// Writes plain RAM; `false`, and nothing is written, where [`Bus::ram_mut`] shows none.
#[inline(always)]
pub fn poke<B: Bus>(bus: &mut B, address: u32, size: Size, value: u32) -> bool {
    match bus.ram_mut(address, size.bytes()) {
        Some(bytes) => {
            bytes.copy_from_slice(&value.to_le_bytes()[..size.bytes()]);
            true
        }
        None => false,
    }
}
