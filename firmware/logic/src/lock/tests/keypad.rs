//! A handed lock in use: codes, lock button, lockout, programming, jams, batteries, auto-lock.

use super::door::{Did, Door, Jam};
use crate::{Bridge, Code, Contact, Light, Model};

const CODE: &[u8] = &[1, 2, 3, 4];
const WRONG: &[u8] = &[5, 6, 7, 8];

fn ten_key() -> Door {
    Door::programmed(Model::TenKey, &[CODE])
}

fn five_key() -> Door {
    Door::programmed(Model::FiveKey, &[CODE])
}

#[test]
fn a_valid_code_says_green_and_opens() {
    let mut door = ten_key();
    door.digits(CODE);
    door.log.clear();
    let start = door.now;
    door.press(Contact::Lock);
    door.wait(1500);
    assert_eq!(
        door.since(start),
        [
            (20, Did::Beeper(true)),
            (20, Did::Keypad(Light::Green)),
            (20, Did::Motor(Bridge::Open)),
            (320, Did::Keypad(Light::Off)),
            (320, Did::Beeper(false)),
            (1040, Did::Motor(Bridge::Brake)),
        ]
    );
    assert_eq!(door.place, 0.0);
}

#[test]
fn lock_closes_and_needs_no_code() {
    let mut door = ten_key();
    door.enter(CODE);
    door.wait(2000);
    door.log.clear();
    door.press(Contact::Lock);
    door.wait(2000);
    assert_eq!(door.motor(), [Bridge::Close, Bridge::Brake]);
    assert_eq!(door.place, 1.0);
}

#[test]
fn lock_without_any_code_is_refused() {
    let mut door = Door::programmed(Model::TenKey, &[]);
    door.place = 0.0;
    door.press(Contact::Lock);
    door.wait(2000);
    assert_eq!(door.keypad_flashes(Light::Red), 3);
    assert_eq!(door.place, 0.0);
}

#[test]
fn every_key_clicks_for_30_ms_and_none_with_switch_3_off() {
    let mut door = ten_key();
    let start = door.now;
    door.press(Contact::Digit(7));
    assert_eq!(
        door.since(start),
        [(20, Did::Beeper(true)), (50, Did::Beeper(false))]
    );
    door.contact(Contact::SwitchAudio, false);
    door.wait(100);
    door.press(Contact::Digit(7));
    assert_eq!(door.did(), []);
}

#[test]
fn a_wrong_code_is_refused() {
    let mut door = ten_key();
    door.enter(WRONG);
    door.wait(2000);
    assert_eq!(door.keypad_flashes(Light::Red), 3);
    assert_eq!(door.place, 1.0);
}

#[test]
fn three_wrong_codes_make_the_keypad_deaf_for_a_minute() {
    let mut door = ten_key();
    for _ in 0..2 {
        door.enter(WRONG);
        door.wait(2000);
        assert_eq!(door.keypad_flashes(Light::Red), 3);
    }
    door.enter(WRONG);
    let locked = door.now;
    door.wait(10_000);
    assert_eq!(door.keypad_flashes(Light::Red), 15);
    while door.now.since(locked).as_micros() < 59_000_000 {
        door.enter(CODE);
    }
    assert_eq!(door.did(), []);
    door.wait(1000);
    door.enter(CODE);
    door.wait(2000);
    assert_eq!(door.place, 0.0);
}

#[test]
fn a_valid_code_between_clears_the_count() {
    let mut door = ten_key();
    for _ in 0..3 {
        for _ in 0..2 {
            door.enter(WRONG);
            door.wait(1000);
        }
        door.enter(CODE);
        door.wait(2000);
    }
    assert_eq!(door.keypad_flashes(Light::Red), 6 * 3);
}

#[test]
fn a_power_cycle_ends_a_lockout() {
    let mut door = ten_key();
    for _ in 0..3 {
        door.enter(WRONG);
    }
    door.unplug();
    door.power();
    door.wait(100);
    door.enter(CODE);
    door.wait(2000);
    assert_eq!(door.place, 0.0);
}

#[test]
fn a_restart_by_the_watchdog_ends_no_lockout() {
    let mut door = ten_key();
    for _ in 0..3 {
        door.enter(WRONG);
    }
    door.wait(29_000);
    door.restart();
    door.wait(29_000);
    door.log.clear();
    door.press(Contact::Digit(1));
    assert_eq!(door.did(), []);
    door.wait(3000);
    door.enter(CODE);
    door.wait(2000);
    assert_eq!(door.place, 0.0);
}

#[test]
fn a_pause_drops_the_entry_and_counts_for_nothing() {
    let mut door = ten_key();
    for _ in 0..4 {
        door.digits(&[1, 2]);
        door.wait(7000);
        assert_eq!(door.keypad_flashes(Light::Red), 3);
    }
    door.enter(CODE);
    door.wait(2000);
    assert_eq!(door.place, 0.0);
}

#[test]
fn five_keys_open_on_the_last_key_of_either_digits() {
    for digits in [&[1, 2, 3, 4][..], &[2, 1, 4, 3], &[1, 1, 4, 4]] {
        let mut door = five_key();
        door.digits(digits);
        door.wait(2000);
        assert_eq!(door.place, 0.0);
    }
    let mut door = five_key();
    door.digits(&[1, 2, 3, 5]);
    door.wait(7000);
    assert_eq!(door.keypad_flashes(Light::Red), 3);
    assert_eq!(door.place, 1.0);
}

#[test]
fn a_first_code_is_programmed() {
    let mut door = Door::programmed(Model::TenKey, &[]);
    door.press(Contact::Program);
    door.digits(CODE);
    door.log.clear();
    door.press(Contact::Lock);
    door.wait(500);
    assert_eq!(door.keypad_flashes(Light::Green), 1);
    assert_eq!(door.memory.kept.codes[0], Code::new(Model::TenKey, CODE));
    door.enter(CODE);
    door.wait(2000);
    assert_eq!(door.place, 0.0);
}

#[test]
fn programming_fails_on_length_duplicate_full_and_pause() {
    let mut door = ten_key();
    for digits in [&[1, 2, 3][..], &[1; 9], CODE] {
        door.press(Contact::Program);
        door.enter(digits);
        door.wait(2000);
        assert_eq!(door.keypad_flashes(Light::Red), 3, "{digits:?}");
    }
    door.press(Contact::Program);
    door.digits(&[1, 2]);
    door.wait(7000);
    assert_eq!(door.keypad_flashes(Light::Red), 3);
    for code in 0..29 {
        door.press(Contact::Program);
        door.enter(&[9, 9, code / 10, code % 10]);
        door.wait(500);
    }
    assert_eq!(door.keypad_flashes(Light::Green), 29);
    door.press(Contact::Program);
    door.enter(&[0, 0, 0, 0]);
    door.wait(2000);
    assert_eq!(door.keypad_flashes(Light::Red), 3);
}

#[test]
fn a_jam_while_closing_reverses_and_is_shown() {
    let mut door = ten_key();
    door.enter(CODE);
    door.wait(2000);
    door.jam = Jam::At(0.6);
    door.log.clear();
    door.press(Contact::Lock);
    door.wait(4000);
    let log = door.did();
    let motor: Vec<_> = log
        .iter()
        .filter(|did| matches!(did, Did::Motor(_)))
        .collect();
    assert_eq!(
        motor,
        [
            &Did::Motor(Bridge::Close),
            &Did::Motor(Bridge::Brake),
            &Did::Motor(Bridge::Open),
            &Did::Motor(Bridge::Brake),
        ]
    );
    assert_eq!(door.place, 0.0);
    assert!(log.contains(&Did::Keypad(Light::Red)));
}

#[test]
fn a_jam_while_closing_that_never_left_the_end_has_nowhere_to_reverse_to() {
    let mut door = ten_key();
    door.enter(CODE);
    door.wait(2000);
    door.jam = Jam::At(0.0);
    door.log.clear();
    door.press(Contact::Lock);
    door.wait(4000);
    let log = door.log.clone();
    assert_eq!(door.motor(), [Bridge::Close, Bridge::Brake]);
    assert!(log.iter().any(|(_, did)| *did == Did::Keypad(Light::Red)));
}

#[test]
fn a_jam_while_opening_stops_where_it_is() {
    let mut door = ten_key();
    door.jam = Jam::Loose;
    door.enter(CODE);
    door.log.clear();
    door.wait(4000);
    assert_eq!(door.motor(), [Bridge::Brake]);
}

#[test]
fn a_low_battery_warns_after_each_run() {
    let mut door = ten_key();
    door.idle_millivolts = 4800;
    door.enter(CODE);
    door.wait(4000);
    assert_eq!(door.keypad_flashes(Light::Red), 10);
    assert_eq!(door.place, 0.0);
}

#[test]
fn a_battery_too_low_starts_no_motor() {
    let mut door = ten_key();
    door.idle_millivolts = 4500;
    door.enter(CODE);
    door.wait(4000);
    let did = door.did();
    assert_eq!(
        did.iter()
            .filter(|&&did| did == Did::Keypad(Light::Red))
            .count(),
        10
    );
    assert!(!did.iter().any(|did| matches!(did, Did::Motor(_))));
    assert!(!did.contains(&Did::Keypad(Light::Green)));
}

#[test]
fn a_pack_that_collapses_stops_the_motor_and_stays_too_low() {
    let mut door = ten_key();
    door.loaded_millivolts = 3500;
    door.enter(CODE);
    door.wait(6000);
    assert_eq!(door.keypad_flashes(Light::Red), 1 + 10);
    door.loaded_millivolts = 5600;
    door.idle_millivolts = 5000;
    door.enter(CODE);
    door.wait(4000);
    assert!(door.motor().is_empty());
    door.idle_millivolts = 5100;
    door.enter(CODE);
    door.wait(4000);
    assert_eq!(door.place, 0.0);
}

#[test]
fn auto_lock_closes_thirty_seconds_after_the_unlock() {
    let mut door = ten_key();
    door.contact(Contact::SwitchAutoLock, true);
    door.enter(CODE);
    door.wait(1500);
    assert_eq!(door.place, 0.0);
    door.wait(28_000);
    assert_eq!(door.place, 0.0);
    door.wait(3000);
    assert_eq!(door.place, 1.0);
}

#[test]
fn the_idle_blink_tells_the_bolt_and_the_battery() {
    let mut door = ten_key();
    door.contact(Contact::SwitchStatus, true);
    door.wait(6100);
    assert_eq!(
        door.did(),
        [Did::Status(Light::Amber), Did::Status(Light::Off)]
    );
    door.enter(CODE);
    door.log.clear();
    door.wait(6000);
    assert!(door.did().contains(&Did::Status(Light::Green)));
    door.idle_millivolts = 4700;
    door.wait(6000);
    assert!(door.did().contains(&Did::Status(Light::Red)));
    door.contact(Contact::SwitchStatus, false);
    door.wait(60_000);
    assert_eq!(door.did(), []);
}
