//! Bench files: those that ship, and what is said about wrong ones.

use std::path::{Path, PathBuf};

use super::*;

/// A bench that is right.
const RIGHT: &str = r#"title: A bench
lock: five-key
pi: 3b+
contacts:
  1/2: 17
  lock: { line: 18, closes: low }
  program: { line: 22, closes: sink }
signals:
  beeper: 4
  motor open: { line: 5, active: low, pull: up, via: wire }
supply: { kind: fixed, volts: 6.0 V }
enable: 24
limits: { volts: 6.6 V, amperes: 2 A, run: 10min }
"#;

fn hardware() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("hardware")
}

/// What is said about a bench.
fn told(source: &str) -> String {
    match parse(source, Path::new("bench.yaml")) {
        Ok(_) => "nothing".to_owned(),
        Err(error) => error.render(false),
    }
}

/// The right bench with `from` replaced by `to`.
fn but(from: &str, to: &str) -> String {
    assert!(RIGHT.contains(from), "{from}");
    told(&RIGHT.replacen(from, to, 1))
}

#[test]
fn a_right_bench_reads() {
    let bench = parse(RIGHT, Path::new("bench.yaml")).unwrap();
    assert_eq!(bench.lock, LockModel::FiveKey);
    assert_eq!(bench.supply, Source::Fixed(6_000));
    assert_eq!(bench.limits.milliamperes, 2_000);
    let program = bench.contacts[&Contact::Program];
    assert_eq!(program.drive(true), Drive::Low);
    assert_eq!(program.drive(false), Drive::Float);
    let lock = bench.contacts[&Contact::Lock];
    assert_eq!(
        (lock.drive(true), lock.drive(false)),
        (Drive::Low, Drive::High)
    );
    assert_eq!(bench.signals[&Channel::MotorOpen].active, Level::Low);
    assert_eq!(bench.snapshots(), "five-key");
    insta::assert_snapshot!(bench.cautions.join("\n"), @"GPIO18 is pulled low while the Pi starts, which may close `lock`: add a resistor of 10 kOhm the other way, or use another line");
}

#[test]
fn the_benches_that_ship_are_right() {
    let mut count = 0;
    for file in std::fs::read_dir(hardware()).unwrap() {
        let path = file.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            let bench = BenchFile::load(&path).unwrap();
            assert_eq!(bench.cautions, [""; 0], "{}", path.display());
            count += 1;
        }
    }
    assert!(count >= 2);
}

#[test]
fn lines_that_clash_are_refused() {
    let said = [
        but("program: { line: 22", "program: { line: 17"),
        but("beeper: 4", "beeper: 18"),
        but("enable: 24", "enable: 5"),
        but("beeper: 4", "beeper: 5"),
        but("1/2: 17", "1/2: 28"),
        but("pi: 3b+", "pi: b"),
        but(
            "enable: 24",
            "enable: 24\nmonitor: { address: 0x41 }\nhub: /dev/serial0\nloopback: [[2, 3], [14, 16]]",
        ),
    ];
    insta::assert_snapshot!(said.join("\n\n"));
}

#[test]
fn wrong_words_and_quantities_are_refused() {
    let said = [
        but("lock: five-key", "lock: fivekey"),
        but("pi: 3b+", "pi: 4"),
        but("1/2: 17", "1: 17"),
        but("1/2: 17", "1/2: pin 11"),
        but("closes: low", "close: low"),
        but("closes: low", "closes: ground"),
        but("closes: low", "via: wire"),
        but("closes: sink", "closes: sink, via: opto"),
        but("beeper: 4", "buzzer: 4"),
        but("volts: 6.6 V", "volts: 6.6"),
        but("amperes: 2 A", "amperes: 2 V"),
        but("run: 10min", "run: 10 m"),
        but("volts: 6.0 V }", "volts: 6.0 V, port: /dev/ttyUSB0 }"),
        but("volts: 6.0 V }", "volts: 7.0 V }"),
        but("volts: 6.6 V", "volts: 5.5 V"),
        but(
            "supply: { kind: fixed, volts: 6.0 V }",
            "supply: { kind: dac, full-scale: 5.9 V }",
        ),
        but("enable: 24\n", ""),
        but(
            "enable: 24",
            "enable: 24\nprobe: { usb: 1.3, chip: nRF52840_xxAA }",
        ),
        but(
            "enable: 24",
            "enable: 24\nprobe: { selector: \"the black one\" }",
        ),
        but(
            "enable: 24",
            "enable: 24\nprobe: { usb: 1-1.3, chip: nRF52833_xxAA }",
        ),
        but(
            "enable: 24",
            "enable: 24\nmonitor: { address: 0x60, shunt: 0 ohm }",
        ),
        but(
            "supply: { kind: fixed, volts: 6.0 V }",
            "supply: { kind: scpi, port: x, dialect: korat, commands: { volt: V } }",
        ),
        but(
            "supply: { kind: fixed, volts: 6.0 V }",
            "supply: { kind: scpi, port: x, commands: { volts: VOLT, on: \"\" } }",
        ),
        told(""),
        told("title: A bench\n"),
    ];
    insta::assert_snapshot!(said.join("\n\n"));
}

#[test]
fn wiring_of_the_benches_that_ship() {
    for name in ["nrf52840-dk", "black-box"] {
        let bench = BenchFile::load(&hardware().join(name).with_extension("yaml")).unwrap();
        insta::assert_snapshot!(format!("wiring_{name}"), bench.wiring());
    }
}
