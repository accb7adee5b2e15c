//! `rig bisect`: the first version that goes wrong, among released images or git commits.

mod commits;
mod images;
mod step;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::images::Firmware;
use super::interrupt::{self, INTERRUPTED};
use super::run::DEADLINE;
use super::select::Select;
use super::shrink::model;
use super::{Exit, Expected};
use crate::lock::LockModel;
use crate::play::PlayError;
use crate::scenario::Scenario;
use crate::search::{Judged, Mark, Oracle, Run, bisect};
use crate::snapshot::{Terms, difference};

/// Find the first version that goes wrong in a scenario
///
/// Plays the scenario on the good and on the bad version, takes the first thing that differs, and looks
/// for the first version that shows it. Versions that can't be built, or on which the rig fails, are
/// skipped.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rig bisect codes/unlock --good 0.1.0 --bad 0.4.2           over firmware/images/lock-ten-key-*.elf
  rig bisect mine.yaml --good v1.0 --bad HEAD --build ./build-image --image out/lock.elf
  git bisect run rig bisect --step mine.yaml --build ./build-image --image out/lock.elf

With --step it tries one version and ends as `git bisect run` wants it: 0 good, 1 bad, 125 can't be \
tried, 128 stop. What is right is then the scenario's accepted snapshot, or with --good an image.")]
pub(crate) struct Bisect {
    /// A scenario file, or a part of a scenario's name that no other has
    #[arg(value_name = "SCENARIO")]
    scenario: String,
    /// A version or commit that is good; with --step, an image file
    #[arg(long, value_name = "VERSION", required_unless_present = "step")]
    good: Option<String>,
    /// A version or commit that is bad
    #[arg(
        long,
        value_name = "VERSION",
        required_unless_present = "step",
        conflicts_with = "step"
    )]
    bad: Option<String>,
    /// Folder of images called lock-MODEL-VERSION.elf; the nearest firmware/images if not said
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["build", "step"])]
    images: Option<PathBuf>,
    /// Search git commits: the shell command that builds one
    #[arg(long, value_name = "COMMAND", requires = "image")]
    build: Option<String>,
    /// The image that the command leaves, from the top of the work tree
    #[arg(long, value_name = "ELF", requires = "build")]
    image: Option<PathBuf>,
    /// Try one version only
    #[arg(long)]
    step: bool,
    /// With --step, the image to try, where none is built
    #[arg(long, value_name = "ELF", requires = "step", conflicts_with = "build")]
    firmware: Option<PathBuf>,
    /// Of a sweep, the point to play
    #[arg(long, value_name = "VALUE")]
    point: Option<String>,
    /// The lock model; the scenario's first if not said
    #[arg(long, value_name = "MODEL", value_parser = super::lock_model)]
    lock: Option<LockModel>,
}

impl Bisect {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        if self.step {
            return Ok(self.one());
        }
        let scenario = Select::single(&self.scenario, self.point.as_deref())?.scenario;
        let model = model(&scenario, self.lock, None)?;
        interrupt::listen()?;
        let search = Search { scenario, model };
        let good = self.good.unwrap_or_default();
        let bad = self.bad.unwrap_or_default();
        match (self.build, self.image) {
            (Some(command), Some(image)) => commits::search(&search, &good, &bad, &command, &image),
            _ => images::search(&search, &good, &bad, self.images.as_deref()),
        }
    }
}

/// What is searched for, whatever the versions are.
struct Search {
    scenario: Scenario,
    model: LockModel,
}

/// How a search over some versions ended.
struct Ended {
    good: usize,
    bad: usize,
    /// What is wrong in the bad one, beside the good one.
    wrong: String,
}

impl Search {
    /// What to look for, from the image of a good and of a bad version.
    fn oracle(&self, good: &Path, bad: &Path) -> Result<(Oracle<'_>, Run), Expected> {
        let lock = |path: &Path| Firmware::read(path)?.lock(self.model);
        let (oracle, bad) = Oracle::new(
            &self.scenario,
            lock(good)?,
            lock(bad)?,
            &INTERRUPTED,
            DEADLINE,
        )?;
        say(&format!("looking for: {}", oracle.target()))?;
        Ok((oracle, bad))
    }

    /// Tries the image of a version, or says why there is none.
    fn judge(&self, oracle: &Oracle<'_>, image: Result<&Path, String>) -> Result<Judged, Expected> {
        let lock = image.and_then(|path| {
            let lock = Firmware::read(path).and_then(|firmware| firmware.lock(self.model));
            lock.map_err(|error| format!("the rig failed to {error}"))
        });
        match lock {
            Ok(lock) => Ok(oracle.judge(lock)?),
            Err(reason) => Ok(Judged {
                mark: Mark::Skip(reason),
                run: None,
            }),
        }
    }

    /// Searches versions in order, the first good and the last bad, as `oracle` found them. `image`
    /// gives each one's image.
    fn among<V: std::fmt::Display>(
        &self,
        versions: &[V],
        (oracle, bad): (&Oracle<'_>, Run),
        mut image: impl FnMut(&V) -> Result<Result<PathBuf, String>, Expected>,
    ) -> Result<Ended, Expected> {
        let mut runs: Vec<Option<Run>> = versions.iter().map(|_| None).collect();
        if let Some(last) = runs.last_mut() {
            *last = Some(bad);
        }
        runs[0] = Some(oracle.good().clone());
        let found = bisect(versions.len(), |index| {
            let version = &versions[index];
            let image = image(version)?;
            if INTERRUPTED.load(std::sync::atomic::Ordering::Relaxed) {
                return Err(PlayError::Interrupted.into());
            }
            let Judged { mark, run } =
                self.judge(oracle, image.as_deref().map_err(String::clone))?;
            let word = match &mark {
                Mark::Good => "good".to_owned(),
                Mark::Bad => "bad".to_owned(),
                Mark::Skip(reason) => format!("skipped: {reason}"),
            };
            say(&format!("{version}: {word}"))?;
            runs[index] = run;
            Ok::<Mark, Expected>(mark)
        })?;
        let tried = found.tried;
        let s = if tried == 1 { "" } else { "s" };
        say(&format!(
            "\n{tried} version{s} of {} tried",
            versions.len().saturating_sub(2)
        ))?;
        say(&format!("last good: {}", versions[found.good]))?;
        let between = &versions[found.between()];
        if between.is_empty() {
            say(&format!("first bad: {}", versions[found.bad]))?;
        } else {
            say("first bad, one of these, of which only the last could be tried:")?;
            for version in &versions[found.good + 1..=found.bad] {
                say(&format!("  {version}"))?;
            }
        }
        let wrong = match (&runs[found.bad], &runs[found.good]) {
            (Some(bad), Some(good)) => self.told(oracle, bad, good),
            _ => String::new(),
        };
        Ok(Ended {
            good: found.good,
            bad: found.bad,
            wrong,
        })
    }

    /// What is wrong in a run, beside the last good one.
    fn told(&self, oracle: &Oracle<'_>, bad: &Run, good: &Run) -> String {
        let (Run::Played(after), Run::Played(before)) = (bad, good) else {
            let found = oracle.wrong(bad, good);
            let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
            return lines.join("\n");
        };
        let terms = Terms {
            tolerance: self.scenario.tolerance.unwrap_or_default(),
            ..Terms::default()
        };
        let difference = difference(&before.outcomes, &after.outcomes, &terms);
        if difference.is_empty() {
            // What is wrong is in what the scenario or the rules say.
            let found = oracle.wrong(bad, good);
            let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
            return lines.join("\n");
        }
        difference.to_string()
    }
}

fn say(text: &str) -> Result<(), Expected> {
    writeln!(std::io::stdout().lock(), "{text}").map_err(Expected::Print)
}
