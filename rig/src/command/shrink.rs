//! `rig shrink`: the smallest scenario that still goes wrong in the same way.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;

use super::images::{Firmware, model_of};
use super::interrupt::{self, INTERRUPTED};
use super::run::{DEADLINE, time};
use super::select::{Select, output};
use super::{Exit, Expected};
use crate::lock::LockModel;
use crate::scenario::Scenario;
use crate::search::{Forks, Shrunk, shrink};

/// Make a scenario as small as it gets while it goes wrong in the same way
///
/// What it keeps is the first thing that goes wrong: a rule for every lock that is broken, an `expect`
/// that isn't met, or, beside a good image, an outcome that differs. It leaves out steps, then makes
/// times and values usual or round, on the virtual lock.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rig shrink codes/unlock --firmware bad.elf --lock ten-key     beside the released image
  rig shrink mine.yaml                                          an `expect` that isn't met
  rig shrink mine.yaml --deadline 1min                          the smallest that is found in a minute")]
pub(crate) struct Shrink {
    /// A scenario file, or a part of a scenario's name that no other has
    #[arg(value_name = "SCENARIO")]
    scenario: String,
    /// The image that goes wrong, in place of the newest in firmware/images
    #[arg(long, value_name = "ELF")]
    firmware: Option<PathBuf>,
    /// The image that doesn't; with --firmware, the newest in firmware/images if not said
    #[arg(long, value_name = "ELF")]
    good: Option<PathBuf>,
    /// Of a sweep, the point to play
    #[arg(long, value_name = "VALUE")]
    point: Option<String>,
    /// The lock model; the image's, or the scenario's first if not said
    #[arg(long, value_name = "MODEL", value_parser = super::lock_model)]
    lock: Option<LockModel>,
    /// How long it may take here; what is smallest by then is written
    #[arg(long, value_name = "TIME", value_parser = time)]
    deadline: Option<Duration>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Shrink {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        super::unused(self.output.as_deref())?;
        let scenario = Select::single(&self.scenario, self.point.as_deref())?.scenario;
        let model = model(&scenario, self.lock, self.firmware.as_deref())?;
        // What is wrong with it may be that it is another lock's.
        let bad = match &self.firmware {
            Some(path) => Firmware::read(path)?,
            None => Firmware::chosen(None, model)?,
        };
        let good = match (&self.good, &self.firmware) {
            (Some(path), _) => Some(Firmware::read(path)?),
            (None, Some(_)) => Firmware::released(model)?,
            (None, None) => None,
        };
        // The same lock does the same: nothing would be wrong.
        let good = good.filter(|good| good.sha256 != bad.sha256);
        interrupt::listen()?;
        let began = Instant::now();
        let mut bad_forks = Forks::new(bad.lock(model)?, &INTERRUPTED, DEADLINE);
        let mut good_forks = match &good {
            Some(good) => Some(Forks::new(good.lock(model)?, &INTERRUPTED, DEADLINE)),
            None => None,
        };
        let until = self.deadline.map(|deadline| began + deadline);
        let shrunk = shrink(&scenario, &mut bad_forks, good_forks.as_mut(), until)?;
        let took = began.elapsed();

        let text = commented(&shrunk, &scenario, &bad, good.as_ref());
        let path = self.output.clone().unwrap_or_else(|| {
            let name = format!("{}.yaml", scenario.name.replace('/', "-"));
            output().join("shrunk").join(name)
        });
        write(&path, &text)?;
        let tally = shrunk.tally;
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "{text}\n{} steps of {}, in {} runs and {:.1} s: {} steps played, {} taken from earlier runs\n\
             written to {}",
            shrunk.scenario.steps.len(),
            scenario.steps.len(),
            tally.runs,
            took.as_secs_f64(),
            tally.played,
            tally.reused,
            path.display()
        )
        .map_err(Expected::Print)?;
        if !shrunk.complete {
            writeln!(
                out,
                "its time was up: it may not be the smallest; a longer --deadline tells"
            )
            .map_err(Expected::Print)?;
        }
        Ok(Exit::Pass)
    }
}

/// The model to search on.
pub(super) fn model(
    scenario: &Scenario,
    asked: Option<LockModel>,
    image: Option<&Path>,
) -> Result<LockModel, Expected> {
    let named = match (asked, image) {
        (Some(model), _) => Some(model),
        (None, Some(path)) => match scenario.locks.as_slice() {
            [one] => Some(*one),
            _ => Some(model_of(path)?),
        },
        (None, None) => None,
    };
    match named {
        Some(model) if !scenario.locks.contains(&model) => Err(Expected::NoneForLock { model }),
        Some(model) => Ok(model),
        None => Ok(scenario.locks.first().copied().unwrap_or(LockModel::TenKey)),
    }
}

/// The file with a comment of where it comes from and what it shows.
fn commented(shrunk: &Shrunk, from: &Scenario, bad: &Firmware, good: Option<&Firmware>) -> String {
    let image = |firmware: &Firmware| {
        let name = firmware.path.file_name().unwrap_or_default();
        let hash = firmware.sha256.get(..12).unwrap_or_default();
        format!("{} (sha256 {hash})", name.to_string_lossy())
    };
    let mut text = format!(
        "# Shrunk by `rig shrink` from {} with its {} steps.\n# {}\n# On {}",
        from.path.display(),
        from.steps.len(),
        shrunk.after.seen.replace('\n', " "),
        image(bad)
    );
    if let Some(good) = good {
        text += &format!(", not on {}", image(good));
    }
    text + ".\n" + &shrunk.source
}

fn write(path: &Path, text: &str) -> Result<(), Expected> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let made = folder.map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(path, text))
        .map_err(|error| Expected::Report {
            path: path.to_owned(),
            problem: error.to_string(),
        })
}
