//! 32-bit loads, stores and table branches (ARMv7-M A5.3.5 to A5.3.10).

use super::super::op::{Kind, Op, transfer};
use super::{Place, bits, sp_or_pc, undefined_wide};

/// LDM and STM, PUSH.W and POP.W.
pub(super) fn multiple(first: u16, second: u16) -> Op {
    let rn = bits(first, 0, 4);
    let load = first & 0x10 != 0;
    let write_back = first & 0x20 != 0;
    let decrement = match bits(first, 7, 2) {
        1 => 0,
        2 => transfer::DECREMENT,
        _ => return undefined_wide(first, second),
    };
    let list = u32::from(second);
    if rn == 15
        || list.count_ones() < 2
        || list & 0x2000 != 0
        || (load && list & 0xC000 == 0xC000)
        || (!load && list & 0x8000 != 0)
        || (write_back && list >> rn & 1 != 0)
    {
        return undefined_wide(first, second);
    }
    Op {
        kind: match load {
            false => Kind::StoreMultipleW,
            true if list & 0x8000 != 0 => Kind::LoadMultiplePcW,
            true => Kind::LoadMultipleW,
        },
        rn,
        x: decrement | if write_back { transfer::WRITE_BACK } else { 0 },
        imm: list,
        ..Op::WIDE
    }
}

/// LDRD, STRD, exclusives, TBB and TBH.
pub(super) fn dual_or_exclusive(place: Place, first: u16, second: u16) -> Op {
    let rn = bits(first, 0, 4);
    let (rt, rt2) = (bits(second, 12, 4), bits(second, 8, 4));
    let load = first & 0x10 != 0;
    if first & 0x0120 == 0 {
        return exclusive_or_table(first, second);
    }
    let indexed = first & 0x100 != 0;
    let write_back = first & 0x20 != 0;
    let offset = u32::from(second & 0xFF) * 4;
    let offset = if first & 0x80 != 0 {
        offset
    } else {
        offset.wrapping_neg()
    };
    if sp_or_pc(rt)
        || sp_or_pc(rt2)
        || (load && rt == rt2)
        || (write_back && (rn == 15 || rn == rt || rn == rt2))
        || (rn == 15 && !load)
    {
        return undefined_wide(first, second);
    }
    let mut x = 2;
    if write_back {
        x |= transfer::WRITE_BACK;
    }
    if !indexed {
        x |= transfer::POST_INDEX;
    }
    let mut imm = offset;
    if rn == 15 {
        x |= transfer::LITERAL;
        imm = place.aligned_pc().wrapping_add(offset);
    }
    let plain = x == 2;
    Op {
        kind: match (load, plain) {
            (true, true) => Kind::LdrdW,
            (true, false) => Kind::LoadDualW,
            (false, true) => Kind::StrdW,
            (false, false) => Kind::StoreDualW,
        },
        rd: rt,
        rm: rt2,
        rn,
        x,
        imm,
        ..Op::WIDE
    }
}

fn exclusive_or_table(first: u16, second: u16) -> Op {
    let rn = bits(first, 0, 4);
    let (rt, rd) = (bits(second, 12, 4), bits(second, 8, 4));
    let load = first & 0x10 != 0;
    // Word exclusives have an offset and STREX's result where others have 15.
    if first & 0x80 == 0 {
        let (status, ok) = if load {
            (0, rd == 15)
        } else {
            (rd, !sp_or_pc(rd) && rd != rn && rd != rt)
        };
        if !ok || sp_or_pc(rt) || rn == 15 {
            return undefined_wide(first, second);
        }
        return exclusive(load, 2, rt, rn, status, u32::from(second & 0xFF) * 4);
    }
    match (second >> 4 & 0xF, load) {
        (0 | 1, true) if second & 0xFF00 == 0xF000 => {
            let rm = bits(second, 0, 4);
            if rn == 13 || sp_or_pc(rm) {
                return undefined_wide(first, second);
            }
            Op {
                kind: Kind::TableBranch,
                rn,
                rm,
                x: bits(second, 4, 1),
                ..Op::WIDE
            }
        }
        (size @ (4 | 5), _) if rd == 15 => {
            let status = if load { 15 } else { bits(second, 0, 4) };
            let ok = if load {
                second & 0xF == 0xF
            } else {
                !sp_or_pc(status) && status != rn && status != rt
            };
            if !ok || sp_or_pc(rt) || rn == 15 {
                return undefined_wide(first, second);
            }
            exclusive(load, (size - 4) as u8, rt, rn, status, 0)
        }
        _ => undefined_wide(first, second),
    }
}

fn exclusive(load: bool, size: u8, rt: u8, rn: u8, status: u8, imm: u32) -> Op {
    Op {
        kind: Kind::ExclusiveW,
        rd: rt,
        rn,
        rm: status,
        x: size | if load { transfer::SIGNED } else { 0 },
        imm,
        ..Op::WIDE
    }
}

/// Single loads and stores, and preload hints.
pub(super) fn single(place: Place, first: u16, second: u16) -> Op {
    let (rn, rt) = (bits(first, 0, 4), bits(second, 12, 4));
    let size = bits(first, 5, 2);
    let load = first & 0x10 != 0;
    let signed = first & 0x100 != 0;
    if size == 3 || (signed && (!load || size == 2)) || (rn == 15 && !load) {
        return undefined_wide(first, second);
    }
    let Some(mut op) = address(place, first, second) else {
        return undefined_wide(first, second);
    };
    op.x |= size | if signed { transfer::SIGNED } else { 0 };
    op.rd = rt;
    let plain = op.x & !(transfer::SIGNED | 3) == 0;
    // With a written-back base, the hints' encodings are unpredictable.
    if load && rt == 15 && size != 2 {
        return if op.x & (transfer::WRITE_BACK | transfer::UNPRIVILEGED) != 0 {
            undefined_wide(first, second)
        } else {
            Op {
                kind: Kind::NopW,
                ..Op::WIDE
            }
        };
    }
    let unpredictable = op.x & transfer::WRITE_BACK != 0 && rn == rt
        || rt == 15 && (!load || op.x & transfer::UNPRIVILEGED != 0)
        || rt == 13 && (size != 2 || op.x & transfer::UNPRIVILEGED != 0);
    if unpredictable {
        return undefined_wide(first, second);
    }
    let register = op.kind == Kind::LdrRegW;
    op.kind = if op.x == transfer::LITERAL | 2 && !sp_or_pc(rt) {
        Kind::LdrLitW
    } else if !plain || (load && sp_or_pc(rt)) {
        // The general arm takes the offset's register from `rm`, the shift from `imm`.
        match (load, op.x) {
            _ if rn == 13 || sp_or_pc(rt) => general(load),
            (true, POST_INDEXED_WORD) => Kind::LdrPostW,
            (false, POST_INDEXED_WORD) => Kind::StrPostW,
            (true, PRE_INDEXED_BYTE) => Kind::LdrbPreW,
            (false, PRE_INDEXED_BYTE) => Kind::StrbPreW,
            _ => general(load),
        }
    } else {
        match (load, signed, size, register) {
            (true, false, 2, false) => Kind::LdrImmW,
            (true, false, 2, true) => Kind::LdrRegW,
            (true, false, 1, false) => Kind::LdrhImmW,
            (true, false, 1, true) => Kind::LdrhRegW,
            (true, false, _, false) => Kind::LdrbImmW,
            (true, false, _, true) => Kind::LdrbRegW,
            (true, true, 1, false) => Kind::LdrshImmW,
            (true, true, 1, true) => Kind::LdrshRegW,
            (true, true, _, false) => Kind::LdrsbImmW,
            (true, true, _, true) => Kind::LdrsbRegW,
            (false, _, 2, false) => Kind::StrImmW,
            (false, _, 2, true) => Kind::StrRegW,
            (false, _, 1, false) => Kind::StrhImmW,
            (false, _, 1, true) => Kind::StrhRegW,
            (false, _, _, false) => Kind::StrbImmW,
            (false, _, _, true) => Kind::StrbRegW,
        }
    };
    // Hot arms with a register offset take the shift from `x`; `rm` is 15 where there is none.
    if register && !matches!(op.kind, Kind::LoadGeneralW | Kind::StoreGeneralW) {
        op.x = op.imm as u8;
    }
    op
}

const POST_INDEXED_WORD: u8 = transfer::WRITE_BACK | transfer::POST_INDEX | 2;
const PRE_INDEXED_BYTE: u8 = transfer::WRITE_BACK;

fn general(load: bool) -> Kind {
    match load {
        true => Kind::LoadGeneralW,
        false => Kind::StoreGeneralW,
    }
}

/// The address of a single load or store: base in `rn`, offset in `imm`, or register `rm` shifted
/// left by `imm` where the kind is [`Kind::LdrRegW`]. None where the encoding is undefined.
fn address(place: Place, first: u16, second: u16) -> Option<Op> {
    let rn = bits(first, 0, 4);
    let base = Op {
        kind: Kind::LdrImmW,
        rn,
        rm: 15,
        ..Op::WIDE
    };
    let imm12 = u32::from(second & 0xFFF);
    let imm8 = u32::from(second & 0xFF);
    let signed_imm8 = if second & 0x200 != 0 {
        imm8
    } else {
        imm8.wrapping_neg()
    };
    if rn == 15 {
        let pc = place.aligned_pc();
        let imm = if first & 0x80 != 0 {
            pc.wrapping_add(imm12)
        } else {
            pc.wrapping_sub(imm12)
        };
        return Some(Op {
            x: transfer::LITERAL,
            imm,
            ..base
        });
    }
    if first & 0x80 != 0 {
        return Some(Op { imm: imm12, ..base });
    }
    if second & 0x800 == 0 {
        let rm = bits(second, 0, 4);
        return (second & 0x7C0 == 0 && !sp_or_pc(rm)).then_some(Op {
            kind: Kind::LdrRegW,
            rm,
            imm: bits(second, 4, 2).into(),
            ..base
        });
    }
    let x = match second >> 8 & 7 {
        0b110 => transfer::UNPRIVILEGED,
        0b100 => 0,
        0b101 | 0b111 => transfer::WRITE_BACK,
        0b001 | 0b011 => transfer::WRITE_BACK | transfer::POST_INDEX,
        _ => return None,
    };
    Some(Op {
        x,
        imm: signed_imm8,
        ..base
    })
}
