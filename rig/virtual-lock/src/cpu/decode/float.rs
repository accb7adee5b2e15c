//! The floating-point extension (ARMv7-M A6.4 to A6.7). Encodings of double precision are
//! undefined.

use super::super::float::operation;
use super::super::op::{Kind, Op, transfer};
use super::{Place, bits, sp_or_pc, undefined_wide};

/// Any instruction of coprocessors 10 and 11.
pub(super) fn decode(place: Place, first: u16, second: u16) -> Op {
    let op = match first >> 8 & 0xF {
        0xC | 0xD if first & 0xFFE0 == 0xEC40 => move_two(first, second),
        0xC | 0xD if first & 0x1000 == 0 => memory(place, first, second),
        0xE if first & 0x1000 == 0 && second & 0x10 != 0 => move_one(first, second),
        0xE if first & 0x1000 == 0 && second & 0x100 == 0 => processing(first, second),
        _ => None,
    };
    op.unwrap_or_else(|| undefined_wide(first, second))
}

/// A single-precision register: its number's last bit stands apart.
fn single(field: u8, last: u8) -> u8 {
    field << 1 | last
}

/// A double-precision register as its first half.
fn double(field: u8, top: u8) -> Option<u8> {
    (top == 0).then_some(field << 1)
}

fn op(x: u8, first: u16, second: u16) -> Op {
    Op {
        kind: Kind::Float,
        rd: single(bits(second, 12, 4), bits(first, 6, 1)),
        rn: single(bits(first, 0, 4), bits(second, 7, 1)),
        rm: single(bits(second, 0, 4), bits(second, 5, 1)),
        x,
        ..Op::WIDE
    }
}

fn processing(first: u16, second: u16) -> Option<Op> {
    let make = |x, imm| {
        Some(Op {
            imm,
            ..op(x, first, second)
        })
    };
    let minus = u32::from(second >> 6 & 1);
    match first >> 4 & 0xB {
        0x0 => make(operation::ACCUMULATE, minus),
        // VNMLS, VNMLA
        0x1 => make(operation::ACCUMULATE, 2 | minus),
        0x2 if minus == 0 => make(operation::MULTIPLY, 0),
        0x2 => make(operation::NEGATED_MULTIPLY, 0),
        0x3 if minus == 0 => make(operation::ADD, 0),
        0x3 => make(operation::SUBTRACT, 0),
        0x8 if minus == 0 => make(operation::DIVIDE, 0),
        // VFNMS, VFNMA
        0x9 => make(operation::FUSED, 2 | minus),
        0xA => make(operation::FUSED, minus),
        0xB => other(first, second),
        _ => None,
    }
}

fn other(first: u16, second: u16) -> Option<Op> {
    let make = |x, imm| {
        Some(Op {
            imm,
            ..op(x, first, second)
        })
    };
    let operation = first & 0xF;
    let (high, low) = (second >> 7 & 1, second >> 6 & 1);
    let high = u32::from(high);
    if low == 0 {
        // Bits abcd in the first halfword, efgh in the second: aBbbbbbc defgh0...
        let value = u32::from(first & 0xF) << 4 | u32::from(second & 0xF);
        let exponent = if value & 0x40 != 0 { 0x7C } else { 0x80 };
        let constant =
            (value & 0x80) << 24 | (exponent | value >> 4 & 3) << 23 | (value & 0xF) << 19;
        return make(operation::CONSTANT, constant);
    }
    match (operation, high) {
        (0b0000, 0) => make(operation::MOVE, 0),
        (0b0000, _) => make(operation::ABSOLUTE, 0),
        (0b0001, 0) => make(operation::NEGATE, 0),
        (0b0001, _) => make(operation::SQUARE_ROOT, 0),
        (0b0010 | 0b0011, _) => make(operation::HALF, high | u32::from(operation & 1) << 1),
        (0b0100, _) => make(operation::COMPARE, high),
        (0b0101, _) => make(operation::COMPARE, high | 2),
        (0b1000, _) => make(operation::FROM_INTEGER, high << 8),
        (0b1010 | 0b1011 | 0b1110 | 0b1111, _) => {
            let size = if high != 0 { 32 } else { 16 };
            let fraction = size - i32::from(bits(second, 0, 4) << 1 | bits(second, 5, 1));
            let fraction = u32::try_from(fraction).ok()?;
            let signed = u32::from(operation & 1 == 0) << 8;
            let short = u32::from(size == 16) << 10;
            let all = u32::from(fraction == 32) << 11;
            let x = if operation & 4 == 0 {
                operation::FROM_FIXED
            } else {
                operation::TO_FIXED
            };
            make(x, fraction & 0x1F | signed | short | all)
        }
        (0b1100 | 0b1101, _) => make(
            operation::TO_INTEGER,
            u32::from(operation & 1) << 8 | (high ^ 1) << 9,
        ),
        _ => None,
    }
}

/// VMOV between a core register and a floating-point one, VMRS and VMSR.
fn move_one(first: u16, second: u16) -> Option<Op> {
    let rt = bits(second, 12, 4);
    let load = first & 0x10 != 0;
    let make = |x, rn| {
        Some(Op {
            rd: rt,
            rn,
            ..op(x, first, second)
        })
    };
    let register = single(bits(first, 0, 4), bits(second, 7, 1));
    match (second >> 8 & 1, first >> 5 & 7) {
        (0, 0) if !sp_or_pc(rt) => make(
            if load {
                operation::TO_CORE
            } else {
                operation::FROM_CORE
            },
            register,
        ),
        (0, 7) if first & 0xF == 1 && load && rt != 13 => make(operation::READ_STATUS, 0),
        (0, 7) if first & 0xF == 1 && !load && !sp_or_pc(rt) => make(operation::WRITE_STATUS, 0),
        // A half of a double-precision register.
        (1, half @ (0 | 1)) if !sp_or_pc(rt) && second & 0x60 == 0 => {
            let register = double(bits(first, 0, 4), bits(second, 7, 1))? + half as u8;
            make(
                if load {
                    operation::TO_CORE
                } else {
                    operation::FROM_CORE
                },
                register,
            )
        }
        _ => None,
    }
}

/// VMOV of two core registers.
fn move_two(first: u16, second: u16) -> Option<Op> {
    let (rt, rt2) = (bits(second, 12, 4), bits(first, 0, 4));
    let load = first & 0x10 != 0;
    let register = if second & 0x100 == 0 {
        single(bits(second, 0, 4), bits(second, 5, 1))
    } else {
        double(bits(second, 0, 4), bits(second, 5, 1))?
    };
    if second & 0xD0 != 0x10
        || sp_or_pc(rt)
        || sp_or_pc(rt2)
        || register == 31
        || (load && rt == rt2)
    {
        return None;
    }
    let x = if load {
        operation::TWO_TO_CORE
    } else {
        operation::TWO_FROM_CORE
    };
    Some(Op {
        rd: rt,
        rn: rt2,
        rm: register,
        ..op(x, first, second)
    })
}

/// VLDR, VSTR, VLDM, VSTM, VPUSH, VPOP.
fn memory(place: Place, first: u16, second: u16) -> Option<Op> {
    let rn = bits(first, 0, 4);
    let load = first & 0x10 != 0;
    let (p, u, w) = (first & 0x100 != 0, first & 0x80 != 0, first & 0x20 != 0);
    let doubles = second & 0x100 != 0;
    let words = u32::from(second & 0xFF);
    let register = if doubles {
        double(bits(second, 12, 4), bits(first, 6, 1))?
    } else {
        single(bits(second, 12, 4), bits(first, 6, 1))
    };
    let base = Op {
        rd: register,
        rn,
        ..op(0, first, second)
    };
    if p && !w {
        let offset = words * 4;
        let offset = if u { offset } else { offset.wrapping_neg() };
        let imm = match rn {
            15 if !load => return None,
            15 => place.aligned_pc().wrapping_add(offset),
            _ => offset,
        };
        return Some(Op {
            x: if load {
                operation::LOAD
            } else {
                operation::STORE
            },
            rm: if doubles { 2 } else { 1 },
            imm,
            ..base
        });
    }
    // Increment after, or decrement before with write-back.
    if p == u || rn == 15 {
        return None;
    }
    let count = if doubles { words & !1 } else { words };
    if count == 0 || u32::from(register) + count > 32 || (doubles && count > 32) {
        return None;
    }
    Some(Op {
        x: if load {
            operation::LOAD_MULTIPLE
        } else {
            operation::STORE_MULTIPLE
        },
        rm: if p { transfer::DECREMENT } else { 0 } | if w { transfer::WRITE_BACK } else { 0 },
        imm: count | words << 16,
        ..base
    })
}
