//! What tests of the `rig` command share: the folders, the released images, and the command itself without
//! the variables that change what it writes.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared by tests that use different parts of it"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The top of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// An empty folder of a test's own.
pub fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The newest released image for a model, `ten-key` or `five-key`.
pub fn released(model: &str) -> PathBuf {
    let begin = format!("lock-{model}-");
    let entries = fs::read_dir(root().join("firmware/images")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let images = paths.filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with(&begin) && name.ends_with(".elf")
    });
    fs::canonicalize(images.max().unwrap()).unwrap()
}

/// Puts the released images where the command looks for them from `folder`.
pub fn copy_released(folder: &Path) {
    let images = folder.join("firmware/images");
    fs::create_dir_all(&images).unwrap();
    for entry in fs::read_dir(root().join("firmware/images")).unwrap() {
        let from = entry.unwrap().path();
        if from.is_file() {
            fs::copy(&from, images.join(from.file_name().unwrap())).unwrap();
        }
    }
}

/// `rig`, to be run in `folder` as by hand.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rig"));
    command.current_dir(folder);
    for name in ["CI", "INSTA_UPDATE", "INSTA_FORCE_PASS"] {
        command.env_remove(name);
    }
    command
}

/// What `rig` says in `folder`, as by hand.
pub fn rig(folder: &Path, arguments: &[&str]) -> Output {
    command(folder).args(arguments).output().unwrap()
}

/// All that was said.
pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
