//! `rig run` as a person or a CI job meets it: the real binary, the released firmware, and every way
//! in which a run can end.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use common::{folder, root, text};

const PASSES: &str = "codes/wrong-code";
const SNAPSHOT: &str = "snapshots/ten-key/codes__wrong-code.snap";

/// A copy of one scenario and, where wanted, its snapshot, in a folder `scenarios` beside the
/// released images.
fn copied(name: &str, snapshot: bool) -> PathBuf {
    let folder = folder(name);
    let scenarios = root().join("scenarios");
    let copy = |file: &str| {
        let to = folder.join("scenarios").join(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(scenarios.join(file), to).unwrap();
    };
    copy(&format!("{PASSES}.yaml"));
    if snapshot {
        copy(SNAPSHOT);
    }
    let images = folder.join("firmware/images");
    fs::create_dir_all(&images).unwrap();
    for file in fs::read_dir(root().join("firmware/images")).unwrap() {
        let file = file.unwrap();
        if file.path().is_file() {
            fs::copy(file.path(), images.join(file.file_name())).unwrap();
        }
    }
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    run_by_hand(folder, arguments, &[("CI", "true")])
}

/// With these variables alone.
fn run_by_hand(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = common::command(folder);
    command.arg("run").args(arguments);
    command.envs(variables.iter().copied()).output().unwrap()
}

#[test]
fn what_came_out_as_accepted_passes() {
    let folder = copied("passes", true);
    let output = run(&folder, &[PASSES]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn the_log_has_what_the_firmware_says_with_the_lock_s_time() {
    let folder = copied("log", false);
    let hangs = "title: It hangs\ngiven: new\nlocks: ten-key\nsteps:\n  - battery: connect\n  \
                 - wait: 1s\n  - processor: hang\n  - wait: 5s\n";
    fs::write(folder.join("scenarios/hangs.yaml"), hangs).unwrap();
    let output = run(&folder, &["hangs", "--output", "runs"]);
    assert_eq!(output.status.code(), Some(5), "{}", text(&output));
    let run = fs::read_dir(folder.join("runs")).unwrap().next().unwrap();
    let log = fs::read_to_string(run.unwrap().path().join("log.txt")).unwrap();
    let lines = log
        .lines()
        .filter_map(|line| line.split_once("s    info: "));
    let [(first, power_on), (second, watchdog)] = lines.collect::<Vec<_>>()[..] else {
        panic!("{log}");
    };
    assert_eq!(power_on, "lock 0.1.0, boot 0, state legible true");
    assert_eq!(watchdog, "lock 0.1.0, boot 1, state legible true");
    let [first, second]: [f64; 2] = [first, second].map(|time| time.parse().unwrap());
    assert!(first < 1.0, "{log}");
    // The watchdog is fed every three seconds at least, and bites three and a half later.
    assert!((1.5..5.0).contains(&second), "{log}");
}

#[test]
fn a_changed_outcome_ends_with_1_and_shows_just_the_changed_line() {
    let folder = copied("differs", true);
    let snapshot = folder.join("scenarios").join(SNAPSHOT);
    let accepted = fs::read_to_string(&snapshot).unwrap();
    assert!(accepted.contains("keypad  red 3x 150/150ms"), "{accepted}");
    let wrong = accepted.replace("keypad  red 3x 150/150ms", "keypad  red 4x 150/150ms");
    fs::write(&snapshot, &wrong).unwrap();

    let output = run(&folder, &[PASSES]);
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let changed: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("accepted ") || line.contains("measured "))
        .collect();
    assert_eq!(changed.len(), 2, "{text}");
    assert!(
        changed[0].contains("red 4x") && changed[1].contains("red 3x"),
        "{text}"
    );
    // What was accepted is not touched.
    assert_eq!(fs::read_to_string(&snapshot).unwrap(), wrong);
}

#[test]
fn repetitions_begin_at_moments_of_their_own_and_are_told_together() {
    let folder = copied("repeated", true);
    let output = run(&folder, &[PASSES, "--repeat", "5", "--output", "runs"]);
    let told = text(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("5 of 5 passed"), "{told}");
    assert_eq!(told.matches(PASSES).count(), 1, "{told}");
    let traces: BTreeSet<Vec<u8>> = fs::read_dir(folder.join("runs"))
        .unwrap()
        .map(|run| fs::read(run.unwrap().path().join("trace.vcd")).unwrap())
        .collect();
    assert_eq!(traces.len(), 5);

    let output = run(&folder, &[PASSES, "--repeat", "2", "--format", "json"]);
    let told = text(&output);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    assert!(lines[1].contains("--seed 1"), "{told}");
    assert!(lines[2].contains("\"statistics\":{"), "{told}");
}

#[test]
fn repetitions_that_go_wrong_in_one_way_are_told_once() {
    let folder = copied("repeated-differs", true);
    let snapshot = folder.join("scenarios").join(SNAPSHOT);
    let accepted = fs::read_to_string(&snapshot).unwrap();
    let wrong = accepted.replace("keypad  red 3x 150/150ms", "keypad  red 4x 150/150ms");
    fs::write(&snapshot, &wrong).unwrap();
    let output = run(&folder, &[PASSES, "--repeat", "3"]);
    let told = text(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("0 of 3 passed"), "{told}");
    assert_eq!(told.matches("- accepted").count(), 1, "{told}");
}

#[test]
fn a_missing_snapshot_ends_with_5_and_writes_nothing_in_ci() {
    let folder = copied("missing", false);
    let output = run(&folder, &[PASSES]);
    assert_eq!(output.status.code(), Some(5), "{}", text(&output));
    assert!(!folder.join("scenarios/snapshots").exists());
}

#[test]
fn a_broken_scenario_ends_with_2_and_says_where_and_what_would_be_right() {
    let folder = copied("broken", true);
    let file = folder.join("scenarios").join(format!("{PASSES}.yaml"));
    let source = fs::read_to_string(&file).unwrap();
    fs::write(&file, source.replacen("- enter:", "- entr:", 1)).unwrap();
    let line = source
        .lines()
        .position(|line| line.contains("- enter:"))
        .unwrap()
        + 1;

    let output = run(&folder, &[PASSES]);
    let text = text(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        text.contains(&format!("wrong-code.yaml:{line}:5")),
        "{text}"
    );
    assert!(text.contains("did you mean `enter`?"), "{text}");
}

#[test]
fn nothing_selected_ends_with_4() {
    let folder = copied("nothing", true);
    let output = run(&folder, &["no-such-scenario"]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output));
}

#[test]
fn a_file_that_is_no_image_of_the_lock_ends_with_2() {
    let folder = copied("flash", true);
    let image = fs::read_dir(folder.join("firmware/images"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .find(|path| {
            path.to_string_lossy().contains("lock-ten-key-")
                && path.extension().is_some_and(|end| end == "elf")
        })
        .unwrap();
    // Program headers of a 32-bit ELF: e_phoff at 28, p_paddr 12 bytes into each.
    let mut elf = fs::read(&image).unwrap();
    let header = u32::from_le_bytes(elf[28..32].try_into().unwrap()) as usize;
    let beyond_flash = 0x0020_0000_u32;
    elf[header + 12..header + 16].copy_from_slice(&beyond_flash.to_le_bytes());
    let broken = folder.join("broken.elf");
    fs::write(&broken, elf).unwrap();

    let output = run(
        &folder,
        &[PASSES, "--lock", "ten-key", "--firmware", "broken.elf"],
    );
    let text = text(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("failed to flash broken.elf"), "{text}");
}

#[test]
fn whoever_stops_reading_gets_the_verdict_and_the_reports_all_the_same() {
    let (folder, ..) = with_snapshot("unheard", "red 3x", "red 4x");
    let mut child = common::command(&folder)
        .args(["run", PASSES, "--lock", "ten-key", "--repeat", "3"])
        .args(["--junit", "junit.xml"])
        .env("CI", "true")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let report = fs::read_to_string(folder.join("junit.xml")).unwrap();
    assert!(report.contains("failures=\"3\""), "{report}");
}

#[test]
fn errors_that_nobody_can_read_keep_their_exit_codes() {
    let folder = copied("unread", true);
    for (arguments, code) in [
        (["no-such-scenario", "--quiet"], 4),
        ([PASSES, "--repeat=99999999999"], 2),
    ] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full");
        let mut command = common::command(&folder);
        let command = command.arg("run").args(arguments);
        let status = command.stderr(full.unwrap()).status().unwrap();
        assert_eq!(status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn a_damaged_snapshot_is_a_mistake_in_a_file_told_before_anything_is_played() {
    let folder = copied("damaged", true);
    for damage in [
        "",
        "no header",
        "---\nexpression: outcomes\n---\n1  enter 1234\n  +x motor open\n",
    ] {
        fs::write(folder.join("scenarios").join(SNAPSHOT), damage).unwrap();
        let output = run(&folder, &[PASSES]);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert!(
            text(&output).contains("codes__wrong-code.snap"),
            "{}",
            text(&output)
        );
        assert!(!folder.join("target").exists());
        // To accept is how it is mended.
        let output = run_by_hand(&folder, &[PASSES, "--accept"], &[]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        fs::remove_dir_all(folder.join("target")).unwrap();
        let output = run(&folder, &[PASSES]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        fs::remove_dir_all(folder.join("target")).unwrap();
    }
}

#[test]
fn nothing_is_reviewed_into_a_snapshot_in_ci() {
    let (folder, snapshot, _, wrong) = with_snapshot("review", "red 3x", "red 4x");
    let output = run_by_hand(&folder, &[PASSES], &[]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let review = |variables: &[(&str, &str)]| {
        let mut command = common::command(&folder);
        command.args(["review", "--accept-all"]);
        command.envs(variables.iter().copied()).output().unwrap()
    };
    let refused = review(&[("CI", "true")]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
    assert_eq!(fs::read_to_string(&snapshot).unwrap(), wrong);
    assert_eq!(review(&[]).status.code(), Some(0));
    assert_ne!(fs::read_to_string(&snapshot).unwrap(), wrong);
}

#[test]
fn the_same_run_twice_gives_the_same_trace_byte_for_byte() {
    let traces = ["first", "second"].map(|name| {
        let output = folder(&format!("twice-{name}"));
        let ran = run(
            &root(),
            &[
                "codes/three-wrong-codes",
                "reset/wipes-everything",
                "--output",
                output.to_str().unwrap(),
            ],
        );
        assert_eq!(ran.status.code(), Some(0), "{}", text(&ran));
        let mut traces: Vec<Vec<u8>> = fs::read_dir(&output)
            .unwrap()
            .map(|run| fs::read(run.unwrap().path().join("trace.vcd")).unwrap())
            .collect();
        traces.sort();
        traces
    });
    // Both scenarios are for both locks.
    assert_eq!(traces[0].len(), 4);
    assert!(traces[0].iter().all(|trace| trace.len() > 1_000));
    assert_eq!(traces[0], traces[1]);
}

#[test]
fn quiet_prints_only_what_did_not_pass() {
    let folder = copied("quiet", true);
    let output = run(&folder, &[PASSES, "--quiet"]);
    let told = text(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(
        !told.contains(PASSES) && told.contains("1 passed"),
        "{told}"
    );
    fs::remove_dir_all(folder.join("scenarios/snapshots")).unwrap();
    let told = text(&run(&folder, &[PASSES, "--quiet"]));
    assert!(told.contains("missing   ten-key"), "{told}");
}

/// A scenario whose accepted outcomes have `from` replaced by `to`: its folder, the snapshot, and the
/// snapshot's text before and now.
fn with_snapshot(name: &str, from: &str, to: &str) -> (PathBuf, PathBuf, String, String) {
    let folder = copied(name, true);
    let snapshot = folder.join("scenarios").join(SNAPSHOT);
    let right = fs::read_to_string(&snapshot).unwrap();
    assert!(right.contains(from), "{right}");
    let wrong = right.replacen(from, to, 1);
    fs::write(&snapshot, &wrong).unwrap();
    (folder, snapshot, right, wrong)
}

#[test]
fn insta_update_says_what_is_written() {
    let (folder, snapshot, right, wrong) = with_snapshot("update", "red 3x", "red 4x");
    let pending = snapshot.with_extension("snap.new");
    let files = || (fs::read_to_string(&snapshot).unwrap(), pending.exists());

    for variables in [&[("CI", "true")][..], &[("INSTA_UPDATE", "no")]] {
        let output = run_by_hand(&folder, &[PASSES], variables);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        assert_eq!(files(), (wrong.clone(), false));
    }
    let output = run_by_hand(&folder, &[PASSES], &[]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(
        text(&output).contains("  pending       "),
        "{}",
        text(&output)
    );
    assert_eq!(files(), (wrong, true));
    let output = run_by_hand(&folder, &[PASSES], &[("INSTA_UPDATE", "always")]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(files(), (right, false));
}

#[test]
fn what_is_accepted_is_written_once_and_never_in_ci() {
    let (folder, snapshot, right, wrong) = with_snapshot("accept", "red 3x", "red 4x");
    let output = run_by_hand(&folder, &[PASSES, "--accept"], &[("CI", "true")]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("nothing is written there"));
    assert_eq!(fs::read_to_string(&snapshot).unwrap(), wrong);
    for update in ["auto", "always"] {
        fs::write(&snapshot, &wrong).unwrap();
        let variables = [("INSTA_UPDATE", update)];
        let output = run_by_hand(&folder, &[PASSES, "--accept"], &variables);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        assert_eq!(fs::read_to_string(&snapshot).unwrap(), right);
    }
}

#[test]
fn what_is_within_tolerance_never_changes_an_accepted_file() {
    let (folder, snapshot, _, near) = with_snapshot("near", "+0.820s", "+0.824s");
    for arguments in [&[PASSES][..], &[PASSES, "--accept"]] {
        let output = run_by_hand(&folder, arguments, &[("INSTA_UPDATE", "always")]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        assert_eq!(fs::read_to_string(&snapshot).unwrap(), near);
    }
}

#[test]
fn ctrl_c_ends_with_130_and_says_what_was_not_played() {
    let folder = copied("interrupted", true);
    let days =
        "title: T\ngiven: new\nsteps:\n  - repeat: { times: 1000, steps: [wait: 1440min] }\n";
    fs::write(folder.join("scenarios/days.yaml"), days).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_rig"))
        .args(["run", "--jobs", "1", "--lock", "ten-key", "--repeat", "3"])
        .current_dir(&folder)
        .env("CI", "true")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    while !first.contains("pass ") {
        assert!(out.read_line(&mut first).unwrap() > 0, "{first}");
    }
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(output.status.code(), Some(130), "{first}{rest}");
    let said = String::from_utf8_lossy(&output.stderr);
    let not_played = |count| said.contains(&format!("rig: stopped, {count} of 6 runs not played"));
    // Ctrl-C may come before the first of the days has begun.
    let begun = rest.contains("stopped   ten-key   days");
    assert!(not_played(if begun { 2 } else { 3 }), "{said}{rest}");
    let folders = fs::read_dir(folder.join("target/rig")).unwrap().count();
    assert_eq!(
        folders,
        if begun { 4 } else { 3 },
        "one for each run that was begun"
    );
}
