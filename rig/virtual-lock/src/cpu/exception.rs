//! Exceptions (ARMv7-M B1.5): priorities, entry with stacking, return with tail-chaining, faults
//! and their escalation.

use super::bus::{Bus, Size};
use super::debug::{demcr, dfsr};
use super::memory::{Trap, aligned};
use super::scb::{ccr, exception, fault, scr};
use super::state::{CONTROL_PROCESS_STACK, PLAIN_STORE, Sleep, State};
use super::stop::{Stop, StopReason};

/// A priority below every exception's.
const THREAD_PRIORITY: i32 = 256;
/// Cycles of a Cortex-M4 from interrupt to handler, from return to thread, and between handlers.
const ENTRY_CYCLES: u64 = 12;
const RETURN_CYCLES: u64 = 10;
const TAIL_CHAIN_CYCLES: u64 = 6;

/// Bytes of an exception's frame, without and with floating-point state.
const FRAME: u32 = 32;
const EXTENDED_FRAME: u32 = 104;

/// EXC_RETURN: to handler mode, to thread mode on the main or on the process stack.
const RETURN_HANDLER: u32 = 0xFFFF_FFF1;
const RETURN_THREAD_MAIN: u32 = 0xFFFF_FFF9;
const RETURN_THREAD_PROCESS: u32 = 0xFFFF_FFFD;

impl State {
    fn priority(&self, number: u16) -> i32 {
        match number {
            exception::NMI => -2,
            exception::HARD_FAULT => -1,
            4..=15 => self.scb.priority[usize::from(number) - 4].into(),
            _ => self.nvic.priority[usize::from(number - exception::EXTERNAL)].into(),
        }
    }

    /// The part of a priority that decides about preemption.
    fn group(&self, priority: i32) -> i32 {
        if priority < 0 {
            priority
        } else {
            priority & (0xFF << (self.scb.prigroup + 1)) & 0xFF
        }
    }

    /// The priority that an exception must beat to be taken now.
    pub(super) fn execution_priority(&self) -> i32 {
        let mut boosted = self.active_priority();
        if self.basepri != 0 {
            boosted = boosted.min(self.group(self.basepri.into()));
        }
        if self.primask {
            boosted = boosted.min(0);
        }
        if self.faultmask {
            boosted = boosted.min(-1);
        }
        boosted
    }

    fn active_priority(&self) -> i32 {
        numbers(self.scb.active, self.nvic.active)
            .map(|number| self.group(self.priority(number)))
            .min()
            .unwrap_or(THREAD_PRIORITY)
    }

    /// The pending exception that is next, and its group priority. Lower numbers win ties.
    pub(super) fn best_pending(&self) -> Option<(u16, i32)> {
        let mut system = self.scb.pending;
        let mut external = self.nvic.pending & self.nvic.enabled;
        if system == 0 && external == 0 {
            return None;
        }
        if self.debug.masks_interrupts() {
            system &= !(1 << exception::PEND_SV | 1 << exception::SYS_TICK);
            external = 0;
        }
        numbers(system, external)
            .min_by_key(|&number| (self.priority(number), number))
            .map(|number| (number, self.group(self.priority(number))))
    }

    /// The exception to take before the next instruction.
    pub(super) fn takeable(&self) -> Option<u16> {
        let (number, priority) = self.best_pending()?;
        (priority < self.execution_priority()).then_some(number)
    }

    /// Whether a sleeping core goes on. WFI looks through PRIMASK, WFE does not but for events.
    pub(super) fn wakes(&mut self) -> bool {
        let ignoring_primask = {
            let primask = std::mem::replace(&mut self.primask, false);
            let wakes = self.takeable().is_some();
            self.primask = primask;
            wakes
        };
        let wakes = match self.sleep {
            Sleep::Awake => true,
            Sleep::ForInterrupt => ignoring_primask,
            Sleep::ForEvent if self.event => {
                self.event = false;
                true
            }
            Sleep::ForEvent => ignoring_primask && !self.primask,
        };
        if wakes {
            self.sleep = Sleep::Awake;
        }
        wakes
    }

    /// Takes over the bus's interrupt lines.
    pub(super) fn sample(&mut self, lines: u64) {
        if self.nvic.sample(lines) != 0 {
            self.pended();
        }
    }

    /// Something pends that did not: an event, with `SCR.SEVONPEND`.
    pub(super) fn pended(&mut self) {
        self.event |= self.scb.scr & scr::SEVONPEND != 0;
    }

    /// Makes a system exception pending.
    pub(super) fn pend(&mut self, number: u16) {
        if self.scb.pending >> number & 1 == 0 {
            self.pended();
        }
        self.scb.pending |= 1 << number;
    }

    fn clear_pending(&mut self, number: u16) {
        match number.checked_sub(exception::EXTERNAL) {
            Some(line) => self.nvic.pending &= !(1 << line),
            None => self.scb.pending &= !(1 << number),
        }
    }

    fn set_active(&mut self, number: u16, active: bool) {
        match number.checked_sub(exception::EXTERNAL) {
            Some(line) => {
                self.nvic.active = self.nvic.active & !(1 << line) | u64::from(active) << line;
            }
            None => {
                self.scb.active = self.scb.active & !(1 << number) | u16::from(active) << number;
            }
        }
    }

    fn is_active(&self, number: u16) -> bool {
        match number.checked_sub(exception::EXTERNAL) {
            Some(line) => self.nvic.active >> line & 1 != 0,
            None => self.scb.active >> number & 1 != 0,
        }
    }

    /// Takes an exception: stacks the caller-saved registers and goes to its vector. The program
    /// counter is the address to return to.
    pub(super) fn enter<B: Bus>(&mut self, bus: &mut B, number: u16) -> Result<(), Stop> {
        let mode = if self.handler_mode() {
            RETURN_HANDLER
        } else if self.on_process_stack() {
            RETURN_THREAD_PROCESS
        } else {
            RETURN_THREAD_MAIN
        };
        // Bit 4 says that the frame has no floating-point part.
        let mode = if self.float.active {
            mode & !0x10
        } else {
            mode
        };
        self.cycles += ENTRY_CYCLES;
        let stacked = self.push_frame(bus);
        self.take(
            bus,
            number,
            mode,
            stacked.err().map(|trap| (trap, fault::STKERR)),
        )
    }

    /// Goes to a handler with the frame on the stack as it is; a failed access to the frame adds a
    /// fault, which goes first if it is more urgent.
    fn take<B: Bus>(
        &mut self,
        bus: &mut B,
        number: u16,
        link: u32,
        failed: Option<(Trap, u32)>,
    ) -> Result<(), Stop> {
        let mut number = number;
        if let Some((trap, status)) = failed {
            if let Trap::Stop(reason) = trap {
                return Err(self.stop(*reason));
            }
            self.note_fault(status);
            let derived = self.escalate(exception::BUS_FAULT, "a bus fault on the stack")?;
            if self.priority(derived) < self.priority(number) {
                self.pend_again(number);
                number = derived;
            } else {
                self.pend(derived);
            }
        }
        self.clear_pending(number);
        self.set_active(number, true);
        self.set_mode(number, self.control & !CONTROL_PROCESS_STACK);
        self.float.active = false;
        self.r[14] = link;
        self.it = 0;
        self.exclusive = false;
        self.sleep = Sleep::Awake;
        self.event = true;
        let vector = self.scb.vtor.wrapping_add(4 * u32::from(number));
        match bus.read(vector, Size::Word, self.now()) {
            Ok(target) => {
                self.r[15] = target & !1;
                self.thumb = target & 1 != 0;
            }
            Err(error) => {
                if number == exception::HARD_FAULT {
                    return Err(self.stop(StopReason::Lockup {
                        cause: "an unreadable HardFault vector",
                    }));
                }
                if let Trap::Stop(reason) = Trap::from(error) {
                    return Err(self.stop(*reason));
                }
                self.scb.hfsr |= fault::VECTTBL;
                return self.take(bus, exception::HARD_FAULT, link, None);
            }
        }
        let status = std::mem::take(&mut self.scb.fault);
        if self.debug.catches(number, status) {
            self.debug.halt(dfsr::VCATCH);
        }
        Ok(())
    }

    fn pend_again(&mut self, number: u16) {
        match number.checked_sub(exception::EXTERNAL) {
            Some(line) => self.nvic.pending |= 1 << line,
            None => self.scb.pending |= 1 << number,
        }
    }

    fn push_frame<B: Bus>(&mut self, bus: &mut B) -> Result<(), Trap> {
        let extended = self.float.active;
        let align = extended || self.scb.ccr & ccr::STKALIGN != 0;
        let adjusted = align && self.r[13] & 4 != 0;
        let size = if extended { EXTENDED_FRAME } else { FRAME };
        let frame = self.r[13].wrapping_sub(size) & if align { !4 } else { !0 };
        let words = [
            self.r[0],
            self.r[1],
            self.r[2],
            self.r[3],
            self.r[12],
            self.r[14],
            self.r[15],
            self.xpsr() | u32::from(adjusted) << 9,
        ];
        self.r[13] = frame;
        let plain = self.plain_store == PLAIN_STORE && aligned(frame, Size::Word);
        match plain.then(|| bus.ram_mut(frame, FRAME as usize)) {
            Some(Some(bytes)) => {
                for (place, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
                    *place = word.to_le_bytes();
                }
            }
            _ => {
                for (index, word) in words.into_iter().enumerate() {
                    self.store(bus, frame.wrapping_add(4 * index as u32), Size::Word, word)?;
                }
            }
        }
        if extended {
            self.stack_float(bus, frame.wrapping_add(FRAME))?;
        }
        Ok(())
    }

    /// Returns from an exception by branching to `link` in handler mode.
    pub(super) fn exception_return<B: Bus>(&mut self, bus: &mut B, link: u32) -> Result<(), Stop> {
        let returning = self.ipsr;
        let nested = self.scb.active.count_ones() + self.nvic.active.count_ones();
        let was_active = self.is_active(returning);
        let to_thread = link & 0xF != 1;
        let valid = link & 0x0FFF_FFE0 == 0x0FFF_FFE0
            && matches!(link & 0xF, 0x1 | 0x9 | 0xD)
            && (!to_thread || nested == 1 || self.scb.ccr & ccr::NONBASETHRDENA != 0);
        self.set_active(returning, false);
        if self.ipsr != exception::NMI {
            self.faultmask = false;
        }
        self.sample(bus.interrupts());
        let link = 0xF000_0000 | link;
        if !was_active || !valid {
            self.note_fault(fault::INVPC);
            let number = self.escalate(exception::USAGE_FAULT, "an invalid exception return")?;
            return self.take(bus, number, link, None);
        }
        if let Some(next) = self.takeable() {
            self.cycles += TAIL_CHAIN_CYCLES;
            return self.take(bus, next, link, None);
        }
        self.cycles += RETURN_CYCLES;
        let on_process_stack = link & 0xF == 0xD;
        let frame = if on_process_stack {
            self.psp()
        } else {
            self.msp()
        };
        let mut words = [0; 8];
        for (index, word) in words.iter_mut().enumerate() {
            match self.load(bus, frame.wrapping_add(4 * index as u32), Size::Word) {
                Ok(value) => *word = value,
                Err(trap) => return self.unstacking_failed(bus, trap, link),
            }
        }
        let extended = link & 0x10 == 0;
        let size = if extended { EXTENDED_FRAME } else { FRAME };
        if extended && let Err(trap) = self.unstack_float(bus, frame.wrapping_add(FRAME)) {
            return self.unstacking_failed(bus, trap, link);
        }
        let [r0, r1, r2, r3, r12, lr, pc, xpsr] = words;
        let returned_to = (xpsr & 0x1FF) as u16;
        let realigned = (extended || self.scb.ccr & ccr::STKALIGN != 0) && xpsr & 0x200 != 0;
        let sp = frame.wrapping_add(size) | if realigned { 4 } else { 0 };
        if to_thread != (returned_to == 0) {
            self.note_fault(fault::INVPC);
            let number = self.escalate(exception::USAGE_FAULT, "an invalid exception return")?;
            return self.take(bus, number, link, None);
        }
        if on_process_stack {
            self.set_psp(sp);
        } else {
            self.set_msp(sp);
        }
        let stack = if on_process_stack {
            CONTROL_PROCESS_STACK
        } else {
            0
        };
        self.set_mode(returned_to, self.control & !CONTROL_PROCESS_STACK | stack);
        self.float.active = extended;
        self.r[..4].copy_from_slice(&[r0, r1, r2, r3]);
        self.r[12] = r12;
        self.r[14] = lr;
        self.r[15] = pc & !1;
        self.set_xpsr(xpsr);
        self.exclusive = false;
        self.event = true;
        if to_thread && self.scb.scr & scr::SLEEPONEXIT != 0 {
            self.sleep = Sleep::ForInterrupt;
        }
        Ok(())
    }

    fn unstacking_failed<B: Bus>(
        &mut self,
        bus: &mut B,
        trap: Trap,
        link: u32,
    ) -> Result<(), Stop> {
        if let Trap::Stop(reason) = trap {
            return Err(self.stop(*reason));
        }
        self.note_fault(fault::UNSTKERR);
        let number = self.escalate(exception::BUS_FAULT, "a bus fault on the stack")?;
        self.take(bus, number, link, None)
    }

    /// BX, BLX and loads of the program counter.
    pub(super) fn branch_exchange<B: Bus>(&mut self, bus: &mut B, target: u32) -> Result<(), Stop> {
        self.it = 0;
        if self.handler_mode() && target >> 28 == 0xF {
            return self.exception_return(bus, target);
        }
        self.thumb = target & 1 != 0;
        self.r[15] = target & !1;
        Ok(())
    }

    /// Takes SVC, where the last instruction was one: the program counter is behind it.
    pub(super) fn take_supervisor_call<B: Bus>(&mut self, bus: &mut B) -> Result<(), Stop> {
        if !std::mem::take(&mut self.supervisor_call) {
            return Ok(());
        }
        let number = self.escalate(exception::SV_CALL, "SVC in a fault handler")?;
        self.enter(bus, number)
    }

    /// A fault is about to be taken.
    fn note_fault(&mut self, status: u32) {
        self.scb.cfsr |= status;
        self.scb.fault |= status;
    }

    /// The handler that a synchronous exception gets: its own, or HardFault.
    fn escalate(&mut self, number: u16, cause: &'static str) -> Result<u16, Stop> {
        let current = self.execution_priority();
        if self.scb.handles(number) && self.group(self.priority(number)) < current {
            return Ok(number);
        }
        self.scb.hfsr |= fault::FORCED;
        if current <= -1 {
            return Err(self.stop(StopReason::Lockup { cause }));
        }
        Ok(exception::HARD_FAULT)
    }

    fn stop(&mut self, reason: StopReason) -> Stop {
        self.debug.locked_up |= matches!(reason, StopReason::Lockup { .. });
        Stop {
            pc: self.r[15],
            reason,
        }
    }

    /// Answers what kept the instruction at the program counter from completing.
    pub(super) fn answer<B: Bus>(&mut self, bus: &mut B, trap: Trap) -> Result<(), Stop> {
        let (number, status, cause) = match trap {
            Trap::Stop(reason) => return Err(self.stop(*reason)),
            Trap::Breakpoint | Trap::Comparator => return self.breakpoint(bus),
            Trap::Undefined => (
                exception::USAGE_FAULT,
                fault::UNDEFINSTR,
                "UDF in a fault handler",
            ),
            Trap::InvalidState => (
                exception::USAGE_FAULT,
                fault::INVSTATE,
                "a branch to an even address",
            ),
            Trap::NoCoprocessor => (
                exception::USAGE_FAULT,
                fault::NOCP,
                "a coprocessor instruction",
            ),
            Trap::Unaligned => (
                exception::USAGE_FAULT,
                fault::UNALIGNED,
                "an unaligned access",
            ),
            Trap::DivideByZero => (
                exception::USAGE_FAULT,
                fault::DIVBYZERO,
                "a division by zero",
            ),
            Trap::DataBus(address) => {
                self.scb.bfar = address;
                (
                    exception::BUS_FAULT,
                    fault::PRECISERR | fault::BFARVALID,
                    "a bus fault on data",
                )
            }
            Trap::LazyBus => (
                exception::BUS_FAULT,
                fault::LSPERR,
                "a bus fault on the stack",
            ),
            Trap::FetchBus => (
                exception::BUS_FAULT,
                fault::IBUSERR,
                "a bus fault on an instruction",
            ),
            Trap::FetchNever => (
                exception::MEM_MANAGE,
                fault::IACCVIOL,
                "an instruction outside memory",
            ),
        };
        self.note_fault(status);
        let number = self.escalate(number, cause)?;
        self.enter(bus, number)
    }

    fn breakpoint<B: Bus>(&mut self, bus: &mut B) -> Result<(), Stop> {
        if self.debug.enabled() {
            self.debug.halt(dfsr::BKPT);
            return Ok(());
        }
        self.debug.dfsr |= dfsr::BKPT;
        let monitor = self.debug.demcr & demcr::MON_EN != 0
            && self.group(self.priority(exception::DEBUG_MONITOR)) < self.execution_priority();
        if monitor {
            return self.enter(bus, exception::DEBUG_MONITOR);
        }
        self.scb.hfsr |= fault::DEBUGEVT;
        if self.execution_priority() <= -1 {
            return Err(self.stop(StopReason::Lockup {
                cause: "BKPT in a fault handler",
            }));
        }
        self.enter(bus, exception::HARD_FAULT)
    }
}

/// Exception numbers of the bits set.
fn numbers(mut system: u16, mut external: u64) -> impl Iterator<Item = u16> {
    std::iter::from_fn(move || {
        if system != 0 {
            let number = system.trailing_zeros() as u16;
            system &= system - 1;
            Some(number)
        } else if external != 0 {
            let number = external.trailing_zeros() as u16;
            external &= external - 1;
            Some(number + exception::EXTERNAL)
        } else {
            None
        }
    })
}
