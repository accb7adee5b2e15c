//! Neighbours that the interpreter takes as one: the halves of a constant, and a comparison with the
//! branch that it decides. The second stays decoded in its own place too, for whoever comes by another
//! way or has only one cycle left.

use crate::cpu::op::{Kind, Op};

/// Whether an instruction may be the first of a pair.
pub(in super::super) fn leads(op: &Op) -> bool {
    op.it == 0 && matches!(op.kind, Kind::MovImmW | Kind::CmpImm | Kind::CmpReg)
}

/// Both as one, in place of the first.
pub(in super::super) fn pair(first: Op, second: Op) -> Option<Op> {
    let branch = |kind, compared| {
        Some(Op {
            kind,
            rd: second.len,
            x: condition(&second)?,
            rm: compared,
            imm: second.imm,
            ..first
        })
    };
    match first.kind {
        Kind::MovImmW => {
            let halves = second.kind == Kind::Movt && second.rd == first.rd;
            (halves && first.imm <= 0xFFFF).then_some(Op {
                kind: Kind::MovImmMovt,
                imm: first.imm | second.imm << 16,
                ..first
            })
        }
        Kind::CmpImm => branch(Kind::CmpImmBranch, u8::try_from(first.imm).ok()?),
        Kind::CmpReg => branch(Kind::CmpRegBranch, first.rm),
        _ => None,
    }
}

/// The condition of a branch; the even ones hold where the odd ones after them do not.
fn condition(op: &Op) -> Option<u8> {
    Some(match op.kind {
        Kind::Beq => 0,
        Kind::Bne => 1,
        Kind::Bcs => 2,
        Kind::Bcc => 3,
        Kind::Bmi => 4,
        Kind::Bpl => 5,
        Kind::Bvs => 6,
        Kind::Bvc => 7,
        Kind::Bhi => 8,
        Kind::Bls => 9,
        Kind::Bge => 10,
        Kind::Blt => 11,
        Kind::Bgt => 12,
        Kind::Ble => 13,
        Kind::BcondW => op.x,
        _ => return None,
    })
}
