//! The chip as its core's bus: memory first and inline, everything else out of line.

use super::memory::{FLASH_SIZE, RAM_BASE, RAM_CODE_BASE, RAM_SIZE, UICR_WORDS};
use super::wires::Gap;
use super::{Chip, clock, ficr, names, ppi, rng, saadc, temp};
use crate::cpu::bus::{AccessError, Bus, Size, peek, poke};
use crate::time::Ticks;

const FLASH_END: u32 = FLASH_SIZE as u32;
const RAM_CODE_END: u32 = RAM_CODE_BASE + RAM_SIZE as u32;
const FICR: u32 = 0x1000_0000;
const UICR: u32 = 0x1000_1000;
const UICR_END: u32 = UICR + 4 * UICR_WORDS as u32;
const APB: u32 = 0x4000_0000;
const APB_END: u32 = 0x4003_0000;
const GPIO: u32 = 0x5000_0000;

impl Bus for Chip {
    #[inline]
    fn read(&mut self, address: u32, size: Size, now: Ticks) -> Result<u32, AccessError> {
        match peek(self, address, size) {
            Some(value) => Ok(value),
            None => self.read_elsewhere(address, size, now),
        }
    }

    #[inline]
    fn write(
        &mut self,
        address: u32,
        size: Size,
        value: u32,
        now: Ticks,
    ) -> Result<(), AccessError> {
        if poke(self, address, size, value) {
            Ok(())
        } else {
            self.write_elsewhere(address, size, value, now)
        }
    }

    #[inline]
    fn memory(&self, address: u32, length: usize) -> Option<&[u8]> {
        let offset = address.wrapping_sub(RAM_BASE);
        match self.wires.ram.span(offset, length) {
            Some(bytes) => Some(bytes),
            None => self.wires.flash.span(address, length),
        }
    }

    #[inline]
    fn ram_mut(&mut self, address: u32, length: usize) -> Option<&mut [u8]> {
        let offset = address.wrapping_sub(RAM_BASE);
        self.wires.ram.span_mut(offset, length)
    }

    /// Event registers of the peripherals that raise each event when it is due, never when it is asked for.
    fn is_settled(&self, address: u32) -> bool {
        let (id, offset) = ((address >> 12 & 0x3F) as u8, address & 0xFFF);
        (APB..APB_END).contains(&address)
            && (0x100..0x180).contains(&offset)
            && (matches!(id, 0x02 | 0x28 | 0x08..=0x0A | 0x1A | 0x1B)
                || [clock::ID, saadc::ID, temp::ID, rng::ID].contains(&id))
    }

    #[inline]
    fn fetch(&self, address: u32) -> Result<u16, AccessError> {
        let halfword = if address < FLASH_END {
            self.wires.flash.load(address)
        } else if (RAM_CODE_BASE..RAM_CODE_END).contains(&address) {
            self.wires.ram.load(address - RAM_CODE_BASE)
        } else {
            self.wires.ram.load(address.wrapping_sub(RAM_BASE))
        };
        halfword
            .map(u16::from_le_bytes)
            .ok_or(AccessError::Fault { address })
    }

    #[inline]
    fn code_generation(&self) -> u64 {
        self.wires.code.generation()
    }

    fn code_changes(&self, since: u64) -> Option<(u32, u32)> {
        self.wires.code.since(since)
    }

    #[inline]
    fn ram_generation(&self) -> u64 {
        self.wires.ram_changes.generation()
    }

    fn ram_changes(&self, since: u64) -> Option<(u32, u32)> {
        self.wires.ram_changes.since(since)
    }

    #[inline]
    fn interrupts(&self) -> u64 {
        self.interrupts
    }

    #[inline]
    fn next_event(&self) -> Ticks {
        self.next
    }

    #[inline]
    fn stalled_until(&self) -> Ticks {
        self.nvmc.busy_until()
    }
}

/// The part of a register that a narrow read sees.
fn narrow(word: u32, address: u32, size: Size) -> u32 {
    let shifted = word >> (8 * (address & 3));
    match size {
        Size::Word => word,
        Size::Half => shifted & 0xFFFF,
        Size::Byte => shifted & 0xFF,
    }
}

impl Chip {
    #[cold]
    #[inline(never)]
    fn read_elsewhere(&mut self, address: u32, size: Size, now: Ticks) -> Result<u32, AccessError> {
        let aligned = address & !3;
        let word = match address {
            0..FLASH_END => return self.read_across(address, size),
            RAM_CODE_BASE..RAM_CODE_END => {
                return Bus::read(self, address - RAM_CODE_BASE + RAM_BASE, size, now);
            }
            FICR..UICR => {
                ficr::read(aligned - FICR).map_err(|Gap| not_modelled(address, "FICR register"))?
            }
            UICR..UICR_END => self.wires.flash.uicr(aligned - UICR),
            APB..APB_END => self.read_register(aligned, now).map_err(|Gap| {
                let (id, offset) = (aligned >> 12 & 0x3F, aligned & 0xFFF);
                not_modelled(address, &format!("{}, read", names::register(id, offset)))
            })?,
            0x5000_0000..0x5000_1000 => self.wires.gpio.read(aligned - GPIO).map_err(|Gap| {
                let register = names::port_register(aligned - GPIO);
                not_modelled(address, &format!("{register}, read"))
            })?,
            _ => return Err(outside(address)),
        };
        Ok(narrow(word, address, size))
    }

    /// An unaligned read over the end of a page of flash.
    fn read_across(&self, address: u32, size: Size) -> Result<u32, AccessError> {
        let flash = &self.wires.flash;
        match size {
            Size::Word => flash.load(address).map(u32::from_le_bytes),
            Size::Half | Size::Byte => flash
                .load(address)
                .map(|half| u16::from_le_bytes(half).into()),
        }
        .ok_or(AccessError::Fault { address })
    }

    #[cold]
    #[inline(never)]
    fn write_elsewhere(
        &mut self,
        address: u32,
        size: Size,
        value: u32,
        now: Ticks,
    ) -> Result<(), AccessError> {
        self.pass(now);
        let whole = size == Size::Word && address & 3 == 0;
        match address {
            0..FLASH_END if whole => self.nvmc.write_flash(address, value, &mut self.wires),
            UICR..UICR_END if whole => {
                self.nvmc.write_uicr(address - UICR, value, &mut self.wires);
            }
            // Flash takes whole words only; FICR takes nothing.
            0..FLASH_END | FICR..UICR_END => return Err(AccessError::Fault { address }),
            RAM_CODE_BASE..RAM_CODE_END => {
                return Bus::write(self, address - RAM_CODE_BASE + RAM_BASE, size, value, now);
            }
            APB..APB_END if whole => {
                let (id, offset) = (address >> 12 & 0x3F, address & 0xFFF);
                return self.write_register(id as u8, offset, value).map_err(|Gap| {
                    let register = names::register(id, offset);
                    not_modelled(address, &format!("{register}, write of {value:#x}"))
                });
            }
            0x5000_0000..0x5000_1000 if whole => {
                let now = self.wires.now;
                self.wires
                    .gpio
                    .write(address - GPIO, value, now)
                    .map_err(|Gap| {
                        let register = names::port_register(address - GPIO);
                        not_modelled(address, &format!("{register}, write of {value:#x}"))
                    })?;
                self.touched(super::gpiote::ID);
                return Ok(());
            }
            APB..APB_END | GPIO..0x5000_1000 => {
                return Err(not_modelled(address, "a register, written in part"));
            }
            _ => return Err(outside(address)),
        }
        // Flash or UICR: an ordered power cut may be due now.
        self.touched(super::nvmc::ID);
        Ok(())
    }

    fn read_register(&mut self, address: u32, now: Ticks) -> Result<u32, Gap> {
        let (id, offset) = (address >> 12 & 0x3F, address & 0xFFF);
        self.pass(now);
        if id == u32::from(ppi::ID) {
            return self.ppi.read(offset);
        }
        match self.peripheral(id as u8) {
            Some((peripheral, wires)) => peripheral.read(offset, wires),
            None => Err(Gap),
        }
    }

    fn write_register(&mut self, id: u8, offset: u32, value: u32) -> Result<(), Gap> {
        if id == ppi::ID {
            let result = self.ppi.write(offset, value, &mut self.wires);
            self.ppi_changed();
            self.touched(id);
            return result;
        }
        match self.peripheral(id) {
            Some((peripheral, wires)) => peripheral.write(offset, value, wires)?,
            None => return Err(Gap),
        }
        self.touched(id);
        Ok(())
    }
}

fn not_modelled(address: u32, what: &str) -> AccessError {
    AccessError::Unmodelled {
        address,
        what: what.into(),
    }
}

/// An address with nothing of the model behind it: a bus fault where the chip has nothing either.
fn outside(address: u32) -> AccessError {
    match address {
        0x1200_0000..0x1A00_0000 => not_modelled(address, "QSPI execute-in-place"),
        0x5002_A000..0x5002_C000 => not_modelled(address, "CRYPTOCELL"),
        0x4003_0000..0x4008_0000 => not_modelled(address, "reserved peripheral"),
        _ => AccessError::Fault { address },
    }
}
