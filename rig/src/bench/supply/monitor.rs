//! A current and voltage monitor between supply and lock: INA219 (Texas Instruments SBOS448G).

use super::{I2c, I2cError, Measured};

const CONFIG: u8 = 0;
const SHUNT: u8 = 1;
const BUS: u8 = 2;

/// Configuration register: bus range 16 V, shunt range 320 mV (gain /8), 12 bits in 532 us for
/// both, continuous.
const SETTING: u16 = 3 << 11 | 0b0011 << 7 | 0b0011 << 3 | 0b111;

/// A monitor.
pub(crate) struct Monitor {
    bus: Box<dyn I2c>,
    address: u8,
    shunt_milliohms: u32,
}

impl Monitor {
    /// Finds the chip and starts it. `shunt_milliohms` is 100 on most boards.
    pub(crate) fn open(
        bus: Box<dyn I2c>,
        address: u8,
        shunt_milliohms: u32,
    ) -> Result<Monitor, I2cError> {
        let mut monitor = Monitor {
            bus,
            address,
            shunt_milliohms: shunt_milliohms.max(1),
        };
        let [high, low] = SETTING.to_be_bytes();
        monitor
            .bus
            .write(address, &[CONFIG, high, low])
            .map_err(|error| error.named("INA219"))?;
        let read = monitor.register(CONFIG)?;
        if read != SETTING {
            return Err(I2cError::ReadBack {
                chip: "INA219",
                address,
                wrote: SETTING,
                read,
            });
        }
        Ok(monitor)
    }

    /// What it is, for people.
    pub(crate) fn name(&self) -> String {
        format!("INA219 at {:#04x}", self.address)
    }

    /// The latest conversion.
    pub(crate) fn measure(&mut self) -> Result<Measured, I2cError> {
        // Two's complement, 10 uV a step.
        let shunt = i32::from(self.register(SHUNT)?.cast_signed());
        let bus = self.register(BUS)?;
        if shunt.abs() >= 32_000 || bus & 1 != 0 {
            return Err(I2cError::Range {
                chip: "INA219",
                address: self.address,
                what: "current",
            });
        }
        // 10 uV over 1 mOhm is 10 mA. Within 320 mV and one milliohm: 320 A, no overflow.
        let milliamperes = shunt * 10 / i32::try_from(self.shunt_milliohms).unwrap_or(i32::MAX);
        Ok(Measured {
            // 4 mV a step, three bits up.
            millivolts: i32::from(bus >> 3) * 4,
            milliamperes: Some(milliamperes),
        })
    }

    fn register(&mut self, register: u8) -> Result<u16, I2cError> {
        let mut value = [0; 2];
        self.bus
            .read(self.address, &[register], &mut value)
            .map_err(|error| error.named("INA219"))?;
        Ok(u16::from_be_bytes(value))
    }
}

#[cfg(test)]
mod tests {
    use super::super::i2c::fake::FakeBus;
    use super::*;

    #[test]
    fn volts_and_amperes_come_out_of_the_registers() {
        let bus = FakeBus::default();
        let mut monitor = Monitor::open(Box::new(bus.clone()), 0x40, 100).unwrap();
        // 80 mV across 0.1 ohm.
        bus.0.lock().unwrap().shunt = 8_000;
        bus.0.lock().unwrap().bus_millivolts = 5_984;
        let motor = monitor.measure().unwrap();
        assert_eq!((motor.millivolts, motor.milliamperes), (5_984, Some(800)));
        bus.0.lock().unwrap().shunt = -15;
        assert_eq!(monitor.measure().unwrap().milliamperes, Some(-1));
        bus.0.lock().unwrap().shunt = 32_000;
        insta::assert_snapshot!(monitor.measure().unwrap_err(), @"measure with the INA219 at I2C address 0x40: its current is out of range");
    }

    #[test]
    fn a_chip_that_is_absent_is_named() {
        let bus = FakeBus::default();
        bus.0.lock().unwrap().absent = vec![0x40];
        let said = Monitor::open(Box::new(bus), 0x40, 100)
            .err()
            .map(|e| e.to_string());
        insta::assert_snapshot!(said.unwrap_or_default(), @"talk to the INA219 at I2C address 0x40: Remote I/O error; `i2cdetect -y BUS` shows what answers");
    }
}
