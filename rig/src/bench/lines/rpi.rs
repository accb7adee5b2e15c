//! The GPIO header of a Raspberry Pi, through rppal's continuation: outputs and levels by register,
//! edges and their times by the kernel's GPIO events. This is the only file that knows rppal.

use std::collections::BTreeMap;
use std::time::Duration;

use rppal::gpio::{self, Gpio as Header, InputPin, IoPin, Mode, Trigger};
use rppal::system::DeviceInfo;

use super::{Bias, Drive, Edge, Gpio, Level, LineError, Lines, Watch};
use crate::trace::Nanos;

/// A Raspberry Pi's header.
pub(crate) struct RaspberryPi {
    header: Header,
    model: String,
    outputs: BTreeMap<Gpio, IoPin>,
}

impl RaspberryPi {
    /// Opens the header of the machine this runs on. Nothing is driven yet.
    pub(crate) fn open() -> Result<RaspberryPi, LineError> {
        let info = DeviceInfo::new().map_err(|_| LineError::NoHeader)?;
        Ok(RaspberryPi {
            header: Header::new().map_err(open_error)?,
            model: info.model().to_string(),
            outputs: BTreeMap::new(),
        })
    }
}

impl Lines for RaspberryPi {
    fn name(&self) -> String {
        self.model.clone()
    }

    fn set(&mut self, line: Gpio, drive: Drive) -> Result<(), LineError> {
        let pin = match self.outputs.entry(line) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                let pin = self
                    .header
                    .get(line.0)
                    .map_err(|error| take(line, &error))?;
                // As it is now: a pin that already drives must not let go in between.
                let mode = pin.mode();
                let mut pin = pin.into_io(mode);
                // Dropping a pin would restore the mode it was found in, driven or not.
                pin.set_reset_on_drop(false);
                entry.insert(pin)
            }
        };
        // The latch comes before the direction, so that a line starts at its level.
        match drive {
            Drive::High => {
                pin.set_high();
                pin.set_mode(Mode::Output);
            }
            Drive::Low => {
                pin.set_low();
                pin.set_mode(Mode::Output);
            }
            Drive::Float => {
                pin.set_mode(Mode::Input);
                pin.set_bias(gpio::Bias::Off);
            }
        }
        Ok(())
    }

    fn read(&mut self, line: Gpio) -> Result<Level, LineError> {
        if let Some(pin) = self.outputs.get(&line) {
            return Ok(pin.read().into());
        }
        let pin = self
            .header
            .get(line.0)
            .map_err(|error| take(line, &error))?;
        Ok(pin.read().into())
    }

    fn watch(&mut self, lines: &[(Gpio, Bias)]) -> Result<Box<dyn Watch>, LineError> {
        let mut pins = Vec::with_capacity(lines.len());
        for &(line, bias) in lines {
            let pin = self
                .header
                .get(line.0)
                .map_err(|error| take(line, &error))?;
            let mut pin = match bias {
                Bias::Off => pin.into_input(),
                Bias::Down => pin.into_input_pulldown(),
                Bias::Up => pin.into_input_pullup(),
            };
            pin.set_interrupt(Trigger::Both, None)
                .map_err(|error| LineError::Watch {
                    line,
                    reason: error.to_string(),
                })?;
            pins.push(pin);
        }
        Ok(Box::new(Watched {
            header: self.header.clone(),
            pins,
        }))
    }
}

/// Lines whose edges the kernel reports. rppal keeps one event per line between polls and
/// overwrites it when a poll leaves that line out, so all lines are always polled together.
struct Watched {
    header: Header,
    pins: Vec<InputPin>,
}

impl Watch for Watched {
    fn next(&mut self, wait: Duration) -> Result<Option<Edge>, LineError> {
        let pins: Vec<&InputPin> = self.pins.iter().collect();
        match self.header.poll_interrupts(&pins, false, Some(wait)) {
            Ok(None) => Ok(None),
            Ok(Some((pin, event))) => Ok(Some(Edge {
                line: Gpio(pin.pin()),
                level: match event.trigger {
                    Trigger::RisingEdge => Level::High,
                    _ => Level::Low,
                },
                at: Nanos::from(event.timestamp),
                sequence: event.seqno,
            })),
            // A signal handler ran.
            Err(gpio::Error::Io(error)) if error.kind() == std::io::ErrorKind::Interrupted => {
                Ok(None)
            }
            Err(error) => Err(LineError::Read {
                reason: error.to_string(),
            }),
        }
    }

    fn level(&mut self, line: Gpio) -> Result<Level, LineError> {
        self.pins
            .iter()
            .find(|pin| pin.pin() == line.0)
            .map(|pin| pin.read().into())
            .ok_or(LineError::NotSetUp { line })
    }
}

impl From<gpio::Level> for Level {
    fn from(level: gpio::Level) -> Level {
        Level::from(level == gpio::Level::High)
    }
}

fn open_error(error: gpio::Error) -> LineError {
    match error {
        gpio::Error::UnknownModel => LineError::NoHeader,
        gpio::Error::PermissionDenied(path) => LineError::Permission { path },
        other => LineError::Open {
            reason: other.to_string(),
        },
    }
}

fn take(line: Gpio, error: &gpio::Error) -> LineError {
    LineError::Take {
        line,
        reason: match error {
            gpio::Error::PinUsed(_) => "it is in use in this program already".to_owned(),
            gpio::Error::PinNotAvailable(_) => "this model doesn't have it".to_owned(),
            other => other.to_string(),
        },
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_a_header_is_refused() {
        // No x86 machine is a Raspberry Pi.
        let refused = RaspberryPi::open().err().map(|error| error.to_string());
        assert_eq!(
            refused.as_deref(),
            Some("find the GPIO of a Raspberry Pi: this machine isn't one, or isn't known")
        );
    }
}
