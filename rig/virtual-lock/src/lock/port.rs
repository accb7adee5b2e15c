//! The lock as its debug port sees it.

use super::{LockError, VirtualLock};
use crate::cpu::bus::{AccessError, Bus, Size};
use crate::cpu::{Stop, StopReason};
use crate::debug::target::DebugTarget;
use crate::nrf52840::Reset;
use crate::time::Ticks;

/// The core's private peripheral bus.
const PPB: std::ops::Range<u32> = 0xE000_0000..0xE010_0000;

impl DebugTarget for VirtualLock {
    fn powered(&self) -> bool {
        self.board.is_on()
    }

    fn debug_read(&mut self, address: u32, size: Size) -> Result<u32, AccessError> {
        if PPB.contains(&address) {
            return self.core.ppb_read(&mut self.chip, address, size);
        }
        self.chip.read(address, size, self.core.now())
    }

    fn debug_write(&mut self, address: u32, size: Size, value: u32) -> Result<(), AccessError> {
        if PPB.contains(&address) {
            self.core.ppb_write(&mut self.chip, address, size, value)?;
        } else {
            self.chip.write(address, size, value, self.core.now())?;
            self.chip.note_foreign_write(address);
        }
        // What was asked of the core or the pins takes effect now. A run that cannot go on says so
        // when time passes.
        let _ = self.pass_time(self.time);
        Ok(())
    }

    fn hold_reset(&mut self, asserted: bool) {
        if std::mem::replace(&mut self.held_in_reset, asserted) == asserted || !self.board.is_on() {
            return;
        }
        // Pins float from the moment reset is asserted; the program starts when it is released. A
        // missing vector table shows as lockup when time passes.
        let _ = self.reset(Reset::Pin);
    }

    fn erase_all(&mut self) {
        self.chip.erase_all();
    }

    fn advance(&mut self, by: Ticks) -> Result<(), String> {
        let until = self.time.saturating_add(by);
        self.pass_time(until).map_err(|error| error.to_string())
    }
}

impl VirtualLock {
    /// Like [`VirtualLock::run_until`], for a debugger: it looks at the core at least once, and a core
    /// that has locked up, as on a blank chip, is no error.
    fn pass_time(&mut self, until: Ticks) -> Result<(), LockError> {
        loop {
            let next = self.board.next_event().min(until).max(self.time);
            if !self.runs() {
                self.catch_up(next, None)?;
            } else {
                match self.execute(next) {
                    Err(LockError::Stopped { stop, .. }) if is_lockup(&stop) => {
                        self.core.skip_to(next);
                    }
                    other => other?,
                }
                self.catch_up(self.core.now(), None)?;
            }
            if self.time >= until {
                return Ok(());
            }
        }
    }
}

fn is_lockup(stop: &Stop) -> bool {
    matches!(
        stop.reason,
        StopReason::Lockup { .. } | StopReason::ResetVector(_)
    )
}
