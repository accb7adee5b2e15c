//! 16-bit instructions (ARMv7-M A5.2).

use super::super::op::{Kind, Op, data, shift, transfer};
use super::{Place, bits, it_block, undefined_narrow, wrapped};

pub(super) fn decode(place: Place, first: u16) -> Op {
    match first >> 11 {
        0b00000..=0b00010 => shift_immediate(place, first),
        0b00011 => add_subtract(place, first),
        0b00100..=0b00111 => immediate(place, first),
        0b01000 if first & 0x400 == 0 => data_processing(place, first),
        0b01000 => high_registers(first),
        0b01001 => Op {
            kind: Kind::LdrLit,
            rd: bits(first, 8, 3),
            imm: place.aligned_pc().wrapping_add(u32::from(first & 0xFF) * 4),
            ..Op::NARROW
        },
        0b01010 | 0b01011 => register_offset(first),
        0b01100..=0b10001 => immediate_offset(first),
        0b10010 | 0b10011 => Op {
            kind: if first & 0x800 == 0 {
                Kind::StrImm
            } else {
                Kind::LdrImm
            },
            rd: bits(first, 8, 3),
            rn: 13,
            imm: u32::from(first & 0xFF) * 4,
            ..Op::NARROW
        },
        0b10100 => Op {
            kind: Kind::MovImm,
            rd: bits(first, 8, 3),
            imm: place.aligned_pc().wrapping_add(u32::from(first & 0xFF) * 4),
            ..Op::NARROW
        },
        0b10101 => Op {
            kind: Kind::AddImm,
            rd: bits(first, 8, 3),
            rn: 13,
            imm: u32::from(first & 0xFF) * 4,
            ..Op::NARROW
        },
        0b10110 | 0b10111 => miscellaneous(place, first),
        0b11000 | 0b11001 => multiple(first),
        0b11010 | 0b11011 => conditional_branch(place, first),
        _ => Op {
            kind: Kind::B,
            imm: place.target(sign_extend(u32::from(first & 0x7FF) << 1, 12)),
            ..Op::NARROW
        },
    }
}

/// The low `width` bits of `value` as a signed number.
pub(super) fn sign_extend(value: u32, width: u32) -> u32 {
    ((value << (32 - width)) as i32 >> (32 - width)) as u32
}

/// A register operation without flags, as 16-bit instructions are inside an IT block.
fn plain_register(operation: u8, rd: u8, rn: u8, rm: u8, kind: u8, amount: u8) -> Op {
    Op {
        kind: Kind::DataReg,
        rd,
        rn,
        rm,
        x: operation,
        imm: u32::from(kind) << 8 | u32::from(amount),
        ..Op::NARROW
    }
}

fn shift_immediate(place: Place, first: u16) -> Op {
    let (rd, rm) = (bits(first, 0, 3), bits(first, 3, 3));
    let (kind, amount) = (bits(first, 11, 2), bits(first, 6, 5));
    if place.it != 0 {
        return plain_register(data::ORR, rd, 15, rm, kind, amount);
    }
    let x = if amount == 0 { 32 } else { amount };
    let kind = match kind {
        shift::LSL if amount == 0 => Kind::MovRegS,
        shift::LSL => Kind::LslImmS,
        shift::LSR => Kind::LsrImmS,
        _ => Kind::AsrImmS,
    };
    Op {
        kind,
        rd,
        rm,
        x,
        ..Op::NARROW
    }
}

fn add_subtract(place: Place, first: u16) -> Op {
    let subtract = first & 0x200 != 0;
    let immediate = first & 0x400 != 0;
    let (rd, rn, rm) = (bits(first, 0, 3), bits(first, 3, 3), bits(first, 6, 3));
    let kind = match (immediate, subtract, place.it == 0) {
        (false, false, true) => Kind::AddRegS,
        (false, true, true) => Kind::SubRegS,
        (false, false, false) => Kind::AddReg,
        (false, true, false) => {
            return plain_register(data::SUB, rd, rn, rm, shift::LSL, 0);
        }
        (true, false, true) => Kind::AddImmS,
        (true, true, true) => Kind::SubImmS,
        (true, false, false) => Kind::AddImm,
        (true, true, false) => Kind::SubImm,
    };
    Op {
        kind,
        rd,
        rn,
        rm,
        imm: rm.into(),
        ..Op::NARROW
    }
}

fn immediate(place: Place, first: u16) -> Op {
    let rd = bits(first, 8, 3);
    let kind = match (bits(first, 11, 2), place.it == 0) {
        (0, true) => Kind::MovImmS,
        (0, false) => Kind::MovImm,
        (1, _) => Kind::CmpImm,
        (2, true) => Kind::AddImmS,
        (2, false) => Kind::AddImm,
        (_, true) => Kind::SubImmS,
        (_, false) => Kind::SubImm,
    };
    Op {
        kind,
        rd,
        rn: rd,
        imm: u32::from(first & 0xFF),
        ..Op::NARROW
    }
}

fn data_processing(place: Place, first: u16) -> Op {
    let (rd, rm) = (bits(first, 0, 3), bits(first, 3, 3));
    let register = |kind| Op {
        kind,
        rd,
        rn: rd,
        rm,
        ..Op::NARROW
    };
    let plain = |operation, rn| plain_register(operation, rd, rn, rm, shift::LSL, 0);
    let shifted = |kind| Op {
        x: kind,
        ..register(Kind::DataShift)
    };
    match (bits(first, 6, 4), place.it == 0) {
        (0b0000, true) => register(Kind::AndS),
        (0b0001, true) => register(Kind::EorS),
        (0b0010, true) => register(Kind::LslRegS),
        (0b0011, true) => register(Kind::LsrRegS),
        (0b0100, true) => register(Kind::AsrRegS),
        (0b0101, true) => register(Kind::AdcS),
        (0b0110, true) => register(Kind::SbcS),
        (0b0111, true) => register(Kind::RorRegS),
        (0b1001, true) => register(Kind::RsbS),
        (0b1100, true) => register(Kind::OrrS),
        (0b1101, true) => register(Kind::MulS),
        (0b1110, true) => register(Kind::BicS),
        (0b1111, true) => register(Kind::MvnS),
        (0b0000, false) => plain(data::AND, rd),
        (0b0001, false) => plain(data::EOR, rd),
        (0b0010, false) => shifted(shift::LSL),
        (0b0011, false) => shifted(shift::LSR),
        (0b0100, false) => shifted(shift::ASR),
        (0b0101, false) => plain(data::ADC, rd),
        (0b0110, false) => plain(data::SBC, rd),
        (0b0111, false) => shifted(shift::ROR),
        (0b1001, false) => Op {
            x: data::RSB,
            rn: rm,
            ..register(Kind::DataImm)
        },
        (0b1100, false) => plain(data::ORR, rd),
        (0b1101, false) => register(Kind::Mul),
        (0b1110, false) => plain(data::BIC, rd),
        (0b1111, false) => plain(data::ORN, 15),
        (0b1000, _) => register(Kind::TstReg),
        (0b1010, _) => register(Kind::CmpReg),
        _ => register(Kind::CmnReg),
    }
}

fn high_registers(first: u16) -> Op {
    let rd = bits(first, 0, 3) | bits(first, 7, 1) << 3;
    let rm = bits(first, 3, 4);
    let register = |kind| {
        let op = Op {
            kind,
            rd,
            rn: rd,
            rm,
            ..Op::NARROW
        };
        if rm == 15 || (rd == 15 && kind == Kind::AddToPc) {
            wrapped(op)
        } else {
            op
        }
    };
    match bits(first, 8, 2) {
        0 if rd == 15 && rm == 15 => undefined_narrow(first),
        0 if rd == 15 => register(Kind::AddToPc),
        0 if rd == 13 => {
            let op = plain_register(data::ADD, 13, 13, rm, shift::LSL, 0);
            if rm == 15 { wrapped(op) } else { op }
        }
        0 => register(Kind::AddReg),
        1 if rd == 15 || rm == 15 || (rd < 8 && rm < 8) => undefined_narrow(first),
        1 => register(Kind::CmpReg),
        2 if rd == 15 => register(Kind::MovToPc),
        2 if rd == 13 => {
            let op = plain_register(data::ORR, 13, 15, rm, shift::LSL, 0);
            if rm == 15 { wrapped(op) } else { op }
        }
        2 => register(Kind::MovReg),
        _ if first & 0x7 != 0 => undefined_narrow(first),
        _ if first & 0x80 == 0 => register(Kind::Bx),
        _ if rm == 15 => undefined_narrow(first),
        _ => register(Kind::BlxReg),
    }
}

fn register_offset(first: u16) -> Op {
    let kind = match bits(first, 9, 3) {
        0 => Kind::StrReg,
        1 => Kind::StrhReg,
        2 => Kind::StrbReg,
        3 => Kind::LdrsbReg,
        4 => Kind::LdrReg,
        5 => Kind::LdrhReg,
        6 => Kind::LdrbReg,
        _ => Kind::LdrshReg,
    };
    Op {
        kind,
        rd: bits(first, 0, 3),
        rn: bits(first, 3, 3),
        rm: bits(first, 6, 3),
        ..Op::NARROW
    }
}

fn immediate_offset(first: u16) -> Op {
    let (kind, scale) = match first >> 11 {
        0b01100 => (Kind::StrImm, 4),
        0b01101 => (Kind::LdrImm, 4),
        0b01110 => (Kind::StrbImm, 1),
        0b01111 => (Kind::LdrbImm, 1),
        0b10000 => (Kind::StrhImm, 2),
        _ => (Kind::LdrhImm, 2),
    };
    Op {
        kind,
        rd: bits(first, 0, 3),
        rn: bits(first, 3, 3),
        imm: u32::from(bits(first, 6, 5)) * scale,
        ..Op::NARROW
    }
}

fn miscellaneous(place: Place, first: u16) -> Op {
    match bits(first, 8, 4) {
        0b0000 => Op {
            kind: if first & 0x80 == 0 {
                Kind::AddImm
            } else {
                Kind::SubImm
            },
            rd: 13,
            rn: 13,
            imm: u32::from(first & 0x7F) * 4,
            ..Op::NARROW
        },
        // CBZ and CBNZ are unpredictable in an IT block.
        0b0001 | 0b0011 | 0b1001 | 0b1011 if place.it == 0 => Op {
            kind: if first & 0x800 == 0 {
                Kind::Cbz
            } else {
                Kind::Cbnz
            },
            rn: bits(first, 0, 3),
            imm: place.target(u32::from(bits(first, 9, 1)) << 6 | u32::from(first >> 2 & 0x3E)),
            ..Op::NARROW
        },
        0b0010 => Op {
            kind: match bits(first, 6, 2) {
                0 => Kind::Sxth,
                1 => Kind::Sxtb,
                2 => Kind::Uxth,
                _ => Kind::Uxtb,
            },
            rd: bits(first, 0, 3),
            rm: bits(first, 3, 3),
            ..Op::NARROW
        },
        0b0100 | 0b0101 => {
            let list = first & 0xFF | (first & 0x100) << 6;
            if list == 0 {
                return undefined_narrow(first);
            }
            Op {
                kind: Kind::StoreMultiple,
                rn: 13,
                x: transfer::WRITE_BACK | transfer::DECREMENT,
                imm: list.into(),
                ..Op::NARROW
            }
        }
        0b0110 if first & 0xE8 == 0x60 && place.it == 0 => Op {
            kind: Kind::System,
            imm: first.into(),
            ..Op::NARROW
        },
        0b1010 => {
            let kind = match bits(first, 6, 2) {
                0 => Kind::Rev,
                1 => Kind::Rev16,
                3 => Kind::Revsh,
                _ => return undefined_narrow(first),
            };
            Op {
                kind,
                rd: bits(first, 0, 3),
                rm: bits(first, 3, 3),
                ..Op::NARROW
            }
        }
        0b1100 | 0b1101 => {
            let list = first & 0xFF | (first & 0x100) << 7;
            if list == 0 {
                return undefined_narrow(first);
            }
            Op {
                kind: if list & 0x8000 == 0 {
                    Kind::LoadMultiple
                } else {
                    Kind::LoadMultiplePc
                },
                rn: 13,
                x: transfer::WRITE_BACK,
                imm: list.into(),
                ..Op::NARROW
            }
        }
        0b1110 => Op {
            kind: Kind::Bkpt,
            imm: u32::from(first & 0xFF),
            ..Op::NARROW
        },
        0b1111 => hint_or_it(place, first),
        _ => undefined_narrow(first),
    }
}

fn hint_or_it(place: Place, first: u16) -> Op {
    if let Some(it) = it_block(first) {
        let condition = it >> 4;
        // Unpredictable: nested, condition 15, and "else" of AL.
        if place.it != 0 || condition == 15 || (condition == 14 && !(it & 0xF).is_power_of_two()) {
            return undefined_narrow(first);
        }
        return Op {
            kind: Kind::Nop,
            ..Op::NARROW
        };
    }
    match bits(first, 4, 4) {
        // WFE, WFI, SEV
        2..=4 => Op {
            kind: Kind::System,
            imm: first.into(),
            ..Op::NARROW
        },
        // NOP, YIELD and what is allocated to nothing execute as NOP.
        _ => Op {
            kind: Kind::Nop,
            ..Op::NARROW
        },
    }
}

fn multiple(first: u16) -> Op {
    let rn = bits(first, 8, 3);
    let list = u32::from(first & 0xFF);
    let load = first & 0x800 != 0;
    if list == 0 {
        return undefined_narrow(first);
    }
    let write_back = if load && list >> rn & 1 != 0 {
        0
    } else {
        transfer::WRITE_BACK
    };
    Op {
        kind: if load {
            Kind::LoadMultiple
        } else {
            Kind::StoreMultiple
        },
        rn,
        x: write_back,
        imm: list,
        ..Op::NARROW
    }
}

fn conditional_branch(place: Place, first: u16) -> Op {
    let kind = match bits(first, 8, 4) {
        0 => Kind::Beq,
        1 => Kind::Bne,
        2 => Kind::Bcs,
        3 => Kind::Bcc,
        4 => Kind::Bmi,
        5 => Kind::Bpl,
        6 => Kind::Bvs,
        7 => Kind::Bvc,
        8 => Kind::Bhi,
        9 => Kind::Bls,
        10 => Kind::Bge,
        11 => Kind::Blt,
        12 => Kind::Bgt,
        13 => Kind::Ble,
        14 => {
            return Op {
                kind: Kind::Udf,
                imm: first.into(),
                ..Op::NARROW
            };
        }
        _ => {
            return Op {
                kind: Kind::System,
                imm: first.into(),
                ..Op::NARROW
            };
        }
    };
    if place.it != 0 {
        return undefined_narrow(first);
    }
    Op {
        kind,
        imm: place.target(sign_extend(u32::from(first & 0xFF) << 1, 9)),
        ..Op::NARROW
    }
}
