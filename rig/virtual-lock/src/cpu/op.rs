//! A decoded instruction: what to do, to which registers, with what constant. Twelve bytes, so that
//! a page of code stays in the host's cache.

/// What the interpreter does. Names follow the manual's mnemonics; `S` sets flags, `W` is four
/// bytes long, and every kind has one length, so that the next program counter needs no look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// Not decoded yet. Zero, so that a fresh page is all of it.
    Undecoded = 0,
    /// Behind the last instruction of a page.
    PageEnd,
    /// Inside an IT block, or reads the program counter as a plain operand: `inner` is the
    /// instruction, `it` its condition.
    InIt,
    /// An FPB comparator matches here.
    Comparator,
    Nop,
    NopW,
    // 16-bit: moves and arithmetic
    MovImmS,
    MovImm,
    MovReg,
    MovRegS,
    LslImmS,
    LsrImmS,
    AsrImmS,
    AddRegS,
    SubRegS,
    AddReg,
    AddImmS,
    SubImmS,
    AddImm,
    SubImm,
    CmpImm,
    CmpReg,
    CmnReg,
    TstReg,
    AndS,
    EorS,
    OrrS,
    BicS,
    MvnS,
    AdcS,
    SbcS,
    RsbS,
    MulS,
    Mul,
    LslRegS,
    LsrRegS,
    AsrRegS,
    RorRegS,
    DataImm,
    DataReg,
    DataShift,
    Sxth,
    Sxtb,
    Uxth,
    Uxtb,
    Rev,
    Rev16,
    Revsh,
    // 16-bit: memory
    LdrImm,
    LdrReg,
    LdrLit,
    LdrbImm,
    LdrbReg,
    LdrhImm,
    LdrhReg,
    LdrsbReg,
    LdrshReg,
    StrImm,
    StrReg,
    StrbImm,
    StrbReg,
    StrhImm,
    StrhReg,
    LoadMultiple,
    StoreMultiple,
    LoadMultiplePc,
    // 16-bit: branches
    Beq,
    Bne,
    Bcs,
    Bcc,
    Bmi,
    Bpl,
    Bvs,
    Bvc,
    Bhi,
    Bls,
    Bge,
    Blt,
    Bgt,
    Ble,
    /// To `imm`; either length.
    B,
    /// The same to itself.
    Stay,
    Bx,
    BlxReg,
    Cbz,
    Cbnz,
    AddToPc,
    MovToPc,
    // 32-bit: moves and arithmetic
    MovImmW,
    Movt,
    /// MOVW and MOVT: `imm` is the whole constant.
    MovImmMovt,
    /// CMP with the constant `rm`, and a branch `rd` bytes long to `imm` on the condition `x`.
    CmpImmBranch,
    /// The same with register `rm`.
    CmpRegBranch,
    AddImmW,
    SubImmW,
    RsbImmW,
    AndImmW,
    OrrImmW,
    EorImmW,
    AddImmSW,
    SubImmSW,
    AdcImmW,
    AdcImmSW,
    SbcImmSW,
    CmpImmW,
    TstImmW,
    DataImmW,
    AddLslW,
    SubLslW,
    AndLslW,
    OrrLslW,
    EorLslW,
    BicLslW,
    MovLslW,
    MovLsrW,
    MovAsrW,
    CmpLslW,
    AddRegSW,
    SubRegSW,
    AdcRegW,
    SbcRegW,
    AdcRegSW,
    SbcRegSW,
    DataRegW,
    LslRegW,
    LsrRegW,
    DataShiftW,
    ExtendW,
    Ubfx,
    Sbfx,
    Bfi,
    Bfc,
    MulW,
    Mla,
    Mls,
    Umull,
    Smull,
    Umlal,
    Udiv,
    Sdiv,
    Clz,
    Dsp,
    // 32-bit: memory
    LdrImmW,
    LdrRegW,
    LdrbImmW,
    LdrbRegW,
    LdrhImmW,
    LdrhRegW,
    LdrsbImmW,
    LdrsbRegW,
    LdrshImmW,
    LdrshRegW,
    LdrLitW,
    StrImmW,
    StrRegW,
    StrbImmW,
    StrbRegW,
    StrhImmW,
    StrhRegW,
    LdrdW,
    StrdW,
    /// What copies memory by words and by bytes: an offset added afterwards, or before.
    LdrPostW,
    StrPostW,
    LdrbPreW,
    StrbPreW,
    LoadGeneralW,
    StoreGeneralW,
    LoadDualW,
    StoreDualW,
    LoadMultipleW,
    StoreMultipleW,
    LoadMultiplePcW,
    ExclusiveW,
    // 32-bit: branches
    BcondW,
    Bl,
    TableBranch,
    // Either length
    System,
    Bkpt,
    Udf,
    Undefined,
    Coprocessor,
    /// The floating-point extension; always 32 bits.
    Float,
}

/// One decoded instruction. What the fields mean is up to the kind; the decoder and the arm of the
/// interpreter that belong together stand in the same order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Op {
    pub(super) kind: Kind,
    /// The instruction behind [`Kind::InIt`], or the load whose constant is `imm`.
    pub(super) inner: Kind,
    /// ITSTATE before this instruction: condition in the upper half; 0 outside an IT block.
    pub(super) it: u8,
    /// Length in bytes.
    pub(super) len: u8,
    pub(super) rd: u8,
    pub(super) rn: u8,
    pub(super) rm: u8,
    /// A shift amount, a third register, or flags.
    pub(super) x: u8,
    pub(super) imm: u32,
}

impl Op {
    /// The content of a fresh page.
    pub(super) const UNDECODED: Op = Op {
        kind: Kind::Undecoded,
        inner: Kind::Undecoded,
        it: 0,
        len: 0,
        rd: 0,
        rn: 0,
        rm: 0,
        x: 0,
        imm: 0,
    };

    /// What stands behind a page's last instruction.
    pub(super) const PAGE_END: Op = Op {
        kind: Kind::PageEnd,
        ..Op::UNDECODED
    };

    /// Whether this is a load from flash that was done when it was decoded.
    pub(super) fn was_load(&self) -> bool {
        matches!(self.inner, Kind::LdrLit | Kind::LdrLitW) && self.kind != Kind::InIt
    }

    /// The rest of a 16-bit instruction's fields.
    pub(super) const NARROW: Op = Op {
        len: 2,
        ..Op::UNDECODED
    };

    /// The rest of a 32-bit instruction's fields.
    pub(super) const WIDE: Op = Op {
        len: 4,
        ..Op::UNDECODED
    };
}

const _: () = assert!(size_of::<Op>() == 12);

/// Data processing as encoded in the 32-bit forms (ARMv7-M A5.3.1). With `rn` 15, ORR and ORN are
/// MOV and MVN; with `rd` 15, the result is dropped: TST, TEQ, CMN, CMP.
pub(super) mod data {
    pub(in super::super) const AND: u8 = 0;
    pub(in super::super) const BIC: u8 = 1;
    pub(in super::super) const ORR: u8 = 2;
    pub(in super::super) const ORN: u8 = 3;
    pub(in super::super) const EOR: u8 = 4;
    pub(in super::super) const ADD: u8 = 8;
    pub(in super::super) const ADC: u8 = 10;
    pub(in super::super) const SBC: u8 = 11;
    pub(in super::super) const SUB: u8 = 13;
    pub(in super::super) const RSB: u8 = 14;
    /// Added to an operation in [`Op::x`](super::Op::x): sets the flags.
    pub(in super::super) const FLAGS: u8 = 0x80;
}

/// Shift types (ARMv7-M A7.4.2). ROR by 0 is RRX.
pub(super) mod shift {
    pub(in super::super) const LSL: u8 = 0;
    pub(in super::super) const LSR: u8 = 1;
    pub(in super::super) const ASR: u8 = 2;
    pub(in super::super) const ROR: u8 = 3;
}

/// Flags of a load or store in [`Op::x`]: log2 of its size in the lower two bits.
pub(super) mod transfer {
    pub(in super::super) const SIGNED: u8 = 0x04;
    /// The base register is written back.
    pub(in super::super) const WRITE_BACK: u8 = 0x08;
    /// The address is the base before the offset is added.
    pub(in super::super) const POST_INDEX: u8 = 0x10;
    /// As unprivileged code would access (LDRT, STRT).
    pub(in super::super) const UNPRIVILEGED: u8 = 0x20;
    /// The address is `imm`.
    pub(in super::super) const LITERAL: u8 = 0x40;
    /// LDM and STM: the first address lies below the base.
    pub(in super::super) const DECREMENT: u8 = 0x80;
}
