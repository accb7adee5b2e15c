//! A bench in rehearsal: a board in software behind its lines, a supply on a pseudo-terminal.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::path::Path;

use super::*;
use crate::bench::file::parse;
use crate::bench::lines::{Board, Drive, Rehearsal};
use crate::bench::supply::{Instrument, Trouble, anonymous, terminal};

const PROGRAM: Gpio = Gpio(17);
const ENABLE: Gpio = Gpio(24);
const LED: Gpio = Gpio(5);
const BEEPER: Gpio = Gpio(6);

/// While power is on, a closed Program gets a light and a beep of 40 ms, 20 ms later. The light is
/// active low.
#[derive(Default)]
struct Answering {
    power: bool,
    /// How many edges of a beep get lost in its middle.
    merged: u64,
    planned: VecDeque<(Gpio, Level, Nanos)>,
}

impl Board for Answering {
    fn drive(&mut self, line: Gpio, drive: Drive, at: Nanos) {
        match (line, drive) {
            (ENABLE, Drive::High) => {
                self.power = true;
                self.planned.push_back((LED, Level::High, at));
            }
            (ENABLE, _) => {
                self.power = false;
                self.planned.clear();
                self.planned.push_back((LED, Level::Low, at));
            }
            (PROGRAM, Drive::Low) if self.power => {
                let from = at + Nanos::from_millis(20);
                let end = from + Nanos::from_millis(40);
                self.planned.push_back((LED, Level::Low, from));
                for i in (0..160).chain(160 + self.merged..320) {
                    let at = from + Nanos::from_micros(125 * i);
                    self.planned.push_back((BEEPER, (i % 2 == 0).into(), at));
                }
                self.planned.push_back((LED, Level::High, end));
            }
            _ => {}
        }
    }

    fn changes(&mut self, now: Nanos) -> Result<Vec<(Gpio, Level, Nanos)>, String> {
        let ready = self.planned.partition_point(|change| change.2 <= now);
        Ok(self.planned.drain(..ready).collect())
    }
}

fn file(supply: &str, state: Option<&Path>) -> BenchFile {
    let state = state.map_or_else(String::new, |path| format!("state: {}\n", path.display()));
    let text = format!(
        "title: A rehearsal\nlock: ten-key\npi: rehearsal\n{state}\
         contacts:\n  program: {{ line: 17, closes: sink }}\n  lock: 18\n\
         signals:\n  status green: {{ line: 5, active: low }}\n  beeper: 6\n\
         enable: 24\nlimits: {{ volts: 6.6 V, amperes: 1 A, run: 1min }}\n{supply}\n"
    );
    parse(&text, Path::new("bench.yaml")).unwrap()
}

fn scpi(instrument: &Instrument) -> String {
    format!(
        "supply: {{ kind: scpi, port: {}, timeout: 400ms }}",
        instrument.path()
    )
}

fn open(file: BenchFile) -> PiBench {
    let state = file.state.clone();
    let lines = Rehearsal::open(state.as_deref(), Some(Box::<Answering>::default())).unwrap();
    PiBench::assemble(file, Box::new(lines), None, None).unwrap()
}

fn pack(millivolts: u32) -> Supply {
    Supply {
        millivolts,
        milliohms: None,
    }
}

/// Lets a bench run for this long.
fn run(bench: &mut PiBench, millis: u64) -> Result<Vec<Event>, BenchError> {
    let until = bench.now() + Nanos::from_millis(millis);
    let observed = bench.run_until(until)?;
    assert!(observed.complete_to >= until);
    Ok(observed.events)
}

const FIXED: &str = "supply: { kind: fixed, volts: 6.0 V }";

#[test]
fn a_press_and_what_comes_of_it_are_told_in_order() {
    let mut bench = open(file(FIXED, None));
    assert!(
        bench
            .levels()
            .unwrap()
            .contains(&(Channel::StatusGreen, Value::Level(true)))
    );
    bench.supply(pack(6_000)).unwrap();
    let mut events = run(&mut bench, 30).unwrap();
    bench.set(Contact::Program, true).unwrap();
    events.extend(run(&mut bench, 100).unwrap());
    bench.set(Contact::Program, false).unwrap();
    events.extend(run(&mut bench, 10).unwrap());
    assert!(events.is_sorted_by_key(|event| event.at));
    let told: Vec<String> = events
        .iter()
        .filter(|event| event.channel != Channel::Beeper)
        .map(|event| format!("{} {:?}", event.channel, event.value))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    supply Sample(6000)
    status green Level(false)
    contact program Level(true)
    status green Level(true)
    status green Level(false)
    contact program Level(false)
    ");
    let beeps = events
        .iter()
        .filter(|event| event.channel == Channel::Beeper)
        .count();
    assert_eq!(beeps, 320);
    let at = |channel, value| {
        let found = events
            .iter()
            .find(|event| (event.channel, event.value) == (channel, value));
        found.unwrap().at
    };
    let pressed = at(Channel::Contact(Contact::Program), Value::Level(true));
    let lit = at(Channel::Beeper, Value::Level(true));
    // The board counts from when the line changed, which is after the bench looked at its clock.
    assert!(lit.since(pressed) >= Nanos::from_millis(20));
}

#[test]
fn edges_of_a_beep_that_get_lost_end_the_run() {
    for merged in [1, 2, 3] {
        let board = Answering {
            merged,
            ..Answering::default()
        };
        let lines = Rehearsal::open(None, Some(Box::new(board))).unwrap();
        let mut bench = PiBench::assemble(file(FIXED, None), Box::new(lines), None, None).unwrap();
        bench.supply(pack(6_000)).unwrap();
        run(&mut bench, 30).unwrap();
        bench.set(Contact::Program, true).unwrap();
        let told = fails(&mut bench);
        // The line that is in doubt has its name.
        assert!(
            told.starts_with("account for every edge of GPIO6: "),
            "{told}"
        );
    }
}

#[test]
fn it_says_what_it_can_do_and_refuses_the_rest() {
    let mut bench = open(file(FIXED, None));
    let can: Vec<String> = bench
        .capabilities()
        .iter()
        .map(Capability::to_string)
        .collect();
    assert_eq!(
        can,
        [
            "close `lock`",
            "close `program`",
            "put the battery in and out",
            "make a lock as new"
        ]
    );
    let said = [
        bench.set(Contact::Hub, true).unwrap_err(),
        bench.supply(pack(4_600)).unwrap_err(),
        bench
            .supply(Supply {
                millivolts: 6_000,
                milliohms: Some(600),
            })
            .unwrap_err(),
        bench.turn_key(crate::lock::Turn::Lock).unwrap_err(),
    ];
    let said: Vec<String> = said
        .iter()
        .map(|error| format!("failed to {error}"))
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    failed to use this bench: it can't close `hub`
    failed to set 4600 mV: this supply has 6000 mV and can't be set
    failed to use this bench: it can't set the battery's resistance
    failed to use this bench: it can't turn the key
    ");
}

/// What the lines were last driven to: program, lock and enable.
fn driven(state: &Path) -> String {
    let bytes = std::fs::read(state).unwrap();
    [17, 18, 24]
        .map(|line| char::from(bytes[line]))
        .iter()
        .collect()
}

#[test]
fn every_end_leaves_it_safe() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("lines");
    let instrument = Instrument::plug_in(true);
    let open = || {
        let mut bench = open(file(&scpi(&instrument), Some(&state)));
        assert_eq!(driven(&state), "ZLL");
        bench.supply(pack(6_000)).unwrap();
        bench.set(Contact::Program, true).unwrap();
        bench.set(Contact::Lock, true).unwrap();
        assert_eq!(driven(&state), "LHH");
        assert!(instrument.settings().on);
        bench
    };
    let mut asked = open();
    asked.make_safe().unwrap();
    assert_eq!(
        (driven(&state).as_str(), instrument.settings().on),
        ("ZLL", false)
    );
    drop(asked);
    drop(open());
    assert_eq!(
        (driven(&state).as_str(), instrument.settings().on),
        ("ZLL", false)
    );
    let panicked = std::thread::scope(|scope| {
        let panicking = || {
            let _bench = open();
            panic!("on purpose");
        };
        scope.spawn(panicking).join().is_err()
    });
    assert!(panicked);
    assert_eq!(
        (driven(&state).as_str(), instrument.settings().on),
        ("ZLL", false)
    );
}

#[test]
fn a_supply_in_trouble_ends_the_run() {
    let mut said = Vec::new();
    let instrument = Instrument::plug_in(true);
    let mut bench = open(file(&scpi(&instrument), None));
    said.push(bench.supply(pack(6_601)).unwrap_err().to_string());
    instrument.settings().droop = -0.3;
    said.push(bench.supply(pack(6_000)).unwrap_err().to_string());
    instrument.settings().droop = 0.0;
    bench.supply(pack(6_000)).unwrap();
    instrument.settings().tripped = true;
    said.push(fails(&mut bench));
    drop(bench);
    instrument.settings().tripped = false;
    let mut bench = open(file(&scpi(&instrument), None));
    bench.supply(pack(6_000)).unwrap();
    instrument.trouble(Trouble::Unplugged);
    said.push(fails(&mut bench));
    let said = anonymous(&said.join("\n"), instrument.path());
    insta::assert_snapshot!(said, @r"
    set 6601 mV: the bench file allows at most 6600 mV
    hold 6000 mV: ACME,SIM-1,0,1.0 at PORT measures 5700 mV, more than 100 mV off
    feed the lock: ACME,SIM-1,0,1.0 at PORT cut off at its limit of 1000 mA; look for a short circuit
    talk to PORT: it is gone (REASON); was it unplugged or switched off?
    ");
}

/// Runs until the bench fails, and says with what.
fn fails(bench: &mut PiBench) -> String {
    for _ in 0..40 {
        if let Err(error) = run(bench, 100) {
            return error.to_string();
        }
    }
    "nothing failed".to_owned()
}

#[test]
fn what_lock_and_hub_say_is_told_byte_by_byte() {
    let (mut card, path, other_end) = terminal();
    let mut bench = open(file(&format!("{FIXED}\nhub: {path}"), None));
    let can = bench.capabilities();
    assert!(can.contains(&Capability::Hub) && !can.contains(&Capability::DebugPort));
    assert!(!bench.unseen().contains(&Channel::HubFromLock));
    // A lock without power says nothing, whatever its line does.
    card.write_all(&[0]).unwrap();
    assert_eq!(run(&mut bench, 100).unwrap(), []);
    bench.supply(pack(6_000)).unwrap();
    run(&mut bench, 50).unwrap();
    bench.hub_send(&[0xBD, 0xBD, 0x05]).unwrap();
    let mut frame = [0; 3];
    card.read_exact(&mut frame).unwrap();
    assert_eq!(frame, [0xBD, 0xBD, 0x05]);
    card.write_all(&[0xAA, 0xAA]).unwrap();
    let events = run(&mut bench, 100).unwrap();
    let told: Vec<String> = events
        .iter()
        .filter(|event| matches!(event.value, Value::Byte(_)))
        .map(|event| format!("{} {:?}", event.channel, event.value))
        .collect();
    assert_eq!(told.len(), 5, "{told:?}");
    let sent: Vec<&Event> = events
        .iter()
        .filter(|event| event.channel == Channel::HubToLock)
        .collect();
    // Ten bits at 9600 baud.
    assert_eq!(sent[2].at.since(sent[0].at).0 / 1_000, 2_083);
    let heard = [Value::Byte(0xAA); 2];
    let said = events
        .iter()
        .filter(|event| event.channel == Channel::HubFromLock);
    assert!(said.map(|event| event.value).eq(heard));
    drop((card, other_end));
    assert_eq!(
        anonymous(&fails(&mut bench), &path),
        "talk to PORT: it is gone (REASON); was it unplugged or switched off?"
    );
}

#[test]
fn currents_that_a_supply_reads_now_and_then_are_not_told() {
    let instrument = Instrument::plug_in(true);
    instrument.settings().load = 0.8;
    let monitor = "monitor: { bus: 9, address: 0x40 }";
    let mut bench = open(file(&scpi(&instrument), None));
    assert!(bench.unseen().contains(&Channel::MotorCurrent));
    bench.supply(pack(6_000)).unwrap();
    let events = run(&mut bench, 1_000).unwrap();
    let told = |event: &Event| event.channel == Channel::MotorCurrent;
    assert!(!events.iter().any(told), "{events:?}");
    // With one, its voltage still follows too slowly.
    let _ = bench.make_safe();
    bench.file = file(&format!("{}\n{monitor}", scpi(&instrument)), None);
    let can = bench.capabilities();
    assert!(can.contains(&Capability::Voltage) && !can.contains(&Capability::Resistance));
}
