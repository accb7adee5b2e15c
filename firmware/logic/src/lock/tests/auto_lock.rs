//! Auto-lock that comes due while something moves the bolt already.

use super::door::{Door, Jam};
use crate::hub::{Kind, command};
use crate::{Contact, Frame, Model, Moment, Span};

const CODE: &[u8] = &[1, 2, 3, 4];

fn request(command: u8) -> Vec<u8> {
    Frame::new(7, Kind::Request, command, &[]).bytes().to_vec()
}

/// A door whose hub is paired, unlocked with switch 2 on, and when auto-lock is due.
fn unlocked() -> (Door, Moment) {
    let mut door = Door::programmed(Model::TenKey, &[CODE]);
    door.memory.kept.paired = true;
    door.unplug();
    door.power();
    door.wait(1000);
    door.contact(Contact::SwitchAutoLock, true);
    door.enter(CODE);
    door.wait(2000);
    let due = door.lock.as_ref().and_then(|lock| lock.auto_lock).unwrap();
    door.frames();
    door.log.clear();
    (door, due)
}

fn wait_until(door: &mut Door, due: Moment, millis_before: u64) {
    let left = due.since(door.now) - Span::millis(millis_before);
    door.wait(left.as_micros() / 1000);
}

/// Commands that the hub was told, with their first and last argument.
fn told(door: &mut Door) -> Vec<(u8, u8, u8)> {
    door.frames()
        .iter()
        .filter(|frame| frame[3] == Kind::Request as u8)
        .map(|frame| (frame[4], frame[5], frame[frame.len() - 2]))
        .collect()
}

#[test]
fn due_under_a_lock_it_tells_of_no_other() {
    let (mut door, due) = unlocked();
    wait_until(&mut door, due, 500);
    door.press(Contact::Lock);
    door.wait(40_000);
    assert_eq!(door.motor().len(), 2);
    assert_eq!(told(&mut door), [(command::STATE, 0, 0x41)]);
}

#[test]
fn due_while_a_code_waits_it_leaves_the_code_its_turn() {
    let (mut door, due) = unlocked();
    wait_until(&mut door, due, 1500);
    door.digits(CODE);
    door.hub(&request(command::LOCK));
    door.wait(100);
    door.press(Contact::Lock);
    assert!(door.now < due);
    door.wait(3000);
    assert_eq!(door.place, 0.0);
    door.wait(25_000);
    assert_eq!(door.place, 0.0);
    door.wait(5000);
    assert_eq!(door.place, 1.0);
}

#[test]
fn due_under_an_unlock_it_counts_from_that() {
    let (mut door, due) = unlocked();
    door.place = 0.5;
    wait_until(&mut door, due, 1000);
    door.enter(CODE);
    door.wait(29_000);
    assert_eq!(door.place, 0.0);
    door.wait(5000);
    assert_eq!(door.place, 1.0);
}

#[test]
fn an_unlock_that_jams_isnt_followed_by_a_lock() {
    let (mut door, due) = unlocked();
    door.place = 0.5;
    door.wait(100);
    door.jam = Jam::Loose;
    wait_until(&mut door, due, 2000);
    door.log.clear();
    door.enter(CODE);
    door.wait(60_000);
    assert_eq!(door.motor().len(), 2);
}

#[test]
fn due_under_a_lock_that_jams_it_tries_later() {
    let (mut door, due) = unlocked();
    door.jam = Jam::At(0.6);
    wait_until(&mut door, due, 500);
    door.press(Contact::Lock);
    door.wait(20_000);
    assert_eq!(door.motor().len(), 4);
    door.jam = Jam::None;
    door.wait(12_000);
    assert_eq!(door.place, 1.0);
}

#[test]
fn a_handing_ends_it() {
    let mut door = Door::programmed(Model::TenKey, &[CODE]);
    door.memory.kept.paired = true;
    door.unplug();
    door.contact(Contact::Program, true);
    door.contact(Contact::SwitchAutoLock, true);
    door.power();
    door.wait(15_000);
    door.place = 0.0;
    door.wait(10_000);
    door.contact(Contact::Program, false);
    door.wait(3000);
    door.press(Contact::Program);
    door.wait(6000);
    assert_eq!(door.place, 1.0);
    door.frames();
    door.wait(30_000);
    assert_eq!(told(&mut door), []);
}

#[test]
fn a_restart_by_the_watchdog_leaves_it_due() {
    let (mut door, due) = unlocked();
    wait_until(&mut door, due, 10_000);
    door.restart();
    door.wait(9000);
    assert_eq!(door.place, 0.0);
    door.wait(4000);
    assert_eq!(door.place, 1.0);
}
