//! What must never happen, whatever anybody presses, turns, breaks or sends.

use super::door::{Did, Door, Jam, Memory};
use crate::hub::{Kind, command};
use crate::{
    BootReason, Bridge, Code, Contact, ContactSet, EventLog, Frame, Glimpse, Inputs, Kept, Lock,
    Model, Moment, Span, State,
};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Act {
    Press(Contact),
    Hold(Contact, u64),
    Code(Vec<u8>),
    Wait(u64),
    Battery(u16),
    Loaded(u16),
    Jam(Jam),
    Key(bool),
    Hub(Vec<u8>),
    PowerCycle { program: bool, hold: u64 },
}

fn contact() -> impl Strategy<Value = Contact> {
    prop_oneof![
        4 => (0..=9_u8).prop_map(Contact::Digit),
        4 => Just(Contact::Lock),
        3 => Just(Contact::Program),
        1 => Just(Contact::Hub),
        1 => Just(Contact::SwitchStatus),
        1 => Just(Contact::SwitchAutoLock),
        1 => Just(Contact::SwitchAudio),
    ]
}

fn frame() -> impl Strategy<Value = Vec<u8>> {
    let command = prop_oneof![
        Just(command::LOCK),
        Just(command::UNLOCK),
        Just(command::HELLO),
        Just(command::STATUS),
        any::<u8>(),
    ];
    prop_oneof![
        4 => (any::<u8>(), command, prop::collection::vec(any::<u8>(), 0..12), any::<bool>())
            .prop_map(|(seq, command, args, bare)| {
                let args = if bare { &[][..] } else { &args };
                Frame::new(seq, Kind::Request, command, args).bytes().to_vec()
            }),
        1 => prop::collection::vec(any::<u8>(), 0..30),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let code = prop_oneof![
        3 => Just(vec![1, 2, 3, 4]),
        1 => Just(vec![9; 6]),
        2 => prop::collection::vec(0..=9_u8, 3..10),
    ];
    prop_oneof![
        4 => contact().prop_map(Act::Press),
        1 => (contact(), 1..8000_u64).prop_map(|(contact, time)| Act::Hold(contact, time)),
        6 => code.prop_map(Act::Code),
        4 => (1..4000_u64).prop_map(Act::Wait),
        1 => (10_000..70_000_u64).prop_map(Act::Wait),
        1 => (4000..6500_u16).prop_map(Act::Battery),
        1 => (3000..6000_u16).prop_map(Act::Loaded),
        1 => prop_oneof![
            Just(Jam::None),
            Just(Jam::Loose),
            (0.0..1.0).prop_map(Jam::At),
        ].prop_map(Act::Jam),
        1 => any::<bool>().prop_map(Act::Key),
        2 => frame().prop_map(Act::Hub),
        1 => (any::<bool>(), prop_oneof![100..3000_u64, 30_100..32_000_u64])
            .prop_map(|(program, hold)| Act::PowerCycle { program, hold }),
    ]
}

fn carry_out(door: &mut Door, act: &Act) {
    match act {
        Act::Press(contact) => door.press(*contact),
        Act::Hold(contact, time) => {
            door.contact(*contact, true);
            door.wait(*time);
            door.contact(*contact, false);
            door.wait(50);
        }
        Act::Code(digits) => door.enter(digits),
        Act::Wait(time) => door.wait(*time),
        Act::Battery(millivolts) => {
            // A pack isn't changed under a running motor.
            door.wait(6000);
            door.idle_millivolts = *millivolts;
        }
        Act::Loaded(millivolts) => door.loaded_millivolts = *millivolts,
        Act::Jam(jam) => door.jam = *jam,
        Act::Key(locks) => {
            door.place = if *locks { 1.0 } else { 0.0 };
            door.wait(30);
        }
        Act::Hub(bytes) => {
            door.hub(bytes);
        }
        Act::PowerCycle { program, hold } => {
            door.unplug();
            door.contact(Contact::Program, *program);
            door.power();
            door.wait(*hold);
            door.contact(Contact::Program, false);
            door.wait(100);
            if *program {
                door.press(Contact::Program);
            }
        }
    }
}

/// No run longer than 1.5 s, and a brake between one way and the other.
fn check_motor(log: &[(Moment, Did)]) -> Result<(), TestCaseError> {
    let mut running: Option<(Moment, Bridge)> = None;
    for &(at, did) in log {
        let Did::Motor(bridge) = did else { continue };
        if let Some((since, before)) = running {
            // A power cycle starts time over, and the motor stands.
            if at >= since {
                prop_assert!(at.since(since) <= Span::millis(1500));
                prop_assert_eq!(bridge, Bridge::Brake, "straight from {:?}", before);
            }
        }
        running = (bridge != Bridge::Brake).then_some((at, bridge));
    }
    Ok(())
}

fn check(model: Model, acts: &[Act]) -> Result<(), TestCaseError> {
    let mut door = Door::programmed(model, &[&[1, 2, 3, 4]]);
    for act in acts {
        door.log.clear();
        // `Door` itself checks where a run begins.
        carry_out(&mut door, act);
        check_motor(&door.log)?;
    }
    door.wait(75_000);
    // Four seconds after power is good a key clicks.
    door.contact(Contact::SwitchAudio, true);
    door.unplug();
    door.power();
    door.wait(4000);
    door.log.clear();
    door.press(Contact::Digit(1));
    prop_assert!(door.log.iter().any(|(_, did)| *did == Did::Beeper(true)));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn motor_rules_hold_and_the_lock_never_stays_deaf(acts in prop::collection::vec(act(), 1..40)) {
        check(Model::TenKey, &acts)?;
        check(Model::FiveKey, &acts)?;
    }

    #[test]
    fn nothing_but_the_code_opens(entries in prop::collection::vec(
        prop::collection::vec(0..=9_u8, 1..10), 1..20,
    )) {
        for model in [Model::TenKey, Model::FiveKey] {
            let code = Code::new(model, &[2, 4, 6, 8]);
            let mut door = Door::programmed(model, &[&[2, 4, 6, 8]]);
            for digits in &entries {
                // On five keys a longer entry may hold the code at its beginning.
                let begins = Code::new(model, &digits[..digits.len().min(4)]) == code;
                if begins || Code::new(model, digits) == code {
                    continue;
                }
                door.enter(digits);
                door.wait(6000);
                prop_assert!(door.motor().is_empty(), "{:?} on {:?}", digits, model);
            }
        }
    }
}

/// Rule 5, while the board stands still for longer than a finger is down.
#[test]
fn a_press_that_was_only_glimpsed_gets_its_click() {
    let at = |millis| Moment::BOOT + Span::millis(millis);
    let idle = ContactSet::NONE.with(Contact::SwitchAudio, true);
    let pressed = idle.with(Contact::Digit(1), true);
    for (length, clicks) in [(10, false), (20, true), (60, true)] {
        let kept = Kept {
            state: Some(State::default()),
            events: EventLog::default(),
        };
        let mut memory = Memory::default();
        let mut lock = Lock::new(Model::TenKey, BootReason::PowerOn, kept, idle);
        let mut step = |now, glimpses: &[Glimpse]| {
            let inputs = Inputs {
                contacts: idle,
                glimpses,
                ..Inputs::default()
            };
            lock.step(at(now), inputs, &mut memory).beeper
        };
        step(1000, &[]);
        let seen = (0..=90).step_by(10).map(|since| {
            let down = (10..=10 + length).contains(&since);
            (at(2000 + since), if down { pressed } else { idle })
        });
        let seen: Vec<Glimpse> = seen.collect();
        assert_eq!(step(2091, &seen), clicks, "{length} ms");
    }
}
