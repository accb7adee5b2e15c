//! While a page of flash is erased the processor stands still, for longer than a quick finger is down. A
//! key that is pressed just then is heard all the same.

mod common;

use common::{flashed_as, hand, wait};
use virtual_lock::VirtualLock;
use virtual_lock::board::What;
use virtual_lock::board::signal::{Contact, Signal};
use virtual_lock::time::Ticks;

/// A hello: on a lock that is not being paired it changes nothing, and goes into the event log.
const HELLO: [u8; 6] = [0xBD, 0x04, 0x01, 0xE7, 0x18, 0x05];

/// Presses `lock` for `down`, `after` microseconds after the hub said something; how many microseconds
/// later the keypad began to show that there is no code.
fn answer(lock: &VirtualLock, after: u64, down: u64) -> Option<u64> {
    let mut lock = lock.clone();
    lock.take_events();
    lock.hub_send(&HELLO);
    let press = lock.now() + Ticks::from_micros(after);
    lock.run_until(press).unwrap();
    lock.set_contact(Contact::Lock, true).unwrap();
    lock.run_until(press + Ticks::from_millis(down)).unwrap();
    lock.set_contact(Contact::Lock, false).unwrap();
    wait(&mut lock, 400);
    let mut events = lock.take_events().into_iter();
    let shown = events.find(|event| event.what == What::Signal(Signal::KeypadRed, true))?;
    Some((shown.at.0 - press.0) * 1_000_000 / Ticks::from_millis(1_000).0)
}

/// A lock whose next event takes it a page's erasing to write.
fn before_a_full_page(model: &str) -> VirtualLock {
    let mut lock = flashed_as(model);
    hand(&mut lock);
    for _ in 0..1_000 {
        let before = lock.clone();
        lock.hub_send(&HELLO);
        wait(&mut lock, 200);
        // An event is five words; a page is erased in parts.
        if lock.flash_operations() - before.flash_operations() > 12 {
            return before;
        }
    }
    panic!("the event log never filled a page");
}

#[test]
fn a_press_while_a_page_is_erased_is_heard() {
    for model in ["ten-key", "five-key"] {
        let lock = before_a_full_page(model);
        let mut slowest = 0;
        // The frame takes 6 ms, the erasing that follows 90 ms.
        for after in (4_000..110_000).step_by(1_500) {
            let Some(answer) = answer(&lock, after, 50) else {
                panic!("{model}: a press {after} us after the frame's start is not heard");
            };
            slowest = slowest.max(answer);
        }
        println!("{model}: heard after {slowest} us at most");
        assert!(slowest < 130_000, "{model}: {slowest} us");
        assert!(
            slowest > 40_000,
            "{model}: no press fell into an erasing, the slowest took {slowest} us"
        );
    }
}

#[test]
fn a_pulse_while_a_page_is_erased_is_no_press() {
    let lock = before_a_full_page("ten-key");
    for after in (4_000..110_000).step_by(3_100) {
        assert_eq!(answer(&lock, after, 9), None, "{after} us");
    }
}
