//! Access port 1: Nordic's CTRL-AP, which resets and erases the chip even where the AHB-AP is
//! locked (nRF52840 Product Specification, "Debug and trace").

use super::target::DebugTarget;
use crate::time::Ticks;

const RESET: u8 = 0x00;
const ERASEALL: u8 = 0x04;
const ERASEALLSTATUS: u8 = 0x08;
const APPROTECTSTATUS: u8 = 0x0C;
const IDR: u8 = 0xFC;

const IDR_VALUE: u32 = 0x0288_0000;
/// `APPROTECTSTATUS.ENABLED`: access port protection is off. The model has none.
const NOT_PROTECTED: u32 = 1;
/// How long all of flash takes to erase, t_ERASEALL.
const ERASE_TIME: Ticks = Ticks::from_millis(169);

/// The port's registers.
#[derive(Debug, Clone, Default)]
pub(crate) struct CtrlAp {
    reset: bool,
    /// How much longer ERASEALLSTATUS says busy.
    erasing: Ticks,
}

impl CtrlAp {
    pub(crate) fn read(&self, register: u8) -> u32 {
        match register {
            RESET => u32::from(self.reset),
            ERASEALLSTATUS => u32::from(self.is_erasing()),
            APPROTECTSTATUS => NOT_PROTECTED,
            IDR => IDR_VALUE,
            _ => 0,
        }
    }

    pub(crate) fn write(&mut self, register: u8, value: u32, target: &mut impl DebugTarget) {
        match register {
            RESET => self.reset = value & 1 != 0,
            ERASEALL if value & 1 != 0 => {
                target.erase_all();
                self.erasing = ERASE_TIME;
            }
            _ => tracing::debug!("write of {value:#010x} to CTRL-AP register {register:#04x}"),
        }
    }

    /// Whether this port holds the chip in reset.
    pub(crate) fn holds_reset(&self) -> bool {
        self.reset
    }

    pub(crate) fn is_erasing(&self) -> bool {
        self.erasing > Ticks::default()
    }

    /// Lets the erase go on.
    pub(crate) fn advance(&mut self, by: Ticks) {
        self.erasing = Ticks(self.erasing.0.saturating_sub(by.0));
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::Fake;
    use super::*;

    #[test]
    fn erasing_takes_its_time() {
        let (mut ap, mut fake) = (CtrlAp::default(), Fake::new());
        assert_eq!(ap.read(IDR), 0x0288_0000);
        assert_eq!(ap.read(APPROTECTSTATUS), 1);
        ap.write(ERASEALL, 1, &mut fake);
        assert_eq!(fake.erased, 1);
        ap.advance(Ticks::from_millis(168));
        assert_eq!(ap.read(ERASEALLSTATUS), 1);
        ap.advance(Ticks::from_millis(1));
        assert_eq!(ap.read(ERASEALLSTATUS), 0);
    }
}
