//! 32-bit instructions (ARMv7-M A5.3), without loads, stores and the DSP extension.

use super::super::op::{Kind, Op, data, shift};
use super::narrow::sign_extend;
use super::{Place, bits, dsp, float, sp_or_pc, transfer, undefined_wide};

pub(super) fn decode(place: Place, first: u16, second: u16) -> Op {
    match (first >> 11 & 3, first >> 4 & 0x7F) {
        (1, op) if op & 0x64 == 0x00 => transfer::multiple(first, second),
        (1, op) if op & 0x64 == 0x04 => transfer::dual_or_exclusive(place, first, second),
        (1, op) if op & 0x60 == 0x20 => shifted_register(first, second),
        (2, op) if second & 0x8000 == 0 && op & 0x20 == 0 => modified_immediate(first, second),
        (2, _) if second & 0x8000 == 0 => plain_immediate(place, first, second),
        (2, _) => branch_or_control(place, first, second),
        (3, op) if op & 0x60 == 0x00 => transfer::single(place, first, second),
        (3, op) if op & 0x70 == 0x20 => dsp::register(first, second),
        (3, op) if op & 0x78 == 0x30 => dsp::multiply(first, second),
        (3, op) if op & 0x78 == 0x38 => dsp::long_multiply(first, second),
        _ if second >> 9 & 7 == 5 => float::decode(place, first, second),
        _ => coprocessor(first, second),
    }
}

fn coprocessor(first: u16, second: u16) -> Op {
    Op {
        kind: Kind::Coprocessor,
        imm: u32::from(first) << 16 | u32::from(second),
        ..Op::WIDE
    }
}

/// The constant of a data processing instruction and the carry it makes (1: clear, 2: set, 0: as
/// it was). ARMv7-M A5.3.2.
pub(super) fn expand_immediate(first: u16, second: u16) -> (u32, u8) {
    let byte = u32::from(second & 0xFF);
    let rotation = (first >> 10 & 1) << 4 | (second >> 12 & 7) << 1 | (second >> 7 & 1);
    if rotation < 8 {
        let value = match rotation >> 1 {
            0 => byte,
            1 => byte << 16 | byte,
            2 => byte << 24 | byte << 8,
            _ => byte << 24 | byte << 16 | byte << 8 | byte,
        };
        (value, 0)
    } else {
        let value = (byte | 0x80).rotate_right(rotation.into());
        (value, if value >> 31 == 0 { 1 } else { 2 })
    }
}

/// Whether a data processing instruction names registers that it may not (ARMv7-M, per mnemonic).
fn forbidden(operation: u8, flags: bool, rd: u8, rn: u8, second_operand: Option<u8>) -> bool {
    let arithmetic_with_sp = matches!(operation, data::ADD | data::SUB) && rn == 13;
    let compares =
        rd == 15 && flags && matches!(operation, data::AND | data::EOR | data::ADD | data::SUB);
    let moves = rn == 15 && matches!(operation, data::ORR | data::ORN);
    let rd_bad = match rd {
        15 => !compares,
        // MOV.W may write SP, but neither with flags nor shifted.
        13 => !(arithmetic_with_sp || (moves && operation == data::ORR && !flags)),
        _ => false,
    };
    let rn_bad = match rn {
        15 => !moves,
        13 => !(arithmetic_with_sp || (compares && matches!(operation, data::ADD | data::SUB))),
        _ => false,
    };
    let rm_bad = match second_operand {
        Some(15) => true,
        Some(13) => !(moves && operation == data::ORR && !flags),
        _ => false,
    };
    rd_bad || rn_bad || rm_bad
}

fn known(operation: u8) -> bool {
    matches!(
        operation,
        data::AND
            | data::BIC
            | data::ORR
            | data::ORN
            | data::EOR
            | data::ADD
            | data::ADC
            | data::SBC
            | data::SUB
            | data::RSB
    )
}

fn modified_immediate(first: u16, second: u16) -> Op {
    let operation = bits(first, 5, 4);
    let flags = first & 0x10 != 0;
    let (rd, rn) = (bits(second, 8, 4), bits(first, 0, 4));
    if !known(operation) || forbidden(operation, flags, rd, rn, None) {
        return undefined_wide(first, second);
    }
    let (imm, carry) = expand_immediate(first, second);
    let op = Op {
        kind: Kind::DataImmW,
        rd,
        rn,
        rm: carry,
        x: operation | if flags { data::FLAGS } else { 0 },
        imm,
        ..Op::WIDE
    };
    let hot = |kind| Op { kind, ..op };
    match (operation, flags) {
        (data::SUB, true) if rd == 15 => hot(Kind::CmpImmW),
        (data::AND, true) if rd == 15 => hot(Kind::TstImmW),
        _ if sp_or_pc(rd) => op,
        (data::ORR, false) if rn == 15 => hot(Kind::MovImmW),
        (data::ORN, false) if rn == 15 => Op {
            imm: !imm,
            ..hot(Kind::MovImmW)
        },
        (data::AND, false) => hot(Kind::AndImmW),
        (data::BIC, false) => Op {
            imm: !imm,
            ..hot(Kind::AndImmW)
        },
        (data::ORR, false) => hot(Kind::OrrImmW),
        (data::ORN, false) => Op {
            imm: !imm,
            ..hot(Kind::OrrImmW)
        },
        (data::EOR, false) => hot(Kind::EorImmW),
        (data::ADD, false) => hot(Kind::AddImmW),
        (data::SUB, false) => hot(Kind::SubImmW),
        (data::RSB, false) => hot(Kind::RsbImmW),
        (data::ADD, true) => hot(Kind::AddImmSW),
        (data::SUB, true) => hot(Kind::SubImmSW),
        (data::ADC, false) => hot(Kind::AdcImmW),
        (data::ADC, true) => hot(Kind::AdcImmSW),
        (data::SBC, true) => hot(Kind::SbcImmSW),
        _ => op,
    }
}

fn shifted_register(first: u16, second: u16) -> Op {
    let operation = bits(first, 5, 4);
    let flags = first & 0x10 != 0;
    let (rd, rn, rm) = (bits(second, 8, 4), bits(first, 0, 4), bits(second, 0, 4));
    let amount = bits(second, 12, 3) << 2 | bits(second, 6, 2);
    let kind = bits(second, 4, 2);
    if operation == 6 && !flags {
        return dsp::pack(first, second, amount);
    }
    if second & 0x8000 != 0
        || !known(operation)
        || forbidden(operation, flags, rd, rn, Some(rm))
        || (rd == 13 && rn == 15 && (kind != shift::LSL || amount != 0))
        || (rd == 13 && rn == 13 && (kind != shift::LSL || amount > 3))
    {
        return undefined_wide(first, second);
    }
    let op = Op {
        kind: Kind::DataRegW,
        rd,
        rn,
        rm,
        x: operation | if flags { data::FLAGS } else { 0 },
        imm: u32::from(kind) << 8 | u32::from(amount),
        ..Op::WIDE
    };
    let hot = |kind| Op {
        kind,
        x: amount,
        ..op
    };
    if operation == data::SUB && rd == 15 && kind == shift::LSL {
        return hot(Kind::CmpLslW);
    }
    if sp_or_pc(rd) {
        return op;
    }
    if (kind, amount) == (shift::LSL, 0) {
        match (operation, flags) {
            (data::ADD, true) => return hot(Kind::AddRegSW),
            (data::SUB, true) => return hot(Kind::SubRegSW),
            (data::ADC, false) => return hot(Kind::AdcRegW),
            (data::SBC, false) => return hot(Kind::SbcRegW),
            (data::ADC, true) => return hot(Kind::AdcRegSW),
            (data::SBC, true) => return hot(Kind::SbcRegSW),
            _ => {}
        }
    }
    if flags {
        return op;
    }
    match (operation, kind) {
        (data::ORR, shift::LSL) if rn == 15 => hot(Kind::MovLslW),
        (data::ORR, shift::LSR) if rn == 15 && amount != 0 => hot(Kind::MovLsrW),
        (data::ORR, shift::ASR) if rn == 15 && amount != 0 => hot(Kind::MovAsrW),
        (data::ADD, shift::LSL) => hot(Kind::AddLslW),
        (data::SUB, shift::LSL) => hot(Kind::SubLslW),
        (data::AND, shift::LSL) => hot(Kind::AndLslW),
        (data::ORR, shift::LSL) => hot(Kind::OrrLslW),
        (data::EOR, shift::LSL) => hot(Kind::EorLslW),
        (data::BIC, shift::LSL) => hot(Kind::BicLslW),
        _ => op,
    }
}

fn plain_immediate(place: Place, first: u16, second: u16) -> Op {
    let (rd, rn) = (bits(second, 8, 4), bits(first, 0, 4));
    let imm12 = u32::from(first >> 10 & 1) << 11
        | u32::from(second >> 12 & 7) << 8
        | u32::from(second & 0xFF);
    let imm16 = u32::from(first & 0xF) << 12 | imm12;
    let low = bits(second, 12, 3) << 2 | bits(second, 6, 2);
    let width = bits(second, 0, 5);
    let op = |kind, imm| Op {
        kind,
        rd,
        rn,
        imm,
        ..Op::WIDE
    };
    let operation = first >> 4 & 0x1F;
    let sp_arithmetic = rn == 13 && matches!(operation, 0b00000 | 0b01010);
    if rd == 15 || (rd == 13 && !sp_arithmetic) {
        return undefined_wide(first, second);
    }
    let arithmetic = |add: bool, value: u32| {
        if rd == 13 {
            let x = if add { data::ADD } else { data::SUB };
            Op {
                x,
                ..op(Kind::DataImmW, value)
            }
        } else if add {
            op(Kind::AddImmW, value)
        } else {
            op(Kind::SubImmW, value)
        }
    };
    match operation {
        0b00000 if rn == 15 => op(Kind::MovImmW, place.aligned_pc().wrapping_add(imm12)),
        0b01010 if rn == 15 => op(Kind::MovImmW, place.aligned_pc().wrapping_sub(imm12)),
        0b00000 => arithmetic(true, imm12),
        0b01010 => arithmetic(false, imm12),
        0b00100 => op(Kind::MovImmW, imm16),
        0b01100 => op(Kind::Movt, imm16),
        0b10000 | 0b10010 | 0b11000 | 0b11010 => dsp::saturate(first, second, low),
        0b10100 | 0b11100 if !sp_or_pc(rn) && low + width < 32 => {
            // Shift left, then right: the field's upper end and its length.
            let kind = if operation == 0b10100 {
                Kind::Sbfx
            } else {
                Kind::Ubfx
            };
            Op {
                x: 31 - low - width,
                imm: u32::from(31 - width),
                ..op(kind, 0)
            }
        }
        0b10110 if rn != 13 && width >= low => {
            let ones = u32::MAX >> (31 - (width - low));
            Op {
                x: low,
                imm: ones << low,
                ..op(if rn == 15 { Kind::Bfc } else { Kind::Bfi }, 0)
            }
        }
        _ => undefined_wide(first, second),
    }
}

fn branch_or_control(place: Place, first: u16, second: u16) -> Op {
    let sign = u32::from(first >> 10 & 1);
    let (j1, j2) = (u32::from(second >> 13 & 1), u32::from(second >> 11 & 1));
    let low = u32::from(second & 0x7FF) << 1;
    // Branches by 25 bits hide their second and third bit in J1 and J2.
    let far = || {
        let i1 = !(j1 ^ sign) & 1;
        let i2 = !(j2 ^ sign) & 1;
        sign_extend(
            sign << 24 | i1 << 23 | i2 << 22 | u32::from(first & 0x3FF) << 12 | low,
            25,
        )
    };
    match second >> 12 & 7 {
        0b001 | 0b011 => Op {
            kind: Kind::B,
            imm: place.target(far()),
            ..Op::WIDE
        },
        0b101 | 0b111 => Op {
            kind: Kind::Bl,
            imm: place.target(far()),
            ..Op::WIDE
        },
        0b000 | 0b010 if first & 0x380 != 0x380 => {
            if place.it != 0 {
                return undefined_wide(first, second);
            }
            let offset = sign << 20 | j2 << 19 | j1 << 18 | u32::from(first & 0x3F) << 12 | low;
            Op {
                kind: Kind::BcondW,
                x: bits(first, 6, 4),
                imm: place.target(sign_extend(offset, 21)),
                ..Op::WIDE
            }
        }
        0b000 | 0b010 => control(first, second),
        _ => undefined_wide(first, second),
    }
}

fn control(first: u16, second: u16) -> Op {
    let system = Op {
        kind: Kind::System,
        imm: u32::from(first) << 16 | u32::from(second),
        ..Op::WIDE
    };
    match first >> 4 & 0x7F {
        // MSR
        0b0111000 | 0b0111001 if !sp_or_pc(bits(first, 0, 4)) => system,
        // Hints: WFE, WFI, SEV; DBG and what is allocated to nothing execute as NOP.
        0b0111010 if second & 0x07F8 == 0 => match second & 0xFF {
            2..=4 => system,
            _ => Op {
                kind: Kind::NopW,
                ..Op::WIDE
            },
        },
        0b0111010 => Op {
            kind: Kind::NopW,
            ..Op::WIDE
        },
        // CLREX, DSB, DMB, ISB
        0b0111011 => match second >> 4 & 0xF {
            2 => system,
            4..=6 => Op {
                kind: Kind::NopW,
                ..Op::WIDE
            },
            _ => undefined_wide(first, second),
        },
        // MRS
        0b0111110 | 0b0111111 if !sp_or_pc(bits(second, 8, 4)) => system,
        0b1111111 if second & 0x7000 == 0x2000 => Op {
            kind: Kind::Udf,
            ..system
        },
        _ => undefined_wide(first, second),
    }
}
