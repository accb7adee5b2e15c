//! The chip's memories: flash and UICR, which outlive power, and RAM, which does not. A clone
//! shares flash pages until one side changes them and copies only the RAM pages ever written.

use std::sync::Arc;

/// Bytes of flash, at address 0.
pub const FLASH_SIZE: usize = 1 << 20;
/// Bytes of RAM, at [`RAM_BASE`].
pub const RAM_SIZE: usize = 256 << 10;
/// Where RAM is on the system bus.
pub const RAM_BASE: u32 = 0x2000_0000;
/// Where the same RAM is on the code bus.
pub(crate) const RAM_CODE_BASE: u32 = 0x0080_0000;
/// Bytes of a flash page, the unit of erasing.
pub const PAGE_SIZE: usize = 4096;
/// Words of UICR.
pub(crate) const UICR_WORDS: usize = 0x400;

type Page = [u8; PAGE_SIZE];

/// Memory that keeps its content without power: erased bits are 1, written bits are 0.
#[derive(Clone, Debug)]
pub(crate) struct Flash {
    pages: Arc<Vec<Arc<Page>>>,
    uicr: Arc<[u32; UICR_WORDS]>,
}

impl Flash {
    pub(crate) fn erased() -> Flash {
        let page = Arc::new([0xFF; PAGE_SIZE]);
        Flash {
            pages: Arc::new(vec![page; FLASH_SIZE / PAGE_SIZE]),
            uicr: Arc::new([u32::MAX; UICR_WORDS]),
        }
    }

    /// The `N` bytes at `address`, or `None` past the end.
    #[inline]
    pub(crate) fn load<const N: usize>(&self, address: u32) -> Option<[u8; N]> {
        let address = address as usize;
        let page = self.pages.get(address / PAGE_SIZE)?;
        let start = address % PAGE_SIZE;
        match page.get(start..start + N) {
            Some(bytes) => bytes.try_into().ok(),
            None => self.load_across(address),
        }
    }

    /// `length` bytes at `address`; `None` past the end of their page.
    #[inline(always)]
    pub(crate) fn span(&self, address: u32, length: usize) -> Option<&[u8]> {
        let address = address as usize;
        let page = self.pages.get(address / PAGE_SIZE)?;
        let start = address % PAGE_SIZE;
        page.get(start..start + length)
    }

    /// An unaligned load over the end of a page.
    #[cold]
    fn load_across<const N: usize>(&self, address: usize) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        for (at, byte) in (address..).zip(&mut bytes) {
            *byte = self.pages.get(at / PAGE_SIZE)?[at % PAGE_SIZE];
        }
        Some(bytes)
    }

    /// Whether the page of `address` is one with that of `other`, neither having changed it since.
    pub(crate) fn shares(&self, other: &Flash, address: u32) -> bool {
        let page = address as usize / PAGE_SIZE;
        match (self.pages.get(page), other.pages.get(page)) {
            (Some(own), Some(others)) => Arc::ptr_eq(own, others),
            _ => false,
        }
    }

    /// A word of flash; `address` is aligned and in range.
    pub(crate) fn word(&self, address: u32) -> u32 {
        self.load(address).map_or(u32::MAX, u32::from_le_bytes)
    }

    /// Puts `word` at `address` as it is, 0 bits becoming 1 too.
    pub(crate) fn set_word(&mut self, address: u32, word: u32) {
        let address = address as usize;
        if let Some(page) = Arc::make_mut(&mut self.pages).get_mut(address / PAGE_SIZE) {
            let start = address % PAGE_SIZE;
            Arc::make_mut(page)[start..start + 4].copy_from_slice(&word.to_le_bytes());
        }
    }

    /// Sets every bit of flash and UICR.
    pub(crate) fn erase_all(&mut self) {
        *self = Flash::erased();
    }

    /// Sets every bit of UICR.
    pub(crate) fn erase_uicr(&mut self) {
        self.uicr = Arc::new([u32::MAX; UICR_WORDS]);
    }

    /// A word of UICR, by its offset in bytes.
    pub(crate) fn uicr(&self, offset: u32) -> u32 {
        self.uicr[offset as usize / 4 % UICR_WORDS]
    }

    /// Puts `word` into UICR at `offset` bytes.
    pub(crate) fn set_uicr(&mut self, offset: u32, word: u32) {
        Arc::make_mut(&mut self.uicr)[offset as usize / 4 % UICR_WORDS] = word;
    }

    /// How many of the pages are not shared with `other`.
    #[cfg(test)]
    fn pages_apart(&self, other: &Flash) -> usize {
        let pairs = self.pages.iter().zip(other.pages.iter());
        pairs.filter(|(a, b)| !Arc::ptr_eq(a, b)).count()
    }
}

/// The latest changes of flash that are kept apart.
const KEPT: usize = 16;

/// Where flash has changed by other means than a word that the running core wrote: a generation a change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    generation: u64,
    /// The latest ones, from where to where, each in the place of its generation.
    latest: [(u32, u32); KEPT],
}

impl Changes {
    /// Flash has changed from one address up to another.
    pub(crate) fn note(&mut self, from: u32, to: u32) {
        self.latest[(self.generation % KEPT as u64) as usize] = (from, to);
        self.generation += 1;
    }

    /// Any of it may have changed.
    pub(crate) fn note_all(&mut self) {
        self.note(0, FLASH_SIZE as u32);
    }

    /// How many there were.
    #[inline]
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// What all changes since a generation span; `None` where there were too many to tell.
    pub(crate) fn since(&self, generation: u64) -> Option<(u32, u32)> {
        let count = self.generation.checked_sub(generation)?;
        if count > KEPT as u64 {
            return None;
        }
        let places =
            (generation..self.generation).map(|at| self.latest[(at % KEPT as u64) as usize]);
        places.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)))
    }
}

/// RAM, all zero at power-on (the chip's own content is random then).
#[derive(Debug)]
pub(crate) struct Ram {
    bytes: Box<[u8; RAM_SIZE]>,
    /// One flag a page: written since power-on.
    written: [bool; RAM_SIZE / PAGE_SIZE],
}

fn zeroed() -> Box<[u8; RAM_SIZE]> {
    // From a vector, so that the pages are the allocator's zero pages until they are written.
    match vec![0; RAM_SIZE].into_boxed_slice().try_into() {
        Ok(bytes) => bytes,
        Err(_) => Box::new([0; RAM_SIZE]),
    }
}

impl Ram {
    pub(crate) fn new() -> Ram {
        Ram {
            bytes: zeroed(),
            written: [false; RAM_SIZE / PAGE_SIZE],
        }
    }

    /// Makes all of it zero again, as at power-on.
    pub(crate) fn clear(&mut self) {
        let pages = self
            .bytes
            .chunks_exact_mut(PAGE_SIZE)
            .zip(&mut self.written);
        for (page, written) in pages.filter(|(_, written)| **written) {
            page.fill(0);
            *written = false;
        }
    }

    /// The `N` bytes at `offset`, or `None` past the end.
    #[inline(always)]
    pub(crate) fn load<const N: usize>(&self, offset: u32) -> Option<[u8; N]> {
        let offset = offset as usize;
        if offset > RAM_SIZE - N {
            return None;
        }
        self.bytes[offset..offset + N].try_into().ok()
    }

    /// Puts `bytes` at `offset`; `false` past the end.
    #[inline(always)]
    pub(crate) fn store<const N: usize>(&mut self, offset: u32, bytes: [u8; N]) -> bool {
        let offset = offset as usize;
        if offset > RAM_SIZE - N {
            return false;
        }
        self.bytes[offset..offset + N].copy_from_slice(&bytes);
        self.written[offset / PAGE_SIZE] = true;
        self.written[(offset + N - 1) / PAGE_SIZE] = true;
        true
    }

    /// `length` bytes from `offset`, or `None` past the end.
    #[inline(always)]
    pub(crate) fn span(&self, offset: u32, length: usize) -> Option<&[u8]> {
        let offset = offset as usize;
        self.bytes.get(offset..offset.checked_add(length)?)
    }

    /// `length` bytes from `offset`, all to be written; `None` past the end, or for more than a page.
    #[inline(always)]
    pub(crate) fn span_mut(&mut self, offset: u32, length: usize) -> Option<&mut [u8]> {
        if !(1..=PAGE_SIZE).contains(&length) {
            return None;
        }
        let offset = offset as usize;
        let last = offset + length - 1;
        let bytes = self.bytes.get_mut(offset..=last)?;
        self.written[offset / PAGE_SIZE] = true;
        self.written[last / PAGE_SIZE] = true;
        Some(bytes)
    }
}

impl Clone for Ram {
    fn clone(&self) -> Ram {
        let mut bytes = zeroed();
        let pages = bytes
            .chunks_exact_mut(PAGE_SIZE)
            .zip(self.bytes.chunks_exact(PAGE_SIZE));
        for ((to, from), _) in pages.zip(&self.written).filter(|(_, written)| **written) {
            to.copy_from_slice(from);
        }
        Ram {
            bytes,
            written: self.written,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_of_flash_shares_all_but_the_changed_pages() {
        let mut flash = Flash::erased();
        let before = flash.clone();
        flash.set_word(0x5008, 0x1234_5678);
        assert_eq!(flash.word(0x5008), 0x1234_5678);
        assert_eq!(before.word(0x5008), u32::MAX);
        assert_eq!(flash.pages_apart(&before), 1);
    }

    #[test]
    fn changes_are_told_together_until_they_are_too_many() {
        let mut changes = Changes::default();
        assert_eq!(changes.since(0), None);
        changes.note(0x1000, 0x2000);
        changes.note(0x4000, 0x4004);
        assert_eq!(changes.since(0), Some((0x1000, 0x4004)));
        assert_eq!(changes.since(1), Some((0x4000, 0x4004)));
        // Of another history.
        assert_eq!(changes.since(3), None);
        for _ in 0..KEPT {
            changes.note(0x5000, 0x6000);
        }
        assert_eq!(changes.since(2), Some((0x5000, 0x6000)));
        assert_eq!(changes.since(1), None);
        changes.note_all();
        assert_eq!(
            changes.since(changes.generation() - 1),
            Some((0, FLASH_SIZE as u32))
        );
    }

    #[test]
    fn a_load_may_cross_pages_but_not_the_end() {
        let mut flash = Flash::erased();
        flash.set_word(0x0FFC, 0x4433_2211);
        flash.set_word(0x1000, 0x8877_6655);
        assert_eq!(flash.load(0x0FFE), Some([0x33, 0x44, 0x55, 0x66]));
        assert_eq!(flash.load::<4>(FLASH_SIZE as u32 - 2), None);
        assert_eq!(flash.load::<2>(FLASH_SIZE as u32 - 2), Some([0xFF; 2]));
    }

    #[test]
    fn a_clone_of_ram_has_the_written_pages() {
        let mut ram = Ram::new();
        assert!(ram.store(0x2FFE, [1, 2, 3, 4]));
        assert!(!ram.store(RAM_SIZE as u32 - 3, [1, 2, 3, 4]));
        let fork = ram.clone();
        assert!(ram.store(0x2FFE, [9]));
        assert_eq!(fork.load(0x2FFE), Some([1, 2, 3, 4]));
        assert_eq!(fork.written.iter().filter(|written| **written).count(), 2);
        ram.clear();
        assert!(ram.bytes.iter().all(|byte| *byte == 0));
        assert_eq!(ram.written, Ram::new().written);
    }
}
