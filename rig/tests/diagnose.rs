//! `rig diagnose` on locks in every trouble that it knows: it names the right one, makes the fix that it
//! may make, and finds nothing wrong with a lock that works.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{command, of_each, root, scenarios};

/// A diagnosis as a person reads it, without where its evidence lies.
struct Told {
    exit: Option<i32>,
    text: String,
}

impl Told {
    fn line(&self, word: &str) -> &str {
        let mut lines = self.text.lines();
        lines
            .find_map(|line| line.strip_prefix(word))
            .unwrap_or_default()
            .trim()
    }
}

/// Diagnoses a lock of `model` after these steps.
fn diagnose(model: &str, given: &str, steps: &str, arguments: &[&str]) -> Told {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("trouble.yaml");
    let text = format!("title: Trouble\ngiven: {given}\nlocks: {model}\nsteps:\n{steps}");
    fs::write(&scenario, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_rig"))
        .arg("diagnose")
        .args(["--lock", model])
        .arg("--after")
        .arg(&scenario)
        .arg("--output")
        .arg(folder.path())
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(error, "", "{out}");
    let (text, place) = out.split_once("\n\nevidence: ").unwrap();
    let place = Path::new(place.trim_end());
    assert_eq!(
        fs::read_to_string(place.join("diagnosis.txt"))
            .unwrap()
            .trim_end(),
        text
    );
    assert!(place.join("trace.vcd").is_file() && place.join("run.json").is_file());
    Told {
        exit: output.status.code(),
        text: text.to_owned(),
    }
}

/// The cause that is named for a ten-key lock that has code 1234 and met this, and whether the fix helped.
#[track_caller]
fn names(given: &str, steps: &str, arguments: &[&str], cause: &str, done: &str) {
    let told = diagnose("ten-key", given, steps, arguments);
    assert_eq!(told.line("cause:"), cause, "{}", told.text);
    assert_eq!(told.line("done:"), done, "{}", told.text);
    assert_eq!(told.exit, Some(1), "{}", told.text);
}

const CODE: [&str; 2] = ["--code", "1234"];
const FRESH: &str = "four fresh alkaline cells: works";

#[test]
fn a_healthy_lock_has_no_cause() {
    for model in ["ten-key", "five-key"] {
        let told = diagnose(model, "programmed", "  - wait: 1s\n", &CODE);
        assert_eq!(told.exit, Some(0), "{}", told.text);
        insta::allow_duplicates! {
            insta::assert_snapshot!(told.text, @r"
            batteries    6.00 V idle, 5.91 V at 150 mA, 0.6 ohm: good alkaline cells
            user code    1234 opens
            glitch       no storage fault, and no restart
            handing      done
            hub pairing  not checked: with --hub it is
            mechanism    the motor brings the bolt to its ends, so does the key

            no cause found: the lock works
            ");
        }
    }
}

#[test]
fn it_is_the_same_wherever_the_bolt_is_and_with_a_hub() {
    let steps = "  - hub: pair\n  - switch: 3 off\n  - enter: \"1234\"\n  - settle\n";
    let told = diagnose("ten-key", "programmed", steps, &["--code", "1234", "--hub"]);
    assert_eq!(told.exit, Some(0), "{}", told.text);
    assert_eq!(told.line("hub pairing"), "it answers the hub");
    let told = diagnose("ten-key", "programmed", "  - wait: 1s\n", &[]);
    assert_eq!(told.exit, Some(0), "{}", told.text);
}

#[test]
fn no_voltage() {
    let steps = "  - battery: { cells: [alkaline 90% reversed, alkaline 90% reversed, alkaline 90% reversed, \
                 alkaline 90% reversed] }\n";
    names("programmed", steps, &CODE, "the lock has no power", FRESH);
}

#[test]
fn a_cell_the_wrong_way_round() {
    let steps = "  - battery: { cells: [alkaline 90%, alkaline 90%, alkaline 90%, alkaline 90% reversed] }\n";
    let told = diagnose("ten-key", "programmed", steps, &CODE);
    assert_eq!(
        told.line("cause:"),
        "a cell is in the wrong way round, or the pack is empty"
    );
    assert_eq!(
        told.line("batteries"),
        "2.97 V idle: a cell the wrong way round, or an empty pack"
    );
    assert_eq!(told.line("done:"), FRESH);
}

#[test]
fn empty_cells() {
    let steps = "  - battery: { chemistry: alkaline, charge: 7% }\n";
    let cause = "the battery is too low to run the motor";
    names("programmed", steps, &CODE, cause, FRESH);
}

#[test]
fn leaking_cells() {
    let steps = "  - battery: { volts: 5.8 V, resistance: 40 ohm }\n";
    let told = diagnose("ten-key", "programmed", steps, &CODE);
    assert_eq!(told.line("cause:"), "the battery collapses under the motor");
    assert!(
        told.line("batteries")
            .ends_with(": a leaking cell or a corroded contact")
    );
    assert_eq!(told.line("done:"), FRESH);
}

#[test]
fn an_old_cell_among_new_ones() {
    let steps =
        "  - battery: { cells: [alkaline 100%, alkaline 100%, alkaline 100%, alkaline 0%] }\n";
    let told = diagnose("ten-key", "programmed", steps, &CODE);
    assert_eq!(
        told.line("cause:"),
        "the battery collapses under the motor",
        "{}",
        told.text
    );
    assert!(
        told.line("batteries")
            .ends_with(": an old cell among newer ones")
    );
    assert_eq!(told.exit, Some(1));
}

#[test]
fn a_low_battery_is_told_although_the_lock_works() {
    let steps = "  - battery: { chemistry: alkaline, charge: 20% }\n";
    names("programmed", steps, &CODE, "the battery is low", FRESH);
}

#[test]
fn cells_of_another_kind() {
    for kind in [
        "{ chemistry: nimh, charge: 60% }",
        "{ chemistry: lithium, charge: 80% }",
    ] {
        let steps = format!("  - battery: {kind}\n");
        let cause = "the cells are not the kind that the lock is made for";
        names("programmed", &steps, &CODE, cause, "");
    }
}

#[test]
fn a_code_that_the_lock_does_not_have() {
    let cause = "the code is not one of the lock's";
    names(
        "programmed",
        "  - wait: 1s\n",
        &["--code", "4321"],
        cause,
        "",
    );
    let told = diagnose(
        "five-key",
        "programmed",
        "  - wait: 1s\n",
        &["--code", "13579"],
    );
    assert_eq!(told.line("cause:"), cause, "{}", told.text);
}

#[test]
fn one_of_two_codes_that_the_lock_does_not_have() {
    let told = diagnose(
        "ten-key",
        "programmed",
        "  - wait: 1s\n",
        &["--code", "1234", "--code", "7777"],
    );
    assert_eq!(told.line("user code"), "7777 is refused");
    assert_eq!(told.exit, Some(1));
}

#[test]
fn no_code_at_all() {
    names(
        "handed",
        "  - wait: 1s\n",
        &CODE,
        "no code is programmed",
        "",
    );
}

#[test]
fn codes_that_share_their_keys() {
    let codes = ["--code", "1234", "--code", "2143"];
    let told = diagnose("five-key", "programmed", "  - wait: 1s\n", &codes);
    assert_eq!(told.exit, Some(1));
    insta::assert_snapshot!(told.text, @"
    batteries    6.00 V idle, 5.91 V at 150 mA, 0.6 ohm: good alkaline cells
    user code    1234, 2143 open
    glitch       no storage fault, and no restart
    handing      done
    hub pairing  not checked: with --hub it is
    mechanism    the motor brings the bolt to its ends, so does the key

    cause: two of the codes are the same keys to the lock
      1234 and 2143 are the same keys
    fix: Two digits share a key here: choose codes that differ by their keys, and of which none begins with another.
    ");
}

#[test]
fn a_lockout() {
    let steps = "  - repeat: { times: 3, steps: [ { enter: \"4321\" }, { wait: 3s } ] }\n";
    let cause = "wrong codes have locked the keypad out";
    names("programmed", steps, &CODE, cause, "");
}

#[test]
fn a_program_that_hangs() {
    let told = diagnose("ten-key", "programmed", "  - processor: hang\n", &CODE);
    assert_eq!(
        told.line("cause:"),
        "the lock's program hangs",
        "{}",
        told.text
    );
    assert!(told.text.contains("reset watchdog"), "{}", told.text);
    assert_eq!(told.exit, Some(1));
}

#[test]
fn a_storage_fault_is_only_cured_with_leave() {
    let cause = "what the lock keeps in its flash is illegible";
    names("programmed", "  - storage: corrupt\n", &CODE, cause, "");
    let told = diagnose(
        "ten-key",
        "programmed",
        "  - storage: corrupt\n",
        &["--code", "1234", "--allow-reset"],
    );
    insta::assert_snapshot!(told.text, @"
    batteries    6.00 V idle: good alkaline cells
    user code    not reached
    glitch       what the lock keeps in its flash is illegible
    handing      not reached
    hub pairing  not checked: with --hub it is
    mechanism    not reached

    cause: what the lock keeps in its flash is illegible
      3  enter 1234
           +0.020s   beeper  4x 30/170ms 4000Hz
           +0.820s   status  red 1x 5000ms
           +0.820s   keypad  red 5x 150/150ms
           +0.820s   beeper  5x 150/150ms 4000Hz
    fix: Only a factory reset cures it: pack out, hold Program, pack in, keep holding for 30 s, let go, press Program once more. It wipes every code: hand the door and program the codes anew afterwards.

    done: factory reset, then door handing, then code 1234: works
      27  enter 1234
           +0.020s   beeper  4x 30/170ms 4000Hz
           +0.820s   motor   open 1015ms
           +0.820s   keypad  green 1x 300ms
           +0.820s   beeper  1x 300ms 4000Hz
           +0.840s   bolt    between
      28  settle
           +0.815s   bolt    retracted
    ");
}

#[test]
fn a_door_that_was_never_handed() {
    let told = diagnose(
        "ten-key",
        "new",
        "  - battery: connect\n  - wait: 3s\n",
        &CODE,
    );
    assert_eq!(told.exit, Some(1));
    insta::assert_snapshot!(told.text, @"
    batteries    6.00 V idle: good alkaline cells
    user code    not reached
    glitch       no storage fault, and no restart
    handing      the door handing was never done, or failed
    hub pairing  not checked: with --hub it is
    mechanism    not reached

    cause: the door handing was never done, or failed
      3  enter 1234
           +0.020s   beeper  4x 30/170ms 4000Hz
           +0.820s   status  red 1x 5000ms
           +0.820s   keypad  red 3x 150/150ms
           +0.820s   beeper  3x 150/150ms 4000Hz
    fix: Do the door handing: pack out, hold Program, pack in, let go after a few seconds, press Program once. The bolt moves in and out by itself, and the light inside turns green.

    done: door handing: works
      14  enter 1234
           +0.020s   beeper  4x 30/170ms 4000Hz
           +0.820s   keypad  red 3x 150/150ms
           +0.820s   beeper  3x 150/150ms 4000Hz
      handed now; the code is still to be programmed
    ");
}

#[test]
fn a_hub_that_the_lock_does_not_know() {
    let arguments = ["--code", "1234", "--hub"];
    let done = "paired with the rig's own hub: works";
    names(
        "programmed",
        "  - wait: 1s\n",
        &arguments,
        "the lock doesn't know its hub",
        done,
    );
}

#[test]
fn jams() {
    names(
        "programmed",
        "  - jam: opening\n",
        &CODE,
        "the bolt jams as it opens",
        "",
    );
    names(
        "programmed",
        "  - jam: closing\n",
        &CODE,
        "the bolt jams as it closes",
        "",
    );
    let told = diagnose("ten-key", "programmed", "  - jam: stuck\n", &CODE);
    assert_eq!(told.line("cause:"), "the bolt jams as it opens");
    assert!(
        told.text
            .contains("the key doesn't move the bolt from end to end either")
    );
}

#[test]
fn a_lock_behind_the_lines_of_a_bench() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_rig"))
        .args([
            "diagnose",
            "--bench",
            "rig/hardware/rehearsal.yaml",
            "--output",
        ])
        .arg(folder.path())
        .current_dir(root())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    let line = |word: &str| told.lines().any(|line| line == word);
    assert!(
        line("cause: the door handing was never done, or failed"),
        "{told}"
    );
    assert!(line("done: door handing: works"), "{told}");
    assert!(
        line("batteries    this bench doesn't see the pack's volts"),
        "{told}"
    );
}

#[test]
fn what_is_for_the_virtual_lock_is_refused_elsewhere() {
    let output = Command::new(env!("CARGO_BIN_EXE_rig"))
        .args([
            "diagnose",
            "--bench",
            "rig/hardware/rehearsal.yaml",
            "--after",
            "codes/unlock",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "rig: failed to use --after on a real bench: it is for the virtual lock\n"
    );
}

/// What a lock that isn't handed got when it was tried: a handing that fails.
const FAILED_HANDING: &str = "  - hold: program\n  - battery: connect\n  - wait: 3s\n  - release: program\n  - wait: 2s\n  - press: program\n  - settle\n";

#[test]
fn an_open_lock_that_will_not_close_for_want_of_volts() {
    let steps = "  - enter: \"1234\"\n  - settle\n  - battery: 4.4 V\n  - wait: 2s\n";
    let cause = "the battery is too low to run the motor";
    names("programmed", steps, &CODE, cause, FRESH);
}

#[test]
fn a_motor_too_slow_for_its_time_is_no_jam() {
    let steps = "  - battery: { volts: 4.6 V, resistance: 5 ohm }\n";
    let cause = "the battery is too low to run the motor";
    names("programmed", steps, &CODE, cause, FRESH);
}

#[test]
fn a_handing_that_fails_for_want_of_volts() {
    let steps = format!("  - battery: 4.4 V\n{FAILED_HANDING}");
    let told = diagnose("ten-key", "new", &steps, &CODE);
    let cause = "the battery is too low to run the motor";
    assert_eq!(told.line("cause:"), cause, "{}", told.text);
    let also = "the door handing was never done, or failed.";
    assert!(told.line("also:").starts_with(also), "{}", told.text);
    let done = "four fresh alkaline cells, then door handing: works";
    assert_eq!(told.line("done:"), done, "{}", told.text);
}

#[test]
fn a_handing_that_fails_for_cells_that_collapse() {
    let steps = format!("  - battery: {{ volts: 5.2 V, resistance: 9 ohm }}\n{FAILED_HANDING}");
    let told = diagnose("ten-key", "new", &steps, &CODE);
    insta::assert_snapshot!(told.text);
}

#[test]
fn a_handing_that_fails_for_a_stuck_bolt() {
    let steps = format!("  - jam: stuck\n{FAILED_HANDING}");
    let told = diagnose("ten-key", "new", &steps, &CODE);
    let cause = "the bolt jams as it closes";
    assert_eq!(told.line("cause:"), cause, "{}", told.text);
    let also = "the door handing was never done, or failed.";
    assert!(told.line("also:").starts_with(also), "{}", told.text);
    assert_eq!(told.line("done:"), "door handing: does not help");
}

#[test]
fn a_lock_that_a_point_of_a_sweep_leaves() {
    let rig = |arguments: &[&str]| {
        let house = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_rig"));
        command.args(["diagnose", "--lock", "ten-key", "--output"]);
        command.arg(house.path()).args(arguments);
        command.current_dir(root()).output().unwrap()
    };
    let after = ["--code", "1234", "--after", "sweeps/supply"];
    let whole = rig(&after);
    assert_eq!(whole.status.code(), Some(2));
    insta::assert_snapshot!(
        String::from_utf8(whole.stderr).unwrap(),
        @"rig: failed to take sweeps/supply as one run: it is a sweep; choose one of its points with --point"
    );
    let low = rig(&[&after[..], &["--point", "4.4V"]].concat());
    assert_eq!(low.status.code(), Some(1));
    let told = String::from_utf8(low.stdout).unwrap();
    assert!(
        told.contains("cause: the battery is too low to run the motor"),
        "{told}"
    );
    let alone = rig(&["--point", "4.4V"]);
    assert_eq!(alone.status.code(), Some(2));
}

#[test]
fn a_lock_with_its_audio_off_that_waits_for_more_keys_is_not_dead() {
    let steps = "  - switch: 3 off\n";
    let told = diagnose("five-key", "handed", steps, &CODE);
    assert_eq!(
        told.line("cause:"),
        "no code is programmed",
        "{}",
        told.text
    );
}

/// What is wrong with the lock that each scenario leaves, and what the fix came to: every model that the
/// scenario is for. Where nothing is, the lock works for who knows its code.
#[test]
fn what_every_scenario_leaves() {
    let mut jobs = Vec::new();
    for name in scenarios() {
        jobs.extend(["ten-key", "five-key"].map(|model| (name.clone(), model)));
    }
    let house = tempfile::tempdir().unwrap();
    let told = of_each(&jobs, |(name, model)| {
        let mut command = command(&root());
        command.args([
            "diagnose", "--code", "1234", "--after", name, "--lock", model,
        ]);
        let output = command.arg("--output").arg(house.path()).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let lines = said.lines().filter_map(|line| {
            let (word, what) = line.split_once(": ")?;
            let what = what.split(". ").next()?;
            matches!(word, "cause" | "also" | "done").then(|| format!("    {word}: {what}\n"))
        });
        match output.status.code() {
            Some(0) => None,
            Some(1) => Some(format!("{name} on {model}\n{}", lines.collect::<String>())),
            // A sweep, or for the other model.
            Some(2 | 4) => None,
            code => panic!("{name} on {model}: {code:?}\n{said}"),
        }
    });
    insta::assert_snapshot!(told.into_iter().flatten().collect::<String>());
}
