//! The floating-point extension FPv4-SP (ARMv7-M A6): 32 single-precision registers, enabled by
//! CPACR, stacked lazily on exceptions.

mod arithmetic;
mod number;
pub(super) mod operation;

use super::bus::{Bus, Size};
use super::memory::Trap;
use super::op::{Op, transfer};
use super::state::State;
use arithmetic::{absolute, negate};
use number::{Context, Rounding, fpscr};

/// FPCCR bits.
mod fpccr {
    pub(super) const ASPEN: u32 = 1 << 31;
    pub(super) const LSPEN: u32 = 1 << 30;
    pub(super) const THREAD: u32 = 1 << 3;
    pub(super) const USER: u32 = 1 << 1;
    pub(super) const LSPACT: u32 = 1;
    pub(super) const ALL: u32 = 0xC000_017B;
}

/// Registers of the extension.
#[derive(Debug, Clone)]
pub(super) struct Float {
    pub(super) s: [u32; 32],
    pub(super) fpscr: u32,
    /// CP10's field of CPACR: 0 no access, 1 privileged, 3 full.
    access: u32,
    fpccr: u32,
    fpcar: u32,
    fpdscr: u32,
    /// `CONTROL.FPCA`: there is floating-point state to be stacked.
    pub(super) active: bool,
}

impl Float {
    pub(super) fn new() -> Float {
        Float {
            s: [0; 32],
            fpscr: 0,
            access: 0,
            fpccr: fpccr::ASPEN | fpccr::LSPEN,
            fpcar: 0,
            fpdscr: 0,
            active: false,
        }
    }

    /// CPACR, FPCCR, FPCAR, FPDSCR, MVFR0 and MVFR1 by address.
    pub(super) fn read(&self, address: u32) -> Option<u32> {
        Some(match address {
            0xE000_ED88 => self.access << 20 | self.access << 22,
            0xE000_EF34 => self.fpccr,
            0xE000_EF38 => self.fpcar,
            0xE000_EF3C => self.fpdscr,
            0xE000_EF40 => 0x1011_0021,
            0xE000_EF44 => 0x1100_0011,
            // MVFR2
            0xE000_EF48 => 0,
            _ => return None,
        })
    }

    pub(super) fn write(&mut self, address: u32, value: u32) -> Option<()> {
        match address {
            0xE000_ED88 => self.access = value >> 20 & 3,
            0xE000_EF34 => self.fpccr = value & fpccr::ALL,
            0xE000_EF38 => self.fpcar = value & !7,
            0xE000_EF3C => self.fpdscr = value & fpscr::DEFAULTS,
            _ => return None,
        }
        Some(())
    }

    pub(super) fn set_status(&mut self, value: u32) {
        self.fpscr = value & fpscr::ALL;
    }
}

impl State {
    /// Makes the extension ready for an instruction: access allowed, older state stacked, a new
    /// context begun.
    fn float_check<B: Bus>(&mut self, bus: &mut B) -> Result<(), Trap> {
        let allowed = match self.float.access {
            1 => self.privileged(),
            3 => true,
            _ => false,
        };
        if !allowed {
            return Err(Trap::NoCoprocessor);
        }
        if self.float.fpccr & fpccr::LSPACT != 0 {
            let frame = self.float.fpcar;
            self.store_float_frame(bus, frame)
                .map_err(|trap| match trap {
                    Trap::DataBus(_) => Trap::LazyBus,
                    other => other,
                })?;
            self.float.fpccr &= !fpccr::LSPACT;
        }
        if !self.float.active && self.float.fpccr & fpccr::ASPEN != 0 {
            self.float.active = true;
            self.float.fpscr =
                self.float.fpscr & !fpscr::DEFAULTS | self.float.fpdscr & fpscr::DEFAULTS;
        }
        Ok(())
    }

    fn store_float_frame<B: Bus>(&mut self, bus: &mut B, frame: u32) -> Result<(), Trap> {
        for index in 0..16 {
            let value = self.float.s[index];
            self.store(bus, frame.wrapping_add(4 * index as u32), Size::Word, value)?;
        }
        let status = self.float.fpscr;
        self.store(bus, frame.wrapping_add(64), Size::Word, status)
    }

    /// On exception entry: stacks floating-point state at `frame`, or promises to.
    pub(super) fn stack_float<B: Bus>(&mut self, bus: &mut B, frame: u32) -> Result<(), Trap> {
        if self.float.fpccr & fpccr::LSPEN == 0 {
            return self.store_float_frame(bus, frame);
        }
        let mut control = self.float.fpccr & !(fpccr::THREAD | fpccr::USER) | fpccr::LSPACT;
        if !self.handler_mode() {
            control |= fpccr::THREAD;
        }
        if !self.privileged() {
            control |= fpccr::USER;
        }
        self.float.fpccr = control;
        self.float.fpcar = frame & !7;
        Ok(())
    }

    /// On exception return: takes floating-point state from `frame`, unless it never went there.
    pub(super) fn unstack_float<B: Bus>(&mut self, bus: &mut B, frame: u32) -> Result<(), Trap> {
        if self.float.fpccr & fpccr::LSPACT != 0 {
            self.float.fpccr &= !fpccr::LSPACT;
            return Ok(());
        }
        for index in 0..16 {
            self.float.s[index] =
                self.load(bus, frame.wrapping_add(4 * index as u32), Size::Word)?;
        }
        let status = self.load(bus, frame.wrapping_add(64), Size::Word)?;
        self.float.set_status(status);
        Ok(())
    }

    fn s(&self, register: u8) -> u32 {
        self.float.s[usize::from(register & 31)]
    }

    fn set_s(&mut self, register: u8, value: u32) {
        self.float.s[usize::from(register & 31)] = value;
    }
}

/// Executes one instruction of the extension.
pub(super) fn execute<B: Bus>(s: &mut State, bus: &mut B, op: Op) -> Result<(), Trap> {
    s.float_check(bus)?;
    match op.x {
        operation::TO_CORE => s.set_reg(op.rd, s.s(op.rn)),
        operation::FROM_CORE => s.set_s(op.rn, s.reg(op.rd)),
        operation::TWO_TO_CORE => {
            s.set_reg(op.rd, s.s(op.rm));
            s.set_reg(op.rn, s.s(op.rm + 1));
        }
        operation::TWO_FROM_CORE => {
            s.set_s(op.rm, s.reg(op.rd));
            s.set_s(op.rm + 1, s.reg(op.rn));
        }
        operation::READ_STATUS if op.rd == 15 => {
            let flags = s.float.fpscr & 0xF000_0000;
            let rest = s.apsr() & 0x0FFF_FFFF;
            s.set_flags(flags | rest);
        }
        operation::READ_STATUS => s.set_reg(op.rd, s.float.fpscr),
        operation::WRITE_STATUS => {
            let value = s.reg(op.rd);
            s.float.set_status(value);
        }
        operation::LOAD | operation::STORE => transfer_single(s, bus, op)?,
        operation::LOAD_MULTIPLE | operation::STORE_MULTIPLE => transfer_multiple(s, bus, op)?,
        _ => compute(s, op),
    }
    Ok(())
}

/// VLDR and VSTR of one register or two.
fn transfer_single<B: Bus>(s: &mut State, bus: &mut B, op: Op) -> Result<(), Trap> {
    // The offset of a literal is its address.
    let base = if op.rn == 15 { 0 } else { s.reg(op.rn) };
    let address = base.wrapping_add(op.imm);
    move_registers(s, bus, op.x == operation::LOAD, address, op.rd, op.rm)
}

fn transfer_multiple<B: Bus>(s: &mut State, bus: &mut B, op: Op) -> Result<(), Trap> {
    let count = op.imm as u8;
    // FLDMX and FSTMX move one word more than they name.
    let bytes = (op.imm >> 16) * 4;
    let base = s.reg(op.rn);
    let flags = op.rm;
    let (address, end) = if flags & transfer::DECREMENT != 0 {
        (base.wrapping_sub(bytes), base.wrapping_sub(bytes))
    } else {
        (base, base.wrapping_add(bytes))
    };
    move_registers(
        s,
        bus,
        op.x == operation::LOAD_MULTIPLE,
        address,
        op.rd,
        count,
    )?;
    if flags & transfer::WRITE_BACK != 0 {
        s.set_reg(op.rn, end);
    }
    Ok(())
}

fn move_registers<B: Bus>(
    s: &mut State,
    bus: &mut B,
    load: bool,
    address: u32,
    first: u8,
    count: u8,
) -> Result<(), Trap> {
    if address & 3 != 0 {
        return Err(Trap::Unaligned);
    }
    for index in 0..count {
        let address = address.wrapping_add(4 * u32::from(index));
        let register = first.wrapping_add(index);
        if load {
            let value = s.load(bus, address, Size::Word)?;
            s.set_s(register, value);
        } else {
            s.store(bus, address, Size::Word, s.s(register))?;
        }
    }
    Ok(())
}

/// Instructions between floating-point registers.
fn compute(s: &mut State, op: Op) {
    let mut context = Context {
        fpscr: s.float.fpscr,
    };
    let (d, n, m) = (s.s(op.rd), s.s(op.rn), s.s(op.rm));
    let negated_if = |bit: u32, value: u32| {
        if op.imm & bit != 0 {
            negate(value)
        } else {
            value
        }
    };
    let result = match op.x {
        operation::ADD => context.add(n, m),
        operation::SUBTRACT => context.subtract(n, m),
        operation::MULTIPLY => context.multiply(n, m),
        operation::NEGATED_MULTIPLY => negate(context.multiply(n, m)),
        operation::DIVIDE => context.divide(n, m),
        operation::ACCUMULATE => {
            let product = negated_if(1, context.multiply(n, m));
            context.add(negated_if(2, d), product)
        }
        operation::FUSED => context.multiply_add(negated_if(2, d), negated_if(1, n), m),
        operation::CONSTANT => op.imm,
        operation::MOVE => m,
        operation::ABSOLUTE => absolute(m),
        operation::NEGATE => negate(m),
        operation::SQUARE_ROOT => context.square_root(m),
        operation::COMPARE => {
            let other = if op.imm & 2 != 0 { 0 } else { m };
            let flags = context.compare(d, other, op.imm & 1 != 0);
            context.fpscr = context.fpscr & 0x0FFF_FFFF | flags << 28;
            d
        }
        operation::HALF => {
            let shift = 16 * (op.imm & 1);
            if op.imm & 2 != 0 {
                let half = u32::from(context.single_to_half(m));
                d & !(0xFFFF << shift) | half << shift
            } else {
                context.half_to_single((m >> shift) as u16)
            }
        }
        _ => convert(&mut context, op, d, m),
    };
    s.float.fpscr = context.fpscr;
    s.set_s(op.rd, result);
}

/// VCVT between floating point, integers and fixed point.
fn convert(context: &mut Context, op: Op, d: u32, m: u32) -> u32 {
    let signed = op.imm & 0x100 != 0;
    let short = op.imm & 0x400 != 0;
    let scale = (op.imm & 0x1F) as i32 + if op.imm & 0x800 != 0 { 32 } else { 0 };
    let range = match (signed, short) {
        (true, false) => (i64::from(i32::MIN), i64::from(i32::MAX)),
        (true, true) => (i64::from(i16::MIN), i64::from(i16::MAX)),
        (false, false) => (0, i64::from(u32::MAX)),
        (false, true) => (0, i64::from(u16::MAX)),
    };
    let integer = |value: u32| match (signed, short) {
        (true, false) => i64::from(value as i32),
        (true, true) => i64::from(value as i16),
        (false, false) => i64::from(value),
        (false, true) => i64::from(value as u16),
    };
    match op.x {
        operation::FROM_INTEGER => context.float_of(integer(m), 0, context.rounding()),
        operation::FROM_FIXED => context.float_of(integer(d), scale, Rounding::Nearest),
        operation::TO_FIXED => context.integer_of(d, scale, Rounding::Zero, range),
        _ => {
            let mode = if op.imm & 0x200 != 0 {
                context.rounding()
            } else {
                Rounding::Zero
            };
            context.integer_of(m, 0, mode, range)
        }
    }
}
