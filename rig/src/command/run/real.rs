//! Plays on a real bench: one lock, one scenario after the other, each on a lock made as new by its
//! debug port or, where it has none, by its own factory reset.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::Utc;

use super::super::images::Firmware;
use super::super::interrupt::{self, INTERRUPTED};
use super::super::progress::Runs;
use super::super::select::output;
use super::super::{Exit, Expected, complain};
use super::accepted::Accepted;
use super::crew::{End, Eyes, Report, Task};
use super::kept::Kept;
use super::live::Live;
use super::teller::Teller;
use super::{Format, Run};
use crate::bench::Bench;
use crate::bench::file::BenchFile;
use crate::bench::pi::PiBench;
use crate::bench::probe::Erase;
use crate::lock::Door;
use crate::outcome::Part;
use crate::play::{
    Limits, NotReached, PlayError, Situation, join, keep, missing, play_before, prepare, renew,
    restorable, restore, safely,
};
use crate::report::Setting;
use crate::scenario::{Given, Scenario};

impl Run {
    /// Plays on the bench that a file describes.
    pub(super) fn on_bench(&self, path: &Path) -> Result<Exit, Expected> {
        if self.seed != 0 {
            return Err(Expected::SeedOnBench {
                path: path.to_owned(),
            });
        }
        let mut scenarios = self.scenarios()?;
        let file = BenchFile::load(path)?;
        let model = file.lock();
        if self.lock.is_some_and(|asked| asked != model) {
            return Err(Expected::OtherLock {
                path: path.to_owned(),
                model,
            });
        }
        scenarios.retain(|selected| selected.scenario.locks.contains(&model));
        if scenarios.is_empty() {
            return Err(Expected::NoneForLock { model });
        }
        let compared = scenarios
            .iter()
            .map(|selected| (selected, file.snapshots()));
        let accepted = Accepted::read(compared, self.accept)?;
        let firmware = self.firmware_for(&file)?;
        let setting = Setting {
            bench: path.display().to_string(),
            lock: model,
            image: firmware
                .as_ref()
                .map_or_else(PathBuf::new, |firmware| firmware.path.clone()),
            image_sha256: firmware
                .as_ref()
                .map_or_else(String::new, |firmware| firmware.sha256.clone()),
            seed: 0,
        };
        interrupt::listen()?;
        let open = |error| Expected::OpenBench {
            path: path.to_owned(),
            error,
        };
        let deadline = self.deadline_on(&file);
        let mut player = BenchPlayer {
            bench: PiBench::open(file.clone()).map_err(open)?,
            firmware,
            deadline,
            kept: Kept::of(&output(), &setting.image_sha256),
        };
        let unseen = Part::without(&player.bench.unseen());
        let eyes = Eyes {
            tolerance: file.tolerance(),
            skew: file.skew(),
            unseen,
            snapshots: Some(file.snapshots().to_owned()),
        };
        let names = scenarios
            .iter()
            .map(|selected| selected.scenario.name.as_str());
        let progress = Runs::one_by_one(self.quiet, scenarios.len() * self.repeat.get());
        let mut teller = Teller::new(self, names, progress.clone(), accepted);
        teller.say(&format!("bench: {}", file.title()))?;
        if !eyes.unseen.is_empty() {
            let parts: Vec<&str> = eyes.unseen.iter().map(|part| part.name()).collect();
            teller.say(&format!(
                "not seen here, so not compared: {}",
                parts.join(", ")
            ))?;
        }
        let repeated = scenarios
            .iter()
            .flat_map(|selected| (1..=self.repeat.get()).map(move |round| (selected, round)));
        for (selected, round) in repeated {
            let task = Task {
                selected,
                setting: &setting,
                round,
                bench: Err("it is played on a real bench"),
                eyes: &eyes,
            };
            let lines = self.format == Format::Text && !self.quiet;
            let mut live = Live::new(&progress, &selected.scenario.name, lines);
            let report = player.report(&selected.scenario, &mut live);
            // After a fault nobody knows what state the bench is in.
            let faulty = matches!(report.end, End::Failed(_));
            if !teller.tell(&task, report)? || faulty {
                break;
            }
        }
        progress.end();
        if INTERRUPTED.load(Ordering::Relaxed) {
            player.bench.make_safe().map_err(open)?;
            complain("rig: stopped; safe: supply off, every contact open");
        }
        teller.finish(None)
    }

    /// The image to flash: none where there is no probe.
    fn firmware_for(&self, file: &BenchFile) -> Result<Option<Firmware>, Expected> {
        let model = file.lock();
        match (&self.firmware, file.has_probe()) {
            (Some(path), true) => Ok(Some(Firmware::meant_for(model, path)?)),
            (Some(_), false) => Err(Expected::NoProbe {
                path: file.path().to_owned(),
            }),
            (None, true) => Firmware::released(model)?
                .map(Some)
                .ok_or(Expected::NoImage { model }),
            (None, false) => Ok(None),
        }
    }

    /// How long a scenario may take: no longer than the bench file allows.
    fn deadline_on(&self, file: &BenchFile) -> Duration {
        match self.deadline {
            Some(asked) => asked.min(file.deadline()),
            None => file.deadline(),
        }
    }
}

struct BenchPlayer {
    bench: PiBench,
    firmware: Option<Firmware>,
    deadline: Duration,
    kept: Kept,
}

impl BenchPlayer {
    fn report(&mut self, scenario: &Scenario, live: &mut Live<'_>) -> Report {
        let began = Utc::now();
        let start = Instant::now();
        let end = self.play(scenario, live).unwrap_or_else(End::Failed);
        Report {
            end,
            began,
            took: start.elapsed(),
        }
    }

    fn play(&mut self, scenario: &Scenario, live: &mut Live<'_>) -> Result<End, PlayError> {
        if let Some(missing) = missing(scenario, &self.bench) {
            return Ok(End::Skipped(format!("the bench can't {missing}")));
        }
        let Some(first) = scenario.sweep else {
            return self.once(scenario, live);
        };
        let mut runs = Vec::new();
        for (index, _) in scenario.points() {
            match self.once(&scenario.at(index), live)? {
                End::Played(played) => runs.push(*played),
                other => return Ok(other),
            }
        }
        Ok(End::Played(Box::new(join(first, runs)?)))
    }

    /// A scenario without a sweep, on a lock made as new.
    fn once(&mut self, scenario: &Scenario, live: &mut Live<'_>) -> Result<End, PlayError> {
        let limits = Limits {
            deadline: Some((Instant::now() + self.deadline, self.deadline)),
            interrupted: &INTERRUPTED,
        };
        let mut situation = Situation::default();
        let done = self.fresh(scenario, &mut situation, limits, live);
        // However it ended, and again if it has been done.
        safely(done, self.bench.make_safe())
    }

    /// By the lock's own procedures, and keeps what it keeps then.
    fn reach(
        &mut self,
        given: Given,
        door: Door,
        situation: &mut Situation,
        limits: Limits<'_>,
    ) -> Result<Result<(), NotReached>, PlayError> {
        let bench = &mut self.bench;
        let reached = prepare(bench, situation, given, door, limits)?;
        if reached.is_ok() && restorable(bench, given)? {
            let storage = keep(bench, situation, limits)?;
            if let Err(error) = self.kept.put(given, door, storage) {
                complain(format_args!(
                    "rig: failed to keep the state `{}`: {error}",
                    given.name()
                ));
            }
        }
        Ok(reached)
    }

    fn fresh(
        &mut self,
        scenario: &Scenario,
        situation: &mut Situation,
        limits: Limits<'_>,
        live: &mut Live<'_>,
    ) -> Result<End, PlayError> {
        let (given, door) = (scenario.given, scenario.door);
        let kept = match restorable(&mut self.bench, given)? {
            true => self.kept.get(given, door).cloned(),
            false => None,
        };
        live.preparing(match self.firmware {
            Some(_) => "flashing",
            None => "factory reset",
        });
        match (&self.firmware, kept) {
            (Some(firmware), Some(storage)) => {
                let image = &firmware.image;
                self.bench.flash(image, Erase::Nothing, &mut |_| {})?;
                live.preparing(given.name());
                restore(&mut self.bench, situation, &storage, door, limits)?;
            }
            (Some(firmware), None) => {
                let image = &firmware.image;
                self.bench.flash(image, Erase::Journal, &mut |_| {})?;
                live.preparing(given.name());
                if let Err(not_reached) = self.reach(given, door, situation, limits)? {
                    return Ok(End::NotReached(not_reached));
                }
            }
            (None, _) => {
                if let Err(not_reached) = renew(&mut self.bench, situation, limits)? {
                    return Ok(End::NotReached(not_reached));
                }
                live.preparing(given.name());
                let bench = &mut self.bench;
                if let Err(not_reached) = prepare(bench, situation, given, door, limits)? {
                    return Ok(End::NotReached(not_reached));
                }
            }
        }
        let played = play_before(&mut self.bench, situation, scenario, limits, Some(live))?;
        Ok(End::Played(Box::new(played)))
    }
}
