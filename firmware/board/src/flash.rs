//! The journal's flash. The core stands still while a page is erased, longer than a quick finger is
//! down: so it is erased in parts, and the contacts are looked at after each.

use embassy_nrf::Peri;
use embassy_nrf::nvmc::{Error, FLASH_SIZE, Nvmc, PAGE_SIZE};
use embassy_nrf::pac;
use embassy_nrf::pac::nvmc::vals::Wen;
use embassy_nrf::peripherals::NVMC;
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use lock_logic::{ContactSet, Glimpse, Moment};

use crate::{now, wiring};

/// Milliseconds of a part: half of what debouncing takes.
const PART: u8 = 10;
/// Parts of a page, which takes 85 ms (nRF52840, tERASEPAGE).
const PARTS: usize = 9;
/// Glimpses of the contacts that are kept: those of a wiped journal, six pages.
pub(crate) const GLIMPSES: usize = 6 * PARTS;

pub(crate) struct Flash {
    nvmc: Nvmc<'static>,
    seen: [Glimpse; GLIMPSES],
    count: usize,
}

impl Flash {
    pub(crate) fn new(nvmc: Peri<'static, NVMC>) -> Self {
        Self {
            nvmc: Nvmc::new(nvmc),
            seen: [(Moment::BOOT, ContactSet::NONE); GLIMPSES],
            count: 0,
        }
    }

    /// Moves what was seen of the contacts since this was last asked to `to`; how many times they
    /// were looked at.
    pub(crate) fn take_seen(&mut self, to: &mut [Glimpse; GLIMPSES]) -> usize {
        let count = core::mem::take(&mut self.count);
        to[..count].copy_from_slice(&self.seen[..count]);
        count
    }

    fn erase_page(&mut self, page: u32) {
        let nvmc = pac::NVMC;
        nvmc.erasepagepartialcfg().write(|w| w.set_duration(PART));
        for _ in 0..PARTS {
            nvmc.config().write(|w| w.set_wen(Wen::Een));
            while !nvmc.ready().read().ready() {}
            nvmc.erasepagepartial().write_value(page);
            while !nvmc.ready().read().ready() {}
            if let Some(glimpse) = self.seen.get_mut(self.count) {
                *glimpse = (now(), wiring::contacts());
                self.count += 1;
            }
        }
        nvmc.config().write(|w| w.set_wen(Wen::Ren));
    }
}

impl ErrorType for Flash {
    type Error = Error;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = Nvmc::READ_SIZE;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        self.nvmc.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.nvmc.capacity()
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = Nvmc::WRITE_SIZE;
    const ERASE_SIZE: usize = Nvmc::ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        if to < from || to as usize > FLASH_SIZE {
            return Err(Error::OutOfBounds);
        }
        if !(from as usize).is_multiple_of(PAGE_SIZE) || !(to as usize).is_multiple_of(PAGE_SIZE) {
            return Err(Error::Unaligned);
        }
        for page in (from..to).step_by(PAGE_SIZE) {
            self.erase_page(page);
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        self.nvmc.write(offset, bytes)
    }
}
