//! Door handing, factory reset, and a lock that has had neither.

use super::door::{Did, Door, Jam};
use crate::{BootReason, Bridge, Contact, Light, Model, Moment, Span, State};

const GREEN: Did = Did::Status(Light::Green);
const RED: Did = Did::Status(Light::Red);
const DARK: Did = Did::Status(Light::Off);

/// The pack goes in with Program held for `hold` ms, and Program is let go.
fn gesture(door: &mut Door, hold: u64) {
    door.unplug();
    door.contact(Contact::Program, true);
    door.power();
    door.wait(hold);
    door.contact(Contact::Program, false);
}

fn hand(door: &mut Door) {
    gesture(door, 2000);
    door.wait(3000);
    door.log.clear();
    door.press(Contact::Program);
    door.wait(6000);
}

#[test]
fn a_short_hold_arms_the_handing() {
    let mut door = Door::new(Model::TenKey);
    gesture(&mut door, 29_000);
    door.wait(2000);
    let armed = 29_020;
    assert_eq!(
        door.since(Moment::BOOT),
        [
            (armed, GREEN),
            (armed + 150, RED),
            (armed + 300, GREEN),
            (armed + 450, RED),
            (armed + 600, GREEN),
            (armed + 750, RED),
            (armed + 900, GREEN),
            (armed + 1050, RED),
            (armed + 1200, DARK),
        ]
    );
}

#[test]
fn handing_learns_either_door_and_ends_extended() {
    for (retracts, runs) in [
        (Bridge::Open, &[Bridge::Open, Bridge::Close][..]),
        (Bridge::Close, &[Bridge::Open, Bridge::Close, Bridge::Open]),
    ] {
        let mut door = Door::new(Model::TenKey);
        door.retracts = retracts;
        hand(&mut door);
        let did = door.did();
        let motor: Vec<_> = did
            .iter()
            .filter_map(|did| match did {
                Did::Motor(bridge) if *bridge != Bridge::Brake => Some(*bridge),
                _ => None,
            })
            .collect();
        assert_eq!(motor, runs);
        assert_eq!(door.place, 1.0);
        assert_eq!(door.memory.kept.retracts, Some(retracts));
        let shown: Vec<_> = did
            .iter()
            .filter(|did| !matches!(did, Did::Motor(_)))
            .copied()
            .collect();
        assert_eq!(shown, [GREEN, Did::Beeper(true), DARK, Did::Beeper(false)]);
    }
}

#[test]
fn handing_pauses_a_quarter_second_between_its_runs() {
    let mut door = Door::new(Model::TenKey);
    hand(&mut door);
    let motor: Vec<_> = door
        .log
        .iter()
        .filter_map(|&(at, did)| matches!(did, Did::Motor(_)).then_some(at))
        .collect();
    assert_eq!(motor[2].since(motor[1]), Span::millis(250));
}

#[test]
fn handing_fails_on_a_jam_a_loose_bolt_and_an_empty_pack() {
    for (jam, millivolts, runs) in [
        (Jam::At(0.7), 6000, 4),
        (Jam::Loose, 6000, 2),
        (Jam::None, 4500, 0),
    ] {
        let mut door = Door::programmed(Model::TenKey, &[&[1, 2, 3, 4]]);
        door.place = 0.5;
        door.jam = jam;
        door.idle_millivolts = millivolts;
        hand(&mut door);
        let did = door.did();
        let motor = did
            .iter()
            .filter(|did| matches!(did, Did::Motor(_)))
            .count();
        assert_eq!(motor, runs, "{jam:?}");
        assert_eq!(did.iter().filter(|&&did| did == RED).count(), 3, "{jam:?}");
        assert!(!door.memory.kept.handed(), "{jam:?}");
    }
}

#[test]
fn no_press_within_ten_seconds_leaves_everything_as_it_was() {
    for (hold, expected) in [(1000, 8), (30_500, 1)] {
        let mut door = Door::programmed(Model::TenKey, &[&[1, 2, 3, 4]]);
        let before = door.memory.kept.clone();
        gesture(&mut door, hold);
        door.wait(10_100);
        let shown = door.did();
        let lights = shown.iter().filter(|&&did| did == GREEN || did == RED);
        assert_eq!(lights.count(), expected);
        door.press(Contact::Program);
        door.wait(6000);
        assert!(door.motor().is_empty());
        assert_eq!(door.memory.kept, before);
        assert_eq!(door.memory.writes, 0);
    }
}

#[test]
fn factory_reset_leaves_a_new_lock() {
    let mut door = Door::programmed(Model::TenKey, &[&[1, 2, 3, 4]]);
    door.memory.kept.master = crate::Code::new(Model::TenKey, &[9, 9, 9, 9]);
    door.memory.kept.paired = true;
    gesture(&mut door, 31_000);
    door.wait(1000);
    assert_eq!(
        door.since(Moment::BOOT),
        [
            (30_000, GREEN),
            (30_000, Did::Beeper(true)),
            (30_500, DARK),
            (30_500, Did::Beeper(false)),
        ]
    );
    door.press(Contact::Program);
    door.wait(1000);
    let did = door.did();
    assert_eq!(did.iter().filter(|&&did| did == GREEN).count(), 2);
    assert_eq!(
        did.iter().filter(|&&did| did == Did::Beeper(true)).count(),
        2
    );
    assert_eq!(door.memory.kept, State::default());
    door.enter(&[1, 2, 3, 4]);
    assert!(door.motor().is_empty());
}

#[test]
fn a_power_cut_before_the_press_resets_nothing() {
    let mut door = Door::programmed(Model::TenKey, &[&[1, 2, 3, 4]]);
    gesture(&mut door, 31_000);
    door.unplug();
    door.power();
    door.wait(1000);
    door.press(Contact::Program);
    door.wait(6000);
    door.enter(&[1, 2, 3, 4]);
    door.wait(1500);
    assert_eq!(door.place, 0.0);
}

#[test]
fn keys_held_while_power_comes_are_not_pressed() {
    let mut door = Door::programmed(Model::TenKey, &[&[1, 2, 3, 4]]);
    for contact in [Contact::Lock, Contact::Digit(1), Contact::Hub] {
        door.unplug();
        door.contact(contact, true);
        door.power();
        door.wait(1000);
        door.contact(contact, false);
        door.wait(6000);
        assert_eq!(door.did(), []);
        door.press(contact);
        door.wait(10_000);
        assert_eq!(door.did().is_empty(), contact == Contact::Hub);
    }
}

#[test]
fn a_watchdog_reset_with_program_held_begins_no_procedure() {
    let mut door = Door::programmed(Model::TenKey, &[&[1, 2, 3, 4]]);
    door.contact(Contact::Program, true);
    door.boot(BootReason::Watchdog);
    door.wait(31_000);
    door.contact(Contact::Program, false);
    door.wait(1000);
    assert_eq!(door.did(), []);
}

#[test]
fn a_lock_that_is_not_handed_says_so_and_moves_nothing() {
    let mut door = Door::new(Model::TenKey);
    door.power();
    door.wait(500);
    let start = door.now;
    door.press(Contact::Lock);
    door.wait(6000);
    let pressed = 20;
    let did = door.since(start);
    assert_eq!(
        did[..3],
        [
            (pressed, Did::Keypad(Light::Red)),
            (pressed, RED),
            (pressed, Did::Beeper(true)),
        ]
    );
    assert_eq!(did.last(), Some(&(pressed + 5000, DARK)));
    assert_eq!(
        did.iter()
            .filter(|(_, did)| *did == Did::Keypad(Light::Red))
            .count(),
        3
    );
    assert!(did.iter().all(|(_, did)| !matches!(did, Did::Motor(_))));
}

#[test]
fn an_illegible_storage_moves_nothing_until_a_factory_reset() {
    let mut door = Door::programmed(Model::TenKey, &[&[1, 2, 3, 4]]);
    door.memory.illegible = true;
    door.unplug();
    door.power();
    door.wait(500);
    door.enter(&[1, 2, 3, 4]);
    door.wait(6000);
    assert_eq!(door.keypad_flashes(Light::Red), 5);
    hand(&mut door);
    assert!(door.motor().is_empty());
    gesture(&mut door, 31_000);
    door.wait(500);
    door.press(Contact::Program);
    door.wait(1000);
    assert!(!door.memory.illegible);
    hand(&mut door);
    assert!(door.memory.kept.handed());
}
