//! What every peripheral is connected to: time, memory for EasyDMA, pins, analogue inputs, and
//! the events that go out to PPI. And the block of event and interrupt registers they all have.

use super::gpio::Gpio;
use super::memory::{Changes, Flash, RAM_BASE, Ram};
use crate::time::Ticks;

/// A register access that the model has no answer for; the chip adds which register it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gap;

/// An event on its way to PPI: peripheral id and event number (`EVENTS_x` offset / 4 - 0x40).
pub(crate) type Source = (u8, u8);

/// A byte that a UARTE has sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SerialByte {
    /// When its stop bit ended.
    pub at: Ticks,
    /// The pin it left by; 32 and up are port 1's.
    pub pin: u8,
    /// The byte.
    pub byte: u8,
    /// How long each bit took.
    pub bit: Ticks,
}

/// The chip around one peripheral while that peripheral acts.
#[derive(Clone, Debug)]
pub(crate) struct Wires {
    /// The tick that is being acted in.
    pub(crate) now: Ticks,
    pub(crate) flash: Flash,
    pub(crate) ram: Ram,
    /// What has changed in flash, and in RAM, by other means than the running core.
    pub(crate) code: Changes,
    pub(crate) ram_changes: Changes,
    /// Bytes that left by a serial line and nobody has taken note of.
    pub(crate) serial_out: Vec<SerialByte>,
    pub(crate) gpio: Gpio,
    /// Volts at AIN0 to AIN7, as the board sets them.
    pub(crate) analog: [f64; 8],
    /// Volts of VDD.
    pub(crate) vdd: f64,
    /// VDD is below the threshold of POFCON.
    pub(crate) power_fails: bool,
    /// When LFCLK started to run, if it runs: its edges are whole periods after that.
    pub(crate) lfclk: Option<Ticks>,
    /// Whether the core sleeps, and whether a debugger has halted it.
    pub(crate) asleep: bool,
    pub(crate) halted: bool,
    /// Events that PPI listens to, one bit an event, by peripheral id.
    pub(crate) watched: [u32; 64],
    /// Watched events that were raised and not yet routed.
    pub(crate) raised: Vec<Source>,
    /// A run-stopping condition met while nobody was asking: what is not modelled.
    pub(crate) gap: Option<String>,
}

impl Wires {
    pub(crate) fn new(flash: Flash, now: Ticks) -> Wires {
        Wires {
            now,
            flash,
            ram: Ram::new(),
            code: Changes::default(),
            ram_changes: Changes::default(),
            serial_out: Vec::new(),
            gpio: Gpio::new(),
            analog: [0.0; 8],
            vdd: 0.0,
            power_fails: false,
            lfclk: None,
            asleep: false,
            halted: false,
            watched: [0; 64],
            raised: Vec::new(),
            gap: None,
        }
    }

    /// Reads a byte as EasyDMA does, which reaches RAM only.
    pub(crate) fn dma_read(&mut self, address: u32) -> u8 {
        match self.ram.load(address.wrapping_sub(RAM_BASE)) {
            Some([byte]) => byte,
            None => {
                self.stop(format!("EasyDMA from {address:#010x}, which is not RAM"));
                0
            }
        }
    }

    /// Writes bytes as EasyDMA does, which reaches RAM only.
    pub(crate) fn dma_write<const N: usize>(&mut self, address: u32, bytes: [u8; N]) {
        let offset = address.wrapping_sub(RAM_BASE);
        if self.ram.store(offset, bytes) {
            self.ram_changes.note(address, address + N as u32);
        } else {
            self.stop(format!("EasyDMA to {address:#010x}, which is not RAM"));
        }
    }

    /// Ends the run: `what` happened by itself and is not modelled.
    pub(crate) fn stop(&mut self, what: String) {
        self.gap.get_or_insert(what);
    }

    /// The first LFCLK edge after now; [`Ticks::NEVER`] while LFCLK stands still.
    pub(crate) fn next_lfclk_edge(&self) -> Ticks {
        match self.lfclk {
            Some(start) => {
                let edges = (self.now.0 - start.0) / Ticks::LFCLK.0 + 1;
                Ticks(start.0 + edges * Ticks::LFCLK.0)
            }
            None => Ticks::NEVER,
        }
    }
}

/// What the chip asks of each peripheral. Offsets are from the peripheral's base address.
pub(crate) trait Peripheral {
    /// Reads a register.
    fn read(&mut self, offset: u32, wires: &mut Wires) -> Result<u32, Gap>;
    /// Writes a register. A task is triggered by writing 1.
    fn write(&mut self, offset: u32, value: u32, wires: &mut Wires) -> Result<(), Gap>;
    /// Triggers the task at `offset`, as its register or PPI does.
    fn task(&mut self, offset: u32, wires: &mut Wires) -> Result<(), Gap>;
    /// When [`Peripheral::advance`] is next needed.
    fn next_event(&self) -> Ticks {
        Ticks::NEVER
    }
    /// Does what is due at `wires.now`.
    fn advance(&mut self, wires: &mut Wires) {
        let _ = wires;
    }
    /// The level of the interrupt line.
    fn interrupt(&self) -> bool;
}

/// `EVENTS_x` (0x100..0x180), `INTEN`, `INTENSET` and `INTENCLR`. On this chip the bit of an event in
/// the `INTEN` registers is always its register's offset from 0x100, in words.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    id: u8,
    implemented: u32,
    raised: u32,
    enabled: u32,
}

impl Events {
    /// The block of peripheral `id` with the events of `implemented`.
    pub(crate) fn new(id: u8, implemented: u32) -> Events {
        Events {
            id,
            implemented,
            raised: 0,
            enabled: 0,
        }
    }

    /// Generates event `number`: its register is set, its interrupt pends, PPI sees it.
    pub(crate) fn raise(&mut self, number: u8, wires: &mut Wires) {
        self.raised |= 1 << number;
        if wires.watched[usize::from(self.id)] >> number & 1 == 1 {
            wires.raised.push((self.id, number));
        }
    }

    /// Event `number` was generated where PPI did not see it: its register is set, its interrupt pends.
    pub(crate) fn note(&mut self, number: u8) {
        self.raised |= 1 << number;
    }

    /// Those that PPI listens to, one bit each.
    pub(crate) fn watched(&self, wires: &Wires) -> u32 {
        wires.watched[usize::from(self.id)]
    }

    /// `INTEN`.
    pub(crate) fn enabled(&self) -> u32 {
        self.enabled
    }

    /// The level of the interrupt line.
    pub(crate) fn interrupt(&self) -> bool {
        self.raised & self.enabled != 0
    }

    /// Reads one of the block's registers.
    pub(crate) fn read(&self, offset: u32) -> Result<u32, Gap> {
        match offset {
            0x100..0x180 => {
                let number = (offset - 0x100) / 4;
                let known = self.implemented >> number & 1 == 1;
                known.then_some(self.raised >> number & 1).ok_or(Gap)
            }
            0x300 | 0x304 | 0x308 => Ok(self.enabled),
            _ => Err(Gap),
        }
    }

    /// Writes one of the block's registers. Clearing what does not exist is harmless, enabling or
    /// generating it is not modelled.
    pub(crate) fn write(&mut self, offset: u32, value: u32) -> Result<(), Gap> {
        match offset {
            0x100..0x180 => {
                let bit = 1 << ((offset - 0x100) / 4);
                if value != 0 || self.implemented & bit == 0 {
                    return Err(Gap);
                }
                self.raised &= !bit;
            }
            0x300 if value & !self.implemented == 0 => self.enabled = value,
            0x304 if value & !self.implemented == 0 => self.enabled |= value,
            0x308 => self.enabled &= !value,
            _ => return Err(Gap),
        }
        Ok(())
    }
}

/// Accepts a write of `value` to a register that implements the bits of `mask` only.
pub(crate) fn fits(value: u32, mask: u32) -> Result<u32, Gap> {
    if value & !mask == 0 {
        Ok(value)
    } else {
        Err(Gap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_set_enabled_and_cleared_by_its_number() {
        let mut wires = Wires::new(Flash::erased(), Ticks(0));
        let mut events = Events::new(7, 1 << 3 | 1 << 16);
        events.raise(3, &mut wires);
        assert_eq!(events.read(0x10C), Ok(1));
        assert!(!events.interrupt());
        assert_eq!(events.write(0x304, 1 << 3), Ok(()));
        assert!(events.interrupt());
        assert_eq!(events.write(0x10C, 0), Ok(()));
        assert!(!events.interrupt());
        assert_eq!(events.write(0x308, u32::MAX), Ok(()));
        assert_eq!(events.read(0x304), Ok(0));
    }

    #[test]
    fn what_the_peripheral_lacks_is_a_gap() {
        let mut events = Events::new(7, 1 << 3);
        assert_eq!(events.read(0x110), Err(Gap));
        assert_eq!(events.write(0x304, 1 << 4), Err(Gap));
        assert_eq!(events.write(0x308, 1 << 4), Ok(()));
    }

    #[test]
    fn only_watched_events_wait_for_ppi() {
        let mut wires = Wires::new(Flash::erased(), Ticks(0));
        wires.watched[7] = 1 << 16;
        let mut events = Events::new(7, 1 << 3 | 1 << 16);
        events.raise(3, &mut wires);
        events.raise(16, &mut wires);
        assert_eq!(wires.raised, [(7, 16)]);
    }
}
