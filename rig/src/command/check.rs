//! `rig check`: whether scenario and bench files are right, touching nothing.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::select::{Select, upward};
use super::{Exit, Expected, colour_on_stderr};
use crate::bench::file::{BenchFile, BenchFileError};

/// Check scenario and bench files without touching a lock
///
/// Without any named: every scenario of the nearest folder called `scenarios`, and every bench file
/// up to two folders below the one that it is in.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rig check                                  all there is
  rig check scenarios/codes/unlock.yaml bench.yaml")]
pub(crate) struct Check {
    #[command(flatten)]
    select: Select,
}

/// How far below the scenarios' parent bench files are looked for.
const DEPTH: usize = 2;

impl Check {
    pub(crate) fn run(mut self) -> Result<Exit, Expected> {
        let named = !self.select.which.is_empty();
        let benches = if named {
            let (benches, others) = std::mem::take(&mut self.select.which)
                .into_iter()
                .partition(|which| is_bench(Path::new(which)));
            self.select.which = others;
            benches.into_iter().map(PathBuf::from).collect()
        } else {
            benches_around()?
        };
        let mut messages = Vec::new();
        let mut scenarios = 0;
        if !named || !self.select.which.is_empty() {
            match self.select.load() {
                Ok(selected) => scenarios = selected.len(),
                Err(Expected::Scenarios { messages: wrong }) => messages.extend(wrong),
                Err(error) => return Err(error),
            }
        }
        let mut cautions = Vec::new();
        for path in &benches {
            match BenchFile::load(path) {
                Ok(bench) => cautions.extend(
                    bench
                        .cautions()
                        .iter()
                        .map(|caution| format!("{}: {caution}", path.display())),
                ),
                Err(BenchFileError::Wrong(error)) => {
                    messages.push(error.render(colour_on_stderr()));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if !messages.is_empty() {
            return Err(Expected::Scenarios { messages });
        }
        let mut out = std::io::stdout().lock();
        for caution in cautions {
            writeln!(out, "{caution}").map_err(Expected::Print)?;
        }
        let counts: Vec<String> = [
            (scenarios, "scenario", "scenarios"),
            (benches.len(), "bench", "benches"),
        ]
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
        .collect();
        writeln!(out, "{}, no mistake", counts.join(", ")).map_err(Expected::Print)?;
        Ok(Exit::Pass)
    }
}

/// Bench files near the scenarios.
fn benches_around() -> Result<Vec<PathBuf>, Expected> {
    let Some(scenarios) = upward("scenarios") else {
        return Ok(Vec::new());
    };
    let mut benches = Vec::new();
    let around = match scenarios.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    walk(around, DEPTH, &mut benches)?;
    benches.sort();
    Ok(benches)
}

fn walk(folder: &Path, depth: usize, benches: &mut Vec<PathBuf>) -> Result<(), Expected> {
    let read = |source| Expected::ReadFolder {
        path: folder.to_owned(),
        source,
    };
    for entry in fs::read_dir(folder).map_err(read)? {
        let entry = entry.map_err(read)?;
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') || ["target", "scenarios", "node_modules"].contains(&&*name) {
            continue;
        }
        let kind = entry.file_type().map_err(read)?;
        if kind.is_dir() && depth > 0 {
            walk(&path, depth - 1, benches)?;
        } else if kind.is_file() && is_bench(&path) {
            benches.push(path.strip_prefix(".").unwrap_or(&path).to_owned());
        }
    }
    Ok(())
}

/// Whether a file is a bench and no scenario, by the keys that it has.
fn is_bench(path: &Path) -> bool {
    let yaml = path
        .extension()
        .is_some_and(|extension| extension == "yaml" || extension == "yml");
    if !yaml {
        return false;
    }
    let text = fs::read_to_string(path).unwrap_or_default();
    let has = |key: &str| text.lines().any(|line| line.starts_with(key));
    !has("steps:") && (has("pi:") || has("contacts:") || has("signals:"))
}
