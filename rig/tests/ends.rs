//! `rig run --bench` on a bench in rehearsal, with a virtual lock in real time: however a run ends,
//! contacts are open and the supply is off, and its exit code says whose doing it was.

mod instrument;
mod rehearsal;

use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use rehearsal::{Rehearsal, guards, signal, stderr, stdout, with_lock};

/// Played on a lock without a debug port, which is made as new first: Program is held for 32 s with
/// the pack in.
const SCENARIO: &str = "title: A lock as new\ngiven: new\nlocks: ten-key\nsteps:\n  - battery: connect\n  - wait: 4s\n";

fn start(bench: &Rehearsal, more: &[&str]) -> Child {
    let scenarios = bench.folder.path().join("scenarios");
    std::fs::create_dir_all(&scenarios).unwrap();
    std::fs::write(scenarios.join("first.yaml"), SCENARIO).unwrap();
    std::process::Command::new(env!("CARGO_BIN_EXE_rig"))
        .args(["run", "first", "--output", "out", "--bench"])
        .arg(&bench.bench)
        .args(more)
        .current_dir(bench.folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until the lock is fed with Program held.
fn wait_until_live(bench: &Rehearsal) {
    let began = Instant::now();
    while !(bench.driven() == "LLLH" && bench.supply.settings().on) {
        let waited = began.elapsed();
        assert!(waited < Duration::from_secs(120), "{}", bench.driven());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Nothing is driven that closes anything.
fn is_safe(bench: &Rehearsal) -> bool {
    bench.driven() == "LLZL" && !bench.supply.settings().on
}

fn said(output: &Output) -> String {
    stdout(output) + &stderr(output)
}

#[test]
fn ctrl_c_and_sigterm_end_in_order() {
    for name in ["INT", "TERM"] {
        let bench = with_lock();
        let run = start(&bench, &[]);
        wait_until_live(&bench);
        signal(run.id(), name);
        let output = run.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", said(&output));
        assert!(is_safe(&bench), "{}", bench.driven());
        bench.wait_for_guard();
    }
}

#[test]
fn a_deadline_is_the_rigs_fault() {
    let bench = with_lock();
    let output = start(&bench, &["--deadline", "7s"])
        .wait_with_output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("7 s"), "{}", said(&output));
    assert!(is_safe(&bench), "{}", bench.driven());
}

#[test]
fn a_guard_that_is_killed_ends_the_run() {
    let bench = with_lock();
    let run = start(&bench, &[]);
    wait_until_live(&bench);
    let [guard] = guards(&bench.bench)[..] else {
        panic!("one guard");
    };
    signal(guard, "KILL");
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(
        said(&output).contains("the guard is gone"),
        "{}",
        said(&output)
    );
    assert!(is_safe(&bench), "{}", bench.driven());
}

#[test]
fn killed_at_random_points_the_guard_leaves_it_safe() {
    // Some before anything is driven, some while the lock is fed.
    let live: Vec<bool> = std::thread::scope(|scope| {
        let rounds: Vec<_> = [400, 1_500, 3_100, 5_900, 6_700, 8_300]
            .map(|millis| {
                scope.spawn(move || {
                    let bench = with_lock();
                    let mut run = start(&bench, &[]);
                    std::thread::sleep(Duration::from_millis(millis));
                    run.kill().unwrap();
                    run.wait().unwrap();
                    let live = bench.driven() == "LLLH" && bench.supply.settings().on;
                    bench.wait_for_guard();
                    let driven = bench.driven();
                    // Killed before it did anything, it leaves nothing to do.
                    assert!(driven == "LLZL" || driven == "....", "{millis}: {driven}");
                    assert!(!bench.supply.settings().on, "{millis}");
                    live
                })
            })
            .into_iter()
            .collect();
        rounds
            .into_iter()
            .map(|round| round.join().unwrap())
            .collect()
    });
    if !live.contains(&true) {
        // On a machine that is slow to begin none came late enough: one that certainly does.
        let bench = with_lock();
        let mut run = start(&bench, &[]);
        wait_until_live(&bench);
        run.kill().unwrap();
        run.wait().unwrap();
        bench.wait_for_guard();
        assert!(is_safe(&bench), "{}", bench.driven());
    }
}

#[test]
fn a_supply_that_is_unplugged_is_the_rigs_fault() {
    let bench = with_lock();
    let run = start(&bench, &[]);
    wait_until_live(&bench);
    bench.supply.trouble(instrument::Trouble::Unplugged);
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let told = said(&output);
    assert!(told.contains("was it unplugged or switched off?"), "{told}");
    // The supply is out of reach; what is not, is open.
    assert_eq!(bench.driven(), "LLZL");
}
