//! Over the images in a folder, by the version in their names.

use std::fs;
use std::path::{Path, PathBuf};

use semver::Version;

use super::super::select::upward;
use super::super::{Exit, Expected};
use super::{Search, say};
use crate::lock::LockModel;

/// An image and its version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Released {
    version: Version,
    path: PathBuf,
}

impl std::fmt::Display for Released {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.version.fmt(f)
    }
}

pub(super) fn search(
    search: &Search,
    good: &str,
    bad: &str,
    folder: Option<&Path>,
) -> Result<Exit, Expected> {
    let model = search.model;
    let folder = match folder {
        Some(folder) => folder.to_owned(),
        None => upward("firmware/images").ok_or(Expected::NoImage { model })?,
    };
    let all = released(&folder, model)?;
    let place = |name: &str| {
        all.iter()
            .position(|image| image.is(name))
            .ok_or_else(|| Expected::NoVersion {
                name: name.to_owned(),
                folder: folder.clone(),
                model,
                known: all.iter().map(ToString::to_string).collect(),
            })
    };
    let (first, last) = (place(good)?, place(bad)?);
    if first >= last {
        return Err(Expected::Backwards {
            good: all[first].to_string(),
            bad: all[last].to_string(),
        });
    }
    let versions = &all[first..=last];
    let (oracle, bad) = search.oracle(&all[first].path, &all[last].path)?;
    let ended = search.among(versions, (&oracle, bad), |image| Ok(Ok(image.path.clone())))?;
    say(&ended.wrong)?;
    Ok(Exit::Pass)
}

impl Released {
    /// Whether that is how a person names it: by version, file name or path.
    fn is(&self, name: &str) -> bool {
        let version = name.strip_prefix('v').unwrap_or(name);
        self.version.to_string() == version
            || self.path == Path::new(name)
            || self.path.file_name().is_some_and(|file| file == name)
    }
}

/// The images for a model in a folder, lowest version first.
fn released(folder: &Path, model: LockModel) -> Result<Vec<Released>, Expected> {
    let read = |source| Expected::ReadImage {
        path: folder.to_owned(),
        source,
    };
    let prefix = format!("lock-{model}-");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let version = name
            .strip_prefix(&prefix)
            .and_then(|rest| rest.strip_suffix(".elf"))
            .and_then(|version| Version::parse(version).ok());
        if let Some(version) = version {
            found.push(Released { version, path });
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_in_the_order_of_their_versions() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "lock-ten-key-1.10.0.elf",
            "lock-ten-key-1.9.0.elf",
            "lock-ten-key-1.10.0-rc.1.elf",
            "lock-ten-key-1.9.0.elf.sha256",
            "lock-ten-key-next.elf",
            "lock-five-key-1.0.0.elf",
        ] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let images = released(dir.path(), LockModel::TenKey).unwrap();
        let versions: Vec<String> = images.iter().map(ToString::to_string).collect();
        assert_eq!(versions, ["1.9.0", "1.10.0-rc.1", "1.10.0"]);
        assert!(images[0].is("1.9.0") && images[0].is("v1.9.0"));
        assert!(images[2].is("lock-ten-key-1.10.0.elf") && !images[2].is("1.1.0"));
    }
}
