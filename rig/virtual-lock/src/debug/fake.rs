//! A target for the debug port's own tests: some RAM, a core that only has DHCSR, and a record of
//! what was done to it.

use super::target::DebugTarget;
use crate::cpu::bus::{AccessError, Size};
use crate::time::Ticks;

/// Where the fake's 4 KiB of RAM start.
pub(crate) const RAM: u32 = 0x2000_0000;
const DHCSR: u32 = 0xE000_EDF0;

pub(crate) struct Fake {
    pub(crate) powered: bool,
    pub(crate) halted: bool,
    pub(crate) in_reset: bool,
    pub(crate) erased: u32,
    pub(crate) now: Ticks,
    /// Why [`DebugTarget::advance`] fails, if it does.
    pub(crate) fails: Option<String>,
    ram: Vec<u8>,
}

impl Fake {
    pub(crate) fn new() -> Fake {
        Fake {
            powered: true,
            halted: false,
            in_reset: false,
            erased: 0,
            now: Ticks::default(),
            fails: None,
            ram: vec![0; 4096],
        }
    }

    pub(crate) fn word(&mut self, address: u32) -> u32 {
        self.debug_read(address, Size::Word).unwrap()
    }

    pub(crate) fn set_word(&mut self, address: u32, value: u32) {
        self.debug_write(address, Size::Word, value).unwrap();
    }

    fn bytes(&mut self, address: u32, size: Size) -> Result<&mut [u8], AccessError> {
        let length = match size {
            Size::Byte => 1,
            Size::Half => 2,
            Size::Word => 4,
        };
        let start = address.wrapping_sub(RAM) as usize;
        self.ram
            .get_mut(start..start.saturating_add(length))
            .ok_or(AccessError::Fault { address })
    }
}

impl DebugTarget for Fake {
    fn powered(&self) -> bool {
        self.powered
    }

    fn debug_read(&mut self, address: u32, size: Size) -> Result<u32, AccessError> {
        if address == DHCSR && size == Size::Word {
            return Ok(u32::from(self.halted) << 17);
        }
        let mut word = [0; 4];
        let bytes = self.bytes(address, size)?;
        word[..bytes.len()].copy_from_slice(bytes);
        Ok(u32::from_le_bytes(word))
    }

    fn debug_write(&mut self, address: u32, size: Size, value: u32) -> Result<(), AccessError> {
        let bytes = self.bytes(address, size)?;
        bytes.copy_from_slice(&value.to_le_bytes()[..bytes.len()]);
        Ok(())
    }

    fn hold_reset(&mut self, asserted: bool) {
        self.in_reset = asserted;
    }

    fn erase_all(&mut self) {
        self.erased += 1;
    }

    fn advance(&mut self, by: Ticks) -> Result<(), String> {
        self.now += by;
        self.fails.clone().map_or(Ok(()), Err)
    }
}
