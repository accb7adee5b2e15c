//! `rig diagnose`: why a lock won't work, found in the order of its guide.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use chrono::Utc;
use clap::Args;

use super::interrupt::{self, INTERRUPTED};
use super::patient::{Patient, Which};
use super::run::time;
use super::select::output;
use super::{Exit, Expected, shown};
use crate::diagnose::{Asked, Diagnosis, examine};
use crate::play::{Limits, PlayError, Played, Sitting, safely};
use crate::report::{Ending, Evidence, Record};
use crate::snapshot::Terms;

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
  rig diagnose --code 1234 --after battery/one-leaking-cell  a virtual lock, as that scenario leaves it"
)]
pub(crate) struct Diagnose {
    #[command(flatten)]
    of: Which,
    /// A code that should open; may be said again
    #[arg(long, value_name = "DIGITS", value_parser = digits)]
    code: Vec<String>,
    /// The lock belongs to a hub
    #[arg(long)]
    hub: bool,
    /// A factory reset may be made where it is the cure; it wipes every code
    #[arg(long)]
    allow_reset: bool,
    /// How long it may take here
    #[arg(long, value_name = "TIME", value_parser = time)]
    deadline: Option<Duration>,
    /// Folder for the run folder
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

impl Diagnose {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        let deadline = self.deadline.unwrap_or(DEADLINE);
        interrupt::listen()?;
        let limits = Limits {
            deadline: Some((Instant::now() + deadline, deadline)),
            interrupted: &INTERRUPTED,
        };
        let mut patient = Patient::fetch(&self.of, limits)?;
        let began = Utc::now();
        let start = Instant::now();
        let asked = Asked {
            codes: self.code.clone(),
            hub: self.hub,
            allow_reset: self.allow_reset,
        };
        let examined = sitting(&mut patient, &asked, limits);
        let examined = safely(examined, patient.bench.make_safe());
        let (diagnosis, steps, played) = match examined {
            Ok(examined) => examined,
            Err(PlayError::Interrupted) => return Ok(Exit::Interrupted),
            Err(error) => return Err(Expected::Play(error)),
        };
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
            path: PathBuf::from(self.of.after.as_deref().unwrap_or_default()),
            setting: patient.setting,
            ending,
            steps: played
                .trace
                .steps
                .iter()
                .map(|step| step.text.clone())
                .collect(),
            sweep: Vec::new(),
            sweep_accepted: Vec::new(),
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
        false => Err("it is the code that was tried, 1 to 16 digits".to_owned()),
    }
}
