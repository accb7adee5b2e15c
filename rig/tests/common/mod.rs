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
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rig::scenario::Folder;

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

/// The scenarios' folder.
pub fn folder_of_scenarios() -> Folder {
    Folder::new(root().join("scenarios"))
}

/// The names of all scenarios, in their order.
pub fn scenarios() -> Vec<String> {
    let folder = folder_of_scenarios();
    let files = folder.files().unwrap();
    let mut names: Vec<String> = files.iter().map(|file| folder.name(file)).collect();
    names.sort();
    names
}

/// What comes of every job, in their order; as many at once as there are cores.
pub fn of_each<J: Sync, R: Send>(jobs: &[J], of: impl Fn(&J) -> R + Sync) -> Vec<R> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(number) else {
                        break;
                    };
                    let result = of(job);
                    done.lock().unwrap().push((number, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}
