//! A chip with memory and nothing else, laid out as the nRF52840's: 1 MiB of flash, 256 KiB of RAM.

use virtual_lock::cpu::bus::{AccessError, Bus, Size};
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

#[inline(always)]
fn load<const N: usize>(memory: &[u8], offset: u32) -> Option<[u8; N]> {
    let offset = offset as usize;
    memory.get(offset..offset + N)?.try_into().ok()
}

#[inline(always)]
fn store<const N: usize>(memory: &mut [u8], offset: u32, bytes: [u8; N]) -> Option<()> {
    let offset = offset as usize;
    memory.get_mut(offset..offset + N)?.copy_from_slice(&bytes);
    Some(())
}

#[inline(always)]
fn sized(memory: &[u8], offset: u32, size: Size) -> Option<u32> {
    match size {
        Size::Byte => load(memory, offset).map(|[byte]| byte.into()),
        Size::Half => load(memory, offset).map(|half| u16::from_le_bytes(half).into()),
        Size::Word => load(memory, offset).map(u32::from_le_bytes),
    }
}

impl Bus for Memory {
    #[inline]
    fn read(&mut self, address: u32, size: Size, _: Ticks) -> Result<u32, AccessError> {
        sized(&self.ram, address.wrapping_sub(RAM), size)
            .or_else(|| sized(&self.flash, address, size))
            .ok_or(AccessError::Fault { address })
    }

    #[inline]
    fn write(&mut self, address: u32, size: Size, value: u32, _: Ticks) -> Result<(), AccessError> {
        let offset = address.wrapping_sub(RAM);
        match size {
            Size::Byte => store(&mut self.ram, offset, [value as u8]),
            Size::Half => store(&mut self.ram, offset, (value as u16).to_le_bytes()),
            Size::Word => store(&mut self.ram, offset, value.to_le_bytes()),
        }
        .ok_or(AccessError::Fault { address })
    }

    #[inline]
    fn fetch(&self, address: u32) -> Result<u16, AccessError> {
        sized(&self.flash, address, Size::Half)
            .or_else(|| sized(&self.ram, address.wrapping_sub(RAM), Size::Half))
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
