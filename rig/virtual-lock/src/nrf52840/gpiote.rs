//! GPIOTE: pin edges to events, tasks to pin levels, and the PORT event of the DETECT signals.

use super::gpio::{Changes, Pins};
use super::wires::{Events, Gap, Peripheral, Wires, fits};

pub(crate) const ID: u8 = 6;
const PORT: u8 = 31;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Disabled,
    Event,
    Task,
}

/// The GPIOTE peripheral.
#[derive(Clone, Debug)]
pub(crate) struct Gpiote {
    events: Events,
    config: [u32; 8],
    /// Pins of channels in event mode.
    watched: Pins,
}

fn mode(config: u32) -> Mode {
    match config & 3 {
        1 => Mode::Event,
        3 => Mode::Task,
        _ => Mode::Disabled,
    }
}

/// `PSEL` and `PORT` as one number, port 1 from 32.
fn pin(config: u32) -> u8 {
    (config >> 8 & 0x3F) as u8
}

impl Gpiote {
    pub(crate) fn new() -> Gpiote {
        Gpiote {
            events: Events::new(ID, 0xFF | 1 << PORT),
            config: [0; 8],
            watched: 0,
        }
    }

    /// Pins whose edges are events.
    pub(crate) fn watched(&self) -> Pins {
        self.watched
    }

    /// Turns what the pins did into events, as the channels ask.
    pub(crate) fn pins_changed(&mut self, changes: Changes, wires: &mut Wires) {
        let changed = (changes.rose | changes.fell) & self.watched;
        for channel in (0..8).filter(|_| changed != 0) {
            let config = self.config[usize::from(channel)];
            if mode(config) != Mode::Event {
                continue;
            }
            let bit = 1 << pin(config);
            let polarity = config >> 16 & 3;
            let rose = polarity & 1 == 1 && changes.rose & bit != 0;
            let fell = polarity & 2 == 2 && changes.fell & bit != 0;
            if rose || fell {
                self.events.raise(channel, wires);
            }
        }
        if changes.detect {
            self.events.raise(PORT, wires);
        }
    }

    fn configure(&mut self, channel: usize, value: u32, wires: &mut Wires) -> Result<(), Gap> {
        let value = fits(value, 0x13_3F03)?;
        let before = std::mem::replace(&mut self.config[channel], value);
        let events = self
            .config
            .iter()
            .filter(|config| mode(**config) == Mode::Event);
        self.watched = events.fold(0, |pins, config| pins | 1 << pin(*config));
        wires.gpio.make_inputs(self.watched, wires.now);
        if mode(before) == Mode::Task && (mode(value) != Mode::Task || pin(before) != pin(value)) {
            wires.gpio.hand_back(pin(before), wires.now);
        }
        // OUTINIT counts when the channel becomes a task channel.
        if mode(value) == Mode::Task && (mode(before) != Mode::Task || pin(before) != pin(value)) {
            wires
                .gpio
                .take_over(pin(value), value >> 20 & 1 == 1, true, wires.now);
        }
        Ok(())
    }
}

impl Peripheral for Gpiote {
    fn read(&mut self, offset: u32, _wires: &mut Wires) -> Result<u32, Gap> {
        match offset {
            0x510..0x530 => Ok(self.config[(offset as usize - 0x510) / 4]),
            _ => self.events.read(offset),
        }
    }

    fn write(&mut self, offset: u32, value: u32, wires: &mut Wires) -> Result<(), Gap> {
        match offset {
            0x000..0x080 if value == 1 => self.task(offset, wires),
            0x510..0x530 => self.configure((offset as usize - 0x510) / 4, value, wires),
            _ => self.events.write(offset, value),
        }
    }

    fn task(&mut self, offset: u32, wires: &mut Wires) -> Result<(), Gap> {
        let (channel, action) = match offset {
            0x000..0x020 => (offset / 4, None),
            0x030..0x050 => ((offset - 0x30) / 4, Some(true)),
            0x060..0x080 => ((offset - 0x60) / 4, Some(false)),
            _ => return Err(Gap),
        };
        let config = self.config[channel as usize];
        if mode(config) != Mode::Task {
            return Ok(());
        }
        let level = match (action, config >> 16 & 3) {
            (Some(level), _) => level,
            (None, 1) => true,
            (None, 2) => false,
            (None, 3) => !wires.gpio.driven(pin(config)),
            (None, _) => return Ok(()),
        };
        wires.gpio.drive(pin(config), level, wires.now);
        Ok(())
    }

    fn interrupt(&self) -> bool {
        self.events.interrupt()
    }
}

#[cfg(test)]
mod tests {
    use super::super::gpio::Drive;
    use super::super::memory::Flash;
    use super::*;
    use crate::time::Ticks;

    fn gpiote() -> (Gpiote, Wires) {
        (Gpiote::new(), Wires::new(Flash::erased(), Ticks(0)))
    }

    fn edge(gpiote: &mut Gpiote, wires: &mut Wires, pin: u8, drive: Drive) {
        wires.gpio.set_outside(pin, drive, wires.now);
        let changes = wires.gpio.take_changes();
        gpiote.pins_changed(changes, wires);
    }

    #[test]
    fn polarity_chooses_the_edge() {
        let (mut gpiote, mut wires) = gpiote();
        gpiote
            .write(0x510, 1 | 33 << 8 | 1 << 16, &mut wires)
            .unwrap();
        gpiote
            .write(0x514, 1 | 33 << 8 | 2 << 16, &mut wires)
            .unwrap();
        edge(&mut gpiote, &mut wires, 33, Drive::High);
        assert_eq!(gpiote.read(0x100, &mut wires), Ok(1));
        assert_eq!(gpiote.read(0x104, &mut wires), Ok(0));
        edge(&mut gpiote, &mut wires, 33, Drive::Floating);
        assert_eq!(gpiote.read(0x104, &mut wires), Ok(1));
    }

    #[test]
    fn a_task_channel_owns_its_pin() {
        let (mut gpiote, mut wires) = gpiote();
        gpiote
            .write(0x518, 3 | 5 << 8 | 3 << 16 | 1 << 20, &mut wires)
            .unwrap();
        assert!(wires.gpio.level(5));
        gpiote.write(0x008, 1, &mut wires).unwrap();
        assert!(!wires.gpio.level(5));
        gpiote.task(0x038, &mut wires).unwrap();
        assert!(wires.gpio.level(5));
        gpiote.task(0x068, &mut wires).unwrap();
        assert!(!wires.gpio.level(5));
        gpiote.task(0x038, &mut wires).unwrap();
        gpiote.write(0x518, 0, &mut wires).unwrap();
        assert!(!wires.gpio.level(5));
    }

    #[test]
    fn a_toggle_turns_the_output_round_whatever_the_line_does() {
        let (mut gpiote, mut wires) = gpiote();
        // Open drain without a pull: the line of a high output floats, and reads 0.
        wires.gpio.write(0x714, 1 | 6 << 8, wires.now).unwrap();
        gpiote
            .write(0x510, 3 | 5 << 8 | 3 << 16, &mut wires)
            .unwrap();
        wires.gpio.drain_log().count();
        for _ in 0..4 {
            gpiote.write(0x000, 1, &mut wires).unwrap();
        }
        let drives: Vec<Drive> = wires.gpio.drain_log().map(|change| change.drive).collect();
        let (low, floats) = (Drive::Low, Drive::Floating);
        assert_eq!(drives, [floats, low, floats, low]);
    }

    #[test]
    fn an_event_channel_makes_its_pin_an_input() {
        let (mut gpiote, mut wires) = gpiote();
        wires.gpio.write(0x508, 1 << 5, wires.now).unwrap();
        wires.gpio.write(0x518, 1 << 5, wires.now).unwrap();
        wires.gpio.drain_log().count();
        gpiote
            .write(0x510, 1 | 5 << 8 | 3 << 16, &mut wires)
            .unwrap();
        gpiote.write(0x510, 0, &mut wires).unwrap();
        let drives: Vec<Drive> = wires.gpio.drain_log().map(|change| change.drive).collect();
        assert_eq!(drives, [Drive::Floating, Drive::High]);
    }

    #[test]
    fn detect_becomes_port() {
        let (mut gpiote, mut wires) = gpiote();
        gpiote.write(0x304, 1 << 31, &mut wires).unwrap();
        gpiote.pins_changed(
            Changes {
                detect: true,
                ..Changes::default()
            },
            &mut wires,
        );
        assert!(gpiote.interrupt());
        assert_eq!(gpiote.read(0x17C, &mut wires), Ok(1));
    }
}
