//! Tells how each run ended, and how all of them did.

use std::time::{Duration, Instant};

use chrono::Utc;

use super::super::interrupt::INTERRUPTED;
use super::super::{Exit, Expected, colour_on_stdout};
use super::crew::{Report, Task};
use super::judge::Judge;
use super::{Format, Run, print_json, write_html, write_junit};
use crate::report::html::Told;
use crate::report::{Console, Record, exit};

/// Tells the runs of a `rig run`.
pub(super) struct Teller<'r> {
    run: &'r Run,
    console: Console<std::io::Stdout>,
    judge: Judge,
    records: Vec<Record>,
    told: Vec<Told>,
    started: String,
    began: Instant,
}

impl<'r> Teller<'r> {
    /// A teller of runs of these scenarios' names. Time counts from now.
    pub(super) fn new<'n>(run: &'r Run, names: impl Iterator<Item = &'n str>) -> Teller<'r> {
        let width = names.map(str::len).max().unwrap_or(0);
        Teller {
            run,
            console: Console::new(std::io::stdout(), colour_on_stdout(), width),
            judge: Judge::new(run),
            records: Vec::new(),
            told: Vec::new(),
            started: Utc::now().format("%Y-%m-%d %H:%M:%S UTC").to_string(),
            began: Instant::now(),
        }
    }

    /// Says something to people.
    pub(super) fn say(&mut self, text: &str) -> Result<(), Expected> {
        if self.run.format == Format::Text {
            self.console.say(text).map_err(Expected::Print)?;
        }
        Ok(())
    }

    /// Tells how a run ended; false if it is to be the last.
    pub(super) fn tell(&mut self, task: &Task<'_>, report: Report) -> Result<bool, Expected> {
        let judged = self.judge.record(task, report)?;
        let record = judged.record.clone();
        if self.run.html.is_some() {
            self.told.push(judged);
        }
        match self.run.format {
            Format::Text => self.console.record(&record).map_err(Expected::Print)?,
            Format::Json => print_json(&record)?,
        }
        let go_on =
            !self.run.fail_fast || matches!(record.ending.exit(), Exit::Pass | Exit::Nothing);
        self.records.push(record);
        Ok(go_on)
    }

    /// Tells how all of it ended. `flash` is how long flashing took.
    pub(super) fn finish(mut self, flash: Option<Duration>) -> Result<Exit, Expected> {
        let elapsed = self.began.elapsed();
        if self.run.format == Format::Text {
            for record in &self.records {
                self.console.details(record).map_err(Expected::Print)?;
            }
            self.console
                .summary(&self.records, elapsed, flash)
                .map_err(Expected::Print)?;
        }
        if let Some(path) = &self.run.junit {
            write_junit(path, &self.records, elapsed)?;
        }
        if let Some(path) = &self.run.html {
            write_html(path, &self.told, &self.started)?;
        }
        if INTERRUPTED.load(std::sync::atomic::Ordering::Relaxed) {
            return Ok(Exit::Interrupted);
        }
        Ok(exit(&self.records))
    }
}
