//! What the firmware logs through RTT, read from RAM while it runs: nothing is written, so the run is
//! the same with and without a reader. Looked at whenever the core returns from running, which it
//! does at least as often as it sleeps; the time of a chunk is when it was seen.

use crate::nrf52840::Chip;
use crate::time::Ticks;

/// What an RTT control block begins with.
const MAGIC: [u8; 16] = *b"SEGGER RTT\0\0\0\0\0\0";
/// Offsets in the control block, for up channel 0: buffer, its size, and where the firmware writes
/// next.
const BUFFER: u32 = 28;
const SIZE: u32 = 32;
const WRITE: u32 = 36;
/// No firmware has a larger buffer; a larger one is no control block.
const LARGEST: u32 = 0x1_0000;

/// Bytes that the firmware logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogChunk {
    /// When they were seen, at most one sleep of the core after they were written.
    pub at: Ticks,
    /// Up channel 0, as it came.
    pub bytes: Vec<u8>,
    /// The processor was reset since the chunk before: a frame that was begun is never finished.
    pub restarted: bool,
}

/// Reads the RTT control block at an address of RAM.
#[derive(Clone, Debug)]
pub(crate) struct LogTap {
    control: u32,
    /// Up to where the buffer has been read.
    read: u32,
    /// The firmware's position before a reset, which RAM shows until the firmware sets up again.
    stale: Option<u32>,
    restarted: bool,
    chunks: Vec<LogChunk>,
}

impl LogTap {
    pub(crate) fn new(control: u32) -> LogTap {
        LogTap {
            control,
            read: 0,
            stale: None,
            restarted: true,
            chunks: Vec::new(),
        }
    }

    /// The processor starts anew; RAM may still hold what was.
    pub(crate) fn restart(&mut self, chip: &Chip) {
        self.read = 0;
        self.restarted = true;
        self.stale = self.channel(chip).map(|(_, _, write)| write);
    }

    /// Takes what has been logged since it last looked.
    pub(crate) fn look(&mut self, chip: &Chip, now: Ticks) {
        let Some((buffer, size, write)) = self.channel(chip) else {
            self.stale = None;
            return;
        };
        if self.stale == Some(write) && write != 0 {
            return;
        }
        self.stale = None;
        if write == self.read || self.read >= size {
            return;
        }
        let mut bytes = Vec::new();
        while self.read != write {
            bytes.extend(chip.ram::<1>(buffer.wrapping_add(self.read)).unwrap_or([0]));
            self.read = (self.read + 1) % size;
        }
        let restarted = std::mem::take(&mut self.restarted);
        self.chunks.push(LogChunk {
            at: now,
            bytes,
            restarted,
        });
    }

    pub(crate) fn take(&mut self) -> Vec<LogChunk> {
        std::mem::take(&mut self.chunks)
    }

    /// Buffer, size and write position of up channel 0, where there is a control block.
    fn channel(&self, chip: &Chip) -> Option<(u32, u32, u32)> {
        let word = |offset| {
            chip.ram(self.control.wrapping_add(offset))
                .map(u32::from_le_bytes)
        };
        let write = word(WRITE)?;
        if write == self.read && self.stale.is_none() {
            // Nothing new, whatever else is there.
            return Some((0, LARGEST, write));
        }
        let (buffer, size) = (word(BUFFER)?, word(SIZE)?);
        let plausible = (1..=LARGEST).contains(&size) && write < size;
        (plausible && chip.ram(self.control)? == MAGIC).then_some((buffer, size, write))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::bus::{Bus, Size};

    const CONTROL: u32 = 0x2000_0100;
    const RING: u32 = 0x2000_0200;

    fn poke(chip: &mut Chip, address: u32, value: u32) {
        chip.write(address, Size::Word, value, Ticks(0)).unwrap();
    }

    /// What the firmware's start-up does.
    fn set_up(chip: &mut Chip) {
        for (at, word) in (CONTROL..).step_by(4).zip(MAGIC.chunks_exact(4)) {
            poke(chip, at, u32::from_le_bytes(word.try_into().unwrap()));
        }
        poke(chip, CONTROL + BUFFER, RING);
        poke(chip, CONTROL + SIZE, 8);
        poke(chip, CONTROL + WRITE, 0);
    }

    fn put(chip: &mut Chip, from: u32, bytes: &[u8]) {
        for (at, &byte) in (from..).zip(bytes) {
            chip.write(RING + at % 8, Size::Byte, byte.into(), Ticks(0))
                .unwrap();
        }
        poke(chip, CONTROL + WRITE, (from + bytes.len() as u32) % 8);
    }

    fn chip() -> Chip {
        let mut chip = Chip::new();
        chip.power_on(3.0, Ticks(0));
        chip
    }

    #[test]
    fn reads_around_the_end_of_the_ring_and_writes_nothing() {
        let (mut chip, mut tap) = (chip(), LogTap::new(CONTROL));
        tap.look(&chip, Ticks(1));
        set_up(&mut chip);
        tap.look(&chip, Ticks(2));
        put(&mut chip, 0, b"hello");
        tap.look(&chip, Ticks(3));
        put(&mut chip, 5, b"world");
        tap.look(&chip, Ticks(4));
        tap.look(&chip, Ticks(5));
        let chunk = |at, bytes: &[u8], restarted| LogChunk {
            at: Ticks(at),
            bytes: bytes.to_vec(),
            restarted,
        };
        assert_eq!(
            tap.take(),
            [chunk(3, b"hello", true), chunk(4, b"world", false)]
        );
        // RdOff is the debugger's.
        assert_eq!(chip.ram(CONTROL + WRITE + 4), Some([0; 4]));
    }

    #[test]
    fn what_ram_kept_over_a_reset_is_not_told_again() {
        let (mut chip, mut tap) = (chip(), LogTap::new(CONTROL));
        set_up(&mut chip);
        put(&mut chip, 0, b"old");
        tap.look(&chip, Ticks(1));
        tap.take();
        tap.restart(&chip);
        tap.look(&chip, Ticks(2));
        assert_eq!(tap.take(), []);
        set_up(&mut chip);
        put(&mut chip, 0, b"fresh");
        tap.look(&chip, Ticks(3));
        let chunks = tap.take();
        assert_eq!(chunks.len(), 1);
        assert_eq!(
            (chunks[0].bytes.as_slice(), chunks[0].restarted),
            (&b"fresh"[..], true)
        );
    }

    #[test]
    fn an_address_that_holds_something_else_is_no_log() {
        let (mut chip, mut tap) = (chip(), LogTap::new(CONTROL));
        poke(&mut chip, CONTROL + WRITE, 5);
        tap.look(&chip, Ticks(1));
        let mut outside = LogTap::new(0x4000_0000);
        outside.look(&chip, Ticks(1));
        assert_eq!((tap.take(), outside.take()), (vec![], vec![]));
    }
}
