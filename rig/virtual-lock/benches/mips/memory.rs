//! A chip with memory and nothing else, laid out as the nRF52840's: 1 MiB of flash, 256 KiB of RAM.

use virtual_lock::cpu::bus::{AccessError, Bus, Size, peek, poke};
use virtual_lock::time::Ticks;

const RAM: u32 = 0x2000_0000;

pub(crate) struct Memory {
    flash: Vec<u8>,
    ram: Vec<u8>,
}

impl Memory {
    pub(crate) fn new(image: &[u8]) -> Memory {
        let mut flash = image.to_vec();
        flash.resize(1 << 20, 0xFF);
        Memory {
            flash,
            ram: vec![0; 256 << 10],
        }
    }
}

impl Bus for Memory {
    #[inline]
    fn read(&mut self, address: u32, size: Size, _: Ticks) -> Result<u32, AccessError> {
        peek(self, address, size).ok_or(AccessError::Fault { address })
    }

    #[inline]
    fn write(&mut self, address: u32, size: Size, value: u32, _: Ticks) -> Result<(), AccessError> {
        match poke(self, address, size, value) {
            true => Ok(()),
            false => Err(AccessError::Fault { address }),
        }
    }

    #[inline]
    fn memory(&self, address: u32, length: usize) -> Option<&[u8]> {
        let offset = address.wrapping_sub(RAM) as usize;
        match self.ram.get(offset..offset + length) {
            Some(bytes) => Some(bytes),
            None => self.flash.get(address as usize..address as usize + length),
        }
    }

    #[inline]
    fn ram_mut(&mut self, address: u32, length: usize) -> Option<&mut [u8]> {
        let offset = address.wrapping_sub(RAM) as usize;
        self.ram.get_mut(offset..offset + length)
    }

    #[inline]
    fn fetch(&self, address: u32) -> Result<u16, AccessError> {
        peek(self, address, Size::Half)
            .map(|half| half as u16)
            .ok_or(AccessError::Fault { address })
    }

    fn code_generation(&self) -> u64 {
        0
    }

    fn ram_generation(&self) -> u64 {
        0
    }

    fn interrupts(&self) -> u64 {
        0
    }

    fn next_event(&self) -> Ticks {
        Ticks::NEVER
    }

    fn stalled_until(&self) -> Ticks {
        Ticks(0)
    }
}
