//! The run folder: outcomes, trace, log, and what is needed to do it again. Written whatever the end.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Ending, Record};
use crate::bench::log::LogLine;
use crate::outcome::Outcomes;
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
    /// What was recorded, where it came to playing.
    pub trace: Option<&'a Trace>,
    /// The same in words.
    pub outcomes: Option<&'a Outcomes>,
    /// What the firmware logged, in time order.
    pub log: &'a [LogLine],
    /// When the run began.
    pub began: DateTime<Utc>,
    /// The arguments that the run was started with, the program's name first.
    pub command: &'a [String],
}

#[derive(Serialize)]
struct Run<'a> {
    scenario: &'a str,
    title: &'a str,
    path: String,
    lock: &'a str,
    bench: &'a str,
    image: Image<'a>,
    seed: u64,
    began: String,
    outcome: &'a str,
    exit: u8,
    virtual_nanoseconds: u64,
    real_seconds: f64,
    versions: Versions,
    command: &'a [String],
    again: &'a str,
}

#[derive(Serialize)]
struct Image<'a> {
    file: String,
    sha256: &'a str,
}

#[derive(Serialize)]
struct Versions {
    rig: &'static str,
    trace: u32,
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
        if let Some(outcomes) = self.outcomes {
            fs::write(folder.join("outcomes.txt"), format!("{outcomes}\n"))?;
        }
        if let Some(trace) = self.trace {
            let mut file = BufWriter::new(fs::File::create(folder.join("trace.vcd"))?);
            let comment = format!("{} on {}", record.name, record.setting.lock);
            trace.write_vcd(&mut file, &comment)?;
            file.flush()?;
        }
        fs::write(folder.join("log.txt"), self.log(record))?;
        let run = Run {
            scenario: &record.name,
            title: &record.title,
            path: record.path.display().to_string(),
            lock: record.setting.lock.name(),
            bench: &record.setting.bench,
            image: Image {
                file: record.setting.image.display().to_string(),
                sha256: &record.setting.image_sha256,
            },
            seed: record.setting.seed,
            began: self
                .began
                .to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            outcome: record.ending.word(),
            exit: record.ending.exit().code(),
            virtual_nanoseconds: record.virtual_time.0,
            real_seconds: record.real_time.as_secs_f64(),
            versions: Versions {
                rig: env!("CARGO_PKG_VERSION"),
                trace: 1,
            },
            command: self.command,
            again: &record.again,
        };
        let mut json = serde_json::to_vec_pretty(&run).map_err(io::Error::other)?;
        json.push(b'\n');
        fs::write(folder.join("run.json"), json)
    }

    /// What was done when, and how it ended.
    fn log(&self, record: &Record) -> String {
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
