//! Folders of scenarios: which files they hold, what each is called, and where snapshots go.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::{Scenario, ScenarioError, parse};

/// A folder that can't be read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Listing a folder failed.
    #[error("list the folder {}: {source}", path.display())]
    List {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Reading a file failed.
    #[error("read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Two files of one name.
    #[error("tell {} from {}: both would have the snapshot of `{name}`; rename one of them", path.display(), other.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// The one with the other ending.
        other: PathBuf,
        /// What both are called.
        name: String,
    },
}

/// A folder of scenario files and the `snapshots` folder in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The scenario folder at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Folder {
        Folder { path: path.into() }
    }

    /// The scenario folder that `file` is in: the nearest one above it called `scenarios`, else the
    /// nearest with a `snapshots` folder in it, else the one it lies in. It is the same from wherever
    /// the file is named.
    pub fn of(file: &Path) -> Folder {
        let parent = match file.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let whole = absolute(parent);
        let named = whole
            .ancestors()
            .find(|folder| folder.ends_with("scenarios"));
        let root = named.or_else(|| {
            let mut above = whole.ancestors();
            above.find(|folder| folder.join("snapshots").is_dir())
        });
        let root = root.unwrap_or(&whole);
        // As it was named, where its name reaches that far.
        let written = parent.ancestors().find(|folder| absolute(folder) == root);
        Folder::new(written.unwrap_or(root))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the accepted outcomes of its scenarios are.
    pub fn snapshots(&self) -> PathBuf {
        self.path.join("snapshots")
    }

    /// The scenario files in it and below it, in the order of their names.
    pub fn files(&self) -> Result<Vec<PathBuf>, FolderError> {
        let mut files = Vec::new();
        walk(&self.path, &mut files)?;
        files.sort();
        Ok(files)
    }

    /// What the scenario in `file` is called: its path below the folder, without `.yaml`.
    pub fn name(&self, file: &Path) -> String {
        let whole = absolute(file);
        let below = whole.strip_prefix(absolute(&self.path)).unwrap_or(file);
        let parts: Vec<String> = below
            .with_extension("")
            .components()
            .filter_map(|part| match part {
                Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
                _ => None,
            })
            .collect();
        parts.join("/")
    }

    /// Reads and checks one file of the folder.
    pub fn load(&self, file: &Path) -> Result<Result<Scenario, ScenarioError>, FolderError> {
        let other = match file.extension() {
            Some(ending) if ending == "yml" => file.with_extension("yaml"),
            _ => file.with_extension("yml"),
        };
        if other.is_file() && other != file {
            return Err(FolderError::Twice {
                path: file.to_owned(),
                other,
                name: self.name(file),
            });
        }
        let source = read_text(file).map_err(|source| FolderError::Read {
            path: file.to_owned(),
            source,
        })?;
        Ok(parse(&source, file, &self.name(file)))
    }
}

/// Reads a file that a person writes; says in which line it is no text.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(fs::read(path)?).map_err(|error| {
        let text = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = text.iter().filter(|byte| **byte == b'\n').count() + 1;
        let problem = format!("line {line} is not UTF-8; save the file as UTF-8 text");
        io::Error::new(io::ErrorKind::InvalidData, problem)
    })
}

/// A path from the root, without `.` and `..`.
fn absolute(path: &Path) -> PathBuf {
    let path = match path.as_os_str().is_empty() {
        true => Path::new("."),
        false => path,
    };
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut plain = PathBuf::new();
    for part in whole.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), FolderError> {
    let list = |source| FolderError::List {
        path: folder.to_owned(),
        source,
    };
    for entry in fs::read_dir(folder).map_err(list)? {
        let path = entry.map_err(list)?.path();
        if path.is_dir() {
            if !path.ends_with("snapshots") {
                walk(&path, files)?;
            }
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml")
        {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_told_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("latin.yaml");
        fs::write(&file, b"title: T\ngiven: new\n# caf\xE9\n").unwrap();
        let error = Folder::new(dir.path()).load(&file).unwrap_err();
        assert!(error.to_string().contains("line 3 is not UTF-8"), "{error}");
    }

    #[test]
    fn lists_files_in_order_and_leaves_snapshots_out() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "b.yaml",
            "a.yml",
            "handing/left.yaml",
            "snapshots/x.yaml",
            "notes.txt",
        ] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let folder = Folder::new(dir.path());
        let names: Vec<String> = folder
            .files()
            .unwrap()
            .iter()
            .map(|file| folder.name(file))
            .collect();
        assert_eq!(names, ["a", "b", "handing/left"]);
        assert_eq!(Folder::of(&dir.path().join("handing/left.yaml")), folder);
    }

    #[test]
    fn a_scenario_has_one_name_from_everywhere() {
        let dir = tempfile::tempdir().unwrap();
        let codes = dir.path().join("scenarios/codes");
        // As a run that knew no better left it.
        fs::create_dir_all(codes.join("snapshots")).unwrap();
        let root = Folder::new(dir.path().join("scenarios"));
        for file in ["x.yaml", "../codes/x.yaml", "../../scenarios/codes/x.yaml"] {
            let file = codes.join(file);
            let folder = Folder::of(&file);
            assert_eq!(absolute(folder.path()), root.path(), "{}", file.display());
            assert_eq!(folder.name(&file), "codes/x", "{}", file.display());
        }
        // Relative paths stay as they are, and reach above where they begin.
        let file = Path::new("scenarios/codes/x.yaml");
        assert_eq!(Folder::of(file), Folder::new("scenarios"));
        let here = std::env::current_dir().unwrap();
        let file = Path::new("x.yaml");
        let above = Folder::new(here.parent().unwrap());
        let name = format!("{}/x", here.file_name().unwrap().to_string_lossy());
        assert_eq!(above.name(file), name);
    }

    #[test]
    fn two_files_of_one_name_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.yaml", "a.yml"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        for name in ["a.yaml", "a.yml"] {
            let error = Folder::new(dir.path())
                .load(&dir.path().join(name))
                .unwrap_err()
                .to_string();
            assert!(
                error.contains("a.yaml") && error.contains("a.yml"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let error = Folder::new("no/such/folder").files().unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("list the folder no/such/folder: ")
        );
    }
}
