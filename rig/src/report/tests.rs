//! What a person reads of each ending.

use std::time::Duration;

use super::{Console, Ending, Record, Setting, exit, junit, lines};
use crate::command::Exit;
use crate::invariant::{Rule, Violation};
use crate::lock::LockModel;
use crate::outcome::Outcomes;
use crate::play::{Miss, NotReached};
use crate::scenario::Given;
use crate::snapshot::{Mode, Store, Terms, Verdict};
use crate::statistics::Statistics;
use crate::trace::Nanos;

pub(crate) fn record(name: &str, ending: Ending) -> Record {
    Record {
        name: name.into(),
        round: 1,
        title: "A wrong code moves nothing".into(),
        path: format!("scenarios/{name}.yaml").into(),
        setting: Setting {
            bench: "virtual".into(),
            lock: LockModel::TenKey,
            image: "firmware/images/lock-ten-key-0.1.0.elf".into(),
            image_sha256: "ab".repeat(32),
            seed: 0,
        },
        ending,
        sweep: Vec::new(),
        sweep_accepted: Vec::new(),
        steps: [
            "press program",
            "enter 1234",
            "settle",
            "press 1",
            "press 2",
            "press 3",
            "press lock",
            "enter 9999",
            "settle",
        ]
        .map(str::to_owned)
        .to_vec(),
        virtual_time: Nanos::from_millis(41_200),
        real_time: Duration::from_micros(4_120),
        folder: Some(format!("target/rig/20250102T030405-{name}").into()),
        again: format!("rig run scenarios/{name}.yaml --lock ten-key"),
    }
}

fn miss() -> Miss {
    Miss {
        step: 8,
        text: "enter 9999".into(),
        line: 14,
        wanted: "motor none".into(),
        got: vec!["+0.820s   motor   open 1000ms".into()],
    }
}

/// What the snapshot store says about two measured lines where others are accepted.
fn differs() -> Ending {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path()).unwrap();
    let before = "1  press program\n2  enter 1234\n3  settle\n4  press 1\n5  press 2\n6  press 3\n7  press lock\n8  enter 9999\n     +0.820s   keypad  red 3x 150/150ms\n     +0.820s   beeper  3x 150/150ms 4000Hz\n9  settle";
    let after = before
        .replace("keypad  red 3x", "keypad  red 4x")
        .replace("+0.820s   beeper", "+0.920s   beeper");
    let check = |text: &str, mode| {
        let outcomes: Outcomes = text.parse().unwrap();
        store
            .check("ten-key", "wrong-code", &outcomes, &Terms::default(), mode)
            .unwrap()
    };
    check(before, Mode::Accept);
    match check(&after, Mode::ReadOnly) {
        Verdict::Different { difference, .. } => Ending::Differs {
            difference: Some(difference),
            misses: vec![],
            violations: vec![],
            pending: Some("scenarios/snapshots/ten-key/wrong-code.snap.new".into()),
        },
        other => panic!("{other:?}"),
    }
}

fn not_reached() -> Ending {
    Ending::NotReached(NotReached {
        given: Given::Handed,
        misses: vec![Miss {
            step: 7,
            text: "settle".into(),
            line: 10,
            wanted: "status green 1x".into(),
            got: vec![],
        }],
        outcomes: "1  hold program\n2  battery connect\n     +0.100s   status  red 1x 300ms"
            .parse()
            .unwrap(),
    })
}

pub(super) fn all() -> Vec<Record> {
    let missed = Ending::Differs {
        difference: None,
        misses: vec![miss()],
        violations: vec![Violation {
            rule: Rule::RunTooLong,
            at: Nanos::from_millis(30_820),
            step: 8,
            since_step: Nanos::from_millis(820),
            seen: "the motor opened for 1.620s".into(),
        }],
        pending: None,
    };
    vec![
        record("unlock", Ending::Passed),
        record("wrong-code", differs()),
        record("lockout", missed),
        record("reset", not_reached()),
        record(
            "jam",
            Ending::Missing {
                pending: Some("scenarios/snapshots/ten-key/jam.snap.new".into()),
            },
        ),
        record(
            "key",
            Ending::Skipped("the bench can't turn the key".into()),
        ),
        record(
            "hang",
            Ending::Fault("run the virtual lock: TWIM0 is not modelled".into()),
        ),
    ]
}

#[test]
fn the_console_says_what_differs() {
    let mut out = Vec::new();
    let mut console = Console::new(&mut out, false, 10);
    let records = all();
    for record in &records {
        console.record(record).unwrap();
    }
    for record in &records {
        console.details(record).unwrap();
    }
    let flash = Some(Duration::from_millis(212));
    console
        .summary(&records, Duration::from_millis(110), flash)
        .unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}

#[test]
fn repetitions_are_told_together() {
    let runs: Vec<Outcomes> = (0..20)
        .map(|round| {
            let flash = if round == 7 {
                "\n     +0.500s  status  red 1x 50ms"
            } else {
                ""
            };
            format!(
                "1  press 1\n     +0.{:03}s  beeper  1x 30ms 4000Hz{flash}",
                20 + round % 3
            )
            .parse()
            .unwrap()
        })
        .collect();
    let mut records = vec![record("unlock", Ending::Passed); 20];
    records[7].ending = differs();
    for (round, record) in (1..).zip(&mut records) {
        record.round = round;
    }
    let statistics = Statistics::of(&runs);
    let mut out = Vec::new();
    let mut console = Console::new(&mut out, false, 10);
    console.rounds(&records, &statistics).unwrap();
    insta::assert_snapshot!(format!(
        "{}\n{}",
        String::from_utf8(out).unwrap(),
        super::rounds_line(&records, &statistics).unwrap()
    ));
}

#[test]
fn junit_tells_the_lock_from_the_rig() {
    let xml = junit(&all(), Duration::from_millis(110)).unwrap();
    insta::assert_snapshot!(xml);
}

#[test]
fn json_has_a_line_for_each_record() {
    insta::assert_snapshot!(lines(&all()).unwrap().join("\n"));
}

#[test]
fn json_says_that_steps_are_not_those_of_the_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path()).unwrap();
    let check = |text: &str, mode| {
        let outcomes: Outcomes = text.parse().unwrap();
        store
            .check("ten-key", "x", &outcomes, &Terms::default(), mode)
            .unwrap()
    };
    check("1  press 1\n2  settle", Mode::Accept);
    let Verdict::Different { difference, .. } = check("1  press 2\n2  settle", Mode::ReadOnly)
    else {
        panic!("other steps are no match");
    };
    let differs = Ending::Differs {
        difference: Some(difference),
        misses: vec![],
        violations: vec![],
        pending: None,
    };
    let line = lines(&[record("x", differs)]).unwrap().join("\n");
    assert!(line.contains("\"reason\":\""), "{line}");
    assert!(
        line.contains("`press 1`") && line.contains("`press 2`"),
        "{line}"
    );
}

#[test]
fn the_worst_ending_is_the_exit_code() {
    let exit_of = |endings: Vec<Ending>| {
        let records: Vec<Record> = endings
            .into_iter()
            .map(|ending| record("x", ending))
            .collect();
        exit(&records)
    };
    let skipped = || Ending::Skipped("no".into());
    let missing = || Ending::Missing { pending: None };
    assert_eq!(exit_of(vec![]), Exit::Nothing);
    assert_eq!(exit_of(vec![skipped()]), Exit::Nothing);
    assert_eq!(exit_of(vec![skipped(), Ending::Passed]), Exit::Pass);
    assert_eq!(exit_of(vec![missing(), Ending::Passed]), Exit::Snapshot);
    assert_eq!(exit_of(vec![missing(), differs()]), Exit::Differs);
    assert_eq!(
        exit_of(vec![Ending::Fault("x".into()), differs()]),
        Exit::Rig
    );
    assert_eq!(
        exit_of(vec![Ending::Interrupted, differs()]),
        Exit::Interrupted
    );
}

#[test]
fn a_run_folder_has_its_parts_and_a_name_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let record = record(
        "codes/wrong",
        Ending::Fault("close `1`: the relay is gone".into()),
    );
    let mut builder = crate::trace::Trace::builder();
    builder.begin_step("wait 1s", Nanos::ZERO).unwrap();
    let trace = builder.finish(Nanos::from_secs(1)).unwrap();
    let outcomes = Outcomes::of(&trace);
    let evidence = super::Evidence {
        scenario: "title: x\n",
        point: None,
        trace: Some(&trace),
        outcomes: Some(&outcomes),
        accepted: None,
        terms: &Terms::default(),
        log: &[crate::bench::log::LogLine {
            at: Nanos::from_millis(250),
            level: Some("warn"),
            text: "state is not legible".into(),
        }],
        began: chrono::DateTime::UNIX_EPOCH,
        command: &["rig".to_owned(), "run".to_owned()],
    };
    let first = evidence.write(dir.path(), &record).unwrap();
    let second = evidence.write(dir.path(), &record).unwrap();
    assert!(first.ends_with("19700101T000000-codes-wrong"));
    assert!(second.ends_with("19700101T000000-codes-wrong-2"));
    let read = |name: &str| std::fs::read_to_string(first.join(name)).unwrap();
    assert!(read("trace.vcd").contains("$timescale"));
    assert_eq!(read("scenario.yaml"), "title: x\n");
    insta::assert_snapshot!(format!(
        "{}---\n{}---\n{}",
        read("outcomes.txt"),
        read("log.txt"),
        read("run.json")
    ));
}
