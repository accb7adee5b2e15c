//! Steps on a scripted lock: what the hands do, when, and what comes of it.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::scripted::{Cue, Scripted};
use super::{
    Limits, PlayError, Played, Situation, Spectator, missing, play, play_before, prepare, safely,
};
use crate::bench::{Bench, BenchError, Capability};
use crate::lock::Door;
use crate::outcome::Outcome;
use crate::scenario::{Given, Scenario, Step, parse};
use crate::trace::{Channel, Contact, Key, Nanos};

static GO_ON: AtomicBool = AtomicBool::new(false);

const NO_LIMIT: Limits<'static> = Limits {
    deadline: None,
    interrupted: &GO_ON,
};

fn scenario(given: &str, steps: &str) -> Scenario {
    let source = format!("title: T\ngiven: {given}\nlocks: ten-key\nsteps: [{steps}]\n");
    parse(&source, Path::new("t.yaml"), "t").unwrap()
}

fn pulse(channel: Channel, from: u64, to: u64) -> Vec<(u64, Channel, bool)> {
    vec![(from, channel, true), (to, channel, false)]
}

/// A lock that clicks on 1, and shows green while its motor opens on `lock`.
fn lock() -> Scripted {
    let mut opens = pulse(Channel::KeypadGreen, 25, 325);
    opens.extend(pulse(Channel::MotorOpen, 30, 1030));
    Scripted::new(vec![
        (
            Cue::Closed(Contact::Key(Key::Digit(1))),
            pulse(Channel::Beeper, 20, 50),
        ),
        (Cue::Closed(Contact::Lock), opens),
        (Cue::Connected, pulse(Channel::StatusRed, 100, 400)),
    ])
}

fn run(bench: &mut Scripted, scenario: &Scenario) -> Result<Played, PlayError> {
    play(bench, &mut Situation::default(), scenario, NO_LIMIT)
}

#[test]
fn each_step_does_what_it_says_at_its_time() {
    let mut bench = lock();
    let played = run(
        &mut bench,
        &scenario(
            "new",
            "hold: program, battery: 5.1 V, battery: connect, wait: 1s, release: program, press: 1, battery: 4.6 V, \
             enter: { code: \"12\", down: 40ms, gap: 1s }, enter: { code: \"1\", confirm: no }, switch: 1 on, press: { key: lock, for: 2s }, \
             settle, turn-key: lock, jam: opening, battery: disconnect",
        ),
    )
    .unwrap();
    insta::assert_snapshot!("calls", bench.calls.join("\n"));
    insta::assert_snapshot!("outcomes", played.outcomes);
}

/// Writes down what it is told.
#[derive(Default)]
struct Diary(Vec<String>);

impl Spectator for Diary {
    fn step(&mut self, number: usize, of: usize, step: &Step, left: Nanos) {
        self.0
            .push(format!("{number}/{of} {}, {left} left", step.text));
    }

    fn outcome(&mut self, number: usize, outcome: &Outcome) {
        self.0.push(format!("     {number}: {outcome}"));
    }
}

#[test]
fn a_spectator_is_told_each_step_and_each_outcome_as_it_is_over() {
    let mut diary = Diary::default();
    let scenario = scenario(
        "new",
        "battery: connect, wait: 2s, press: 1, press: lock, wait: 4s, press: 1",
    );
    let mut situation = Situation::default();
    let spectator = Some(&mut diary as &mut dyn Spectator);
    let watched = play_before(&mut lock(), &mut situation, &scenario, NO_LIMIT, spectator).unwrap();
    insta::assert_snapshot!(diary.0.join("\n"));
    assert_eq!(watched, run(&mut lock(), &scenario).unwrap());
}

#[test]
fn settle_ends_a_second_after_the_last_thing_the_lock_did() {
    let mut bench = lock();
    let played = run(
        &mut bench,
        &scenario("new", "battery: connect, wait: 1s, press: lock, settle"),
    )
    .unwrap();
    // Pressed at 1 s, the motor stops 1.03 s later.
    assert_eq!(played.trace.end, Nanos::from_millis(3_030));
    assert_eq!(played.misses, []);
}

#[test]
fn a_lock_that_never_settles_is_told_so() {
    let mut bench = Scripted::new(vec![(
        Cue::Connected,
        vec![(10, Channel::StatusRed, true), (20, Channel::Beeper, true)],
    )]);
    let played = run(&mut bench, &scenario("new", "battery: connect, settle: 5s")).unwrap();
    assert_eq!(played.trace.end, Nanos::from_secs(5));
    insta::assert_debug_snapshot!(played.misses, @r#"
    [
        Miss {
            step: 2,
            text: "settle 5s",
            line: 4,
            wanted: "a lock that is dark, silent and still",
            got: [
                "status red is on still",
                "beeper is on still",
            ],
        },
    ]
    "#);
}

#[test]
fn expectations_are_held_against_their_step() {
    let mut bench = lock();
    let played = run(
        &mut bench,
        &scenario(
            "new",
            "battery: connect, settle, press: lock, \
             expect: { motor: open, keypad: green 1x, beeper: none }, \
             expect: { motor: [open, close], keypad: red 3x, beeper: 1x }, \
             settle, expect: { motor: open }",
        ),
    )
    .unwrap();
    let misses: Vec<String> = played
        .misses
        .iter()
        .map(|miss| {
            format!(
                "{} {}: wanted {}, got {:?}",
                miss.step, miss.text, miss.wanted, miss.got
            )
        })
        .collect();
    insta::assert_snapshot!(misses.join("\n"));
}

#[test]
fn a_trace_begins_with_the_levels_it_finds() {
    let mut bench = lock();
    let mut situation = Situation::default();
    let first = scenario("new", "hold: program, battery: connect, wait: 200ms");
    super::player::Player::new(&mut bench, &mut situation, NO_LIMIT)
        .unwrap()
        .steps(&first.steps)
        .unwrap();
    let second = scenario("handed", "wait: 100ms");
    let played = play(&mut bench, &mut situation, &second, NO_LIMIT).unwrap();
    let begin: Vec<String> = played
        .trace
        .events
        .iter()
        .map(|event| format!("{} {} {:?}", event.at, event.channel, event.value))
        .collect();
    insta::assert_snapshot!(begin.join("\n"));
}

#[test]
fn a_bench_that_fails_is_left_safe() {
    let mut bench = lock();
    bench.breaks_at = Some(Nanos::from_secs(3));
    let error = run(&mut bench, &scenario("new", "battery: connect, wait: 10s")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "use this bench: it can't put the battery in and out"
    );
    assert_eq!(bench.calls.last().map(String::as_str), Some("2.500s safe"));
    assert!(!bench.pack_in);
}

#[test]
fn interrupt_and_deadline_end_a_run_safely() {
    let stop = AtomicBool::new(true);
    let interrupted = Limits {
        deadline: None,
        interrupted: &stop,
    };
    let late = Limits {
        deadline: Some((
            Instant::now() - Duration::from_secs(1),
            Duration::from_secs(7),
        )),
        interrupted: &GO_ON,
    };
    for (limits, message) in [
        (interrupted, "finish the run: it was interrupted"),
        (late, "finish the run within 7 s"),
    ] {
        let mut bench = lock();
        let scenario = scenario("new", "battery: connect, wait: 10s");
        let error = play(&mut bench, &mut Situation::default(), &scenario, limits).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(
            bench
                .calls
                .last()
                .is_some_and(|call| call.ends_with("safe"))
        );
    }
}

#[test]
fn a_bench_that_lacks_something_says_what() {
    let mut bench = lock();
    let needs = |bench: &Scripted, steps: &str| {
        missing(&scenario("new", steps), bench).map(|need| need.to_string())
    };
    assert_eq!(needs(&bench, "battery: 4.6 V, enter: \"1\""), None);
    assert_eq!(
        needs(&bench, "press: 1, turn-key: lock").as_deref(),
        Some("turn the key")
    );
    assert_eq!(needs(&bench, "press: hub").as_deref(), Some("close `hub`"));
    // Cells that hold their voltage are played by anyone who can set one; worn ones are not.
    let cells = |what: &str| format!("battery: {{ {what} }}");
    let fresh = cells("chemistry: alkaline, charge: 100%");
    assert_eq!(needs(&bench, &fresh), None);
    assert_eq!(
        needs(&bench, &cells("chemistry: alkaline, charge: 5%")).as_deref(),
        Some("set the battery's resistance")
    );
    bench.most = Some(6_300);
    assert_eq!(
        needs(&bench, &fresh).as_deref(),
        Some("set the battery's voltage to 6.40 V")
    );
    bench.can.remove(&Capability::New);
    assert_eq!(
        needs(&bench, "wait: 1s").as_deref(),
        Some("make a lock as new")
    );
    assert!(bench.turn_key(crate::lock::Turn::Lock).is_ok());
}

#[test]
fn a_lock_that_the_procedure_does_not_hand_is_no_fault_of_the_rig() {
    let mut bench = lock();
    let not_reached = prepare(
        &mut bench,
        &mut Situation::default(),
        Given::Programmed,
        Door::Right,
        NO_LIMIT,
    )
    .unwrap()
    .unwrap_err();
    let misses: Vec<String> = not_reached
        .misses
        .iter()
        .map(|miss| format!("{} {}: {}", miss.step, miss.text, miss.wanted))
        .collect();
    assert_eq!(
        misses,
        ["7 settle: bolt extended", "7 settle: status green 1x"]
    );
    assert_eq!(
        bench.calls[..2],
        ["0.000s door Right", "0.000s switch 3 down"]
    );
    assert!(
        bench
            .calls
            .last()
            .is_some_and(|call| call.ends_with("safe"))
    );
}

#[test]
fn a_bench_that_is_not_safe_is_told_before_an_interruption_and_after_a_fault() {
    let unsafe_bench = || Err(BenchError::Unable(Capability::Supply));
    let told = |done: Result<(), PlayError>, safe| match safely(done, safe) {
        Ok(()) => "done".to_owned(),
        Err(error) => error.to_string(),
    };
    let fault = || PlayError::Bench(BenchError::Unable(Capability::Hub));
    let interrupted = || Err(PlayError::Interrupted);
    let [supply, hub] = [Capability::Supply, Capability::Hub]
        .map(|part| PlayError::Bench(BenchError::Unable(part)).to_string());
    assert_ne!(supply, hub);
    assert_eq!(told(Ok(()), Ok(())), "done");
    assert_eq!(told(Ok(()), unsafe_bench()), supply);
    assert_eq!(told(interrupted(), unsafe_bench()), supply);
    assert_eq!(
        told(interrupted(), Ok(())),
        PlayError::Interrupted.to_string()
    );
    assert_eq!(told(Err(fault()), unsafe_bench()), hub);
}
