//! The test's own generator of numbers (SplitMix64): a seed says everything about a run.

pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        (self.next() >> 32) as u32 % limit
    }

    pub(crate) fn one_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u32) as usize]
    }

    /// A register's value: often one at which something overflows.
    pub(crate) fn word(&mut self) -> u32 {
        let random = self.next() as u32;
        match self.below(9) {
            0 => self.pick(&[0, 1, 0x7FFF_FFFF, 0x8000_0000, u32::MAX, 0x7FFF_8000]),
            // As floating point: infinities, NaNs that signal or not, denormal and largest numbers.
            1 => self.pick(&[
                0x7F80_0000,
                0xFF80_0000,
                0x7FC0_1234,
                0x7F80_0001,
                0x0000_1000,
                0x807F_FFFF,
                0x0080_0000,
                0x7F7F_FFFF,
                0x3F80_0000,
                0xC000_0000,
            ]),
            2 => random & 0xFFFF,
            3 => 1 << (random & 31),
            4 => random & 0x0101_0101 | 0x7F80_7F80,
            5 => random & 0x807F_FFFF | (100 + self.below(56)) << 23,
            6 => random & 0xFF,
            _ => random,
        }
    }
}
