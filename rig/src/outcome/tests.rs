//! Traces in, lines out; and lines back in.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::trace::sketch::Sketch;
use crate::trace::{Channel::*, ResetCause, Value};

fn read(trace: &Trace) -> String {
    let outcomes = Outcomes::of(trace);
    let text = outcomes.to_string();
    assert_eq!(text.parse::<Outcomes>().unwrap(), outcomes);
    text
}

#[test]
fn feedback_reads_as_the_design_shows_it() {
    let trace = Sketch::default()
        .step(0, "hold program")
        .step(0, "battery connect")
        .step(10, "wait  30s")
        .pulse(StatusGreen, 29_961, 500)
        .beep(29_961, 500)
        .step(30_010, "release program")
        .end(31_000);
    assert_snapshot!(read(&trace), @r"
    1  hold program
    2  battery connect
    3  wait 30s
         +29.951s  status  green 1x 500ms
         +29.951s  beeper  1x 500ms 4000Hz
    4  release program
    ");
}

#[test]
fn equal_pulses_become_a_pattern_and_the_idle_blink_is_one() {
    let trace = Sketch::default()
        .step(0, "wait 30s")
        .pulses(StatusGreen, 2_000, 5, 50, 5950)
        .step(30_000, "enter 1234")
        // Clicks, then the feedback of a wrong code.
        .beep(30_020, 30)
        .beep(30_220, 30)
        .beep(30_420, 30)
        .beep(30_620, 30)
        .pulses(KeypadRed, 30_700, 3, 150, 150)
        .beep(30_700, 150)
        .beep(31_000, 150)
        .beep(31_300, 150)
        .end(40_000);
    assert_snapshot!(read(&trace), @r"
    1  wait 30s
         +2.000s   status  green 5x 50/5950ms
    2  enter 1234
         +0.020s   beeper  4x 30/170ms 4000Hz
         +0.700s   keypad  red 3x 150/150ms
         +0.700s   beeper  3x 150/150ms 4000Hz
    ");
}

#[test]
fn a_quick_pattern_after_a_like_pulse_keeps_its_first_pulse() {
    let trace = Sketch::default()
        .step(0, "wait 5s")
        .pulse(KeypadRed, 100, 150)
        .pulses(KeypadRed, 1_000, 3, 150, 150)
        .end(5_000);
    assert_snapshot!(read(&trace), @r"
    1  wait 5s
         +0.100s   keypad  red 1x 150ms
         +1.000s   keypad  red 3x 150/150ms
    ");
}

#[test]
fn two_long_lights_answer_to_their_own_steps() {
    let trace = Sketch::default()
        .step(0, "press lock")
        .pulse(StatusRed, 20, 5_000)
        .step(6_000, "press lock")
        .pulse(StatusRed, 6_020, 5_000)
        .end(12_000);
    assert_snapshot!(read(&trace), @r"
    1  press lock
         +0.020s   status  red 1x 5000ms
    2  press lock
         +0.020s   status  red 1x 5000ms
    ");
}

#[test]
fn a_pattern_crosses_steps_but_clicks_stay_with_their_own() {
    let trace = Sketch::default()
        .step(0, "press 1")
        .beep(20, 30)
        .step(200, "press 2")
        .beep(220, 30)
        .pulses(KeypadRed, 300, 15, 150, 150)
        .step(1_000, "wait 10s")
        .pulses(StatusGreen, 1_500, 2, 50, 5950)
        .step(11_000, "wait 6s")
        .pulse(StatusGreen, 13_500, 50)
        .end(17_000);
    assert_snapshot!(read(&trace), @r"
    1  press 1
         +0.020s   beeper  1x 30ms 4000Hz
    2  press 2
         +0.020s   beeper  1x 30ms 4000Hz
         +0.100s   keypad  red 15x 150/150ms
    3  wait 10s
         +0.500s   status  green 2x 50/5950ms
    4  wait 6s
         +2.500s   status  green 1x 50ms
    ");
}

#[test]
fn colours_mix_and_alternate() {
    let mut sketch = Sketch::default().step(0, "wait 10s");
    for pair in 0..4 {
        sketch = sketch.pulse(StatusGreen, 100 + pair * 300, 150).pulse(
            StatusRed,
            250 + pair * 300,
            150,
        );
    }
    let trace = sketch
        // Amber with one half late at both ends, then green with a late red.
        .pulse(KeypadGreen, 2_000, 300)
        .pulse(KeypadRed, 2_002, 300)
        .pulse(KeypadGreen, 3_000, 100)
        .pulse(KeypadRed, 3_101, 200)
        // Two milliseconds of one half are a pulse, not a lag.
        .pulse(KeypadGreen, 4_000, 2)
        .end(10_000);
    assert_snapshot!(read(&trace), @r"
    1  wait 10s
         +0.100s   status  green/red 4x 150/150ms
         +2.000s   keypad  amber 1x 300ms
         +3.000s   keypad  green 1x 100ms
         +3.100s   keypad  red 1x 201ms
         +4.000s   keypad  green 1x 2ms
    ");
}

#[test]
fn the_motor_and_the_bolt() {
    let trace = Sketch::default()
        .level(0, BoltRetracted, true)
        .step(0, "enter 1234")
        .pulse(MotorClose, 100, 1012)
        .level(130, BoltRetracted, false)
        // The switch bounces on its way in.
        .level(1_000, BoltExtended, true)
        .level(1_001, BoltExtended, false)
        .level(1_002, BoltExtended, true)
        .pulse(MotorOpen, 2_000, 300)
        .pulse(MotorClose, 2_299, 100)
        .end(3_000);
    assert_snapshot!(read(&trace), @r"
    1  enter 1234
         +0.100s   motor   close 1012ms
         +0.130s   bolt    between
         +1.000s   bolt    extended
         +2.000s   motor   open 299ms
         +2.299s   motor   both 1ms
         +2.300s   motor   close 99ms
    ");
}

#[test]
fn what_still_lasts_at_the_end_is_told() {
    let trace = Sketch::default()
        .level(0, KeypadRed, true)
        .step(1_000, "wait 1s")
        .pulses(StatusRed, 1_100, 3, 150, 150)
        .level(1_995, StatusRed, true)
        .level(1_500, MotorOpen, true)
        .beep(1_900, 100)
        .end(2_000);
    assert_snapshot!(read(&trace), @r"
    1  wait 1s
         +0.000s   keypad  red on to end
         +0.100s   status  red 3x 150/150ms
         +0.500s   motor   open to end
         +0.900s   beeper  1x 100ms 4000Hz
         +0.995s   status  red on to end
    ");
    let mut cut = trace.clone();
    cut.events.retain(|event| event.at.0 < 1_950_100_000);
    cut.end = crate::trace::Nanos(1_950_100_000);
    assert_snapshot!(read(&cut).lines().last().unwrap(), @"     +0.900s   beeper  on to end 4000Hz");
}

#[test]
fn hub_frames_brown_outs_and_resets() {
    let trace = Sketch::default()
        .sample(0, Supply, 6_000)
        .level(0, Power, true)
        .step(0, "hub status")
        .bytes(100, &[0xBD, 0x05, 0x01, 0xAA, 0x07, 0x01, 0x57])
        .bytes(107, &[0xBD, 0x03, 0x02])
        .bytes(200, &[0x00, 0xFF])
        .sample(300, Supply, 2_300)
        .level(300, Power, false)
        .sample(312, Supply, 5_000)
        .level(312, Power, true)
        .reset(312, ResetCause::BrownOut)
        .reset(400, ResetCause::Watchdog)
        .step(500, "battery disconnect")
        .sample(500, Supply, 0)
        .level(501, Power, false)
        .end(600);
    assert_snapshot!(read(&trace), @r"
    1  hub status
         +0.100s   hub     BD 05 01 AA 07 01 57
         +0.107s   hub     BD 03 02
         +0.200s   hub     00 FF
         +0.300s   power   brown-out 12ms
         +0.400s   power   reset watchdog
    2  battery disconnect
    ");
}

#[test]
fn a_buzzer_line_that_only_goes_high_is_told_as_pulses() {
    let trace = Sketch::default()
        .step(0, "wait 2s")
        .pulses(Beeper, 100, 3, 150, 150)
        .end(2_000);
    assert_snapshot!(read(&trace).lines().last().unwrap(), @"     +0.100s   beeper  3x 150/150ms");
}

proptest! {
    /// Kernel timestamps of a 4 kHz wave, each late by up to 80 us, still give the tone and its
    /// length; and a pause of three periods parts two bursts.
    #[test]
    fn tones_survive_jitter(seed in any::<u64>(), periods in 100u64..2_000) {
        let mut state = seed | 1;
        let jitter = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            Nanos(state % 80_000)
        };
        let period = Nanos::from_micros(250);
        let trace = Sketch::default()
            .step(0, "wait 2s")
            .wave(Nanos::from_millis(10), periods, period, jitter)
            .end(2_000);
        let outcomes = Outcomes::of(&trace);
        prop_assert_eq!(outcomes.blocks[0].outcomes.len(), 1);
        let Phrase::Sound(Rhythm::Once(on), hertz) = &outcomes.blocks[0].outcomes[0].phrase else {
            panic!("{outcomes}");
        };
        prop_assert_eq!(*hertz, Some(4000));
        prop_assert!(on.micros().abs_diff(periods * 250) <= 1_000);
    }

    #[test]
    fn three_silent_periods_part_two_bursts(periods in 2u64..50) {
        let period = Nanos::from_micros(250);
        let pause = Nanos((periods + 3) * period.0);
        let trace = Sketch::default()
            .step(0, "wait 1s")
            .wave(Nanos::ZERO, periods, period, || Nanos::ZERO)
            .wave(pause, periods, period, || Nanos::ZERO)
            .end(1_000);
        let spells = tone::burst_spells(&trace);
        prop_assert_eq!(spells.len(), 2);
        prop_assert_eq!(spells[0].end, Some(Nanos(periods * period.0)));
        prop_assert_eq!(spells[1].start, pause);
    }

    /// Whatever lines do, reading them never fails and what is written parses back.
    #[test]
    fn every_reading_parses_back(
        edges in prop::collection::vec((0u64..20_000_000, 0usize..11, any::<bool>(), any::<u8>()), 0..200),
        steps in prop::collection::vec(0u64..20_000, 1..6),
    ) {
        let lines = [
            MotorOpen, MotorClose, StatusGreen, StatusRed, KeypadGreen, KeypadRed, Beeper,
            BoltRetracted, BoltExtended, Power, HubFromLock,
        ];
        let mut steps = steps;
        steps.sort_unstable();
        let mut sketch = Sketch::default();
        for at in steps {
            sketch = sketch.step(at, "wait");
        }
        for (at, line, level, byte) in edges {
            let value = match lines[line] {
                HubFromLock => Value::Byte(byte),
                _ => Value::Level(level),
            };
            sketch = sketch.event(Nanos(at * 1000), lines[line], value);
        }
        read(&sketch.end(20_001));
    }

    #[test]
    fn every_outcome_parses_back(outcomes in prop::collection::vec(any_outcome(), 0..20)) {
        let outcomes = Outcomes {
            blocks: vec![Block { number: 1, heading: "wait 1s".into(), outcomes }],
        };
        prop_assert_eq!(outcomes.to_string().parse(), Ok(outcomes));
    }
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    let length = || (0u64..100_000_000).prop_map(Length::from_micros);
    // The shorter of a pair sets the unit, so the longer must be whole in it.
    let pair = || {
        prop_oneof![
            (1u64..1000, 1u64..1000)
                .prop_map(|(on, off)| { (Length::from_micros(on), Length::from_micros(off)) }),
            (1u64..100_000, 1u64..100_000)
                .prop_map(|(on, off)| { (Length::from_millis(on), Length::from_millis(off)) }),
        ]
    };
    let colour = || prop::sample::select(&Colour::ALL[..]);
    let pulses = move || {
        (2u32..100, pair()).prop_map(|(count, (on, off))| Rhythm::Pulses { count, on, off })
    };
    let rhythm = move || {
        prop_oneof![
            length().prop_map(Rhythm::Once),
            Just(Rhythm::ToEnd),
            pulses(),
        ]
    };
    let light = prop_oneof![
        (colour(), rhythm()).prop_map(|(c, r)| Phrase::Light(Paint::One(c), r)),
        (colour(), colour(), pulses()).prop_map(|(a, b, r)| Phrase::Light(Paint::Two(a, b), r)),
    ];
    let drive = prop::sample::select(&Drive::ALL[..]);
    let phrase = prop_oneof![
        (drive, prop::option::of(length())).prop_map(|(d, l)| (Part::Motor, Phrase::Run(d, l))),
        prop::sample::select(&Position::ALL[..]).prop_map(|p| (Part::Bolt, Phrase::Bolt(p))),
        light.prop_map(|phrase| (Part::Keypad, phrase)),
        (rhythm(), prop::option::of(0u32..20_000))
            .prop_map(|(r, h)| (Part::Beeper, Phrase::Sound(r, h))),
        prop::collection::vec(any::<u8>(), 1..20).prop_map(|b| (Part::Hub, Phrase::Frame(b))),
        prop::option::of(length()).prop_map(|l| (Part::Power, Phrase::BrownOut(l))),
        prop::sample::select(&ResetCause::ALL[..]).prop_map(|c| (Part::Power, Phrase::Reset(c))),
    ];
    (0u64..10_000_000, phrase).prop_map(|(at, (part, phrase))| Outcome { at, part, phrase })
}

#[test]
fn lines_that_say_nothing_are_refused_with_what_would() {
    let refused = [
        "     +0.000s  beeper  1x 30ms",
        "1 wait",
        "2  wait 1s",
        "1  wait 1s\n     0.000s  beeper  1x 30ms",
        "1  wait 1s\n     +0.000s  horn  1x 30ms",
        "1  wait 1s\n     +0.000s  keypad  blue 1x 30ms",
        "1  wait 1s\n     +0.000s  status  green/red on to end",
        "1  wait 1s\n     +0.000s  motor  open -5ms",
        "1  wait 1s\n     +0.000s  hub  BD 5",
        "1  wait 1s\n     +18446744073709551615.000s  hub  BD",
    ]
    .map(|text| text.parse::<Outcomes>().unwrap_err().to_string());
    assert_snapshot!(refused.join("\n"));
}
