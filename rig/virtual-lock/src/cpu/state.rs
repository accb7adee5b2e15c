//! The programmer's model: registers, flags, special registers, and what belongs to the core beside
//! them. Flags are kept as the results they come from, so that setting them costs a store each.

use super::debug::Debug;
use super::float::Float;
use super::nvic::Nvic;
use super::poll::Polling;
use super::scb::SystemControl;
use super::systick::SysTick;

/// How a core sleeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sleep {
    /// Not at all.
    Awake,
    /// WFI, and sleep-on-exit.
    ForInterrupt,
    /// WFE.
    ForEvent,
}

/// `CONTROL.nPRIV`: thread mode is unprivileged.
pub(super) const CONTROL_UNPRIVILEGED: u8 = 1;
/// `CONTROL.SPSEL`: thread mode uses the process stack.
pub(super) const CONTROL_PROCESS_STACK: u8 = 2;

/// Everything of a core but its decoded code.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// R0 to R12, the stack pointer in use, LR, and the address of the next instruction.
    pub(super) r: [u32; 16],
    /// N is its top bit.
    pub(super) n: u32,
    /// Z is set where this is zero.
    pub(super) z: u32,
    /// 0 or 1.
    pub(super) c: u32,
    /// V is its top bit.
    pub(super) v: u32,
    pub(super) q: bool,
    /// `APSR.GE`, four bits.
    pub(super) ge: u8,
    /// ITSTATE of the next instruction.
    pub(super) it: u8,
    /// `EPSR.T`; clear, the next instruction faults.
    pub(super) thumb: bool,
    /// Number of the exception being handled, 0 in thread mode.
    pub(super) ipsr: u16,
    /// The stack pointer not in use.
    pub(super) other_sp: u32,
    pub(super) control: u8,
    pub(super) primask: bool,
    pub(super) faultmask: bool,
    pub(super) basepri: u8,
    /// Cycles since power-on.
    pub(super) cycles: u64,
    /// The event register of WFE and SEV.
    pub(super) event: bool,
    pub(super) sleep: Sleep,
    /// The local exclusive monitor, which as on Cortex-M4 tags all memory at once.
    pub(super) exclusive: bool,
    /// Something happened that the run loop must look at before the next instruction.
    pub(super) resync: bool,
    /// Flash that was written by this core, or RAM while code in it is decoded: first byte, and one past
    /// the last.
    pub(super) written: Option<(u32, u32)>,
    /// What a store's address must look like, region and alignment masked, to be plain RAM without
    /// decoded code.
    pub(super) plain_store: u32,
    /// What the program reads again and again.
    pub(super) polling: Polling,
    /// A synchronous exception (SVCall) that the last instruction asked for.
    pub(super) supervisor_call: bool,
    pub(super) float: Float,
    pub(super) nvic: Nvic,
    pub(super) scb: SystemControl,
    pub(super) systick: SysTick,
    pub(super) debug: Debug,
}

/// [`State::plain_store`] where no code in RAM is decoded.
pub(super) const PLAIN_STORE: u32 = 0x2000_0000;
/// [`State::plain_store`] that no address matches.
pub(super) const NO_PLAIN_STORE: u32 = u32::MAX;

/// By condition (ARMv7-M A7.3), one bit for each value of NZCV: whether it holds.
const HOLDS: [u16; 16] = {
    let mut table = [0; 16];
    let mut condition = 0;
    while condition < 16 {
        let mut flags = 0;
        while flags < 16 {
            let (n, z) = (flags & 8 != 0, flags & 4 != 0);
            let (c, v) = (flags & 2 != 0, flags & 1 != 0);
            let holds = match condition >> 1 {
                0 => z,
                1 => c,
                2 => n,
                3 => v,
                4 => c && !z,
                5 => n == v,
                6 => n == v && !z,
                _ => true,
            };
            let inverted = condition & 1 != 0 && condition < 14;
            table[condition] |= ((holds != inverted) as u16) << flags;
            flags += 1;
        }
        condition += 1;
    }
    table
};

impl State {
    pub(super) fn new() -> State {
        State {
            r: [0; 16],
            n: 0,
            z: 1,
            c: 0,
            v: 0,
            q: false,
            ge: 0,
            it: 0,
            thumb: false,
            ipsr: 0,
            other_sp: 0,
            control: 0,
            primask: false,
            faultmask: false,
            basepri: 0,
            cycles: 0,
            event: false,
            sleep: Sleep::Awake,
            exclusive: false,
            resync: false,
            written: None,
            plain_store: PLAIN_STORE,
            polling: Polling::default(),
            supervisor_call: false,
            float: Float::new(),
            nvic: Nvic::default(),
            scb: SystemControl::new(),
            systick: SysTick::default(),
            debug: Debug::default(),
        }
    }

    /// Puts everything but time and debug registers into its reset state.
    pub(super) fn reset(&mut self) {
        let debug = std::mem::take(&mut self.debug);
        *self = State {
            cycles: self.cycles,
            plain_store: self.plain_store,
            debug,
            ..State::new()
        };
        self.debug.core_was_reset();
    }

    /// A register as an instruction names it; the program counter as stored, not plus 4.
    pub(super) fn reg(&self, register: u8) -> u32 {
        self.r[usize::from(register & 15)]
    }

    /// Writes a register but the program counter. The stack pointer is always word-aligned.
    pub(super) fn set_reg(&mut self, register: u8, value: u32) {
        let value = if register == 13 { value & !3 } else { value };
        self.r[usize::from(register & 15)] = value;
    }

    #[inline]
    pub(super) fn set_nz(&mut self, result: u32) {
        self.n = result;
        self.z = result;
    }

    /// Whether a condition code holds.
    #[inline]
    pub(super) fn holds(&self, condition: u8) -> bool {
        let flags = self.n >> 31 << 3 | u32::from(self.z == 0) << 2 | self.c << 1 | self.v >> 31;
        HOLDS[usize::from(condition & 15)] >> flags & 1 != 0
    }

    /// `APSR`: flags, Q, GE.
    pub(super) fn apsr(&self) -> u32 {
        (self.n & 0x8000_0000)
            | u32::from(self.z == 0) << 30
            | self.c << 29
            | (self.v >> 31) << 28
            | u32::from(self.q) << 27
            | u32::from(self.ge) << 16
    }

    /// Writes N, Z, C, V and Q.
    pub(super) fn set_flags(&mut self, apsr: u32) {
        self.n = apsr;
        self.z = !apsr & 1 << 30;
        self.c = apsr >> 29 & 1;
        self.v = apsr << 3;
        self.q = apsr >> 27 & 1 != 0;
    }

    pub(super) fn set_ge(&mut self, apsr: u32) {
        self.ge = (apsr >> 16 & 0xF) as u8;
    }

    /// `xPSR`: APSR, IPSR and EPSR.
    pub(super) fn xpsr(&self) -> u32 {
        let it = u32::from(self.it);
        self.apsr()
            | (it & 3) << 25
            | (it >> 2) << 10
            | u32::from(self.thumb) << 24
            | u32::from(self.ipsr)
    }

    /// Writes APSR and EPSR.
    pub(super) fn set_xpsr(&mut self, xpsr: u32) {
        self.set_flags(xpsr);
        self.set_ge(xpsr);
        self.it = (xpsr >> 25 & 3) as u8 | ((xpsr >> 10 & 0x3F) as u8 * 4);
        self.thumb = xpsr >> 24 & 1 != 0;
    }

    /// Whether the core is in handler mode.
    pub(super) fn handler_mode(&self) -> bool {
        self.ipsr != 0
    }

    pub(super) fn privileged(&self) -> bool {
        self.handler_mode() || self.control & CONTROL_UNPRIVILEGED == 0
    }

    /// Whether the stack pointer in use is the process stack's.
    pub(super) fn on_process_stack(&self) -> bool {
        !self.handler_mode() && self.control & CONTROL_PROCESS_STACK != 0
    }

    pub(super) fn msp(&self) -> u32 {
        if self.on_process_stack() {
            self.other_sp
        } else {
            self.r[13]
        }
    }

    pub(super) fn psp(&self) -> u32 {
        if self.on_process_stack() {
            self.r[13]
        } else {
            self.other_sp
        }
    }

    pub(super) fn set_msp(&mut self, value: u32) {
        if self.on_process_stack() {
            self.other_sp = value & !3;
        } else {
            self.r[13] = value & !3;
        }
    }

    pub(super) fn set_psp(&mut self, value: u32) {
        if self.on_process_stack() {
            self.r[13] = value & !3;
        } else {
            self.other_sp = value & !3;
        }
    }

    /// Changes mode or stack selection, keeping both stack pointers.
    pub(super) fn set_mode(&mut self, ipsr: u16, control: u8) {
        let before = self.on_process_stack();
        self.ipsr = ipsr;
        self.control = control & 3;
        if before != self.on_process_stack() {
            std::mem::swap(&mut self.r[13], &mut self.other_sp);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn flags_come_back_as_written(value: u32) {
            let mut state = State::new();
            state.set_xpsr(value);
            prop_assert_eq!(state.xpsr(), value & 0xFF0F_FC00);
        }

        #[test]
        fn stack_pointers_survive_every_change_of_mode(
            modes in proptest::collection::vec((0u16..3, 0u8..4), 1..20)
        ) {
            let mut state = State::new();
            state.set_msp(0x2000_1000);
            state.set_psp(0x2000_2000);
            for (ipsr, control) in modes {
                state.set_mode(ipsr, control);
                prop_assert_eq!((state.msp(), state.psp()), (0x2000_1000, 0x2000_2000));
            }
        }
    }
}
