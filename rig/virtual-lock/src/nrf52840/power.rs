//! POWER: reset reasons, the power-fail comparator, retained registers and RAM power. It shares
//! its base address and interrupt with CLOCK. System OFF is not modelled.

use super::wires::{Events, Gap, Peripheral, Wires, fits};

pub(crate) const ID: u8 = 0;
const POFWARN: u8 = 2;

/// Bits of `RESETREAS`.
pub(crate) mod reason {
    /// The reset pin, or CTRL-AP.
    pub(crate) const PIN: u32 = 1;
    /// The watchdog.
    pub(crate) const DOG: u32 = 1 << 1;
    /// `AIRCR.SYSRESETREQ`.
    pub(crate) const SOFT: u32 = 1 << 2;
    /// The core locked up.
    pub(crate) const LOCKUP: u32 = 1 << 3;
}

/// What a soft reset and a lockup leave as it is; the reasons outlive every reset but the loss of
/// power.
#[derive(Clone, Debug, Default)]
pub(crate) struct Retained {
    pub(crate) reset_reasons: u32,
    /// GPREGRET and GPREGRET2.
    pub(crate) general: [u32; 2],
}

/// The POWER peripheral.
#[derive(Clone, Debug)]
pub(crate) struct Power {
    events: Events,
    pub(crate) retained: Retained,
    power_fail: u32,
    below_threshold: bool,
    dcdc: [u32; 2],
    ram: [u32; 9],
}

impl Power {
    pub(crate) fn new(retained: Retained) -> Power {
        Power {
            events: Events::new(ID, 1 << POFWARN),
            retained,
            power_fail: 0,
            below_threshold: false,
            dcdc: [0; 2],
            ram: [0xFFFF; 9],
        }
    }

    /// Compares VDD with the threshold in `POFCON`, after either has changed.
    pub(crate) fn compare_supply(&mut self, wires: &mut Wires) {
        let steps = f64::from(self.power_fail >> 1 & 0xF) - 4.0;
        let below = self.power_fail & 1 == 1 && wires.vdd < 1.7 + 0.1 * steps.max(0.0);
        if below && !self.below_threshold {
            self.events.raise(POFWARN, wires);
        }
        self.below_threshold = below;
        wires.power_fails = below;
    }

    /// `POWER` may only keep sections on; whether they are retained in System OFF is stored.
    fn set_ram(&mut self, bank: usize, value: u32) -> Result<(), Gap> {
        if value & 0xFFFF != 0xFFFF {
            return Err(Gap);
        }
        self.ram[bank] = value;
        Ok(())
    }
}

impl Peripheral for Power {
    fn read(&mut self, offset: u32, _wires: &mut Wires) -> Result<u32, Gap> {
        Ok(match offset {
            0x400 => self.retained.reset_reasons,
            // All four RAM blocks are on; no USB supply; VDD is the supply (normal voltage mode).
            0x428 => 0xF,
            0x438 | 0x640 => 0,
            0x510 => self.power_fail,
            0x51C => self.retained.general[0],
            0x520 => self.retained.general[1],
            0x578 => self.dcdc[0],
            0x580 => self.dcdc[1],
            0x900..0x990 if offset & 0xF != 0xC => self.ram[(offset as usize - 0x900) / 0x10],
            _ => return self.events.read(offset),
        })
    }

    fn write(&mut self, offset: u32, value: u32, wires: &mut Wires) -> Result<(), Gap> {
        match offset {
            0x078 | 0x07C if value == 1 => return self.task(offset, wires),
            0x400 => self.retained.reset_reasons &= !value,
            0x510 => {
                self.power_fail = fits(value, 0xF1F)?;
                self.compare_supply(wires);
            }
            0x51C => self.retained.general[0] = fits(value, 0xFF)?,
            0x520 => self.retained.general[1] = fits(value, 0xFF)?,
            // The regulators' efficiency does not show.
            0x578 => self.dcdc[0] = fits(value, 1)?,
            0x580 => self.dcdc[1] = fits(value, 1)?,
            0x900..0x990 => {
                let bank = (offset as usize - 0x900) / 0x10;
                return match offset & 0xF {
                    0x0 => self.set_ram(bank, value),
                    0x4 => self.set_ram(bank, self.ram[bank] | value),
                    0x8 => self.set_ram(bank, self.ram[bank] & !value),
                    _ => Err(Gap),
                };
            }
            _ => return self.events.write(offset, value),
        }
        Ok(())
    }

    fn task(&mut self, offset: u32, _wires: &mut Wires) -> Result<(), Gap> {
        match offset {
            // Constant latency and low power: wake-up takes no time in either.
            0x078 | 0x07C => Ok(()),
            _ => Err(Gap),
        }
    }

    fn interrupt(&self) -> bool {
        self.events.interrupt()
    }
}

/// CLOCK and POWER as they share one base address.
#[derive(Clone, Debug)]
pub(crate) struct ClockPower {
    pub(crate) clock: super::clock::Clock,
    pub(crate) power: Power,
}

impl ClockPower {
    pub(crate) fn new(retained: Retained) -> ClockPower {
        ClockPower {
            clock: super::clock::Clock::new(),
            power: Power::new(retained),
        }
    }
}

impl Peripheral for ClockPower {
    fn read(&mut self, offset: u32, wires: &mut Wires) -> Result<u32, Gap> {
        if matches!(offset, 0x304 | 0x308) {
            return Ok(self.clock.read(offset, wires)? | self.power.read(offset, wires)?);
        }
        self.clock
            .read(offset, wires)
            .or_else(|_| self.power.read(offset, wires))
    }

    fn write(&mut self, offset: u32, value: u32, wires: &mut Wires) -> Result<(), Gap> {
        match offset {
            0x304 => {
                let of_power = value & 1 << POFWARN;
                self.clock.write(offset, value & !of_power, wires)?;
                self.power.write(offset, of_power, wires)
            }
            0x308 => {
                self.clock.write(offset, value, wires)?;
                self.power.write(offset, value, wires)
            }
            _ => {
                let of_clock = self.clock.write(offset, value, wires);
                of_clock.or_else(|_| self.power.write(offset, value, wires))
            }
        }
    }

    fn task(&mut self, offset: u32, wires: &mut Wires) -> Result<(), Gap> {
        self.clock
            .task(offset, wires)
            .or_else(|_| self.power.task(offset, wires))
    }

    fn next_event(&self) -> crate::time::Ticks {
        self.clock.next_event()
    }

    fn advance(&mut self, wires: &mut Wires) {
        self.clock.advance(wires);
    }

    fn interrupt(&self) -> bool {
        self.clock.interrupt() || self.power.interrupt()
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::Flash;
    use super::*;
    use crate::time::Ticks;

    fn power() -> (ClockPower, Wires) {
        let mut wires = Wires::new(Flash::erased(), Ticks(0));
        wires.vdd = 3.3;
        (ClockPower::new(Retained::default()), wires)
    }

    #[test]
    fn reset_reasons_are_cleared_by_writing_ones() {
        let (mut both, mut wires) = power();
        both.power.retained.reset_reasons = reason::DOG | reason::SOFT;
        both.write(0x400, reason::DOG, &mut wires).unwrap();
        assert_eq!(both.read(0x400, &mut wires), Ok(reason::SOFT));
    }

    #[test]
    fn power_fail_warns_once_a_fall() {
        let (mut both, mut wires) = power();
        both.write(0x304, 1 << 2 | 1, &mut wires).unwrap();
        both.write(0x510, 1 | 15 << 1, &mut wires).unwrap();
        assert!(!both.interrupt());
        wires.vdd = 2.79;
        both.power.compare_supply(&mut wires);
        assert!(both.interrupt());
        both.write(0x108, 0, &mut wires).unwrap();
        both.power.compare_supply(&mut wires);
        assert!(!both.interrupt());
        assert_eq!(both.read(0x304, &mut wires), Ok(5));
    }

    #[test]
    fn system_off_and_switching_ram_off_are_gaps() {
        let (mut both, mut wires) = power();
        assert_eq!(both.write(0x500, 1, &mut wires), Err(Gap));
        assert_eq!(both.write(0x908, 1, &mut wires), Err(Gap));
        assert_eq!(both.write(0x904, 1 << 16, &mut wires), Ok(()));
        assert_eq!(both.read(0x900, &mut wires), Ok(0x1_FFFF));
    }
}
