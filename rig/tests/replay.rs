//! `rig replay` on folders that `rig run` left, as a person meets it.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{folder, rig, root, text};

/// A run folder of a scenario on a ten-key lock.
fn run(name: &str, scenario: &str, more: &[&str]) -> PathBuf {
    let output = folder(name);
    let path = output.to_str().unwrap();
    let arguments = ["run", scenario, "--lock", "ten-key", "--output", path];
    let ran = rig(&root(), &[&arguments[..], more].concat());
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran));
    let mut runs = fs::read_dir(output).unwrap();
    runs.next().unwrap().unwrap().path()
}

fn replay(run: &Path, more: &[&str]) -> (Option<i32>, String) {
    let arguments = ["replay", run.to_str().unwrap()];
    let output = rig(&root(), &[&arguments[..], more].concat());
    (output.status.code(), text(&output))
}

/// Changes a file of the folder.
fn edit(run: &Path, file: &str, from: &str, to: &str) {
    let path = run.join(file);
    let before = fs::read_to_string(&path).unwrap();
    assert!(before.contains(from), "{file} has no {from}:\n{before}");
    fs::write(path, before.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_run_comes_out_the_same_again_whatever_became_of_its_files() {
    let run = run("replay-same", "codes/wrong-code", &["--seed", "7"]);
    let (code, told) = replay(&run, &[]);
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.starts_with("the same: codes/wrong-code on ten-key, "),
        "{told}"
    );
    // The scenario is the folder's own, and the image is found by its hash.
    edit(&run, "run.json", "codes/wrong-code.yaml", "codes/gone.yaml");
    edit(&run, "run.json", "lock-ten-key-", "lost-");
    assert_eq!(replay(&run, &[]).0, Some(0));
    // Another seed is another run.
    edit(&run, "run.json", "\"seed\": 7", "\"seed\": 8");
    let (code, told) = replay(&run, &[]);
    assert_eq!(code, Some(1), "{told}");
}

#[test]
fn what_is_not_the_same_is_told() {
    let run = run("replay-other", "codes/wrong-code", &[]);
    let kept = fs::read_to_string(run.join("outcomes.txt")).unwrap();
    edit(&run, "outcomes.txt", "red 3x", "red 4x");
    let (code, told) = replay(&run, &[]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("the outcomes are others"), "{told}");
    assert!(told.contains("red 4x") && told.contains("red 3x"), "{told}");
    fs::write(run.join("outcomes.txt"), kept).unwrap();
    edit(&run, "trace.vcd", "#", "#1");
    let (code, told) = replay(&run, &[]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("the trace is not: line "), "{told}");
}

#[test]
fn another_image_is_refused() {
    let run = run("replay-image", "codes/wrong-code", &[]);
    let other = root().join("firmware/images/foreign/plain.elf");
    let (code, told) = replay(&run, &["--firmware", other.to_str().unwrap()]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("its SHA-256 is "), "{told}");
    let sha256 = fs::read_to_string(run.join("run.json")).unwrap();
    let sha256 = sha256.split("\"sha256\": \"").nth(1).unwrap()[..12].to_owned();
    edit(&run, "run.json", &sha256, "000000000000");
    let (code, told) = replay(&run, &[]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("find the image of the run"), "{told}");
}

#[test]
fn what_is_no_run_or_no_virtual_one_is_refused() {
    let run = run("replay-refused", "codes/wrong-code", &[]);
    edit(
        &run,
        "run.json",
        "\"bench\": \"virtual\"",
        "\"bench\": \"bench.yaml\"",
    );
    let (code, told) = replay(&run, &[]);
    assert_eq!(code, Some(2), "{told}");
    assert!(
        told.contains("only the virtual lock does the same twice"),
        "{told}"
    );
    fs::remove_file(run.join("run.json")).unwrap();
    assert_eq!(replay(&run, &[]).0, Some(2));
}
