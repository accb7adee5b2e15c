//! CLOCK: starts and stops the high- and low-frequency clock sources, with the start-up times of
//! the product specification. The crystals are exact and so is the 64 MHz of HFINT: clock accuracy
//! is not modelled.

use super::wires::{Events, Gap, Peripheral, Wires, fits};
use crate::time::Ticks;

pub(crate) const ID: u8 = 0;
const HFCLKSTARTED: u8 = 0;
const LFCLKSTARTED: u8 = 1;

/// HFXO: 104 us of power-up, then the debounce time, 16 us a step (0.36 ms by default).
const HFXO_POWER_UP: Ticks = Ticks::from_micros(104);
const HFXO_DEBOUNCE_STEP: Ticks = Ticks::from_micros(16);
/// Start-up of the low-frequency sources: RC, crystal, synthesised from HFCLK.
const LFCLK_START: [Ticks; 3] = [
    Ticks::from_micros(600),
    Ticks::from_millis(250),
    Ticks::from_micros(100),
];

/// `LFCLKSRC` and `LFCLKSTAT`: the RC oscillator.
const RC: u32 = 0;

/// A source that can run and be on its way to running.
#[derive(Clone, Debug, Default)]
struct Source {
    requested: bool,
    running: bool,
    ready_at: Option<Ticks>,
}

impl Source {
    fn start(&mut self, after: Ticks, now: Ticks) {
        self.requested = true;
        if self.running {
            self.ready_at = Some(now);
        } else if self.ready_at.is_none() {
            self.ready_at = Some(now + after);
        }
    }

    /// Whether the source has become ready at `now`.
    fn becomes_ready(&mut self, now: Ticks) -> bool {
        let due = self.ready_at.is_some_and(|at| at <= now);
        if due {
            self.ready_at = None;
            self.running = true;
        }
        due
    }

    fn next_event(&self) -> Ticks {
        self.ready_at.unwrap_or(Ticks::NEVER)
    }
}

/// The CLOCK peripheral.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    events: Events,
    hfxo: Source,
    lfclk: Source,
    /// Until the crystal runs, LFCLK comes from the RC oscillator, from then on.
    rc_at: Ticks,
    /// `LFCLKSRC`, and its copy when LFCLK was last started.
    source: u32,
    source_copy: u32,
    hfxo_debounce: u32,
    trace_config: u32,
}

impl Clock {
    pub(crate) fn new() -> Clock {
        Clock {
            events: Events::new(ID, 1 << HFCLKSTARTED | 1 << LFCLKSTARTED),
            hfxo: Source::default(),
            lfclk: Source::default(),
            rc_at: Ticks::NEVER,
            source: 0,
            source_copy: 0,
            hfxo_debounce: 0x10,
            trace_config: 0,
        }
    }
}

impl Peripheral for Clock {
    fn read(&mut self, offset: u32, wires: &mut Wires) -> Result<u32, Gap> {
        Ok(match offset {
            0x408 => u32::from(self.hfxo.requested),
            // STATE (bit 16): a 64 MHz source always runs; SRC (bit 0): the crystal.
            0x40C => 1 << 16 | u32::from(self.hfxo.running),
            0x414 => u32::from(self.lfclk.requested),
            0x418 => {
                let source = if self.lfclk.running {
                    self.source_copy & 3
                } else {
                    RC
                };
                u32::from(wires.lfclk.is_some()) << 16 | source
            }
            0x41C => self.source_copy & 3,
            0x518 => self.source,
            0x528 => self.hfxo_debounce,
            0x55C => self.trace_config,
            _ => return self.events.read(offset),
        })
    }

    fn write(&mut self, offset: u32, value: u32, wires: &mut Wires) -> Result<(), Gap> {
        match offset {
            0x000..0x020 => {
                return if value == 1 {
                    self.task(offset, wires)
                } else {
                    Err(Gap)
                };
            }
            0x518 if value & 3 < 3 => self.source = fits(value, 0x3_0003)?,
            0x528 => self.hfxo_debounce = fits(value, 0xFF)?,
            // Trace pins: written by start-up code, nothing listens.
            0x55C => self.trace_config = fits(value, 0x3_0003)?,
            _ => return self.events.write(offset, value),
        }
        Ok(())
    }

    fn task(&mut self, offset: u32, wires: &mut Wires) -> Result<(), Gap> {
        match offset {
            0x000 => {
                let debounce = Ticks(HFXO_DEBOUNCE_STEP.0 * u64::from(self.hfxo_debounce));
                self.hfxo.start(HFXO_POWER_UP + debounce, wires.now);
            }
            // The core falls back to HFINT, at the same 64 MHz.
            0x004 => self.hfxo = Source::default(),
            0x008 => {
                self.source_copy = self.source;
                let takes = |source: u32| LFCLK_START[(source & 3) as usize % 3];
                self.lfclk.start(takes(self.source), wires.now);
                if wires.lfclk.is_none() && takes(RC) < takes(self.source) {
                    self.rc_at = wires.now + takes(RC);
                }
            }
            _ => return Err(Gap),
        }
        Ok(())
    }

    fn next_event(&self) -> Ticks {
        let sources = self.hfxo.next_event().min(self.lfclk.next_event());
        sources.min(self.rc_at)
    }

    fn advance(&mut self, wires: &mut Wires) {
        if self.hfxo.becomes_ready(wires.now) {
            self.events.raise(HFCLKSTARTED, wires);
        }
        if self.rc_at <= wires.now {
            self.rc_at = Ticks::NEVER;
            wires.lfclk.get_or_insert(wires.now);
        }
        if self.lfclk.becomes_ready(wires.now) {
            wires.lfclk.get_or_insert(wires.now);
            self.events.raise(LFCLKSTARTED, wires);
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

    fn clock() -> (Clock, Wires) {
        (Clock::new(), Wires::new(Flash::erased(), Ticks(1000)))
    }

    #[test]
    fn the_crystal_needs_a_quarter_of_a_second_and_the_rc_oscillator_stands_in() {
        let (mut clock, mut wires) = clock();
        clock.write(0x518, 1, &mut wires).unwrap();
        clock.write(0x008, 1, &mut wires).unwrap();
        assert_eq!(clock.read(0x104, &mut wires), Ok(0));
        assert_eq!(clock.read(0x418, &mut wires), Ok(0));
        let began = Ticks(1000) + Ticks::from_micros(600);
        assert_eq!(clock.next_event(), began);
        wires.now = began;
        clock.advance(&mut wires);
        assert_eq!(clock.read(0x104, &mut wires), Ok(0));
        assert_eq!(clock.read(0x418, &mut wires), Ok(0x1_0000));
        assert_eq!(clock.next_event(), Ticks(1000) + Ticks::from_millis(250));
        wires.now = clock.next_event();
        clock.advance(&mut wires);
        assert_eq!(clock.read(0x104, &mut wires), Ok(1));
        assert_eq!(clock.read(0x418, &mut wires), Ok(0x1_0001));
        assert_eq!(wires.lfclk, Some(began));
        assert_eq!(clock.next_event(), Ticks::NEVER);
    }

    #[test]
    fn starting_what_runs_reports_at_once() {
        let (mut clock, mut wires) = clock();
        clock.write(0x000, 1, &mut wires).unwrap();
        assert_eq!(clock.next_event(), Ticks(1000) + Ticks::from_micros(360));
        wires.now = clock.next_event();
        clock.advance(&mut wires);
        assert_eq!(clock.read(0x40C, &mut wires), Ok(0x1_0001));
        clock.write(0x100, 0, &mut wires).unwrap();
        clock.write(0x000, 1, &mut wires).unwrap();
        assert_eq!(clock.next_event(), wires.now);
        clock.advance(&mut wires);
        assert_eq!(clock.read(0x100, &mut wires), Ok(1));
    }

    #[test]
    fn calibration_is_a_gap() {
        let (mut clock, mut wires) = clock();
        assert_eq!(clock.write(0x010, 1, &mut wires), Err(Gap));
    }
}
