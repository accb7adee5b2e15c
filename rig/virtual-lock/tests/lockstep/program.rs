//! Test programs: a vector table, handlers that go on behind a faulting instruction, and streams of
//! random instructions between which registers and configuration are set anew.

use super::patterns::{self, Pattern};
use super::random::Random;

/// Where streams begin: literals of the first one lie below.
const START: u32 = 0x2000;
/// As much as both machines have in one piece without aliases.
const END: u32 = 0xF_0000;
/// Instructions between two settings of all registers, about.
const STREAM: u32 = 80;

/// Registers that instructions may write: R0 to R5, R10 to R12, LR.
const WRITABLE: [u32; 10] = [0, 1, 2, 3, 4, 5, 10, 11, 12, 14];
/// R6, R8 and R9 hold addresses, R7 an offset; SP is SP.
const POINTERS: [u32; 3] = [6, 8, 9];
const OFFSET: u32 = 7;

/// Behind UsageFault, BusFault, MemManage and HardFault: skips the instruction and clears its IT
/// state; reads CFSR, HFSR and BFAR into registers, and IPSR.
const FAULT: &[u16] = &[
    0xF01E, 0x0F04, 0xBF0C, 0xF3EF, 0x8308, 0xF3EF, 0x8309, 0x6998, 0x8801, 0x0AC9, 0x291D, 0xBFAC,
    0x3004, 0x3002, 0x6198, 0x69D8, 0xF020, 0x60C0, 0xF420, 0x407C, 0x61D8, 0x4904, 0x6808, 0x6008,
    0x684A, 0x604A, 0x690B, 0xF3EF, 0x8C05, 0x4770, 0xED28, 0xE000,
];
/// The instruction of [`FAULT`] that reads BFAR into R3.
pub(crate) const READS_BFAR: u32 = 0x134;
/// Behind SVC: makes thread mode privileged; reads xPSR and ICSR.
const SUPERVISOR: &[u16] = &[
    0xF3EF, 0x8014, 0xF020, 0x0001, 0xF380, 0x8814, 0xF3EF, 0x8103, 0x4A01, 0x6813, 0x4770, 0x0000,
    0xED04, 0xE000,
];
/// What comes before it where there is floating-point state: VADD.F32 S0, S1, S2.
const FLOATING: &[u16] = &[0xEE30, 0x0A81];
/// Behind PendSV, SysTick and interrupts: while the counter at [`QUEUE`] is not 0, pends a random
/// interrupt, sometimes PendSV or SysTick too; folds ICSR into a word of memory; reads IABR.
const INTERRUPT: &[u16] = &[
    0xB510, 0x4815, 0x6801, 0xB1D1, 0x3901, 0x6001, 0x6842, 0xF246, 0x630D, 0xF2C0, 0x0319, 0xFB02,
    0xF203, 0xF24F, 0x335F, 0xF6C3, 0x436E, 0x441A, 0x6042, 0xF3C2, 0x5304, 0x2401, 0x409C, 0x490B,
    0x600C, 0x0E94, 0x06A4, 0xF004, 0x54A0, 0x4909, 0x600C, 0xF3EF, 0x8203, 0x4907, 0x680B, 0x6881,
    0xEA4F, 0x1171, 0x4059, 0x6081, 0x4B04, 0x681B, 0xBD10, 0x0000, 0xF000, 0x2000, 0xE200, 0xE000,
    0xED04, 0xE000, 0xE300, 0xE000,
];
const QUEUE: u32 = 0x2000_F000;
const STACK: u32 = 0x2000_8000;
const PROCESS_STACK: u32 = 0x2000_C000;
/// Nothing answers here on either machine.
const NOWHERE: u32 = 0x3010_0000;

/// A program, as bytes from address 0.
pub(crate) struct Program {
    pub(crate) image: Vec<u8>,
    /// Where it ends: a branch to itself.
    pub(crate) end: u32,
}

/// Builds one of about `instructions`, with the floating-point extension or without.
pub(crate) fn generate(random: &mut Random, instructions: u32, float: bool) -> Program {
    let mut builder = Builder {
        float,
        image: vec![0; START as usize],
        random,
    };
    builder.vectors();
    let mut left = i64::from(instructions);
    while left > 0 && builder.here() < END {
        builder.stream();
        left -= i64::from(STREAM);
    }
    builder.checksum();
    let end = builder.here();
    builder.halfword(0xE7FE);
    // Literals behind the last instruction.
    builder.image.resize(builder.image.len() + 8192, 0);
    Program {
        image: builder.image,
        end,
    }
}

struct Builder<'r> {
    image: Vec<u8>,
    random: &'r mut Random,
    float: bool,
}

impl Builder<'_> {
    fn here(&self) -> u32 {
        self.image.len() as u32
    }

    /// What must not be skipped by a fault handler stands behind a NOP.
    fn halfword(&mut self, halfword: u16) {
        self.image.extend(halfword.to_le_bytes());
    }

    fn word(&mut self, encoding: u32) {
        self.halfword((encoding >> 16) as u16);
        self.halfword(encoding as u16);
    }

    fn vectors(&mut self) {
        let supervisor_code = if self.float {
            [FLOATING, SUPERVISOR].concat()
        } else {
            SUPERVISOR.to_vec()
        };
        let mut put = |at: u32, bytes: &[u8]| {
            self.image[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);
        };
        let (fault, supervisor, interrupt) = (0x100, 0x180, 0x200);
        for (at, code) in [
            (fault, FAULT),
            (supervisor, supervisor_code.as_slice()),
            (interrupt, INTERRUPT),
        ] {
            let bytes: Vec<u8> = code.iter().flat_map(|half| half.to_le_bytes()).collect();
            put(at, &bytes);
        }
        for number in 0..48u32 {
            let vector = match number {
                0 => STACK,
                1 => START | 1,
                3..=6 => fault | 1,
                11 => supervisor | 1,
                _ => interrupt | 1,
            };
            put(4 * number, &vector.to_le_bytes());
        }
    }

    /// MOVW and MOVT.
    fn load_constant(&mut self, register: u32, value: u32) {
        for (opcode, half) in [(0xF240_0000u32, value & 0xFFFF), (0xF2C0_0000, value >> 16)] {
            let imm = (half >> 12) << 16 | (half >> 11 & 1) << 26 | (half >> 8 & 7) << 12;
            self.word(opcode | imm | register << 8 | half & 0xFF);
        }
    }

    /// Stores a constant to a register of the system, with R0 and R1.
    fn poke(&mut self, address: u32, value: u32) {
        self.halfword(0xBF00);
        self.load_constant(0, address);
        self.load_constant(1, value);
        self.halfword(0x6001);
    }

    fn stream(&mut self) {
        // SVC back to privileged, on the main stack, nothing masked.
        self.halfword(0xBF00);
        self.halfword(0xDF00);
        self.halfword(0xBF00);
        self.halfword(0xB662);
        self.load_constant(0, 0);
        self.word(0xF380_8811);
        self.word(0xF380_8814);
        let stack = STACK - 4 * self.random.below(2);
        self.load_constant(0, stack);
        self.halfword(0x4685);
        let process_stack = PROCESS_STACK - 4 * self.random.below(2);
        self.load_constant(0, process_stack);
        self.word(0xF380_8809);
        // SHCSR: which faults have handlers of their own; CCR: which traps there are.
        let faults = self.random.below(8) << 16;
        self.poke(0xE000_ED24, faults);
        let traps = self.random.pick(&[0x200, 0x200, 0x210, 0x208, 0x018]);
        // A frame with floating-point state is always aligned (ARMv7-M B1.5.7); QEMU's is not.
        let traps = if self.float { traps | 0x200 } else { traps };
        self.poke(0xE000_ED14, traps);
        if self.random.one_in(4) {
            self.interrupts();
        }
        if self.float {
            self.float_state();
        }
        let flags = self.random.next() as u32 & 0xF80F_0000;
        self.load_constant(0, flags);
        self.word(0xF380_8C00);
        for register in 0..13 {
            let value = if POINTERS.contains(&register) {
                self.pointer(register)
            } else if register == OFFSET {
                self.random.below(1024) & !3 | if self.random.one_in(4) { 1 } else { 0 }
            } else {
                self.random.word()
            };
            self.load_constant(register, value);
        }
        let link = self.random.word();
        self.load_constant(14, link);
        if self.random.one_in(8) {
            let unprivileged = self.random.below(2);
            self.load_constant(0, 2 | unprivileged);
            self.word(0xF380_8814);
        }
        let mut left = STREAM;
        while left > 0 {
            left = left.saturating_sub(self.item());
        }
    }

    /// Access, lazy stacking, modes and contents of the floating-point extension.
    fn float_state(&mut self) {
        // Without lazy stacking, access is not taken away while there is state.
        let lazy = !self.random.one_in(4);
        let access = if lazy && self.random.one_in(4) {
            0x50_0000
        } else {
            0xF0_0000
        };
        self.poke(0xE000_ED88, access);
        let stacking = if lazy { 0xC000_0000 } else { 0x8000_0000 };
        self.poke(0xE000_EF34, stacking);
        let defaults = self.random.next() as u32 & 0x07C0_0000;
        let defaults = if self.random.one_in(2) { defaults } else { 0 };
        self.poke(0xE000_EF3C, defaults);
        for register in 0..16 {
            let value = self.random.word();
            self.load_constant(0, value);
            let odd = self.random.below(2);
            self.word(0xEE00_0A10 | register << 16 | odd << 7);
        }
        if lazy && self.random.one_in(16) {
            self.poke(0xE000_ED88, 0);
        }
    }

    /// Registers for addresses: aligned mostly, nowhere seldom.
    fn pointer(&mut self, register: u32) -> u32 {
        let base = 0x2010_0000 + register * 0x8000;
        match self.random.below(16) {
            0 => NOWHERE,
            1 => base + 1,
            2 => base + 2,
            _ => base,
        }
    }

    /// Enables, priorities and grouping of interrupts; how many the handlers pend.
    fn interrupts(&mut self) {
        let group = self.random.below(8);
        self.poke(0xE000_ED0C, 0x05FA_0000 | group << 8);
        let enabled = self.random.next() as u32;
        self.poke(0xE000_E100, enabled);
        for _ in 0..4 {
            let priorities = self.random.next() as u32 & 0xE0E0_E0E0;
            let index = 4 * self.random.below(8);
            self.poke(0xE000_E400 + index, priorities);
        }
        for offset in [0, 4, 8] {
            let mask = [0x00E0_E0E0, 0xE000_0000, 0xE0E0_0000][offset as usize / 4];
            let priorities = self.random.next() as u32 & mask;
            self.poke(0xE000_ED18 + offset, priorities);
        }
        let (count, seed) = (self.random.below(12), self.random.next() as u32);
        self.poke(QUEUE, count);
        self.poke(QUEUE + 4, seed);
        let pending = 1 << self.random.below(32);
        self.poke(0xE000_E200, pending);
    }

    /// One thing of a stream, and about how many instructions it is.
    fn item(&mut self) -> u32 {
        match self.random.below(40) {
            0..=3 => self.it_block(),
            4 => self.branch(),
            5 => self.call(),
            6 => self.return_by_stack(),
            7 => self.table(),
            8 => self.exclusive(),
            9 => self.masks(),
            10 => {
                let number = self.random.below(256) as u16;
                match self.random.below(4) {
                    0 => self.halfword(0xDE00 | number),
                    1 => self.halfword(0xDF00 | number),
                    2 => self.word(0xF7F0_A000),
                    _ => {
                        // ICSR.PENDSVSET, or PENDSTSET
                        let bit = self.random.pick(&[28, 26]);
                        self.poke(0xE000_ED04, 1 << bit);
                    }
                }
                1
            }
            _ => {
                self.instruction(false);
                1
            }
        }
    }

    /// IT with one to four instructions.
    fn it_block(&mut self) -> u32 {
        let condition = self.random.below(15);
        let count = 1 + self.random.below(4);
        // Always has no "else".
        let sense = if condition == 14 {
            0
        } else {
            self.random.below(16)
        };
        let mut mask = 1 << (4 - count);
        for index in 0..count - 1 {
            let bit = condition & 1 ^ (sense >> index & 1);
            mask |= bit << (3 - index);
        }
        self.halfword((0xBF00 | condition << 4 | mask) as u16);
        for _ in 0..count {
            self.instruction(true);
        }
        count + 1
    }

    /// A forward branch of any kind over one to three instructions, which end where it goes.
    fn branch(&mut self) -> u32 {
        let at = self.here();
        let kind = self.random.below(4);
        let wide = kind >= 2;
        self.halfword(0);
        if wide {
            self.halfword(0);
        }
        for _ in 0..1 + self.random.below(3) {
            self.instruction(false);
        }
        let distance = self.here() - at - 4;
        let condition = self.random.below(14);
        let encoding = match kind {
            0 if self.here() - at >= 4 => 0xD000 | condition << 8 | distance >> 1,
            1 if self.here() - at >= 4 => {
                let nonzero = self.random.below(2) << 11;
                0xB100 | nonzero | (distance >> 6) << 9 | (distance >> 1 & 31) << 3 | condition & 7
            }
            2 => 0xF000_8000 | condition << 22 | distance >> 1,
            _ => 0xF000_B800 | distance >> 1,
        };
        let bytes = if wide {
            let [low, high] = [encoding & 0xFFFF, encoding >> 16];
            (high | low << 16).to_le_bytes().to_vec()
        } else {
            (encoding as u16).to_le_bytes().to_vec()
        };
        let at = at as usize;
        self.image[at..at + bytes.len()].copy_from_slice(&bytes);
        3
    }

    /// BL, and BX or BLX to a register.
    fn call(&mut self) -> u32 {
        let register = self.random.pick(&WRITABLE);
        match self.random.below(3) {
            0 => self.word(0xF000_F800),
            kind => {
                self.halfword(0xBF00);
                let target = (self.here() + 10) | 1;
                self.load_constant(register, target);
                self.halfword((if kind == 1 { 0x4700 } else { 0x4780 } | register << 3) as u16);
            }
        }
        3
    }

    /// POP, LDM and LDR of the program counter.
    fn return_by_stack(&mut self) -> u32 {
        self.halfword(0xBF00);
        let kind = self.random.below(3);
        let length = [4, 8, 6][kind as usize];
        let target = (self.here() + 8 + length) | 1;
        self.load_constant(0, target);
        self.halfword(0xB401);
        match kind {
            0 => self.halfword(0xBD00),
            1 => {
                self.halfword(0xB402);
                self.word(0xE8BD_8002);
            }
            _ => self.word(0xF85D_FB04),
        }
        4
    }

    /// TBB and TBH behind whose tables stands nothing but shifts.
    fn table(&mut self) -> u32 {
        self.halfword(0xBF00);
        let index = self.random.below(4);
        self.load_constant(2, index);
        if self.random.one_in(2) {
            self.word(0xE8DF_F002);
            self.halfword(0x0302);
            self.halfword(0x0504);
        } else {
            self.word(0xE8DF_F012);
            for offset in [4, 5, 6, 7] {
                self.halfword(offset);
            }
        }
        for _ in 0..4 {
            self.halfword(0xBF00);
        }
        3
    }

    /// LDREX and STREX of one address; CLREX between them at times.
    fn exclusive(&mut self) -> u32 {
        self.halfword(0xBF00);
        self.load_constant(3, QUEUE + 0x100);
        let size = self.random.below(3);
        let (load, store) = [
            (0xE853_1F00, 0xE843_2400),
            (0xE8D3_1F4F, 0xE8C3_2F44),
            (0xE8D3_1F5F, 0xE8C3_2F54),
        ][size as usize];
        self.word(load);
        // A monitor may know one address or none, so that only a cleared one fails everywhere.
        if self.random.one_in(3) {
            self.word(0xF3BF_8F2F);
        }
        self.word(store);
        3
    }

    /// PRIMASK, BASEPRI and their reading.
    fn masks(&mut self) -> u32 {
        match self.random.below(6) {
            0 => self.halfword(0xB672),
            1 => self.halfword(0xB662),
            2 | 3 => {
                let value = self.random.below(8) << 5;
                self.halfword(0xBF00);
                self.load_constant(0, value);
                let number = self.random.pick(&[0x11, 0x12]);
                self.word(0xF380_8800 | number);
            }
            4 => self.halfword(0xBF40),
            _ => {
                let number = self
                    .random
                    .pick(&[0, 3, 5, 8, 9, 0x10, 0x11, 0x12, 0x13, 0x14]);
                self.word(0xF3EF_8100 | number);
            }
        }
        1
    }

    /// One random instruction.
    fn instruction(&mut self, conditional: bool) {
        let class = match self.random.below(16) {
            _ if self.float && self.random.one_in(2) => patterns::FLOAT,
            0..=4 => patterns::NARROW,
            5..=6 => patterns::NARROW_MEMORY,
            7..=10 => patterns::WIDE,
            11..=13 => patterns::DSP,
            _ => patterns::WIDE_MEMORY,
        };
        loop {
            let pattern = &class[self.random.below(class.len() as u32) as usize];
            if conditional && !pattern.conditional {
                continue;
            }
            let (encoding, length) = self.fill(pattern);
            if !(pattern.accepts)(encoding) {
                continue;
            }
            if length == 16 {
                self.halfword(encoding as u16);
            } else {
                self.word(encoding);
            }
            return;
        }
    }

    /// Chooses a pattern's registers and free bits.
    fn fill(&mut self, pattern: &Pattern) -> (u32, u32) {
        let letters: Vec<char> = pattern.bits.chars().filter(|c| *c != ' ').collect();
        let mut encoding = 0;
        let mut chosen: Vec<(char, u32)> = Vec::new();
        let mut index = 0;
        while index < letters.len() {
            let letter = letters[index];
            let length = letters[index..]
                .iter()
                .take_while(|c| **c == letter)
                .count();
            let (length, value) = match letter {
                '0' => (1, 0),
                '1' => (1, 1),
                'x' => (1, self.random.below(2)),
                _ => {
                    let taken: Vec<u32> = chosen
                        .iter()
                        .filter(|(other, _)| matches!((letter, other), ('d' | 'e', 'd' | 'e')))
                        .map(|(_, value)| *value)
                        .collect();
                    let value = self.register(letter, length as u32, &taken);
                    chosen.push((letter, value));
                    (length, value)
                }
            };
            encoding = encoding << length | value;
            index += length;
        }
        (encoding, letters.len() as u32)
    }

    fn register(&mut self, letter: char, length: u32, taken: &[u32]) -> u32 {
        loop {
            let register = match letter {
                'd' | 'e' => self.random.pick(&WRITABLE),
                'p' if length == 3 => 6,
                'p' => self.random.pick(&POINTERS),
                'o' => OFFSET,
                _ => self
                    .random
                    .pick(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14]),
            };
            if register < 1 << length && !taken.contains(&register) {
                return register;
            }
        }
    }

    /// Reads back what streams have stored, into R0.
    fn checksum(&mut self) {
        self.halfword(0xBF00);
        self.halfword(0xDF00);
        self.halfword(0xBF00);
        for base in [0x2011_0000, QUEUE] {
            self.load_constant(1, base);
            self.load_constant(2, 256);
            // LDR R3, [R1], #4; EOR R0, R3, R0, ROR #1; SUBS R2, #1; BNE
            self.word(0xF851_3B04);
            self.word(0xEA83_0070);
            self.halfword(0x3A01);
            self.halfword(0xD1F9);
        }
    }
}
