//! The lock without a program: power, contacts, time.

use super::*;

fn story(lock: &mut VirtualLock) -> String {
    let line = |event: &Event| {
        format!(
            "{:.3} ms {:?}\n",
            event.at.to_nanos() as f64 / 1e6,
            event.what
        )
    };
    lock.take_events().iter().map(line).collect()
}

#[test]
fn contacts_and_key_need_no_power() {
    let mut lock = VirtualLock::new();
    lock.set_contact(Contact::Program, true).unwrap();
    lock.turn_key(Way::Out).unwrap();
    lock.run_until(Ticks::from_millis(600)).unwrap();
    insta::assert_snapshot!(story(&mut lock), @r"
    0.000 ms Contact(Program, true)
    10.000 ms Signal(BoltRetracted, false)
    490.000 ms Signal(BoltExtended, true)
    ");
    assert_eq!(lock.bolt(), 1.0);
    assert_eq!(
        lock.set_contact(Contact::Digit(10), true),
        Err(LockError::NoContact(Contact::Digit(10)))
    );
}

#[test]
fn time_starts_over_only_without_pack() {
    let mut lock = VirtualLock::new();
    lock.run_until(Ticks::SECOND).unwrap();
    lock.reset_clock().unwrap();
    assert_eq!(lock.now(), Ticks(0));
    lock.connect().unwrap();
    assert_eq!(lock.reset_clock(), Err(LockError::Powered));
}
