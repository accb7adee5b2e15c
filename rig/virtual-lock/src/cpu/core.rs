//! The core as the chip holds it, and what happens between instructions: deadlines, interrupts,
//! exceptions, sleep, debug state, stale code.

use super::bus::{AccessError, Bus, Size};
use super::code::Code;
use super::debug::dfsr;
use super::interpret::{self, Leave};
use super::memory::Trap;
use super::poll;
use super::scb::exception;
use super::state::{NO_PLAIN_STORE, PLAIN_STORE, Sleep, State};
use super::stop::{Exit, Stop, StopReason};
use super::{decode, op};
use crate::time::Ticks;

/// An ARMv7E-M core (Cortex-M4). A clone is a fork: it shares decoded code until one of them
/// changes it.
#[derive(Debug, Clone)]
pub struct Core {
    state: State,
    code: Code,
    /// Out of reset.
    running: bool,
}

impl Default for Core {
    fn default() -> Self {
        Core::new()
    }
}

/// The first cycle at or after a time.
fn cycle(time: Ticks) -> u64 {
    time.0.div_ceil(Ticks::CYCLE.0)
}

impl Core {
    /// A core at power-on, held in reset: it sleeps until [`Core::reset`].
    pub fn new() -> Core {
        Core {
            state: State::new(),
            code: Code::new(),
            running: false,
        }
    }

    /// Power is gone: everything is as at power-on, time included. What it knows of the code stays, as the
    /// code does.
    pub fn lose_power(&mut self) {
        let debug = std::mem::replace(&mut self.state, State::new()).debug;
        // Comparators are gone with the debugger's registers.
        self.state.debug.comparators_changed = debug.enabled() || debug.comparators_changed;
        self.running = false;
    }

    /// Takes over what `other`, on a bus of its own, has decoded of the flash; `same` tells whether the page of
    /// 4 KiB at an address holds the same on both. Nothing of what is executed changes by it.
    pub fn learn<B: Bus>(&mut self, bus: &B, other: &Core, others: &B, same: impl Fn(u32) -> bool) {
        self.refresh_code(bus);
        // Comparators stand in decoded code, too.
        let debugged = [&self.state, &other.state]
            .into_iter()
            .any(|state| state.debug.enabled() || state.debug.comparators_changed);
        if !debugged && other.state.written.is_none() && other.code.is_current(others) {
            self.code.learn(&other.code, same);
        }
    }

    /// Resets the core: stack pointer and program counter from the vector table at address 0,
    /// NVIC and SysTick cleared. Debug registers survive; `DEMCR.VC_CORERESET` halts the core
    /// before its first instruction.
    pub fn reset<B: Bus>(&mut self, bus: &mut B) -> Result<(), Stop> {
        let s = &mut self.state;
        s.reset();
        self.running = true;
        // Few programs run code there, and all pay for it with every store.
        self.code.forget_ram();
        let mut vector = |address| {
            bus.read(address, Size::Word, s.now())
                .map_err(|error| Stop {
                    pc: address,
                    reason: StopReason::ResetVector(error),
                })
        };
        let (stack, target) = (vector(0)?, vector(4)?);
        s.set_msp(stack);
        s.r[14] = u32::MAX;
        s.r[15] = target & !1;
        s.thumb = target & 1 != 0;
        Ok(())
    }

    /// The core's own time, a whole number of [`Ticks::CYCLE`]s.
    pub fn now(&self) -> Ticks {
        self.state.now()
    }

    /// Lets time pass without executing, for a core that sleeps: up to `time`, rounded up to a cycle.
    /// SysTick counts on.
    pub fn skip_to(&mut self, time: Ticks) {
        let s = &mut self.state;
        s.cycles = s.cycles.max(cycle(time));
        if s.systick.advance(s.cycles) {
            s.pend(exception::SYS_TICK);
        }
    }

    /// Lets time pass for a core in debug state: up to `time`, rounded up to a cycle. SysTick and the cycle
    /// counter stand still.
    pub fn stand_until(&mut self, time: Ticks) {
        let s = &mut self.state;
        let stood = cycle(time).saturating_sub(s.cycles);
        s.cycles += stood;
        s.systick.stand(stood);
        s.stop_counting(stood);
    }

    /// Executes until `until` or the bus's next event, whichever is earlier, or another exit.
    pub fn run<B: Bus>(&mut self, bus: &mut B, until: Ticks) -> Exit {
        if !self.running {
            return Exit::Sleeping;
        }
        loop {
            let end = match self.boundary(bus, until) {
                Ok(end) => end,
                Err(exit) => return exit,
            };
            let before = self.state.cycles;
            let stepping = self.state.debug.stepping();
            let end = if stepping { before + 1 } else { end };
            let left = if !self.state.thumb {
                Leave::Trap(Trap::InvalidState)
            } else if self.state.it != self.code.it_at(self.state.r[15]) {
                self.step_in_it(bus)
            } else if self.state.polling.suspected() && !stepping {
                poll::pass(&mut self.state, &mut self.code, bus, end)
            } else {
                interpret::execute(&mut self.state, &mut self.code, bus, end)
            };
            self.state.debug.retired |= self.state.cycles != before;
            let answered = match left {
                Leave::Boundary => Ok(()),
                Leave::Branch(target) => self.state.branch_exchange(bus, target),
                Leave::Trap(trap) => self.state.answer(bus, trap),
            };
            if let Err(stop) = answered {
                return Exit::Stopped(stop);
            }
            if stepping && !self.state.debug.halted {
                // What the instruction asked for belongs to its step.
                if let Err(stop) = self.state.take_supervisor_call(bus) {
                    return Exit::Stopped(stop);
                }
                self.state.debug.halt(dfsr::HALTED);
                self.state.sleep = Sleep::Awake;
            }
        }
    }

    /// What is done between instructions; the cycle up to which to execute, or the reason not to.
    fn boundary<B: Bus>(&mut self, bus: &mut B, until: Ticks) -> Result<u64, Exit> {
        self.refresh_code(bus);
        if self.state.debug.system_reset {
            self.state.debug.system_reset = false;
            return Err(Exit::ResetRequested);
        }
        if self.state.debug.core_reset {
            self.reset(bus).map_err(Exit::Stopped)?;
        }
        let s = &mut self.state;
        if s.debug.halt_requested() && !s.debug.halted {
            s.debug.halt(dfsr::HALTED);
            s.sleep = Sleep::Awake;
        }
        if s.debug.halted {
            return Err(Exit::Halted);
        }
        if s.systick.advance(s.cycles) {
            s.pend(exception::SYS_TICK);
        }
        s.sample(bus.interrupts());
        if s.sleep != Sleep::Awake && !s.wakes() {
            return Err(Exit::Sleeping);
        }
        s.take_supervisor_call(bus).map_err(Exit::Stopped)?;
        if let Some(number) = s.takeable() {
            s.enter(bus, number).map_err(Exit::Stopped)?;
            s.sample(bus.interrupts());
        }
        if s.debug.halted {
            return Err(Exit::Halted);
        }
        let deadline = cycle(until.min(bus.next_event()));
        if s.cycles >= deadline {
            return Err(Exit::Reached);
        }
        let stalled = cycle(bus.stalled_until());
        if stalled > s.cycles {
            self.skip_to(bus.stalled_until().min(until).min(bus.next_event()));
            return self.boundary(bus, until);
        }
        Ok(deadline.min(s.systick.next_zero().unwrap_or(u64::MAX)))
    }

    /// Forgets decoded code that has become stale since the last boundary.
    fn refresh_code<B: Bus>(&mut self, bus: &B) {
        let s = &mut self.state;
        if let Some((from, to)) = s.written.take() {
            self.code.changed(from, to);
        }
        if std::mem::take(&mut s.debug.comparators_changed) {
            self.code.arm(s.debug.armed());
        }
        self.code.synchronise(bus);
        s.plain_store = if self.code.in_ram() {
            NO_PLAIN_STORE
        } else {
            PLAIN_STORE
        };
    }

    /// Executes one instruction in a state that is not the one it was decoded in: within an IT
    /// block that was entered by an exception return, or after its code was forgotten.
    fn step_in_it<B: Bus>(&mut self, bus: &mut B) -> Leave {
        let s = &mut self.state;
        let (pc, it) = (s.r[15], s.it);
        let kept = *self.code.slot_mut(pc);
        if let Err(trap) = self.code.decode_at(bus, &s.debug, pc, it) {
            return Leave::Trap(trap);
        }
        let len = self.code.slot_mut(pc).len;
        let left = interpret::execute(s, &mut self.code, bus, s.cycles + 1);
        if !matches!(left, Leave::Trap(_)) {
            let fell_through = s.r[15] == pc.wrapping_add(len.into());
            s.it = if fell_through {
                decode::advance_it(it)
            } else {
                0
            };
        }
        *self.code.slot_mut(pc) = if kept.it == 0 {
            op::Op::UNDECODED
        } else {
            kept
        };
        left
    }

    /// When the core next does something by itself while it sleeps: SysTick's next wrap,
    /// [`Ticks::NEVER`] where it is off.
    pub fn next_event(&self) -> Ticks {
        self.state
            .systick
            .next_zero()
            .map_or(Ticks::NEVER, |cycle| Ticks(cycle * Ticks::CYCLE.0))
    }

    /// Reads the private peripheral bus (`0xE000_0000..0xE010_0000`) as the debugger does.
    pub fn ppb_read<B: Bus>(
        &mut self,
        bus: &mut B,
        address: u32,
        size: Size,
    ) -> Result<u32, AccessError> {
        self.state.sample(bus.interrupts());
        self.state.ppb_read(address, size, true)
    }

    /// Writes the private peripheral bus (`0xE000_0000..0xE010_0000`) as the debugger does.
    pub fn ppb_write<B: Bus>(
        &mut self,
        bus: &mut B,
        address: u32,
        size: Size,
        value: u32,
    ) -> Result<(), AccessError> {
        self.state.sample(bus.interrupts());
        self.state.ppb_write(address, size, value, true)
    }

    /// Whether the core is in debug state.
    pub fn is_halted(&self) -> bool {
        self.state.debug.halted
    }

    /// Whether the core sleeps until an interrupt or event.
    pub fn is_sleeping(&self) -> bool {
        !self.running || self.state.sleep != Sleep::Awake
    }

    /// A register by its number in DCRSR: 0 to 15 are R0 to the address of the next instruction,
    /// 16 xPSR, 17 MSP, 18 PSP, 20 CONTROL, FAULTMASK, BASEPRI and PRIMASK by byte, 0x21 FPSCR,
    /// 0x40 to 0x5F S0 to S31.
    pub fn register(&self, number: u32) -> u32 {
        self.state.debug_register(number)
    }

    /// Writes R0 to R15, xPSR (16) without its exception number, FPSCR (0x21), S0 to S31 (0x40 on).
    pub fn set_register(&mut self, number: u32, value: u32) {
        match number {
            0..=14 => self.state.set_reg(number as u8, value),
            15 => self.state.r[15] = value & !1,
            16 => self.state.set_xpsr(value),
            0x21 => self.state.float.set_status(value),
            0x40..=0x5F => self.state.float.s[number as usize - 0x40] = value,
            _ => {}
        }
    }
}
