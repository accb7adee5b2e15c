//! `rig shrink` as a person meets it. The bad firmware is another model's: on this lock's board its
//! keys are somewhere else.

mod common;

use std::fs;
use std::path::Path;

use common::{folder, released, text};

const SCENARIO: &str = "\
title: Half a code is dropped
given: handed
locks: ten-key
steps:
  - press: program
  - wait: 7s
  - press: lock
  - settle
  - enter: { code: \"91\", confirm: no, down: 75ms }
  - wait: 6.5s
  - enter: \"4321\"
  - settle
";

fn rig(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = common::rig(folder, arguments);
    (output.status.code(), text(&output))
}

#[test]
fn what_it_writes_still_goes_wrong_and_shrinks_no_further() {
    let folder = folder("shrink");
    fs::write(folder.join("dropped.yaml"), SCENARIO).unwrap();
    let image = |model| released(model).to_str().unwrap().to_owned();
    let (good, bad) = (image("ten-key"), image("five-key"));
    let shrink = |from: &str, to: &str| {
        let images = ["--lock", "ten-key", "--firmware", &bad, "--good", &good];
        rig(
            &folder,
            &[&["shrink", from, "--output", to], &images[..]].concat(),
        )
    };
    let (code, told) = shrink("dropped.yaml", "small.yaml");
    assert_eq!(code, Some(0), "{told}");
    for words in [" of 8, in ", " taken from earlier runs"] {
        assert!(told.contains(words), "{told}");
    }
    let small = fs::read_to_string(folder.join("small.yaml")).unwrap();
    assert!(
        small.starts_with("# Shrunk by `rig shrink` from dropped.yaml with its 8 steps.\n"),
        "{small}"
    );
    let steps = |file: &str| file.split_once("steps:\n").unwrap().1.to_owned();
    assert!(steps(&small).lines().count() < 4, "{small}");

    let (code, told) = shrink("small.yaml", "smaller.yaml");
    assert_eq!(code, Some(0), "{told}");
    let smaller = fs::read_to_string(folder.join("smaller.yaml")).unwrap();
    assert_eq!(steps(&small), steps(&smaller));

    let (code, told) = rig(
        &folder,
        &[
            "shrink",
            "dropped.yaml",
            "--output",
            "whole.yaml",
            "--deadline",
            "1ms",
            "--lock",
            "ten-key",
            "--firmware",
            &bad,
            "--good",
            &good,
        ],
    );
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("\n8 steps of 8, in 4 runs and "), "{told}");
    assert!(
        told.ends_with(
            "\nits time was up: it may not be the smallest; a longer --deadline tells\n"
        ),
        "{told}"
    );

    let same = [
        "shrink",
        "small.yaml",
        "--lock",
        "ten-key",
        "--firmware",
        &good,
        "--good",
        &good,
    ];
    let (code, told) = rig(&folder, &same);
    assert_eq!(code, Some(4), "{told}");
}
