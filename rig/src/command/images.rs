//! Firmware images: which file is flashed into a lock of a model.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Expected;
use super::select::upward;
use crate::bench::VirtualBench;
use crate::bench::log::FirmwareLog;
use crate::bench::probe::Image;
use crate::lock::LockModel;

/// An image file, read.
#[derive(Debug, Clone)]
pub(crate) struct Firmware {
    pub(crate) path: PathBuf,
    pub(crate) sha256: String,
    pub(crate) image: Image,
    /// How to read what it logs, where it does.
    pub(crate) log: Option<FirmwareLog>,
}

impl Firmware {
    /// Reads an image file.
    pub(crate) fn read(path: &Path) -> Result<Firmware, Expected> {
        let bytes = fs::read(path).map_err(|source| Expected::ReadImage {
            path: path.to_owned(),
            source,
        })?;
        let not_image = |problem: String| Expected::NotImage {
            path: path.to_owned(),
            problem,
        };
        let image = Image::from_elf(&bytes).map_err(|error| not_image(error.to_string()))?;
        let log = FirmwareLog::from_elf(&bytes).map_err(|error| not_image(error.to_string()))?;
        let digest = Sha256::digest(&bytes);
        Ok(Firmware {
            path: path.to_owned(),
            sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            image,
            log,
        })
    }

    /// Reads an image file for a lock of a model, which its name may say it is not for.
    pub(crate) fn meant_for(model: LockModel, path: &Path) -> Result<Firmware, Expected> {
        match model_of(path) {
            Ok(named) if named != model => Err(Expected::ImageOfOther {
                path: path.to_owned(),
                model,
                named,
            }),
            _ => Firmware::read(path),
        }
    }

    /// A virtual lock with it in its flash, and its log listened to.
    pub(crate) fn lock(&self, model: LockModel) -> Result<VirtualBench, Expected> {
        let flashed = VirtualBench::flashed(model, &self.image);
        let (mut bench, _) = flashed.map_err(|error| Expected::Flash {
            path: self.path.clone(),
            error,
        })?;
        if let Some(log) = &self.log {
            bench.listen(log.clone());
        }
        Ok(bench)
    }

    /// The image at `path`, or where none is asked for the newest released one for `model`.
    pub(crate) fn chosen(path: Option<&Path>, model: LockModel) -> Result<Firmware, Expected> {
        match path {
            Some(path) => Firmware::meant_for(model, path),
            None => Firmware::released(model)?.ok_or(Expected::NoImage { model }),
        }
    }

    /// The newest released image for `model`, if there is one.
    pub(crate) fn released(model: LockModel) -> Result<Option<Firmware>, Expected> {
        let Some(folder) = upward("firmware/images") else {
            return Ok(None);
        };
        newest(&folder, model)?
            .map(|path| Firmware::read(&path))
            .transpose()
    }
}

/// The `lock-<model>-<version>.elf` of the highest version in `folder`.
fn newest(folder: &Path, model: LockModel) -> Result<Option<PathBuf>, Expected> {
    let read = |source| Expected::ReadImage {
        path: folder.to_owned(),
        source,
    };
    let mut found: Vec<(Vec<u64>, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if let Some(version) = name
            .strip_prefix(&format!("lock-{model}-"))
            .and_then(|rest| rest.strip_suffix(".elf"))
            .and_then(version)
        {
            found.push((version, path));
        }
    }
    Ok(found.into_iter().max().map(|(_, path)| path))
}

/// `1.10.0` as numbers, so that it is higher than `1.9.0`.
fn version(text: &str) -> Option<Vec<u64>> {
    text.split('.').map(|part| part.parse().ok()).collect()
}

/// The model that an image's name says it is for.
pub(crate) fn model_of(path: &Path) -> Result<LockModel, Expected> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    LockModel::ALL
        .into_iter()
        .find(|model| name.contains(model.name()))
        .ok_or_else(|| Expected::WhichLock {
            path: path.to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_image_of_the_model_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "lock-ten-key-1.9.0.elf",
            "lock-ten-key-1.10.0.elf",
            "lock-ten-key-1.10.0.elf.sha256",
            "lock-ten-key-next.elf",
            "lock-five-key-2.0.0.elf",
        ] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let newest = |model| super::newest(dir.path(), model).unwrap();
        assert!(
            newest(LockModel::TenKey)
                .unwrap()
                .ends_with("lock-ten-key-1.10.0.elf")
        );
        assert!(
            newest(LockModel::FiveKey)
                .unwrap()
                .ends_with("lock-five-key-2.0.0.elf")
        );
    }

    #[test]
    fn what_is_no_image_is_told_with_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock.elf");
        let missing = Firmware::read(&path).unwrap_err();
        assert!(missing.to_string().contains("lock.elf"));
        fs::write(&path, "not an image").unwrap();
        let wrong = Firmware::meant_for(LockModel::TenKey, &path).unwrap_err();
        assert_eq!(wrong.exit(), super::super::Exit::Usage);
        assert!(wrong.to_string().contains("lock.elf"), "{wrong}");
        let other = Path::new("lock-five-key-1.0.0.elf");
        let wrong = Firmware::meant_for(LockModel::TenKey, other).unwrap_err();
        assert_eq!(wrong.exit(), super::super::Exit::Usage);
        insta::assert_snapshot!(
            wrong,
            @"flash lock-five-key-1.0.0.elf into a ten-key lock: its name says that it is for a five-key lock"
        );
    }
}
