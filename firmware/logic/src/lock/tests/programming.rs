//! Programming at the keypad, with and without a mastercode, on both models.

use super::door::Door;
use crate::{Code, Contact, Light, Model};

const CODE: &[u8] = &[1, 2, 3, 4];
const OTHER: &[u8] = &[5, 6, 7, 8];
const MASTER: &[u8] = &[4, 5, 6, 7, 8, 9];
const NINES: &[u8] = &[9; 6];

/// Keys of a procedure.
#[derive(Clone, Copy)]
enum Key<'a> {
    Program,
    /// Held until the keypad says green.
    Hold,
    Digits(&'a [u8]),
    Lock,
}

use Key::{Digits, Hold, Lock, Program};

/// Plays the keys, and whether each light that came of them was green.
fn play(door: &mut Door, keys: &[Key]) -> Vec<bool> {
    door.log.clear();
    for &key in keys {
        match key {
            Program => door.press(Contact::Program),
            Hold => {
                door.contact(Contact::Program, true);
                door.wait(5100);
                door.contact(Contact::Program, false);
                door.wait(400);
            }
            Digits(digits) => door.digits(digits),
            Lock => {
                door.press(Contact::Lock);
                door.wait(1000);
            }
        }
    }
    let mut greens = Vec::new();
    let mut reds = 0;
    for (_, did) in door.log.drain(..) {
        match did {
            super::door::Did::Keypad(Light::Green) => greens.push(true),
            super::door::Did::Keypad(Light::Red) => {
                reds += 1;
                if reds % 3 == 0 {
                    greens.push(false);
                }
            }
            _ => {}
        }
    }
    greens
}

fn ten_key(codes: &[&[u8]]) -> Door {
    Door::programmed(Model::TenKey, codes)
}

fn with_master(model: Model, codes: &[&[u8]]) -> Door {
    let mut door = Door::programmed(model, codes);
    door.memory.kept.master = Code::new(model, MASTER);
    door.unplug();
    door.power();
    door.wait(1000);
    door
}

fn code(door: &Door, slot: usize) -> Option<Code> {
    door.memory.kept.codes[slot - 1]
}

#[test]
fn a_code_is_deleted_by_entering_it_twice() {
    let mut door = ten_key(&[CODE, OTHER]);
    let delete = [Program, Lock, Digits(CODE), Lock, Digits(CODE), Lock];
    assert_eq!(play(&mut door, &delete), [true, true]);
    assert_eq!(code(&door, 1), None);
    assert_eq!(code(&door, 2), Code::new(Model::TenKey, OTHER));
    // No such code, and what follows is a wrong one.
    assert_eq!(play(&mut door, &delete), [false, false]);
}

#[test]
fn deleting_fails_unless_both_entries_are_the_code() {
    for keys in [
        &[Program, Lock, Digits(CODE), Lock, Digits(OTHER), Lock][..],
        &[Program, Lock, Digits(CODE), Lock, Lock],
    ] {
        let mut door = ten_key(&[CODE, OTHER]);
        assert_eq!(play(&mut door, keys), [true, false]);
        assert!(code(&door, 1).is_some() && code(&door, 2).is_some());
    }
    let mut door = ten_key(&[CODE]);
    assert_eq!(
        play(&mut door, &[Program, Lock, Digits(OTHER), Lock]),
        [false]
    );
}

#[test]
fn the_freed_slot_is_the_first_that_is_filled() {
    let mut door = ten_key(&[CODE, OTHER, &[1, 1, 1, 1]]);
    play(
        &mut door,
        &[Program, Lock, Digits(OTHER), Lock, Digits(OTHER), Lock],
    );
    assert_eq!(
        play(&mut door, &[Program, Digits(&[2, 2, 2, 2]), Lock]),
        [true]
    );
    assert_eq!(code(&door, 2), Code::new(Model::TenKey, &[2, 2, 2, 2]));
}

#[test]
fn a_mastercode_is_set_twice_and_never_unlocks() {
    let mut door = ten_key(&[CODE]);
    let set = [Hold, Digits(MASTER), Lock, Digits(MASTER), Lock];
    assert_eq!(play(&mut door, &set), [true, true, true]);
    assert_eq!(door.memory.kept.master, Code::new(Model::TenKey, MASTER));
    assert_eq!(play(&mut door, &[Digits(MASTER), Lock]), [false]);
    assert_eq!(door.place, 1.0);
}

#[test]
fn a_mastercode_that_differs_or_is_a_user_code_isnt_set() {
    for (keys, lights) in [
        (
            &[Hold, Digits(MASTER), Lock, Digits(OTHER), Lock][..],
            &[true, true, false][..],
        ),
        (&[Hold, Digits(CODE), Lock], &[true, false]),
        (&[Hold, Digits(&[1, 2, 3]), Lock], &[true, false]),
        (&[Hold, Lock], &[true, false]),
    ] {
        let mut door = ten_key(&[CODE]);
        assert_eq!(play(&mut door, keys), lights);
        assert_eq!(door.memory.kept.master, None);
    }
}

#[test]
fn with_a_mastercode_programming_wants_it() {
    let mut door = with_master(Model::TenKey, &[CODE]);
    assert_eq!(play(&mut door, &[Program, Digits(OTHER), Lock]), [false]);
    assert_eq!(
        play(&mut door, &[Program, Lock, Digits(OTHER), Lock]),
        [false]
    );
    assert_eq!(code(&door, 2), None);
    assert_eq!(
        play(
            &mut door,
            &[Program, Lock, Digits(MASTER), Lock, Digits(OTHER), Lock]
        ),
        [true, true]
    );
    assert_eq!(code(&door, 2), Code::new(Model::TenKey, OTHER));
}

#[test]
fn with_a_mastercode_a_code_is_deleted_with_or_without_another_lock() {
    for between in [&[][..], &[Lock]] {
        let mut door = with_master(Model::TenKey, &[CODE]);
        let mut keys = vec![Program, Lock, Digits(MASTER), Lock];
        keys.extend_from_slice(between);
        keys.extend_from_slice(&[Digits(CODE), Lock, Digits(CODE), Lock]);
        assert_eq!(play(&mut door, &keys), [true, true, true]);
        assert_eq!(code(&door, 1), None);
    }
}

#[test]
fn all_codes_are_deleted_by_nines_and_the_mastercode_stays() {
    for model in [Model::TenKey, Model::FiveKey] {
        let mut door = with_master(model, &[CODE, OTHER]);
        let keys = [
            Program,
            Lock,
            Digits(MASTER),
            Lock,
            Digits(NINES),
            Lock,
            Digits(NINES),
            Lock,
        ];
        assert_eq!(play(&mut door, &keys), [true, true, true]);
        assert!(!door.memory.kept.has_codes());
        assert!(door.memory.kept.master.is_some());
    }
}

#[test]
fn without_a_mastercode_nines_delete_nothing() {
    let mut door = ten_key(&[CODE]);
    let keys = [Program, Lock, Digits(NINES), Lock];
    assert_eq!(play(&mut door, &keys), [false]);
    assert!(code(&door, 1).is_some());
}

#[test]
fn a_mastercode_is_dropped_by_whoever_knows_it() {
    let mut door = with_master(Model::TenKey, &[CODE]);
    assert_eq!(play(&mut door, &[Hold, Digits(OTHER), Lock]), [true, false]);
    assert_eq!(
        play(&mut door, &[Hold, Lock, Digits(OTHER), Lock]),
        [true, false]
    );
    assert!(door.memory.kept.master.is_some());
    assert_eq!(
        play(
            &mut door,
            &[Hold, Lock, Digits(MASTER), Lock, Digits(MASTER), Lock]
        ),
        [true, true, true]
    );
    assert_eq!(door.memory.kept.master, None);
}

#[test]
fn five_keys_choose_the_slot_by_presses_and_overwrite_it() {
    let mut door = Door::programmed(Model::FiveKey, &[CODE]);
    let third = [Program, Program, Program, Digits(OTHER), Lock];
    assert_eq!(play(&mut door, &third), [true]);
    assert_eq!(code(&door, 3), Code::new(Model::FiveKey, OTHER));
    let first = [Program, Digits(&[9, 9, 9, 9]), Lock];
    assert_eq!(play(&mut door, &first), [true]);
    assert_eq!(code(&door, 1), Code::new(Model::FiveKey, &[9, 9, 9, 9]));
}

#[test]
fn five_keys_tell_codes_apart_by_key_and_refuse_what_could_not_be_entered() {
    let mut door = Door::programmed(Model::FiveKey, &[CODE]);
    for digits in [&[2, 1, 4, 3][..], &[1, 2, 3, 4, 5]] {
        let keys = [Program, Program, Digits(digits), Lock];
        assert_eq!(play(&mut door, &keys), [false], "{digits:?}");
    }
    let same_slot = [Program, Digits(&[2, 1, 4, 3]), Lock];
    assert_eq!(play(&mut door, &same_slot), [true]);
}

#[test]
fn five_keys_have_thirty_slots_and_no_single_deletion() {
    let mut door = Door::programmed(Model::FiveKey, &[CODE]);
    for (presses, green) in [(30, true), (31, false)] {
        let mut keys = vec![Program; presses];
        keys.extend_from_slice(&[Digits(OTHER), Lock]);
        assert_eq!(play(&mut door, &keys), [green]);
    }
    assert_eq!(code(&door, 30), Code::new(Model::FiveKey, OTHER));
    assert_eq!(play(&mut door, &[Program, Lock]), [false]);
}

#[test]
fn five_keys_with_a_mastercode_take_the_presses_before_or_after_it() {
    for keys in [
        &[
            Program,
            Program,
            Lock,
            Digits(MASTER),
            Lock,
            Digits(OTHER),
            Lock,
        ][..],
        &[
            Program,
            Lock,
            Digits(MASTER),
            Lock,
            Program,
            Program,
            Digits(OTHER),
            Lock,
        ],
    ] {
        let mut door = with_master(Model::FiveKey, &[CODE]);
        assert_eq!(play(&mut door, keys), [true, true]);
        assert_eq!(code(&door, 2), Code::new(Model::FiveKey, OTHER));
    }
}

#[test]
fn a_second_program_begins_again_on_ten_keys() {
    let mut door = ten_key(&[]);
    let keys = [Program, Digits(&[7, 7]), Program, Digits(CODE), Lock];
    assert_eq!(play(&mut door, &keys), [true]);
    assert_eq!(code(&door, 1), Code::new(Model::TenKey, CODE));
}

#[test]
fn a_code_that_cannot_be_kept_is_a_storage_fault() {
    let mut door = ten_key(&[]);
    door.memory.illegible = true;
    door.press(Contact::Program);
    door.enter(CODE);
    door.wait(2000);
    assert_eq!(door.keypad_flashes(Light::Red), 5);
}

#[test]
fn on_five_keys_a_mastercode_and_a_code_may_begin_alike_in_either_order() {
    let longer = &[4, 5, 6, 7, 8, 9, 1];
    let mut door = with_master(Model::FiveKey, &[CODE]);
    let program = |digits| {
        [
            Program,
            Program,
            Lock,
            Digits(MASTER),
            Lock,
            Digits(digits),
            Lock,
        ]
    };
    assert_eq!(play(&mut door, &program(MASTER)), [true, false]);
    for digits in [&longer[..4], longer] {
        assert_eq!(play(&mut door, &program(digits)), [true, true]);
        assert_eq!(code(&door, 2), Code::new(Model::FiveKey, digits));
        door.digits(digits);
        door.wait(3000);
        assert_eq!(door.place, 0.0);
        door.press(Contact::Lock);
        door.wait(3000);
        assert_eq!(door.place, 1.0);
    }
    let mut door = Door::programmed(Model::FiveKey, &[longer]);
    let set = [Hold, Digits(MASTER), Lock, Digits(MASTER), Lock];
    assert_eq!(play(&mut door, &set), [true, true, true]);
}
