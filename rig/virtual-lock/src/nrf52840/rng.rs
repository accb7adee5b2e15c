//! RNG: a byte at a time, from a generator with a fixed seed at power-on, so that runs repeat. The times are
//! those of the product specification, the quality is not.

use super::wires::{Events, Gap, Peripheral, Wires, fits};
use crate::time::Ticks;

pub(crate) const ID: u8 = 0x0D;
const VALRDY: u8 = 0;
const START_UP: Ticks = Ticks::from_micros(128);
const RAW: Ticks = Ticks::from_micros(30);
const CORRECTED: Ticks = Ticks::from_micros(120);

/// The RNG peripheral.
#[derive(Clone, Debug)]
pub(crate) struct Rng {
    events: Events,
    shorts: u32,
    config: u32,
    value: u8,
    state: u64,
    next: Ticks,
}

impl Rng {
    pub(crate) fn new() -> Rng {
        Rng {
            events: Events::new(ID, 1 << VALRDY),
            shorts: 0,
            config: 0,
            value: 0,
            state: 0x5EED_5EED_5EED_5EED,
            next: Ticks::NEVER,
        }
    }

    /// As a reset leaves it, while the chip has power: what it gives goes on.
    pub(crate) fn after_reset(&self) -> Rng {
        Rng {
            state: self.state,
            ..Rng::new()
        }
    }

    fn period(&self) -> Ticks {
        if self.config & 1 == 1 { CORRECTED } else { RAW }
    }
}

impl Peripheral for Rng {
    fn read(&mut self, offset: u32, _wires: &mut Wires) -> Result<u32, Gap> {
        Ok(match offset {
            0x200 => self.shorts,
            0x504 => self.config,
            0x508 => u32::from(self.value),
            _ => return self.events.read(offset),
        })
    }

    fn write(&mut self, offset: u32, value: u32, wires: &mut Wires) -> Result<(), Gap> {
        match offset {
            0x000 | 0x004 if value == 1 => return self.task(offset, wires),
            0x200 => self.shorts = fits(value, 1)?,
            0x504 => self.config = fits(value, 1)?,
            _ => return self.events.write(offset, value),
        }
        Ok(())
    }

    fn task(&mut self, offset: u32, wires: &mut Wires) -> Result<(), Gap> {
        match offset {
            0x000 if self.next == Ticks::NEVER => self.next = wires.now + START_UP + self.period(),
            0x000 => {}
            0x004 => self.next = Ticks::NEVER,
            _ => return Err(Gap),
        }
        Ok(())
    }

    fn next_event(&self) -> Ticks {
        self.next
    }

    fn advance(&mut self, wires: &mut Wires) {
        if self.next > wires.now {
            return;
        }
        // xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators".
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.value = (self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 56) as u8;
        let stops = self.shorts & 1 == 1;
        self.next = if stops {
            Ticks::NEVER
        } else {
            wires.now + self.period()
        };
        self.events.raise(VALRDY, wires);
    }

    fn interrupt(&self) -> bool {
        self.events.interrupt()
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::Flash;
    use super::*;

    #[test]
    fn bytes_come_at_their_rate_and_repeat() {
        let run = || {
            let mut wires = Wires::new(Flash::erased(), Ticks(0));
            let mut rng = Rng::new();
            rng.write(0x504, 1, &mut wires).unwrap();
            rng.write(0x000, 1, &mut wires).unwrap();
            let mut bytes = Vec::new();
            for _ in 0..8 {
                wires.now = rng.next_event();
                rng.advance(&mut wires);
                bytes.push(rng.read(0x508, &mut wires).unwrap());
            }
            assert_eq!(wires.now, Ticks::from_micros(128 + 8 * 120));
            bytes
        };
        let bytes = run();
        assert_eq!(bytes, run());
        assert!(bytes.windows(2).any(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn a_reset_does_not_bring_the_same_bytes_again() {
        let mut wires = Wires::new(Flash::erased(), Ticks(0));
        let mut first = |mut rng: Rng| {
            rng.write(0x000, 1, &mut wires).unwrap();
            wires.now = rng.next_event();
            rng.advance(&mut wires);
            rng
        };
        let before = first(Rng::new());
        let after = first(before.after_reset());
        assert_ne!(before.state, after.state);
        assert_eq!(after.shorts, 0);
        assert_ne!(before.value, after.value);
    }

    #[test]
    fn the_shortcut_stops_it() {
        let mut wires = Wires::new(Flash::erased(), Ticks(0));
        let mut rng = Rng::new();
        rng.write(0x200, 1, &mut wires).unwrap();
        rng.write(0x000, 1, &mut wires).unwrap();
        wires.now = rng.next_event();
        rng.advance(&mut wires);
        assert_eq!(rng.read(0x100, &mut wires), Ok(1));
        assert_eq!(rng.next_event(), Ticks::NEVER);
    }
}
