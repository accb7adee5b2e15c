//! TIMER: a counter of up to 32 bits on the 16 MHz clock, or of COUNT tasks. Like RTC it is worked
//! out from time; only compare matches are events.

use super::wires::{Events, Gap, Peripheral, Wires, fits};
use crate::time::Ticks;

const COMPARE: u8 = 16;

/// A TIMER peripheral: TIMER3 and 4 have six compare registers, the others four.
#[derive(Clone, Debug)]
pub(crate) struct Timer {
    events: Events,
    compares: usize,
    shorts: u32,
    mode: u32,
    bit_mode: u32,
    prescaler: u32,
    compare: [u32; 6],
    running: bool,
    /// The counter was `base` at `base_time`.
    base: u32,
    base_time: Ticks,
    next: Ticks,
}

impl Timer {
    pub(crate) fn new(id: u8) -> Timer {
        let compares = if id >= 0x1A { 6 } else { 4 };
        Timer {
            events: Events::new(id, ((1 << compares) - 1) << COMPARE),
            compares,
            shorts: 0,
            mode: 0,
            bit_mode: 0,
            prescaler: 4,
            compare: [0; 6],
            running: false,
            base: 0,
            base_time: Ticks(0),
            next: Ticks::NEVER,
        }
    }

    /// Binary logarithm of the ticks between two counts.
    fn shift(&self) -> u32 {
        const { assert!(Ticks::PCLK16M.0.is_power_of_two()) }
        Ticks::PCLK16M.0.trailing_zeros() + self.prescaler.min(9)
    }

    fn mask(&self) -> u32 {
        match self.bit_mode {
            0 => 0xFFFF,
            1 => 0xFF,
            2 => 0xFF_FFFF,
            _ => u32::MAX,
        }
    }

    fn counts_time(&self) -> bool {
        self.running && self.mode == 0
    }

    fn increments(&self, now: Ticks) -> u64 {
        if self.counts_time() {
            (now.0 - self.base_time.0) >> self.shift()
        } else {
            0
        }
    }

    fn counter(&self, now: Ticks) -> u32 {
        (u64::from(self.base) + self.increments(now)) as u32 & self.mask()
    }

    /// Freezes the counter's value at now, as the start of what comes.
    fn rebase(&mut self, counter: u32, now: Ticks) {
        self.base = counter & self.mask();
        self.base_time = now;
    }

    /// Freezes the counter but keeps the phase of its clock.
    fn keep_phase(&mut self, now: Ticks) {
        let increments = self.increments(now);
        self.base = self.counter(now);
        self.base_time = Ticks(self.base_time.0 + (increments << self.shift()));
    }

    fn reschedule(&mut self, now: Ticks) {
        self.next = Ticks::NEVER;
        if !self.counts_time() {
            return;
        }
        let counter = self.counter(now);
        let done = self.increments(now);
        for compare in &self.compare[..self.compares] {
            if *compare > self.mask() {
                continue;
            }
            let left = match compare.wrapping_sub(counter) & self.mask() {
                0 => u64::from(self.mask()) + 1,
                left => u64::from(left),
            };
            let at = Ticks(self.base_time.0 + ((done + left) << self.shift()));
            self.next = self.next.min(at);
        }
    }

    /// The counter has just become what it is: raises what matches, and does the shortcuts.
    fn matched(&mut self, wires: &mut Wires) {
        let counter = self.counter(wires.now);
        let (mut clear, mut stop) = (false, false);
        for index in 0..self.compares {
            if self.compare[index] == counter {
                self.events.raise(COMPARE + index as u8, wires);
                clear |= self.shorts >> index & 1 == 1;
                stop |= self.shorts >> (8 + index) & 1 == 1;
            }
        }
        if clear {
            self.rebase(0, wires.now);
        }
        if stop {
            self.rebase(self.counter(wires.now), wires.now);
            self.running = false;
        }
    }
}

impl Peripheral for Timer {
    fn read(&mut self, offset: u32, _wires: &mut Wires) -> Result<u32, Gap> {
        let index = (offset as usize).wrapping_sub(0x540) / 4;
        Ok(match offset {
            0x200 => self.shorts,
            0x504 => self.mode,
            0x508 => self.bit_mode,
            0x510 => self.prescaler,
            0x540..0x558 if index < self.compares => self.compare[index],
            _ => return self.events.read(offset),
        })
    }

    fn write(&mut self, offset: u32, value: u32, wires: &mut Wires) -> Result<(), Gap> {
        let index = (offset as usize).wrapping_sub(0x540) / 4;
        match offset {
            0x000..0x060 if value == 1 => return self.task(offset, wires),
            0x200 => self.shorts = fits(value, ((1 << self.compares) - 1) * 0x101)?,
            // The next three are only to be written while the timer stands.
            0x504 if !self.running && value < 3 => self.mode = value,
            0x508 if !self.running => {
                self.bit_mode = fits(value, 3)?;
                self.base &= self.mask();
            }
            0x510 if !self.running && value <= 9 => self.prescaler = value,
            0x540..0x558 if index < self.compares => self.compare[index] = value,
            _ => self.events.write(offset, value)?,
        }
        if self.running {
            self.keep_phase_if_timer(wires.now);
        }
        self.reschedule(wires.now);
        Ok(())
    }

    fn task(&mut self, offset: u32, wires: &mut Wires) -> Result<(), Gap> {
        let now = wires.now;
        match offset {
            0x000 => {
                if !self.running {
                    self.running = true;
                    self.base_time = now;
                }
            }
            0x004 | 0x010 => {
                self.rebase(self.counter(now), now);
                self.running = false;
            }
            0x008 => {
                if self.running && self.mode != 0 {
                    self.rebase(self.base.wrapping_add(1), now);
                    self.matched(wires);
                }
            }
            0x00C => self.rebase(0, now),
            0x040..0x058 if (offset as usize - 0x40) / 4 < self.compares => {
                self.compare[(offset as usize - 0x40) / 4] = self.counter(now);
            }
            _ => return Err(Gap),
        }
        self.reschedule(now);
        Ok(())
    }

    fn next_event(&self) -> Ticks {
        self.next
    }

    fn advance(&mut self, wires: &mut Wires) {
        if self.next <= wires.now {
            self.keep_phase(wires.now);
            self.matched(wires);
        }
        self.reschedule(wires.now);
    }

    fn interrupt(&self) -> bool {
        self.events.interrupt()
    }
}

impl Timer {
    /// Keeps the base near, so that increments stay small numbers.
    fn keep_phase_if_timer(&mut self, now: Ticks) {
        if self.mode == 0 {
            self.keep_phase(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::Flash;
    use super::*;

    fn timer(id: u8) -> (Timer, Wires) {
        (Timer::new(id), Wires::new(Flash::erased(), Ticks(640)))
    }

    fn set(timer: &mut Timer, wires: &mut Wires, writes: &[(u32, u32)]) {
        for (offset, value) in writes {
            timer.write(*offset, *value, wires).unwrap();
        }
    }

    fn step(timer: &mut Timer, wires: &mut Wires) {
        wires.now = timer.next_event();
        timer.advance(wires);
    }

    #[test]
    fn compare_and_clear_give_a_steady_period() {
        let (mut timer, mut wires) = timer(8);
        set(
            &mut timer,
            &mut wires,
            &[(0x508, 3), (0x510, 0), (0x540, 1000), (0x200, 1)],
        );
        set(
            &mut timer,
            &mut wires,
            &[(0x544, u32::MAX), (0x548, u32::MAX), (0x54C, u32::MAX)],
        );
        set(&mut timer, &mut wires, &[(0x000, 1)]);
        for period in 1..5 {
            assert_eq!(timer.next_event(), Ticks(640 + period * 32_000));
            step(&mut timer, &mut wires);
            assert_eq!(timer.read(0x140, &mut wires), Ok(1));
        }
    }

    #[test]
    fn compare_and_stop_stops() {
        let (mut timer, mut wires) = timer(8);
        set(
            &mut timer,
            &mut wires,
            &[(0x510, 4), (0x540, 5), (0x200, 0x101), (0x000, 1)],
        );
        step(&mut timer, &mut wires);
        assert_eq!(wires.now, Ticks(640 + 5 * 512));
        assert_eq!(timer.next_event(), Ticks::NEVER);
        set(&mut timer, &mut wires, &[(0x044, 1)]);
        assert_eq!(timer.read(0x544, &mut wires), Ok(0));
    }

    #[test]
    fn capture_takes_the_counter_in_its_width() {
        let (mut timer, mut wires) = timer(8);
        set(&mut timer, &mut wires, &[(0x510, 0), (0x000, 1)]);
        wires.now = Ticks(640 + 32 * 0x1_0005);
        set(&mut timer, &mut wires, &[(0x048, 1)]);
        assert_eq!(timer.read(0x548, &mut wires), Ok(5));
    }

    #[test]
    fn writing_registers_keeps_the_clock_phase() {
        let (mut timer, mut wires) = timer(8);
        set(
            &mut timer,
            &mut wires,
            &[(0x510, 9), (0x508, 3), (0x540, 10), (0x000, 1)],
        );
        wires.now += Ticks(512 * 32 + 100);
        set(&mut timer, &mut wires, &[(0x304, 1 << 16)]);
        assert_eq!(timer.next_event(), Ticks(640 + 10 * 512 * 32));
    }

    #[test]
    fn a_counter_counts_tasks() {
        let (mut timer, mut wires) = timer(0x1A);
        set(
            &mut timer,
            &mut wires,
            &[(0x504, 1), (0x554, 2), (0x000, 1), (0x008, 1)],
        );
        assert_eq!(timer.read(0x154, &mut wires), Ok(0));
        set(&mut timer, &mut wires, &[(0x008, 1)]);
        assert_eq!(timer.read(0x154, &mut wires), Ok(1));
        assert_eq!(timer.next_event(), Ticks::NEVER);
    }

    #[test]
    fn four_compares_are_four() {
        let (mut timer, mut wires) = timer(8);
        assert_eq!(timer.write(0x550, 1, &mut wires), Err(Gap));
        assert_eq!(timer.task(0x050, &mut wires), Err(Gap));
    }
}
