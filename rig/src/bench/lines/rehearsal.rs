//! Lines without a header: what they are driven to goes to a file, so that anyone can look at it
//! after the process is gone, and to a [`Board`] in software, which answers with edges.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Bias, Drive, Edge, Gpio, Level, LineError, Lines, Watch, monotonic};
use crate::trace::Nanos;

/// How often a board is asked for what it did.
const TICK: Duration = Duration::from_micros(500);

/// A lock board in software, on the same clock as its lines.
pub(crate) trait Board: Send {
    /// A line is driven from outside, from `at` on.
    fn drive(&mut self, line: Gpio, drive: Drive, at: Nanos);

    /// Changes of the board's own lines up to `now`, in time order, that were not returned before.
    /// A line that never changed is low.
    fn changes(&mut self, now: Nanos) -> Result<Vec<(Gpio, Level, Nanos)>, String>;
}

/// A board of nothing but wires, each from one line to another.
pub(crate) struct Wires {
    wires: Vec<(Gpio, Gpio)>,
    changes: Vec<(Gpio, Level, Nanos)>,
}

impl Wires {
    /// These wires.
    pub(crate) fn new(wires: &[(Gpio, Gpio)]) -> Wires {
        Wires {
            wires: wires.to_vec(),
            changes: Vec::new(),
        }
    }
}

impl Board for Wires {
    fn drive(&mut self, line: Gpio, drive: Drive, at: Nanos) {
        let ends = self.wires.iter().filter(|(out, _)| *out == line);
        let level = Level::from(drive == Drive::High);
        self.changes
            .extend(ends.map(|(_, back)| (*back, level, at)));
    }

    fn changes(&mut self, _: Nanos) -> Result<Vec<(Gpio, Level, Nanos)>, String> {
        Ok(std::mem::take(&mut self.changes))
    }
}

struct Shared {
    board: Option<Box<dyn Board>>,
    levels: BTreeMap<Gpio, Level>,
    sequences: BTreeMap<Gpio, u32>,
    edges: VecDeque<Edge>,
    watching: bool,
}

impl Shared {
    /// Lets the board catch up with the clock.
    fn advance(&mut self) -> Result<(), LineError> {
        let Some(board) = &mut self.board else {
            return Ok(());
        };
        let changes = board
            .changes(monotonic())
            .map_err(|reason| LineError::Rehearsal { reason })?;
        for (line, level, at) in changes {
            if self.levels.insert(line, level) == Some(level) || !self.watching {
                continue;
            }
            let sequence = self.sequences.entry(line).or_default();
            *sequence += 1;
            self.edges.push_back(Edge {
                line,
                level,
                at,
                sequence: *sequence,
            });
        }
        Ok(())
    }
}

/// A header that isn't there.
pub(crate) struct Rehearsal {
    file: Option<(File, PathBuf)>,
    shared: Arc<Mutex<Shared>>,
}

impl Rehearsal {
    /// Lines that keep their state in `file`, one byte a line at the offset of its number: `H`, `L`
    /// or `Z` (floating), and `.` or nothing for a line that was never set.
    pub(crate) fn open(
        file: Option<&Path>,
        board: Option<Box<dyn Board>>,
    ) -> Result<Rehearsal, LineError> {
        let file = match file {
            None => None,
            Some(path) => {
                let opened = File::options()
                    .create(true)
                    .truncate(false)
                    .write(true)
                    .open(path)
                    .map_err(|error| rehearsal(path, &error))?;
                Some((opened, path.to_owned()))
            }
        };
        Ok(Rehearsal {
            file,
            shared: Arc::new(Mutex::new(Shared {
                board,
                levels: BTreeMap::new(),
                sequences: BTreeMap::new(),
                edges: VecDeque::new(),
                watching: false,
            })),
        })
    }
}

fn rehearsal(path: &Path, error: &std::io::Error) -> LineError {
    LineError::Rehearsal {
        reason: format!("{}: {error}", path.display()),
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lines for Rehearsal {
    fn name(&self) -> String {
        "rehearsal, no header".to_owned()
    }

    fn set(&mut self, line: Gpio, drive: Drive) -> Result<(), LineError> {
        let (byte, level) = match drive {
            Drive::High => (b'H', Level::High),
            Drive::Low => (b'L', Level::Low),
            Drive::Float => (b'Z', Level::High),
        };
        if let Some((file, path)) = &self.file {
            file.write_all_at(&[byte], u64::from(line.0))
                .map_err(|error| rehearsal(path, &error))?;
        }
        let mut shared = lock(&self.shared);
        shared.advance()?;
        shared.levels.insert(line, level);
        if let Some(board) = &mut shared.board {
            board.drive(line, drive, monotonic());
        }
        Ok(())
    }

    fn read(&mut self, line: Gpio) -> Result<Level, LineError> {
        let mut shared = lock(&self.shared);
        shared.advance()?;
        Ok(shared.levels.get(&line).copied().unwrap_or(Level::Low))
    }

    fn watch(&mut self, _: &[(Gpio, Bias)]) -> Result<Box<dyn Watch>, LineError> {
        let mut shared = lock(&self.shared);
        shared.advance()?;
        shared.watching = true;
        Ok(Box::new(Watched(Arc::clone(&self.shared))))
    }
}

struct Watched(Arc<Mutex<Shared>>);

impl Watch for Watched {
    fn next(&mut self, wait: Duration) -> Result<Option<Edge>, LineError> {
        let end = monotonic() + Nanos::from(wait);
        loop {
            let mut shared = lock(&self.0);
            shared.advance()?;
            let edge = shared.edges.pop_front();
            drop(shared);
            if edge.is_some() || monotonic() >= end {
                return Ok(edge);
            }
            std::thread::sleep(TICK);
        }
    }

    fn level(&mut self, line: Gpio) -> Result<Level, LineError> {
        let shared = lock(&self.0);
        Ok(shared.levels.get(&line).copied().unwrap_or(Level::Low))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LAG, Reader};
    use super::*;

    const KEY: Gpio = Gpio(5);
    const LED: Gpio = Gpio(6);
    const BEEPER: Gpio = Gpio(7);

    /// Answers a press with 100 ms of light and a tone of 4 kHz, leaving out what `merge` says.
    struct Echo {
        planned: VecDeque<(Gpio, Level, Nanos)>,
        merge: std::ops::Range<usize>,
    }

    impl Board for Echo {
        fn drive(&mut self, line: Gpio, drive: Drive, at: Nanos) {
            if (line, drive) == (KEY, Drive::High) {
                self.planned
                    .push_back((LED, Level::High, at + Nanos::from_millis(5)));
                for i in 0..800 {
                    let at = at + Nanos::from_millis(5) + Nanos::from_micros(125 * i as u64);
                    if !self.merge.contains(&i) {
                        self.planned.push_back((BEEPER, (i % 2 == 0).into(), at));
                    }
                }
                self.planned
                    .push_back((LED, Level::Low, at + Nanos::from_millis(105)));
            }
        }

        fn changes(&mut self, now: Nanos) -> Result<Vec<(Gpio, Level, Nanos)>, String> {
            let ready = self.planned.partition_point(|change| change.2 <= now);
            Ok(self.planned.drain(..ready).collect())
        }
    }

    /// Presses and returns all edges, with their times from the press.
    fn press(merge: std::ops::Range<usize>) -> Result<Vec<Edge>, LineError> {
        let board = Echo {
            planned: VecDeque::new(),
            merge,
        };
        let mut lines = Rehearsal::open(None, Some(Box::new(board))).unwrap();
        lines.set(KEY, Drive::Low).unwrap();
        let watched = [(LED, Bias::Off), (BEEPER, Bias::Off)];
        let reader = Reader::start(&mut lines, &watched, &[BEEPER], LAG)?;
        let until = lines.now() + Nanos::from_millis(150);
        // First what the lines are at rest.
        let mut edges = reader.edges(lines.now(), Duration::from_secs(10))?.0;
        lines.set(KEY, Drive::High).unwrap();
        loop {
            let (more, complete_to) = reader.edges(until, Duration::from_millis(20))?;
            edges.extend(more);
            if complete_to >= until {
                return Ok(edges);
            }
        }
    }

    #[test]
    fn a_tone_of_4_khz_is_read_whole() {
        let edges = press(0..0).unwrap();
        assert_eq!(edges.iter().filter(|e| e.line == BEEPER).count(), 800);
        assert_eq!(edges.iter().filter(|e| e.line == LED).count(), 2);
        let beeper: Vec<Nanos> = edges
            .iter()
            .filter(|e| e.line == BEEPER)
            .map(|e| e.at)
            .collect();
        assert_eq!(beeper[799].since(beeper[0]), Nanos::from_micros(125 * 799));
    }

    #[test]
    fn merged_edges_end_the_reading() {
        for merge in [300..301, 300..302, 300..303] {
            let doubt = press(merge).unwrap_err().to_string();
            let skips = "GPIO7: the tone with a period of 250 us skips";
            assert!(doubt.contains(skips), "{doubt}");
        }
    }

    #[test]
    fn what_was_driven_last_is_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let mut lines = Rehearsal::open(Some(&path), None).unwrap();
        for (line, drive) in [
            (2, Drive::High),
            (3, Drive::Float),
            (4, Drive::High),
            (4, Drive::Low),
        ] {
            lines.set(Gpio(line), drive).unwrap();
        }
        drop(lines);
        assert_eq!(std::fs::read(&path).unwrap(), b"\0\0HZL");
    }
}
