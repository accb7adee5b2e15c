//! A 12-bit DAC, MCP4725 (Microchip DS22039D), whose amplified output feeds the lock. Only its
//! volatile register is written: its EEPROM, which decides what it gives at power-up, is left alone.

use super::{I2c, I2cError, Limits, Measured, Millivolts, Supply, SupplyError, within};

/// Largest code.
const FULL: u32 = 0xFFF;

/// How a bench's DAC is wired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DacSettings {
    /// Number of the I2C bus.
    pub(crate) bus: u8,
    /// 0x60 to 0x67.
    pub(crate) address: u8,
    /// What the amplifier delivers at the largest code.
    pub(crate) full_scale: Millivolts,
}

/// A DAC.
pub(crate) struct Dac {
    bus: Box<dyn I2c>,
    settings: DacSettings,
    limits: Limits,
    asked: Millivolts,
    on: bool,
}

impl Dac {
    /// Finds the chip and sets it to zero.
    pub(crate) fn open(
        bus: Box<dyn I2c>,
        settings: DacSettings,
        limits: Limits,
    ) -> Result<Dac, SupplyError> {
        let mut dac = Dac {
            bus,
            settings,
            limits,
            asked: 0,
            on: false,
        };
        dac.write(0)?;
        Ok(dac)
    }

    /// Writes the register and reads it back.
    fn write(&mut self, millivolts: Millivolts) -> Result<(), SupplyError> {
        let scale = u64::from(self.settings.full_scale.max(1));
        let code = (u64::from(millivolts) * u64::from(FULL) + scale / 2) / scale;
        let code = u16::try_from(code).map_or(FULL as u16, |code| code.min(FULL as u16));
        let address = self.settings.address;
        // Fast mode write, power-down bits zero.
        let [high, low] = code.to_be_bytes();
        self.bus
            .write(address, &[high, low])
            .map_err(|error| error.named("MCP4725"))?;
        let mut status = [0; 3];
        self.bus
            .read(address, &[], &mut status)
            .map_err(|error| error.named("MCP4725"))?;
        let read = u16::from_be_bytes([status[1], status[2]]) >> 4;
        let power_down = status[0] >> 1 & 3;
        if read != code || power_down != 0 {
            return Err(I2cError::ReadBack {
                chip: "MCP4725",
                address,
                wrote: code,
                read: read | u16::from(power_down) << 12,
            }
            .into());
        }
        Ok(())
    }
}

impl Supply for Dac {
    fn name(&self) -> String {
        format!("MCP4725 at {:#04x}", self.settings.address)
    }

    fn adjustable(&self) -> bool {
        true
    }

    fn set(&mut self, millivolts: Millivolts) -> Result<(), SupplyError> {
        within(millivolts, &self.limits)?;
        if millivolts > self.settings.full_scale {
            return Err(SupplyError::Limit {
                asked: millivolts,
                limit: self.settings.full_scale,
            });
        }
        self.asked = millivolts;
        if self.on {
            self.write(millivolts)?;
        }
        Ok(())
    }

    fn switch(&mut self, on: bool) -> Result<(), SupplyError> {
        self.write(if on { self.asked } else { 0 })?;
        self.on = on;
        Ok(())
    }

    fn measure(&mut self) -> Result<Option<Measured>, SupplyError> {
        // It knows its code, not what the amplifier makes of it.
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::super::i2c::fake::FakeBus;
    use super::*;

    const LIMITS: Limits = Limits {
        millivolts: 7_000,
        milliamperes: 2_000,
        tolerance_millivolts: 100,
    };

    const SETTINGS: DacSettings = DacSettings {
        bus: 1,
        address: 0x60,
        full_scale: 8_190,
    };

    #[test]
    fn volts_become_codes_only_while_it_is_on() {
        let bus = FakeBus::default();
        bus.0.lock().unwrap().dac = 0xFFF;
        let mut dac = Dac::open(Box::new(bus.clone()), SETTINGS, LIMITS).unwrap();
        assert_eq!(bus.0.lock().unwrap().dac, 0);
        dac.set(6_000).unwrap();
        assert_eq!(bus.0.lock().unwrap().dac, 0);
        dac.switch(true).unwrap();
        assert_eq!(bus.0.lock().unwrap().dac, 3_000);
        dac.set(4_500).unwrap();
        assert_eq!(bus.0.lock().unwrap().dac, 2_250);
        dac.switch(false).unwrap();
        assert_eq!(bus.0.lock().unwrap().dac, 0);
    }

    #[test]
    fn a_chip_that_is_absent_stuck_or_asked_too_much_is_an_error() {
        let bus = FakeBus::default();
        let mut dac = Dac::open(Box::new(bus.clone()), SETTINGS, LIMITS).unwrap();
        let mut said = vec![dac.set(7_001).unwrap_err().to_string()];
        dac.set(4_000).unwrap();
        bus.0.lock().unwrap().stuck = 1;
        said.push(dac.switch(true).unwrap_err().to_string());
        bus.0.lock().unwrap().absent = vec![0x60];
        said.push(dac.switch(false).unwrap_err().to_string());
        insta::assert_snapshot!(said.join("\n"), @r"
        set 7001 mV: the bench file allows at most 7000 mV
        set the MCP4725 at I2C address 0x60: wrote 0x07d0, read back 0x07d1
        talk to the MCP4725 at I2C address 0x60: Remote I/O error; `i2cdetect -y BUS` shows what answers
        ");
    }
}
