//! The system control block (ARMv7-M B3.2): configuration, system handlers and fault status.

use super::nvic::PRIORITY_BITS;

/// Exception numbers.
pub(super) mod exception {
    pub(in super::super) const NMI: u16 = 2;
    pub(in super::super) const HARD_FAULT: u16 = 3;
    pub(in super::super) const MEM_MANAGE: u16 = 4;
    pub(in super::super) const BUS_FAULT: u16 = 5;
    pub(in super::super) const USAGE_FAULT: u16 = 6;
    pub(in super::super) const SV_CALL: u16 = 11;
    pub(in super::super) const DEBUG_MONITOR: u16 = 12;
    pub(in super::super) const PEND_SV: u16 = 14;
    pub(in super::super) const SYS_TICK: u16 = 15;
    /// The first external interrupt.
    pub(in super::super) const EXTERNAL: u16 = 16;
}

/// Bits of the fault status registers.
pub(super) mod fault {
    pub(in super::super) const IACCVIOL: u32 = 1;
    pub(in super::super) const IBUSERR: u32 = 1 << 8;
    pub(in super::super) const PRECISERR: u32 = 1 << 9;
    pub(in super::super) const UNSTKERR: u32 = 1 << 11;
    pub(in super::super) const STKERR: u32 = 1 << 12;
    pub(in super::super) const LSPERR: u32 = 1 << 13;
    pub(in super::super) const BFARVALID: u32 = 1 << 15;
    pub(in super::super) const UNDEFINSTR: u32 = 1 << 16;
    pub(in super::super) const INVSTATE: u32 = 1 << 17;
    pub(in super::super) const INVPC: u32 = 1 << 18;
    pub(in super::super) const NOCP: u32 = 1 << 19;
    pub(in super::super) const UNALIGNED: u32 = 1 << 24;
    pub(in super::super) const DIVBYZERO: u32 = 1 << 25;
    /// HFSR: the vector could not be read.
    pub(in super::super) const VECTTBL: u32 = 1 << 1;
    /// HFSR: escalated from another fault.
    pub(in super::super) const FORCED: u32 = 1 << 30;
    /// HFSR: by a breakpoint without a debugger.
    pub(in super::super) const DEBUGEVT: u32 = 1 << 31;
}

/// CCR bits.
pub(super) mod ccr {
    pub(in super::super) const NONBASETHRDENA: u32 = 1;
    pub(in super::super) const USERSETMPEND: u32 = 1 << 1;
    pub(in super::super) const UNALIGN_TRP: u32 = 1 << 3;
    pub(in super::super) const DIV_0_TRP: u32 = 1 << 4;
    pub(in super::super) const BFHFNMIGN: u32 = 1 << 8;
    pub(in super::super) const STKALIGN: u32 = 1 << 9;
    const ALL: u32 = NONBASETHRDENA | USERSETMPEND | UNALIGN_TRP | DIV_0_TRP | BFHFNMIGN | STKALIGN;

    pub(in super::super) fn write(value: u32) -> u32 {
        value & ALL
    }
}

/// SCR bits.
pub(super) mod scr {
    pub(in super::super) const SLEEPONEXIT: u32 = 1 << 1;
    pub(in super::super) const SEVONPEND: u32 = 1 << 4;
    /// With SLEEPDEEP, which means nothing on this chip.
    pub(in super::super) const ALL: u32 = SLEEPONEXIT | 1 << 2 | SEVONPEND;
}

/// The registers of the block.
#[derive(Debug, Clone)]
pub(super) struct SystemControl {
    /// Pending system exceptions, one bit an exception number.
    pub(super) pending: u16,
    /// Active system exceptions, likewise.
    pub(super) active: u16,
    /// Priorities of exceptions 4 to 15.
    pub(super) priority: [u8; 12],
    /// SHCSR's enables as a bit an exception number.
    pub(super) enabled: u16,
    pub(super) vtor: u32,
    pub(super) prigroup: u8,
    pub(super) scr: u32,
    pub(super) ccr: u32,
    pub(super) cfsr: u32,
    /// CFSR's bits of the fault that is being taken, until it is.
    pub(super) fault: u32,
    pub(super) hfsr: u32,
    pub(super) mmfar: u32,
    pub(super) bfar: u32,
    pub(super) actlr: u32,
}

const CONFIGURABLE_FAULTS: u16 =
    1 << exception::MEM_MANAGE | 1 << exception::BUS_FAULT | 1 << exception::USAGE_FAULT;

/// SHCSR's bits of pending and active exceptions, each with its exception number.
const SHCSR_ACTIVE: [(u32, u16); 7] = [
    (0, exception::MEM_MANAGE),
    (1, exception::BUS_FAULT),
    (3, exception::USAGE_FAULT),
    (7, exception::SV_CALL),
    (8, exception::DEBUG_MONITOR),
    (10, exception::PEND_SV),
    (11, exception::SYS_TICK),
];
const SHCSR_PENDING: [(u32, u16); 4] = [
    (12, exception::USAGE_FAULT),
    (13, exception::MEM_MANAGE),
    (14, exception::BUS_FAULT),
    (15, exception::SV_CALL),
];
const SHCSR_ENABLE: [(u32, u16); 3] = [
    (16, exception::MEM_MANAGE),
    (17, exception::BUS_FAULT),
    (18, exception::USAGE_FAULT),
];

impl SystemControl {
    pub(super) fn new() -> SystemControl {
        SystemControl {
            pending: 0,
            active: 0,
            priority: [0; 12],
            enabled: 0,
            vtor: 0,
            prigroup: 0,
            scr: 0,
            ccr: ccr::STKALIGN,
            cfsr: 0,
            fault: 0,
            hfsr: 0,
            mmfar: 0,
            bfar: 0,
            actlr: 0,
        }
    }

    /// Whether a fault handler of its own is enabled; other exceptions always are.
    pub(super) fn handles(&self, number: u16) -> bool {
        (!CONFIGURABLE_FAULTS | self.enabled) >> number & 1 != 0
    }

    pub(super) fn shcsr(&self) -> u32 {
        let gather = |table: &[(u32, u16)], bits: u16| {
            table.iter().fold(0, |value, &(bit, number)| {
                value | u32::from(bits >> number & 1) << bit
            })
        };
        gather(&SHCSR_ACTIVE, self.active)
            | gather(&SHCSR_PENDING, self.pending)
            | gather(&SHCSR_ENABLE, self.enabled)
    }

    pub(super) fn set_shcsr(&mut self, value: u32) {
        let scatter = |table: &[(u32, u16)], bits: &mut u16| {
            for &(bit, number) in table {
                *bits = *bits & !(1 << number) | ((value >> bit & 1) as u16) << number;
            }
        };
        scatter(&SHCSR_ACTIVE, &mut self.active);
        scatter(&SHCSR_PENDING, &mut self.pending);
        scatter(&SHCSR_ENABLE, &mut self.enabled);
    }

    /// `SHPR1` to `SHPR3` by the offset from `SHPR1`.
    pub(super) fn shpr(&self, offset: u32) -> u32 {
        let at = offset as usize & !3;
        (0..4).fold(0, |word, byte| {
            word | u32::from(self.priority[at + byte]) << (8 * byte)
        })
    }

    pub(super) fn set_shpr(&mut self, offset: u32, value: u32) {
        let at = offset as usize & !3;
        for (byte, priority) in value.to_le_bytes().into_iter().enumerate() {
            // Exceptions 7 to 10 and 13 do not exist.
            if !matches!(at + byte, 3..=6 | 9) {
                self.priority[at + byte] = priority & PRIORITY_BITS;
            }
        }
    }
}
