//! Every reader against any bytes: it answers or refuses, and never brings the rig down; what it has
//! read, it reads again from what the rig writes of it. `rig/fuzz` has a target for each of these
//! functions; the tests here give them mangled real files, the same ones each time.

use std::path::Path;
use std::sync::LazyLock;

use crate::bench::file::parse as parse_bench;
use crate::bench::log::FirmwareLog;
use crate::bench::probe::Image;
use crate::import::{self, Guess};
use crate::lock::LockModel;
use crate::outcome::Outcomes;
use crate::scenario::{Given, parse};
use crate::trace::{Channel, Nanos, Trace, Value};

/// Aligned as chance has it.
const RELEASED: &[u8] = include_bytes!("../../firmware/images/lock-ten-key-0.1.0.elf");

/// A scenario file.
pub fn scenario(bytes: &[u8]) {
    let Ok(source) = std::str::from_utf8(bytes) else {
        return;
    };
    match parse(source, Path::new("any.yaml"), "any") {
        Err(error) => told(&error.render(true)),
        // A sweep is written out as steps.
        Ok(scenario) if scenario.sweep.is_some() => {}
        Ok(scenario) => {
            let text = scenario.to_yaml();
            match parse(&text, Path::new("again.yaml"), "any") {
                Ok(again) => assert_eq!(again.to_yaml(), text),
                Err(error) => panic!("{text}\n{}", error.render(false)),
            }
        }
    }
}

/// A bench file.
pub fn bench_file(bytes: &[u8]) {
    let Ok(source) = std::str::from_utf8(bytes) else {
        return;
    };
    match parse_bench(source, Path::new("any.yaml")) {
        Err(error) => told(&error.render(true)),
        Ok(bench) => told(&bench.wiring()),
    }
}

/// A firmware image.
pub fn image(bytes: &[u8]) {
    // Aligned as a file is that was read.
    let bytes = &*bytes.to_vec();
    if let Err(error) = Image::from_elf(bytes) {
        told(&error.to_string());
    }
    if let Ok(Some(mut log)) = FirmwareLog::from_elf(bytes) {
        log.decode(Nanos::ZERO, &bytes[bytes.len() / 2..]);
    }
}

/// What the firmware logs, from a released image.
pub fn firmware_log(bytes: &[u8]) {
    static LOG: LazyLock<FirmwareLog> = LazyLock::new(|| {
        let aligned = RELEASED.to_vec();
        let log = FirmwareLog::from_elf(&aligned).expect("a released image");
        log.expect("it logs")
    });
    let mut log = LOG.clone();
    // As it comes: a few bytes at a time, and sometimes a restart in between.
    for (index, chunk) in bytes.chunks(7).enumerate() {
        if index % 11 == 10 {
            log.restart();
        }
        log.decode(Nanos(index as u64), chunk);
    }
}

/// A trace, as VCD.
pub fn trace(bytes: &[u8]) {
    match Trace::read_vcd(bytes) {
        Err(error) => told(&error.to_string()),
        Ok(trace) => {
            let mut written = Vec::new();
            trace.write_vcd(&mut written, "").expect("memory");
            let again = Trace::read_vcd(&*written).expect("the rig's own");
            assert_eq!(again.events, trace.events);
            assert_eq!(again.steps.len(), trace.steps.len());
            written_back(&Outcomes::of(&trace));
        }
    }
}

/// A snapshot's outcomes.
pub fn outcomes(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match text.parse::<Outcomes>() {
        Err(error) => told(&error.to_string()),
        Ok(outcomes) => written_back(&outcomes),
    }
}

/// A log out of the field, in any of its formats.
pub fn log(bytes: &[u8]) {
    let log = match import::read(bytes) {
        Err(error) => return told(&error.to_string()),
        Ok(log) => log,
    };
    for model in LockModel::ALL {
        let guess = Guess {
            given: Given::Programmed,
            auto_lock: false,
            master: false,
            wrong: Default::default(),
            jams: Default::default(),
            unpaired: false,
        };
        let (text, _) = import::scenario(&log, "any.log", model, &guess);
        if let Err(error) = parse(&text, Path::new("any.yaml"), "any") {
            panic!("{text}\n{}", error.render(false));
        }
    }
}

/// Bytes on the hub's bus: each with the pause before it, in milliseconds, and its way in the lowest bit.
pub fn hub(bytes: &[u8]) {
    let mut builder = Trace::builder();
    builder.begin_step("settle", Nanos::ZERO).expect("a step");
    let mut at = Nanos::ZERO;
    for pair in bytes.chunks_exact(2) {
        at += Nanos::from_millis(u64::from(pair[0]));
        let channel = match pair[0] & 1 {
            0 => Channel::HubFromLock,
            _ => Channel::HubToLock,
        };
        let byte = Value::Byte(pair[1]);
        builder.record(at, channel, byte).expect("in order");
    }
    let trace = builder.finish(at).expect("a trace");
    written_back(&Outcomes::of(&trace));
    log(import::capture_text(&trace).as_bytes());
    log(import::csv(&trace).as_bytes());
    log(import::json(&trace).as_bytes());
}

/// A refusal says something.
fn told(text: &str) {
    assert!(!text.trim().is_empty());
}

fn written_back(outcomes: &Outcomes) {
    let text = outcomes.to_string();
    match text.parse::<Outcomes>() {
        Ok(again) => assert_eq!(again.to_string(), text),
        Err(error) => panic!("{error} in:\n{text}"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    /// Pseudo-random numbers (splitmix64).
    struct Random(u64);

    impl Random {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut word = self.0;
            word = (word ^ word >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            word = (word ^ word >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((word ^ word >> 31) % end.max(1) as u64) as usize
        }
    }

    /// Some bytes changed, dropped, doubled, or taken from elsewhere in the file.
    fn mangle(file: &[u8], random: &mut Random) -> Vec<u8> {
        let mut bytes = file.to_vec();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len());
            let end = (at + random.below(12)).min(bytes.len());
            match random.below(5) {
                0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
                1 => drop(bytes.drain(at..end)),
                2 => bytes.truncate(at),
                3 => {
                    let copy = bytes[at..end].to_vec();
                    let to = random.below(bytes.len());
                    bytes.splice(to..to, copy);
                }
                _ => {
                    let digit = b"0123456789-.:,\xFF"[random.below(15)];
                    bytes.splice(at..end.min(at + 1), [digit]);
                }
            }
        }
        bytes
    }

    /// Real files of a kind.
    fn files(folder: &str, end: &str) -> Vec<PathBuf> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let entries = fs::read_dir(root.join(folder)).unwrap();
        let mut files: Vec<PathBuf> = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file() && path.to_string_lossy().ends_with(end))
            .collect();
        files.sort();
        assert!(!files.is_empty(), "{folder}");
        files
    }

    fn try_all(files: &[PathBuf], times: usize, read: fn(&[u8])) {
        let mut random = Random(1);
        for file in files {
            let bytes = fs::read(file).unwrap();
            read(&bytes);
            for _ in 0..times {
                read(&mangle(&bytes, &mut random));
            }
        }
    }

    #[test]
    fn mangled_scenarios_and_bench_files() {
        for folder in ["codes", "hub", "sweeps", "battery", "storage"] {
            try_all(
                &files(&format!("scenarios/{folder}"), ".yaml"),
                20,
                scenario,
            );
        }
        try_all(&files("rig/hardware", ".yaml"), 60, bench_file);
    }

    #[test]
    fn mangled_images_and_what_they_log() {
        try_all(&files("firmware/images", ".elf"), 5, image);
        let mut random = Random(2);
        for _ in 0..200 {
            let bytes: Vec<u8> = (0..60).map(|_| random.below(256) as u8).collect();
            firmware_log(&bytes);
            hub(&bytes);
        }
    }

    #[test]
    fn mangled_snapshots_and_logs() {
        try_all(&files("scenarios/snapshots/ten-key", ".snap"), 10, outcomes);
        try_all(&files("tests/field-bugs/logs", ""), 100, log);
    }
}
