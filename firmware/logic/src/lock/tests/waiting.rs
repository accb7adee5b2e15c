//! A command that waits for the move before it, which comes to nothing.

use super::door::{Did, Door, Jam};
use crate::{Contact, Light, Model};

const CODE: &[u8] = &[1, 2, 3, 4];

/// The keypad's lights that came on since the log was last read, and how long each was on.
fn lights(door: &mut Door) -> Vec<(Light, u64)> {
    let keypad: Vec<_> = door
        .log
        .drain(..)
        .filter_map(|(at, did)| match did {
            Did::Keypad(light) => Some((at, light)),
            _ => None,
        })
        .collect();
    keypad
        .windows(2)
        .filter(|pair| pair[0].1 != Light::Off)
        .map(|pair| (pair[0].1, pair[1].0.since(pair[0].0).as_micros() / 1000))
        .collect()
}

/// Unlocked, with a lock that jams under way and the digits of its code entered.
fn jams_soon(millivolts: u16) -> Door {
    let mut door = Door::programmed(Model::TenKey, &[CODE]);
    door.idle_millivolts = millivolts;
    door.enter(CODE);
    door.wait(4000);
    door.jam = Jam::At(0.6);
    door.press(Contact::Lock);
    door.digits(CODE);
    door
}

#[test]
fn a_jam_is_shown_before_the_green_of_the_code_that_waited() {
    let mut door = jams_soon(6000);
    door.log.clear();
    door.press(Contact::Lock);
    door.wait(4000);
    assert_eq!(lights(&mut door), [(Light::Red, 600), (Light::Green, 300)]);
    assert_eq!(door.place, 0.0);
}

#[test]
fn a_low_battery_has_its_turn_after_a_jam_and_what_waited() {
    let mut door = jams_soon(4800);
    door.log.clear();
    door.press(Contact::Lock);
    door.wait(6000);
    let lights = lights(&mut door);
    assert_eq!(lights[..2], [(Light::Red, 600), (Light::Green, 300)]);
    assert_eq!(lights[2..], [(Light::Red, 100); 10]);
}

#[test]
fn a_jam_is_shown_before_what_becomes_of_the_next_move() {
    for (millivolts, expected) in [
        (6000, &[(Light::Red, 600), (Light::Green, 300)][..]),
        (4500, &[(Light::Red, 600)]),
    ] {
        let mut door = Door::programmed(Model::TenKey, &[CODE]);
        door.place = 0.5;
        door.digits(CODE);
        door.jam = Jam::Loose;
        door.press(Contact::Lock);
        door.wait(500);
        door.log.clear();
        door.press(Contact::Lock);
        door.idle_millivolts = millivolts;
        door.wait(1000);
        door.jam = Jam::None;
        door.wait(4000);
        let lights = lights(&mut door);
        assert_eq!(lights[..expected.len()], *expected);
        let warned = lights.iter().filter(|&&(_, lasts)| lasts == 100).count();
        assert_eq!(warned, if millivolts == 4500 { 10 } else { 0 });
    }
}

#[test]
fn what_is_pressed_under_a_jam_is_answered_at_once() {
    let mut door = jams_soon(6000);
    door.wait(1500);
    door.log.clear();
    let start = door.now;
    door.press(Contact::Lock);
    let answer = (20, Did::Keypad(Light::Green));
    assert!(door.since(start).contains(&answer));
}

#[test]
fn a_code_behind_a_failed_handing_is_told_that_the_lock_isnt_handed() {
    let mut door = Door::programmed(Model::TenKey, &[CODE]);
    door.unplug();
    door.contact(Contact::Program, true);
    door.power();
    door.wait(1000);
    door.contact(Contact::Program, false);
    door.wait(3000);
    door.jam = Jam::Loose;
    door.press(Contact::Program);
    door.log.clear();
    door.enter(CODE);
    door.wait(10_000);
    assert!(!door.memory.kept.handed());
    let failed = Did::Status(Light::Red);
    let inside = door.log.iter().filter(|(_, did)| *did == failed).count();
    assert_eq!(inside, 3 + 1);
    assert_eq!(lights(&mut door), [(Light::Red, 150); 3]);
}
