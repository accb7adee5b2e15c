//! The hub's requests and what it is told.

use super::door::{Did, Door, Jam};
use crate::hub::{Kind, command};
use crate::{Bridge, Contact, Frame, Light, Model, State};

const CODE: &[u8] = &[1, 2, 3, 4];

fn request(command: u8, args: &[u8]) -> Vec<u8> {
    Frame::new(7, Kind::Request, command, args).bytes().to_vec()
}

fn ack(command: u8, args: &[u8]) -> Vec<u8> {
    Frame::new(7, Kind::Ack, command, args).bytes().to_vec()
}

fn nak(command: u8, reason: u8) -> Vec<u8> {
    Frame::new(7, Kind::Nak, command, &[reason])
        .bytes()
        .to_vec()
}

/// A door whose hub is paired and answers whatever it is told.
fn paired(model: Model) -> Door {
    let mut door = Door::programmed(model, &[CODE]);
    door.memory.kept.paired = true;
    door.unplug();
    door.power();
    door.wait(1000);
    door.log.clear();
    door
}

/// What the lock told of its own accord since last asked: command and arguments.
fn told(door: &mut Door) -> Vec<(u8, Vec<u8>)> {
    door.frames()
        .into_iter()
        .filter(|frame| frame[3] == Kind::Request as u8)
        .map(|frame| (frame[4], frame[5..frame.len() - 1].to_vec()))
        .collect()
}

#[test]
fn an_unpaired_lock_accepts_hello_alone() {
    let mut door = Door::programmed(Model::TenKey, &[CODE]);
    for command in [
        command::LOCK,
        command::UNLOCK,
        command::STATUS,
        command::BATTERY,
        command::SET_CODE,
        command::EVENT,
        0x77,
    ] {
        assert_eq!(door.hub(&request(command, &[])), [nak(command, 4)]);
    }
    let hello = request(command::HELLO, &[]);
    assert_eq!(door.hub(&hello), [ack(command::HELLO, &[0])]);
    assert!(!door.memory.kept.paired);
    door.wait(3000);
    assert!(door.motor().is_empty());
}

#[test]
fn the_hub_button_and_then_a_hello_pair() {
    let mut door = Door::programmed(Model::TenKey, &[CODE]);
    door.press(Contact::Hub);
    assert_eq!(told(&mut door), [(command::BUTTON, vec![])]);
    let hello = request(command::HELLO, &[]);
    assert_eq!(door.hub(&hello), [ack(command::HELLO, &[1])]);
    assert!(door.memory.kept.paired);
    assert_eq!(door.hub(&hello), [ack(command::HELLO, &[1])]);
    assert_eq!(
        door.hub(&request(command::STATUS, &[])),
        [ack(command::STATUS, &[1])]
    );
}

#[test]
fn a_hello_too_late_after_the_button_pairs_nothing() {
    let mut door = Door::programmed(Model::TenKey, &[CODE]);
    door.press(Contact::Hub);
    door.wait(30_000);
    let hello = request(command::HELLO, &[]);
    assert_eq!(door.hub(&hello), [ack(command::HELLO, &[0])]);
    assert_eq!(door.memory.kept, {
        let mut state = State {
            retracts: Some(Bridge::Open),
            ..State::default()
        };
        state.codes[0] = crate::Code::new(Model::TenKey, CODE);
        state
    });
}

#[test]
fn it_unlocks_and_locks_and_tells_where_the_bolt_is() {
    let mut door = paired(Model::TenKey);
    assert_eq!(
        door.hub(&request(command::UNLOCK, &[])),
        [ack(command::UNLOCK, &[])]
    );
    door.wait(500);
    assert_eq!(
        door.hub(&request(command::STATUS, &[])),
        [ack(command::STATUS, &[0])]
    );
    door.wait(2000);
    assert_eq!(told(&mut door), [(command::STATE, vec![0, 0, 0x82])]);
    assert_eq!(
        door.hub(&request(command::STATUS, &[])),
        [ack(command::STATUS, &[2])]
    );
    assert_eq!(door.keypad_flashes(Light::Green), 1);
    door.hub(&request(command::LOCK, &[]));
    door.wait(2000);
    assert_eq!(told(&mut door), [(command::STATE, vec![0, 0, 0x81])]);
    assert_eq!(door.place, 1.0);
}

#[test]
fn it_hears_of_keypad_key_and_auto_lock() {
    let mut door = paired(Model::TenKey);
    door.contact(Contact::SwitchAutoLock, true);
    door.enter(CODE);
    door.wait(2000);
    assert_eq!(told(&mut door), [(command::STATE, vec![0, 1, 0x42])]);
    door.wait(32_000);
    assert_eq!(
        told(&mut door),
        [
            (command::STATE, vec![0, 0, 0x01]),
            (command::ALARM, vec![27, 1]),
        ]
    );
    door.place = 0.0;
    door.wait(0);
    door.wait(100);
    assert_eq!(told(&mut door), [(command::STATE, vec![0, 0, 0x02])]);
    door.press(Contact::Lock);
    door.wait(2000);
    assert_eq!(told(&mut door), [(command::STATE, vec![0, 0, 0x41])]);
}

#[test]
fn it_hears_alarms() {
    let mut door = paired(Model::TenKey);
    for _ in 0..3 {
        door.enter(&[9, 9, 9, 9]);
    }
    door.wait(70_000);
    assert_eq!(told(&mut door), [(command::ALARM, vec![161, 1])]);
    door.jam = Jam::Loose;
    door.hub(&request(command::UNLOCK, &[]));
    door.wait(3000);
    assert_eq!(told(&mut door), [(command::ALARM, vec![9, 1])]);
    door.jam = Jam::None;
    door.idle_millivolts = 4400;
    door.hub(&request(command::UNLOCK, &[]));
    door.wait(3000);
    assert_eq!(
        told(&mut door),
        [
            (command::ALARM, vec![169, 1]),
            (command::ALARM, vec![168, 1]),
        ]
    );
    assert_eq!(
        door.hub(&request(command::BATTERY, &[])),
        [ack(command::BATTERY, &4400_u16.to_be_bytes())]
    );
}

#[test]
fn a_question_for_the_battery_under_the_motor_is_answered_with_its_idle_volts() {
    let mut door = paired(Model::TenKey);
    door.idle_millivolts = 5500;
    door.hub(&request(command::UNLOCK, &[]));
    door.wait(100);
    door.idle_millivolts = 5400;
    assert_eq!(door.motor(), [Bridge::Open]);
    assert_eq!(
        door.hub(&request(command::BATTERY, &[])),
        [ack(command::BATTERY, &5500_u16.to_be_bytes())]
    );
}

#[test]
fn codes_are_set_read_and_deleted() {
    let mut door = paired(Model::TenKey);
    let set = |slot: u8, keys: &[u8; 8]| {
        let mut args = vec![0, slot];
        args.extend_from_slice(keys);
        request(command::SET_CODE, &args)
    };
    let keys = b"98765432";
    assert_eq!(door.hub(&set(30, keys)), [ack(command::SET_CODE, &[])]);
    assert_eq!(
        door.hub(&request(command::GET_CODE, &[0, 30])),
        [ack(command::GET_CODE, keys)]
    );
    assert_eq!(
        door.hub(&request(command::GET_CODE, &[0, 2])),
        [ack(command::GET_CODE, &[0; 8])]
    );
    door.enter(&[9, 8, 7, 6, 5, 4, 3, 2]);
    door.wait(2000);
    assert_eq!(told(&mut door), [(command::STATE, vec![0, 30, 0x42])]);
    assert_eq!(door.hub(&set(2, keys)), [nak(command::SET_CODE, 7)]);
    assert_eq!(
        door.hub(&set(2, b"123\0\0\0\0\0")),
        [nak(command::SET_CODE, 8)]
    );
    for slot in [0, 31] {
        assert_eq!(door.hub(&set(slot, keys)), [nak(command::SET_CODE, 10)]);
        assert_eq!(
            door.hub(&request(command::GET_CODE, &[0, slot])),
            [nak(command::GET_CODE, 10)]
        );
    }
    assert_eq!(
        door.hub(&request(command::GET_CODE, &[1, 1])),
        [nak(command::GET_CODE, 10)]
    );
    assert_eq!(
        door.hub(&request(command::DELETE_CODE, &[0, 30])),
        [ack(command::DELETE_CODE, &[])]
    );
    assert_eq!(door.memory.kept.codes[29], None);
}

#[test]
fn the_clock_is_set_and_goes_on() {
    let mut door = paired(Model::TenKey);
    assert_eq!(
        door.hub(&request(command::GET_CLOCK, &[])),
        [nak(command::GET_CLOCK, 9)]
    );
    let time = [0x14, 0x06, 0x21, 0x03, 0x46, 0x47, 0x06];
    assert_eq!(
        door.hub(&request(command::SET_CLOCK, &time)),
        [ack(command::SET_CLOCK, &[])]
    );
    door.wait(13_000);
    assert_eq!(
        door.hub(&request(command::GET_CLOCK, &[])),
        [ack(
            command::GET_CLOCK,
            &[0x14, 0x06, 0x21, 0x03, 0x47, 0x00, 0x06]
        )]
    );
    assert_eq!(
        door.hub(&request(command::SET_CLOCK, &[0xFF; 7])),
        [nak(command::SET_CLOCK, 8)]
    );
}

#[test]
fn bad_frames_are_answered_or_dropped() {
    let mut door = paired(Model::TenKey);
    let mut wrong = request(command::UNLOCK, &[]);
    *wrong.last_mut().unwrap() ^= 0xFF;
    assert_eq!(door.hub(&wrong), [nak(command::UNLOCK, 1)]);
    assert_eq!(
        door.hub(&request(command::UNLOCK, &[1])),
        [nak(command::UNLOCK, 2)]
    );
    assert_eq!(door.hub(&request(0x77, &[])), [nak(0x77, 3)]);
    assert_eq!(door.hub(&[0x00, 0xBD, 0x03, 0x01, 0xE7]), [[0; 0]; 0]);
    door.wait(1000);
    assert!(door.motor().is_empty());
    assert_eq!(
        door.hub(&request(command::STATUS, &[])),
        [ack(command::STATUS, &[1])]
    );
}

#[test]
fn while_not_handed_it_moves_nothing() {
    let mut door = paired(Model::TenKey);
    door.memory.kept.retracts = None;
    door.unplug();
    door.power();
    door.wait(500);
    assert_eq!(
        door.hub(&request(command::UNLOCK, &[])),
        [nak(command::UNLOCK, 5)]
    );
    door.wait(6000);
    let did = door.did();
    assert!(did.contains(&Did::Status(Light::Red)));
    assert!(!did.iter().any(|did| matches!(did, Did::Motor(_))));
}

#[test]
fn a_hub_that_is_away_delays_nothing() {
    let mut door = paired(Model::TenKey);
    door.hub_answers = false;
    for _ in 0..10 {
        door.enter(CODE);
        door.wait(1200);
        assert_eq!(door.place, 0.0);
        door.press(Contact::Lock);
        door.wait(1200);
        assert_eq!(door.place, 1.0);
    }
    let first: Vec<_> = door
        .from_lock
        .iter()
        .take(3)
        .map(|(at, frame)| (at.as_millis(), frame[2], frame[4]))
        .collect();
    assert_eq!(first[1], (first[0].0 + 500, first[0].1, command::STATE));
    assert_eq!(first[2], (first[0].0 + 1000, first[0].1, command::STATE));
}

#[test]
fn the_event_log_is_read_newest_first() {
    let mut door = paired(Model::TenKey);
    door.enter(CODE);
    door.wait(3000);
    let event = |door: &mut Door, index| door.hub(&request(command::EVENT, &[index]))[0].clone();
    let newest = event(&mut door, 0);
    let count = newest[5];
    // Motor, the keypad's word: unlock, reached.
    assert_eq!(newest[7..10], [3, 0x11, 1]);
    let entry = event(&mut door, 1);
    assert_eq!(entry[7..10], [2, 1, 1]);
    let first = event(&mut door, count - 1);
    assert_eq!(first[7..10], [1, 0, 0]);
    let past = event(&mut door, 64);
    assert_eq!(past, nak(command::EVENT, 8));
}

#[test]
fn a_code_changed_at_the_keypad_is_told_when_it_is_kept() {
    let program = |door: &mut Door| {
        door.press(Contact::Program);
        door.digits(&[5, 6, 7, 8]);
        door.hub(&request(command::UNLOCK, &[]));
        door.press(Contact::Lock);
        told(door)
    };
    let set = (command::CODE_CHANGED, vec![0, 2, 1]);
    let mut door = paired(Model::TenKey);
    assert_eq!(program(&mut door), []);
    door.wait(2000);
    assert!(told(&mut door).contains(&set));
    let mut door = paired(Model::TenKey);
    assert_eq!(program(&mut door), []);
    door.wait(500);
    door.memory.illegible = true;
    door.wait(2000);
    assert!(!told(&mut door).contains(&set));
}
