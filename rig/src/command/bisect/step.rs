//! One version, for `git bisect run`: 0 is good, 1 is bad, 125 can't be tried, and 128 stops the
//! bisect, because what is wrong would be wrong with every version.

use std::path::{Path, PathBuf};

use super::super::images::Firmware;
use super::super::interrupt::{self, INTERRUPTED};
use super::super::run::DEADLINE;
use super::super::select::{Select, Selected};
use super::super::shrink::model;
use super::super::{Exit, Expected};
use super::{Bisect, say};
use crate::lock::LockModel;
use crate::outcome::{Outcomes, one_line};
use crate::play::PlayError;
use crate::search::{Forks, Run, build, find};
use crate::snapshot::{Store, Terms, difference};

impl Bisect {
    /// Tries one version. Errors are told here: their usual exit codes would mean "bad".
    pub(super) fn one(&self) -> Exit {
        self.tried().unwrap_or_else(|error| {
            error.complain();
            match error.exit() {
                Exit::Interrupted => Exit::Interrupted,
                _ => Exit::Stop,
            }
        })
    }

    fn tried(&self) -> Result<Exit, Expected> {
        let selected = Select::single(&self.scenario, self.point.as_deref())?;
        let scenario = &selected.scenario;
        let model = model(scenario, self.lock, None)?;
        interrupt::listen()?;
        let right = self.right(&selected, model)?;
        let (image, built): (PathBuf, Result<(), String>) = match (&self.build, &self.image) {
            (Some(command), Some(image)) => (image.clone(), build(Path::new("."), command, image)),
            _ => match &self.firmware {
                Some(image) => (image.clone(), Ok(())),
                None => return Err(Expected::NothingToTry),
            },
        };
        if INTERRUPTED.load(std::sync::atomic::Ordering::Relaxed) {
            return Ok(Exit::Interrupted);
        }
        if let Err(reason) = built {
            say(&format!("skip: {reason}"))?;
            return Ok(Exit::Skip);
        }
        let lock = Firmware::read(&image).and_then(|firmware| firmware.lock(model));
        let lock = match lock {
            Ok(lock) => lock,
            Err(error) => {
                say(&format!("skip: the rig failed to {error}"))?;
                return Ok(Exit::Skip);
            }
        };
        let run = match Forks::new(lock, &INTERRUPTED, DEADLINE).play(scenario) {
            Ok(run) => run,
            Err(PlayError::Interrupted) => return Ok(Exit::Interrupted),
            Err(error) => {
                say(&format!("skip: the rig failed to {error}"))?;
                return Ok(Exit::Skip);
            }
        };
        match right.wrong(&selected, &run) {
            None => {
                say("good")?;
                Ok(Exit::Pass)
            }
            Some(wrong) => {
                say(&format!("bad\n{wrong}"))?;
                Ok(Exit::Differs)
            }
        }
    }

    /// What the version is compared with.
    fn right(&self, selected: &Selected, model: LockModel) -> Result<Right, Expected> {
        if let Some(path) = &self.good {
            let lock = Firmware::read(Path::new(path))?.lock(model)?;
            let run = Forks::new(lock, &INTERRUPTED, DEADLINE).play(&selected.scenario)?;
            return Ok(Right::Like(Box::new(run)));
        }
        let store = Store::new(selected.folder.snapshots())?;
        let name = &selected.scenario.name;
        let accepted = store.accepted(model.name(), name)?;
        let expects = selected
            .scenario
            .steps
            .iter()
            .any(|step| !step.expect.is_empty());
        match accepted {
            Some(outcomes) => {
                let headings = outcomes.blocks.iter().map(|block| block.heading.clone());
                let steps = selected
                    .scenario
                    .steps
                    .iter()
                    .map(|step| one_line(&step.text));
                if !headings.eq(steps) {
                    return Err(Expected::StaleSnapshot { name: name.clone() });
                }
                Ok(Right::Accepted(outcomes))
            }
            None if expects => Ok(Right::Itself),
            None => Err(Expected::NothingRight { name: name.clone() }),
        }
    }
}

/// What is right.
enum Right {
    /// What this run did.
    Like(Box<Run>),
    /// What was accepted, and what the scenario itself says.
    Accepted(Outcomes),
    /// What the scenario itself says.
    Itself,
}

impl Right {
    /// What is wrong, if something is.
    fn wrong(&self, selected: &Selected, run: &Run) -> Option<String> {
        let scenario = &selected.scenario;
        let good = match self {
            Right::Like(good) => Some(good.as_ref()),
            Right::Accepted(_) | Right::Itself => None,
        };
        let found = find(scenario, &[], run, good);
        let mut wrong: Vec<String> = found.iter().map(ToString::to_string).collect();
        if let (Right::Accepted(accepted), Run::Played(played)) = (self, run) {
            let terms = Terms {
                tolerance: scenario.tolerance.unwrap_or_default(),
                ..Terms::default()
            };
            let difference = difference(accepted, &played.outcomes, &terms);
            if !difference.is_empty() {
                wrong.push(difference.to_string());
            }
        }
        (!wrong.is_empty()).then(|| wrong.join("\n"))
    }
}
