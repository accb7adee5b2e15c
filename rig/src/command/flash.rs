//! `rig flash`: firmware into a lock, and nothing else.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::images::{Firmware, model_of};
use super::interrupt::{self, INTERRUPTED};
use super::progress::Bar;
use super::run::VIRTUAL;
use super::{Exit, Expected};
use crate::bench::VirtualBench;
use crate::bench::file::BenchFile;
use crate::bench::pi::PiBench;
use crate::bench::probe::{Erase, FlashReport, Progress};
use crate::lock::LockModel;

/// Flash firmware into the lock on a bench, and verify it
///
/// Only sectors that differ are written; the lock is powered for just that long. On the virtual bench
/// this shows whether an image can be flashed: that lock is gone afterwards.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rig flash firmware/images/lock-ten-key-0.1.0.elf --bench bench.yaml
  rig flash mine.elf --lock ten-key            into a virtual lock")]
pub(crate) struct Flash {
    /// Firmware image; the newest for the lock in firmware/images if not said
    #[arg(value_name = "ELF")]
    image: Option<PathBuf>,
    /// Where the lock is: `virtual`, or a bench file
    #[arg(long, value_name = "BENCH", default_value = VIRTUAL)]
    bench: PathBuf,
    /// Model of the virtual lock; what the image's name says if not said
    #[arg(long, value_name = "MODEL", value_parser = super::lock_model)]
    lock: Option<LockModel>,
    /// What else to clear
    #[arg(long, value_name = "WHAT", default_value = "nothing", value_enum)]
    erase: What,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Nothing: the lock keeps its codes and settings
    Nothing,
    /// The journal: the lock is as new
    Journal,
    /// All of flash
    Chip,
}

impl Flash {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        if self.bench == Path::new(VIRTUAL) {
            self.in_software()
        } else {
            self.on_bench()
        }
    }

    fn in_software(&self) -> Result<Exit, Expected> {
        let model = match (self.lock, &self.image) {
            (Some(model), _) => model,
            (None, Some(path)) => model_of(path)?,
            (None, None) => LockModel::TenKey,
        };
        let firmware = Firmware::chosen(self.image.as_deref(), model)?;
        let (_, report) =
            VirtualBench::flashed(model, &firmware.image).map_err(|error| Expected::Flash {
                path: firmware.path.clone(),
                error,
            })?;
        done(&firmware, &format!("a virtual {model} lock"), report)
    }

    fn on_bench(&self) -> Result<Exit, Expected> {
        let file = BenchFile::load(&self.bench)?;
        let model = file.lock();
        if self.lock.is_some_and(|asked| asked != model) {
            return Err(Expected::OtherLock {
                path: self.bench.clone(),
                model,
            });
        }
        if !file.has_probe() {
            return Err(Expected::NoProbe {
                path: self.bench.clone(),
            });
        }
        let firmware = Firmware::chosen(self.image.as_deref(), model)?;
        let title = file.title().to_owned();
        let open = |error| Expected::OpenBench {
            path: self.bench.clone(),
            error,
        };
        // A lock is not left with half an image: Ctrl-C waits for the end.
        interrupt::listen()?;
        let mut bench = PiBench::open(file).map_err(open)?;
        let bar = Bar::bytes(self.quiet);
        let erase = match self.erase {
            What::Nothing => Erase::Nothing,
            What::Journal => Erase::Journal,
            What::Chip => Erase::Chip,
        };
        let flashed = bench.flash(&firmware.image, erase, &mut |progress| {
            let (what, done, total) = parts(progress);
            bar.at(what, done, total);
        });
        bar.end();
        let report = flashed.map_err(|error| Expected::Flash {
            path: firmware.path.clone(),
            error,
        })?;
        let exit = done(&firmware, &title, report)?;
        if INTERRUPTED.load(std::sync::atomic::Ordering::Relaxed) {
            return Ok(Exit::Interrupted);
        }
        Ok(exit)
    }
}

/// What is being done, and how far it has got.
const fn parts(progress: Progress) -> (&'static str, usize, usize) {
    match progress {
        Progress::Reading { done, total } => ("compare", done, total),
        Progress::Erasing { done, total } => ("erase", done, total),
        Progress::Writing { done, total } => ("write", done, total),
        Progress::Verifying { done, total } => ("verify", done, total),
    }
}

fn done(firmware: &Firmware, into: &str, report: FlashReport) -> Result<Exit, Expected> {
    let name = firmware.path.file_name().unwrap_or_default();
    writeln!(
        std::io::stdout(),
        "flashed {} into {into}: {} of {} sectors differed, verified, in {} ms\nsha256 {}",
        name.to_string_lossy(),
        report.sectors_written,
        report.sectors_compared,
        report.elapsed.as_millis(),
        firmware.sha256
    )
    .map_err(Expected::Print)?;
    Ok(Exit::Pass)
}
