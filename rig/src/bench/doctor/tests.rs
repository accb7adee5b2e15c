//! What is said of a bench with one fault after the other in its parts.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::bench::file::{Source, parse};
use crate::bench::lines::{Bias, Board, Drive, Gpio, Level, LineError, Rehearsal, Watch};
use crate::bench::supply::fake::FakeBus;
use crate::bench::supply::{Dac, DacSettings, I2c, terminal};
use crate::trace::Nanos;

/// What is wrong with a header and its wires.
#[derive(Debug, Clone, Copy, Default)]
struct Fault {
    /// It is of another model.
    other_model: bool,
    /// This line stays high.
    stuck: Option<Gpio>,
    /// The loopback wire is not there.
    no_wire: bool,
    /// Two edges of a tone become none.
    merged: bool,
}

/// A loopback wire from 20 to 21.
struct Wire {
    fault: Fault,
    sent: usize,
    changes: Vec<(Gpio, Level, Nanos)>,
}

impl Board for Wire {
    fn drive(&mut self, line: Gpio, drive: Drive, at: Nanos) {
        if line != Gpio(20) || self.fault.no_wire {
            return;
        }
        self.sent += 1;
        // The first 200 are sent one by one.
        let lost = self.fault.merged && matches!(self.sent, 600 | 601);
        if !lost {
            let level = Level::from(drive == Drive::High);
            self.changes.push((Gpio(21), level, at));
        }
    }

    fn changes(&mut self, _: Nanos) -> Result<Vec<(Gpio, Level, Nanos)>, String> {
        Ok(std::mem::take(&mut self.changes))
    }
}

struct Header {
    lines: Rehearsal,
    fault: Fault,
}

impl Lines for Header {
    fn name(&self) -> String {
        let model = if self.fault.other_model { "4 B" } else { "3 B" };
        format!("Raspberry Pi {model}")
    }

    fn set(&mut self, line: Gpio, drive: Drive) -> Result<(), LineError> {
        self.lines.set(line, drive)
    }

    fn read(&mut self, line: Gpio) -> Result<Level, LineError> {
        if self.fault.stuck == Some(line) {
            return Ok(Level::High);
        }
        self.lines.read(line)
    }

    fn watch(&mut self, lines: &[(Gpio, Bias)]) -> Result<Box<dyn Watch>, LineError> {
        self.lines.watch(lines)
    }
}

fn file(hub: &str) -> BenchFile {
    let text = format!(
        "title: A bench\nlock: ten-key\npi: 3b\n\
         contacts: {{ \"1\": 17, program: {{ line: 22, closes: sink }} }}\n\
         signals: {{ beeper: 6, status green: 5 }}\nenable: 24\nloopback: [[20, 21]]\n\
         supply: {{ kind: dac, full-scale: 8.19 V }}\nmonitor: {{ bus: 9, address: 0x40 }}\nhub: {hub}\n\
         probe: {{ selector: \"20b7:9db1:tcp:127.0.0.1:1\" }}\n\
         limits: {{ volts: 7 V, amperes: 1 A, run: 1min }}\n"
    );
    parse(&text, Path::new("bench.yaml")).unwrap()
}

/// The supply of [`file`] on a bus.
fn dac(bus: &FakeBus, file: &BenchFile) -> Result<Box<dyn Supply>, SupplyError> {
    let settings = DacSettings {
        bus: 1,
        address: 0x60,
        full_scale: 8_190,
    };
    let dac = Dac::open(Box::new(bus.clone()), settings, file.limits)?;
    Ok(Box::new(dac))
}

/// What is found; whether it is sound; and what the DAC is left at.
fn examined(fault: Fault, trouble: impl FnOnce(&FakeBus)) -> String {
    let (_card, hub, _other_end) = terminal();
    let file = file(&hub);
    let bus = FakeBus::default();
    bus.0.lock().unwrap().follow = true;
    let i2c = || -> Box<dyn I2c> { Box::new(bus.clone()) };
    trouble(&bus);
    let wire = Wire {
        fault,
        sent: 0,
        changes: Vec::new(),
    };
    let parts = Parts {
        header: Ok(Box::new(Header {
            lines: Rehearsal::open(None, Some(Box::new(wire))).unwrap(),
            fault,
        })),
        supply: dac(&bus, &file),
        monitor: Monitor::open(i2c(), 0x40, 100)
            .map(Some)
            .map_err(Into::into),
    };
    let mut said = String::new();
    let mut tell = |finding: Finding| writeln!(said, "{finding}").unwrap();
    let stop = AtomicBool::new(false);
    let mut notes = Notes {
        tell: &mut tell,
        sound: true,
        stop: &stop,
    };
    examine_parts(&file, Depth::default(), parts, &mut notes);
    assert_eq!(bus.0.lock().unwrap().dac, 0);
    // How late edges are is another number each time.
    if let (Some(from), Some(to)) = (said.find("timed "), said.find(" at worst")) {
        said.replace_range(from..to, "timed ...");
    }
    said.replace(&hub, "PORT")
}

#[test]
fn every_fault_is_found_and_told_with_advice() {
    let none = Fault::default();
    let stuck = Fault {
        stuck: Some(Gpio(17)),
        ..none
    };
    let no_wire = Fault {
        no_wire: true,
        ..none
    };
    let merged = Fault {
        merged: true,
        ..none
    };
    let other_model = Fault {
        other_model: true,
        ..none
    };
    type Trouble = fn(&FakeBus);
    let fine: Trouble = |_| {};
    let cases: [(&str, Fault, Trouble); 8] = [
        ("a line is stuck", stuck, fine),
        ("the loopback wire is off", no_wire, fine),
        ("edges of a tone are merged", merged, fine),
        ("it is another model", other_model, fine),
        ("the amplifier does not follow", none, |bus| {
            let mut chips = bus.0.lock().unwrap();
            chips.follow = false;
            chips.bus_millivolts = 2_900;
        }),
        ("the switch conducts", none, |bus| {
            bus.0.lock().unwrap().shunt = 450;
        }),
        ("the monitor does not answer", none, |bus| {
            bus.0.lock().unwrap().absent = vec![0x40];
        }),
        ("the DAC sticks", none, |bus| {
            bus.0.lock().unwrap().most = Some(1_500);
        }),
    ];
    // Each waits for voltages to settle: together they wait no longer.
    let (sound, faulty) = std::thread::scope(|scope| {
        let sound = scope.spawn(|| examined(none, fine));
        let cases = cases
            .map(|(what, fault, trouble)| (what, scope.spawn(move || examined(fault, trouble))));
        let faulty = cases.map(|(what, case)| (what, case.join().unwrap()));
        (sound.join().unwrap(), faulty)
    });
    let mut said = format!("# nothing is wrong but that there is no probe\n{sound}");
    for (what, findings) in faulty {
        writeln!(said, "\n# {what}").unwrap();
        // Only what the fault changed.
        for line in findings.lines().filter(|line| !sound.contains(line)) {
            writeln!(said, "{line}").unwrap();
        }
    }
    insta::assert_snapshot!(said);
}

// No x86 machine is a Raspberry Pi.
#[cfg(target_arch = "x86_64")]
#[test]
fn what_does_not_open_is_told_and_the_rest_is_still_looked_at() {
    let (_card, hub, _other_end) = terminal();
    let mut file = file(&hub);
    // A bus that no machine has.
    if let Source::Dac(dac) = &mut file.supply {
        dac.bus = 250;
    }
    let mut said = String::new();
    let mut tell = |finding: Finding| {
        // Other machines have lines, too.
        if !finding.to_string().contains("/dev/gpio") {
            writeln!(said, "{finding}").unwrap();
        }
    };
    let stop = AtomicBool::new(false);
    let mut notes = Notes {
        tell: &mut tell,
        sound: true,
        stop: &stop,
    };
    reach::permissions(&file, &mut notes);
    examine_parts(&file, Depth { live: true }, Parts::open(&file), &mut notes);
    assert!(!notes.sound);
    insta::assert_snapshot!(said.replace(&hub, "PORT"));
}

#[test]
fn an_examination_that_is_interrupted_ends_in_order() {
    let (_card, hub, _other_end) = terminal();
    let file = file(&hub);
    let bus = FakeBus::default();
    let parts = Parts {
        header: Ok(Box::new(Rehearsal::open(None, None).unwrap())),
        supply: dac(&bus, &file),
        monitor: Ok(None),
    };
    let mut parts_told = Vec::new();
    let mut tell = |finding: Finding| parts_told.push(finding.part);
    let stop = AtomicBool::new(true);
    let mut notes = Notes {
        tell: &mut tell,
        sound: true,
        stop: &stop,
    };
    examine_parts(&file, Depth { live: true }, parts, &mut notes);
    assert!(!parts_told.iter().any(|part| part == "supply accuracy"));
    assert_eq!(parts_told[parts_told.len() - 2..], ["rest", "end"]);
}

/// Notes whether the lock was ever connected.
struct Connected(Arc<AtomicBool>);

impl Board for Connected {
    fn drive(&mut self, line: Gpio, drive: Drive, _: Nanos) {
        if line == Gpio(24) && drive == Drive::High {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    fn changes(&mut self, _: Nanos) -> Result<Vec<(Gpio, Level, Nanos)>, String> {
        Ok(Vec::new())
    }
}

/// Whether the lock was connected, and what is told of power and lines.
fn connected(
    file: &BenchFile,
    bus: &FakeBus,
    fault: Fault,
    supply: Result<Box<dyn Supply>, SupplyError>,
    monitor: bool,
) -> (bool, String) {
    let fed = Arc::new(AtomicBool::new(false));
    let board = Box::new(Connected(Arc::clone(&fed)));
    let monitor = match monitor {
        true => Some(Monitor::open(Box::new(bus.clone()), 0x40, 100).unwrap()),
        false => None,
    };
    let parts = Parts {
        header: Ok(Box::new(Header {
            lines: Rehearsal::open(None, Some(board)).unwrap(),
            fault,
        })),
        supply,
        monitor: Ok(monitor),
    };
    let mut said = String::new();
    let mut tell = |finding: Finding| {
        if ["contact", "lines", "supply", "enable"]
            .iter()
            .any(|part| finding.part.starts_with(part))
        {
            writeln!(said, "{finding}").unwrap();
        }
    };
    let stop = AtomicBool::new(false);
    let mut notes = Notes {
        tell: &mut tell,
        sound: true,
        stop: &stop,
    };
    examine_parts(file, Depth::default(), parts, &mut notes);
    (fed.load(Ordering::Relaxed), said)
}

#[test]
fn nothing_but_live_connects_a_lock_to_a_supply_that_may_be_on() {
    let none = Fault::default();
    let mut told = String::new();
    let mut file = file("/dev/null");
    file.loopback.clear();
    let bus = FakeBus::default();
    bus.0.lock().unwrap().follow = true;
    let cases = [
        ("the supply is off", none, 0),
        ("the supply does not open", none, 1),
        ("the monitor sees volts although it is off", none, 2),
        (
            "`enable` is stuck",
            Fault {
                stuck: Some(Gpio(24)),
                ..none
            },
            3,
        ),
        ("the supply is fixed", none, 4),
    ];
    for (what, fault, case) in cases {
        let supply = match case {
            1 => {
                bus.0.lock().unwrap().absent = vec![0x60];
                let supply = dac(&bus, &file);
                bus.0.lock().unwrap().absent.clear();
                supply
            }
            4 => {
                file.supply = Source::Fixed(6_000);
                Ok(Box::new(crate::bench::supply::Fixed::new(6_000)) as _)
            }
            _ => dac(&bus, &file),
        };
        if case == 2 {
            let mut chips = bus.0.lock().unwrap();
            chips.follow = false;
            chips.bus_millivolts = 5_000;
        }
        let (fed, said) = connected(&file, &bus, fault, supply, case != 4);
        bus.0.lock().unwrap().follow = true;
        writeln!(told, "# {what}: connected {fed}\n{said}").unwrap();
    }
    insta::assert_snapshot!(told.trim_end());
}
