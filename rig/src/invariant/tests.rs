//! A trace that keeps every rule, and one that breaks each.

use insta::assert_snapshot;

use super::*;
use crate::trace::Channel::{self, *};
use crate::trace::sketch::Sketch;
use crate::trace::{self, Key, ResetCause};

const KEY_1: Channel = Contact(trace::Contact::Key(Key::Digit(1)));
const PROGRAM: Channel = Contact(trace::Contact::Program);
const AUDIO: Channel = Contact(trace::Contact::Switch(3));

/// A handed lock that has been on for long, and an unlock that keeps every rule.
fn good() -> Sketch {
    Sketch::default()
        .level(0, AUDIO, true)
        .level(0, BoltExtended, true)
        .sample(0, Supply, 6000)
        .level(0, Power, true)
        .step(0, "wait 5s")
        .step(5_000, "press 1")
        .pulse(KEY_1, 5_000, 100)
        .beep(5_021, 30)
        .pulse(MotorOpen, 5_100, 1_040)
        .sample(5_100, MotorCurrent, 800)
        .sample(5_130, MotorCurrent, 150)
        .level(5_110, BoltExtended, false)
        .level(6_100, BoltRetracted, true)
        .sample(6_100, MotorCurrent, 800)
        .sample(6_140, MotorCurrent, 0)
        .pulse(KeypadGreen, 6_150, 300)
}

fn broken(sketch: Sketch) -> String {
    broken_when(sketch, Conditions::default())
}

fn broken_when(sketch: Sketch, conditions: Conditions) -> String {
    let lines: Vec<String> = check(&sketch.end(60_000), conditions)
        .iter()
        .map(ToString::to_string)
        .collect();
    lines.join("\n")
}

#[test]
fn a_plain_unlock_keeps_every_rule() {
    let conditions = Conditions {
        handed: Some(true),
        ..Conditions::default()
    };
    assert_snapshot!(broken_when(good(), conditions), @"");
}

#[test]
fn the_motor_for_too_long() {
    assert_snapshot!(broken(good().pulse(MotorClose, 8_000, 1_511)), @"step 2 +3.000s: the motor closed for 1.511s (rule 10.3: never run the motor longer than 1.5 s in one direction)");
    // A seam of a few milliseconds doesn't make two runs of one.
    let seam = good()
        .pulse(MotorClose, 8_000, 800)
        .pulse(MotorClose, 8_803, 800);
    assert_snapshot!(broken(seam), @"step 2 +3.000s: the motor closed for 1.603s (rule 10.3: never run the motor longer than 1.5 s in one direction)");
    assert_snapshot!(broken(good().level(59_000, MotorClose, true)), @"");
}

#[test]
fn both_inputs_at_once() {
    let both = good()
        .pulse(MotorClose, 8_000, 100)
        .pulse(MotorOpen, 8_099, 100);
    assert_snapshot!(broken(both.clone()), @"step 2 +3.099s: both motor inputs were driven for 0.001000s (rule 10.3: never drive both sides of the motor at once)");
    let conditions = Conditions {
        skew: Nanos::from_millis(2),
        ..Conditions::default()
    };
    assert_snapshot!(broken_when(both, conditions), @"");
}

#[test]
fn on_against_a_stall() {
    let stall = good()
        .pulse(MotorClose, 8_000, 500)
        .sample(8_000, MotorCurrent, 800)
        .sample(8_030, MotorCurrent, 150)
        .sample(8_400, MotorCurrent, 790)
        .sample(8_420, MotorCurrent, 810)
        .sample(8_500, MotorCurrent, 0);
    assert_snapshot!(broken(stall), @"step 2 +3.400s: the motor was driven for 0.100s after it stalled (rule 7: the motor stops within 50 ms of a stall)");
}

#[test]
fn on_a_battery_too_low() {
    let idle = good()
        .sample(7_000, Supply, 4_400)
        .pulse(MotorClose, 8_000, 500);
    assert_snapshot!(broken(idle), @"step 2 +3.000s: the motor closed on 4400 mV (rule 10.2: never run the motor on a battery too low)");
    let sag = good()
        .pulse(MotorClose, 8_000, 500)
        .sample(8_000, Supply, 3_400)
        .sample(8_010, Supply, 4_000)
        .sample(8_300, Supply, 3_500)
        .sample(8_500, Supply, 6_000);
    assert_snapshot!(broken(sag), @"step 2 +3.300s: the motor was driven for 0.200s on less than 3.6 V (rule 6: stop the motor where the battery sags below 3.6 V)");
}

#[test]
fn without_power() {
    let lost = good()
        .pulse(MotorClose, 8_000, 500)
        .level(8_200, Power, false)
        .level(9_000, Power, true)
        .reset(9_000, ResetCause::BrownOut);
    assert_snapshot!(broken(lost), @"step 2 +3.200s: the motor was driven for 0.300s without power (rule 7: the motor stands while the processor has no power)");
}

#[test]
fn an_unlock_that_nobody_asked_for() {
    let unlock = good()
        .level(10_000, BoltRetracted, false)
        .pulse(MotorOpen, 12_000, 500)
        .level(12_400, BoltRetracted, true);
    assert_snapshot!(broken(unlock.clone()), @"step 2 +7.000s: the motor retracted the bolt, and nothing was pressed or sent in the 2 s before (rule 10.1: never unlock without a valid code, a paired hub's command or the key)");
    let hub = unlock.event(
        Nanos::from_millis(11_500),
        HubToLock,
        trace::Value::Byte(0xBD),
    );
    assert_snapshot!(broken(hub), @"");
}

#[test]
fn a_jammed_auto_lock_may_open_again() {
    let jam = good()
        .level(20_000, BoltRetracted, false)
        .pulse(MotorClose, 20_000, 500)
        .pulse(MotorOpen, 20_700, 300)
        .level(20_990, BoltRetracted, true);
    assert_snapshot!(broken(jam), @"");
}

#[test]
fn a_run_while_not_handed() {
    let conditions = Conditions {
        handed: Some(false),
        ..Conditions::default()
    };
    assert_snapshot!(broken_when(good(), conditions), @"step 2 +0.100s: the motor ran, and no press of Program asked for a handing (rule 10.2: never run the motor while not handed, handing itself aside)");
    let handing = Sketch::default()
        .step(0, "press program")
        .pulse(PROGRAM, 5_000, 100)
        .pulse(MotorOpen, 5_200, 1_000)
        .pulse(MotorClose, 6_450, 1_000)
        .pulse(StatusGreen, 7_500, 500)
        .pulse(KEY_1, 10_000, 100)
        .pulse(MotorOpen, 10_200, 1_000);
    assert_snapshot!(broken_when(handing.clone(), conditions), @"");
    // After a reset the lock is not handed again.
    let reset = handing
        .step(30_000, "press program")
        .pulse(PROGRAM, 30_000, 100)
        .pulses(StatusGreen, 30_100, 2, 150, 150)
        .step(40_000, "press lock")
        .pulse(Contact(trace::Contact::Lock), 40_000, 100)
        .pulse(MotorClose, 40_200, 1_000);
    assert_snapshot!(broken_when(reset, conditions), @"step 3 +0.200s: the motor ran, and no press of Program asked for a handing (rule 10.2: never run the motor while not handed, handing itself aside)");
}

#[test]
fn a_run_in_storage_fault() {
    let corrupt = good()
        .step(10_000, "storage corrupt")
        .step(20_000, "press 1")
        .pulse(KEY_1, 20_000, 100)
        .beep(20_021, 30)
        .pulse(MotorClose, 20_200, 1_000);
    assert_snapshot!(broken(corrupt), @"step 4 +0.200s: the motor ran after the storage was corrupted (rule 10.2: never run the motor in storage fault)");
}

#[test]
fn a_key_that_nobody_answers() {
    let press = |sketch: Sketch| broken(sketch.step(20_000, "press 1").pulse(KEY_1, 20_000, 100));
    // Keys pressed just before are no excuse.
    assert_ne!(
        press(
            good()
                .pulse(Contact(trace::Contact::Lock), 19_000, 100)
                .beep(19_021, 30)
        ),
        ""
    );
    assert_snapshot!(press(good()), @"step 3 +0.000s: contact 1 was pressed and nothing answered (rule 10.5: 4 s after power is good and nothing is held, a key press gets its click)");
    // Each of these excuses the lock.
    let lockout = good().pulses(KeypadRed, 8_000, 15, 150, 150);
    let excused = [
        press(lockout),
        press(good().level(15_000, AUDIO, false)),
        press(
            good()
                .level(18_000, Power, false)
                .level(18_100, Power, true),
        ),
        press(good().reset(17_000, ResetCause::Watchdog)),
        press(good().pulse(PROGRAM, 18_000, 3_000)),
        press(good().pulse(MotorClose, 19_000, 1_100)),
        broken(good().step(20_000, "bounce").pulse(KEY_1, 20_000, 15)),
    ];
    assert_eq!(excused.concat(), "");
}
