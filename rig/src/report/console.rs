//! A run on the console: one line a scenario, what differs, and a summary. Plain where no one looks.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use super::{Ending, Record};
use crate::play::Miss;
use crate::search::sweep::Stretch;
use crate::snapshot::{Change, Difference};
use crate::statistics::Statistics;
use crate::trace::Nanos;

/// As many of the steps before a difference as are told.
const BEFORE: usize = 6;

/// Writes a run to a person.
#[derive(Debug)]
pub struct Console<W> {
    out: W,
    colour: bool,
    width: usize,
}

impl<W: Write> Console<W> {
    /// A console whose scenario names are up to `width` characters long.
    pub fn new(out: W, colour: bool, width: usize) -> Console<W> {
        Console { out, colour, width }
    }

    /// A line about the run as a whole.
    pub fn say(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{line}")
    }

    /// The line of one scenario.
    pub fn record(&mut self, record: &Record) -> io::Result<()> {
        let end = match &record.ending {
            Ending::Skipped(reason) => reason.clone(),
            _ => format!(
                "{:>9} in {}",
                seconds(record.virtual_time.into()),
                seconds(record.real_time)
            ),
        };
        self.line(record, &end)
    }

    /// The repetitions of one scenario: how many passed, and what spreads, drifts or comes and goes.
    pub fn rounds(&mut self, records: &[Record], statistics: &Statistics) -> io::Result<()> {
        let passed = records
            .iter()
            .filter(|record| record.ending.passed())
            .count();
        // The first that didn't pass stands for all.
        let worst = records.iter().find(|record| !record.ending.passed());
        let Some(record) = worst.or(records.first()) else {
            return Ok(());
        };
        let end = match &record.ending {
            Ending::Skipped(reason) => reason.clone(),
            _ => format!("{passed} of {} passed", records.len()),
        };
        self.line(record, &end)?;
        if statistics.runs > 0 {
            for line in statistics.to_string().lines() {
                writeln!(self.out, "          {line}")?;
            }
        }
        Ok(())
    }

    fn line(&mut self, record: &Record, end: &str) -> io::Result<()> {
        let colour = match record.ending {
            Ending::Passed | Ending::Accepted { .. } => "32",
            Ending::Differs { .. } | Ending::NotReached(_) | Ending::Fault(_) => "31",
            Ending::Missing { .. } | Ending::Skipped(_) | Ending::Interrupted => "33",
        };
        let word = format!("{:<8}", record.ending.word());
        let word = self.paint(&word, colour);
        let lock = record.setting.lock.name();
        let width = self.width;
        writeln!(
            self.out,
            "{word}  {lock:<8}  {:<width$}  {end}",
            record.name
        )
    }

    /// What is to say about a scenario that did not pass.
    pub fn details(&mut self, record: &Record) -> io::Result<()> {
        let mut text = String::new();
        let lock = record.setting.lock.name();
        let _ = writeln!(text, "\n{} on {lock}: {}", record.name, record.title);
        match &record.ending {
            Ending::Passed | Ending::Skipped(_) | Ending::Interrupted => return Ok(()),
            Ending::Accepted { file, difference } => {
                let Some(difference) = difference else {
                    return Ok(());
                };
                self.difference(&mut text, difference, record);
                let _ = writeln!(text, "  accepted      {}", file.display());
            }
            Ending::Differs {
                difference,
                misses,
                violations,
                pending,
            } => {
                for violation in violations {
                    let line = self.paint(&format!("  never         {violation}"), "31");
                    let _ = writeln!(text, "{line}");
                }
                self.sweep(&mut text, record);
                let mut step = 0;
                for miss in misses {
                    if miss.step != step {
                        step = miss.step;
                        let place = format!("({}:{})", record.path.display(), miss.line);
                        self.step(&mut text, step, &format!("{}  {place}", miss.text), record);
                    }
                    self.missed(&mut text, miss);
                }
                if let Some(difference) = difference {
                    self.difference(&mut text, difference, record);
                }
                if let Some(pending) = pending {
                    let _ = writeln!(text, "  pending       {}", pending.display());
                }
            }
            Ending::NotReached(not_reached) => {
                let given = not_reached.given.name();
                let _ = writeln!(text, "  the lock did not get into the state `{given}`:");
                for miss in &not_reached.misses {
                    self.missed(&mut text, miss);
                }
                let _ = writeln!(text, "  what it did on the way:");
                for line in not_reached.outcomes.to_string().lines() {
                    let _ = writeln!(text, "    {line}");
                }
            }
            Ending::Missing { pending } => match pending {
                Some(pending) => {
                    let _ = writeln!(
                        text,
                        "  no snapshot is accepted yet; read {} and run again with --accept",
                        pending.display()
                    );
                }
                None => {
                    let _ = writeln!(
                        text,
                        "  no snapshot is accepted yet, and none is written here"
                    );
                }
            },
            Ending::Fault(error) => {
                let _ = writeln!(text, "  the rig failed to {error}");
            }
        }
        if let Some(folder) = &record.folder {
            let _ = writeln!(text, "  run folder    {}", folder.display());
        }
        let _ = writeln!(text, "  again         {}", record.again);
        self.out.write_all(text.as_bytes())
    }

    /// Counts and speed.
    pub fn summary(
        &mut self,
        records: &[Record],
        elapsed: Duration,
        flash: Option<Duration>,
    ) -> io::Result<()> {
        let words = [
            ("pass", "passed"),
            ("accepted", "accepted"),
            ("differs", "differ"),
            ("missing", "without snapshot"),
            ("error", "failed for the rig's fault"),
            ("skipped", "skipped"),
            ("stopped", "stopped"),
        ];
        let counts: Vec<String> = words
            .iter()
            .map(|(word, text)| {
                let count = records
                    .iter()
                    .filter(|record| record.ending.word() == *word)
                    .count();
                (count, text)
            })
            .filter(|(count, _)| *count > 0)
            .map(|(count, text)| format!("{count} {text}"))
            .collect();
        let runs = records.len();
        let plural = if runs == 1 { "" } else { "s" };
        let played = records.iter().fold(Nanos::ZERO, |sum, record| {
            Nanos(sum.0.saturating_add(record.virtual_time.0))
        });
        let speed = Duration::from(played).as_secs_f64() / elapsed.as_secs_f64().max(1e-9);
        write!(
            self.out,
            "\n{runs} run{plural}: {}\n{} of the lock's time in {}",
            counts.join(", "),
            seconds(played.into()),
            seconds(elapsed),
        )?;
        match flash {
            Some(flash) => writeln!(
                self.out,
                ", {speed:.0} s a second; flashed in {}",
                seconds(flash)
            ),
            // A real lock's time is everyone's.
            None => writeln!(self.out),
        }
    }

    /// Over which values the lock does what, and did where that was accepted.
    fn sweep(&self, text: &mut String, record: &Record) {
        let mut table = |word: &str, stretches: &[Stretch]| {
            for (index, stretch) in stretches.iter().enumerate() {
                let word = if index == 0 { word } else { "" };
                let _ = writeln!(text, "  {word:<13} {stretch}");
            }
        };
        table("sweep", &record.sweep);
        if record.sweep != record.sweep_accepted {
            table("accepted", &record.sweep_accepted);
        }
    }

    fn difference(&self, text: &mut String, difference: &Difference, record: &Record) {
        if let Some(stale) = &difference.stale {
            let none = || "nothing".to_owned();
            let _ = writeln!(
                text,
                "  the scenario has other steps than its snapshot: step {} is {}, accepted was {}",
                stale.step,
                stale.played.clone().unwrap_or_else(none),
                stale.accepted.clone().unwrap_or_else(none),
            );
        }
        let mut step = 0;
        for change in &difference.changes {
            if change.step != step {
                step = change.step;
                self.step(text, step, &change.heading, record);
            }
            self.change(text, change);
        }
    }

    fn step(&self, text: &mut String, number: usize, heading: &str, record: &Record) {
        let before = record
            .steps
            .get(..number.saturating_sub(1))
            .unwrap_or_default();
        let skipped = before.len().saturating_sub(BEFORE);
        if !before.is_empty() {
            let dots = if skipped > 0 { "..., " } else { "" };
            let _ = writeln!(
                text,
                "  after         {dots}{}",
                before[skipped..].join(", ")
            );
        }
        let _ = writeln!(text, "  step {number:<8} {heading}");
    }

    fn change(&self, text: &mut String, change: &Change) {
        if let Some(accepted) = &change.accepted {
            let line = self.paint(&format!("  - accepted    {accepted}"), "31");
            let _ = writeln!(text, "{line}");
        }
        if let Some(measured) = &change.measured {
            let line = self.paint(&format!("  + measured    {measured}"), "32");
            let _ = writeln!(text, "{line}");
        }
        for deviation in &change.deviations {
            let _ = writeln!(text, "                {deviation}");
        }
    }

    fn missed(&self, text: &mut String, miss: &Miss) {
        let line = self.paint(&format!("  - wanted      {}", miss.wanted), "31");
        let _ = writeln!(text, "{line}");
        if miss.got.is_empty() {
            let line = self.paint("  + measured    nothing of it", "32");
            let _ = writeln!(text, "{line}");
        }
        for got in &miss.got {
            let line = self.paint(&format!("  + measured    {got}"), "32");
            let _ = writeln!(text, "{line}");
        }
    }

    fn paint(&self, text: &str, colour: &str) -> String {
        if self.colour {
            format!("\x1b[{colour}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// `41.2 s`, `1.50 ms`: three digits that matter.
pub(crate) fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        s if s >= 100.0 => format!("{s:.0} s"),
        s if s >= 10.0 => format!("{s:.1} s"),
        s if s >= 1.0 => format!("{s:.2} s"),
        s if s >= 0.1 => format!("{:.0} ms", s * 1e3),
        s => format!("{:.1} ms", s * 1e3),
    }
}
