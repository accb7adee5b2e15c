//! How long a person waits for `rig --help`, and for `rig check` on a thousand scenarios:
//! `cargo bench -p rig --bench startup`. Says the least and the median of many runs beside what is
//! wanted, and ends with 1 when the least is more.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// Scenarios to check.
const SCENARIOS: usize = 1_000;

fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("startup");
    thousand(&folder.join("scenarios"));
    let fine = [
        measure(&["--help"], &folder, 50, Duration::from_millis(20)),
        measure(&["check"], &folder, 20, Duration::from_millis(300)),
    ];
    ExitCode::from(u8::from(fine.contains(&false)))
}

/// The scenarios that ship, again and again under other names.
fn thousand(to: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let mut sources = Vec::new();
    for folder in fs::read_dir(from)
        .expect("the scenarios are there")
        .flatten()
    {
        for file in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            if file.path().extension().is_some_and(|end| end == "yaml") {
                sources.push(fs::read_to_string(file.path()).expect("a scenario is text"));
            }
        }
    }
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).expect("the target folder can be written");
    for (index, source) in (0..SCENARIOS).zip(sources.iter().cycle()) {
        fs::write(to.join(format!("{index:04}.yaml")), source).expect("a scenario is written");
    }
}

/// Runs `rig` and tells how long it takes; whether that is within `wanted`.
fn measure(arguments: &[&str], folder: &Path, runs: usize, wanted: Duration) -> bool {
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let began = Instant::now();
            let status = Command::new(env!("CARGO_BIN_EXE_rig"))
                .args(arguments)
                .current_dir(folder)
                .stdout(Stdio::null())
                .status()
                .expect("rig starts");
            assert!(status.success(), "rig {arguments:?}: {status}");
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "rig {:<8} least {:6.1} ms, median {:6.1} ms, wanted {:.0} ms",
        arguments.join(" "),
        millis(times[0]),
        millis(times[runs / 2]),
        millis(wanted)
    );
    times[0] <= wanted
}
