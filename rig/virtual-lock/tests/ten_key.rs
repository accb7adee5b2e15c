//! The released ten-key firmware on the virtual lock, watched at its pins: what has to hold whatever the
//! firmware's build, for the model to be believed.

mod common;

use common::{flashed, hand, level, tap, wait};
use virtual_lock::VirtualLock;
use virtual_lock::board::signal::{Contact, Signal};
use virtual_lock::board::{Event, Handing, Jam, Start, Supply, Way, What};
use virtual_lock::cpu::bus::Size;
use virtual_lock::debug::target::DebugTarget;
use virtual_lock::time::Ticks;

fn edges(events: &[Event], signal: Signal) -> Vec<(Ticks, bool)> {
    let edge = |event: &Event| match event.what {
        What::Signal(which, level) if which == signal => Some((event.at, level)),
        _ => None,
    };
    events.iter().filter_map(edge).collect()
}

#[test]
fn handing_ends_extended_whichever_way_the_door_is_hung() {
    for handing in [Handing::Left, Handing::Right] {
        let mut lock = flashed();
        lock.set_door(handing).unwrap();
        hand(&mut lock);
        assert!(level(&lock, Signal::BoltExtended), "{handing:?}");
        assert_eq!(lock.bolt(), 1.0, "{handing:?}");
        let events = lock.take_events();
        let sides = [Signal::MotorOpen, Signal::MotorClose].map(|side| edges(&events, side));
        assert!(
            sides
                .iter()
                .all(|edges| edges.len() >= 2 && edges.len() % 2 == 0)
        );
    }
}

#[test]
fn a_jam_keeps_the_bolt_from_its_end() {
    let mut lock = flashed();
    lock.set_jam(Some(Jam::Out(0.5))).unwrap();
    hand(&mut lock);
    assert!(!level(&lock, Signal::BoltExtended));
    assert!(lock.bolt() <= 0.5);
    let events = lock.take_events();
    let reds = edges(&events, Signal::StatusRed);
    assert!(!reds.is_empty());
}

#[test]
fn the_beeper_sounds_at_4_khz() {
    let mut lock = flashed();
    hand(&mut lock);
    let events = lock.take_events();
    let edges = edges(&events, Signal::Beeper);
    assert!(edges.len() > 1000);
    let periods = edges.windows(3).map(|three| three[2].0.0 - three[0].0.0);
    let within = periods
        .filter(|ticks| ticks.abs_diff(Ticks::SECOND.0 / 4000) < 64)
        .count();
    assert!(
        within * 100 > edges.len() * 90,
        "{within} of {}",
        edges.len()
    );
}

#[test]
fn two_runs_and_a_fork_are_the_same_to_the_tick() {
    let run = || {
        let mut lock = flashed();
        hand(&mut lock);
        lock
    };
    let (mut first, mut second) = (run(), run());
    let events = first.take_events();
    assert_eq!(events, second.take_events());
    let mut fork = first.clone();
    for lock in [&mut first, &mut fork] {
        lock.turn_key(Way::In).unwrap();
        tap(lock, Contact::Digit(1));
        wait(lock, 9000);
    }
    assert_eq!(first.take_events(), fork.take_events());
}

#[test]
fn nothing_depends_on_what_was_before_the_epoch() {
    let mut first = flashed();
    let mut second = flashed();
    second.run_until(Ticks(123_456_789)).unwrap();
    second.turn_key(Way::Out).unwrap();
    wait(&mut second, 777);
    second.turn_key(Way::In).unwrap();
    wait(&mut second, 1001);
    second.reset_clock().unwrap();
    for lock in [&mut first, &mut second] {
        hand(lock);
    }
    let (events, again) = (first.take_events(), second.take_events());
    // The switch that was closed before the epoch is the first run's alone.
    assert_eq!(events[1..], again[..]);
}

#[test]
fn a_dip_of_the_pack_restarts_the_lock() {
    let mut lock = flashed();
    lock.connect().unwrap();
    wait(&mut lock, 500);
    lock.take_events();
    lock.set_supply(Supply::new(2.3, 0.6).unwrap()).unwrap();
    wait(&mut lock, 10);
    lock.set_supply(Supply::new(6.0, 0.6).unwrap()).unwrap();
    wait(&mut lock, 500);
    let events = lock.take_events();
    let starts = events
        .iter()
        .filter(|event| event.what == What::Start(Start::BrownOut));
    assert_eq!(starts.count(), 1);
    let power = |on| {
        events
            .iter()
            .find(|event| event.what == What::Power(on))
            .unwrap()
            .at
    };
    assert_eq!(power(true), power(false) + Ticks::from_millis(11));
}

#[test]
fn an_ordered_power_cut_comes_at_its_operation() {
    let mut lock = flashed();
    let before = lock.flash_operations();
    lock.cut_power_at(3);
    hand(&mut lock);
    assert_eq!(lock.flash_operations(), before + 3);
    assert!(lock.levels().contains(&What::Power(false)));
    assert!(lock.levels().contains(&What::Supply(0)));
    lock.connect().unwrap();
    wait(&mut lock, 500);
    assert!(lock.levels().contains(&What::Power(true)));
}

#[test]
fn a_blank_chip_says_why_it_does_not_run() {
    let mut lock = VirtualLock::new();
    lock.connect().unwrap();
    let error = lock.run_until(Ticks::SECOND).unwrap_err();
    insta::assert_snapshot!(error, @"run on: lockup by an instruction outside memory, at pc 0xfffffffe after 0.001000 s");
}

/// When the idle lock next wakes by itself, to 10 microseconds.
fn wake(lock: &VirtualLock) -> Ticks {
    const DHCSR: u32 = 0xE000_EDF0;
    const S_SLEEP: u32 = 1 << 18;
    let mut lock = lock.clone();
    loop {
        if lock.debug_read(DHCSR, Size::Word).unwrap() & S_SLEEP == 0 {
            return lock.now();
        }
        lock.run_until(lock.now() + Ticks::from_micros(10)).unwrap();
    }
}

#[test]
fn a_press_is_heard_also_around_the_moment_in_which_the_idle_lock_wakes() {
    let mut idle = flashed();
    hand(&mut idle);
    wait(&mut idle, 5000);
    let wake = wake(&idle);
    for step in 0..700 {
        let mut lock = idle.clone();
        let at = wake - Ticks::from_micros(60) + Ticks(step * 51);
        lock.run_until(at).unwrap();
        lock.set_contact(Contact::Lock, true).unwrap();
        lock.run_until(at + Ticks::from_millis(30)).unwrap();
        // Handed, no code programmed: the answer is red.
        assert!(level(&lock, Signal::KeypadRed), "{step}");
    }
}
