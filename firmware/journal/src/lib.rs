//! Where the lock keeps its state without power: the last eight pages of the nRF52840's flash. A
//! change is one record of the whole state with a generation number, and then, on pages of its
//! own, the number alone: the anchor. A record cut short by power loss is a record that no anchor
//! knows, and ignored; an anchor whose record is illegible is a storage fault.
#![cfg_attr(not(test), no_std)]

mod flash;

use core::ops::Range;

use embassy_futures::block_on;
use embedded_storage::nor_flash::NorFlash;
use flash::AtOnce;
use lock_logic::{EventLog, Kept, RECORD_LENGTH, Record, State, Store, StoreError};
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage};
use sequential_storage::queue::{QueueConfig, QueueStorage};

/// Pages of the state's records.
pub const STATES: Range<u32> = 0x000F_8000..0x000F_C000;
/// Pages of the anchors.
pub const ANCHORS: Range<u32> = 0x000F_C000..0x000F_E000;

/// Pages of the event log.
pub const EVENTS: Range<u32> = 0x000F_E000..0x0010_0000;

/// Each map holds one thing.
const KEY: u8 = 1;
/// The generation number before the state.
const GENERATION: usize = size_of::<u32>();
/// How often a write is tried that doesn't read back.
const ATTEMPTS: usize = 4;
/// Bytes of an item: key, generation, state.
const ITEM: usize = (size_of_val(&KEY) + GENERATION + RECORD_LENGTH).next_multiple_of(4);
/// Bytes that the very first anchor can reach: the page's mark, the item's header, key and number.
const FIRST_ANCHOR: u32 = 32;

/// The journal, in a flash of its own.
#[derive(Debug)]
pub struct Journal<F> {
    flash: F,
    /// Of the last record.
    generation: u32,
}

impl<F: NorFlash> Journal<F> {
    /// Opens the journal, with what it keeps. Events that are illegible are given up.
    pub fn open(flash: F) -> (Self, Kept) {
        let mut journal = Self {
            flash,
            generation: 0,
        };
        let state = journal.read().map(|(generation, state)| {
            journal.generation = generation;
            state
        });
        let events = journal.events().unwrap_or_default();
        (journal, Kept { state, events })
    }

    /// The flash, to ask what it saw.
    pub fn flash_mut(&mut self) -> &mut F {
        &mut self.flash
    }

    /// The flash.
    pub fn into_flash(self) -> F {
        self.flash
    }

    /// The newest state and its generation, a new lock's being 0; `None` when illegible.
    fn read(&mut self) -> Option<(u32, State)> {
        let untouched = self.is_blank(ANCHORS.start, ANCHORS.end);
        let beginning = self.is_blank(ANCHORS.start + FIRST_ANCHOR, ANCHORS.end);
        let newest = self.newest().ok()?;
        let anchor = self.anchor().ok()?;
        match (newest, anchor) {
            // A new lock, or one whose first record was cut short.
            (None, None) if untouched => Some((0, State::default())),
            (Some((generation, state)), Some(anchor)) if anchor == generation => {
                Some((generation, state))
            }
            // Power went between the record and its anchor.
            (Some((generation, state)), Some(anchor))
                if generation.checked_sub(1) == Some(anchor) =>
            {
                self.settle(generation, state)
            }
            (Some((1, state)), None) if beginning => self.settle(1, state),
            _ => None,
        }
    }

    /// Gives a whole record the anchor that it lacks.
    fn settle(&mut self, generation: u32, state: State) -> Option<(u32, State)> {
        self.put_anchor(generation).ok()?;
        Some((generation, state))
    }

    fn newest(&mut self) -> Result<Option<(u32, State)>, StoreError> {
        let mut buffer = [0; ITEM];
        let mut map = map(&mut self.flash, STATES)?;
        let item = block_on(map.fetch_item::<&[u8]>(&mut buffer, &KEY)).map_err(|_| StoreError)?;
        let Some(item) = item else {
            return Ok(None);
        };
        let (generation, record) = item.split_first_chunk().ok_or(StoreError)?;
        let state = State::decode(record).ok_or(StoreError)?;
        Ok(Some((u32::from_le_bytes(*generation), state)))
    }

    fn anchor(&mut self) -> Result<Option<u32>, StoreError> {
        let mut buffer = [0; ITEM];
        let mut map = map(&mut self.flash, ANCHORS)?;
        block_on(map.fetch_item::<u32>(&mut buffer, &KEY)).map_err(|_| StoreError)
    }

    /// Writes a record, and reads it back: cells that don't take it are left behind.
    fn put_state(&mut self, generation: u32, state: &State) -> Result<(), StoreError> {
        let mut record = [0; GENERATION + RECORD_LENGTH];
        record[..GENERATION].copy_from_slice(&generation.to_le_bytes());
        record[GENERATION..].copy_from_slice(&state.encode());
        for _ in 0..ATTEMPTS {
            let mut buffer = [0; ITEM];
            let mut map = map(&mut self.flash, STATES)?;
            block_on(map.store_item(&mut buffer, &KEY, &record.as_slice()))
                .map_err(|_| StoreError)?;
            let mut buffer = [0; ITEM];
            let kept = block_on(map.fetch_item::<&[u8]>(&mut buffer, &KEY));
            if kept.is_ok_and(|kept| kept == Some(&record)) {
                return Ok(());
            }
        }
        Err(StoreError)
    }

    /// Writes an anchor, likewise.
    fn put_anchor(&mut self, generation: u32) -> Result<(), StoreError> {
        for _ in 0..ATTEMPTS {
            let mut buffer = [0; ITEM];
            let mut map = map(&mut self.flash, ANCHORS)?;
            block_on(map.store_item(&mut buffer, &KEY, &generation)).map_err(|_| StoreError)?;
            if self.anchor() == Ok(Some(generation)) {
                return Ok(());
            }
        }
        Err(StoreError)
    }

    fn events(&mut self) -> Result<EventLog, StoreError> {
        let mut log = EventLog::default();
        let mut buffer = [0; size_of::<Record>()];
        let mut queue = queue(&mut self.flash)?;
        let mut events = block_on(queue.iter()).map_err(|_| StoreError)?;
        while let Some(event) = block_on(events.next(&mut buffer)).map_err(|_| StoreError)? {
            log.restore(*event.first_chunk().ok_or(StoreError)?);
        }
        Ok(log)
    }

    fn is_blank(&mut self, from: u32, to: u32) -> bool {
        let mut bytes = [0; 32];
        let mut at = from;
        while at < to {
            if self.flash.read(at, &mut bytes).is_err() || bytes.iter().any(|&byte| byte != 0xFF) {
                return false;
            }
            at += bytes.len() as u32;
        }
        true
    }
}

impl<F: NorFlash> Store for Journal<F> {
    fn save(&mut self, state: &State) -> Result<(), StoreError> {
        let generation = self.generation.checked_add(1).ok_or(StoreError)?;
        self.put_state(generation, state)?;
        self.put_anchor(generation)?;
        self.generation = generation;
        Ok(())
    }

    /// A log that can't take the event begins anew with it.
    fn append(&mut self, event: Record) -> Result<(), StoreError> {
        if block_on(queue(&mut self.flash)?.push(&event, true)).is_ok() {
            return Ok(());
        }
        self.flash
            .erase(EVENTS.start, EVENTS.end)
            .map_err(|_| StoreError)?;
        block_on(queue(&mut self.flash)?.push(&event, true)).map_err(|_| StoreError)
    }

    /// The states go first: until the last anchor has gone too, there is an anchor without a
    /// record, and the fault stays one.
    fn wipe(&mut self) -> Result<(), StoreError> {
        self.flash
            .erase(STATES.start, STATES.end)
            .map_err(|_| StoreError)?;
        self.flash
            .erase(ANCHORS.start, ANCHORS.end)
            .map_err(|_| StoreError)?;
        self.generation = 0;
        Ok(())
    }
}

type NoCache<K> = Cache<Uncached, Uncached, Uncached, K>;

fn map<F: NorFlash>(
    flash: &mut F,
    pages: Range<u32>,
) -> Result<MapStorage<u8, AtOnce<'_, F>, NoCache<u8>>, StoreError> {
    let config = MapConfig::try_new(pages).map_err(|_| StoreError)?;
    Ok(MapStorage::new(
        AtOnce(flash),
        config,
        Cache::new_uncached(),
    ))
}

fn queue<F: NorFlash>(
    flash: &mut F,
) -> Result<QueueStorage<AtOnce<'_, F>, NoCache<()>>, StoreError> {
    let config = QueueConfig::try_new(EVENTS).map_err(|_| StoreError)?;
    Ok(QueueStorage::new(
        AtOnce(flash),
        config,
        Cache::new_uncached(),
    ))
}

#[cfg(test)]
mod tests;
