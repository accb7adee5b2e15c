//! Encodings of ARMv7E-M by class (ARMv7-M architecture reference manual, A5 and A7.7), as
//! patterns: `d` and `e` are destination registers, `n`, `m` and `a` sources, `p` a base register,
//! `o` an offset register, `x` bits that may be anything, spaces nothing.

/// One instruction, and how it may be used.
pub(crate) struct Pattern {
    pub(crate) bits: &'static str,
    /// May stand in an IT block.
    pub(crate) conditional: bool,
    /// Says no to encodings that are unpredictable.
    pub(crate) accepts: fn(u32) -> bool,
}

const fn any(bits: &'static str) -> Pattern {
    Pattern {
        bits,
        conditional: true,
        accepts: |_| true,
    }
}

const fn only(bits: &'static str, accepts: fn(u32) -> bool) -> Pattern {
    Pattern {
        bits,
        conditional: true,
        accepts,
    }
}

fn field(encoding: u32, low: u32, length: u32) -> u32 {
    encoding >> low & ((1 << length) - 1)
}

/// imm3:imm2 of a 32-bit encoding.
fn amount(encoding: u32) -> u32 {
    field(encoding, 12, 3) << 2 | field(encoding, 6, 2)
}

/// 16-bit data processing.
pub(crate) const NARROW: &[Pattern] = &[
    // LSL, LSR, ASR by a constant. In an IT block, LSL #0 would be a MOV that may not be there.
    only("00000xxxxx mmmddd", |e| field(e, 6, 5) != 0),
    Pattern {
        bits: "0000000000 mmmddd",
        conditional: false,
        accepts: |_| true,
    },
    any("00001xxxxx mmmddd"),
    any("00010xxxxx mmmddd"),
    any("0001100 mmmnnnddd"),
    any("0001101 mmmnnnddd"),
    any("0001110 xxxnnnddd"),
    any("0001111 xxxnnnddd"),
    any("00100 ddd xxxxxxxx"),
    any("00101 nnn xxxxxxxx"),
    any("00110 ddd xxxxxxxx"),
    any("00111 ddd xxxxxxxx"),
    // AND to MVN
    any("0100000000 mmmddd"),
    any("0100000001 mmmddd"),
    any("0100000010 mmmddd"),
    any("0100000011 mmmddd"),
    any("0100000100 mmmddd"),
    any("0100000101 mmmddd"),
    any("0100000110 mmmddd"),
    any("0100000111 mmmddd"),
    any("0100001000 mmmnnn"),
    any("0100001001 mmmddd"),
    any("0100001010 mmmnnn"),
    any("0100001011 mmmnnn"),
    any("0100001100 mmmddd"),
    any("0100001101 mmmddd"),
    any("0100001110 mmmddd"),
    any("0100001111 mmmddd"),
    // High registers: the destination's top bit stands alone, so two patterns each.
    any("01000100 0 mmmm ddd"),
    any("01000100 1 mmmm 010"),
    any("01000100 1 mmmm 100"),
    any("01000100 0 1101 ddd"),
    any("01000100 0 1111 ddd"),
    any("01000101 1 mmmm 000"),
    any("01000101 0 1110 nnn"),
    any("01000110 0 mmmm ddd"),
    any("01000110 1 mmmm 011"),
    any("01000110 0 1101 ddd"),
    any("01000110 0 1111 ddd"),
    // ADR, ADD to SP
    any("10100 ddd xxxxxxxx"),
    any("10101 ddd xxxxxxxx"),
    any("101100000 00000xx"),
    any("101100001 00000xx"),
    // Extensions and reversals
    any("1011001000 mmmddd"),
    any("1011001001 mmmddd"),
    any("1011001010 mmmddd"),
    any("1011001011 mmmddd"),
    any("1011101000 mmmddd"),
    any("1011101001 mmmddd"),
    any("1011101011 mmmddd"),
    any("1011111100000000"),
    any("1011111100010000"),
];

/// 16-bit loads and stores.
pub(crate) const NARROW_MEMORY: &[Pattern] = &[
    any("01001 ddd xxxxxxxx"),
    any("0101000 ooopppmmm"),
    any("0101001 ooopppmmm"),
    any("0101010 ooopppmmm"),
    any("0101011 ooopppddd"),
    any("0101100 ooopppddd"),
    any("0101101 ooopppddd"),
    any("0101110 ooopppddd"),
    any("0101111 ooopppddd"),
    any("01100 xxxxx pppmmm"),
    any("01101 xxxxx pppddd"),
    any("01110 xxxxx pppmmm"),
    any("01111 xxxxx pppddd"),
    any("10000 xxxxx pppmmm"),
    any("10001 xxxxx pppddd"),
    any("10010 mmm xxxxxxxx"),
    any("10011 ddd xxxxxxxx"),
    only("11000 ppp 00xxxxxx", |e| field(e, 0, 8) != 0),
    only("11001 ppp 00xxxxxx", |e| field(e, 0, 8) != 0),
    only("1011010x xxxxxxxx", |e| field(e, 0, 9) != 0),
    only("10111100 00xxxxxx", |e| field(e, 0, 8) != 0),
];

/// 32-bit data processing.
pub(crate) const WIDE: &[Pattern] = &[
    // Modified immediate: AND, BIC, ORR, ORN, EOR, ADD, ADC, SBC, SUB, RSB
    any("11110x00000x nnnn 0xxx dddd xxxxxxxx"),
    any("11110x00001x nnnn 0xxx dddd xxxxxxxx"),
    any("11110x00010x nnnn 0xxx dddd xxxxxxxx"),
    any("11110x00011x nnnn 0xxx dddd xxxxxxxx"),
    any("11110x00100x nnnn 0xxx dddd xxxxxxxx"),
    any("11110x01000x nnnn 0xxx dddd xxxxxxxx"),
    any("11110x01010x nnnn 0xxx dddd xxxxxxxx"),
    any("11110x01011x nnnn 0xxx dddd xxxxxxxx"),
    any("11110x01101x nnnn 0xxx dddd xxxxxxxx"),
    any("11110x01110x nnnn 0xxx dddd xxxxxxxx"),
    // MOV, MVN, TST, TEQ, CMN, CMP; ADD and SUB of SP
    any("11110x00010x 1111 0xxx dddd xxxxxxxx"),
    any("11110x00011x 1111 0xxx dddd xxxxxxxx"),
    any("11110x000001 nnnn 0xxx 1111 xxxxxxxx"),
    any("11110x001001 nnnn 0xxx 1111 xxxxxxxx"),
    any("11110x010001 nnnn 0xxx 1111 xxxxxxxx"),
    any("11110x011011 nnnn 0xxx 1111 xxxxxxxx"),
    any("11110x01000x 1101 0xxx dddd xxxxxxxx"),
    any("11110x01101x 1101 0xxx dddd xxxxxxxx"),
    any("11110x011011 1101 0xxx 1111 xxxxxxxx"),
    // Shifted register
    any("11101010000x nnnn 0xxx dddd xxxxmmmm"),
    any("11101010001x nnnn 0xxx dddd xxxxmmmm"),
    any("11101010010x nnnn 0xxx dddd xxxxmmmm"),
    any("11101010011x nnnn 0xxx dddd xxxxmmmm"),
    any("11101010100x nnnn 0xxx dddd xxxxmmmm"),
    any("11101011000x nnnn 0xxx dddd xxxxmmmm"),
    any("11101011010x nnnn 0xxx dddd xxxxmmmm"),
    any("11101011011x nnnn 0xxx dddd xxxxmmmm"),
    any("11101011101x nnnn 0xxx dddd xxxxmmmm"),
    any("11101011110x nnnn 0xxx dddd xxxxmmmm"),
    any("11101010010x 1111 0xxx dddd xxxxmmmm"),
    any("11101010011x 1111 0xxx dddd xxxxmmmm"),
    any("111010100001 nnnn 0xxx 1111 xxxxmmmm"),
    any("111010101001 nnnn 0xxx 1111 xxxxmmmm"),
    any("111010110001 nnnn 0xxx 1111 xxxxmmmm"),
    any("111010111011 nnnn 0xxx 1111 xxxxmmmm"),
    any("11101011000x 1101 0xxx dddd xxxxmmmm"),
    any("11101011101x 1101 0xxx dddd xxxxmmmm"),
    // ADDW, SUBW, ADR, MOVW, MOVT
    any("11110x100000 nnnn 0xxx dddd xxxxxxxx"),
    any("11110x101010 nnnn 0xxx dddd xxxxxxxx"),
    any("11110x100000 1111 0xxx dddd xxxxxxxx"),
    any("11110x101010 1111 0xxx dddd xxxxxxxx"),
    any("11110x100000 1101 0xxx dddd xxxxxxxx"),
    any("11110x100100 xxxx 0xxx dddd xxxxxxxx"),
    any("11110x101100 xxxx 0xxx dddd xxxxxxxx"),
    // Bitfields
    only("111100110100 nnnn 0xxx dddd xx0xxxxx", |e| {
        amount(e) + field(e, 0, 5) < 32
    }),
    only("111100111100 nnnn 0xxx dddd xx0xxxxx", |e| {
        amount(e) + field(e, 0, 5) < 32
    }),
    only("111100110110 nnnn 0xxx dddd xx0xxxxx", |e| {
        field(e, 0, 5) >= amount(e)
    }),
    only("111100110110 1111 0xxx dddd xx0xxxxx", |e| {
        field(e, 0, 5) >= amount(e)
    }),
    // SSAT, USAT, SSAT16, USAT16
    any("111100110000 nnnn 0xxx dddd xx0xxxxx"),
    any("111100111000 nnnn 0xxx dddd xx0xxxxx"),
    only("111100110010 nnnn 0xxx dddd xx0xxxxx", |e| amount(e) != 0),
    only("111100111010 nnnn 0xxx dddd xx0xxxxx", |e| amount(e) != 0),
    any("111100110010 nnnn 0000 dddd 0000xxxx"),
    any("111100111010 nnnn 0000 dddd 0000xxxx"),
    // Shifts by register
    any("111110100xxx nnnn 1111 dddd 0000mmmm"),
    // MRS APSR, MSR APSR_nzcvqg
    any("1111001111101111 1000 dddd 00000000"),
    only("111100111000 nnnn 1000 xx00 00000000", |e| {
        field(e, 10, 2) != 0
    }),
];

/// The DSP extension and multiplies.
pub(crate) const DSP: &[Pattern] = &[
    // PKHBT, PKHTB
    any("111010101100 nnnn 0xxx dddd xxx0mmmm"),
    // SXTAH to UXTAB, with and without addition
    only("111110100xxx nnnn 1111 dddd 10xxmmmm", |e| {
        field(e, 20, 3) < 6
    }),
    only("111110100xxx 1111 1111 dddd 10xxmmmm", |e| {
        field(e, 20, 3) < 6
    }),
    // Parallel addition and subtraction
    only("111110101xxx nnnn 1111 dddd 0xxxmmmm", |e| {
        field(e, 4, 2) != 3 && !matches!(field(e, 20, 3), 3 | 7)
    }),
    // QADD to QDSUB, REV to REVSH, SEL, CLZ
    any("111110101000 nnnn 1111 dddd 10xxmmmm"),
    only("111110101001 nnnn 1111 dddd 10xxmmmm", |e| {
        field(e, 16, 4) == field(e, 0, 4)
    }),
    any("111110101010 nnnn 1111 dddd 1000mmmm"),
    only("111110101011 nnnn 1111 dddd 1000mmmm", |e| {
        field(e, 16, 4) == field(e, 0, 4)
    }),
    // MUL, MLA, MLS
    any("111110110000 nnnn 1111 dddd 0000mmmm"),
    any("111110110000 nnnn aaaa dddd 0000mmmm"),
    any("111110110000 nnnn aaaa dddd 0001mmmm"),
    // SMLAxy to SMMLS, with and without accumulation
    any("111110110001 nnnn aaaa dddd 00xxmmmm"),
    any("111110110010 nnnn aaaa dddd 000xmmmm"),
    any("111110110011 nnnn aaaa dddd 000xmmmm"),
    any("111110110100 nnnn aaaa dddd 000xmmmm"),
    any("111110110101 nnnn aaaa dddd 000xmmmm"),
    any("111110110110 nnnn aaaa dddd 000xmmmm"),
    any("111110110111 nnnn aaaa dddd 0000mmmm"),
    any("111110110001 nnnn 1111 dddd 00xxmmmm"),
    any("111110110010 nnnn 1111 dddd 000xmmmm"),
    any("111110110011 nnnn 1111 dddd 000xmmmm"),
    any("111110110100 nnnn 1111 dddd 000xmmmm"),
    any("111110110101 nnnn 1111 dddd 000xmmmm"),
    any("111110110111 nnnn 1111 dddd 0000mmmm"),
    // Long multiplies and divides
    any("111110111000 nnnn eeee dddd 0000mmmm"),
    any("111110111010 nnnn eeee dddd 0000mmmm"),
    any("111110111100 nnnn eeee dddd 0000mmmm"),
    any("111110111110 nnnn eeee dddd 0000mmmm"),
    any("111110111100 nnnn eeee dddd 10xxmmmm"),
    any("111110111100 nnnn eeee dddd 110xmmmm"),
    any("111110111101 nnnn eeee dddd 110xmmmm"),
    any("111110111110 nnnn eeee dddd 0110mmmm"),
    any("111110111001 nnnn 1111 dddd 1111mmmm"),
    any("111110111011 nnnn 1111 dddd 1111mmmm"),
];

/// 32-bit loads and stores.
pub(crate) const WIDE_MEMORY: &[Pattern] = &[
    // STRB, STRH, STR: 12-bit offset, 8-bit with index, register
    any("111110001000 pppp mmmm xxxxxxxxxxxx"),
    any("111110001010 pppp mmmm xxxxxxxxxxxx"),
    any("111110001100 pppp mmmm xxxxxxxxxxxx"),
    only("111110000000 pppp mmmm 1xxxxxxxxxxx", indexed),
    only("111110000010 pppp mmmm 1xxxxxxxxxxx", indexed),
    only("111110000100 pppp mmmm 1xxxxxxxxxxx", indexed),
    any("111110000000 pppp mmmm 000000xxoooo"),
    any("111110000010 pppp mmmm 000000xxoooo"),
    any("111110000100 pppp mmmm 000000xxoooo"),
    // LDRB, LDRH, LDR, LDRSB, LDRSH
    any("111110001001 pppp dddd xxxxxxxxxxxx"),
    any("111110001011 pppp dddd xxxxxxxxxxxx"),
    any("111110001101 pppp dddd xxxxxxxxxxxx"),
    any("111110011001 pppp dddd xxxxxxxxxxxx"),
    any("111110011011 pppp dddd xxxxxxxxxxxx"),
    only("111110000001 pppp dddd 1xxxxxxxxxxx", indexed),
    only("111110000011 pppp dddd 1xxxxxxxxxxx", indexed),
    only("111110000101 pppp dddd 1xxxxxxxxxxx", indexed),
    only("111110010001 pppp dddd 1xxxxxxxxxxx", indexed),
    only("111110010011 pppp dddd 1xxxxxxxxxxx", indexed),
    any("111110000001 pppp dddd 000000xxoooo"),
    any("111110000011 pppp dddd 000000xxoooo"),
    any("111110000101 pppp dddd 000000xxoooo"),
    any("111110010001 pppp dddd 000000xxoooo"),
    any("111110010011 pppp dddd 000000xxoooo"),
    // Literals
    any("11111000x001 1111 dddd xxxxxxxxxxxx"),
    any("11111000x011 1111 dddd xxxxxxxxxxxx"),
    any("11111000x101 1111 dddd xxxxxxxxxxxx"),
    any("11111001x001 1111 dddd xxxxxxxxxxxx"),
    any("11111001x011 1111 dddd xxxxxxxxxxxx"),
    // PLD
    any("111110001001 pppp 1111 xxxxxxxxxxxx"),
    // STRD, LDRD; literal
    only("1110100xx1x0 pppp mmmm nnnn xxxxxxxx", dual),
    only("1110100xx1x1 pppp dddd eeee xxxxxxxx", dual),
    any("11101001x101 1111 dddd eeee xxxxxxxx"),
    // STM, LDM, increment and decrement, with and without write-back; registers R0 to R5, R10 to R12
    only("1110100010x0 pppp 000xxx0000xxxxxx", two_registers),
    only("1110100100x0 pppp 000xxx0000xxxxxx", two_registers),
    only("1110100010x1 pppp 000xxx0000xxxxxx", two_registers),
    only("1110100100x1 pppp 000xxx0000xxxxxx", two_registers),
    only("111010010010 1101 0x0xxx0000xxxxxx", two_registers),
    only("111010001011 1101 0x0xxx0000xxxxxx", two_registers),
    // Exclusives
    any("111010000101 pppp dddd 1111 xxxxxxxx"),
    any("111010001101 pppp dddd 1111 01001111"),
    any("111010001101 pppp dddd 1111 01011111"),
];

fn two_registers(encoding: u32) -> bool {
    field(encoding, 0, 16).count_ones() >= 2
}

/// Index, add and write-back bits of an 8-bit offset: not the undefined or unprivileged ones, nor a
/// written-back base that is stored.
fn indexed(encoding: u32) -> bool {
    let (p, u, w) = (
        field(encoding, 10, 1),
        field(encoding, 9, 1),
        field(encoding, 8, 1),
    );
    let moves_base = w == 1 && field(encoding, 12, 4) == field(encoding, 16, 4);
    (p, w) != (0, 0) && (p, u, w) != (1, 1, 0) && !moves_base
}

fn dual(encoding: u32) -> bool {
    let (p, w) = (field(encoding, 24, 1), field(encoding, 21, 1));
    let base = field(encoding, 16, 4);
    let moves_base = w == 1 && (field(encoding, 12, 4) == base || field(encoding, 8, 4) == base);
    (p, w) != (0, 0) && !moves_base
}

/// The floating-point extension; its registers are free bits, all of them.
pub(crate) const FLOAT: &[Pattern] = &[
    // VMLA, VMLS, VNMLS, VNMLA, VMUL, VNMUL, VADD, VSUB, VDIV
    any("111011100x00 xxxx xxxx1010xxx0xxxx"),
    any("111011100x01 xxxx xxxx1010xxx0xxxx"),
    any("111011100x10 xxxx xxxx1010xxx0xxxx"),
    any("111011100x11 xxxx xxxx1010xxx0xxxx"),
    any("111011101x00 xxxx xxxx1010x0x0xxxx"),
    // VFNMS, VFNMA, VFMA, VFMS
    any("111011101x01 xxxx xxxx1010xxx0xxxx"),
    any("111011101x10 xxxx xxxx1010xxx0xxxx"),
    // VMOV, VABS, VNEG, VSQRT, VCVTB, VCVTT
    any("111011101x11 xxxx xxxx10100000xxxx"),
    any("111011101x11 0000 xxxx1010x1x0xxxx"),
    any("111011101x11 0001 xxxx1010x1x0xxxx"),
    any("111011101x11 001x xxxx1010x1x0xxxx"),
    // VCMP, VCMPE
    any("111011101x11 0100 xxxx1010x1x0xxxx"),
    any("111011101x11 0101 xxxx1010x1000000"),
    // VCVT: integers, fixed point of 32 and 16 bits
    any("111011101x11 1000 xxxx1010x1x0xxxx"),
    any("111011101x11 110x xxxx1010x1x0xxxx"),
    any("111011101x11 1x1x xxxx101011x0xxxx"),
    only("111011101x11 1x1x xxxx101001x0xxxx", |e| {
        field(e, 0, 4) << 1 | field(e, 5, 1) <= 16
    }),
    // VMOV to and from core registers, VMRS, VMSR
    any("111011100000 xxxx mmmm1010x0010000"),
    any("111011100001 xxxx dddd1010x0010000"),
    any("1110111000x0 xxxx mmmm101100010000"),
    any("1110111000x1 xxxx dddd101100010000"),
    any("111011101111 0001 dddd101000010000"),
    any("111011101111 0001 1111101000010000"),
    any("111011101110 0001 mmmm101000010000"),
    only("111011000100 mmmm nnnn101000x1xxxx", below_last),
    only("111011000101 dddd eeee101000x1xxxx", below_last),
    any("111011000100 mmmm nnnn10110001xxxx"),
    any("111011000101 dddd eeee10110001xxxx"),
    // VLDR, VSTR, literals
    any("11101101xx00 pppp xxxx1010xxxxxxxx"),
    any("11101101xx01 pppp xxxx1010xxxxxxxx"),
    any("11101101x000 pppp xxxx1011xxxxxxxx"),
    any("11101101x001 pppp xxxx1011xxxxxxxx"),
    any("11101101xx01 1111 xxxx1010xxxxxxxx"),
    // VLDM, VSTM, VPUSH, VPOP
    only("111011001xxx pppp xxxx1010000xxxxx", in_file),
    only("111011010x1x pppp xxxx1010000xxxxx", in_file),
    only("1110110010xx pppp xxxx1011000xxxxx", in_file),
    only("11101101001x pppp xxxx1011000xxxxx", in_file),
    only("111011010x10 1101 xxxx1010000xxxxx", in_file),
    only("111011001x11 1101 xxxx1010000xxxxx", in_file),
];

/// Not the last register, where the next one takes part.
fn below_last(encoding: u32) -> bool {
    field(encoding, 0, 4) << 1 | field(encoding, 5, 1) != 31
}

/// A list of one or more registers that ends with the last at most.
fn in_file(encoding: u32) -> bool {
    let count = field(encoding, 0, 8);
    let first = field(encoding, 12, 4) << 1;
    if field(encoding, 8, 1) == 0 {
        count > 0 && (first | field(encoding, 22, 1)) + count <= 32
    } else {
        count >= 2 && count.is_multiple_of(2) && first + count <= 32
    }
}
