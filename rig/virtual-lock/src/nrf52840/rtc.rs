//! RTC: a 24-bit counter on LFCLK. The counter is worked out from time when it is read; only the
//! next compare match, tick or overflow that somebody listens to is an event.

use super::wires::{Events, Gap, Peripheral, Wires, fits};
use crate::time::Ticks;

const TICK: u8 = 0;
const OVRFLW: u8 = 1;
const COMPARE: u8 = 16;
const MASK: u32 = 0xFF_FFFF;
const WRAP: u64 = 1 << 24;

/// An RTC peripheral: RTC0 has three compare registers, the others four.
#[derive(Clone, Debug)]
pub(crate) struct Rtc {
    events: Events,
    compares: usize,
    /// `EVTEN`: events that go to PPI. An event's register is set when it is here or in `INTEN`.
    event_enable: u32,
    prescaler: u32,
    compare: [u32; 4],
    /// The first increment at which a compare register matches: the second after it was written
    /// (writing N+1 while the counter is N comes too late).
    armed: [Ticks; 4],
    running: bool,
    /// The counter was `base` at `base_time`.
    base: u32,
    base_time: Ticks,
    /// Tasks wait for the next LFCLK edge.
    pending: Vec<u32>,
    pending_at: Ticks,
    next: Ticks,
}

impl Rtc {
    pub(crate) fn new(id: u8) -> Rtc {
        let compares = if id == 0x0B { 3 } else { 4 };
        let implemented = 3 | ((1 << compares) - 1) << COMPARE;
        Rtc {
            events: Events::new(id, implemented),
            compares,
            event_enable: 0,
            prescaler: 0,
            compare: [0; 4],
            armed: [Ticks(0); 4],
            running: false,
            base: 0,
            base_time: Ticks(0),
            pending: Vec::new(),
            pending_at: Ticks::NEVER,
            next: Ticks::NEVER,
        }
    }

    fn period(&self) -> u64 {
        u64::from(self.prescaler + 1) * Ticks::LFCLK.0
    }

    /// Increments since `base_time`.
    fn increments(&self, now: Ticks) -> u64 {
        if self.running {
            (now.0 - self.base_time.0) / self.period()
        } else {
            0
        }
    }

    fn counter(&self, now: Ticks) -> u32 {
        (u64::from(self.base) + self.increments(now)) as u32 & MASK
    }

    fn set_counter(&mut self, counter: u32, now: Ticks) {
        self.base = counter;
        self.base_time = now;
    }

    /// LFCLK has started: tasks that waited for it take effect at its next edge.
    pub(crate) fn lfclk_started(&mut self, wires: &Wires) {
        if !self.pending.is_empty() && self.pending_at == Ticks::NEVER {
            self.pending_at = wires.next_lfclk_edge();
            self.reschedule(wires.now);
        }
    }

    fn reschedule(&mut self, now: Ticks) {
        self.next = self.pending_at.min(self.next_count(now));
    }

    /// The first increment after now that generates an event.
    fn next_count(&self, now: Ticks) -> Ticks {
        let listened = self.events.enabled() | self.event_enable;
        if !self.running || listened == 0 {
            return Ticks::NEVER;
        }
        let done = self.increments(now);
        let counter = self.counter(now);
        let at = |increments: u64| Ticks(self.base_time.0 + increments * self.period());
        let until = |value: u32| match u64::from(value.wrapping_sub(counter) & MASK) {
            0 => WRAP,
            left => left,
        };
        let mut next = Ticks::NEVER;
        if listened >> TICK & 1 == 1 {
            next = at(done + 1);
        }
        if listened >> OVRFLW & 1 == 1 {
            next = next.min(at(done + until(0)));
        }
        for index in (0..self.compares).filter(|index| listened >> (16 + index) & 1 == 1) {
            let mut matches = done + until(self.compare[index]);
            if at(matches) < self.armed[index] {
                matches += WRAP;
            }
            next = next.min(at(matches));
        }
        next
    }

    fn perform(&mut self, task: u32, now: Ticks) {
        match task {
            0x000 if !self.running => {
                self.running = true;
                self.base_time = now;
            }
            0x004 => {
                self.set_counter(self.counter(now), now);
                self.running = false;
            }
            0x008 => self.set_counter(0, now),
            0x00C => self.set_counter(0xFF_FFF0, now),
            _ => {}
        }
    }

    /// Generates the events of the increment at `now`, if there is one.
    fn count(&mut self, now: Ticks, wires: &mut Wires) {
        let since = now.0 - self.base_time.0;
        if !self.running || since == 0 || !since.is_multiple_of(self.period()) {
            return;
        }
        let (interrupts, routed) = (self.events.enabled(), self.event_enable);
        let counter = self.counter(now);
        let mut raise = |number: u8, happens: bool| {
            if happens && routed >> number & 1 == 1 {
                self.events.raise(number, wires);
            } else if happens && interrupts >> number & 1 == 1 {
                self.events.note(number);
            }
        };
        raise(TICK, true);
        raise(OVRFLW, counter == 0);
        for index in 0..self.compares {
            let matches = self.compare[index] == counter && now >= self.armed[index];
            raise(COMPARE + index as u8, matches);
        }
    }
}

impl Peripheral for Rtc {
    fn read(&mut self, offset: u32, wires: &mut Wires) -> Result<u32, Gap> {
        self.advance(wires);
        Ok(match offset {
            0x340 | 0x344 | 0x348 => self.event_enable,
            0x504 => self.counter(wires.now),
            0x508 => self.prescaler,
            0x540..0x550 if (offset as usize - 0x540) / 4 < self.compares => {
                self.compare[(offset as usize - 0x540) / 4]
            }
            _ => return self.events.read(offset),
        })
    }

    fn write(&mut self, offset: u32, value: u32, wires: &mut Wires) -> Result<(), Gap> {
        self.advance(wires);
        let events = 3 | ((1 << self.compares) - 1) << COMPARE;
        match offset {
            0x000..0x010 if value == 1 => return self.task(offset, wires),
            0x340 => self.event_enable = fits(value, events)?,
            0x344 => self.event_enable |= fits(value, events)?,
            0x348 => self.event_enable &= !value,
            // Only to be written while the counter stands.
            0x508 if !self.running => self.prescaler = fits(value, 0xFFF)?,
            0x540..0x550 if (offset as usize - 0x540) / 4 < self.compares => {
                let index = (offset as usize - 0x540) / 4;
                self.compare[index] = value & MASK;
                let second = self.increments(wires.now) + 2;
                self.armed[index] = Ticks(self.base_time.0 + second * self.period());
                if !self.running {
                    self.armed[index] = Ticks(0);
                }
            }
            _ => self.events.write(offset, value)?,
        }
        self.reschedule(wires.now);
        Ok(())
    }

    fn task(&mut self, offset: u32, wires: &mut Wires) -> Result<(), Gap> {
        if !matches!(offset, 0x000 | 0x004 | 0x008 | 0x00C) {
            return Err(Gap);
        }
        self.pending.push(offset);
        self.pending_at = self.pending_at.min(wires.next_lfclk_edge());
        self.reschedule(wires.now);
        Ok(())
    }

    fn next_event(&self) -> Ticks {
        self.next
    }

    /// The core is between two instructions when it looks here, and so a little past what was due:
    /// that happens at its own time, or the counter would never meet it.
    fn advance(&mut self, wires: &mut Wires) {
        while self.next <= wires.now {
            let due = self.next;
            self.count(due, wires);
            if self.pending_at <= due {
                self.pending_at = Ticks::NEVER;
                for task in std::mem::take(&mut self.pending) {
                    self.perform(task, due);
                }
            }
            self.reschedule(due);
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

    const LFCLK: u64 = Ticks::LFCLK.0;

    /// An RTC1 that starts to count from 0 at LFCLK edge 1.
    fn rtc() -> (Rtc, Wires) {
        let mut wires = Wires::new(Flash::erased(), Ticks(100));
        wires.lfclk = Some(Ticks(0));
        let mut rtc = Rtc::new(0x11);
        rtc.write(0x008, 1, &mut wires).unwrap();
        rtc.write(0x000, 1, &mut wires).unwrap();
        assert_eq!(rtc.next_event(), Ticks(LFCLK));
        go(&mut rtc, &mut wires, LFCLK);
        (rtc, wires)
    }

    fn go(rtc: &mut Rtc, wires: &mut Wires, to: u64) {
        while rtc.next_event() <= Ticks(to) {
            wires.now = rtc.next_event();
            rtc.advance(wires);
        }
        wires.now = Ticks(to);
    }

    #[test]
    fn counting_needs_no_events() {
        let (mut rtc, mut wires) = rtc();
        assert_eq!(rtc.next_event(), Ticks::NEVER);
        wires.now = Ticks(LFCLK * 101 - 1);
        assert_eq!(rtc.read(0x504, &mut wires), Ok(99));
        wires.now = Ticks(LFCLK * 101);
        assert_eq!(rtc.read(0x504, &mut wires), Ok(100));
        wires.now = Ticks(LFCLK * (WRAP + 6));
        assert_eq!(rtc.read(0x504, &mut wires), Ok(5));
    }

    #[test]
    fn a_compare_match_is_an_event_where_enabled() {
        let (mut rtc, mut wires) = rtc();
        rtc.write(0x540, 1000, &mut wires).unwrap();
        assert_eq!(rtc.next_event(), Ticks::NEVER);
        rtc.write(0x304, 1 << 16, &mut wires).unwrap();
        assert_eq!(rtc.next_event(), Ticks(LFCLK * 1001));
        go(&mut rtc, &mut wires, LFCLK * 1001);
        assert!(rtc.interrupt());
        assert_eq!(rtc.next_event(), Ticks(LFCLK * (1001 + WRAP)));
    }

    #[test]
    fn a_match_that_the_core_passed_by_a_tick_is_an_event() {
        let (mut rtc, mut wires) = rtc();
        rtc.write(0x540, 1000, &mut wires).unwrap();
        rtc.write(0x304, 1 << 16, &mut wires).unwrap();
        wires.now = Ticks(LFCLK * 1001 + 2);
        rtc.advance(&mut wires);
        assert!(rtc.interrupt());
        rtc.write(0x140, 0, &mut wires).unwrap();
        rtc.write(0x540, 2000, &mut wires).unwrap();
        wires.now = Ticks(LFCLK * 2001 + 2);
        rtc.write(0x54C, 5, &mut wires).unwrap();
        assert!(rtc.interrupt());
    }

    #[test]
    fn the_next_count_is_too_near_and_the_one_after_is_not() {
        let (mut rtc, mut wires) = rtc();
        rtc.write(0x344, 1 << 16, &mut wires).unwrap();
        go(&mut rtc, &mut wires, LFCLK * 11 + 5);
        rtc.write(0x540, 11, &mut wires).unwrap();
        assert_eq!(rtc.next_event(), Ticks(LFCLK * (12 + WRAP)));
        rtc.write(0x540, 12, &mut wires).unwrap();
        assert_eq!(rtc.next_event(), Ticks(LFCLK * 13));
    }

    #[test]
    fn overflow_follows_the_trigger() {
        let (mut rtc, mut wires) = rtc();
        rtc.write(0x304, 2, &mut wires).unwrap();
        rtc.write(0x00C, 1, &mut wires).unwrap();
        go(&mut rtc, &mut wires, LFCLK * 2);
        assert_eq!(rtc.read(0x504, &mut wires), Ok(0xFF_FFF0));
        assert_eq!(rtc.next_event(), Ticks(LFCLK * 18));
        go(&mut rtc, &mut wires, LFCLK * 18);
        assert_eq!(rtc.read(0x104, &mut wires), Ok(1));
        assert_eq!(rtc.read(0x504, &mut wires), Ok(0));
    }

    #[test]
    fn stop_holds_the_counter() {
        let (mut rtc, mut wires) = rtc();
        go(&mut rtc, &mut wires, LFCLK * 7 + 1);
        rtc.write(0x004, 1, &mut wires).unwrap();
        go(&mut rtc, &mut wires, LFCLK * 50);
        assert_eq!(rtc.read(0x504, &mut wires), Ok(7));
    }

    #[test]
    fn the_prescaler_divides() {
        let mut wires = Wires::new(Flash::erased(), Ticks(0));
        wires.lfclk = Some(Ticks(0));
        let mut rtc = Rtc::new(0x0B);
        rtc.write(0x508, 32, &mut wires).unwrap();
        rtc.write(0x304, 1, &mut wires).unwrap();
        rtc.write(0x000, 1, &mut wires).unwrap();
        go(&mut rtc, &mut wires, LFCLK);
        assert_eq!(rtc.next_event(), Ticks(LFCLK * 34));
        assert_eq!(rtc.write(0x508, 0, &mut wires), Err(Gap));
        assert_eq!(rtc.write(0x54C, 0, &mut wires), Err(Gap));
    }

    #[test]
    fn tasks_wait_for_lfclk() {
        let mut wires = Wires::new(Flash::erased(), Ticks(0));
        let mut rtc = Rtc::new(0x11);
        rtc.write(0x000, 1, &mut wires).unwrap();
        assert_eq!(rtc.next_event(), Ticks::NEVER);
        wires.now = Ticks(5000);
        wires.lfclk = Some(Ticks(5000));
        rtc.lfclk_started(&wires);
        assert_eq!(rtc.next_event(), Ticks(5000 + LFCLK));
    }
}
