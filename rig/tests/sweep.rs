//! Sweeps as a person meets them: every point is a run of its own, alone as among the others.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{copy_released, text};

const SCENARIO: &str = "\
title: How long a press must be
given: handed
locks: ten-key
steps:
  - switch: 3 off
  - sweep:
      over: 16ms to 24ms
      by: 4ms
      steps:
        - press: { key: lock, for: $point }
        - settle
";

/// A folder with the scenario in it, beside the released images.
fn folder(name: &str) -> PathBuf {
    let folder = common::folder(name);
    copy_released(&folder);
    fs::create_dir_all(folder.join("scenarios")).unwrap();
    fs::write(folder.join("scenarios/press.yaml"), SCENARIO).unwrap();
    folder
}

fn rig(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = common::rig(folder, arguments);
    (output.status.code(), text(&output))
}

/// The run folders in the default place.
fn runs(folder: &Path) -> Vec<PathBuf> {
    let runs = fs::read_dir(folder.join("target/rig")).unwrap();
    let mut runs: Vec<PathBuf> = runs.map(|run| run.unwrap().path()).collect();
    runs.sort();
    runs
}

#[test]
fn every_point_has_a_block_and_can_be_repeated_alone() {
    let folder = folder("sweep-points");
    let (code, told) = rig(&folder, &["run", "press", "--accept"]);
    assert_eq!(code, Some(0), "{told}");
    let snapshot = folder.join("scenarios/snapshots/ten-key/press.snap");
    let accepted = fs::read_to_string(&snapshot).unwrap();
    insta::assert_snapshot!(accepted, @"
    ---
    source: rig run press --lock ten-key
    ---
    1  switch 3 off
    2  sweep 16ms
    3  sweep 20ms
    4  sweep 24ms
         +0.020s   keypad  red 3x 150/150ms
    ");

    for value in ["16ms", "24 ms"] {
        let (code, told) = rig(&folder, &["run", "press", "--point", value]);
        assert_eq!(code, Some(0), "{told}");
    }
    let (code, told) = rig(&folder, &["run", "press", "--point", "17ms"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("its points are 16ms, 20ms, 24ms"), "{told}");
    let (code, told) = rig(&folder, &["run", "press", "--point", "16ms", "--accept"]);
    assert_eq!(code, Some(2), "{told}");

    // A point that differs does so alone as among the others.
    fs::write(&snapshot, accepted.replace("red 3x", "red 4x")).unwrap();
    let (code, told) = rig(&folder, &["run", "press"]);
    assert_eq!(code, Some(1), "{told}");
    let begin = told.find("  sweep").unwrap_or_default();
    let table: Vec<&str> = told[begin..].lines().take(4).collect();
    insta::assert_snapshot!(table.join("\n"), @"
    sweep         16ms to 20ms             2 points  nothing
                  24ms                     1 point   keypad red 3x
    accepted      16ms to 20ms             2 points  nothing
                  24ms                     1 point   keypad red 4x
    ");
    assert_eq!(
        rig(&folder, &["run", "press", "--point", "24ms"]).0,
        Some(1)
    );
    assert_eq!(
        rig(&folder, &["run", "press", "--point", "16ms"]).0,
        Some(0)
    );
}

#[test]
fn a_sweep_and_a_point_of_it_are_replayed() {
    let folder = folder("sweep-replay");
    rig(&folder, &["run", "press"]);
    rig(&folder, &["run", "press", "--point", "24ms"]);
    let runs = runs(&folder);
    assert_eq!(runs.len(), 2);
    for run in runs {
        let (code, told) = rig(&folder, &["replay", run.to_str().unwrap()]);
        assert_eq!(code, Some(0), "{told}");
    }
}

#[test]
fn the_table_says_where_it_changes() {
    let folder = folder("sweep-table");
    let (code, told) = rig(&folder, &["sweep", "press", "--refine", "1ms"]);
    assert_eq!(code, Some(0), "{told}");
    let kept: Vec<&str> = told.lines().filter(|line| !line.contains(" in ")).collect();
    insta::assert_snapshot!(kept.join("\n"), @"
    press on ten-key: How long a press must be

    16ms to 20ms             2 points  nothing
    21ms to 24ms             3 points  keypad red 3x

    it changes between 20ms and 21ms
    ");
    let (code, told) = rig(&folder, &["sweep", "press", "--refine", "0.1V"]);
    assert_eq!(code, Some(2), "{told}");
    fs::write(
        folder.join("scenarios/none.yaml"),
        "title: T\ngiven: new\nsteps: [wait: 1s]\n",
    )
    .unwrap();
    let (code, told) = rig(&folder, &["sweep", "none"]);
    assert_eq!(code, Some(2), "{told}");
}

#[test]
fn a_search_takes_one_point_of_it() {
    let folder = folder("sweep-search");
    let (code, told) = rig(&folder, &["shrink", "press"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(
        told.contains("choose one of its points with --point"),
        "{told}"
    );
    // Nothing is wrong in it, which is known only when it was played.
    let (code, told) = rig(&folder, &["shrink", "press", "--point", "24ms"]);
    assert_eq!(code, Some(4), "{told}");
}
