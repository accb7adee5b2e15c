//! The `rig` command at a desk, where snapshots are accepted and reports written; `run.rs` has the
//! ways in which a run can end.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

/// A folder of one's own to run in, with the released images.
struct House {
    dir: tempfile::TempDir,
}

impl House {
    /// A house with this scenario, called `first`.
    fn with(scenario: &str) -> House {
        let house = House {
            dir: tempfile::tempdir().unwrap(),
        };
        house.write("scenarios/first.yaml", scenario);
        common::copy_released(house.dir.path());
        house
    }

    fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    fn write(&self, below: &str, text: &str) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, below: &str) -> String {
        fs::read_to_string(self.path(below)).unwrap()
    }

    fn rig(&self, arguments: &[&str]) -> Ran {
        rig(self.dir.path(), arguments)
    }
}

fn rig(folder: &Path, arguments: &[&str]) -> Ran {
    Ran(common::rig(folder, arguments))
}

struct Ran(Output);

impl Ran {
    #[track_caller]
    fn exits(self, code: i32) -> Ran {
        assert_eq!(
            self.0.status.code(),
            Some(code),
            "{}\n{}",
            self.out(),
            self.err()
        );
        self
    }

    fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    fn err(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }
}

/// A lock that isn't handed says so.
const REFUSES: &str = "title: A new lock refuses
given: new
locks: ten-key
steps:
  - battery: connect
  - wait: 4s
  - press: lock
  - expect: { keypad: red 3x }
  - settle
";

const SNAPSHOT: &str = "scenarios/snapshots/ten-key/first.snap";

#[test]
fn a_scenario_is_accepted_then_passes_then_differs() {
    let house = House::with(REFUSES);
    let missing = house.rig(&["run"]).exits(5);
    assert!(
        missing.out().contains("snapshots/ten-key/first.snap.new"),
        "{}",
        missing.out()
    );
    house.rig(&["run", "--accept"]).exits(0);
    let passed = house.rig(&["run"]).exits(0);
    assert!(passed.out().contains("1 run: 1 passed"), "{}", passed.out());

    let accepted = house.read(SNAPSHOT);
    let other = accepted.replace("keypad  red 3x", "keypad  red 5x");
    assert_ne!(accepted, other, "{accepted}");
    house.write(SNAPSHOT, &other);
    let differs = house.rig(&["run", "first"]).exits(1);
    let out = differs.out();
    assert!(
        out.contains("- accepted    +0.020s   keypad  red 5x 150/150ms"),
        "{out}"
    );
    assert!(
        out.contains("+ measured    +0.020s   keypad  red 3x 150/150ms"),
        "{out}"
    );
    assert!(!out.contains("status"), "only what changed: {out}");
    assert!(out.contains("step 3        press lock"), "{out}");
    let again = out
        .lines()
        .find_map(|line| line.trim().strip_prefix("again "))
        .unwrap();
    assert!(
        again
            .trim()
            .ends_with("run scenarios/first.yaml --lock ten-key"),
        "{again}"
    );
}

#[test]
fn what_the_scenario_wants_and_does_not_get_is_never_accepted() {
    let house = House::with(&REFUSES.replace("red 3x", "green 1x"));
    let ran = house.rig(&["run", "--accept"]).exits(1);
    assert!(
        ran.out().contains("- wanted      keypad green 1x"),
        "{}",
        ran.out()
    );
    assert!(!house.path(SNAPSHOT).exists());
}

#[test]
fn a_mistake_is_told_with_its_place_before_anything_is_played() {
    let house = House::with(&REFUSES.replace("wait: 4s", "wiat: 4"));
    let ran = house.rig(&["run"]).exits(2);
    assert_eq!(ran.out(), "");
    insta::assert_snapshot!(ran.err(), @r"
    error: there is no step `wiat`
     --> scenarios/first.yaml:6:5
      |
    6 |   - wiat: 4
      |     ^^^^
      |
      = help: did you mean `wait`?

    rig: failed to read a file: it has mistakes
    ");
    house.rig(&["check"]).exits(2);
}

#[test]
fn what_is_not_there_is_told() {
    let house = House::with(REFUSES);
    let ran = house.rig(&["run", "frist"]).exits(4);
    assert_eq!(
        ran.err(),
        "rig: failed to select scenarios: none is called `frist`; did you mean `first`?\n"
    );
    house.rig(&["run", "--lock", "five-key"]).exits(4);
    house.rig(&["run", "--lock", "six-key"]).exits(2);
    house.rig(&["run", "--deadline", "5"]).exits(2);
    let ran = house
        .rig(&["run", "--firmware", "lock-ten-key-9.elf"])
        .exits(2);
    assert!(
        ran.err()
            .starts_with("rig: failed to read lock-ten-key-9.elf: "),
        "{}",
        ran.err()
    );
    house.write("lock-ten-key-9.elf", "no image");
    house
        .rig(&["run", "--firmware", "lock-ten-key-9.elf"])
        .exits(2);
    fs::remove_dir_all(house.path("firmware")).unwrap();
    let ran = house.rig(&["run"]).exits(2);
    assert!(ran.err().contains("lock-ten-key-*.elf"), "{}", ran.err());
}

#[test]
fn reports_for_machines() {
    let house = House::with(REFUSES);
    house
        .rig(&[
            "run",
            "--accept",
            "--output",
            "runs",
            "--junit",
            "junit.xml",
        ])
        .exits(0);
    let xml = house.read("junit.xml");
    assert!(
        xml.contains("<testcase name=\"first\" classname=\"ten-key\""),
        "{xml}"
    );
    let ran = house
        .rig(&["run", "--format", "json", "--output", "runs"])
        .exits(0);
    let line: serde_json::Value = serde_json::from_str(&ran.out()).unwrap();
    assert_eq!(line["outcome"], "pass");
    let folder = line["folder"].as_str().unwrap();
    let run: serde_json::Value =
        serde_json::from_str(&house.read(&format!("{folder}/run.json"))).unwrap();
    assert_eq!(run["image"]["sha256"], line["image_sha256"]);
    assert_eq!(run["image"]["sha256"].as_str().unwrap().len(), 64);
    for part in ["outcomes.txt", "trace.vcd", "log.txt"] {
        assert!(house.path(folder).join(part).exists(), "{part}");
    }
}

#[test]
fn lists_and_helps() {
    let house = House::with(REFUSES);
    assert_eq!(
        house.rig(&["list"]).exits(0).out(),
        "first  A new lock refuses\n"
    );
    assert_eq!(
        house.rig(&["check"]).exits(0).out(),
        "1 scenario, no mistake\n"
    );
    house.rig(&["list", "--lock", "five-key"]).exits(4);
    let help = house.rig(&["run", "--help"]).exits(0);
    assert!(help.out().contains("--accept"));
    house.rig(&["plya"]).exits(2);
}
