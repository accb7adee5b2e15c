//! Which scenarios a command is about: files, folders, or names in the default folder.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Expected, colour_on_stderr};
use crate::scenario::{Folder, Scenario, did_you_mean};

/// Scenarios on the command line.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Select {
    /// Scenario files, folders of them, or parts of scenario names
    ///
    /// Without any, every scenario of the nearest folder called `scenarios`, from the current one
    /// upward.
    #[arg(value_name = "SCENARIO")]
    pub(crate) which: Vec<String>,
}

/// A scenario and the folder that it belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Selected {
    pub(crate) folder: Folder,
    pub(crate) scenario: Scenario,
}

/// A selected file, not read yet.
type File = (Folder, PathBuf);

impl Select {
    /// The selected scenarios in the order of their names, each once; an error with every mistake
    /// in every file when there are any.
    pub(crate) fn load(&self) -> Result<Vec<Selected>, Expected> {
        let mut selected = Vec::new();
        let mut messages = Vec::new();
        for (folder, file) in self.files()? {
            match folder.load(&file)? {
                Ok(scenario) => selected.push(Selected { folder, scenario }),
                Err(error) => messages.push(error.render(colour_on_stderr())),
            }
        }
        if messages.is_empty() {
            Ok(selected)
        } else {
            Err(Expected::Scenarios { messages })
        }
    }

    /// The one scenario that is selected, which goes wrong or doesn't as a whole: of a sweep that is
    /// a point of it, with its steps as steps of their own.
    pub(crate) fn single(which: &str, point: Option<&str>) -> Result<Selected, Expected> {
        let mut selected = Select::one(which)?;
        selected.scenario = match (point, selected.scenario.sweep) {
            (Some(value), _) => at(&selected.scenario, value)?.flat(),
            (None, None) => selected.scenario,
            (None, Some(_)) => {
                return Err(Expected::WhichPoint {
                    name: selected.scenario.name,
                });
            }
        };
        Ok(selected)
    }

    /// The one scenario that is selected.
    pub(crate) fn one(which: &str) -> Result<Selected, Expected> {
        let select = Select {
            which: vec![which.to_owned()],
        };
        let mut selected = select.load()?;
        match (selected.pop(), selected.len()) {
            (Some(one), 0) => Ok(one),
            (_, others) => Err(Expected::Several {
                filter: which.to_owned(),
                count: others + 1,
            }),
        }
    }

    fn files(&self) -> Result<Vec<File>, Expected> {
        let mut files: Vec<File> = Vec::new();
        if self.which.is_empty() {
            files.extend(in_folder(&default_folder()?)?);
        }
        for which in &self.which {
            let path = Path::new(which);
            if path.is_dir() {
                files.extend(in_folder(&Folder::new(path))?);
            } else if path.is_file() {
                files.push((Folder::of(path), path.to_owned()));
            } else {
                files.extend(named(which)?);
            }
        }
        files.sort();
        files.dedup();
        Ok(files)
    }
}

/// A scenario at the point of its sweep with this value.
pub(crate) fn at(scenario: &Scenario, value: &str) -> Result<Scenario, Expected> {
    match scenario.point(value) {
        Some(index) => Ok(scenario.at(index)),
        None => Err(Expected::NoPoint {
            name: scenario.name.clone(),
            value: value.to_owned(),
            known: scenario
                .points()
                .map(|(_, value)| value.to_owned())
                .collect(),
        }),
    }
}

/// The files of a folder that has some. A folder below a scenario folder keeps its scenarios' names.
fn in_folder(folder: &Folder) -> Result<Vec<File>, Expected> {
    let files = folder.files()?;
    if files.is_empty() {
        return Err(Expected::EmptyFolder {
            path: folder.path().to_owned(),
        });
    }
    Ok(files
        .into_iter()
        .map(|file| (Folder::of(&file), file))
        .collect())
}

/// The files of the default folder whose name has `filter` in it; a file's whole name stands for
/// that file alone.
fn named(filter: &str) -> Result<Vec<File>, Expected> {
    let folder = default_folder()?;
    let all = folder.files()?;
    let names: Vec<String> = all.iter().map(|file| folder.name(file)).collect();
    let exact = names.iter().any(|name| name == filter);
    let files: Vec<File> = all
        .into_iter()
        .zip(&names)
        .filter(|(_, name)| {
            if exact {
                *name == filter
            } else {
                name.contains(filter)
            }
        })
        .map(|(file, _)| (folder.clone(), file))
        .collect();
    if files.is_empty() {
        let suggestion = did_you_mean(filter, names.iter().map(String::as_str));
        return Err(Expected::NoMatch {
            filter: filter.to_owned(),
            suggestion: suggestion.map(str::to_owned),
        });
    }
    Ok(files)
}

/// The nearest folder called `scenarios`, from the current one upward.
pub(crate) fn default_folder() -> Result<Folder, Expected> {
    upward("scenarios")
        .map(Folder::new)
        .ok_or_else(|| Expected::NoFolder {
            from: std::env::current_dir().unwrap_or_default(),
        })
}

/// Where what a command leaves behind goes, if nothing else is said: beside the scenarios.
pub(crate) fn output() -> PathBuf {
    match upward("scenarios") {
        Some(scenarios) => scenarios.with_file_name("target").join("rig"),
        None => Path::new("target").join("rig"),
    }
}

/// The nearest folder at `below`, from the current one upward, as short as it can be named.
pub(crate) fn upward(below: &str) -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let mut dots = PathBuf::new();
    for folder in here.ancestors() {
        if folder.join(below).is_dir() {
            return Some(dots.join(below));
        }
        dots.push("..");
    }
    None
}
