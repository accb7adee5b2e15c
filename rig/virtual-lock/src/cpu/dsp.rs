//! The DSP extension, saturation, extension and the rarer multiplies (ARMv7-M A7.7). One
//! instruction is named by its group in the upper half of [`Op::imm`] and a variant in the lower.

use super::op::Op;
use super::state::State;

/// Parallel add and subtract: bits 6:4 prefix (signed, Q, SH; +4 unsigned), 2:0 operation.
pub(super) const PARALLEL: u32 = 1 << 16;
/// QADD, QDADD, QSUB, QDSUB.
pub(super) const SATURATING: u32 = 2 << 16;
/// REV, REV16, RBIT, REVSH.
pub(super) const REVERSE: u32 = 3 << 16;
/// SEL.
pub(super) const SELECT: u32 = 4 << 16;
/// 32-bit multiplies: bits 6:4 and 1:0 as encoded.
pub(super) const MULTIPLY: u32 = 5 << 16;
/// 64-bit multiplies: bits 6:4 and 3:0 as encoded.
pub(super) const LONG: u32 = 6 << 16;
/// PKHBT (0) and PKHTB (1).
pub(super) const PACK: u32 = 7 << 16;
/// SSAT and relatives: bit 8 unsigned, 9 shift right, 10 halfwords, 7:0 bits.
pub(super) const SATURATE: u32 = 8 << 16;

/// Executes one instruction of any group.
pub(super) fn execute(s: &mut State, op: Op) {
    let (n, m) = (s.reg(op.rn), s.reg(op.rm));
    let variant = op.imm & 0xFFFF;
    let result = match op.imm & !0xFFFF {
        PARALLEL => parallel(s, n, m, variant),
        SATURATING => {
            let n = if variant & 1 != 0 {
                saturating(s, n.cast_signed(), n.cast_signed(), 1)
            } else {
                n.cast_signed()
            };
            let sign = if variant & 2 != 0 { -1 } else { 1 };
            saturating(s, m.cast_signed(), n, sign).cast_unsigned()
        }
        REVERSE => reverse(m, variant),
        SELECT => {
            let mask = lanes(s.ge);
            n & mask | m & !mask
        }
        MULTIPLY => multiply(s, op, n, m, variant),
        LONG => return long(s, op, n, m, variant),
        PACK if variant == 0 => n & 0xFFFF | (m << op.x) & 0xFFFF_0000,
        PACK => {
            let amount = if op.x == 0 { 31 } else { op.x };
            n & 0xFFFF_0000 | (m.cast_signed() >> amount).cast_unsigned() & 0xFFFF
        }
        _ => saturate(s, op, n, variant),
    };
    s.set_reg(op.rd, result);
}

/// SXTH and relatives, with and without addition: `x` 5:0 as encoded.
pub(super) fn extend(s: &mut State, op: Op) {
    let value = s.reg(op.rm).rotate_right(op.imm);
    let base = if op.rn == 15 { 0 } else { s.reg(op.rn) };
    let pairs = |low: u32, high: u32| {
        base.wrapping_add(low) & 0xFFFF | (base >> 16).wrapping_add(high) << 16
    };
    let result = match op.x {
        0 => base.wrapping_add(value as i16 as u32),
        1 => base.wrapping_add(value & 0xFFFF),
        2 => pairs(value as i8 as u32, (value >> 16) as i8 as u32),
        3 => pairs(value & 0xFF, value >> 16 & 0xFF),
        4 => base.wrapping_add(value as i8 as u32),
        _ => base.wrapping_add(value & 0xFF),
    };
    s.set_reg(op.rd, result);
}

/// Four GE bits as byte lanes.
fn lanes(ge: u8) -> u32 {
    (0..4)
        .filter(|lane| ge >> lane & 1 != 0)
        .fold(0, |mask, lane| mask | 0xFF << (8 * lane))
}

/// REV, REV16, RBIT, REVSH.
fn reverse(value: u32, variant: u32) -> u32 {
    match variant {
        0 => value.swap_bytes(),
        1 => value.swap_bytes().rotate_left(16),
        2 => value.reverse_bits(),
        _ => (value as u16).swap_bytes() as i16 as u32,
    }
}

fn saturating(s: &mut State, a: i32, b: i32, sign: i64) -> i32 {
    let exact = i64::from(a) + sign * i64::from(b);
    let result = exact.clamp(i32::MIN.into(), i32::MAX.into());
    s.q |= result != exact;
    result as i32
}

/// How a parallel operation brings its exact result into a lane.
fn fit(prefix: u32, exact: i32, width: u32) -> i32 {
    let unsigned = prefix & 4 != 0;
    match prefix & 3 {
        1 if unsigned => exact.clamp(0, (1 << width) - 1),
        1 => exact.clamp(-(1 << (width - 1)), (1 << (width - 1)) - 1),
        2 => exact >> 1,
        _ => exact,
    }
}

fn parallel(s: &mut State, n: u32, m: u32, variant: u32) -> u32 {
    let prefix = variant >> 4;
    let operation = variant & 7;
    let unsigned = prefix & 4 != 0;
    let width = if operation & 3 == 0 { 8 } else { 16 };
    let count = 32 / width;
    let lane = |value: u32, index: u32| -> i32 {
        let value = value >> (index * width);
        match (width, unsigned) {
            (8, true) => i32::from(value as u8),
            (8, false) => i32::from(value as i8),
            (_, true) => i32::from(value as u16),
            (_, false) => i32::from(value as i16),
        }
    };
    let mut result = 0;
    let mut ge = 0;
    for index in 0..count {
        // ASX and SAX exchange the second operand's halves and add one, subtract the other.
        let exchanged = matches!(operation, 2 | 6);
        let subtract = match operation {
            2 => index == 0,
            6 => index == 1,
            _ => operation & 4 != 0,
        };
        let a = lane(n, index);
        let b = lane(m, if exchanged { 1 - index } else { index });
        let exact = if subtract { a - b } else { a + b };
        // Without saturation or halving, GE says "no borrow", "carry", or "not negative".
        let set = if unsigned && !subtract {
            exact >= 1 << width
        } else {
            exact >= 0
        };
        if set {
            let bits = if width == 8 { 1 } else { 3 };
            ge |= bits << (index * width / 8);
        }
        let mask = u32::MAX >> (32 - width);
        result |= (fit(prefix, exact, width).cast_unsigned() & mask) << (index * width);
    }
    if prefix & 3 == 0 {
        s.ge = ge;
    }
    result
}

fn half(value: u32, top: bool) -> i64 {
    i64::from(if top { value >> 16 } else { value } as i16)
}

/// Both halves' products; `exchange` swaps the second operand's halves.
fn products(n: u32, m: u32, exchange: bool) -> (i64, i64) {
    (
        half(n, false) * half(m, exchange),
        half(n, true) * half(m, !exchange),
    )
}

fn multiply(s: &mut State, op: Op, n: u32, m: u32, variant: u32) -> u32 {
    let low = variant & 3;
    let accumulate = op.x != 15;
    let a = if accumulate { s.reg(op.x) } else { 0 };
    let signed = i64::from(a.cast_signed());
    let (n64, m64) = (i64::from(n.cast_signed()), i64::from(m.cast_signed()));
    let mut sum = |exact: i64| {
        s.q |= i64::from(exact as i32) != exact;
        exact as u32
    };
    match variant >> 4 {
        1 => sum(half(n, low & 2 != 0) * half(m, low & 1 != 0) + signed),
        2 => {
            let (first, second) = products(n, m, low & 1 != 0);
            sum(first + second + signed)
        }
        3 => sum(((n64 * half(m, low & 1 != 0)) >> 16) + signed),
        4 => {
            let (first, second) = products(n, m, low & 1 != 0);
            sum(first - second + signed)
        }
        5 => {
            let exact = (signed << 32).wrapping_add(n64 * m64);
            (exact.wrapping_add(i64::from(low & 1) << 31) >> 32) as u32
        }
        6 => {
            let exact = (signed << 32).wrapping_sub(n64 * m64);
            (exact.wrapping_add(i64::from(low & 1) << 31) >> 32) as u32
        }
        _ => n
            .to_le_bytes()
            .iter()
            .zip(m.to_le_bytes())
            .fold(a, |sum, (a, b)| sum.wrapping_add(u32::from(a.abs_diff(b)))),
    }
}

/// 64-bit multiplies: `x` is the low register, `rd` the high one.
fn long(s: &mut State, op: Op, n: u32, m: u32, variant: u32) {
    let (low, high) = (s.reg(op.x), s.reg(op.rd));
    let accumulator = u64::from(high) << 32 | u64::from(low);
    let (n64, m64) = (i64::from(n.cast_signed()), i64::from(m.cast_signed()));
    let add = |value: i64| accumulator.wrapping_add(value.cast_unsigned());
    let result = match (variant >> 4, variant & 0xF) {
        (4, 0) => add(n64 * m64),
        (4, low @ 8..=11) => add(half(n, low & 2 != 0) * half(m, low & 1 != 0)),
        (4, low) => {
            let (first, second) = products(n, m, low & 1 != 0);
            add(first + second)
        }
        (5, low) => {
            let (first, second) = products(n, m, low & 1 != 0);
            add(first - second)
        }
        _ => u64::from(n) * u64::from(m) + u64::from(low) + u64::from(high),
    };
    s.set_reg(op.x, result as u32);
    s.set_reg(op.rd, (result >> 32) as u32);
}

fn saturate(s: &mut State, op: Op, n: u32, variant: u32) -> u32 {
    let unsigned = variant & 0x100 != 0;
    let count = variant & 0xFF;
    let (least, most) = if unsigned {
        (0, (1i64 << count) - 1)
    } else {
        (-(1i64 << (count - 1)), (1i64 << (count - 1)) - 1)
    };
    let mut clamp = |exact: i64| {
        let result = exact.clamp(least, most);
        s.q |= result != exact;
        result as u32
    };
    if variant & 0x400 != 0 {
        let low = clamp(half(n, false));
        let high = clamp(half(n, true));
        return low & 0xFFFF | high << 16;
    }
    let shifted = if variant & 0x200 != 0 {
        n.cast_signed() >> op.x
    } else {
        n.cast_signed().wrapping_shl(op.x.into())
    };
    clamp(shifted.into())
}
