//! The private peripheral bus: which register answers at which address. What is not there is an
//! unmodelled access, by name. The ROM table
//! and the identification registers are the debug port's, which alone reads them.

use super::bus::{AccessError, Size};
use super::debug::dfsr;
use super::scb::{ccr, exception, scr};
use super::state::State;

/// CPUID of a Cortex-M4 r0p1.
const CPUID: u32 = 0x410F_C241;
/// `AIRCR.VECTKEY` as read and as written.
const VECTKEYSTAT: u32 = 0xFA05;
const VECTKEY: u32 = 0x05FA;
/// ID_PFR0 to ID_ISAR4 (Cortex-M4 TRM 4.1).
const FEATURES: [u32; 13] = [
    0x0000_0030,
    0x0000_0200,
    0x0010_0000,
    0x0000_0000,
    0x0010_0030,
    0x0000_0000,
    0x0100_0000,
    0x0000_0000,
    0x0114_1110,
    0x0211_2000,
    0x2123_2231,
    0x0111_1131,
    0x0131_0102,
];

impl State {
    /// Reads a register, or part of one; `debugger` reads leave sticky bits of software alone and
    /// clear those of DHCSR.
    pub(super) fn ppb_read(
        &mut self,
        address: u32,
        size: Size,
        debugger: bool,
    ) -> Result<u32, AccessError> {
        let word = self
            .ppb_read_word(address & !3, debugger)
            .ok_or_else(|| unmodelled(address, "read"))?;
        let shifted = word >> (8 * (address & 3));
        Ok(match size {
            Size::Byte => shifted & 0xFF,
            Size::Half => shifted & 0xFFFF,
            Size::Word => word,
        })
    }

    /// Writes a register, or part of one where bytes can be written.
    pub(super) fn ppb_write(
        &mut self,
        address: u32,
        size: Size,
        value: u32,
        debugger: bool,
    ) -> Result<(), AccessError> {
        let refused = || unmodelled(address, format!("write of {value:#x}"));
        let shift = 8 * (address & 3);
        let word = match (size, address) {
            (Size::Word, _) => value,
            // Registers that hold independent bytes.
            (_, 0xE000_E400..0xE000_E4F0 | 0xE000_ED18..0xE000_ED24) => {
                let mask = if size == Size::Byte { 0xFF } else { 0xFFFF };
                let old = self.ppb_read_word(address & !3, true).unwrap_or_default();
                old & !(mask << shift) | (value & mask) << shift
            }
            // Fault status clears by ones; stimulus ports take any size.
            (_, 0xE000_ED28..0xE000_ED2C) => value << shift,
            (_, 0xE000_0000..0xE000_0080) => value,
            _ => return Err(refused()),
        };
        let before = (self.nvic.pending, self.scb.pending);
        self.ppb_write_word(address & !3, word, debugger)
            .ok_or_else(refused)?;
        if self.nvic.pending & !before.0 != 0 || self.scb.pending & !before.1 != 0 {
            self.pended();
        }
        Ok(())
    }

    fn ppb_read_word(&mut self, address: u32, debugger: bool) -> Option<u32> {
        Some(match address {
            0xE000_0000..0xE000_0FCC => return self.itm_read(address & 0xFFF),
            0xE000_1000..0xE000_1FCC => return self.dwt_read(address & 0xFFF),
            0xE000_2000..0xE000_2FCC => return self.debug.fpb_read(address & 0xFFF),
            0xE004_0000..0xE004_0FCC => return self.tpiu_read(address & 0xFFF),
            // ICTR: 48 lines are two groups of 32.
            0xE000_E004 => 1,
            0xE000_E008 => self.scb.actlr,
            0xE000_E010..0xE000_E020 => self.systick.read(address & 0xF, self.cycles, debugger),
            0xE000_E100..0xE000_E4F0 => return self.nvic.read(address - 0xE000_E100),
            0xE000_ED00 => CPUID,
            0xE000_ED04 => self.icsr(),
            0xE000_ED08 => self.scb.vtor,
            0xE000_ED0C => VECTKEYSTAT << 16 | u32::from(self.scb.prigroup) << 8,
            0xE000_ED10 => self.scb.scr,
            0xE000_ED14 => self.scb.ccr,
            0xE000_ED18..0xE000_ED24 => self.scb.shpr(address - 0xE000_ED18),
            0xE000_ED24 => self.scb.shcsr(),
            0xE000_ED28 => self.scb.cfsr,
            0xE000_ED2C => self.scb.hfsr,
            0xE000_ED30 => self.debug.dfsr,
            0xE000_ED34 => self.scb.mmfar,
            0xE000_ED38 => self.scb.bfar,
            // AFSR
            0xE000_ED3C => 0,
            0xE000_ED40..0xE000_ED74 => FEATURES[(address - 0xE000_ED40) as usize / 4],
            0xE000_ED74..0xE000_ED80 => 0,
            // MPU_TYPE: eight regions, none of which can be set up.
            0xE000_ED90 => 8 << 8,
            // MPU_CTRL: off.
            0xE000_ED94 => 0,
            0xE000_EDF0 => self.dhcsr(debugger),
            0xE000_EDF8 => self.dcrdr(),
            0xE000_EDFC => self.demcr(),
            _ => return self.float.read(address),
        })
    }

    fn ppb_write_word(&mut self, address: u32, value: u32, debugger: bool) -> Option<()> {
        match address {
            0xE000_0000..0xE000_0FCC => return self.itm_write(address & 0xFFF, value),
            0xE000_1000..0xE000_1FCC => return self.dwt_write(address & 0xFFF, value),
            0xE000_2000..0xE000_2FCC => return self.debug.fpb_write(address & 0xFFF, value),
            0xE004_0000..0xE004_0FCC => return self.tpiu_write(address & 0xFFF, value),
            0xE000_E008 => self.scb.actlr = value & 0x307,
            0xE000_E010..0xE000_E020 => self.systick.write(address & 0xF, value, self.cycles),
            0xE000_E100..0xE000_E4F0 => return self.nvic.write(address - 0xE000_E100, value),
            0xE000_ED04 => self.set_icsr(value),
            0xE000_ED08 => self.scb.vtor = value & 0xFFFF_FF80,
            0xE000_ED0C => self.set_aircr(value),
            0xE000_ED10 => self.scb.scr = value & scr::ALL,
            0xE000_ED14 => self.scb.ccr = ccr::write(value),
            0xE000_ED18..0xE000_ED24 => self.scb.set_shpr(address - 0xE000_ED18, value),
            0xE000_ED24 => self.scb.set_shcsr(value),
            0xE000_ED28 => self.scb.cfsr &= !value,
            0xE000_ED2C => self.scb.hfsr &= !value,
            0xE000_ED30 => self.debug.dfsr &= !(value & dfsr::ALL),
            0xE000_ED34 => self.scb.mmfar = value,
            0xE000_ED38 => self.scb.bfar = value,
            0xE000_ED3C => {}
            0xE000_ED94 if value == 0 => {}
            0xE000_EDF0 => self.set_dhcsr(value, debugger),
            0xE000_EDF4 => self.transfer_register(value),
            0xE000_EDF8 => self.set_dcrdr(value),
            0xE000_EDFC => self.set_demcr(value),
            // STIR
            0xE000_EF00 => {
                let line = value & 0x1FF;
                if (line as usize) < super::nvic::LINES {
                    self.nvic.pending |= 1 << line;
                }
            }
            _ => return self.float.write(address, value),
        }
        Some(())
    }

    /// ICSR: what is active and pending.
    fn icsr(&self) -> u32 {
        let pending = |number: u16| u32::from(self.scb.pending >> number & 1);
        let waiting = self.best_pending().map_or(0, |(number, _)| number);
        let active = self.scb.active.count_ones() + self.nvic.active.count_ones();
        u32::from(self.ipsr)
            | u32::from(active <= 1) << 11
            | u32::from(waiting) << 12
            | u32::from(self.nvic.pending != 0) << 22
            | pending(exception::SYS_TICK) << 26
            | pending(exception::PEND_SV) << 28
            | pending(exception::NMI) << 31
    }

    fn set_icsr(&mut self, value: u32) {
        for (bit, number, set) in [
            (25, exception::SYS_TICK, false),
            (26, exception::SYS_TICK, true),
            (27, exception::PEND_SV, false),
            (28, exception::PEND_SV, true),
            (31, exception::NMI, true),
        ] {
            if value >> bit & 1 != 0 {
                self.scb.pending &= !(1 << number);
                self.scb.pending |= u16::from(set) << number;
            }
        }
    }

    fn set_aircr(&mut self, value: u32) {
        if value >> 16 != VECTKEY {
            return;
        }
        self.scb.prigroup = (value >> 8 & 7) as u8;
        self.debug.system_reset |= value & 4 != 0;
        // VECTRESET is for debuggers: it is only defined while the core is halted.
        self.debug.core_reset |= value & 1 != 0 && self.debug.halted;
        if value & 2 != 0 && self.debug.halted {
            self.scb.active = 0;
            self.nvic.active = 0;
            self.ipsr = 0;
        }
    }
}

fn unmodelled(address: u32, access: impl Into<String>) -> AccessError {
    AccessError::Unmodelled {
        address,
        what: format!("private peripheral bus, {}", access.into()),
    }
}
