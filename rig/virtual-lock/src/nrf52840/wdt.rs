//! WDT: counts down on LFCLK and resets the chip, unless every enabled reload request is written in
//! time. Once started it cannot be stopped or changed; it may pause while the core sleeps or is
//! halted by a debugger.

use super::wires::{Events, Gap, Peripheral, Wires, fits};
use crate::time::Ticks;

pub(crate) const ID: u8 = 0x10;
const TIMEOUT: u8 = 0;
/// What has to be written to `RR[n]`.
const RELOAD: u32 = 0x6E52_4635;
/// From the TIMEOUT event to the reset.
const GRACE: Ticks = Ticks(2 * Ticks::LFCLK.0);

/// The WDT peripheral.
#[derive(Clone, Debug)]
pub(crate) struct Wdt {
    events: Events,
    running: bool,
    /// Reload requests that are still to be written.
    missing: u32,
    reload_value: u32,
    requests: u32,
    config: u32,
    /// When it times out, or how long that is away while it pauses.
    timeout_at: Ticks,
    paused_with: Option<Ticks>,
    reset_at: Ticks,
    /// The chip has to be reset.
    bites: bool,
}

impl Wdt {
    pub(crate) fn new() -> Wdt {
        Wdt {
            events: Events::new(ID, 1 << TIMEOUT),
            running: false,
            missing: 0,
            reload_value: u32::MAX,
            requests: 1,
            config: 1,
            timeout_at: Ticks::NEVER,
            paused_with: None,
            reset_at: Ticks::NEVER,
            bites: false,
        }
    }

    /// Whether it was started.
    pub(crate) fn is_running(&self) -> bool {
        self.running
    }

    /// Whether the grace after a timeout is over and the chip has to be reset.
    pub(crate) fn bites(&self) -> bool {
        self.bites
    }

    fn reload(&mut self, wires: &Wires) {
        let time = Ticks((u64::from(self.reload_value) + 1) * Ticks::LFCLK.0);
        self.missing = self.requests;
        match &mut self.paused_with {
            Some(left) => *left = time,
            None => self.timeout_at = wires.now + time,
        }
    }

    /// Pauses and goes on, after the core's state has changed.
    pub(crate) fn core_changed(&mut self, wires: &Wires) {
        if !self.running || self.reset_at != Ticks::NEVER {
            return;
        }
        let runs_asleep = self.config & 1 == 1;
        let runs_halted = self.config >> 3 & 1 == 1;
        let pause = wires.asleep && !runs_asleep || wires.halted && !runs_halted;
        match (pause, self.paused_with) {
            (true, None) => {
                let left = self.timeout_at.0.saturating_sub(wires.now.0);
                self.paused_with = Some(Ticks(left));
                self.timeout_at = Ticks::NEVER;
            }
            (false, Some(left)) => {
                self.paused_with = None;
                self.timeout_at = wires.now + left;
            }
            _ => {}
        }
    }
}

impl Peripheral for Wdt {
    fn read(&mut self, offset: u32, _wires: &mut Wires) -> Result<u32, Gap> {
        Ok(match offset {
            0x400 => u32::from(self.running),
            // 1: not yet requested. Requests that are not enabled read 1 as well.
            0x404 if self.running => self.missing,
            0x404 => 1,
            0x504 => self.reload_value,
            0x508 => self.requests,
            0x50C => self.config,
            _ => return self.events.read(offset),
        })
    }

    fn write(&mut self, offset: u32, value: u32, wires: &mut Wires) -> Result<(), Gap> {
        match offset {
            0x000 if value == 1 => return self.task(offset, wires),
            // The configuration is locked while it runs: writes are ignored, as on the chip.
            0x504 | 0x508 | 0x50C if self.running => {}
            0x504 if value >= 0xF => self.reload_value = value,
            0x508 => self.requests = fits(value, 0xFF)?,
            0x50C => self.config = fits(value, 9)?,
            0x600..0x620 => {
                // Only the key counts, and only for an enabled request.
                let bit = 1 << ((offset - 0x600) / 4);
                if self.running && value == RELOAD && self.requests & bit != 0 {
                    self.missing &= !bit;
                    if self.missing == 0 {
                        self.reload(wires);
                    }
                }
            }
            _ => return self.events.write(offset, value),
        }
        Ok(())
    }

    fn task(&mut self, offset: u32, wires: &mut Wires) -> Result<(), Gap> {
        if offset != 0x000 {
            return Err(Gap);
        }
        if !self.running {
            self.running = true;
            // It starts the RC oscillator where no low-frequency clock runs.
            wires.lfclk.get_or_insert(wires.now);
            self.reload(wires);
            self.core_changed(wires);
        }
        Ok(())
    }

    fn next_event(&self) -> Ticks {
        self.timeout_at.min(self.reset_at)
    }

    fn advance(&mut self, wires: &mut Wires) {
        if self.timeout_at <= wires.now {
            self.timeout_at = Ticks::NEVER;
            self.reset_at = wires.now + GRACE;
            self.events.raise(TIMEOUT, wires);
        }
        if self.reset_at <= wires.now {
            self.reset_at = Ticks::NEVER;
            self.bites = true;
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

    const SECOND: u64 = Ticks::SECOND.0;

    /// One second, requests 0 and 1.
    fn wdt(config: u32) -> (Wdt, Wires) {
        let mut wires = Wires::new(Flash::erased(), Ticks(0));
        let mut wdt = Wdt::new();
        for (offset, value) in [(0x504, 32_767), (0x508, 3), (0x50C, config), (0x000, 1)] {
            wdt.write(offset, value, &mut wires).unwrap();
        }
        (wdt, wires)
    }

    #[test]
    fn every_request_has_to_be_written() {
        let (mut wdt, mut wires) = wdt(1);
        assert_eq!(wdt.next_event(), Ticks(SECOND));
        wires.now = Ticks(SECOND / 2);
        wdt.write(0x600, RELOAD, &mut wires).unwrap();
        assert_eq!(wdt.read(0x404, &mut wires), Ok(2));
        assert_eq!(wdt.next_event(), Ticks(SECOND));
        wdt.write(0x604, 0x1234, &mut wires).unwrap();
        assert_eq!(wdt.next_event(), Ticks(SECOND));
        wdt.write(0x604, RELOAD, &mut wires).unwrap();
        assert_eq!(wdt.next_event(), Ticks(SECOND * 3 / 2));
    }

    #[test]
    fn it_warns_and_then_bites() {
        let (mut wdt, mut wires) = wdt(1);
        wdt.write(0x304, 1, &mut wires).unwrap();
        wires.now = Ticks(SECOND);
        wdt.advance(&mut wires);
        assert!(wdt.interrupt() && !wdt.bites());
        wires.now = wdt.next_event();
        wdt.advance(&mut wires);
        assert_eq!(wires.now, Ticks(SECOND + 2 * Ticks::LFCLK.0));
        assert!(wdt.bites());
    }

    #[test]
    fn it_pauses_while_the_core_is_halted() {
        let (mut wdt, mut wires) = wdt(1);
        wires.now = Ticks(SECOND / 4);
        wires.halted = true;
        wdt.core_changed(&wires);
        assert_eq!(wdt.next_event(), Ticks::NEVER);
        wires.now = Ticks(SECOND * 10);
        wires.halted = false;
        wdt.core_changed(&wires);
        assert_eq!(wdt.next_event(), Ticks(SECOND * 10 + SECOND * 3 / 4));
    }

    #[test]
    fn its_configuration_is_locked() {
        let (mut wdt, mut wires) = wdt(1);
        wdt.write(0x504, 100, &mut wires).unwrap();
        assert_eq!(wdt.read(0x504, &mut wires), Ok(32_767));
    }
}
