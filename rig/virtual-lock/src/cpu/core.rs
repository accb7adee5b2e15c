//! The core as the chip holds it: its state between runs, its time, and the run loop's boundary,
//! where everything that is not an instruction happens.

use super::bus::{AccessError, Bus, Size};
use super::stop::{Exit, Stop};
use crate::time::Ticks;

/// An ARMv7E-M core (Cortex-M4). A clone is a fork: it shares decoded code until one of them
/// changes it.
#[derive(Debug, Clone)]
pub struct Core {
    cycles: u64,
}

impl Default for Core {
    fn default() -> Self {
        Core::new()
    }
}

impl Core {
    /// A core at power-on, held in reset.
    pub fn new() -> Core {
        Core { cycles: 0 }
    }

    /// Resets the core: stack pointer and program counter from the vector table at address 0,
    /// NVIC and SysTick cleared. Debug registers survive; `DEMCR.VC_CORERESET` halts the core
    /// before its first instruction.
    pub fn reset<B: Bus>(&mut self, bus: &mut B) -> Result<(), Stop> {
        let _ = bus;
        todo!()
    }

    /// The core's own time, a whole number of [`Ticks::CYCLE`]s.
    pub fn now(&self) -> Ticks {
        Ticks(self.cycles * Ticks::CYCLE.0)
    }

    /// Lets time pass without executing, for a core that sleeps or is halted: up to `time`,
    /// rounded up to a cycle. SysTick counts on.
    pub fn skip_to(&mut self, time: Ticks) {
        self.cycles = self.cycles.max(time.0.div_ceil(Ticks::CYCLE.0));
    }

    /// Executes until `until` or the bus's next event, whichever is earlier, or another exit.
    pub fn run<B: Bus>(&mut self, bus: &mut B, until: Ticks) -> Exit {
        let _ = (bus, until);
        todo!()
    }

    /// When the core next does something by itself while it sleeps: SysTick's next wrap,
    /// [`Ticks::NEVER`] where it is off.
    pub fn next_event(&self) -> Ticks {
        todo!()
    }

    /// Reads the private peripheral bus (`0xE000_0000..0xE010_0000`) as the debugger does.
    pub fn ppb_read<B: Bus>(
        &mut self,
        bus: &mut B,
        address: u32,
        size: Size,
    ) -> Result<u32, AccessError> {
        let _ = (bus, address, size);
        todo!()
    }

    /// Writes the private peripheral bus (`0xE000_0000..0xE010_0000`) as the debugger does.
    pub fn ppb_write<B: Bus>(
        &mut self,
        bus: &mut B,
        address: u32,
        size: Size,
        value: u32,
    ) -> Result<(), AccessError> {
        let _ = (bus, address, size, value);
        todo!()
    }

    /// Whether the core is in debug state.
    pub fn is_halted(&self) -> bool {
        todo!()
    }

    /// Whether the core sleeps until an interrupt or event.
    pub fn is_sleeping(&self) -> bool {
        todo!()
    }
}
