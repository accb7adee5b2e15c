//! An I2C bus: Linux's own, or chips in software beside it.

use rppal::i2c;

/// A bus with chips at 7-bit addresses.
pub(crate) trait I2c: Send {
    /// Writes bytes to a chip.
    fn write(&mut self, address: u8, bytes: &[u8]) -> Result<(), I2cError>;

    /// Writes bytes to a chip, then reads some from it without letting go of the bus. With nothing
    /// to write it only reads.
    fn read(&mut self, address: u8, write: &[u8], bytes: &mut [u8]) -> Result<(), I2cError>;
}

/// A bus or a chip that doesn't answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum I2cError {
    /// No such bus.
    #[error(
        "open I2C bus {bus}: {reason}; switch it on with `sudo raspi-config nonint do_i2c 0` and add yourself to the `i2c` group"
    )]
    Open {
        /// Number of the bus: 1 for pins 3 and 5 of the header.
        bus: u8,
        /// What the system says.
        reason: String,
    },
    /// No chip, or none that answers.
    #[error(
        "talk to the {chip} at I2C address {address:#04x}: {reason}; `i2cdetect -y BUS` shows what answers"
    )]
    Chip {
        /// What should be there.
        chip: &'static str,
        /// Its address.
        address: u8,
        /// What the system says.
        reason: String,
    },
    /// A register that doesn't hold what was written.
    #[error(
        "set the {chip} at I2C address {address:#04x}: wrote {wrote:#06x}, read back {read:#06x}"
    )]
    ReadBack {
        /// Which chip.
        chip: &'static str,
        /// Its address.
        address: u8,
        /// What was written.
        wrote: u16,
        /// What came back.
        read: u16,
    },
    /// More than the chip can measure.
    #[error("measure with the {chip} at I2C address {address:#04x}: its {what} is out of range")]
    Range {
        /// Which chip.
        chip: &'static str,
        /// Its address.
        address: u8,
        /// Which of its readings.
        what: &'static str,
    },
}

/// Opens a bus of this machine.
pub(crate) fn open_bus(bus: u8) -> Result<Box<dyn I2c>, I2cError> {
    let opened = i2c::I2c::with_bus(bus).map_err(|error| I2cError::Open {
        bus,
        reason: error.to_string(),
    })?;
    Ok(Box::new(Linux(opened)))
}

/// The kernel's i2c-dev.
struct Linux(i2c::I2c);

fn chip(address: u8, error: &i2c::Error) -> I2cError {
    I2cError::Chip {
        chip: "chip",
        address,
        reason: error.to_string(),
    }
}

impl I2cError {
    /// The same, saying what should have answered.
    pub(super) fn named(self, name: &'static str) -> I2cError {
        match self {
            I2cError::Chip {
                address, reason, ..
            } => I2cError::Chip {
                chip: name,
                address,
                reason,
            },
            other => other,
        }
    }
}

impl I2c for Linux {
    fn write(&mut self, address: u8, bytes: &[u8]) -> Result<(), I2cError> {
        self.0
            .set_slave_address(address.into())
            .and_then(|()| self.0.write(bytes))
            .map_err(|error| chip(address, &error))
            .and_then(|count| whole(address, count, bytes.len()))
    }

    fn read(&mut self, address: u8, write: &[u8], bytes: &mut [u8]) -> Result<(), I2cError> {
        self.0
            .set_slave_address(address.into())
            .map_err(|error| chip(address, &error))?;
        if write.is_empty() {
            let count = self.0.read(bytes).map_err(|error| chip(address, &error))?;
            return whole(address, count, bytes.len());
        }
        self.0
            .write_read(write, bytes)
            .map_err(|error| chip(address, &error))
    }
}

fn whole(address: u8, count: usize, wanted: usize) -> Result<(), I2cError> {
    if count == wanted {
        return Ok(());
    }
    Err(I2cError::Chip {
        chip: "chip",
        address,
        reason: format!("{count} of {wanted} bytes went through"),
    })
}

/// Chips in software: an MCP4725 and an INA219, by their data sheets (Microchip DS22039D sections
/// 5 and 6, Texas Instruments SBOS448G section 8.6), as far as this program uses them.
#[cfg(test)]
pub(crate) mod fake {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What the chips hold.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct Chips {
        /// The DAC's register, 12 bits.
        pub(crate) dac: u16,
        /// The DAC's power-down bits.
        pub(crate) power_down: u8,
        /// Bits of the DAC that stick at one.
        pub(crate) stuck: u16,
        /// The largest code that the DAC takes.
        pub(crate) most: Option<u16>,
        /// The monitor's configuration register.
        pub(crate) config: u16,
        /// What the monitor's bus input is at, in millivolts.
        pub(crate) bus_millivolts: u16,
        /// What is across the monitor's shunt, in units of 10 uV.
        pub(crate) shunt: i16,
        /// Whether the bus input follows the DAC, at 2 mV a step.
        pub(crate) follow: bool,
        /// Chips that don't answer.
        pub(crate) absent: Vec<u8>,
    }

    /// A bus with an MCP4725 at 0x60 and an INA219 at 0x40.
    #[derive(Clone, Default)]
    pub(crate) struct FakeBus(pub(crate) Arc<Mutex<Chips>>);

    impl FakeBus {
        fn chip(&self, address: u8) -> Result<std::sync::MutexGuard<'_, Chips>, I2cError> {
            let chips = self.0.lock().unwrap();
            if chips.absent.contains(&address) || !matches!(address, 0x40 | 0x60) {
                return Err(I2cError::Chip {
                    chip: "chip",
                    address,
                    reason: "Remote I/O error".to_owned(),
                });
            }
            Ok(chips)
        }
    }

    impl I2c for FakeBus {
        fn write(&mut self, address: u8, bytes: &[u8]) -> Result<(), I2cError> {
            let mut chips = self.chip(address)?;
            match (address, bytes) {
                (0x60, [high, low]) if high >> 6 == 0 => {
                    chips.power_down = high >> 4 & 3;
                    let code = u16::from(high & 0xF) << 8 | u16::from(*low);
                    let most = chips.most.unwrap_or(0xFFF);
                    chips.dac = code.min(most) | chips.stuck;
                }
                (0x40, [0, high, low]) => {
                    chips.config = u16::from_be_bytes([*high, *low]);
                    if chips.config & 0x8000 != 0 {
                        chips.config = 0x399F;
                    }
                }
                other => panic!("not in the data sheets: {other:?}"),
            }
            Ok(())
        }

        fn read(&mut self, address: u8, write: &[u8], bytes: &mut [u8]) -> Result<(), I2cError> {
            let chips = self.chip(address)?;
            let value = match (address, write) {
                (0x60, []) => {
                    let status = 0xC0 | chips.power_down << 1;
                    let dac = chips.dac << 4;
                    let all = [status, (dac >> 8) as u8, dac as u8, 0, 0];
                    bytes.copy_from_slice(&all[..bytes.len()]);
                    return Ok(());
                }
                (0x40, [0]) => chips.config,
                (0x40, [1]) => chips.shunt as u16,
                (0x40, [2]) if chips.follow => (chips.dac * 2 / 4) << 3 | 2,
                (0x40, [2]) => (chips.bus_millivolts / 4) << 3 | 2,
                other => panic!("not in the data sheets: {other:?}"),
            };
            bytes.copy_from_slice(&value.to_be_bytes());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bus_that_is_not_there_is_told_with_advice() {
        let said = open_bus(250).err().map(|error| error.to_string());
        insta::assert_snapshot!(said.unwrap_or_default(), @"open I2C bus 250: I/O error: No such file or directory (os error 2); switch it on with `sudo raspi-config nonint do_i2c 0` and add yourself to the `i2c` group");
    }
}
