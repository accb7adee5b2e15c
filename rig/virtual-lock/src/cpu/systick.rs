//! SysTick (ARMv7-M B3.3). Kept as the time of its next zero, so that it costs nothing between. No
//! reference clock is fitted on the nRF52840 (`CALIB.NOREF`), so it always counts core cycles.

/// The system timer.
#[derive(Debug, Clone, Default)]
pub(super) struct SysTick {
    enabled: bool,
    interrupt: bool,
    reached_zero: bool,
    reload: u32,
    /// The counter while stopped.
    stopped_at: u32,
    /// While enabled: the cycle in which the counter next becomes zero; none where it stays there.
    zero_at: Option<u64>,
    /// The cycle in which the counter last was zero, before it took the reload value.
    was_zero_at: Option<u64>,
}

impl SysTick {
    /// The cycle of the next zero.
    pub(super) fn next_zero(&self) -> Option<u64> {
        self.zero_at
    }

    /// Counts on to `now`; whether SysTick becomes pending.
    pub(super) fn advance(&mut self, now: u64) -> bool {
        let Some(zero_at) = self.zero_at.filter(|&zero_at| zero_at <= now) else {
            return false;
        };
        self.reached_zero = true;
        self.was_zero_at = None;
        self.zero_at = (self.reload != 0).then(|| {
            let period = u64::from(self.reload) + 1;
            let next = zero_at + ((now - zero_at) / period + 1) * period;
            self.was_zero_at = Some(next - period);
            next
        });
        self.interrupt
    }

    /// Stands still for so many cycles.
    pub(super) fn stand(&mut self, cycles: u64) {
        for at in [&mut self.zero_at, &mut self.was_zero_at]
            .into_iter()
            .flatten()
        {
            *at += cycles;
        }
    }

    fn counter(&self, now: u64) -> u32 {
        match self.zero_at {
            _ if !self.enabled => self.stopped_at,
            Some(zero_at) if self.was_zero_at != Some(now) => zero_at.saturating_sub(now) as u32,
            _ => 0,
        }
    }

    fn start(&mut self, counter: u32, now: u64) {
        self.was_zero_at = (counter == 0).then_some(now);
        self.zero_at = match counter {
            0 if self.reload == 0 => None,
            0 => Some(now + u64::from(self.reload) + 1),
            _ => Some(now + u64::from(counter)),
        };
    }

    /// Reads a register, by its offset from `SYST_CSR`.
    pub(super) fn read(&mut self, offset: u32, now: u64, debugger: bool) -> u32 {
        match offset {
            0x0 => {
                let value = u32::from(self.enabled)
                    | u32::from(self.interrupt) << 1
                    | 1 << 2
                    | u32::from(self.reached_zero) << 16;
                self.reached_zero &= debugger;
                value
            }
            0x4 => self.reload,
            0x8 => self.counter(now),
            _ => 0xC000_0000,
        }
    }

    /// Writes a register, by its offset from `SYST_CSR`.
    pub(super) fn write(&mut self, offset: u32, value: u32, now: u64) {
        match offset {
            0x0 => {
                let enable = value & 1 != 0;
                self.interrupt = value & 2 != 0;
                if enable && !self.enabled {
                    self.start(self.stopped_at, now);
                } else if !enable && self.enabled {
                    self.stopped_at = self.counter(now);
                    self.zero_at = None;
                }
                self.enabled = enable;
            }
            0x4 => self.reload = value & 0x00FF_FFFF,
            0x8 => {
                self.reached_zero = false;
                self.stopped_at = 0;
                if self.enabled {
                    self.start(0, now);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_down_wraps_and_pends() {
        let mut timer = SysTick::default();
        timer.write(0x4, 9, 0);
        timer.write(0x0, 3, 100);
        assert_eq!(timer.read(0x8, 100, true), 0);
        assert_eq!(timer.read(0x8, 101, true), 9);
        assert_eq!(timer.next_zero(), Some(110));
        assert!(!timer.advance(109));
        assert!(timer.advance(110));
        assert_eq!(timer.next_zero(), Some(120));
        assert_eq!(timer.read(0x0, 110, false), 0x1_0007);
        assert_eq!(timer.read(0x0, 110, false), 7, "COUNTFLAG clears on read");
        assert!(timer.advance(145), "several wraps at once pend once");
        assert_eq!(timer.next_zero(), Some(150));
    }

    #[test]
    fn a_stopped_timer_keeps_its_count() {
        let mut timer = SysTick::default();
        timer.write(0x4, 99, 0);
        timer.write(0x0, 1, 0);
        timer.write(0x0, 0, 41);
        assert_eq!(timer.read(0x8, 1_000, true), 59);
        timer.write(0x0, 1, 1_000);
        assert_eq!(timer.next_zero(), Some(1_059));
        timer.write(0x8, 5, 1_010);
        assert_eq!(
            timer.next_zero(),
            Some(1_110),
            "writing the counter clears it"
        );
    }
}
