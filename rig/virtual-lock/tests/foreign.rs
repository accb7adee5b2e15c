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
