//! What a lock keeps without power: its journal, and the user configuration (UICR) that its firmware
//! writes at its first boot and then resets itself for. Read from a lock and written into another, it
//! makes the two the same.

use std::ops::Range;

use sha2::{Digest, Sha256};

use super::{JOURNAL, Probe, ProbeError};

/// The registers of UICR (nRF52840, UICR overview).
const UICR: Range<u32> = 0x1000_1000..0x1000_1400;
/// NVMC READY and CONFIG, and CONFIG's write enable.
const NVMC_READY: u32 = 0x4001_E400;
const NVMC_CONFIG: u32 = 0x4001_E504;
const READ_ONLY: u32 = 0;
const WRITE_ENABLED: u32 = 1;
/// How often READY is read before a write, of 41 us, counts as one that never ends.
const PATIENCE: u32 = 1_000;
const HASH: usize = 32;

/// What a lock keeps without power.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    journal: Vec<u8>,
    uicr: Vec<u8>,
}

impl Storage {
    /// As a file holds it: a SHA-256 of what follows, the journal, UICR.
    pub fn to_bytes(&self) -> Vec<u8> {
        let content = [self.journal.as_slice(), &self.uicr].concat();
        [Sha256::digest(&content).as_slice(), &content].concat()
    }

    /// What [`Storage::to_bytes`] gave; `None` when it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Option<Storage> {
        let (hash, content) = bytes.split_at_checked(HASH)?;
        let whole = content.len() == JOURNAL.len() + UICR.len();
        if !whole || Sha256::digest(content).as_slice() != hash {
            return None;
        }
        let (journal, uicr) = content.split_at_checked(JOURNAL.len())?;
        Some(Storage {
            journal: journal.to_vec(),
            uicr: uicr.to_vec(),
        })
    }
}

impl Probe {
    /// Reads what the lock keeps. The core runs on.
    ///
    /// # Errors
    ///
    /// When the chip refuses or the probe is gone.
    pub fn read_storage(&mut self) -> Result<Storage, ProbeError> {
        Ok(Storage {
            journal: self.read(JOURNAL.start, JOURNAL.len())?,
            uicr: self.read(UICR.start, UICR.len())?,
        })
    }

    /// Writes it, verified. Leaves the core halted.
    ///
    /// # Errors
    ///
    /// When the chip refuses or the probe is gone, or UICR holds something else already: only erasing it
    /// would change that, and the lock's firmware never does.
    pub fn write_storage(&mut self, storage: &Storage) -> Result<(), ProbeError> {
        self.write_sectors(JOURNAL.start, &storage.journal)?;
        let found = self.read(UICR.start, UICR.len())?;
        let words = found.chunks_exact(4).zip(storage.uicr.chunks_exact(4));
        let differing = (UICR.start..).step_by(4).zip(words);
        let differing: Vec<_> = differing.filter(|(_, (is, be))| is != be).collect();
        if differing.is_empty() {
            return Ok(());
        }
        self.set_word(NVMC_CONFIG, WRITE_ENABLED)?;
        for (address, (_, word)) in &differing {
            self.write(*address, word)?;
            let ready = |_| self.word(NVMC_READY).map(|ready| ready & 1 == 1);
            let mut polls = (0..PATIENCE).map(ready);
            if !polls.any(|ready| !matches!(ready, Ok(false))) {
                break;
            }
        }
        self.set_word(NVMC_CONFIG, READ_ONLY)?;
        let found = self.read(UICR.start, UICR.len())?;
        let bytes = (UICR.start..).zip(found.iter().zip(&storage.uicr));
        for (address, (&found, &wrote)) in bytes {
            if found != wrote {
                return Err(ProbeError::Verify {
                    address,
                    found,
                    wrote,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gives_back_what_was_kept_or_nothing() {
        let storage = Storage {
            journal: (0..JOURNAL.len()).map(|index| index as u8).collect(),
            uicr: vec![0xFF; UICR.len()],
        };
        let mut bytes = storage.to_bytes();
        assert_eq!(Storage::from_bytes(&bytes), Some(storage));
        assert_eq!(Storage::from_bytes(&bytes[1..]), None);
        bytes[100] ^= 1;
        assert_eq!(Storage::from_bytes(&bytes), None);
        assert_eq!(Storage::from_bytes(&[]), None);
    }
}
