//! Register arithmetic of the 32-bit encodings: shifts, extensions, multiplies, divides, saturation
//! and the DSP extension (ARMv7-M A5.3.12 to A5.3.17).

use super::super::dsp;
use super::super::op::{Kind, Op};
use super::{bits, sp_or_pc, undefined_wide};

/// The registers of a three- or four-operand instruction: `x` is the accumulator.
fn registers(first: u16, second: u16) -> Op {
    Op {
        kind: Kind::Dsp,
        rd: bits(second, 8, 4),
        rn: bits(first, 0, 4),
        rm: bits(second, 0, 4),
        x: bits(second, 12, 4),
        ..Op::WIDE
    }
}

fn dsp_op(first: u16, second: u16, operation: u32) -> Op {
    Op {
        imm: operation,
        ..registers(first, second)
    }
}

/// Data processing with registers only.
pub(super) fn register(first: u16, second: u16) -> Op {
    let op = registers(first, second);
    let (high, low) = (bits(first, 4, 4), bits(second, 4, 4));
    if op.x != 15 || sp_or_pc(op.rd) || sp_or_pc(op.rm) || op.rn == 13 {
        return undefined_wide(first, second);
    }
    let rn_is_pc = op.rn == 15;
    match (high, low) {
        (0..=7, 0) if !rn_is_pc => {
            let kind = match high {
                0 => Kind::LslRegW,
                2 => Kind::LsrRegW,
                _ => Kind::DataShiftW,
            };
            Op {
                kind,
                x: high >> 1 | (high & 1) << 7,
                ..op
            }
        }
        (0..=5, 8..=15) => Op {
            kind: Kind::ExtendW,
            x: high,
            imm: u32::from(low & 3) * 8,
            ..op
        },
        (8..=15, 0..=7) if !rn_is_pc => {
            let operation = high & 7;
            let variant = low & 7;
            if variant & 3 == 3 || operation == 7 || operation == 3 {
                return undefined_wide(first, second);
            }
            dsp_op(
                first,
                second,
                dsp::PARALLEL | u32::from(variant) << 4 | u32::from(operation),
            )
        }
        (8, 8..=11) if !rn_is_pc => dsp_op(first, second, dsp::SATURATING | u32::from(low & 3)),
        (9, 8..=11) if op.rn == op.rm => dsp_op(first, second, dsp::REVERSE | u32::from(low & 3)),
        (10, 8) if !rn_is_pc => dsp_op(first, second, dsp::SELECT),
        (11, 8) if op.rn == op.rm => Op {
            kind: Kind::Clz,
            ..op
        },
        _ => undefined_wide(first, second),
    }
}

/// 32-bit multiplies and sums of absolute differences.
pub(super) fn multiply(first: u16, second: u16) -> Op {
    let op = registers(first, second);
    let (high, low) = (bits(first, 4, 3), bits(second, 4, 2));
    if second & 0xC0 != 0 || sp_or_pc(op.rd) || sp_or_pc(op.rn) || sp_or_pc(op.rm) || op.x == 13 {
        return undefined_wide(first, second);
    }
    match (high, low) {
        (0, 0) if op.x == 15 => Op {
            kind: Kind::MulW,
            ..op
        },
        (0, 0) => Op {
            kind: Kind::Mla,
            ..op
        },
        (0, 1) if op.x != 15 => Op {
            kind: Kind::Mls,
            ..op
        },
        (1, _) | (2..=5, 0 | 1) => dsp_op(
            first,
            second,
            dsp::MULTIPLY | u32::from(high) << 4 | u32::from(low),
        ),
        (6, 0 | 1) if op.x != 15 => dsp_op(first, second, dsp::MULTIPLY | 6 << 4 | u32::from(low)),
        (7, 0) => dsp_op(first, second, dsp::MULTIPLY | 7 << 4),
        _ => undefined_wide(first, second),
    }
}

/// Multiplies with a 64-bit result, and divides. `x` is the low half's register, `rd` the high one's.
pub(super) fn long_multiply(first: u16, second: u16) -> Op {
    let op = registers(first, second);
    let (high, low) = (bits(first, 4, 3), bits(second, 4, 4));
    let divide = matches!((high, low), (1 | 3, 15));
    if sp_or_pc(op.rd)
        || sp_or_pc(op.rn)
        || sp_or_pc(op.rm)
        || (divide && op.x != 15)
        || (!divide && (sp_or_pc(op.x) || op.x == op.rd))
    {
        return undefined_wide(first, second);
    }
    let hot = |kind| Op { kind, ..op };
    match (high, low) {
        (0, 0) => hot(Kind::Smull),
        (1, 15) => hot(Kind::Sdiv),
        (2, 0) => hot(Kind::Umull),
        (3, 15) => hot(Kind::Udiv),
        (6, 0) => hot(Kind::Umlal),
        (4, 0 | 8..=13) | (5, 12 | 13) | (6, 6) => dsp_op(
            first,
            second,
            dsp::LONG | u32::from(high) << 4 | u32::from(low),
        ),
        _ => undefined_wide(first, second),
    }
}

/// PKHBT and PKHTB. `amount` as encoded.
pub(super) fn pack(first: u16, second: u16, amount: u8) -> Op {
    let op = registers(first, second);
    if second & 0x8010 != 0 || sp_or_pc(op.rd) || sp_or_pc(op.rn) || sp_or_pc(op.rm) {
        return undefined_wide(first, second);
    }
    let top = u32::from(bits(second, 5, 1));
    Op {
        x: amount,
        ..dsp_op(first, second, dsp::PACK | top)
    }
}

/// SSAT, USAT, SSAT16 and USAT16. `x` is the shift, the operation's low byte the bit count.
pub(super) fn saturate(first: u16, second: u16, amount: u8) -> Op {
    let op = registers(first, second);
    let unsigned = first & 0x80 != 0;
    let right = first & 0x20 != 0;
    let halves = right && amount == 0;
    let width = u32::from(second & 0x1F);
    if sp_or_pc(op.rd)
        || sp_or_pc(op.rn)
        || second & 0x20 != 0
        || first & 0x400 != 0
        || (halves && width > 15)
    {
        return undefined_wide(first, second);
    }
    let count = if unsigned { width } else { width + 1 };
    Op {
        x: amount,
        imm: dsp::SATURATE
            | u32::from(unsigned) << 8
            | u32::from(right) << 9
            | u32::from(halves) << 10
            | count,
        ..op
    }
}
