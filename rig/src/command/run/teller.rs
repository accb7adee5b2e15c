//! Tells how each run ended, and how all of them did.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use chrono::Utc;

use super::super::interrupt::INTERRUPTED;
use super::super::progress::Runs;
use super::super::{Exit, Expected, colour_on_stdout};
use super::accepted::Accepted;
use super::crew::{Report, Task};
use super::judge::Judge;
use super::rounds::Rounds;
use super::{Format, Run, print_json, print_json_line, write_html, write_junit};
use crate::report::html::Shown;
use crate::report::{Console, Record, exit, rounds_line};

/// Tells the runs of a `rig run`.
pub(super) struct Teller<'r> {
    run: &'r Run,
    console: Console<std::io::Stdout>,
    judge: Judge,
    progress: Runs,
    records: Vec<Record>,
    /// Repetitions that wait for the last of them.
    rounds: Rounds,
    shown: Vec<Shown>,
    started: String,
    began: Instant,
    /// Whoever read the output has gone: the runs go on, and end with their own exit code.
    unheard: bool,
}

impl<'r> Teller<'r> {
    /// A teller of runs of these scenarios' names. Time counts from now.
    pub(super) fn new<'n>(
        run: &'r Run,
        names: impl Iterator<Item = &'n str>,
        progress: Runs,
        accepted: Accepted,
    ) -> Teller<'r> {
        let width = names.map(str::len).max().unwrap_or(0);
        Teller {
            run,
            console: Console::new(std::io::stdout(), colour_on_stdout(), width),
            judge: Judge::new(run, accepted),
            progress,
            records: Vec::new(),
            rounds: Rounds::default(),
            shown: Vec::new(),
            started: Utc::now().format("%Y-%m-%d %H:%M:%S UTC").to_string(),
            began: Instant::now(),
            unheard: false,
        }
    }

    /// Prints, unless nobody reads any more.
    fn print(
        &mut self,
        print: impl FnOnce(&mut Console<std::io::Stdout>) -> Result<(), Expected>,
    ) -> Result<(), Expected> {
        if self.unheard {
            return Ok(());
        }
        match self.progress.above(|| print(&mut self.console)) {
            Err(Expected::Print(error)) if error.kind() == ErrorKind::BrokenPipe => {
                self.unheard = true;
                Ok(())
            }
            printed => printed,
        }
    }

    /// Says something to people.
    pub(super) fn say(&mut self, text: &str) -> Result<(), Expected> {
        if self.run.format == Format::Text && !self.run.quiet {
            self.print(|console| console.say(text).map_err(Expected::Print))?;
        }
        Ok(())
    }

    /// How many runs have been told.
    pub(super) fn count(&self) -> usize {
        self.records.len()
    }

    /// Tells how a run ended; false if it is to be the last.
    pub(super) fn tell(&mut self, task: &Task<'_>, report: Report) -> Result<bool, Expected> {
        let judged = self.judge.record(task, report)?;
        let record = judged.record.clone();
        let repeated = self.run.repeat.get() > 1;
        if repeated {
            let outcomes = judged.played.as_ref().map(|played| &played.outcomes);
            self.rounds.add(record.clone(), outcomes);
        }
        let fine = matches!(record.ending.exit(), Exit::Pass | Exit::Nothing);
        // A page of a hundred repetitions that passed shows nothing more than the first.
        if self.run.html.is_some() && (record.round == 1 || !fine) {
            self.shown.push(judged.shown());
        }
        match self.run.format {
            Format::Text if repeated || (self.run.quiet && fine) => {}
            Format::Text => {
                self.print(|console| console.record(&record).map_err(Expected::Print))?;
            }
            Format::Json => self.print(|_| print_json(&record))?,
        }
        self.progress.over();
        if record.round == self.run.repeat.get() {
            self.tell_rounds()?;
        }
        self.records.push(record);
        Ok(fine || !self.run.fail_fast)
    }

    /// Tells what the repetitions of a scenario say together.
    fn tell_rounds(&mut self) -> Result<(), Expected> {
        let rounds = std::mem::take(&mut self.rounds);
        if rounds.records.is_empty() {
            return Ok(());
        }
        let statistics = rounds.statistics();
        match self.run.format {
            Format::Text => self.print(|console| {
                console
                    .rounds(&rounds.records, &statistics)
                    .map_err(Expected::Print)
            }),
            Format::Json => {
                self.print(|_| print_json_line(rounds_line(&rounds.records, &statistics)))
            }
        }
    }

    /// Tells how all of it ended. `flash` is how long flashing took.
    pub(super) fn finish(mut self, flash: Option<Duration>) -> Result<Exit, Expected> {
        let elapsed = self.began.elapsed();
        self.tell_rounds()?;
        let records = std::mem::take(&mut self.records);
        if self.run.format == Format::Text {
            // What goes wrong in the same way each time is told once.
            let mut told = BTreeSet::new();
            let news = records.iter().filter(|record| {
                told.insert((&record.name, record.setting.lock, record.ending.word()))
            });
            self.print(|console| {
                for record in news {
                    console.details(record).map_err(Expected::Print)?;
                }
                console
                    .summary(&records, elapsed, flash)
                    .map_err(Expected::Print)
            })?;
        }
        if let Some(path) = &self.run.junit {
            write_junit(path, &records, elapsed)?;
        }
        if let Some(path) = &self.run.html {
            write_html(path, &self.shown, &self.started)?;
        }
        if INTERRUPTED.load(std::sync::atomic::Ordering::Relaxed) {
            return Ok(Exit::Interrupted);
        }
        Ok(exit(&records))
    }
}
