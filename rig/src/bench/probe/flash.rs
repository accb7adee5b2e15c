//! Flashing: reads what is there, writes the sectors that differ with probe-rs's flash algorithm
//! for the chip, and reads them back.

use super::{FLASH, Image, JOURNAL, Probe, ProbeError, SECTOR, blank};
use probe_rs::flashing::{DownloadOptions, FlashProgress, ProgressEvent, ProgressOperation};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Sectors written between two feedings of the watchdog, which the flash algorithm does not know:
/// they take 2 s to erase and write, and the lock's watchdog bites after 4 s.
const SECTORS_PER_MEAL: usize = 16;

/// nRF52840 WDT: RUNSTATUS, RREN, RR\[0\], and the value that reloads it.
const WDT_RUNSTATUS: u32 = 0x4001_0400;
const WDT_RREN: u32 = 0x4001_0508;
const WDT_RR: u32 = 0x4001_0600;
const WDT_RELOAD: u32 = 0x6E52_4635;

/// What flashing clears beside the sectors that the image occupies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Erase {
    /// Nothing: the lock keeps its codes and settings.
    #[default]
    Nothing,
    /// The journal: the lock is as new.
    Journal,
    /// All of flash, so that nothing but the image is left. UICR stays.
    Chip,
}

/// How far flashing has got, in bytes of `total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Comparing flash with the image.
    Reading {
        /// Bytes read.
        done: usize,
        /// Bytes to read.
        total: usize,
    },
    /// Erasing the sectors that differ.
    Erasing {
        /// Bytes erased.
        done: usize,
        /// Bytes to erase.
        total: usize,
    },
    /// Writing them.
    Writing {
        /// Bytes written.
        done: usize,
        /// Bytes to write.
        total: usize,
    },
    /// Reading them back.
    Verifying {
        /// Bytes verified.
        done: usize,
        /// Bytes to verify.
        total: usize,
    },
}

/// What flashing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlashReport {
    /// Sectors compared.
    pub sectors_compared: usize,
    /// Sectors that differed, and were erased, written and verified.
    pub sectors_written: usize,
    /// How long it took, by the host's clock.
    pub elapsed: Duration,
}

impl Probe {
    /// Brings flash to hold `image`, and to be blank where `erase` says so, by rewriting the sectors
    /// that differ; verified. Leaves the core halted.
    ///
    /// # Errors
    ///
    /// When the probe is gone, the chip refuses, or flash does not take what is written.
    pub fn flash(
        &mut self,
        image: &Image,
        erase: Erase,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<FlashReport, ProbeError> {
        let mut wanted: BTreeMap<u32, Vec<u8>> = match erase {
            Erase::Nothing => BTreeMap::new(),
            Erase::Journal => JOURNAL
                .step_by(SECTOR as usize)
                .map(|at| (at, blank()))
                .collect(),
            Erase::Chip => FLASH
                .step_by(SECTOR as usize)
                .map(|at| (at, blank()))
                .collect(),
        };
        wanted.extend(image.sectors().iter().map(|(&at, data)| (at, data.clone())));
        self.bring_to(&wanted, progress)
    }

    /// Brings the sectors from `address` on to hold `bytes`, by rewriting those that differ;
    /// verified. Leaves the core halted.
    ///
    /// # Errors
    ///
    /// As [`Probe::flash`], and when `address` and `bytes` are not whole sectors of flash.
    pub fn write_sectors(&mut self, address: u32, bytes: &[u8]) -> Result<FlashReport, ProbeError> {
        let (start, end) = (u64::from(address), u64::from(address) + bytes.len() as u64);
        let whole = start.is_multiple_of(SECTOR.into()) && end.is_multiple_of(SECTOR.into());
        if !whole || end > u64::from(FLASH.end) {
            return Err(ProbeError::NotSectors { start, end });
        }
        let sectors = bytes.chunks(SECTOR as usize).map(<[u8]>::to_vec);
        let wanted = (address..).step_by(SECTOR as usize).zip(sectors).collect();
        self.bring_to(&wanted, &mut |_| {})
    }

    /// Damages everything that the lock has written into its journal; verified. Leaves the core
    /// halted.
    ///
    /// # Errors
    ///
    /// As [`Probe::flash`].
    pub fn damage_journal(&mut self) -> Result<(), ProbeError> {
        let mut journal = self.read(JOURNAL.start, JOURNAL.len())?;
        damage(&mut journal);
        self.write_sectors(JOURNAL.start, &journal).map(drop)
    }

    fn bring_to(
        &mut self,
        wanted: &BTreeMap<u32, Vec<u8>>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<FlashReport, ProbeError> {
        let started = Instant::now();
        self.halt()?;
        let total = wanted.len() * SECTOR as usize;
        let mut differ = Vec::new();
        for (index, (&address, data)) in wanted.iter().enumerate() {
            if self.read(address, data.len())? != *data {
                differ.push((address, data.as_slice()));
            }
            progress(Progress::Reading {
                done: (index + 1) * SECTOR as usize,
                total,
            });
        }
        let total = differ.len() * SECTOR as usize;
        let mut done = 0;
        for batch in differ.chunks(SECTORS_PER_MEAL) {
            self.feed_watchdog()?;
            self.commit(batch, done, total, progress)?;
            done += batch.len() * SECTOR as usize;
        }
        for (index, (address, data)) in differ.iter().enumerate() {
            self.verify(*address, data)?;
            progress(Progress::Verifying {
                done: (index + 1) * SECTOR as usize,
                total,
            });
        }
        Ok(FlashReport {
            sectors_compared: wanted.len(),
            sectors_written: differ.len(),
            elapsed: started.elapsed(),
        })
    }

    /// Erases and writes `sectors`.
    fn commit(
        &mut self,
        sectors: &[(u32, &[u8])],
        before: usize,
        total: usize,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), ProbeError> {
        let mut loader = self.session.target().flash_loader();
        for (address, data) in sectors {
            loader
                .add_data(u64::from(*address), data)
                .map_err(ProbeError::Flash)?;
        }
        let (mut erased, mut written) = (before, before);
        let mut options = DownloadOptions::default();
        options.progress = FlashProgress::new(|event| {
            let ProgressEvent::Progress {
                operation, size, ..
            } = event
            else {
                return;
            };
            match operation {
                ProgressOperation::Erase => {
                    erased += size as usize;
                    progress(Progress::Erasing {
                        done: erased,
                        total,
                    });
                }
                ProgressOperation::Program => {
                    written += size as usize;
                    progress(Progress::Writing {
                        done: written,
                        total,
                    });
                }
                ProgressOperation::Fill | ProgressOperation::Verify => {}
            }
        });
        loader
            .commit(&mut self.session, options)
            .map_err(ProbeError::Flash)
    }

    fn verify(&mut self, address: u32, wrote: &[u8]) -> Result<(), ProbeError> {
        let found = self.read(address, wrote.len())?;
        match found
            .iter()
            .zip(wrote)
            .position(|(found, wrote)| found != wrote)
        {
            None => Ok(()),
            Some(at) => Err(ProbeError::Verify {
                address: address + at as u32,
                found: found[at],
                wrote: wrote[at],
            }),
        }
    }

    /// A watchdog that the firmware started keeps counting while the flash algorithm runs, and no
    /// reset of the core stops it.
    fn feed_watchdog(&mut self) -> Result<(), ProbeError> {
        if self.word(WDT_RUNSTATUS)? & 1 != 0 {
            let enabled = self.word(WDT_RREN)?;
            for channel in (0..8).filter(|channel| enabled >> channel & 1 != 0) {
                self.set_word(WDT_RR + 4 * channel, WDT_RELOAD)?;
            }
        }
        Ok(())
    }
}

/// Clears a bit of every word that was written, as a worn or disturbed flash does; of a journal that
/// holds nothing, the first words.
fn damage(journal: &mut [u8]) {
    const ERASED: [u8; 4] = [0xFF; 4];
    let blank = journal.iter().all(|byte| *byte == 0xFF);
    for (index, word) in journal.chunks_exact_mut(4).enumerate() {
        if blank && index < 16 {
            word.fill(0);
        } else if word != ERASED
            && let Some(byte) = word.iter_mut().find(|byte| **byte != 0)
        {
            *byte &= *byte - 1;
        }
    }
}
