//! The same image and scenario give the same trace, byte for byte, whatever else the machine does: in a
//! process of its own beside busy threads, one scenario at a time, and in another that has the machine to
//! itself and plays several at once. Among the scenarios are some that a debugger takes part in. And it is the
//! trace that every other machine gets: the digests of all of them are kept.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};

const SCENARIOS: [&str; 5] = [
    "codes/unlock",
    "handing",
    "hub/event-log",
    "storage/corrupt",
    "storage/hang",
];
/// What a run leaves of what the lock did.
const FILES: [&str; 3] = ["trace.vcd", "outcomes.txt", "log.txt"];
const BUSY_THREADS: usize = 6;

/// Plays the scenarios; every file of every run, by the scenario's name and the file's.
fn played(jobs: &str) -> BTreeMap<(String, &'static str), Vec<u8>> {
    let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("determinism-{jobs}"));
    let _ = fs::remove_dir_all(&output);
    let run = Command::new(env!("CARGO_BIN_EXE_rig"))
        .args(["run", "--lock", "ten-key", "--jobs", jobs, "--output"])
        .arg(&output)
        .args(SCENARIOS)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .env("CI", "true")
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stdout)
    );
    let folders: Vec<PathBuf> = fs::read_dir(&output)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let mut files = BTreeMap::new();
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        // What stands before the first dash is the time of day.
        let (_, scenario) = name.split_once('-').unwrap();
        for file in FILES {
            let bytes = fs::read(folder.join(file)).unwrap();
            assert!(!bytes.is_empty(), "{name}/{file}");
            let twice = files.insert((scenario.to_owned(), file), bytes);
            assert!(twice.is_none(), "{name}");
        }
    }
    files
}

#[test]
fn a_busy_machine_changes_no_byte_of_a_trace() {
    let over = AtomicBool::new(false);
    let busy = std::thread::scope(|scope| {
        for _ in 0..BUSY_THREADS {
            scope.spawn(|| {
                let mut number = 1_u64;
                while !over.load(Ordering::Relaxed) {
                    number = std::hint::black_box(number.wrapping_mul(6_364_136_223_846_793_005));
                }
            });
        }
        // Also where an assertion fails, the others have to end.
        let played = std::panic::catch_unwind(|| played("1"));
        over.store(true, Ordering::Relaxed);
        played
    });
    let busy = busy.unwrap_or_else(|why| std::panic::resume_unwind(why));
    let quiet = played("4");
    assert!(busy.len() >= SCENARIOS.len() * FILES.len());
    assert_eq!(
        busy.keys().collect::<Vec<_>>(),
        quiet.keys().collect::<Vec<_>>()
    );
    for ((scenario, file), bytes) in &busy {
        assert!(
            quiet[&(scenario.clone(), *file)] == *bytes,
            "{scenario}: {file} is another"
        );
    }
}

/// The traces of all scenarios on both models. Another image or scenario, or a virtual lock that takes other
/// times, changes them, if by less than a snapshot's tolerance: read what, then
/// `INSTA_UPDATE=always cargo test --release -p rig --test determinism`. `RIG_TRACES_BY` names another build of
/// `rig`, with what it is run by, whose traces are held against them.
#[test]
fn every_machine_gets_the_same_traces() {
    let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join("determinism-all");
    let _ = fs::remove_dir_all(&output);
    let by = std::env::var("RIG_TRACES_BY");
    let words: Vec<&str> = match &by {
        Ok(by) => by.split_whitespace().collect(),
        Err(_) => vec![env!("CARGO_BIN_EXE_rig")],
    };
    let run = Command::new(words[0])
        .args(&words[1..])
        .args(["run", "--output"])
        .arg(&output)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .env("CI", "true")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}");
    let mut digests: Vec<String> = fs::read_dir(&output)
        .unwrap()
        .map(|entry| digest(&entry.unwrap().path()))
        .collect();
    digests.sort();
    insta::assert_snapshot!("traces", digests.join("\n"));
}

/// `codes/unlock on ten-key: ` and the first eight bytes of the SHA-256 of a run's trace.
fn digest(folder: &Path) -> String {
    let read = |file: &str| fs::read(folder.join(file)).unwrap();
    let run: serde_json::Value = serde_json::from_slice(&read("run.json")).unwrap();
    let hash = Sha256::digest(read("trace.vcd"));
    let hex: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let word = |name: &str| run[name].as_str().unwrap().to_owned();
    format!("{} on {}: {hex}", word("scenario"), word("lock"))
}
