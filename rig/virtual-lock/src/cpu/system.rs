//! Instructions that change how the core runs: special registers, interrupt masks, sleep, events,
//! supervisor calls.

use super::nvic::PRIORITY_BITS;
use super::op::Op;
use super::state::{Sleep, State};

/// Numbers of special registers in MRS and MSR (ARMv7-M B5.1.1).
mod special {
    pub(super) const MSP: u32 = 8;
    pub(super) const PSP: u32 = 9;
    pub(super) const PRIMASK: u32 = 16;
    pub(super) const BASEPRI: u32 = 17;
    pub(super) const BASEPRI_MAX: u32 = 18;
    pub(super) const FAULTMASK: u32 = 19;
    pub(super) const CONTROL: u32 = 20;
}

/// Executes one; the encoding is in `imm`.
pub(super) fn execute(s: &mut State, op: Op) {
    if op.len == 2 {
        match op.imm >> 8 {
            0xDF => {
                s.supervisor_call = true;
                s.resync = true;
            }
            0xB6 => change_state(s, op.imm),
            _ => hint(s, op.imm >> 4 & 0xF),
        }
        return;
    }
    match op.imm >> 20 & 0x7F {
        0x38 | 0x39 => write_special(s, (op.imm >> 16 & 0xF) as u8, op.imm & 0xFFFF),
        0x3E | 0x3F => {
            let value = read_special(s, op.imm & 0xFF);
            s.set_reg((op.imm >> 8 & 0xF) as u8, value);
        }
        _ if op.imm >> 16 & 0xF0 == 0xB0 => s.exclusive = false,
        _ => hint(s, op.imm & 0xFF),
    }
}

/// WFE, WFI, SEV.
fn hint(s: &mut State, number: u32) {
    match number {
        2 if s.event => s.event = false,
        2 => s.sleep = Sleep::ForEvent,
        3 => s.sleep = Sleep::ForInterrupt,
        4 => s.event = true,
        _ => {}
    }
    s.resync = true;
}

/// CPS; without privilege it does nothing.
fn change_state(s: &mut State, encoding: u32) {
    if !s.privileged() {
        return;
    }
    let disable = encoding & 0x10 != 0;
    if encoding & 2 != 0 {
        s.primask = disable;
    }
    if encoding & 1 != 0 && (!disable || s.execution_priority() > -1) {
        s.faultmask = disable;
    }
    s.resync |= !disable;
}

fn read_special(s: &State, number: u32) -> u32 {
    match number {
        0..=7 => {
            // EPSR reads as zero.
            let flags = if number & 4 == 0 { s.apsr() } else { 0 };
            let number_part = if number & 1 != 0 { s.ipsr.into() } else { 0 };
            flags | number_part
        }
        special::CONTROL => u32::from(s.control) | u32::from(s.float.active) << 2,
        _ if !s.privileged() => 0,
        special::MSP => s.msp(),
        special::PSP => s.psp(),
        special::PRIMASK => s.primask.into(),
        special::BASEPRI | special::BASEPRI_MAX => s.basepri.into(),
        special::FAULTMASK => s.faultmask.into(),
        _ => 0,
    }
}

fn write_special(s: &mut State, rn: u8, selector: u32) {
    let value = s.reg(rn);
    let number = selector & 0xFF;
    if number < 4 {
        if selector & 0x800 != 0 {
            s.set_flags(value);
        }
        if selector & 0x400 != 0 {
            s.set_ge(value);
        }
        return;
    }
    if !s.privileged() {
        return;
    }
    let priority = value as u8 & PRIORITY_BITS;
    match number {
        special::MSP => s.set_msp(value),
        special::PSP => s.set_psp(value),
        special::PRIMASK => s.primask = value & 1 != 0,
        special::BASEPRI => s.basepri = priority,
        special::BASEPRI_MAX if priority != 0 && (s.basepri == 0 || priority < s.basepri) => {
            s.basepri = priority;
        }
        special::FAULTMASK if (value & 1 == 0 || s.execution_priority() > -1) => {
            s.faultmask = value & 1 != 0;
        }
        special::CONTROL => {
            // The stack cannot be changed in handler mode.
            let stack = if s.handler_mode() {
                s.control
            } else {
                value as u8
            } & 2;
            s.set_mode(s.ipsr, value as u8 & 1 | stack);
            s.float.active = value & 4 != 0;
        }
        _ => {}
    }
    s.resync = true;
}
