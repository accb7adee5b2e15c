//! The decoder: halfwords to [`Op`]s. It does everything that can be done once: constants expanded,
//! branch targets absolute, program-counter-relative addresses resolved, conditions of an IT block
//! attached. Encodings that the manual calls undefined or unpredictable become [`Kind::Undefined`].

mod dsp;
mod float;
mod narrow;
mod pair;
mod transfer;
mod wide;

use super::op::{Kind, Op};
pub(super) use pair::{leads, pair};

/// What the decoder needs to know of an instruction's place.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Its address.
    pub(super) pc: u32,
    /// ITSTATE before it.
    pub(super) it: u8,
}

impl Place {
    /// The program counter as the instruction reads it, word-aligned.
    fn aligned_pc(self) -> u32 {
        (self.pc.wrapping_add(4)) & !3
    }

    /// `offset` from the program counter as the instruction reads it.
    fn target(self, offset: u32) -> u32 {
        self.pc.wrapping_add(4).wrapping_add(offset)
    }
}

/// Whether a first halfword belongs to a 32-bit instruction.
pub(super) fn is_wide(first: u16) -> bool {
    first >= 0xE800
}

/// Whether a first halfword is an IT instruction, and ITSTATE after it.
pub(super) fn it_block(first: u16) -> Option<u8> {
    (first & 0xFF00 == 0xBF00 && first & 0xF != 0).then_some(first as u8)
}

/// ITSTATE after one more instruction.
pub(super) fn advance_it(it: u8) -> u8 {
    if it & 0x07 == 0 {
        0
    } else {
        (it & 0xE0) | (it << 1 & 0x1F)
    }
}

/// Decodes one instruction. `second` is only looked at where `first` is wide.
pub(super) fn decode(place: Place, first: u16, second: u16) -> Op {
    let mut op = if is_wide(first) {
        wide::decode(place, first, second)
    } else {
        narrow::decode(place, first)
    };
    if op.kind == Kind::B && op.imm == place.pc {
        op.kind = Kind::Stay;
    }
    op.it = place.it;
    // BKPT is unconditional even in an IT block.
    if place.it == 0 || matches!(op.kind, Kind::Bkpt | Kind::InIt) {
        op
    } else {
        wrapped(op)
    }
}

/// Puts an instruction behind [`Kind::InIt`]: because it has a condition, or because it reads the
/// program counter as a plain operand.
fn wrapped(mut op: Op) -> Op {
    op.inner = op.kind;
    op.kind = Kind::InIt;
    op
}

fn undefined_narrow(first: u16) -> Op {
    Op {
        kind: Kind::Undefined,
        imm: first.into(),
        ..Op::NARROW
    }
}

fn undefined_wide(first: u16, second: u16) -> Op {
    Op {
        kind: Kind::Undefined,
        imm: u32::from(first) << 16 | u32::from(second),
        ..Op::WIDE
    }
}

/// `length` bits of a halfword from bit `low`.
fn bits(halfword: u16, low: u32, length: u32) -> u8 {
    (halfword >> low & ((1 << length) - 1)) as u8
}

/// Whether a register number is one that most 32-bit instructions may not name.
fn sp_or_pc(register: u8) -> bool {
    register == 13 || register == 15
}
