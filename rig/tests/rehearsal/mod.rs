//! A bench in rehearsal in a folder of its own, for tests of the `rig` command.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared by tests that use different parts of it"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use virtual_lock::VirtualLock;
use virtual_lock::debug::server::{DebugServer, Pace};
use virtual_lock::debug::target::DebugTarget;
use virtual_lock::time::Ticks;

use crate::instrument::Instrument;

/// A bench in a folder of its own, with a supply on a pseudo-terminal.
pub struct Rehearsal {
    pub folder: tempfile::TempDir,
    pub bench: PathBuf,
    state: PathBuf,
    pub supply: Instrument,
}

/// Lines that the bench drives: two contacts that close high, one that sinks, and `enable`.
const DRIVEN: [usize; 4] = [17, 18, 22, 24];

/// One with nothing but a loopback wire on its lines.
pub fn rehearsal() -> Rehearsal {
    make("", "loopback: [[20, 21]]\n")
}

/// One with a virtual lock in real time.
pub fn with_lock() -> Rehearsal {
    with_lock_and("")
}

/// The same, and these lines of its file.
pub fn with_lock_and(more: &str) -> Rehearsal {
    let image = format!("image: {}\n{more}", firmware().display());
    make("  switch 3: 23\n", &image)
}

/// The released image of a ten-key lock.
pub fn firmware() -> PathBuf {
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware/images");
    let mut images: Vec<PathBuf> = std::fs::read_dir(images)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with("lock-ten-key-") && name.ends_with(".elf")
        })
        .collect();
    images.sort();
    images.pop().unwrap()
}

fn make(contacts: &str, board: &str) -> Rehearsal {
    let folder = tempfile::tempdir().unwrap();
    let bench = folder.path().join("bench.yaml");
    let supply = Instrument::plug_in(true);
    let text = format!(
        "title: A rehearsal\nlock: ten-key\npi: rehearsal\nstate: lines\n\
         contacts:\n  \"1\": 17\n  lock: 18\n  program: {{ line: 22, closes: sink }}\n{contacts}\
         signals:\n  beeper: 6\n  status green: {{ line: 5, active: low }}\n\
         enable: 24\n{board}\
         limits: {{ volts: 6.6 V, amperes: 1 A, run: 1min }}\n\
         supply: {{ kind: scpi, port: {}, timeout: 400ms }}\n",
        supply.path()
    );
    std::fs::write(&bench, text).unwrap();
    Rehearsal {
        state: folder.path().join("lines"),
        bench,
        folder,
        supply,
    }
}

impl Rehearsal {
    pub fn rig(&self, verb: &str, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rig"));
        command.arg(verb).arg(&self.bench).args(more);
        command
    }

    pub fn output(&self, verb: &str, more: &[&str]) -> Output {
        self.rig(verb, more).output().unwrap()
    }

    /// What the bench's lines were last driven to.
    pub fn driven(&self) -> String {
        let bytes = std::fs::read(&self.state).unwrap_or_default();
        let line = |line| match bytes.get(line) {
            Some(byte @ (b'H' | b'L' | b'Z')) => char::from(*byte),
            _ => '.',
        };
        DRIVEN.map(line).iter().collect()
    }

    /// Waits until no guard of this bench is left.
    pub fn wait_for_guard(&self) {
        let began = Instant::now();
        while !guards(&self.bench).is_empty() {
            assert!(began.elapsed() < Duration::from_secs(60), "the guard stays");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A lock with power, whose debug port anyone may attach to, and what names it in a bench file.
pub fn probed() -> (DebugServer<VirtualLock>, String) {
    let mut lock = VirtualLock::new();
    lock.connect().unwrap();
    // Its supervisor takes a moment to let the processor start.
    lock.advance(Ticks::from_millis(100)).unwrap();
    let server = DebugServer::start(lock, Pace::Transactions).unwrap();
    let line = format!("probe: {{ selector: \"{}\" }}\n", server.selector());
    (server, line)
}

/// The processes that guard a bench.
pub fn guards(bench: &Path) -> Vec<u32> {
    let needle = format!("\0guard\0{}\0", bench.display());
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|process| {
            let command = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&command).contains(&needle)
        })
        .filter_map(|process| process.file_name().to_str()?.parse().ok())
        .collect()
}

/// Sends a signal by its name.
pub fn signal(process: u32, name: &str) {
    let process = Pid::from_raw(process.try_into().unwrap()).unwrap();
    let signal = match name {
        "INT" => Signal::INT,
        "TERM" => Signal::TERM,
        _ => Signal::KILL,
    };
    kill_process(process, signal).unwrap();
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
