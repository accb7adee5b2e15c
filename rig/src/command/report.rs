//! `rig report`: what was printed about runs that are over, or a page of them, from their folders.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::run::write_html;
use super::{Exit, Expected};
use crate::report::{RunFolder, worst};

/// Tell again how runs ended, from their folders
///
/// Ends with the exit code that a run of all of them would have ended with.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rig report target/rig/20250102T030405-codes-wrong-code
  rig report target/rig --html report.html               a page of all that are there")]
pub(crate) struct Report {
    /// Run folders, or folders of them
    #[arg(value_name = "RUN-FOLDER", required = true)]
    folders: Vec<PathBuf>,
    /// Write a report with waveforms, a single HTML file, and print nothing
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl Report {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        let mut runs = Vec::new();
        for folder in &self.folders {
            for run in run_folders(folder)? {
                runs.push(RunFolder::read(&run)?);
            }
        }
        let exit = worst(|exit| runs.iter().any(|run| run.exit == exit.code()));
        match &self.html {
            Some(file) => {
                let began = runs.iter().map(|run| run.began.as_str()).min();
                let began = began.unwrap_or_default().to_owned();
                let shown: Vec<_> = runs.into_iter().map(|run| run.shown).collect();
                write_html(file, &shown, &began)?;
            }
            None => {
                let mut out = std::io::stdout().lock();
                for run in &runs {
                    write!(out, "{}", run.text).map_err(Expected::Print)?;
                }
            }
        }
        Ok(exit)
    }
}

/// `folder` itself, or the run folders in it in the order of their names, which is that of time.
fn run_folders(folder: &Path) -> Result<Vec<PathBuf>, Expected> {
    if RunFolder::is_at(folder) {
        return Ok(vec![folder.to_owned()]);
    }
    let read = |source| Expected::ReadFolder {
        path: folder.to_owned(),
        source,
    };
    let mut runs = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        if RunFolder::is_at(&path) {
            runs.push(path);
        }
    }
    if runs.is_empty() {
        return Err(Expected::NoRuns {
            path: folder.to_owned(),
        });
    }
    runs.sort();
    Ok(runs)
}
