//! The guard: a second process of the same program that makes the bench safe when the first one dies
//! without having done so. Nothing else lets go of a driven line after `kill -9`. The two are tied
//! by a pipe: the kernel closes it whatever the end, and a guard that reads its end without having
//! been told that all is well goes to work.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::{lines_for_guard, make_lines_safe, safe_supply};
use crate::bench::file::BenchFile;
use crate::bench::owner::Owner;

/// The verb of a guard.
pub(crate) const VERB: &str = "guard";

/// A guard says this once it is ready.
const READY: u8 = b'r';

/// And is told this when all is well.
const WELL: u8 = b'w';

/// How long a guard tries to reach what is on the bench: a port is free again only when all of the
/// dead process is gone.
const PERSISTENCE: Duration = Duration::from_secs(20);

/// A guard that doesn't guard.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GuardError {
    /// It can't be started.
    #[error("start the guard: {0}")]
    Start(std::io::Error),
    /// It ended at once.
    #[error("start the guard: it ended with {status} before it was ready")]
    NotReady {
        /// How.
        status: String,
    },
    /// It is gone while the bench is in use.
    #[error("guard the bench: the guard is gone ({status})")]
    Gone {
        /// How.
        status: ExitStatus,
    },
}

/// A guard at work, seen from the process that it guards.
#[derive(Debug)]
pub(crate) struct Guard {
    child: Child,
}

impl Guard {
    /// Starts a guard for a bench that `owner` has.
    pub(crate) fn start(file: &BenchFile, owner: &Owner) -> Result<Guard, GuardError> {
        let spawned = owner.share(|| {
            // Not by its name: that may be another program by now.
            Command::new("/proc/self/exe")
                .arg(VERB)
                .arg(&file.path)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
        });
        let mut child = spawned
            .and_then(|spawned| spawned)
            .map_err(GuardError::Start)?;
        let mut ready = [0];
        let read = child.stdout.as_mut().map(|out| out.read_exact(&mut ready));
        if !matches!(read, Some(Ok(()))) || ready != [READY] {
            drop(child.stdin.take());
            let status = child
                .wait()
                .map_or_else(|error| error.to_string(), |status| status.to_string());
            return Err(GuardError::NotReady { status });
        }
        Ok(Guard { child })
    }

    /// Fails when the guard is gone.
    pub(crate) fn check(&mut self) -> Result<(), GuardError> {
        match self.child.try_wait() {
            Ok(Some(status)) => Err(GuardError::Gone { status }),
            Ok(None) => Ok(()),
            Err(error) => Err(GuardError::Start(error)),
        }
    }

    /// Tells the guard that the bench is safe, and waits until it has gone.
    pub(crate) fn release(mut self) {
        if let Some(mut pipe) = self.child.stdin.take() {
            // A guard that is gone already needs no telling.
            let _ = pipe.write_all(&[WELL]);
        }
        let _ = self.child.wait();
    }
}

/// What a guard does: waits for the end of `stdin`, then makes the bench safe unless it is told
/// that it is. Returns what it could not make safe, in words.
///
/// # Errors
///
/// When the pipe to the guarded process can't be used.
pub fn stand_guard(
    bench: &Path,
    file: &BenchFile,
    stdin: &mut dyn Read,
    stdout: &mut dyn Write,
) -> std::io::Result<Vec<String>> {
    // A session of its own: Ctrl-C in the terminal is not meant for the guard.
    let _ = rustix::process::setsid();
    stdout.write_all(&[READY])?;
    stdout.flush()?;
    let mut told = [0; 16];
    let mut well = false;
    loop {
        match stdin.read(&mut told) {
            Ok(0) => break,
            Ok(count) => well |= told[..count].contains(&WELL),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    if well {
        return Ok(Vec::new());
    }
    Ok(make_safe(&PathBuf::from(bench), file))
}

/// Tries everything until it is done, at most for [`PERSISTENCE`].
fn make_safe(bench: &Path, file: &BenchFile) -> Vec<String> {
    let began = Instant::now();
    let mut lines = Err("not tried".to_owned());
    let mut supply = Err("not tried".to_owned());
    loop {
        if lines.is_err() {
            lines = lines_for_guard(file)
                .and_then(|mut lines| make_lines_safe(file, &mut *lines))
                .map_err(|error| error.to_string());
        }
        if supply.is_err() {
            supply = safe_supply(file).map_err(|error| error.to_string());
        }
        if (lines.is_ok() && supply.is_ok()) || began.elapsed() > PERSISTENCE {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    [lines, supply]
        .into_iter()
        .filter_map(Result::err)
        .map(|error| format!("make {} safe: {error}", bench.display()))
        .collect()
}
