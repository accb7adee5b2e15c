//! A bus with memory and nothing else: 1 MiB from 0, 4 MiB from `0x2000_0000`.

use virtual_lock::cpu::bus::{AccessError, Bus, Size};
use virtual_lock::time::Ticks;

#[derive(Clone, PartialEq)]
pub(crate) struct Memory {
    code: Vec<u8>,
    ram: Vec<u8>,
}

impl Memory {
    pub(crate) fn new(image: &[u8]) -> Memory {
        let mut code = image.to_vec();
        code.resize(1 << 20, 0);
        Memory {
            code,
            ram: vec![0; 4 << 20],
        }
    }

    pub(crate) fn halfword(&self, address: u32) -> u16 {
        self.fetch(address).unwrap_or(0)
    }

    fn bytes(&self, address: u32, length: usize) -> Result<&[u8], AccessError> {
        let (memory, offset) = if address < 0x2000_0000 {
            (&self.code, address as usize)
        } else {
            (&self.ram, (address - 0x2000_0000) as usize)
        };
        memory
            .get(offset..offset + length)
            .ok_or(AccessError::Fault { address })
    }
}

impl Bus for Memory {
    fn read(&mut self, address: u32, size: Size, _: Ticks) -> Result<u32, AccessError> {
        let mut word = [0; 4];
        let length = size.bytes();
        word[..length].copy_from_slice(self.bytes(address, length)?);
        Ok(u32::from_le_bytes(word))
    }

    fn write(&mut self, address: u32, size: Size, value: u32, _: Ticks) -> Result<(), AccessError> {
        let length = size.bytes();
        self.bytes(address, length)?;
        if address < 0x2000_0000 {
            return Err(AccessError::Fault { address });
        }
        let offset = (address - 0x2000_0000) as usize;
        self.ram[offset..offset + length].copy_from_slice(&value.to_le_bytes()[..length]);
        Ok(())
    }

    fn memory(&self, address: u32, length: usize) -> Option<&[u8]> {
        self.bytes(address, length).ok()
    }

    fn ram_mut(&mut self, address: u32, length: usize) -> Option<&mut [u8]> {
        let offset = address.checked_sub(0x2000_0000)? as usize;
        self.ram.get_mut(offset..offset + length)
    }

    fn fetch(&self, address: u32) -> Result<u16, AccessError> {
        let bytes = self.bytes(address, 2)?;
        Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
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
