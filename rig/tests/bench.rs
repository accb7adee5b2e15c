//! The `rig` command on benches in rehearsal: what the doctor finds, who owns a bench, and what the
//! lines are left at when the doctor is killed at any point.

mod instrument;
mod rehearsal;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use instrument::{Instrument, Trouble};
use rehearsal::{guards, rehearsal, stderr, stdout};

#[test]
fn the_doctor_finds_a_sound_bench_sound_and_leaves_it_off() {
    let bench = rehearsal();
    let output = bench.output("doctor", &[]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}{}",
        stdout(&output),
        stderr(&output)
    );
    // How late edges are is another number each time.
    let mut said = stdout(&output).replace(bench.supply.path(), "PORT");
    if let (Some(from), Some(to)) = (said.find("timed "), said.find("at worst\n")) {
        said.replace_range(from..to, "timed ... ");
    }
    insta::assert_snapshot!(said);
    assert_eq!(
        (bench.driven().as_str(), bench.supply.settings().on),
        ("LLZL", false)
    );
    assert!(
        !bench
            .supply
            .settings()
            .heard
            .iter()
            .any(|command| command.contains("6.6"))
    );
}

/// A port with a lock on the hub's bus that refuses every request of six bytes, and what keeps it open.
fn refusing_lock() -> (String, std::fs::File) {
    let (mut card, port, other_end) = instrument::terminal();
    std::thread::spawn(move || {
        let mut request = [0; 6];
        while card.read_exact(&mut request).is_ok() {
            let _ = card.write_all(&[0xBD, 0x04, request[2], 0x55, 0x07, 0xA8]);
        }
    });
    (port, other_end)
}

/// A bench that ships, as a rehearsal with a virtual lock: of its file only what names hardware of a
/// Raspberry Pi's own is another.
fn shipped(name: &str, changes: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("hardware")
        .join(name);
    let image = format!(
        "pi: rehearsal\nstate: lines\nimage: {}",
        rehearsal::firmware().display()
    );
    let mut text = std::fs::read_to_string(path).unwrap();
    for (from, to) in [("pi: 4b", image.as_str())].iter().chain(changes) {
        assert!(text.contains(from), "{name} has no {from}");
        text = text.replace(from, to);
    }
    let folder = tempfile::tempdir().unwrap();
    let bench = folder.path().join(name);
    std::fs::write(&bench, text).unwrap();
    (folder, bench)
}

#[test]
fn both_benches_that_ship_are_sound_in_rehearsal() {
    let supply = Instrument::plug_in(true);
    let (hub, _other_end) = refusing_lock();
    let (server, _) = rehearsal::probed();
    let port =
        "/dev/serial/by-id/usb-RIGOL_supply-if00-port0   # `ls /dev/serial/by-id` shows yours";
    let kit = shipped(
        "nrf52840-dk.yaml",
        &[
            (port, supply.path()),
            ("/dev/ttyACM0", &hub),
            ("1366:1015", &server.selector()),
        ],
    );
    let dac = "kind: dac\n  address: 0x60\n  full-scale: 8.2 V";
    let black_box = shipped(
        "black-box.yaml",
        &[
            // There is no I2C in a rehearsal.
            (dac, "kind: fixed\n  volts: 6.0 V"),
            ("monitor: { address: 0x40, shunt: 0.1 ohm }\n", ""),
            // A virtual lock is on these lines.
            ("loopback: [[23, 24]]\n", ""),
        ],
    );
    for (_folder, bench) in [&kit, &black_box] {
        for (verb, more) in [("check", &[][..]), ("wiring", &[]), ("doctor", &["--live"])] {
            let output = Command::new(env!("CARGO_BIN_EXE_rig"))
                .arg(verb)
                .arg(bench)
                .args(more)
                .output()
                .unwrap();
            let said = stdout(&output) + &stderr(&output);
            assert_eq!(
                output.status.code(),
                Some(0),
                "{verb} {}: {said}",
                bench.display()
            );
            assert!(verb != "wiring" || said.contains("Parts"), "{said}");
        }
    }
    assert!(!supply.settings().on);
}

#[test]
fn the_doctor_names_what_is_wrong_and_ends_with_3() {
    let bench = rehearsal();
    bench.supply.settings().droop = 0.25;
    let output = bench.output("doctor", &[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stdout(&output).contains("FAILED         supply accuracy   +250 mV at 3000 mV, "),
        "{}",
        stdout(&output)
    );
    bench.wait_for_guard();
    assert_eq!(
        (bench.driven().as_str(), bench.supply.settings().on),
        ("LLZL", false)
    );

    let bench = rehearsal();
    bench.supply.trouble(Trouble::Unplugged);
    let output = bench.output("doctor", &[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stdout(&output).contains("was it unplugged or switched off?"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn a_wrong_bench_file_is_refused_before_anything_is_touched() {
    let bench = rehearsal();
    let text = std::fs::read_to_string(&bench.bench).unwrap();
    std::fs::write(&bench.bench, text.replace("enable: 24", "enable: 6")).unwrap();
    let output = bench.output("doctor", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("GPIO6 would be driven for `enable` and watches `beeper`"),
        "{}",
        stderr(&output)
    );
    assert_eq!(bench.driven(), "....");
    assert!(bench.supply.settings().heard.is_empty());
}

#[test]
fn killed_at_any_point_the_guard_leaves_it_safe_and_lets_go() {
    let bench = rehearsal();
    let mut caught_live = 0;
    for round in 0..10u64 {
        // Spread over the whole of an examination, which takes about three seconds.
        let delay = Duration::from_millis(round * 240 + round * round * 37 % 90);
        let mut child = bench
            .rig("doctor", &["--live"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(delay);
        child.kill().unwrap();
        child.wait().unwrap();
        caught_live += usize::from(bench.driven().contains('H') || bench.supply.settings().on);
        bench.wait_for_guard();
        let driven = bench.driven();
        // Killed before it did anything, it leaves nothing to do.
        assert!(
            driven == "LLZL" || driven == "....",
            "after {delay:?}: {driven}"
        );
        assert!(!bench.supply.settings().on, "after {delay:?}");
    }
    assert!(caught_live > 0, "no kill came while anything was driven");
    // Nothing holds it any more.
    let last = bench.output("doctor", &[]);
    assert_eq!(
        last.status.code(),
        Some(0),
        "{}{}",
        stdout(&last),
        stderr(&last)
    );
}

#[test]
fn the_second_on_a_bench_is_told_who_has_it() {
    let bench = rehearsal();
    let mut first = bench
        .rig("doctor", &["--live"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while guards(&bench.bench).is_empty() {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "no guard was started"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    let second = bench.output("doctor", &[]);
    assert_eq!(second.status.code(), Some(3));
    let wanted = format!("take the bench: process {} of ", first.id());
    assert!(stdout(&second).contains(&wanted), "{}", stdout(&second));
    first.kill().unwrap();
    first.wait().unwrap();
    bench.wait_for_guard();
}

#[test]
fn the_doctor_ends_in_order_at_ctrl_c() {
    let bench = rehearsal();
    let doctor = bench
        .rig("doctor", &["--live"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while !bench.supply.settings().on {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "no voltage is tried"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    rehearsal::signal(doctor.id(), "INT");
    let output = doctor.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stdout(&output));
    let said = stdout(&output);
    assert!(
        said.contains("not checkable  rest              interrupted"),
        "{said}"
    );
    assert!(said.ends_with("contacts open, supply off\n"), "{said}");
    assert_eq!(
        (bench.driven().as_str(), bench.supply.settings().on),
        ("LLZL", false)
    );
}

#[test]
fn a_live_lock_is_fed_heard_and_let_go() {
    let (_server, probe) = rehearsal::probed();
    let (port, _other_end) = refusing_lock();
    let bench = rehearsal::with_lock_and(&format!("{probe}hub: {port}\n"));
    let output = bench.output("doctor", &["--live"]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{said}{}", stderr(&output));
    let heard = |part: &str| {
        let line = said.lines().find(|line| line[15..].starts_with(part));
        line.unwrap_or_else(|| panic!("nothing of {part} in {said}"))
    };
    assert!(
        heard("signals").contains("contact 1 pressed: ") && heard("signals").contains("beeper "),
        "{said}"
    );
    assert!(heard("chip").contains("nRF52840_xxAA answers"), "{said}");
    assert!(heard("hub's lock").contains("it answers"), "{said}");
    // The click's pitch, from its edges.
    assert!(heard("beeper  ").contains(" 4000 Hz, every edge"), "{said}");
    assert_eq!(
        (bench.driven().as_str(), bench.supply.settings().on),
        ("LLZL", false)
    );
}

#[test]
fn the_supply_is_on_until_ctrl_c_and_what_is_left_is_told() {
    let bench = rehearsal();
    let mut child = bench
        .rig("power", &["--volts", "4.6V"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while !bench.supply.settings().on {
        assert!(began.elapsed() < Duration::from_secs(60), "it stays off");
        std::thread::sleep(Duration::from_millis(5));
    }
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stdout.take().unwrap(), &mut said).unwrap();
    assert!(
        said.contains("the pack is in: 4.600 V; Ctrl-C ends it"),
        "{said}"
    );
    assert!(
        said.ends_with("safe: supply off, every contact open\n"),
        "{said}"
    );
    bench.wait_for_guard();
    assert_eq!(
        (bench.driven().as_str(), bench.supply.settings().on),
        ("LLZL", false)
    );
}

#[test]
fn the_supply_is_on_for_a_while_or_off_at_once() {
    let bench = rehearsal();
    let output = bench.output("power", &["--for", "200ms"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("the pack is in: 6.000 V\n"));
    assert!(stdout(&output).ends_with("safe: supply off, every contact open\n"));
    assert!(!bench.supply.settings().on);

    let output = bench.output("power", &["--off"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(
        (bench.driven().as_str(), bench.supply.settings().on),
        ("LLZL", false)
    );
}

/// A rehearsal with a lock of its own to play on.
fn rehearsed_lock(folder: &Path) -> PathBuf {
    let hardware = Path::new(env!("CARGO_MANIFEST_DIR")).join("hardware");
    let text = std::fs::read_to_string(hardware.join("rehearsal.yaml")).unwrap();
    let image = hardware.join("../../firmware/images");
    let bench = folder.join("bench.yaml");
    let text = text.replace("../../firmware/images", image.to_str().unwrap());
    std::fs::write(&bench, text + "state: lines\n").unwrap();
    bench
}

/// `rig run` of a scenario with these steps, called `name`, on a rehearsed lock.
fn run_on_lock(folder: &Path, name: &str, steps: &str) -> Command {
    let bench = rehearsed_lock(folder);
    let scenario = folder.join(format!("{name}.yaml"));
    std::fs::write(
        &scenario,
        format!("title: T\ngiven: new\nsteps: [{steps}]\n"),
    )
    .unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_rig"));
    command
        .arg("run")
        .args([&scenario, Path::new("--bench"), &bench])
        .current_dir(folder)
        .env("CI", "true");
    command
}

#[test]
fn a_run_that_is_stopped_says_what_is_left_safe() {
    let folder = tempfile::tempdir().unwrap();
    let child = run_on_lock(folder.path(), "slow", "wait: 5min")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Program is held for its factory reset: line 20 sinks.
    let began = Instant::now();
    let held = || {
        let lines = std::fs::read(folder.path().join("lines")).unwrap_or_default();
        lines.get(20) == Some(&b'L')
    };
    while !held() {
        assert!(began.elapsed() < Duration::from_secs(60), "nothing is done");
        std::thread::sleep(Duration::from_millis(10));
    }
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stdout(&output).contains("stopped "), "{}", stdout(&output));
    assert!(
        stderr(&output).contains("safe: supply off, every contact open"),
        "{}",
        stderr(&output)
    );
    assert!(!held());
}

#[test]
fn a_damaged_snapshot_is_told_before_the_bench_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let snapshots = folder.path().join("snapshots/ten-key");
    std::fs::create_dir_all(&snapshots).unwrap();
    std::fs::write(snapshots.join("quick.snap"), "no header").unwrap();
    let output = run_on_lock(folder.path(), "quick", "wait: 1s")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("quick.snap"),
        "{}",
        stderr(&output)
    );
    assert!(!folder.path().join("lines").exists());
}

#[test]
fn a_voltage_that_the_bench_file_does_not_allow_is_a_persons_mistake() {
    let bench = rehearsal::rehearsal();
    let output = bench.output("power", &["--volts", "6.7V", "--for", "1s"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("allows at most 6600 mV"), "{said}");
    assert_eq!(bench.driven(), "....");
}
