//! Programs that are no lock, written for the chip with other people's libraries, on the virtual one: each
//! checks a part of the chip from the inside, and lights the green LED or the red one. Here the world does
//! its part, and what only the outside sees is checked.

mod common;

use common::{level, load, wait};
use virtual_lock::VirtualLock;
use virtual_lock::board::signal::{Contact, Signal};
use virtual_lock::board::{Event, Start, What};
use virtual_lock::cpu::bus::Size;
use virtual_lock::debug::target::DebugTarget;
use virtual_lock::time::Ticks;

/// GPREGRET and GPREGRET2, where a program leaves the line that failed.
const RETAINED: [u32; 2] = [0x4000_051C, 0x4000_0520];

fn started(program: &str) -> VirtualLock {
    let mut lock = VirtualLock::new();
    load(&mut lock, &format!("foreign/{program}.elf"));
    lock.connect().unwrap();
    lock
}

/// Fails with the line of the program that did.
fn assert_passed(lock: &mut VirtualLock, program: &str) {
    let [low, high] = RETAINED.map(|register| lock.debug_read(register, Size::Word).unwrap());
    let red = level(lock, Signal::StatusRed);
    assert!(!red, "{program}: line {} failed", high << 8 | low);
    assert!(level(lock, Signal::StatusGreen), "{program}: not done");
}

fn edges(events: &[Event], signal: Signal) -> Vec<(Ticks, bool)> {
    let edge = |event: &Event| match event.what {
        What::Signal(which, level) if which == signal => Some((event.at, level)),
        _ => None,
    };
    events.iter().filter_map(edge).collect()
}

fn sent(lock: &mut VirtualLock) -> Vec<u8> {
    let byte = |event: Event| match event.what {
        What::HubFromLock(byte) => Some(byte),
        _ => None,
    };
    lock.take_events().into_iter().filter_map(byte).collect()
}

#[test]
fn pins() {
    let mut lock = started("pins");
    wait(&mut lock, 500);
    for _ in 0..2 {
        for closed in [true, false] {
            lock.set_contact(Contact::Lock, closed).unwrap();
            wait(&mut lock, 50);
            assert_eq!(level(&lock, Signal::KeypadRed), closed);
        }
    }
    assert_passed(&mut lock, "pins");
}

#[test]
fn timer() {
    let mut lock = started("timer");
    wait(&mut lock, 500);
    assert_passed(&mut lock, "timer");
    let events = lock.take_events();
    let red = edges(&events, Signal::KeypadRed);
    assert!(red.len() >= 100);
    for pair in red.windows(2) {
        assert_eq!(pair[1].0.0 - pair[0].0.0, Ticks::from_millis(1).0);
    }
}

#[test]
fn saadc() {
    let mut lock = started("saadc");
    wait(&mut lock, 500);
    assert_passed(&mut lock, "saadc");
}

#[test]
fn pwm() {
    let mut lock = started("pwm");
    wait(&mut lock, 500);
    assert_passed(&mut lock, "pwm");
    let events = lock.take_events();
    let lengths = |signal, level| {
        let edges = edges(&events, signal);
        let pulses = edges.windows(2).filter(|pair| pair[0].1 == level);
        let lengths = pulses.map(|pair| (pair[1].0.0 - pair[0].0.0) / Ticks::from_micros(1).0);
        let mut lengths: Vec<u64> = lengths.collect();
        lengths.dedup();
        lengths
    };
    // A quarter of a millisecond, then half; the last one was switched off on its way.
    assert_eq!(lengths(Signal::Beeper, true)[..2], [250, 500]);
    // The LED is lit while its pin is low, at first: 100, 200 and 300 us of each millisecond, twice;
    // the very first begins when the pin becomes an output.
    assert_eq!(
        lengths(Signal::KeypadRed, true)[1..6],
        [200, 300, 100, 200, 300]
    );
}

#[test]
fn uarte() {
    let mut lock = started("uarte");
    let (mut said, mut asked) = (Vec::new(), 0);
    let answers: [&[u8]; 6] = [
        b"ping",
        b"",
        b"pon",
        b"idle frame",
        b"x",
        &std::array::from_fn::<u8, 100, _>(|n| n as u8),
    ];
    for _ in 0..1500 {
        wait(&mut lock, 1);
        said.extend(sent(&mut lock));
        let digits = said.iter().filter(|byte| byte.is_ascii_digit()).count();
        while asked < digits {
            lock.hub_send(answers[asked]);
            asked += 1;
        }
    }
    assert_passed(&mut lock, "uarte");
    insta::assert_snapshot!(
        String::from_utf8(said).unwrap(),
        @"hello 123456good bye, and thank you for all the bytes"
    );
}

#[test]
fn small_ones() {
    let mut lock = started("small");
    wait(&mut lock, 1000);
    assert_passed(&mut lock, "small");
}

#[test]
fn resets() {
    let mut lock = started("resets");
    wait(&mut lock, 3000);
    assert!(level(&lock, Signal::StatusGreen));
    let start = |event: Event| match event.what {
        What::Start(start) => Some(start),
        _ => None,
    };
    let starts: Vec<Start> = lock.take_events().into_iter().filter_map(start).collect();
    assert_eq!(starts, [Start::PowerOn, Start::Soft, Start::Watchdog]);
}

#[test]
fn plain() {
    let mut lock = started("plain");
    wait(&mut lock, 100);
    assert_passed(&mut lock, "plain");
    let events = lock.take_events();
    let red = edges(&events, Signal::KeypadRed);
    assert!(red.len() >= 50);
    for pair in red.windows(2) {
        let between = pair[1].0.0 - pair[0].0.0;
        // SysTick is exact; the handler starts within an instruction or two.
        assert!(
            between.abs_diff(Ticks::from_millis(1).0) < 1000,
            "{between}"
        );
    }
}

#[test]
fn busy() {
    let mut lock = started("busy");
    wait(&mut lock, 100);
    let mut said = Vec::new();
    for line in [b"one ", b"two ", b"four"] {
        lock.set_contact(Contact::Lock, true).unwrap();
        lock.hub_send(line);
        wait(&mut lock, 50);
        lock.set_contact(Contact::Lock, false).unwrap();
        wait(&mut lock, 50);
        said.extend(sent(&mut lock));
    }
    wait(&mut lock, 1000);
    assert_passed(&mut lock, "busy");
    assert_eq!(String::from_utf8(said).unwrap(), "one two four");
}

/// Runs a program that reads a word at an address, or writes one there; what becomes of it.
fn touch(address: u32, write: bool) -> String {
    // MOVW and MOVT R0; LDR R1, [R0] or STR; B .
    let half = |opcode: u32, half: u32| {
        let spread = (half >> 12) << 16 | (half >> 11 & 1) << 26 | (half >> 8 & 7) << 12;
        let encoding = opcode | spread | half & 0xFF;
        [(encoding >> 16) as u16, encoding as u16]
    };
    let [a, b] = half(0xF240_0000, address & 0xFFFF);
    let [c, d] = half(0xF2C0_0000, address >> 16);
    let code = [a, b, c, d, if write { 0x6001 } else { 0x6801 }, 0xE7FE];
    let vectors = [0x2000_1000_u32, 0x101];
    let mut lock = VirtualLock::new();
    let vectors: Vec<u8> = vectors.iter().flat_map(|word| word.to_le_bytes()).collect();
    lock.load(0, &vectors);
    let code: Vec<u8> = code.iter().flat_map(|half| half.to_le_bytes()).collect();
    lock.load(0x100, &code);
    lock.connect().unwrap();
    match lock.run_until(lock.now() + Ticks::from_millis(100)) {
        Ok(()) => "runs on".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_not_modelled_stops_the_program_with_its_name() {
    let peripherals = [
        0x4000_1550_u32, // RADIO.STATE
        0x4000_3500,     // SPI0, TWI0
        0x4000_5404,     // NFCT
        0x4000_E500,     // ECB
        0x4000_F500,     // AAR, CCM
        0x4001_2500,     // QDEC
        0x4001_3500,     // COMP, LPCOMP
        0x4001_D500,     // PDM
        0x4002_0510,     // MWU
        0x4002_3500,     // SPI2
        0x4002_5500,     // I2S
        0x4002_6100,     // FPU
        0x4002_7500,     // USBD
        0x4002_9500,     // QSPI
        0x5002_A500,     // CRYPTOCELL
        0x1200_0000,     // QSPI, execute in place
        0x4000_0FF0,     // none of CLOCK's and POWER's
    ];
    let stops: Vec<String> = peripherals
        .iter()
        .flat_map(|&address| [false, true].map(|write| touch(address, write)))
        .collect();
    insta::assert_snapshot!(stops.join("\n"));
}
