//! `rig diagnose`: why a lock won't work, found in the order of its guide.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::Utc;
use clap::Args;

use super::images::Firmware;
use super::interrupt::{self, INTERRUPTED};
use super::run::{VIRTUAL, time};
use super::select::{Select, output};
use super::{Exit, Expected, shown};
use crate::bench::file::BenchFile;
use crate::bench::pi::PiBench;
use crate::bench::{Bench, BenchError, VirtualBench};
use crate::diagnose::{Asked, Diagnosis, examine};
use crate::lock::{Door, LockModel};
use crate::play::{Limits, PlayError, Played, Sitting, Situation, play, prepare};
use crate::report::{Ending, Evidence, Record, Setting};
use crate::scenario::Given;
use crate::snapshot::Terms;
use crate::trace::Trace;

/// What is asked.
const TITLE: &str = "Why does the lock not work?";

/// How long a triage may take on a real bench, where a lockout is waited for.
const DEADLINE: Duration = Duration::from_secs(600);

/// Find out why a lock won't work: batteries, codes, glitch, handing, hub, mechanism
#[derive(Debug, Args)]
#[command(
    after_help = "Nothing that the lock keeps is changed, but by a fix: door handing, fresh cells, pairing with \
the rig's hub (--hub) and, with --allow-reset, a factory reset.

Exit codes: 0 the lock works, 1 a cause was found, 2 wrong usage, 3 the rig failed.

Examples:
  rig diagnose --bench bench.yaml --code 1234 --hub
  rig diagnose --code 1234 --after battery/leaking-cells     a virtual lock, as that scenario leaves it"
)]
pub(crate) struct Diagnose {
    /// Where the lock is: `virtual`, or a bench file
    #[arg(long, value_name = "BENCH", default_value = VIRTUAL)]
    bench: PathBuf,
    /// A code that should open; may be said again
    #[arg(long, value_name = "DIGITS", value_parser = digits)]
    code: Vec<String>,
    /// The lock belongs to a hub
    #[arg(long)]
    hub: bool,
    /// A factory reset may be made where it is the cure; it wipes every code
    #[arg(long)]
    allow_reset: bool,
    /// Model of the virtual lock
    #[arg(long, value_name = "MODEL", value_parser = super::lock_model)]
    lock: Option<LockModel>,
    /// Scenario that brings the virtual lock into its trouble; unsaid, the lock is programmed with 1234
    #[arg(long, value_name = "SCENARIO")]
    after: Option<String>,
    /// Firmware image of the virtual lock, in place of the newest in firmware/images
    #[arg(long, value_name = "ELF")]
    firmware: Option<PathBuf>,
    /// How long it may take here
    #[arg(long, value_name = "TIME", value_parser = time)]
    deadline: Option<Duration>,
    /// Folder for the run folder
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

/// A lock ready to be examined.
pub(super) struct Patient {
    pub(super) bench: Box<dyn Bench>,
    pub(super) situation: Situation,
    /// What the scenario before it was.
    pub(super) trace: Option<Trace>,
    setting: Setting,
}

impl Diagnose {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        let deadline = self.deadline.unwrap_or(DEADLINE);
        interrupt::listen()?;
        let limits = Limits {
            deadline: Some((Instant::now() + deadline, deadline)),
            interrupted: &INTERRUPTED,
        };
        let mut patient = Patient::fetch(
            &self.bench,
            self.lock,
            self.after.as_deref(),
            self.firmware.as_deref(),
            limits,
        )?;
        let began = Utc::now();
        let start = Instant::now();
        let asked = Asked {
            codes: self.code.clone(),
            hub: self.hub,
            allow_reset: self.allow_reset,
        };
        let examined = sitting(&mut patient, &asked, limits);
        let safe = patient.bench.make_safe();
        let (diagnosis, steps, played) = match examined {
            Ok(examined) => examined,
            Err(PlayError::Interrupted) => return Ok(Exit::Interrupted),
            Err(error) => return Err(Expected::Play(error)),
        };
        safe.map_err(|error| Expected::Play(PlayError::Bench(error)))?;
        let ending = match diagnosis.causes.is_empty() {
            true => Ending::Passed,
            false => Ending::Differs {
                difference: None,
                misses: Vec::new(),
                violations: Vec::new(),
                pending: None,
            },
        };
        let command: Vec<String> = std::env::args().collect();
        let scenario = format!("title: {TITLE}\ngiven: programmed\nsteps:\n{steps}");
        let record = Record {
            name: "diagnose".to_owned(),
            round: 1,
            title: TITLE.to_owned(),
            path: PathBuf::from(self.after.as_deref().unwrap_or_default()),
            setting: patient.setting,
            ending,
            steps: played
                .trace
                .steps
                .iter()
                .map(|step| step.text.clone())
                .collect(),
            virtual_time: played.trace.end,
            real_time: start.elapsed(),
            folder: None,
            again: command.join(" "),
        };
        let evidence = Evidence {
            scenario: &scenario,
            accepted: None,
            point: None,
            terms: &Terms::default(),
            trace: Some(&played.trace),
            outcomes: Some(&played.outcomes),
            log: &played.log,
            began,
            command: &command,
        };
        let folder = evidence.write(&self.output.clone().unwrap_or_else(output), &record)?;
        let file = folder.join("diagnosis.txt");
        std::fs::write(&file, format!("{diagnosis}\n")).map_err(|error| Expected::Report {
            path: file.clone(),
            problem: error.to_string(),
        })?;
        writeln!(
            std::io::stdout(),
            "{diagnosis}\n\nevidence: {}",
            shown(folder).display()
        )
        .map_err(Expected::Print)?;
        Ok(match diagnosis.causes.is_empty() {
            true => Exit::Pass,
            false => Exit::Differs,
        })
    }
}

impl Patient {
    /// The lock on a bench as it is, or a virtual one as a scenario leaves it.
    pub(super) fn fetch(
        bench: &Path,
        lock: Option<LockModel>,
        after: Option<&str>,
        firmware: Option<&Path>,
        limits: Limits<'_>,
    ) -> Result<Patient, Expected> {
        if bench == Path::new(VIRTUAL) {
            return Patient::in_software(lock, after, firmware, limits);
        }
        let options = [
            (lock.is_some(), "--lock"),
            (after.is_some(), "--after"),
            (firmware.is_some(), "--firmware"),
        ];
        match options.into_iter().find(|(said, _)| *said) {
            Some((_, option)) => Err(Expected::OnlyVirtual { option }),
            None => Patient::on_bench(bench),
        }
    }

    /// A virtual lock as the scenario leaves it.
    fn in_software(
        lock: Option<LockModel>,
        after: Option<&str>,
        firmware: Option<&Path>,
        limits: Limits<'_>,
    ) -> Result<Patient, Expected> {
        let scenario = match after {
            Some(which) => Some(Select::one(which)?.scenario),
            None => None,
        };
        let models = scenario.as_ref().map(|scenario| scenario.locks.as_slice());
        let model = lock
            .or(models.and_then(|models| models.first().copied()))
            .unwrap_or(LockModel::TenKey);
        if models.is_some_and(|models| !models.contains(&model)) {
            return Err(Expected::NoneForLock { model });
        }
        let firmware = match firmware {
            Some(path) => Firmware::read(path)?,
            None => Firmware::released(model)?.ok_or(Expected::NoImage { model })?,
        };
        let flashed = VirtualBench::flashed(model, &firmware.image);
        let (mut bench, _) = flashed.map_err(|error| Expected::Flash {
            path: firmware.path.clone(),
            error,
        })?;
        if let Some(log) = firmware.log {
            bench.listen(log);
        }
        let mut situation = Situation::default();
        let (given, door) = match &scenario {
            Some(scenario) => (scenario.given, scenario.door),
            None => (Given::Programmed, Door::default()),
        };
        let prepared = prepare(&mut bench, &mut situation, given, door, limits);
        if let Err(not_reached) = prepared.map_err(Expected::Play)? {
            return Err(Expected::Unprepared {
                given: not_reached.given.name(),
                outcomes: not_reached.outcomes.to_string(),
            });
        }
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

fn sitting(
    patient: &mut Patient,
    asked: &Asked,
    limits: Limits<'_>,
) -> Result<(Diagnosis, String, Played), PlayError> {
    let mut sitting = Sitting::begin(&mut *patient.bench, &mut patient.situation, limits)?;
    let diagnosis = examine(&mut sitting, asked)?;
    let steps = sitting.performed().to_owned();
    Ok((diagnosis, steps, sitting.finish()?))
}

/// A code on the command line.
fn digits(text: &str) -> Result<String, String> {
    let code = text.bytes().all(|byte| byte.is_ascii_digit()) && (1..=16).contains(&text.len());
    match code {
        true => Ok(text.to_owned()),
        false => Err("a code is digits, 4 to 8 of them".to_owned()),
    }
}
