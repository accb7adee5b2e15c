//! `rig run`: plays scenarios and compares what the lock does with what was accepted.

mod accepted;
mod crew;
mod judge;
mod kept;
mod live;
mod real;
mod rounds;
mod teller;

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use super::images::{Firmware, model_of};
use super::interrupt::{self, INTERRUPTED};
use super::progress::Runs;
use super::select::{Select, Selected, at, output};
use super::{Exit, Expected, complain};
use crate::bench::VirtualBench;
use crate::lock::LockModel;
use crate::report::html::{Shown, page};
use crate::report::{Record, Setting, junit, lines};
use crate::scenario::duration;
use crate::snapshot::in_ci;
use accepted::Accepted;
use crew::{Crew, Eyes, Task};
use teller::Teller;

/// Play scenarios and compare the lock's outcomes with the accepted ones
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rig run                                    every scenario on every lock model
  rig run codes/unlock --lock ten-key        one of them
  rig run scenarios/mine.yaml --accept       take what the lock does as right
  rig run codes --repeat 100                 and how far its times spread
  rig run --bench bench.yaml handing         on a real lock")]
pub(crate) struct Run {
    #[command(flatten)]
    select: Select,
    /// Of sweeps, only the point with this value
    #[arg(long, value_name = "VALUE")]
    point: Option<String>,
    /// Only on this lock model
    #[arg(long, value_name = "MODEL", value_parser = super::lock_model)]
    lock: Option<LockModel>,
    /// Firmware image to flash, in place of the newest in firmware/images
    #[arg(long, value_name = "ELF")]
    firmware: Option<PathBuf>,
    /// Where to play: `virtual`, or a bench file
    #[arg(long, value_name = "BENCH", default_value = VIRTUAL)]
    bench: PathBuf,
    /// Play each scenario N times, and tell how its numbers spread and drift and what comes and goes
    ///
    /// Repetitions on the virtual lock begin at different moments of its clock, up to 4 ms apart;
    /// the first is the one that a run without --repeat plays.
    #[arg(
        long,
        value_name = "N",
        default_value = "1",
        conflicts_with = "accept",
        value_parser = times
    )]
    repeat: NonZeroUsize,
    /// Begin at another moment of the virtual lock's clock; 0 is the usual one
    #[arg(long, value_name = "N", default_value = "0")]
    seed: u64,
    /// How many scenarios at a time; all cores if not said
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Accept what the lock does as its snapshot
    #[arg(long)]
    accept: bool,
    /// Stop at the first scenario that doesn't pass
    #[arg(long)]
    fail_fast: bool,
    /// How long one scenario may take here; 2min, or what the bench file says
    #[arg(long, value_name = "TIME", value_parser = time)]
    deadline: Option<Duration>,
    /// Folder for run folders
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// Write a JUnit report
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a report with waveforms, a single HTML file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print only what didn't pass, and show no progress
    #[arg(long, short)]
    quiet: bool,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text", value_enum)]
    format: Format,
}

/// The bench in software.
pub(super) const VIRTUAL: &str = "virtual";

/// How long a scenario may take in software.
pub(super) const DEADLINE: Duration = Duration::from_secs(120);

/// What is printed on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people
    Text,
    /// A JSON object a line, one for each scenario
    Json,
}

/// A lock of one model with its image flashed, or the reason why there is none.
struct Flashed {
    model: LockModel,
    /// One for each repetition.
    settings: Vec<Setting>,
    bench: Result<VirtualBench, String>,
    report: Option<String>,
}

impl Run {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        fresh(self.junit.as_deref(), self.html.as_deref())?;
        if self.accept && in_ci() {
            return Err(Expected::AcceptInCi);
        }
        if self.bench != Path::new(VIRTUAL) {
            return self.on_bench(&self.bench);
        }
        let scenarios = self.scenarios()?;
        let models = self.models(&scenarios)?;
        interrupt::listen()?;
        let began = Instant::now();
        let (locks, accepted) = std::thread::scope(|scope| {
            let compared = scenarios.iter().flat_map(|selected| {
                let models = models.iter().copied();
                let meant = models.filter(|model| selected.scenario.locks.contains(model));
                meant.map(move |model| (selected, model.name()))
            });
            let accepted = scope.spawn(|| Accepted::read(compared, self.accept));
            let flashing = models
                .iter()
                .map(|model| scope.spawn(|| self.flash(*model)));
            let flashing: Vec<_> = flashing.collect();
            let flashed = flashing.into_iter().map(|thread| thread.join());
            let flashed = flashed
                .map(|end| end.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect::<Result<Vec<Flashed>, Expected>>();
            let accepted = accepted.join();
            let accepted = accepted.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            Ok::<_, Expected>((flashed?, accepted))
        })?;
        let flashing = began.elapsed();
        if let Some(lock) = locks.first()
            && locks.iter().all(|lock| lock.bench.is_err())
        {
            return Err(Expected::NoImage { model: lock.model });
        }

        let eyes = Eyes::default();
        let tasks: Vec<Task<'_>> = scenarios
            .iter()
            .flat_map(|selected| locks.iter().map(move |lock| (selected, lock)))
            .filter(|(selected, lock)| selected.scenario.locks.contains(&lock.model))
            .flat_map(|(selected, lock)| {
                let eyes = &eyes;
                let rounds = lock.settings.iter().zip(1..);
                rounds.map(move |(setting, round)| Task {
                    selected,
                    setting,
                    round,
                    bench: lock.bench.as_ref().map_err(String::as_str),
                    eyes,
                })
            })
            .collect();
        let names = scenarios
            .iter()
            .map(|selected| selected.scenario.name.as_str());
        let progress = Runs::many(self.quiet, tasks.len());
        let mut teller = Teller::new(&self, names, progress.clone(), accepted);
        for report in locks.iter().filter_map(|lock| lock.report.as_ref()) {
            teller.say(report)?;
        }
        let crew = Crew {
            tasks: &tasks,
            jobs: self.jobs(),
            deadline: self.deadline.unwrap_or(DEADLINE),
            interrupted: &INTERRUPTED,
            progress: &progress,
        };
        let worked = crew.work(|task, report| teller.tell(task, report));
        progress.end();
        worked?;
        if INTERRUPTED.load(Ordering::Relaxed) {
            let left = tasks.len() - teller.count();
            complain(format_args!(
                "rig: stopped, {left} of {} runs not played; nothing but software ran",
                tasks.len()
            ));
        }
        teller.finish(Some(flashing))
    }

    /// The scenarios to play; with --point each at that point.
    fn scenarios(&self) -> Result<Vec<Selected>, Expected> {
        let mut scenarios = self.select.load()?;
        if let Some(point) = &self.point {
            if self.accept {
                return Err(Expected::AcceptPoint);
            }
            for selected in &mut scenarios {
                selected.scenario = at(&selected.scenario, point)?;
            }
        }
        Ok(scenarios)
    }

    /// The models to play on.
    fn models(&self, scenarios: &[Selected]) -> Result<Vec<LockModel>, Expected> {
        let mut models = LockModel::ALL.to_vec();
        let named = match (self.lock, &self.firmware) {
            (Some(model), _) => Some(model),
            (None, Some(path)) => Some(model_of(path)?),
            (None, None) => None,
        };
        if let Some(model) = named {
            models = vec![model];
        }
        models.retain(|model| {
            scenarios
                .iter()
                .any(|selected| selected.scenario.locks.contains(model))
        });
        match (models.is_empty(), named) {
            (true, Some(model)) => Err(Expected::NoneForLock { model }),
            _ => Ok(models),
        }
    }

    /// Flashes a lock of this model; a model without a released image is skipped later on.
    fn flash(&self, model: LockModel) -> Result<Flashed, Expected> {
        let firmware = match &self.firmware {
            Some(path) => Some(Firmware::meant_for(model, path)?),
            None => Firmware::released(model)?,
        };
        let mut setting = Setting {
            bench: "virtual".into(),
            lock: model,
            image: PathBuf::new(),
            image_sha256: String::new(),
            seed: self.seed,
        };
        let Some(firmware) = firmware else {
            return Ok(Flashed {
                model,
                settings: self.rounds(&setting),
                bench: Err(format!("there is no firmware image for a {model} lock")),
                report: None,
            });
        };
        setting.image.clone_from(&firmware.path);
        setting.image_sha256 = firmware.sha256;
        let began = Instant::now();
        let (mut bench, report) =
            VirtualBench::flashed(model, &firmware.image).map_err(|error| Expected::Flash {
                path: firmware.path.clone(),
                error,
            })?;
        let took = began.elapsed();
        if let Some(log) = firmware.log {
            bench.listen(log);
        }
        let name = firmware.path.file_name().unwrap_or_default();
        let report = format!(
            "flashed {} into the virtual {model} lock: {} sectors, verified, in {} ms",
            name.to_string_lossy(),
            report.sectors_written,
            took.as_millis()
        );
        Ok(Flashed {
            model,
            settings: self.rounds(&setting),
            bench: Ok(bench),
            report: Some(report),
        })
    }

    /// The setting of each repetition.
    fn rounds(&self, first: &Setting) -> Vec<Setting> {
        let seeds = (0..self.repeat.get() as u64).map(|round| first.seed.wrapping_add(round));
        seeds
            .map(|seed| Setting {
                seed,
                ..first.clone()
            })
            .collect()
    }

    fn jobs(&self) -> NonZeroUsize {
        self.jobs
            .or_else(|| std::thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN)
    }

    /// Where run folders go.
    fn output(&self) -> PathBuf {
        self.output.clone().unwrap_or_else(output)
    }
}

/// Takes away the reports of an earlier run: however this one ends, nobody takes them for its own.
fn fresh(junit: Option<&Path>, html: Option<&Path>) -> Result<(), Expected> {
    let whole = |path: &Path| std::path::absolute(path).ok();
    if let (Some(junit), Some(html)) = (junit, html)
        && whole(junit) == whole(html)
    {
        return Err(Expected::SameReport {
            path: junit.to_owned(),
        });
    }
    for file in [junit, html].into_iter().flatten() {
        // One that can't be removed can't be written either, which is told then.
        if file.is_file() {
            let _ = std::fs::remove_file(file);
        }
    }
    Ok(())
}

fn print_json(record: &Record) -> Result<(), Expected> {
    let mut out = std::io::stdout().lock();
    let lines = lines(std::slice::from_ref(record))
        .map_err(|error| Expected::Print(std::io::Error::other(error)))?;
    for line in lines {
        writeln!(out, "{line}").map_err(Expected::Print)?;
    }
    Ok(())
}

fn print_json_line(line: Result<String, serde_json::Error>) -> Result<(), Expected> {
    let line = line.map_err(|error| Expected::Print(std::io::Error::other(error)))?;
    writeln!(std::io::stdout(), "{line}").map_err(Expected::Print)
}

fn write_junit(path: &Path, records: &[Record], elapsed: Duration) -> Result<(), Expected> {
    let fail = |problem: String| Expected::Report {
        path: path.to_owned(),
        problem,
    };
    let xml = junit(records, elapsed).map_err(|error| fail(error.to_string()))?;
    std::fs::write(path, xml).map_err(|error| fail(error.to_string()))
}

pub(super) fn write_html(path: &Path, shown: &[Shown], began: &str) -> Result<(), Expected> {
    std::fs::write(path, page(shown, began)).map_err(|error| Expected::Report {
        path: path.to_owned(),
        problem: error.to_string(),
    })
}

/// The most repetitions of a scenario.
const MOST: usize = 10_000;

/// A number of repetitions on the command line.
fn times(text: &str) -> Result<NonZeroUsize, String> {
    let number = text
        .parse()
        .ok()
        .filter(|times: &NonZeroUsize| times.get() <= MOST);
    number.ok_or_else(|| format!("it is a whole number from 1 to {MOST}"))
}

/// A time on the command line, with its unit.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    duration(text)
        .map(Duration::from)
        .map_err(|wrong| format!("{}; {}", wrong.what, wrong.help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_report_does_not_outlive_the_beginning_of_a_run() {
        let dir = tempfile::tempdir().unwrap();
        let (junit, html) = (dir.path().join("a.xml"), dir.path().join("a.html"));
        std::fs::write(&junit, "old").unwrap();
        fresh(Some(&junit), Some(&html)).unwrap();
        assert!(!junit.exists());
    }

    #[test]
    fn two_reports_are_two_files() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("report");
        std::fs::write(&file, "old").unwrap();
        let same = dir.path().join("./report");
        let error = fresh(Some(&file), Some(&same)).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        assert!(file.exists());
    }
}
