//! GPIO, ports 0 and 1: outputs, inputs with pulls, SENSE and LATCH, and the log of what the pins
//! drive. Peripherals that take a pin over (PWM, UARTE, GPIOTE) override its output here.

use super::memory::Flash;
use super::wires::{Gap, fits};
use crate::time::Ticks;

/// Pins of both ports, one bit each: port 1 is the upper half.
pub(crate) type Pins = u64;

/// Pins that exist: P0.00 to P0.31 and P1.00 to P1.15.
const EXISTING: Pins = 0x0000_FFFF_FFFF_FFFF;

/// What a pin does to the line it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drive {
    /// Nothing: an input, disconnected, or without power.
    Floating,
    /// It pulls the line to ground.
    Low,
    /// It pulls the line to VDD.
    High,
}

/// A pin that changed what it drives. Pins 32 and up are port 1's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinChange {
    /// When.
    pub at: Ticks,
    /// Which pin.
    pub pin: u8,
    /// What it does now.
    pub drive: Drive,
}

/// What a change of levels means to GPIOTE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Pins whose level rose or fell.
    pub(crate) rose: Pins,
    pub(crate) fell: Pins,
    /// A port's DETECT signal rose.
    pub(crate) detect: bool,
}

/// Both ports.
#[derive(Clone, Debug)]
pub(crate) struct Gpio {
    /// Pins that UICR has made something else of: the antenna's, the reset's.
    reserved: Pins,
    out: Pins,
    dir: Pins,
    config: [u32; 48],
    /// `PIN_CNF` as masks: input buffer connected, pulls, senses, and the drive modes that leave
    /// the line alone at 0 or at 1.
    connected: Pins,
    pull_up: Pins,
    pull_down: Pins,
    sense_high: Pins,
    sense_low: Pins,
    open_low: Pins,
    open_high: Pins,
    /// Pins that a peripheral drives, their levels, and those whose direction it overrides too.
    overridden: Pins,
    override_out: Pins,
    override_dir: Pins,
    override_in: Pins,
    /// What the board does to the lines.
    outside_low: Pins,
    outside_high: Pins,
    /// The lines' levels, and what the chip drives.
    level: Pins,
    drives_high: Pins,
    drives_low: Pins,
    latch: Pins,
    latched_detect: [bool; 2],
    detect: [bool; 2],
    changes: Changes,
    log: Vec<PinChange>,
    logged: Pins,
}

/// The pins that are no GPIO after a reset with this UICR: P0.09 and P0.10 are the antenna's until
/// `NFCPINS.PROTECT` is cleared, P0.18 is the reset's where both `PSELRESET` say so.
pub(crate) fn reserved(flash: &Flash) -> Pins {
    let nfc = flash.uicr(0x20C) & 1 == 1;
    // CONNECT is bit 31, 0 for connected; PIN and PORT are the six below.
    let reset = [0x200, 0x204].map(|offset| flash.uicr(offset) & 0x8000_003F);
    (Pins::from(nfc) * 3) << 9 | Pins::from(reset == [18; 2]) << 18
}

const fn port_mask(port: usize) -> Pins {
    0xFFFF_FFFF << (32 * port)
}

impl Gpio {
    pub(crate) fn new() -> Gpio {
        Gpio {
            reserved: 0,
            out: 0,
            dir: 0,
            config: [2; 48],
            connected: 0,
            pull_up: 0,
            pull_down: 0,
            sense_high: 0,
            sense_low: 0,
            open_low: 0,
            open_high: 0,
            overridden: 0,
            override_out: 0,
            override_dir: 0,
            override_in: 0,
            outside_low: 0,
            outside_high: 0,
            level: 0,
            drives_high: 0,
            drives_low: 0,
            latch: 0,
            latched_detect: [false; 2],
            detect: [false; 2],
            changes: Changes::default(),
            log: Vec::new(),
            logged: 0,
        }
    }

    /// Both ports as a reset leaves them, without the `reserved` pins, among what the board goes on
    /// doing. What the pins stop to drive is logged.
    pub(crate) fn reset(&mut self, reserved: Pins, now: Ticks) {
        let log = std::mem::take(&mut self.log);
        let before = std::mem::replace(self, Gpio::new());
        self.reserved = reserved;
        self.log = log;
        self.logged = before.logged;
        self.outside_low = before.outside_low;
        self.outside_high = before.outside_high;
        self.drives_high = before.drives_high;
        self.drives_low = before.drives_low;
        self.settle(now);
        self.changes = Changes::default();
    }

    /// Reads a register of both ports' shared register area (offsets from 0x5000_0000; port 1's
    /// are 0x300 higher).
    pub(crate) fn read(&self, offset: u32) -> Result<u32, Gap> {
        let (port, offset) = split(offset)?;
        let half = |pins: Pins| (pins >> (32 * port)) as u32;
        Ok(match offset {
            0x504 | 0x508 | 0x50C => half(self.out),
            0x510 => half(self.level & self.connected),
            0x514 | 0x518 | 0x51C => half(self.dir),
            0x520 => half(self.latch),
            0x524 => u32::from(self.latched_detect[port]),
            0x700..0x780 => *self.config.get(pin_of(port, offset)).ok_or(Gap)?,
            _ => return Err(Gap),
        })
    }

    /// Writes a register of both ports' shared register area.
    pub(crate) fn write(&mut self, offset: u32, value: u32, now: Ticks) -> Result<(), Gap> {
        let (port, offset) = split(offset)?;
        let bits = Pins::from(value) << (32 * port) & EXISTING;
        let kept = !port_mask(port);
        match offset {
            0x504 => self.out = self.out & kept | bits,
            0x508 => self.out |= bits,
            0x50C => self.out &= !bits,
            0x514 => self.set_directions(self.dir & kept | bits)?,
            0x518 => self.set_directions(self.dir | bits)?,
            0x51C => self.set_directions(self.dir & !bits)?,
            0x520 => self.clear_latch(bits, port),
            0x524 => self.latched_detect[port] = fits(value, 1)? == 1,
            0x700..0x780 => self.configure(pin_of(port, offset), value)?,
            _ => return Err(Gap),
        }
        self.settle(now);
        Ok(())
    }

    fn set_directions(&mut self, dir: Pins) -> Result<(), Gap> {
        if dir & self.reserved != 0 {
            return Err(Gap);
        }
        self.dir = dir;
        for (pin, config) in self.config.iter_mut().enumerate() {
            *config = *config & !1 | (dir >> pin & 1) as u32;
        }
        Ok(())
    }

    fn configure(&mut self, pin: usize, value: u32) -> Result<(), Gap> {
        let stored = self.config.get_mut(pin).ok_or(Gap)?;
        let used = value & 1 == 1 || value >> 1 & 1 == 0;
        if used && self.reserved >> pin & 1 == 1 {
            return Err(Gap);
        }
        *stored = fits(value, 0x3_070F)?;
        let set = |mask: &mut Pins, on: bool| *mask = *mask & !(1 << pin) | Pins::from(on) << pin;
        let drive = value >> 8 & 7;
        set(&mut self.dir, value & 1 == 1);
        set(&mut self.connected, value >> 1 & 1 == 0);
        set(&mut self.pull_down, value >> 2 & 3 == 1);
        set(&mut self.pull_up, value >> 2 & 3 == 3);
        set(&mut self.open_low, matches!(drive, 4 | 5));
        set(&mut self.open_high, matches!(drive, 6 | 7));
        set(&mut self.sense_high, value >> 16 & 3 == 2);
        set(&mut self.sense_low, value >> 16 & 3 == 3);
        Ok(())
    }

    /// Writing 1 clears a bit, unless its pin still meets its sense. Bits that stay set make
    /// LDETECT rise anew.
    fn clear_latch(&mut self, bits: Pins, port: usize) {
        self.latch &= !bits;
        self.latch |= self.met() & bits;
        if self.latched_detect[port] && self.latch & port_mask(port) != 0 {
            self.changes.detect = true;
        }
    }

    /// Pins that meet their `SENSE`.
    fn met(&self) -> Pins {
        (self.level & self.sense_high | !self.level & self.sense_low) & self.connected
    }

    /// Lets a peripheral drive `pin`; with `as_output`, whatever its `DIR` is.
    pub(crate) fn take_over(&mut self, pin: u8, level: bool, as_output: bool, now: Ticks) {
        let bit = 1 << pin;
        if self.overridden & bit != 0 {
            return self.drive(pin, level, now);
        }
        self.overridden |= bit;
        if as_output {
            self.override_dir |= bit;
        }
        self.override_out = self.override_out & !bit | Pins::from(level) << pin;
        self.settle(now);
    }

    /// Sets the level of a pin that was taken over.
    #[inline]
    pub(crate) fn drive(&mut self, pin: u8, level: bool, now: Ticks) {
        let bit = 1 << pin;
        let out = self.override_out & !bit | Pins::from(level) << pin;
        if out != self.override_out {
            self.override_out = out;
            self.settle(now);
        }
    }

    /// The level that a pin which was taken over is given, whatever its line's is.
    pub(crate) fn driven(&self, pin: u8) -> bool {
        self.override_out >> pin & 1 == 1
    }

    /// Makes `pins` inputs, and only them, whatever their `DIR` is.
    pub(crate) fn make_inputs(&mut self, pins: Pins, now: Ticks) {
        if pins != self.override_in {
            self.override_in = pins;
            self.settle(now);
        }
    }

    /// Gives `pin` back to `OUT` and `DIR`.
    pub(crate) fn hand_back(&mut self, pin: u8, now: Ticks) {
        let bit = 1 << pin;
        self.overridden &= !bit;
        self.override_out &= !bit;
        self.override_dir &= !bit;
        self.settle(now);
    }

    /// Pins whose input buffer is connected.
    pub(crate) fn inputs(&self) -> Pins {
        self.connected
    }

    /// The level of a line.
    #[cfg(test)]
    pub(crate) fn level(&self, pin: u8) -> bool {
        self.level >> pin & 1 == 1
    }

    /// What the board does to a line: it is stronger than pulls, and its ground is stronger than
    /// an output.
    pub(crate) fn set_outside(&mut self, pin: u8, drive: Drive, now: Ticks) {
        let bit = 1 << pin;
        self.outside_low &= !bit;
        self.outside_high &= !bit;
        match drive {
            Drive::Low => self.outside_low |= bit,
            Drive::High => self.outside_high |= bit,
            Drive::Floating => {}
        }
        self.settle(now);
    }

    /// What changed since this was last asked.
    pub(crate) fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    /// Whether [`Gpio::take_changes`] has something to tell.
    pub(crate) fn has_changes(&self) -> bool {
        self.changes != Changes::default()
    }

    /// Pins that have changed what they drive and nobody has taken note.
    pub(crate) fn logged(&self) -> Pins {
        self.logged
    }

    /// The pins that changed what they drive, in order, since this was last asked.
    pub(crate) fn drain_log(&mut self) -> impl ExactSizeIterator<Item = PinChange> + '_ {
        self.logged = 0;
        self.log.drain(..)
    }

    /// How many changes nobody has taken note of.
    pub(crate) fn log_length(&self) -> usize {
        self.log.len()
    }

    /// Logs what is logged from `first` on `times` more times, each a `period` later: pins that do the same
    /// over and over, and that nothing inside reacts to.
    pub(crate) fn log_again(&mut self, first: usize, period: Ticks, times: u64) {
        let changes = self.log.len() - first;
        self.log.reserve(changes * times as usize);
        for _ in 0..times {
            for index in self.log.len() - changes..self.log.len() {
                let change = self.log[index];
                let at = change.at + period;
                self.log.push(PinChange { at, ..change });
            }
        }
    }

    /// Works out levels, latches and DETECT after anything has changed.
    fn settle(&mut self, now: Ticks) {
        let out = self.out & !self.overridden | self.override_out & self.overridden;
        let dir = (self.dir | self.override_dir) & !(self.override_in | self.reserved) & EXISTING;
        let high = dir & out & !self.open_high;
        let low = dir & !out & !self.open_low;
        let changed = high ^ self.drives_high | low ^ self.drives_low;
        if changed != 0 {
            self.drives_high = high;
            self.drives_low = low;
            self.log_changes(changed, now);
        }
        // A floating line without pull reads 0.
        let level =
            !self.outside_low & (high | !low & (self.outside_high | self.pull_up)) & EXISTING;
        self.changes.rose |= level & !self.level;
        self.changes.fell |= !level & self.level;
        self.level = level;
        let met = self.met();
        self.latch |= met;
        for port in 0..2 {
            let signal = if self.latched_detect[port] {
                self.latch
            } else {
                met
            };
            let detect = signal & port_mask(port) != 0;
            self.changes.detect |= detect && !self.detect[port];
            self.detect[port] = detect;
        }
    }

    fn log_changes(&mut self, mut changed: Pins, now: Ticks) {
        self.logged |= changed;
        while changed != 0 {
            let pin = changed.trailing_zeros() as u8;
            changed &= changed - 1;
            let drive = match (self.drives_high >> pin & 1, self.drives_low >> pin & 1) {
                (1, _) => Drive::High,
                (_, 1) => Drive::Low,
                _ => Drive::Floating,
            };
            self.log.push(PinChange {
                at: now,
                pin,
                drive,
            });
        }
    }
}

/// Port and offset in the port's own registers. Port 1's registers lie 0x300 above port 0's, so
/// its `OUT` is at 0x804, after port 0's last `PIN_CNF`.
pub(super) fn split(offset: u32) -> Result<(usize, u32), Gap> {
    match offset {
        0x504..0x528 | 0x700..0x780 => Ok((0, offset)),
        0x804..0x828 | 0xA00..0xA40 => Ok((1, offset - 0x300)),
        _ => Err(Gap),
    }
}

fn pin_of(port: usize, offset: u32) -> usize {
    32 * port + (offset as usize - 0x700) / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Ticks = Ticks(77);

    fn pull_up_with_sense(sense: u32) -> u32 {
        3 << 2 | sense << 16
    }

    #[test]
    fn an_output_drives_its_line_and_is_logged() {
        let mut gpio = Gpio::new();
        gpio.write(0x508, 1 << 14, T).unwrap();
        assert!(gpio.logged() == 0);
        gpio.write(0x700 + 4 * 14, 1, T).unwrap();
        let log: Vec<_> = gpio.drain_log().collect();
        assert_eq!(
            log,
            [PinChange {
                at: T,
                pin: 14,
                drive: Drive::High
            }]
        );
        assert_eq!(gpio.read(0x514), Ok(1 << 14));
        assert_eq!(gpio.read(0x510), Ok(1 << 14));
        gpio.write(0x50C, 1 << 14, T).unwrap();
        assert_eq!(gpio.drain_log().count(), 1);
        assert_eq!(gpio.read(0x510), Ok(0));
    }

    #[test]
    fn the_input_buffer_must_be_connected() {
        let mut gpio = Gpio::new();
        gpio.set_outside(33, Drive::High, T);
        assert_eq!(gpio.read(0x810), Ok(0));
        gpio.write(0xA04, 0, T).unwrap();
        assert_eq!(gpio.read(0x810), Ok(2));
    }

    #[test]
    fn ground_outside_beats_the_pull() {
        let mut gpio = Gpio::new();
        gpio.write(0xA04, pull_up_with_sense(0), T).unwrap();
        assert_eq!(gpio.read(0x810), Ok(2));
        gpio.set_outside(33, Drive::Low, T);
        assert_eq!(gpio.read(0x810), Ok(0));
        assert_eq!(
            gpio.take_changes(),
            Changes {
                rose: 1 << 33,
                fell: 1 << 33,
                detect: false
            }
        );
    }

    #[test]
    fn open_drain_leaves_the_line_to_others() {
        let mut gpio = Gpio::new();
        gpio.write(0x508, 1, T).unwrap();
        gpio.write(0x700, 1 | 6 << 8, T).unwrap();
        assert!(gpio.logged() == 0);
        assert!(!gpio.level(0));
        gpio.set_outside(0, Drive::High, T);
        assert!(gpio.level(0));
    }

    #[test]
    fn a_sensed_level_latches_until_it_is_gone() {
        let mut gpio = Gpio::new();
        gpio.write(0x824, 1, T).unwrap();
        gpio.write(0xA04, pull_up_with_sense(3), T).unwrap();
        gpio.take_changes();
        gpio.set_outside(33, Drive::Low, T);
        assert!(gpio.take_changes().detect);
        assert_eq!(gpio.read(0x820), Ok(2));
        // Still pressed: the latch cannot be cleared, and LDETECT rises again.
        gpio.write(0x820, 2, T).unwrap();
        assert_eq!(gpio.read(0x820), Ok(2));
        assert!(gpio.take_changes().detect);
        gpio.set_outside(33, Drive::Floating, T);
        gpio.take_changes();
        assert_eq!(gpio.read(0x820), Ok(2));
        gpio.write(0x820, 2, T).unwrap();
        assert_eq!(gpio.read(0x820), Ok(0));
        assert!(!gpio.take_changes().detect);
    }

    #[test]
    fn plain_detect_follows_the_pins() {
        let mut gpio = Gpio::new();
        gpio.write(0x700, pull_up_with_sense(3), T).unwrap();
        gpio.write(0x704, pull_up_with_sense(3), T).unwrap();
        gpio.set_outside(0, Drive::Low, T);
        assert!(gpio.take_changes().detect);
        // DETECT is high already: a second pin makes no new edge.
        gpio.set_outside(1, Drive::Low, T);
        assert!(!gpio.take_changes().detect);
    }

    #[test]
    fn a_taken_over_pin_follows_its_peripheral() {
        let mut gpio = Gpio::new();
        gpio.write(0x700 + 4 * 28, 1, T).unwrap();
        gpio.drain_log().count();
        gpio.take_over(28, true, false, T);
        assert!(gpio.level(28));
        gpio.write(0x508, 1 << 28, T).unwrap();
        gpio.drive(28, false, T);
        assert!(!gpio.level(28));
        gpio.hand_back(28, T);
        assert!(gpio.level(28));
    }

    #[test]
    fn a_reset_lets_go_of_the_lines() {
        let mut gpio = Gpio::new();
        gpio.write(0x508, 1 << 26, T).unwrap();
        gpio.write(0x518, 1 << 26, T).unwrap();
        gpio.drain_log().count();
        gpio.reset(0, Ticks(99));
        let log: Vec<_> = gpio.drain_log().collect();
        assert_eq!(
            log,
            [PinChange {
                at: Ticks(99),
                pin: 26,
                drive: Drive::Floating
            }]
        );
        assert_eq!(gpio.read(0x700 + 4 * 26), Ok(2));
    }
}
