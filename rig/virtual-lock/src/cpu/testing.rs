//! A chip for the core's own tests: flash, RAM, and one peripheral word that drives interrupt
//! lines; programs are hand-encoded halfwords.

use super::bus::{AccessError, Bus, Size};
use super::core::Core;
use super::stop::Exit;
use crate::time::Ticks;

/// Writes here set the interrupt lines; reads give them, and are settled.
pub(super) const LINES: u32 = 0x4000_0000;
/// Reads here give how many reads of it and of [`LINES`] there were before.
pub(super) const READS: u32 = 0x4000_0008;
/// Where [`TestBus::with`] puts a program.
pub(super) const CODE: u32 = 0x200;
/// The initial stack pointer.
pub(super) const STACK: u32 = 0x2000_1000;
pub(super) const RAM: u32 = 0x2000_0000;

#[derive(Clone)]
pub(super) struct TestBus {
    pub(super) flash: Vec<u8>,
    pub(super) ram: Vec<u8>,
    pub(super) lines: u64,
    pub(super) reads: u32,
    pub(super) generation: u64,
    /// What [`Bus::code_changes`] and [`Bus::ram_changes`] tell.
    pub(super) changes: Option<(u32, u32)>,
    pub(super) stalled: Ticks,
    pub(super) event: Ticks,
}

impl TestBus {
    /// A chip with a program at [`CODE`], every vector to a branch to itself at `0x1FE`.
    pub(super) fn with(program: &[u16]) -> TestBus {
        let mut bus = TestBus {
            flash: vec![0; 0x1000],
            ram: vec![0; 0x2000],
            lines: 0,
            reads: 0,
            generation: 0,
            changes: None,
            stalled: Ticks(0),
            event: Ticks::NEVER,
        };
        bus.vector(0, STACK);
        for number in 1..64 {
            bus.vector(number, 0x1FF);
        }
        bus.vector(1, CODE | 1);
        bus.place(0x1FE, &[0xE7FE]);
        bus.place(CODE, program);
        bus
    }

    pub(super) fn vector(&mut self, number: usize, target: u32) {
        self.flash[4 * number..4 * number + 4].copy_from_slice(&target.to_le_bytes());
    }

    /// Puts code into flash, or into RAM.
    pub(super) fn place(&mut self, address: u32, code: &[u16]) {
        for (index, half) in code.iter().enumerate() {
            let at = address as usize + 2 * index;
            let (memory, at) = match at.checked_sub(RAM as usize) {
                Some(offset) => (&mut self.ram, offset),
                None => (&mut self.flash, at),
            };
            memory[at..at + 2].copy_from_slice(&half.to_le_bytes());
        }
    }

    fn bytes(&self, address: u32, length: usize) -> Result<&[u8], AccessError> {
        let (memory, offset) = match address.checked_sub(RAM) {
            Some(offset) => (&self.ram, offset),
            None => (&self.flash, address),
        };
        memory
            .get(offset as usize..offset as usize + length)
            .ok_or(AccessError::Fault { address })
    }
}

impl Bus for TestBus {
    fn read(&mut self, address: u32, size: Size, _: Ticks) -> Result<u32, AccessError> {
        if matches!(address, LINES | READS) {
            self.reads += 1;
            return Ok(match address {
                LINES => self.lines as u32,
                _ => self.reads - 1,
            });
        }
        let mut word = [0; 4];
        word[..size.bytes()].copy_from_slice(self.bytes(address, size.bytes())?);
        Ok(u32::from_le_bytes(word))
    }

    fn write(&mut self, address: u32, size: Size, value: u32, _: Ticks) -> Result<(), AccessError> {
        if address == LINES {
            self.lines = value.into();
            return Ok(());
        }
        if address == LINES + 4 {
            return Err(AccessError::Unmodelled {
                address,
                what: "TEST.REGISTER".to_owned(),
            });
        }
        self.bytes(address, size.bytes())?;
        let bytes = &value.to_le_bytes()[..size.bytes()];
        match address.checked_sub(RAM) {
            Some(offset) => {
                let offset = offset as usize;
                self.ram[offset..offset + bytes.len()].copy_from_slice(bytes);
            }
            // Flash only loses bits.
            None => {
                let offset = address as usize;
                for (cell, byte) in self.flash[offset..].iter_mut().zip(bytes) {
                    *cell &= byte;
                }
            }
        }
        Ok(())
    }

    fn is_settled(&self, address: u32) -> bool {
        address == LINES
    }

    fn memory(&self, address: u32, length: usize) -> Option<&[u8]> {
        self.bytes(address, length).ok()
    }

    fn ram_mut(&mut self, address: u32, length: usize) -> Option<&mut [u8]> {
        let offset = address.checked_sub(RAM)? as usize;
        self.ram.get_mut(offset..offset + length)
    }

    fn fetch(&self, address: u32) -> Result<u16, AccessError> {
        let bytes = self.bytes(address, 2)?;
        Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    fn code_generation(&self) -> u64 {
        self.generation
    }

    fn code_changes(&self, _: u64) -> Option<(u32, u32)> {
        self.changes
    }

    fn ram_generation(&self) -> u64 {
        self.generation
    }

    fn ram_changes(&self, _: u64) -> Option<(u32, u32)> {
        self.changes
    }

    fn interrupts(&self) -> u64 {
        self.lines
    }

    fn next_event(&self) -> Ticks {
        self.event
    }

    fn stalled_until(&self) -> Ticks {
        self.stalled
    }
}

/// A core out of reset on a program.
pub(super) fn started(program: &[u16]) -> (Core, TestBus) {
    let mut bus = TestBus::with(program);
    let mut core = Core::new();
    core.reset(&mut bus).unwrap();
    (core, bus)
}

/// Runs for so many cycles.
pub(super) fn run(core: &mut Core, bus: &mut TestBus, cycles: u64) -> Exit {
    core.run(bus, core.now() + Ticks(cycles * Ticks::CYCLE.0))
}
