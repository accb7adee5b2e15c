//! `rig record` at a virtual lock: lines from a file and from a terminal become a scenario, and the
//! scenario played back does what was seen.

mod common;
mod instrument;

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use common::{folder_of_scenarios, of_each, root};
use rig::lock::Door;
use rig::scenario::Scenario;

fn record(arguments: &[&str], lines: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rig"))
        .arg("record")
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(lines.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn typed_lines_become_a_scenario_that_plays_back_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scenarios/mine.yaml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let lines = "1234 lock\nsettle\nopen sesame\nrelease program\njam closing\nlock\nsettle\nhub pair\nhub: status\n\
                 battery out\nwait 5s\nhold program\nbattery 5.0 V\nbattery in\nwait 3s\nrelease program\n\
                 switch 3 off\nhub\nwait 2s\nquit\n";
    let to = file.to_str().unwrap();
    let output = record(&["--to", to, "--title", "At the desk"], lines);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    insta::assert_snapshot!("desk_told", told);
    insta::assert_snapshot!("desk_scenario", fs::read_to_string(&file).unwrap());

    // The same by `rig run`, as whoever gets the file would play it.
    let run = Command::new(env!("CARGO_BIN_EXE_rig"))
        .args(["run", "--accept", "--output"])
        .arg(folder.path().join("runs"))
        .arg(&file)
        .current_dir(root())
        .env_remove("CI")
        .env_remove("INSTA_UPDATE")
        .output()
        .unwrap();
    assert_eq!(
        run.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let snapshot = folder.path().join("scenarios/snapshots/ten-key/mine.snap");
    let accepted = fs::read_to_string(snapshot).unwrap();
    // At the desk an outcome is told before it is over: when it began, and what.
    let outcomes = |text: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| line.starts_with('+') && !line.contains("status"));
        let words = lines.map(|line| line.split_whitespace().take(2).collect::<Vec<_>>());
        words.map(|words| words.join(" ")).collect()
    };
    assert!(outcomes(&told).len() > 10);
    assert_eq!(outcomes(&told), outcomes(&accepted));
}

#[test]
fn nothing_typed_is_nothing_recorded() {
    let output = record(&[], "\n");
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(output.stdout, b"");
}

#[test]
fn at_a_terminal_time_passes_as_on_the_wall() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.yaml");
    let (mut master, path, other_end) = instrument::terminal();
    let terminal = fs::File::options()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_rig"))
        .args(["record", "--to", file.to_str().unwrap()])
        .current_dir(root())
        .stdin(Stdio::from(terminal))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The lock is ready when it says what can be done.
    let mut told = child.stderr.take().unwrap();
    let mut greeting = [0; 16];
    told.read_exact(&mut greeting).unwrap();
    std::thread::sleep(Duration::from_millis(700));
    master.write_all(b"1234 lock\n").unwrap();
    std::thread::sleep(Duration::from_millis(700));
    master.write_all(b"lock\nquit\n").unwrap();
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest}");
    drop(other_end);
    assert!(rest.ends_with("played back: the same outcomes\n"), "{rest}");
    let scenario = fs::read_to_string(&file).unwrap();
    // At least as long as it was waited: a busy machine takes longer.
    let waits: Vec<u64> = scenario
        .lines()
        .filter_map(|line| {
            line.trim()
                .strip_prefix("- wait: ")?
                .strip_suffix("ms")?
                .parse()
                .ok()
        })
        .collect();
    assert!(waits.len() >= 2 && waits[0] >= 500, "{scenario}");
    assert!(
        scenario.contains("- press: \"4\"\n  - press: lock\n"),
        "{scenario}"
    );
}

#[test]
fn a_hub_that_the_lock_calls_by_its_button_is_there() {
    let lines = "press: hub\nhub: hello\nhub: status\n";
    let output = record(&["--given", "handed"], lines);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    let recorded = String::from_utf8(output.stdout).unwrap();
    assert!(
        recorded.contains("- hub: here\n  - press: hub\n"),
        "{recorded}"
    );
    // Its answer: the lock calls once.
    assert_eq!(told.matches("E7 0E").count(), 1, "{told}");
}

/// What a scenario does, as lines at the desk.
fn lines(scenario: &Scenario) -> String {
    let file = scenario.to_yaml();
    let steps = file.lines().filter_map(|line| line.strip_prefix("  - "));
    let done = steps.filter(|step| !step.starts_with("expect:") && !step.starts_with("note:"));
    done.map(|step| format!("{step}\n")).collect()
}

/// The rig on itself: what every scenario does, typed at the desk, becomes a scenario that plays back the same.
#[test]
fn every_scenario_can_be_recorded() {
    let folder = folder_of_scenarios();
    let files = folder.files().unwrap();
    let read = |file| folder.load(file).unwrap().unwrap();
    let all: Vec<Scenario> = files.iter().map(|file| read(file)).collect();
    // The desk has a left door, and no points.
    let fit = all
        .iter()
        .filter(|one| one.sweep.is_none() && one.door == Door::default());
    let jobs: Vec<_> = fit
        .flat_map(|scenario| {
            scenario
                .locks
                .iter()
                .map(move |lock| (scenario, lock.name()))
        })
        .collect();
    assert!(jobs.len() > all.len());
    let wrong = of_each(&jobs, |(scenario, lock)| {
        let arguments = ["--lock", lock, "--given", scenario.given.name()];
        let output = record(&arguments, &lines(scenario));
        let told = String::from_utf8(output.stderr).unwrap();
        let same = output.status.code() == Some(0) && !told.contains("is nothing to do");
        (!same).then(|| format!("{} on {lock}\n{told}", scenario.name))
    });
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
