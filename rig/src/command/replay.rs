//! `rig replay`: repeats a run folder exactly.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::images::Firmware;
use super::interrupt::{self, INTERRUPTED};
use super::run::DEADLINE;
use super::select::upward;
use super::{Exit, Expected};
use crate::search::{Recorded, Replayed};

/// Repeat a run exactly, from its folder, and say whether it came out the same
///
/// Takes the scenario, the lock and the seed from the folder and finds the image by its SHA-256. The
/// outcomes and the trace must be the same byte for byte.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: rig replay target/rig/20260101T120000-codes-unlock

Ends with 0 if it came out the same, 1 if not, 2 if the folder or the image isn't right, 3 if the rig \
failed.")]
pub(crate) struct Replay {
    /// The run folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// The image, if it isn't where it was and not in firmware/images
    #[arg(long, value_name = "ELF", conflicts_with = "images")]
    firmware: Option<PathBuf>,
    /// A folder with the image in it, under whatever name
    #[arg(long, value_name = "FOLDER")]
    images: Option<PathBuf>,
}

impl Replay {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        let recorded = Recorded::read(&self.run)?;
        let firmware = self.image(&recorded)?;
        interrupt::listen()?;
        let began = Instant::now();
        let bench = firmware.lock(recorded.model)?;
        let replayed = recorded.replay(bench, &INTERRUPTED, DEADLINE)?;
        let name = &recorded.scenario.name;
        let mut out = std::io::stdout().lock();
        let exit = match &replayed {
            Replayed::Same { bytes } => {
                let seconds = began.elapsed().as_secs_f64();
                let told = format!(
                    "the same: {name} on {}, outcomes and {bytes} bytes of trace, in {seconds:.2} s",
                    recorded.model
                );
                writeln!(out, "{told}").map_err(Expected::Print)?;
                Exit::Pass
            }
            Replayed::Other(what) => {
                writeln!(out, "not the same: {name} on {}: {what}", recorded.model)
                    .map_err(Expected::Print)?;
                Exit::Differs
            }
        };
        let here = env!("CARGO_PKG_VERSION");
        if exit == Exit::Differs && recorded.rig != here {
            let told = format!("it was played by rig {}, this is rig {here}", recorded.rig);
            writeln!(out, "{told}").map_err(Expected::Print)?;
        }
        Ok(exit)
    }

    /// The image that was played, wherever it is now.
    fn image(&self, recorded: &Recorded) -> Result<Firmware, Expected> {
        let mut looked = Vec::new();
        if let Some(path) = &self.firmware {
            let firmware = Firmware::read(path)?;
            return match firmware.sha256 == recorded.sha256 {
                true => Ok(firmware),
                false => Err(Expected::OtherImage {
                    path: path.clone(),
                    sha256: firmware.sha256,
                    wanted: recorded.sha256.clone(),
                }),
            };
        }
        let folders = [self.images.clone(), upward("firmware/images")];
        let mut files = vec![recorded.image.clone()];
        for folder in folders.into_iter().flatten() {
            files.extend(elves(&folder)?);
        }
        for path in files {
            // Another image may be broken: it isn't the one.
            if let Ok(firmware) = Firmware::read(&path)
                && firmware.sha256 == recorded.sha256
            {
                return Ok(firmware);
            }
            looked.push(path);
        }
        Err(Expected::LostImage {
            name: recorded.image.clone(),
            sha256: recorded.sha256.clone(),
            looked: looked.len(),
        })
    }
}

/// The ELF files of a folder, by name.
fn elves(folder: &Path) -> Result<Vec<PathBuf>, Expected> {
    let read = |source| Expected::ReadImage {
        path: folder.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        if path.extension().is_some_and(|extension| extension == "elf") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
