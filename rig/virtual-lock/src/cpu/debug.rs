//! Halting debug (ARMv7-M C1): run control, register transfer, vector catch, the flash patch and
//! breakpoint unit, and the cycle counter of DWT. These registers live through a core reset.

use super::scb::exception;
use super::state::State;

/// DHCSR bits.
mod dhcsr {
    pub(super) const KEY: u32 = 0xA05F;
    pub(super) const C_DEBUGEN: u32 = 1;
    pub(super) const C_HALT: u32 = 1 << 1;
    pub(super) const C_STEP: u32 = 1 << 2;
    pub(super) const C_MASKINTS: u32 = 1 << 3;
    pub(super) const CONTROLS: u32 = C_DEBUGEN | C_HALT | C_STEP | C_MASKINTS | 1 << 5;
    pub(super) const S_REGRDY: u32 = 1 << 16;
    pub(super) const S_HALT: u32 = 1 << 17;
    pub(super) const S_SLEEP: u32 = 1 << 18;
    pub(super) const S_LOCKUP: u32 = 1 << 19;
    pub(super) const S_RETIRE_ST: u32 = 1 << 24;
    pub(super) const S_RESET_ST: u32 = 1 << 25;
}

/// DFSR bits.
pub(super) mod dfsr {
    pub(in super::super) const HALTED: u32 = 1;
    pub(in super::super) const BKPT: u32 = 1 << 1;
    pub(in super::super) const VCATCH: u32 = 1 << 3;
    pub(in super::super) const ALL: u32 = 0x1F;
}

/// DEMCR bits.
pub(super) mod demcr {
    pub(in super::super) const VC_CORERESET: u32 = 1;
    pub(in super::super) const VC_MMERR: u32 = 1 << 4;
    pub(in super::super) const VC_NOCPERR: u32 = 1 << 5;
    pub(in super::super) const VC_CHKERR: u32 = 1 << 6;
    pub(in super::super) const VC_STATERR: u32 = 1 << 7;
    pub(in super::super) const VC_BUSERR: u32 = 1 << 8;
    pub(in super::super) const VC_INTERR: u32 = 1 << 9;
    pub(in super::super) const VC_HARDERR: u32 = 1 << 10;
    pub(in super::super) const MON_EN: u32 = 1 << 16;
    pub(in super::super) const MON_PEND: u32 = 1 << 17;
    /// All of the monitor's, which a reset of the core clears.
    pub(in super::super) const MONITOR: u32 = 0xF << 16;
    pub(in super::super) const TRCENA: u32 = 1 << 24;
    pub(in super::super) const ALL: u32 = 0x010F_07F1;
}

/// Six instruction comparators; the two literal ones of a Cortex-M4 can be written but never match.
const COMPARATORS: usize = 8;
const CODE_COMPARATORS: usize = 6;

/// `FP_COMP0` to `FP_COMP5`, as they match: 0 where one doesn't.
pub(super) type Armed = [u32; CODE_COMPARATORS];

/// The word that a comparator lies in.
pub(super) const fn compared(comparator: u32) -> u32 {
    comparator & 0x1FFF_FFFC
}

/// The debug registers.
#[derive(Debug, Clone, Default)]
pub(super) struct Debug {
    controls: u32,
    /// The core is in debug state.
    pub(super) halted: bool,
    /// An instruction completed since DHCSR was read.
    pub(super) retired: bool,
    /// The core is locked up: only reset or a debugger gets it out.
    pub(super) locked_up: bool,
    was_reset: bool,
    register: u32,
    pub(super) demcr: u32,
    pub(super) dfsr: u32,
    fpb_enabled: bool,
    fpb: [u32; COMPARATORS],
    /// Decoded code may no longer know where the comparators are.
    pub(super) comparators_changed: bool,
    dwt_control: u32,
    /// Cycle counter, less the core's cycles while it counts.
    cycle_count: u32,
    /// ITM_TER, ITM_TPR, ITM_TCR.
    itm: [u32; 3],
    /// TPIU_CSPSR, ACPR, SPPR, FFCR.
    tpiu: [u32; 4],
    /// `AIRCR.SYSRESETREQ` was written.
    pub(super) system_reset: bool,
    /// `AIRCR.VECTRESET` was written.
    pub(super) core_reset: bool,
}

impl Debug {
    pub(super) fn core_was_reset(&mut self) {
        self.was_reset = true;
        self.system_reset = false;
        self.core_reset = false;
        self.halted = false;
        self.locked_up = false;
        self.controls &= !dhcsr::C_HALT;
        self.demcr &= !demcr::MONITOR;
        if self.enabled() && self.demcr & demcr::VC_CORERESET != 0 {
            self.halt(dfsr::VCATCH);
        }
    }

    /// `C_DEBUGEN`.
    pub(super) fn enabled(&self) -> bool {
        self.controls & dhcsr::C_DEBUGEN != 0
    }

    /// Whether the core must halt before its next instruction.
    pub(super) fn halt_requested(&self) -> bool {
        self.controls & (dhcsr::C_DEBUGEN | dhcsr::C_HALT) == dhcsr::C_DEBUGEN | dhcsr::C_HALT
    }

    /// Whether the core executes one instruction and halts.
    pub(super) fn stepping(&self) -> bool {
        self.controls & (dhcsr::C_DEBUGEN | dhcsr::C_STEP) == dhcsr::C_DEBUGEN | dhcsr::C_STEP
    }

    /// Whether PendSV, SysTick and external interrupts are held back.
    pub(super) fn masks_interrupts(&self) -> bool {
        self.controls & (dhcsr::C_DEBUGEN | dhcsr::C_MASKINTS)
            == dhcsr::C_DEBUGEN | dhcsr::C_MASKINTS
    }

    /// Enters debug state.
    pub(super) fn halt(&mut self, why: u32) {
        self.dfsr |= why;
        self.controls |= dhcsr::C_HALT;
        self.halted = true;
        self.locked_up = false;
    }

    /// Whether an exception's vector is caught, which is taken because of the faults that are set in `cfsr`.
    pub(super) fn catches(&self, number: u16, cfsr: u32) -> bool {
        let checks = 0x0300_0000;
        let no_coprocessor = 1 << 19;
        let stacking = 0x1818;
        let caught = match number {
            exception::HARD_FAULT => demcr::VC_HARDERR,
            exception::MEM_MANAGE => demcr::VC_MMERR,
            exception::BUS_FAULT => demcr::VC_BUSERR,
            exception::USAGE_FAULT if cfsr & checks != 0 => demcr::VC_CHKERR,
            exception::USAGE_FAULT if cfsr & no_coprocessor != 0 => demcr::VC_NOCPERR,
            exception::USAGE_FAULT => demcr::VC_STATERR,
            _ => 0,
        } | if cfsr & stacking != 0 && (3..=6).contains(&number) {
            demcr::VC_INTERR
        } else {
            0
        };
        self.enabled() && self.demcr & caught != 0
    }

    /// The code comparators that match. Without a debugger, none does.
    pub(super) fn armed(&self) -> Armed {
        let on = self.fpb_enabled && self.enabled();
        std::array::from_fn(|index| match self.fpb[index] {
            comparator if on && comparator & 1 != 0 => comparator,
            _ => 0,
        })
    }

    /// Whether a code comparator matches the halfword at `address`.
    pub(super) fn comparator_at(&self, address: u32) -> bool {
        self.fpb_enabled
            && address < 0x2000_0000
            && self.armed().iter().any(|&comparator| {
                let halves = comparator >> 30;
                comparator != 0
                    && compared(comparator) == address & !3
                    && halves >> (address >> 1 & 1) & 1 != 0
            })
    }

    pub(super) fn fpb_read(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            0x0 => u32::from(self.fpb_enabled) | (CODE_COMPARATORS as u32) << 4 | 2 << 8,
            // FP_REMAP: no remapping.
            0x4 => 0,
            0x8..0x28 => self.fpb[(offset as usize - 8) / 4],
            _ => return None,
        })
    }

    /// Comparators can only break; a remapping one is refused.
    pub(super) fn fpb_write(&mut self, offset: u32, value: u32) -> Option<()> {
        match offset {
            0x0 if value & 2 != 0 => self.fpb_enabled = value & 1 != 0,
            0x0 | 0x4 => {}
            0x8..0x28 => {
                let index = (offset as usize - 8) / 4;
                if value & 1 != 0 && (value >> 30 == 0 || index >= CODE_COMPARATORS) {
                    return None;
                }
                self.fpb[index] = value & 0xDFFF_FFFD;
            }
            _ => return None,
        }
        self.comparators_changed = true;
        Some(())
    }
}

impl State {
    /// DHCSR, as the debugger reads it: the sticky bits clear with it.
    pub(super) fn dhcsr(&mut self, debugger: bool) -> u32 {
        let d = &mut self.debug;
        let mut value = d.controls | dhcsr::S_REGRDY;
        let mut bit = |set: bool, mask| {
            if set {
                value |= mask;
            }
        };
        bit(d.halted, dhcsr::S_HALT);
        bit(self.sleep != super::state::Sleep::Awake, dhcsr::S_SLEEP);
        bit(d.locked_up, dhcsr::S_LOCKUP);
        bit(d.retired, dhcsr::S_RETIRE_ST);
        bit(d.was_reset, dhcsr::S_RESET_ST);
        if debugger {
            d.retired = false;
            d.was_reset = false;
        }
        value
    }

    pub(super) fn set_dhcsr(&mut self, value: u32, debugger: bool) {
        // Software can neither enable debug nor halt itself this way unless it is enabled.
        if value >> 16 != dhcsr::KEY || !(debugger || self.debug.enabled()) {
            return;
        }
        let d = &mut self.debug;
        let mut controls = value & dhcsr::CONTROLS;
        if !debugger {
            controls |= dhcsr::C_DEBUGEN;
        }
        if controls & dhcsr::C_DEBUGEN == 0 {
            controls = 0;
        }
        let was_halted = d.halted;
        d.comparators_changed |= (controls ^ d.controls) & dhcsr::C_DEBUGEN != 0;
        d.controls = controls;
        if d.halted && controls & dhcsr::C_HALT == 0 {
            d.halted = false;
        } else if d.halt_requested() && !was_halted {
            // A sleeping core wakes into debug state.
            d.halt(dfsr::HALTED);
            self.sleep = super::state::Sleep::Awake;
        }
        self.resync = true;
    }

    /// DCRDR: the value of the last transfer, or for the next one.
    pub(super) fn dcrdr(&self) -> u32 {
        self.debug.register
    }

    pub(super) fn set_dcrdr(&mut self, value: u32) {
        self.debug.register = value;
    }

    /// DCRSR: moves one register to or from DCRDR; nothing happens unless halted.
    pub(super) fn transfer_register(&mut self, selector: u32) {
        if !self.debug.halted {
            return;
        }
        let value = self.debug.register;
        let number = selector & 0x7F;
        if selector >> 16 & 1 == 0 {
            self.debug.register = self.debug_register(number);
            return;
        }
        match number {
            0..=14 => self.set_reg(number as u8, value),
            15 => self.r[15] = value & !1,
            16 => {
                self.set_xpsr(value);
                self.set_mode((value & 0x1FF) as u16, self.control);
            }
            17 => self.set_msp(value),
            18 => self.set_psp(value),
            20 => {
                self.primask = value & 1 != 0;
                self.basepri = (value >> 8) as u8 & super::nvic::PRIORITY_BITS;
                self.faultmask = value >> 16 & 1 != 0;
                self.set_mode(self.ipsr, (value >> 24) as u8);
                self.float.active = value >> 26 & 1 != 0;
            }
            0x21 => self.float.set_status(value),
            0x40..=0x5F => self.float.s[number as usize - 0x40] = value,
            _ => {}
        }
    }

    /// A register by its number in DCRSR.
    pub(super) fn debug_register(&self, number: u32) -> u32 {
        match number {
            0..=15 => self.r[number as usize],
            16 => self.xpsr(),
            17 => self.msp(),
            18 => self.psp(),
            20 => {
                u32::from(self.primask)
                    | u32::from(self.basepri) << 8
                    | u32::from(self.faultmask) << 16
                    | u32::from(self.control) << 24
                    | u32::from(self.float.active) << 26
            }
            0x21 => self.float.fpscr,
            0x40..=0x5F => self.float.s[number as usize - 0x40],
            _ => 0,
        }
    }

    pub(super) fn set_demcr(&mut self, value: u32) {
        let counted = self.dwt_read(0x04).unwrap_or(0);
        self.debug.demcr = value & demcr::ALL & !demcr::MON_PEND;
        self.set_cycle_count(counted);
        let monitor = 1 << exception::DEBUG_MONITOR;
        if value & demcr::MON_PEND != 0 {
            self.scb.pending |= monitor;
        } else {
            self.scb.pending &= !monitor;
        }
        self.resync = true;
    }

    pub(super) fn demcr(&self) -> u32 {
        let pending = self.scb.pending >> exception::DEBUG_MONITOR & 1 != 0;
        self.debug.demcr | if pending { demcr::MON_PEND } else { 0 }
    }

    /// Takes cycles that have passed away from those that DWT counts.
    pub(super) fn stop_counting(&mut self, cycles: u64) {
        if self.cycle_counting() {
            self.debug.cycle_count = self.debug.cycle_count.wrapping_sub(cycles as u32);
        }
    }

    fn cycle_counting(&self) -> bool {
        self.debug.dwt_control & 1 != 0 && self.debug.demcr & demcr::TRCENA != 0
    }

    /// DWT by offset: the cycle counter works; there are no comparators (`DWT_CTRL.NUMCOMP` is 0).
    pub(super) fn dwt_read(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            0x00 => self.debug.dwt_control,
            0x04 if self.cycle_counting() => {
                self.debug.cycle_count.wrapping_add(self.cycles as u32)
            }
            0x04 => self.debug.cycle_count,
            // CPICNT to FOLDCNT never count.
            0x08..0x1C => 0,
            0x1C => self.r[15],
            0x20..0x60 => 0,
            _ => return None,
        })
    }

    pub(super) fn dwt_write(&mut self, offset: u32, value: u32) -> Option<()> {
        let counted = self.dwt_read(0x04).unwrap_or(0);
        match offset {
            0x00 => self.debug.dwt_control = value & 0x007F_0001,
            0x04 => {}
            0x08..0x1C => return Some(()),
            // Comparators that are not there.
            0x20..0x60 if value == 0 => return Some(()),
            _ => return None,
        }
        self.set_cycle_count(if offset == 0x04 { value } else { counted });
        Some(())
    }

    fn set_cycle_count(&mut self, count: u32) {
        self.debug.cycle_count = if self.cycle_counting() {
            count.wrapping_sub(self.cycles as u32)
        } else {
            count
        };
    }

    /// ITM by offset: registers keep what is written, nothing is traced.
    pub(super) fn itm_read(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            // A stimulus port is always ready.
            0x000..0x080 => 1,
            0xE00 => self.debug.itm[0],
            0xE40 => self.debug.itm[1],
            0xE80 => self.debug.itm[2],
            // ITM_LSR: no lock.
            0xFB4 => 0,
            _ => return None,
        })
    }

    pub(super) fn itm_write(&mut self, offset: u32, value: u32) -> Option<()> {
        match offset {
            0x000..0x080 | 0xFB0 => {}
            0xE00 => self.debug.itm[0] = value,
            0xE40 => self.debug.itm[1] = value & 0xF,
            0xE80 => self.debug.itm[2] = value & 0x007F_0F1F,
            _ => return None,
        }
        Some(())
    }

    /// TPIU by offset, as for ITM.
    pub(super) fn tpiu_read(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            0x000 => 0xF,
            0x004 => self.debug.tpiu[0],
            0x010 => self.debug.tpiu[1],
            0x0F0 => self.debug.tpiu[2],
            0x300 => 8,
            0x304 => self.debug.tpiu[3],
            _ => return None,
        })
    }

    pub(super) fn tpiu_write(&mut self, offset: u32, value: u32) -> Option<()> {
        match offset {
            0x004 => self.debug.tpiu[0] = value,
            0x010 => self.debug.tpiu[1] = value & 0x1FFF,
            0x0F0 => self.debug.tpiu[2] = value & 3,
            0x304 => self.debug.tpiu[3] = value,
            _ => return None,
        }
        Some(())
    }
}
