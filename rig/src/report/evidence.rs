//! The run folder: outcomes, trace, log, and what is needed to do it again. Written whatever the end.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Console, Ending, Record};
use crate::bench::log::LogLine;
use crate::outcome::Outcomes;
use crate::snapshot::Terms;
use crate::trace::Trace;

/// The folder can't be written.
#[derive(Debug, thiserror::Error)]
#[error("write the run folder {}: {source}", path.display())]
pub struct EvidenceError {
    path: PathBuf,
    source: io::Error,
}

/// What a run leaves behind beside its record.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The text of the scenario that was played.
    pub scenario: &'a str,
    /// The one point of its sweep that was played.
    pub point: Option<&'a str>,
    /// What was recorded, where it came to playing.
    pub trace: Option<&'a Trace>,
    /// The same in words.
    pub outcomes: Option<&'a Outcomes>,
    /// What was accepted when it was judged.
    pub accepted: Option<&'a Outcomes>,
    /// What it was judged by.
    pub terms: &'a Terms,
    /// What the firmware logged, in time order.
    pub log: &'a [LogLine],
    /// When the run began.
    pub began: DateTime<Utc>,
    /// The arguments that the run was started with, the program's name first.
    pub command: &'a [String],
}

/// `run.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) scenario: String,
    pub(crate) round: usize,
    pub(crate) title: String,
    pub(crate) path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) point: Option<String>,
    pub(crate) lock: String,
    pub(crate) bench: String,
    pub(crate) image: Image,
    pub(crate) seed: u64,
    pub(crate) began: String,
    pub(crate) outcome: String,
    pub(crate) exit: u8,
    pub(crate) wrong: Vec<String>,
    pub(crate) tolerance: String,
    pub(crate) unseen: Vec<String>,
    pub(crate) virtual_nanoseconds: u64,
    pub(crate) real_seconds: f64,
    pub(crate) versions: Versions,
    pub(crate) command: Vec<String>,
    pub(crate) again: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Image {
    pub(crate) file: String,
    pub(crate) sha256: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Versions {
    pub(crate) rig: String,
    pub(crate) trace: u32,
}

/// Names of the files in a run folder.
pub(crate) mod file {
    pub(crate) const SCENARIO: &str = "scenario.yaml";
    pub(crate) const OUTCOMES: &str = "outcomes.txt";
    pub(crate) const ACCEPTED: &str = "accepted.txt";
    pub(crate) const TRACE: &str = "trace.vcd";
    pub(crate) const LOG: &str = "log.txt";
    pub(crate) const REPORT: &str = "report.txt";
    pub(crate) const RUN: &str = "run.json";
}

impl Evidence<'_> {
    /// Writes a folder for `record` into `parent` and says where.
    pub fn write(&self, parent: &Path, record: &Record) -> Result<PathBuf, EvidenceError> {
        let folder = make_folder(parent, &self.folder_name(record))?;
        self.fill(&folder, record).map_err(|source| EvidenceError {
            path: folder.clone(),
            source,
        })?;
        Ok(folder)
    }

    fn folder_name(&self, record: &Record) -> String {
        let time = self.began.format("%Y%m%dT%H%M%S");
        format!("{time}-{}", record.name.replace('/', "-"))
    }

    fn fill(&self, folder: &Path, record: &Record) -> io::Result<()> {
        fs::write(folder.join(file::SCENARIO), self.scenario)?;
        for (name, outcomes) in [
            (file::OUTCOMES, self.outcomes),
            (file::ACCEPTED, self.accepted),
        ] {
            if let Some(outcomes) = outcomes {
                fs::write(folder.join(name), format!("{outcomes}\n"))?;
            }
        }
        if let Some(trace) = self.trace {
            let comment = format!("{} on {}", record.name, record.setting.lock);
            trace.write_vcd(fs::File::create(folder.join(file::TRACE))?, &comment)?;
        }
        fs::write(folder.join(file::LOG), self.log(record))?;
        let mut report = Vec::new();
        let mut console = Console::new(&mut report, false, 0);
        console.record(record)?;
        console.details(record)?;
        fs::write(folder.join(file::REPORT), report)?;
        let mut json = serde_json::to_vec_pretty(&self.run(record)).map_err(io::Error::other)?;
        json.push(b'\n');
        fs::write(folder.join(file::RUN), json)
    }

    fn run(&self, record: &Record) -> Run {
        Run {
            scenario: record.name.clone(),
            round: record.round,
            title: record.title.clone(),
            path: record.path.display().to_string(),
            point: self.point.map(str::to_owned),
            lock: record.setting.lock.name().to_owned(),
            bench: record.setting.bench.clone(),
            image: Image {
                file: record.setting.image.display().to_string(),
                sha256: record.setting.image_sha256.clone(),
            },
            seed: record.setting.seed,
            began: self
                .began
                .to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            outcome: record.ending.word().to_owned(),
            exit: record.ending.exit().code(),
            wrong: record.wrong(),
            tolerance: self.terms.tolerance.to_string(),
            unseen: self
                .terms
                .unseen
                .iter()
                .map(|part| part.name().to_owned())
                .collect(),
            virtual_nanoseconds: record.virtual_time.0,
            real_seconds: record.real_time.as_secs_f64(),
            versions: Versions {
                rig: env!("CARGO_PKG_VERSION").to_owned(),
                trace: 1,
            },
            command: self.command.to_vec(),
            again: record.again.clone(),
        }
    }

    /// What was done when, what the firmware logged, and how it ended.
    pub fn log(&self, record: &Record) -> String {
        let mut log = String::new();
        if let Some(trace) = self.trace {
            let mut lines = self.log;
            for step in &trace.steps {
                let before = lines.partition_point(|line| line.at < step.start);
                log += &lines[..before].iter().map(logged).collect::<String>();
                lines = &lines[before..];
                log += &format!("{:.6}  step {}: {}\n", step.start, step.number, step.text);
            }
            log += &lines.iter().map(logged).collect::<String>();
            log += &format!("{:.6}  end, {} events\n", trace.end, trace.events.len());
        }
        log += &match &record.ending {
            Ending::Fault(error) => format!("error: failed to {error}\n"),
            Ending::Skipped(reason) => format!("skipped: {reason}\n"),
            ending => format!("{}\n", ending.word()),
        };
        if let Ending::NotReached(not_reached) = &record.ending {
            log += &format!("{}\n", not_reached.outcomes);
        }
        log
    }
}

/// A line of the firmware's, under the step that it came in.
fn logged(line: &LogLine) -> String {
    format!(
        "{:.6}    {}: {}\n",
        line.at,
        line.level.unwrap_or("print"),
        line.text
    )
}

/// Makes a folder of that name, or of that name and a number where it is taken.
fn make_folder(parent: &Path, name: &str) -> Result<PathBuf, EvidenceError> {
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |source| EvidenceError { path, source }
    };
    fs::create_dir_all(parent).map_err(fail(parent))?;
    let mut folder = parent.join(name);
    for number in 2.. {
        match fs::create_dir(&folder) {
            Ok(()) => break,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                folder = parent.join(format!("{name}-{number}"));
            }
            Err(error) => return Err(fail(&folder)(error)),
        }
    }
    Ok(folder)
}
