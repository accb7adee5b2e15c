//! The lock that a verb examines or reads: on a bench as it is, or a virtual one as a scenario leaves it.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Expected;
use super::images::Firmware;
use super::run::VIRTUAL;
use super::select::Select;
use crate::bench::file::BenchFile;
use crate::bench::pi::PiBench;
use crate::bench::{Bench, BenchError, VirtualBench};
use crate::lock::{Door, LockModel};
use crate::play::{Limits, Situation, play, prepare};
use crate::report::Setting;
use crate::scenario::Given;
use crate::trace::Trace;

/// Which lock it is.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Where the lock is: `virtual`, or a bench file
    #[arg(long, value_name = "BENCH", default_value = VIRTUAL)]
    pub(super) bench: PathBuf,
    /// Model of the virtual lock
    #[arg(long, value_name = "MODEL", value_parser = super::lock_model)]
    pub(super) lock: Option<LockModel>,
    /// Scenario that the virtual lock has behind it; unsaid, it is programmed with 1234
    #[arg(long, value_name = "SCENARIO")]
    pub(super) after: Option<String>,
    /// Of a sweep, the point that it has behind it
    #[arg(long, value_name = "VALUE", requires = "after")]
    pub(super) point: Option<String>,
    /// Firmware image of the virtual lock, in place of the newest in firmware/images
    #[arg(long, value_name = "ELF")]
    pub(super) firmware: Option<PathBuf>,
}

/// A lock ready to be examined.
pub(super) struct Patient {
    pub(super) bench: Box<dyn Bench>,
    pub(super) situation: Situation,
    /// What the scenario before it was.
    pub(super) trace: Option<Trace>,
    pub(super) setting: Setting,
}

impl Patient {
    /// The lock on a bench as it is, or a virtual one as a scenario leaves it.
    pub(super) fn fetch(which: &Which, limits: Limits<'_>) -> Result<Patient, Expected> {
        if which.bench == Path::new(VIRTUAL) {
            return Patient::in_software(which, limits);
        }
        let options = [
            (which.lock.is_some(), "--lock"),
            (which.after.is_some(), "--after"),
            (which.point.is_some(), "--point"),
            (which.firmware.is_some(), "--firmware"),
        ];
        match options.into_iter().find(|(said, _)| *said) {
            Some((_, option)) => Err(Expected::OnlyVirtual { option }),
            None => Patient::on_bench(&which.bench),
        }
    }

    /// A virtual lock as the scenario leaves it.
    fn in_software(which: &Which, limits: Limits<'_>) -> Result<Patient, Expected> {
        let scenario = match which.after.as_deref() {
            Some(after) => Some(Select::single(after, which.point.as_deref())?.scenario),
            None => None,
        };
        let models = scenario.as_ref().map(|scenario| scenario.locks.as_slice());
        let model = which
            .lock
            .or(models.and_then(|models| models.first().copied()))
            .unwrap_or(LockModel::TenKey);
        if models.is_some_and(|models| !models.contains(&model)) {
            return Err(Expected::NoneForLock { model });
        }
        let firmware = Firmware::chosen(which.firmware.as_deref(), model)?;
        let (given, door) = match &scenario {
            Some(scenario) => (scenario.given, scenario.door),
            None => (Given::Programmed, Door::default()),
        };
        let (mut bench, mut situation) = ready(model, &firmware, given, door, limits)?;
        let trace = match &scenario {
            Some(scenario) => {
                let played = play(&mut bench, &mut situation, scenario, limits);
                Some(played.map_err(Expected::Play)?.trace)
            }
            None => None,
        };
        Ok(Patient {
            bench: Box::new(bench),
            situation,
            trace,
            setting: Setting {
                bench: VIRTUAL.to_owned(),
                lock: model,
                image: firmware.path,
                image_sha256: firmware.sha256,
                seed: 0,
            },
        })
    }

    /// The lock on a real bench, as it is: neither flashed nor reset.
    fn on_bench(path: &Path) -> Result<Patient, Expected> {
        let file = BenchFile::load(path)?;
        let lock = file.lock();
        let open = |error: BenchError| Expected::OpenBench {
            path: path.to_owned(),
            error,
        };
        Ok(Patient {
            bench: Box::new(PiBench::open(file).map_err(open)?),
            situation: Situation::default(),
            trace: None,
            setting: Setting {
                bench: path.display().to_string(),
                lock,
                image: PathBuf::new(),
                image_sha256: String::new(),
                seed: 0,
            },
        })
    }
}

/// A virtual lock with this firmware, in a given state.
pub(super) fn ready(
    model: LockModel,
    firmware: &Firmware,
    given: Given,
    door: Door,
    limits: Limits<'_>,
) -> Result<(VirtualBench, Situation), Expected> {
    let mut bench = firmware.lock(model)?;
    let mut situation = Situation::default();
    let prepared = prepare(&mut bench, &mut situation, given, door, limits);
    match prepared.map_err(Expected::Play)? {
        Ok(()) => Ok((bench, situation)),
        Err(not_reached) => Err(Expected::Unprepared {
            given: not_reached.given.name(),
            outcomes: not_reached.outcomes.to_string(),
        }),
    }
}
