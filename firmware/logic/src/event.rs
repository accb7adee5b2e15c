//! The event log: what happened last, up to 64 times, each eight bytes: what, two bytes about it,
//! and the milliseconds since boot in five, least significant first.

use crate::time::Moment;

/// Events that are kept.
pub const EVENTS: usize = 64;

/// An event as it is kept and told.
pub type Record = [u8; 8];

/// What happened, with its first byte; what follows it is said in `firmware/README.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum What {
    Boot = 1,
    Entry = 2,
    Motor = 3,
    Jam = 4,
    Battery = 5,
    Programming = 6,
    Hub = 7,
    Reset = 8,
    Fault = 9,
}

/// The last events, and how many of them aren't in the journal yet.
#[derive(Debug, Clone)]
pub struct EventLog {
    records: [Record; EVENTS],
    /// Where the oldest is.
    first: usize,
    count: usize,
    unsaved: usize,
}

impl Default for EventLog {
    fn default() -> Self {
        Self {
            records: [[0; 8]; EVENTS],
            first: 0,
            count: 0,
            unsaved: 0,
        }
    }
}

impl EventLog {
    /// Adds an event that the journal has already.
    pub fn restore(&mut self, record: Record) {
        if self.count < EVENTS {
            self.records[(self.first + self.count) % EVENTS] = record;
            self.count += 1;
        } else {
            self.records[self.first] = record;
            self.first = (self.first + 1) % EVENTS;
        }
    }

    /// The events, the oldest first.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        (0..self.count).filter_map(|index| self.get(index))
    }

    pub(crate) fn note(&mut self, now: Moment, what: What, about: [u8; 2]) {
        let [a, b] = about;
        let [t0, t1, t2, t3, t4, ..] = now.as_millis().to_le_bytes();
        self.restore([what as u8, a, b, t0, t1, t2, t3, t4]);
        self.unsaved = (self.unsaved + 1).min(EVENTS);
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// The event `index` after the oldest.
    pub(crate) fn get(&self, index: usize) -> Option<&Record> {
        (index < self.count).then(|| &self.records[(self.first + index) % EVENTS])
    }

    /// The oldest event that isn't in the journal yet.
    pub(crate) fn unsaved(&self) -> Option<Record> {
        self.get(self.count - self.unsaved)
            .filter(|_| self.unsaved > 0)
            .copied()
    }

    /// It is now.
    pub(crate) fn saved(&mut self) {
        self.unsaved = self.unsaved.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sixty_four_are_kept_in_order() {
        let mut log = EventLog::default();
        for number in 0..100 {
            log.note(
                Moment::from_micros(number * 1000),
                What::Entry,
                [number as u8, 0],
            );
        }
        let kept: Vec<_> = log.records().map(|record| record[1]).collect();
        assert_eq!(kept, (36..100).collect::<Vec<_>>());
        assert_eq!(log.get(0), Some(&[2, 36, 0, 36, 0, 0, 0, 0]));
    }

    #[test]
    fn each_is_saved_once() {
        let mut log = EventLog::default();
        log.restore([9; 8]);
        assert_eq!(log.unsaved(), None);
        log.note(Moment::BOOT, What::Boot, [0, 0]);
        log.note(Moment::BOOT, What::Entry, [1, 0]);
        for expected in [1, 2] {
            assert_eq!(log.unsaved().map(|record| record[0]), Some(expected));
            log.saved();
        }
        assert_eq!(log.unsaved(), None);
    }
}
