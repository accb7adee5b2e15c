//! Data processing in its general form: any operation of the 32-bit encodings, any shift, with or
//! without flags. The interpreter's hot arms are special cases of it.

use super::op::{Op, data, shift};
use super::state::State;

/// `a + b + carry`, with the carry and overflow it makes.
#[inline]
pub(super) fn add_with_carry(a: u32, b: u32, carry: u32) -> (u32, u32, u32) {
    let wide = u64::from(a) + u64::from(b) + u64::from(carry);
    let result = wide as u32;
    (result, (wide >> 32) as u32, (a ^ result) & (b ^ result))
}

/// A shift by an encoded constant (ARMv7-M A7.4.2), and its carry.
fn shift_constant(value: u32, kind: u8, amount: u32, carry: u32) -> (u32, u32) {
    match (kind, amount) {
        (shift::LSL, 0) => (value, carry),
        (shift::LSR | shift::ASR, 0) => shift_register(value, kind, 32, carry),
        (shift::ROR, 0) => (carry << 31 | value >> 1, value & 1),
        _ => shift_register(value, kind, amount, carry),
    }
}

/// A shift by a register's low byte, and its carry.
#[inline]
pub(super) fn shift_register(value: u32, kind: u8, amount: u32, carry: u32) -> (u32, u32) {
    match (kind, amount) {
        (_, 0) => (value, carry),
        (shift::LSL, 1..=31) => (value << amount, value >> (32 - amount) & 1),
        (shift::LSL, 32) => (0, value & 1),
        (shift::LSR, 1..=31) => (value >> amount, value >> (amount - 1) & 1),
        (shift::LSR, 32) => (0, value >> 31),
        (shift::LSL | shift::LSR, _) => (0, 0),
        (shift::ASR, _) => {
            let result = (value as i32 >> amount.min(31)) as u32;
            let out = if amount > 31 {
                value >> 31
            } else {
                value >> (amount - 1) & 1
            };
            (result, out)
        }
        _ => {
            let result = value.rotate_right(amount);
            (result, result >> 31)
        }
    }
}

/// Computes `op` with the second operand and the shifter's carry, and writes what it says.
fn process(s: &mut State, op: Op, b: u32, shifter_carry: u32) {
    let a = s.reg(op.rn);
    let (mut c, mut v) = (shifter_carry, s.v);
    let mut sum = |a, b, carry| {
        let (result, carry, overflow) = add_with_carry(a, b, carry);
        (c, v) = (carry, overflow);
        result
    };
    let result = match op.x & !data::FLAGS {
        data::AND => a & b,
        data::BIC => a & !b,
        data::ORR if op.rn == 15 => b,
        data::ORR => a | b,
        data::ORN if op.rn == 15 => !b,
        data::ORN => a | !b,
        data::EOR => a ^ b,
        data::ADD => sum(a, b, 0),
        data::ADC => sum(a, b, s.c),
        data::SBC => sum(a, !b, s.c),
        data::SUB => sum(a, !b, 1),
        _ => sum(!a, b, 1),
    };
    if op.x & data::FLAGS != 0 {
        s.set_nz(result);
        s.c = c;
        s.v = v;
    }
    if op.rd != 15 {
        s.set_reg(op.rd, result);
    }
}

/// With a constant; `rm` says what it does to the carry.
pub(super) fn immediate(s: &mut State, op: Op) {
    let carry = match op.rm {
        1 => 0,
        2 => 1,
        _ => s.c,
    };
    process(s, op, op.imm, carry);
}

/// With a register shifted by a constant: type and amount in `imm`.
pub(super) fn register(s: &mut State, op: Op) {
    let (b, carry) = shift_constant(s.reg(op.rm), (op.imm >> 8) as u8, op.imm & 0xFF, s.c);
    process(s, op, b, carry);
}

/// A register shifted by a register: type in `x`.
pub(super) fn shift(s: &mut State, op: Op) {
    let amount = s.reg(op.rm) & 0xFF;
    let (result, carry) = shift_register(s.reg(op.rn), op.x & 3, amount, s.c);
    if op.x & data::FLAGS != 0 {
        s.set_nz(result);
        s.c = carry;
    }
    s.set_reg(op.rd, result);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_at_their_ends() {
        let value = 0x8000_0001;
        for (kind, amount, expected) in [
            (shift::LSL, 0, (value, 1)),
            (shift::LSL, 1, (2, 1)),
            (shift::LSL, 32, (0, 1)),
            (shift::LSL, 33, (0, 0)),
            (shift::LSR, 31, (1, 0)),
            (shift::LSR, 32, (0, 1)),
            (shift::LSR, 200, (0, 0)),
            (shift::ASR, 31, (u32::MAX, 0)),
            (shift::ASR, 32, (u32::MAX, 1)),
            (shift::ASR, 255, (u32::MAX, 1)),
            (shift::ROR, 32, (value, 1)),
            (shift::ROR, 33, (0xC000_0000, 1)),
        ] {
            let got = shift_register(value, kind, amount, 1);
            assert_eq!(got, expected, "shift type {kind} by {amount}");
        }
        assert_eq!(shift_constant(value, shift::ROR, 0, 0), (0x4000_0000, 1));
        assert_eq!(shift_constant(value, shift::LSR, 0, 0), (0, 1));
    }

    #[test]
    fn carry_and_overflow_are_the_adders() {
        assert_eq!(add_with_carry(u32::MAX, 0, 1), (0, 1, 0));
        let (result, carry, overflow) = add_with_carry(0x7FFF_FFFF, 1, 0);
        assert_eq!((result, carry, overflow >> 31), (0x8000_0000, 0, 1));
        let (result, carry, overflow) = add_with_carry(0x8000_0000, !1, 1);
        assert_eq!((result, carry, overflow >> 31), (0x7FFF_FFFF, 1, 1));
    }
}
