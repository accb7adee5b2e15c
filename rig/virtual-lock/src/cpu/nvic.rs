//! The interrupt controller's external part (ARMv7-M B3.4): 48 level-sensitive lines with three
//! bits of priority, as on the nRF52840.

/// Interrupt lines of the nRF52840.
pub(super) const LINES: usize = 48;
const ALL: u64 = (1 << LINES) - 1;
/// The priority bits that exist.
pub(super) const PRIORITY_BITS: u8 = 0xE0;

/// Enabled, pending and active interrupts, one bit each.
#[derive(Debug, Clone)]
pub(super) struct Nvic {
    pub(super) enabled: u64,
    pub(super) pending: u64,
    pub(super) active: u64,
    lines: u64,
    pub(super) priority: [u8; LINES],
}

impl Default for Nvic {
    fn default() -> Self {
        Nvic {
            enabled: 0,
            pending: 0,
            active: 0,
            lines: 0,
            priority: [0; LINES],
        }
    }
}

impl Nvic {
    /// Takes over the level of all lines; the bits that became pending by it. An interrupt being
    /// handled becomes pending again with an edge, or with its return while the line is asserted.
    pub(super) fn sample(&mut self, lines: u64) -> u64 {
        let lines = lines & ALL;
        let rising = lines & !self.lines;
        self.lines = lines;
        let fresh = (lines & !self.active | rising) & !self.pending;
        self.pending |= fresh;
        fresh
    }

    /// Reads `NVIC_ISER` to `NVIC_IPR` by the offset from `0xE000_E100`.
    pub(super) fn read(&self, offset: u32) -> Option<u32> {
        let half = |bits: u64| match offset >> 2 & 0x1F {
            0 => bits as u32,
            1 => (bits >> 32) as u32,
            _ => 0,
        };
        Some(match offset {
            0x000..0x020 | 0x080..0x0A0 => half(self.enabled),
            0x100..0x120 | 0x180..0x1A0 => half(self.pending),
            0x200..0x220 => half(self.active),
            0x300..0x3F0 => (0..4).fold(0, |word, byte| {
                let line = ((offset - 0x300) & !3) as usize + byte;
                let priority = self.priority.get(line).copied().unwrap_or(0);
                word | u32::from(priority) << (8 * byte)
            }),
            _ => return None,
        })
    }

    /// Writes `NVIC_ISER` to `NVIC_IPR` by the offset from `0xE000_E100`.
    pub(super) fn write(&mut self, offset: u32, value: u32) -> Option<()> {
        let bits = match offset >> 2 & 0x1F {
            0 => u64::from(value),
            1 => u64::from(value) << 32 & ALL,
            _ => 0,
        };
        match offset {
            0x000..0x020 => self.enabled |= bits,
            0x080..0x0A0 => self.enabled &= !bits,
            0x100..0x120 => self.pending |= bits,
            // What is still asserted pends again at once.
            0x180..0x1A0 => self.pending &= !bits | self.lines & !self.active,
            0x200..0x220 => {}
            0x300..0x3F0 => {
                for (byte, priority) in value.to_le_bytes().into_iter().enumerate() {
                    if let Some(slot) = self
                        .priority
                        .get_mut(((offset - 0x300) & !3) as usize + byte)
                    {
                        *slot = priority & PRIORITY_BITS;
                    }
                }
            }
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_pends_once_while_handled_and_again_after() {
        let mut nvic = Nvic::default();
        assert_eq!(nvic.sample(1 << 5), 1 << 5);
        nvic.pending = 0;
        nvic.active = 1 << 5;
        assert_eq!(nvic.sample(1 << 5), 0, "level held while active");
        nvic.active = 0;
        assert_eq!(nvic.sample(1 << 5), 1 << 5, "level held after return");
        nvic.write(0x180, 1 << 5);
        assert_eq!(
            nvic.read(0x100),
            Some(1 << 5),
            "cannot clear what is asserted"
        );
        nvic.sample(0);
        nvic.write(0x180, 1 << 5);
        assert_eq!(nvic.read(0x100), Some(0));
        nvic.active = 1 << 5;
        assert_eq!(nvic.sample(1 << 5), 1 << 5, "an edge while active");
    }

    #[test]
    fn only_what_exists_can_be_written() {
        let mut nvic = Nvic::default();
        nvic.write(0x004, u32::MAX);
        assert_eq!(nvic.read(0x084), Some(0xFFFF));
        nvic.write(0x304, 0xFF7F_3F20);
        assert_eq!(nvic.read(0x304), Some(0xE060_2020));
        assert_eq!(nvic.read(0x3F0), None);
    }
}
