//! TEMP: the die temperature, 25 degrees, 36 us after it is asked for. The calibration registers that
//! erratum 66's workaround copies from FICR are stored.

use super::wires::{Events, Gap, Peripheral, Wires, fits};
use crate::time::Ticks;

pub(crate) const ID: u8 = 0x0C;
const DATARDY: u8 = 0;
const MEASUREMENT: Ticks = Ticks::from_micros(36);
/// 25 degrees, in quarters.
const QUARTERS: u32 = 100;

/// Reset values of A0..A5, B0..B5 and T0..T4.
const A: [u32; 6] = [0x326, 0x348, 0x3AA, 0x40E, 0x4BD, 0x5A3];
const B: [u32; 6] = [0x3FEF, 0x3FBE, 0x3FBE, 0x12, 0x124, 0x27C];
const T: [u32; 5] = [0xE2, 0x00, 0x19, 0x3C, 0x50];

/// The TEMP peripheral.
#[derive(Clone, Debug)]
pub(crate) struct Temp {
    events: Events,
    a: [u32; 6],
    b: [u32; 6],
    t: [u32; 5],
    value: u32,
    next: Ticks,
}

impl Temp {
    pub(crate) fn new() -> Temp {
        Temp {
            events: Events::new(ID, 1),
            a: A,
            b: B,
            t: T,
            value: 0,
            next: Ticks::NEVER,
        }
    }

    /// A calibration register and the bits it has.
    fn calibration(&mut self, offset: u32) -> Option<(&mut u32, u32)> {
        let word = offset as usize / 4;
        match offset {
            0x520..0x538 => Some((&mut self.a[word - 0x148], 0xFFF)),
            0x540..0x558 => Some((&mut self.b[word - 0x150], 0x3FFF)),
            0x560..0x574 => Some((&mut self.t[word - 0x158], 0xFF)),
            _ => None,
        }
    }
}

impl Peripheral for Temp {
    fn read(&mut self, offset: u32, _wires: &mut Wires) -> Result<u32, Gap> {
        match (offset, self.calibration(offset)) {
            (_, Some((register, _))) => Ok(*register),
            (0x508, _) => Ok(self.value),
            _ => self.events.read(offset),
        }
    }

    fn write(&mut self, offset: u32, value: u32, wires: &mut Wires) -> Result<(), Gap> {
        if let Some((register, mask)) = self.calibration(offset) {
            // FICR's words are copied whole; the bits above the field are not stored.
            *register = value & mask;
            return Ok(());
        }
        match offset {
            0x000 | 0x004 => self.task(offset, wires).and(fits(value, 1)).map(drop),
            _ => self.events.write(offset, value),
        }
    }

    fn task(&mut self, offset: u32, wires: &mut Wires) -> Result<(), Gap> {
        match offset {
            0x000 => self.next = wires.now + MEASUREMENT,
            0x004 => self.next = Ticks::NEVER,
            _ => return Err(Gap),
        }
        Ok(())
    }

    fn next_event(&self) -> Ticks {
        self.next
    }

    fn advance(&mut self, wires: &mut Wires) {
        if self.next <= wires.now {
            self.next = Ticks::NEVER;
            self.value = QUARTERS;
            self.events.raise(DATARDY, wires);
        }
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
    fn a_measurement_takes_its_time() {
        let mut wires = Wires::new(Flash::erased(), Ticks(0));
        let mut temp = Temp::new();
        temp.write(0x000, 1, &mut wires).unwrap();
        assert_eq!(temp.read(0x508, &mut wires), Ok(0));
        wires.now = temp.next_event();
        temp.advance(&mut wires);
        assert_eq!(wires.now, Ticks::from_micros(36));
        assert_eq!(temp.read(0x100, &mut wires), Ok(1));
        assert_eq!(temp.read(0x508, &mut wires), Ok(100));
    }

    #[test]
    fn calibration_is_stored() {
        let mut wires = Wires::new(Flash::erased(), Ticks(0));
        let mut temp = Temp::new();
        temp.write(0x554, 0xFFFF_F123, &mut wires).unwrap();
        assert_eq!(temp.read(0x554, &mut wires), Ok(0x3123));
        assert_eq!(temp.read(0x538, &mut wires), Err(Gap));
    }
}
