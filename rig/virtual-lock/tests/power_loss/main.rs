//! Power is cut at every single flash operation of everything that the lock remembers. Whenever it
//! happens, the lock comes back with all of its memory as it was before or as it was going to be, never
//! a mix; and what it has acknowledged stays.

#[path = "../common/mod.rs"]
mod common;
mod memory;

use common::{flashed_as, hand, wait};
use memory::{MASTER, Memory, Model, Unit};
use virtual_lock::VirtualLock;
use virtual_lock::board::signal::{Contact, Signal};
use virtual_lock::board::{Jam, What};
use virtual_lock::time::Ticks;

/// How the lock acknowledges what it has done.
#[derive(Clone, Copy, Debug)]
enum Acknowledged {
    By(Signal),
    ToHub,
}

/// Something that changes what a lock remembers.
struct Procedure {
    name: &'static str,
    acknowledged: Acknowledged,
    act: fn(&mut Unit),
}

fn hold_program(unit: &mut Unit, millis: u64) {
    unit.lock.set_contact(Contact::Program, true).unwrap();
    unit.wait(millis);
    unit.lock.set_contact(Contact::Program, false).unwrap();
}

fn power_cycle_with_program(unit: &mut Unit, millis: u64) {
    unit.lock.disconnect().unwrap();
    unit.wait(1000);
    unit.lock.set_contact(Contact::Program, true).unwrap();
    unit.lock.connect().unwrap();
    unit.wait(millis);
    unit.lock.set_contact(Contact::Program, false).unwrap();
    unit.wait(1000);
    unit.keys("P");
    unit.wait(5000);
}

fn set_master(unit: &mut Unit) {
    hold_program(unit, 5500);
    unit.wait(200);
    unit.keys(&format!("{MASTER}L{MASTER}L"));
    unit.wait(1000);
}

fn set_code(unit: &mut Unit, slot: u8, digits: &str) {
    let mut args = vec![0, slot];
    args.extend(unit.key_bytes(digits));
    unit.ask(0x0B, &args);
}

/// A lock with its pack in, and nothing done with it.
fn new(model: Model) -> Unit {
    let mut lock: VirtualLock = flashed_as(match model {
        Model::TenKey => "ten-key",
        Model::FiveKey => "five-key",
    });
    lock.connect().unwrap();
    wait(&mut lock, 1000);
    Unit::new(lock, model)
}

fn handed(model: Model) -> Unit {
    let mut unit = new(model);
    unit.lock.disconnect().unwrap();
    unit.wait(1000);
    hand(&mut unit.lock);
    unit
}

/// A handed lock with three codes and a hub.
fn in_use(model: Model) -> Unit {
    let mut unit = handed(model);
    unit.keys("A");
    unit.ask(0x18, &[]);
    unit.keys("P1234L");
    unit.wait(1000);
    set_code(&mut unit, 2, "5577");
    set_code(&mut unit, 30, "99119911");
    unit.wait(2000);
    let codes: Vec<u8> = unit.memory().codes.iter().map(|(slot, _)| *slot).collect();
    assert_eq!(codes, [1, 2, 30]);
    unit
}

fn guarded(model: Model) -> Unit {
    let mut unit = in_use(model);
    set_master(&mut unit);
    unit.wait(1000);
    unit
}

/// Plays `procedure` whole, and cut at each of its operations. Prints how many cuts there were.
fn cut_everywhere(start: &Unit, procedure: &Procedure) {
    let Procedure {
        name,
        acknowledged,
        act,
    } = procedure;
    let model = start.model;
    let mut start = start.clone();
    start.forget();
    let before = start.memory();
    let mut whole = start.clone();
    act(&mut whole);
    whole.wait(1000);
    let acknowledged = match acknowledged {
        Acknowledged::By(signal) => whole.last(|what| what == What::Signal(*signal, true)),
        Acknowledged::ToHub => whole.last(|what| matches!(what, What::HubFromLock(_))),
    };
    let acknowledged = acknowledged.unwrap();
    let after = whole.memory();
    assert_ne!(before, after, "{name} on {model:?}");
    let operations = whole.lock.flash_operations() - start.lock.flash_operations();
    assert!(operations > 0, "{name} on {model:?}");
    let mut kept = 0;
    for cut in 1..=operations {
        let (off, left) = cut_once(&start, *act, cut);
        let at = format!("{name} on {model:?}, cut at {cut} of {operations}");
        assert!(
            left == before || left == after,
            "{at}: {left:#?} is neither {before:#?} nor {after:#?}"
        );
        kept += u64::from(left == before);
        if off > acknowledged {
            assert_eq!(left, after, "{at}, after it was acknowledged");
        }
    }
    let new = operations - kept;
    println!("{model:?}, {name}: {operations} cuts, {kept} left it as before, {new} as after");
}

/// When power went, and what the lock remembers when it is back.
fn cut_once(start: &Unit, act: fn(&mut Unit), cut: u64) -> (Ticks, Memory) {
    let mut unit = start.clone();
    unit.lock.cut_power_at(cut);
    act(&mut unit);
    unit.wait(1000);
    let off = unit.lock.levels().contains(&What::Power(false));
    assert!(off, "nothing was cut at operation {cut}");
    let off = unit.last(|what| what == What::Power(false)).unwrap();
    unit.lock.disconnect().unwrap();
    unit.lock.set_jam(None).unwrap();
    unit.wait(500);
    unit.lock.connect().unwrap();
    unit.wait(2000);
    (off, unit.memory())
}

fn by_green(name: &'static str, act: fn(&mut Unit)) -> Procedure {
    Procedure {
        name,
        acknowledged: Acknowledged::By(Signal::KeypadGreen),
        act,
    }
}

fn to_hub(name: &'static str, act: fn(&mut Unit)) -> Procedure {
    Procedure {
        name,
        acknowledged: Acknowledged::ToHub,
        act,
    }
}

fn codes(model: Model) {
    let start = in_use(model);
    let program: fn(&mut Unit) = match model {
        Model::TenKey => |unit| {
            unit.keys("P7799L");
            unit.wait(1500);
        },
        Model::FiveKey => |unit| {
            unit.keys("PPP7799L");
            unit.wait(1500);
        },
    };
    cut_everywhere(&start, &by_green("program a code", program));
    let replace: fn(&mut Unit) = match model {
        Model::TenKey => |unit| {
            unit.keys("PL1234L1234L");
            unit.wait(1500);
        },
        Model::FiveKey => |unit| {
            unit.keys("PP7799L");
            unit.wait(1500);
        },
    };
    cut_everywhere(&start, &by_green("delete or overwrite a code", replace));
    let set = to_hub("hub sets a code", |unit| set_code(unit, 2, "79797979"));
    cut_everywhere(&start, &set);
    let delete = to_hub("hub deletes a code", |unit| {
        unit.ask(0x0D, &[0, 30]);
    });
    cut_everywhere(&start, &delete);
}

fn master(model: Model) {
    cut_everywhere(&in_use(model), &by_green("set the mastercode", set_master));
    let start = guarded(model);
    let drop = by_green("drop the mastercode", |unit| {
        hold_program(unit, 5500);
        unit.wait(200);
        unit.keys(&format!("L{MASTER}L{MASTER}L"));
        unit.wait(1000);
    });
    cut_everywhere(&start, &drop);
    let all = by_green("delete all", |unit| {
        unit.keys(&format!("PL{MASTER}L999999L999999L"));
        unit.wait(1000);
    });
    cut_everywhere(&start, &all);
}

fn power_on(model: Model) {
    let hand = Procedure {
        name: "handing",
        acknowledged: Acknowledged::By(Signal::StatusGreen),
        act: |unit| power_cycle_with_program(unit, 2000),
    };
    cut_everywhere(&new(model), &hand);
    let fail = Procedure {
        name: "handing that fails",
        acknowledged: Acknowledged::By(Signal::StatusRed),
        act: |unit| {
            unit.lock.set_jam(Some(Jam::Stuck)).unwrap();
            power_cycle_with_program(unit, 2000);
            unit.lock.set_jam(None).unwrap();
        },
    };
    cut_everywhere(&in_use(model), &fail);
    let reset = Procedure {
        name: "factory reset",
        acknowledged: Acknowledged::By(Signal::StatusGreen),
        act: |unit| power_cycle_with_program(unit, 31_000),
    };
    cut_everywhere(&guarded(model), &reset);
    let mut corrupt = in_use(model);
    corrupt.lock.disconnect().unwrap();
    corrupt.wait(1000);
    corrupt.lock.load(0xF_8000, &[0; 0x4000]);
    corrupt.lock.connect().unwrap();
    corrupt.wait(1000);
    let cure = Procedure {
        name: "factory reset of a corrupt storage",
        ..reset
    };
    cut_everywhere(&corrupt, &cure);
}

/// A change for which a page has to be erased first.
fn page_turn(model: Model) {
    let mut start = in_use(model);
    let set = |unit: &mut Unit| set_code(unit, 2, "79797979");
    let mut fewest = u64::MAX;
    for change in 0..200 {
        let mut trial = start.clone();
        set(&mut trial);
        trial.wait(1000);
        let operations = trial.lock.flash_operations() - start.lock.flash_operations();
        if operations > fewest.saturating_add(8) {
            cut_everywhere(&start, &to_hub("hub sets a code as a page is full", set));
            return;
        }
        fewest = fewest.min(operations);
        set_code(&mut start, 3, ["33333333", "31313131"][change % 2]);
        start.wait(1000);
    }
    panic!("no page was full");
}

#[test]
fn codes_of_a_ten_key_lock() {
    codes(Model::TenKey);
}

#[test]
fn codes_of_a_five_key_lock() {
    codes(Model::FiveKey);
}

#[test]
fn mastercode_of_a_ten_key_lock() {
    master(Model::TenKey);
}

#[test]
fn mastercode_of_a_five_key_lock() {
    master(Model::FiveKey);
}

#[test]
fn power_on_procedures_of_a_ten_key_lock() {
    power_on(Model::TenKey);
}

#[test]
fn power_on_procedures_of_a_five_key_lock() {
    power_on(Model::FiveKey);
}

#[test]
fn a_full_page() {
    page_turn(Model::TenKey);
    page_turn(Model::FiveKey);
}
