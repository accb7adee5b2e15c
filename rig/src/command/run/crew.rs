//! Plays many scenarios at a time, each on a lock of its own, and reports them in their order.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::super::Expected;
use super::super::progress::Runs;
use super::super::select::Selected;
use crate::bench::{Bench, VirtualBench};
use crate::lock::{Door, LockModel};
use crate::outcome::Part;
use crate::play::{
    Limits, NotReached, PlayError, Played, Situation, missing, phase, play, prepare, restorable,
    restore, sweep,
};
use crate::report::Setting;
use crate::scenario::Given;
use crate::snapshot::Tolerance;
use crate::trace::Nanos;

/// A scenario to play on a lock.
pub(super) struct Task<'a> {
    pub(super) selected: &'a Selected,
    pub(super) setting: &'a Setting,
    /// Which repetition it is, from 1.
    pub(super) round: usize,
    /// The flashed lock, or why there is none.
    pub(super) bench: Result<&'a VirtualBench, &'a str>,
    pub(super) eyes: &'a Eyes,
}

/// How well a bench sees.
#[derive(Debug, Default)]
pub(super) struct Eyes {
    /// How far its times may be off, where that is more than usual.
    pub(super) tolerance: Option<Tolerance>,
    /// How far apart its channels' times may be.
    pub(super) skew: Nanos,
    /// What it can't see.
    pub(super) unseen: Vec<Part>,
    /// The snapshots that it is compared with, where they aren't those of the lock's model.
    pub(super) snapshots: Option<String>,
}

/// How a task went.
pub(super) struct Report {
    pub(super) end: End,
    pub(super) began: DateTime<Utc>,
    pub(super) took: Duration,
}

pub(super) enum End {
    Played(Box<Played>),
    NotReached(NotReached),
    Skipped(String),
    Failed(PlayError),
}

/// Who plays the tasks.
pub(super) struct Crew<'a> {
    pub(super) tasks: &'a [Task<'a>],
    pub(super) jobs: NonZeroUsize,
    /// How long a task may take.
    pub(super) deadline: Duration,
    pub(super) interrupted: &'a AtomicBool,
    pub(super) progress: &'a Runs,
}

/// A lock in a given state, to be copied by every scenario that begins in it; or why there is none.
type Ready = Result<(VirtualBench, Situation), NotReached>;

type Slot = Arc<Mutex<Option<Ready>>>;

/// What each kind of lock in each given state costs once.
#[derive(Default)]
struct Givens {
    slots: Mutex<BTreeMap<(LockModel, Given, Door), Slot>>,
    /// Of each model a lock that was never played on, but knows its firmware from those that were.
    expert: Mutex<BTreeMap<LockModel, VirtualBench>>,
}

impl Crew<'_> {
    /// Plays all tasks and hands each report to `tell`, in the order of the tasks, until one returns
    /// false, or fails.
    pub(super) fn work(
        &self,
        mut tell: impl FnMut(&Task<'_>, Report) -> Result<bool, Expected>,
    ) -> Result<(), Expected> {
        let next = AtomicUsize::new(0);
        let givens = Givens::default();
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.get().min(self.tasks.len()) {
                let (sender, next, givens) = (sender.clone(), &next, &givens);
                scope.spawn(move || {
                    while !self.interrupted.load(Ordering::Relaxed) {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(task) = self.tasks.get(index) else {
                            break;
                        };
                        if sender.send((index, self.task(task, givens))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            let mut early = BTreeMap::new();
            let mut due = 0;
            for (index, report) in receiver {
                early.insert(index, report);
                while let Some(report) = early.remove(&due) {
                    let told = tell(&self.tasks[due], report);
                    due += 1;
                    if !matches!(told, Ok(true)) {
                        next.store(self.tasks.len(), Ordering::Relaxed);
                        return told.map(|_| ());
                    }
                }
            }
            Ok(())
        })
    }

    fn task(&self, task: &Task<'_>, givens: &Givens) -> Report {
        self.progress.playing(task.selected.scenario.name.clone());
        let began = Utc::now();
        let start = Instant::now();
        let end = self.end(task, givens).unwrap_or_else(End::Failed);
        Report {
            end,
            began,
            took: start.elapsed(),
        }
    }

    fn end(&self, task: &Task<'_>, givens: &Givens) -> Result<End, PlayError> {
        let scenario = &task.selected.scenario;
        let flashed = match task.bench {
            Ok(bench) => bench,
            Err(reason) => return Ok(End::Skipped(reason.to_owned())),
        };
        if let Some(missing) = missing(scenario, flashed) {
            return Ok(End::Skipped(format!("the bench can't {missing}")));
        }
        let limits = Limits {
            deadline: Some((Instant::now() + self.deadline, self.deadline)),
            interrupted: self.interrupted,
        };
        let ready = givens.ready(
            (task.setting.lock, scenario.given, scenario.door),
            flashed,
            limits,
        )?;
        match ready {
            Ok((mut bench, mut situation)) => {
                givens.teach(&mut bench);
                let begin = bench.now() + phase(task.setting.seed);
                bench.run_until(begin)?;
                let played = match scenario.sweep {
                    Some(_) => sweep(bench, situation, scenario, limits)?,
                    None => {
                        let played = play(&mut bench, &mut situation, scenario, limits)?;
                        givens.learn(&bench, flashed);
                        played
                    }
                };
                Ok(End::Played(Box::new(played)))
            }
            Err(not_reached) => Ok(End::NotReached(not_reached)),
        }
    }
}

impl Givens {
    /// A copy of the lock in the given state, brought there by whoever needs it first. A rig fault on
    /// the way is that one's own, and the next tries again.
    fn ready(
        &self,
        key: (LockModel, Given, Door),
        flashed: &VirtualBench,
        limits: Limits<'_>,
    ) -> Result<Ready, PlayError> {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(key).or_default())
        };
        // Whoever else needs it waits here.
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = &*slot {
            return Ok(ready.clone());
        }
        let (_, given, door) = key;
        let new = || {
            let mut bench = flashed.clone();
            self.teach(&mut bench);
            (bench, Situation::default())
        };
        let (mut bench, mut situation) = new();
        let reached = prepare(&mut bench, &mut situation, given, door, limits)?;
        self.learn(&bench, flashed);
        if reached.is_ok() && restorable(&mut bench, given)? {
            let storage = bench.read_storage()?;
            (bench, situation) = new();
            restore(&mut bench, &mut situation, &storage, door, limits)?;
        }
        let ready = reached.map(|()| (bench, situation));
        *slot = Some(ready.clone());
        Ok(ready)
    }

    /// Lets a lock know what those before it knew of its firmware.
    fn teach(&self, bench: &mut VirtualBench) {
        let expert = self.expert.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(expert) = expert.get(&bench.model()) {
            bench.learn(expert);
        }
    }

    /// Keeps what a lock, which was `flashed` once, has come to know.
    fn learn(&self, bench: &VirtualBench, flashed: &VirtualBench) {
        let mut expert = self.expert.lock().unwrap_or_else(PoisonError::into_inner);
        let expert = expert.entry(bench.model());
        expert.or_insert_with(|| flashed.clone()).learn(bench);
    }
}
