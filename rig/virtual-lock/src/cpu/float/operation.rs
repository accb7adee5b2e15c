//! What an instruction of the extension does, in [`Op::x`](crate::cpu::op::Op::x); registers are
//! numbers 0 to 31.

pub(in crate::cpu) const ADD: u8 = 0;
pub(in crate::cpu) const SUBTRACT: u8 = 1;
pub(in crate::cpu) const MULTIPLY: u8 = 2;
pub(in crate::cpu) const NEGATED_MULTIPLY: u8 = 3;
pub(in crate::cpu) const DIVIDE: u8 = 4;
/// VMLA; with bit 0 of `imm` the product negated, with bit 1 the addend.
pub(in crate::cpu) const ACCUMULATE: u8 = 5;
/// VFMA, likewise.
pub(in crate::cpu) const FUSED: u8 = 6;
/// VMOV of a constant, in `imm`.
pub(in crate::cpu) const CONSTANT: u8 = 7;
pub(in crate::cpu) const MOVE: u8 = 8;
pub(in crate::cpu) const ABSOLUTE: u8 = 9;
pub(in crate::cpu) const NEGATE: u8 = 10;
pub(in crate::cpu) const SQUARE_ROOT: u8 = 11;
/// VCMP; bit 0 of `imm` VCMPE, bit 1 with zero.
pub(in crate::cpu) const COMPARE: u8 = 12;
/// VCVTB and VCVTT; bit 0 of `imm` the top half, bit 1 to half precision.
pub(in crate::cpu) const HALF: u8 = 13;
/// VCVT from an integer; bit 8 of `imm` signed.
pub(in crate::cpu) const FROM_INTEGER: u8 = 14;
/// VCVT and VCVTR to an integer; bit 8 of `imm` signed, bit 9 as FPSCR rounds.
pub(in crate::cpu) const TO_INTEGER: u8 = 15;
/// VCVT from fixed point; `imm` 4:0 fraction bits, 8 signed, 10 of 16 bits.
pub(in crate::cpu) const FROM_FIXED: u8 = 16;
pub(in crate::cpu) const TO_FIXED: u8 = 17;
/// VMOV to a core register: `rd` from the FP register `rn`.
pub(in crate::cpu) const TO_CORE: u8 = 18;
pub(in crate::cpu) const FROM_CORE: u8 = 19;
/// VMOV of two: core registers `rd` and `rn`, FP register `rm` and the next.
pub(in crate::cpu) const TWO_TO_CORE: u8 = 20;
pub(in crate::cpu) const TWO_FROM_CORE: u8 = 21;
pub(in crate::cpu) const READ_STATUS: u8 = 22;
pub(in crate::cpu) const WRITE_STATUS: u8 = 23;
/// VLDR and VSTR: `rm` registers from `rd`.
pub(in crate::cpu) const LOAD: u8 = 24;
pub(in crate::cpu) const STORE: u8 = 25;
/// VLDM and VSTM: `imm` 7:0 registers from `rd`, the rest as for LDM.
pub(in crate::cpu) const LOAD_MULTIPLE: u8 = 26;
pub(in crate::cpu) const STORE_MULTIPLE: u8 = 27;
