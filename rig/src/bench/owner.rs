//! One process owns a bench. The kernel's lock on a file is the authority: it ends with the process,
//! however that ends. What the file says is only who to ask.

use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{FlockOperation, flock};
use rustix::io::{FdFlags, fcntl_setfd};

use super::file::BenchFile;

/// A bench in the hands of this process.
#[derive(Debug)]
pub(crate) struct Owner {
    file: File,
}

/// A bench that is not ours to use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OwnerError {
    /// Someone has it.
    #[error("take the bench: {holder}")]
    Held {
        /// Who, in words.
        holder: String,
    },
    /// The file can't be made, locked or written.
    #[error("take the bench: lock {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl Owner {
    /// Takes the bench, at once or not at all.
    pub(crate) fn take(bench: &BenchFile) -> Result<Owner, OwnerError> {
        Owner::take_in(&folder(), &key(bench))
    }

    fn take_in(folder: &Path, key: &str) -> Result<Owner, OwnerError> {
        let path = folder.join(format!("rig-{key}.lock"));
        let fail = |source| OwnerError::File {
            path: path.clone(),
            source,
        };
        let file = open(&path).map_err(fail)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(OwnerError::Held {
                    holder: holder(&path),
                });
            }
            Err(error) => return Err(fail(error.into())),
        }
        // Who may not write in another user's file still owns the lock.
        let record = record();
        if file.set_len(0).is_ok() {
            let _ = file.write_all_at(record.as_bytes(), 0);
        }
        Ok(Owner { file })
    }

    /// Lets the next process started here inherit the lock, so that the bench stays owned until
    /// both are gone. Whoever inherits it needs to do nothing but live.
    pub(crate) fn share<T>(&self, start: impl FnOnce() -> T) -> std::io::Result<T> {
        let file = self.file.as_fd();
        fcntl_setfd(file, FdFlags::empty())?;
        let started = start();
        fcntl_setfd(file, FdFlags::CLOEXEC)?;
        Ok(started)
    }
}

/// What is locked: a machine has one header, a rehearsal a file of its own.
fn key(bench: &BenchFile) -> String {
    if !bench.header.is_rehearsal() {
        return "gpio".to_owned();
    }
    let path = bench.state.as_deref().unwrap_or(&bench.path);
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut key = String::from("rehearsal");
    for part in path
        .to_string_lossy()
        .split(|c: char| !c.is_ascii_alphanumeric())
    {
        key.push('-');
        key.push_str(part);
    }
    // Names of files end at 255 bytes; the end of a path tells more than its beginning.
    let from = key.len().saturating_sub(200);
    key.split_off(from)
}

/// Where locks are kept: the same for every user of a machine.
fn folder() -> PathBuf {
    let run = Path::new("/run/lock");
    if run.is_dir() {
        run.to_owned()
    } else {
        std::env::temp_dir()
    }
}

/// Opens the file, or makes it for everyone. In a sticky folder the kernel refuses to "create"
/// another user's file that exists, so that is tried first.
fn open(path: &Path) -> std::io::Result<File> {
    for write in [true, false] {
        match File::options().read(true).write(write).open(path) {
            Ok(file) => return Ok(file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => break,
            Err(error) if write && error.kind() == std::io::ErrorKind::PermissionDenied => {}
            Err(error) => return Err(error),
        }
    }
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    // Past the umask; not ours to change if someone else made it just now.
    let _ = file.set_permissions(std::fs::Permissions::from_mode(0o666));
    Ok(file)
}

fn record() -> String {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs());
    let user =
        std::env::var("USER").unwrap_or_else(|_| rustix::process::getuid().as_raw().to_string());
    let command: Vec<String> = std::env::args().collect();
    format!(
        "pid {}\nuser {user}\nsince {since}\ncommand {}\n",
        std::process::id(),
        command.join(" ").replace('\n', " ")
    )
}

/// Who has it, in words.
fn holder(path: &Path) -> String {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(4096).read_to_string(&mut text));
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
            .map(str::to_owned)
    };
    let (Ok(_), Some(pid)) = (read, field("pid")) else {
        return "another process has it, and its record can't be read".to_owned();
    };
    let since = field("since")
        .and_then(|since| since.parse().ok())
        .and_then(|since| {
            SystemTime::now()
                .duration_since(UNIX_EPOCH + Duration::from_secs(since))
                .ok()
        })
        .map_or_else(String::new, |time| format!(" for {}", span(time)));
    let user = field("user").unwrap_or_default();
    let command = field("command").unwrap_or_default();
    if Path::new("/proc").join(&pid).exists() {
        format!("process {pid} of {user} has it{since}: `{command}`")
    } else {
        format!(
            "process {pid} of {user} is gone, its guard is still making the bench safe: `{command}`"
        )
    }
}

fn span(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_has_it_and_gets_it_when_that_ends() {
        let folder = tempfile::tempdir().unwrap();
        let first = Owner::take_in(folder.path(), "gpio").unwrap();
        let refused = Owner::take_in(folder.path(), "gpio")
            .unwrap_err()
            .to_string();
        let me = std::process::id();
        assert!(
            refused.starts_with(&format!("take the bench: process {me} of ")),
            "{refused}"
        );
        assert!(refused.contains(" has it for 0 s: `"), "{refused}");
        Owner::take_in(folder.path(), "other").unwrap();
        drop(first);
        Owner::take_in(folder.path(), "gpio").unwrap();
    }

    #[test]
    fn a_lock_that_was_shared_lasts_until_the_last_holder_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let owner = Owner::take_in(folder.path(), "gpio").unwrap();
        let mut heir = owner
            .share(|| {
                std::process::Command::new("cat")
                    .stdin(std::process::Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .unwrap();
        drop(owner);
        assert!(Owner::take_in(folder.path(), "gpio").is_err());
        drop(heir.stdin.take());
        heir.wait().unwrap();
        Owner::take_in(folder.path(), "gpio").unwrap();
    }

    #[test]
    fn without_a_record_there_is_still_an_answer() {
        let folder = tempfile::tempdir().unwrap();
        let _owner = Owner::take_in(folder.path(), "gpio").unwrap();
        std::fs::write(folder.path().join("rig-gpio.lock"), "\0\u{ff}").unwrap();
        insta::assert_snapshot!(Owner::take_in(folder.path(), "gpio").unwrap_err(), @"take the bench: another process has it, and its record can't be read");
    }
}
