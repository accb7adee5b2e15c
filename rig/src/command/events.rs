//! `rig events`: the logs that `rig import` reads, from a lock: its own events, read over its hub's bus,
//! or what went over that bus while a scenario was played.

use std::io::Write;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use super::interrupt::{self, INTERRUPTED};
use super::patient::{Patient, Which};
use super::{Exit, Expected, complain};
use crate::bench::Capability;
use crate::import::{binary, capture_text, csv, events_of, json, text};
use crate::play::{Limits, safely};
use crate::trace::Trace;

/// How long reading 64 events may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// Write a lock's log: its last events, or what its hub heard
#[derive(Debug, Args)]
#[command(
    after_help = "A lock that knows no hub is paired with the rig's own; what reading adds to the log is left out.

Exit codes: 0 read, 1 the lock doesn't tell, 2 wrong usage, 3 the rig failed.

Examples:
  rig events --after codes/three-wrong-codes > owner.log
  rig events --after hub/tells-jams --as csv > alarms.csv"
)]
pub(crate) struct Events {
    #[command(flatten)]
    of: Which,
    /// Which log
    #[arg(
        long = "as",
        value_name = "FORMAT",
        default_value = "events",
        value_enum
    )]
    form: Form,
}

/// The logs that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// The lock's events, a line each
    Events,
    /// The same in records of eight bytes
    Binary,
    /// Frames on the hub's bus while the scenario of --after was played
    Capture,
    /// Z-Wave alarm reports of the same time, as CSV
    Csv,
    /// The same as a JSON object a line
    Json,
}

impl Events {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        interrupt::listen()?;
        let limits = Limits {
            deadline: Some((Instant::now() + DEADLINE, DEADLINE)),
            interrupted: &INTERRUPTED,
        };
        let mut patient = Patient::fetch(&self.of, limits)?;
        let played = |told: fn(&Trace) -> String| match &patient.trace {
            Some(trace) => Ok(told(trace).into_bytes()),
            None => Err(Expected::NothingPlayed),
        };
        let bytes = match self.form {
            Form::Capture => played(capture_text)?,
            Form::Csv => played(csv)?,
            Form::Json => played(json)?,
            Form::Events | Form::Binary => match self.read(&mut patient, limits)? {
                Some(bytes) => bytes,
                None => {
                    complain("the lock doesn't tell its events");
                    return Ok(Exit::Differs);
                }
            },
        };
        std::io::stdout()
            .write_all(&bytes)
            .map_err(Expected::Print)?;
        Ok(Exit::Pass)
    }

    /// Reads the lock's events; `None` when it doesn't tell them.
    fn read(&self, patient: &mut Patient, limits: Limits<'_>) -> Result<Option<Vec<u8>>, Expected> {
        if !patient.bench.capabilities().contains(&Capability::Hub) {
            return Err(Expected::Play(
                crate::bench::BenchError::Unable(Capability::Hub).into(),
            ));
        }
        let read = events_of(&mut *patient.bench, &mut patient.situation, limits);
        let read = safely(read, patient.bench.make_safe()).map_err(Expected::Play)?;
        Ok(read.map(|records| match self.form {
            Form::Binary => binary(&records),
            _ => text(&records).into_bytes(),
        }))
    }
}
