//! From what an owner sent to the change that broke the lock: each log in `tests/field-bugs/logs` is
//! imported on the owner's firmware, the scenario fails there and not on the released one, shrinks, and
//! a search over the series of images finds the one that brought the mistake.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use common::{released, rig, root};

fn logs() -> PathBuf {
    root().join("tests/field-bugs/logs")
}

/// The log of a mistake, by its number in the series.
fn log(number: usize) -> PathBuf {
    let begin = format!("{number}-");
    let entries = fs::read_dir(logs()).unwrap();
    let mut paths = entries.map(|entry| entry.unwrap().path());
    paths
        .find(|path| {
            path.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with(&begin)
        })
        .unwrap()
}

#[track_caller]
fn exits(output: &Output, code: i32) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}\n{err}");
    out
}

/// The way from a log to the image that brought its mistake.
fn finds(number: usize) {
    let house = tempfile::tempdir().unwrap();
    let at = |below: &str| house.path().join(below);
    fs::create_dir_all(at("scenarios")).unwrap();
    fs::create_dir_all(at("images")).unwrap();
    for entry in fs::read_dir(root().join("tests/field-bugs/images")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, at("images").join(path.file_name().unwrap())).unwrap();
    }
    let good = at("images/lock-ten-key-0.1.0.elf");
    fs::copy(released("ten-key"), &good).unwrap();
    let owners = at(&format!("images/lock-ten-key-0.1.{number}.elf"));
    let (good, owners) = (good.to_str().unwrap(), owners.to_str().unwrap());

    // The log comes out of the owner's firmware, and not of the right one.
    let log = log(number);
    let import = [
        "import",
        log.to_str().unwrap(),
        "--firmware",
        owners,
        "--good",
        good,
        "--to",
        "scenarios/field.yaml",
    ];
    let told = exits(&rig(house.path(), &import), 0);
    insta::assert_snapshot!(format!("told_{number}"), told);
    let scenario = fs::read_to_string(at("scenarios/field.yaml")).unwrap();
    insta::assert_snapshot!(format!("scenario_{number}"), scenario);

    // It passes on the right one, and fails on the owner's.
    let run = ["run", "field", "--lock", "ten-key", "--firmware"];
    exits(
        &rig(house.path(), &[&run[..], &[good, "--accept"]].concat()),
        0,
    );
    exits(&rig(house.path(), &[&run[..], &[good]].concat()), 0);
    exits(&rig(house.path(), &[&run[..], &[owners]].concat()), 1);

    // It shrinks, and fails still.
    shrinks(house.path(), owners, good);

    // The first image that fails is the one that brought the mistake.
    let bisect = [
        "bisect", "small", "--good", "0.1.0", "--bad", "0.1.8", "--images", "images",
    ];
    let told = exits(&rig(house.path(), &bisect), 0);
    let first = format!("first bad: 0.1.{number}");
    assert!(told.lines().any(|line| line == first), "{told}");
}

/// Makes `small` of `field`.
fn shrinks(house: &Path, owners: &str, good: &str) {
    let shrink = [
        "shrink",
        "field",
        "--firmware",
        owners,
        "--good",
        good,
        "--output",
        "scenarios/small.yaml",
    ];
    exits(&rig(house, &shrink), 0);
    let read = |name: &str| fs::read_to_string(house.join("scenarios").join(name)).unwrap();
    let (scenario, small) = (read("field.yaml"), read("small.yaml"));
    let steps = |text: &str| text.lines().filter(|line| line.starts_with("  - ")).count();
    assert!(steps(&small) < steps(&scenario), "{small}");
}

macro_rules! mistakes {
    ($($name:ident $number:literal)*) => {
        $(
            #[test]
            fn $name() {
                finds($number);
            }
        )*

        #[test]
        fn every_log_has_its_test() {
            let count = fs::read_dir(logs()).unwrap().count();
            assert_eq!([$($number),*].len(), count);
        }
    };
}

mistakes! {
    only_slot_1_is_kept 1
    the_seventh_of_eight_codes_does_not_open 2
    an_empty_lock_takes_no_code_from_the_hub 3
    a_short_code_from_the_hub_wedges_the_lock 4
    a_jam_is_told_as_locked 5
    the_motor_is_refused_too_early 6
    the_status_lags_one_command 7
    the_lock_locks_itself_unasked 8
}

#[test]
fn the_released_firmware_is_told_to_be_right() {
    let house = tempfile::tempdir().unwrap();
    let log = house.path().join("owner.log");
    let released = released("ten-key");
    let image = released.to_str().unwrap();
    let root = root();
    let events = [
        "events",
        "--lock",
        "ten-key",
        "--firmware",
        image,
        "--after",
        "codes/three-wrong-codes",
    ];
    let text = exits(&rig(&root, &events), 0);
    fs::write(&log, text).unwrap();
    let log = log.to_str().unwrap();
    let told = rig(
        &root,
        &[
            "import",
            log,
            "--firmware",
            image,
            "--good",
            image,
            "--tries",
            "3",
        ],
    );
    let scenario = exits(&told, 0);
    assert!(scenario.contains("entry: wrong, locked out"), "{scenario}");
    let told = String::from_utf8_lossy(&told.stderr);
    assert!(told.contains("the firmware is not to blame"), "{told}");
}

#[test]
fn a_log_that_no_lock_gives_and_one_that_nobody_can_read() {
    let house = tempfile::tempdir().unwrap();
    let log = house.path().join("owner.log");
    fs::write(&log, "0.000 01 00 00\n5.000 02 01 28\n6.000 03 11 01\n").unwrap();
    let path = log.to_str().unwrap();
    let told = rig(&root(), &["import", path]);
    assert_eq!(told.status.code(), Some(1));
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.contains("the log does not come out of"), "{told}");
    fs::write(&log, "0.000 01 00 00\nyesterday 02 01 07\n").unwrap();
    let told = rig(house.path(), &["import", "owner.log"]);
    assert_eq!(told.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&told.stderr),
        "rig: failed to read owner.log: line 2: `yesterday` is not a time; write seconds, like `12.345`\n"
    );
}

/// What is left of a log when the lock or the hub has forgotten its first lines.
fn without(text: &str, lines: usize) -> String {
    let kept = text.lines().filter(|line| !line.starts_with('#'));
    kept.skip(lines).map(|line| format!("{line}\n")).collect()
}

/// Plays a scenario on the released lock, takes the log, and imports it.
#[track_caller]
fn comes_out(model: &str, after: &str, form: &str, forgotten: usize) -> String {
    let house = tempfile::tempdir().unwrap();
    let log = house.path().join("owner.log");
    let events = ["events", "--lock", model, "--after", after, "--as", form];
    let text = exits(&rig(&root(), &events), 0);
    let head = match form {
        "csv" => "time,type,level\n",
        _ => "",
    };
    let heads = usize::from(!head.is_empty());
    fs::write(&log, format!("{head}{}", without(&text, forgotten + heads))).unwrap();
    let import = ["import", log.to_str().unwrap(), "--lock", model];
    exits(&rig(&root(), &import), 0)
}

#[test]
fn what_was_programmed_with_a_mastercode_is_retold() {
    for model in ["ten-key", "five-key"] {
        comes_out(model, "programming/mastercode", "events", 0);
        comes_out(model, "programming/mastercode-dropped", "events", 0);
        comes_out(model, "programming/delete-all", "events", 0);
        comes_out(model, "hub/tells-of-programming", "capture", 0);
    }
    let told = comes_out("ten-key", "programming/delete-with-mastercode", "events", 0);
    assert!(
        told.contains("which mastercode, the log doesn't tell"),
        "{told}"
    );
}

#[test]
fn a_mastercode_from_before_the_log_is_searched_for() {
    // The log begins after it was set: the lock tells no more than that all codes were deleted.
    let told = comes_out("ten-key", "programming/delete-all", "events", 5);
    let mark = "a mastercode was set before the log begins; which one, it doesn't tell";
    assert!(told.contains(mark), "{told}");
    let told = comes_out("ten-key", "hub/tells-of-programming", "csv", 1);
    assert!(told.contains("999999"), "{told}");
}

#[test]
fn a_code_out_of_schedule_is_retold_though_no_lock_here_has_schedules() {
    let house = tempfile::tempdir().unwrap();
    let log = house.path().join("owner.csv");
    fs::write(&log, "time,type,level\n10,21,1\n20,162,1\n").unwrap();
    let told = exits(&rig(&root(), &["import", log.to_str().unwrap()]), 1);
    let mark = "(not in the log) this lock has no schedules: here it is any time for that code";
    assert!(
        told.contains(mark) && told.contains("enter: \"1234\""),
        "{told}"
    );
}

/// Months in a log: where it parts from the lock early, nobody waits for its end; and a time that is up ends the
/// search with what came nearest.
#[test]
fn a_log_of_months_that_parts_in_its_first_minute() {
    let house = tempfile::tempdir().unwrap();
    let log = house.path().join("hub.csv");
    let rows: String = (0..60)
        .map(|day| format!("{},19,1\n{},27,1\n", day * 86_400, day * 86_400 + 45))
        .collect();
    fs::write(&log, format!("time,type,level\n{rows}")).unwrap();
    let path = log.to_str().unwrap();
    let told = rig(&root(), &["import", path, "--tries", "20"]);
    assert_eq!(told.status.code(), Some(1));
    let said = String::from_utf8(told.stderr).unwrap();
    let (first, rest) = said.split_once('\n').unwrap();
    assert!(first.contains("played 20 of"), "{first}");
    insta::assert_snapshot!(rest, @"
    the log does not come out of lock-ten-key-0.1.0.elf: the nearest parts from it at line 3
      log:  27 level 1: locked itself
      lock: 27 level 1: locked itself 31.030s after the one before, not 45.000s
    ");
    let told = rig(&root(), &["import", path, "--deadline", "1ms"]);
    let said = String::from_utf8(told.stderr).unwrap();
    assert!(said.contains("played 1 of"), "{said}");
    assert!(said.contains("its time was up"), "{said}");
}
