//! `rig run --bench` on a bench in rehearsal, with a virtual lock in real time: however a run ends,
//! contacts are open and the supply is off, and its exit code says whose doing it was.

mod instrument;
mod rehearsal;

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use rehearsal::{Rehearsal, guards, signal, stderr, stdout, with_lock, with_lock_and};

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
fn a_bench_without_lines_leaves_no_guard_behind() {
    let bench = with_lock();
    let text = std::fs::read_to_string(&bench.bench).unwrap();
    let elsewhere = text.replace("state: lines", "state: no-such-folder/lines");
    std::fs::write(&bench.bench, elsewhere).unwrap();
    let output = start(&bench, &[]).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(
        said(&output).contains("no-such-folder"),
        "{}",
        said(&output)
    );
    assert!(guards(&bench.bench).is_empty());
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

/// Passes on to a debug port what a probe says to it, until it has said so many bytes, and then
/// nothing more.
fn cable(port: &str, length: u64) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let port = port.to_owned();
    std::thread::spawn(move || {
        let (probe, _) = listener.accept().unwrap();
        let chip = TcpStream::connect(port).unwrap();
        let (mut answers, mut to_probe) = (chip.try_clone().unwrap(), probe.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut answers, &mut to_probe));
        let _ = std::io::copy(&mut (&probe).take(length), &mut &chip);
        // Held open until the test is over.
        std::thread::park();
        drop(probe);
    });
    address.port()
}

#[test]
fn a_probe_that_falls_silent_while_it_writes_is_the_rigs_fault() {
    let (server, line) = rehearsal::probed();
    let selector = server.selector();
    let port = selector.strip_prefix("20b7:9db1:tcp:").unwrap();
    // Attaching and comparing take some of them, writing the most.
    let cut = cable(port, 60_000);
    let there = port.rsplit(':').next().unwrap();
    let bench = with_lock_and(&line.replace(there, &cut.to_string()));
    let firmware = rehearsal::firmware();
    let run = start(&bench, &["--firmware", firmware.to_str().unwrap()]);
    let output = run.wait_with_output().unwrap();
    let told = said(&output);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(
        told.contains(
            "failed to use the probe: it has said nothing for 20 s; the lock's power is off"
        ),
        "{told}"
    );
    assert!(is_safe(&bench), "{}", bench.driven());
}
