//! Power is cut at every single flash operation of everything that the lock remembers. Whenever it
//! happens, the lock comes back as it was before or as it was going to be, never as a mix; and what it
//! has acknowledged stays.

mod common;

use common::{flashed, hand, tap, wait};
use virtual_lock::VirtualLock;
use virtual_lock::board::What;
use virtual_lock::board::signal::{Contact, Signal};
use virtual_lock::time::Ticks;

/// What a lock does when it is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    /// `lock` moves the motor, or a code does.
    handed: bool,
    /// 1234 opens.
    opens: bool,
    /// A code can be programmed without a mastercode.
    programs: bool,
}

fn keys(lock: &mut VirtualLock, keys: &str) {
    for key in keys.chars() {
        let contact = match key {
            'L' => Contact::Lock,
            'P' => Contact::Program,
            digit => Contact::Digit(digit.to_digit(10).unwrap() as u8),
        };
        tap(lock, contact);
    }
}

fn saw(lock: &mut VirtualLock, signals: &[Signal]) -> bool {
    let lit = |what| {
        signals
            .iter()
            .any(|signal| what == What::Signal(*signal, true))
    };
    lock.take_events().into_iter().any(|event| lit(event.what))
}

/// Tries `lock` in forks, which leaves it alone.
fn state(lock: &VirtualLock) -> State {
    let motor = [Signal::MotorOpen, Signal::MotorClose];
    let mut trial = lock.clone();
    trial.take_events();
    keys(&mut trial, "1234L");
    wait(&mut trial, 3000);
    let opens = saw(&mut trial, &motor);
    let mut trial = lock.clone();
    keys(&mut trial, "P56789L");
    wait(&mut trial, 3000);
    trial.take_events();
    keys(&mut trial, "56789L");
    wait(&mut trial, 3000);
    let programs = saw(&mut trial, &motor);
    let mut trial = lock.clone();
    trial.take_events();
    keys(&mut trial, "L");
    wait(&mut trial, 1000);
    // Used while not handed, the status LED is red for five seconds.
    let handed = !saw(&mut trial, &[Signal::StatusRed]);
    State {
        handed,
        opens,
        programs,
    }
}

fn hold_program(lock: &mut VirtualLock, millis: u64) {
    lock.set_contact(Contact::Program, true).unwrap();
    wait(lock, millis);
    lock.set_contact(Contact::Program, false).unwrap();
}

fn handed() -> VirtualLock {
    let mut lock = flashed();
    hand(&mut lock);
    lock
}

fn programmed() -> VirtualLock {
    let mut lock = handed();
    program(&mut lock);
    lock
}

fn program(lock: &mut VirtualLock) {
    keys(lock, "P1234L");
    wait(lock, 2000);
}

fn delete(lock: &mut VirtualLock) {
    keys(lock, "PL1234L1234L");
    wait(lock, 2000);
}

fn set_master(lock: &mut VirtualLock) {
    hold_program(lock, 5500);
    wait(lock, 500);
    keys(lock, "8642L8642L");
    wait(lock, 2000);
}

fn power_cycle_with_program(lock: &mut VirtualLock, millis: u64) {
    lock.disconnect().unwrap();
    wait(lock, 1000);
    lock.set_contact(Contact::Program, true).unwrap();
    lock.connect().unwrap();
    wait(lock, millis);
    lock.set_contact(Contact::Program, false).unwrap();
    wait(lock, 1000);
    tap(lock, Contact::Program);
    wait(lock, 7000);
}

fn hand_again(lock: &mut VirtualLock) {
    power_cycle_with_program(lock, 2000);
}

fn factory_reset(lock: &mut VirtualLock) {
    power_cycle_with_program(lock, 31_000);
}

/// Plays `procedure` whole, and cut at each of its operations. Prints how many cuts there were.
fn cut_everywhere(name: &str, start: &VirtualLock, green: Signal, procedure: fn(&mut VirtualLock)) {
    let mut start = start.clone();
    start.take_events();
    let before = state(&start);
    let mut whole = start.clone();
    procedure(&mut whole);
    let after = state(&whole);
    assert_ne!(before, after, "{name}");
    let operations = whole.flash_operations() - start.flash_operations();
    let done = whole.take_events().into_iter().rev();
    let acknowledged = done
        .filter(|event| event.what == What::Signal(green, true))
        .map(|event| event.at)
        .next()
        .unwrap_or(Ticks::NEVER);
    assert!(operations > 0, "{name}");
    let mut kept = 0;
    for cut in 1..=operations {
        let mut lock = start.clone();
        lock.cut_power_at(cut);
        procedure(&mut lock);
        let off = lock.levels().contains(&What::Power(false));
        assert!(off, "{name}: no cut at {cut} of {operations}");
        let events = lock.take_events();
        let offs = events
            .iter()
            .rev()
            .filter(|event| event.what == What::Power(false));
        let off = offs.map(|event| event.at).next().unwrap_or(Ticks::NEVER);
        lock.disconnect().unwrap();
        wait(&mut lock, 500);
        lock.connect().unwrap();
        wait(&mut lock, 8000);
        let left = state(&lock);
        assert!(
            left == before || left == after,
            "{name}, cut at {cut} of {operations}: {left:?} is neither {before:?} nor {after:?}"
        );
        kept += u64::from(left == before);
        if off > acknowledged {
            assert_eq!(
                left, after,
                "{name}, cut at {cut} of {operations}, after its green"
            );
        }
    }
    let new = operations - kept;
    println!("{name}: {operations} cuts, {kept} left it as before, {new} as after");
}

#[test]
fn programming_a_code() {
    cut_everywhere("program", &handed(), Signal::KeypadGreen, program);
}

#[test]
fn deleting_a_code() {
    cut_everywhere("delete", &programmed(), Signal::KeypadGreen, delete);
}

#[test]
fn setting_a_mastercode() {
    cut_everywhere("mastercode", &programmed(), Signal::KeypadGreen, set_master);
}

#[test]
fn handing() {
    let mut new = flashed();
    new.connect().unwrap();
    wait(&mut new, 1000);
    cut_everywhere("handing", &new, Signal::StatusGreen, hand_again);
}

#[test]
fn factory_resetting() {
    cut_everywhere("reset", &programmed(), Signal::StatusGreen, factory_reset);
}
