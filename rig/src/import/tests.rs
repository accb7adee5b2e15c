//! What logs read as, what is wrong with others, and that no bytes at all bring the reader down.

use proptest::prelude::*;

use super::*;
use crate::bench::Bench;
use crate::lock::LockModel;
use crate::play::Situation;
use crate::play::released::{FOREVER, programmed};
use crate::scenario::{Given, parse};

fn plain() -> Guess {
    Guess {
        given: Given::Programmed,
        auto_lock: false,
        master: false,
        wrong: Default::default(),
        jams: Default::default(),
        unpaired: false,
    }
}

#[test]
fn days_pass_a_day_a_step() {
    let log = read(b"0.0  01 00 00\n5.2  03 30 03\n9.0  06 01 01\n190000.0  02 02 00\n").unwrap();
    let (text, _) = scenario(&log, "owner.log", LockModel::TenKey, &plain());
    parse(&text, std::path::Path::new("x"), "x").unwrap();
    assert_eq!(text.matches("- wait: 1440min\n").count(), 2, "{text}");
}

#[test]
fn what_is_programmed_waits_for_program_to_be_let_go() {
    // No lock resets so soon after its power came.
    let log = read(b"0.0  01 00 00\n6.34  08 30 03\n9.363  06 01 01\n12.585  06 01 02\n").unwrap();
    let (text, _) = scenario(&log, "owner.log", LockModel::TenKey, &plain());
    parse(&text, std::path::Path::new("x"), "x").unwrap();
    assert!(text.contains("press: program"), "{text}");
}

#[test]
fn a_sign_is_no_digit() {
    let error = read(b"0.0  01 00 00\n1.0  03 +1 03\n").unwrap_err();
    assert_eq!(error.what, "`+1` is not a byte");
}

#[test]
fn a_log_becomes_a_scenario_with_its_lines_as_comments() {
    let log = read(
        b"# from a lock in Ohio\n\
          0.000  01 00 00\n5.200  03 30 03\n9.000  06 01 01\n20.000  02 01 01\n21.050  03 11 01\n\
          0.000  01 00 00\n7.000  02 02 00\n12.000 05 01 47\n",
    )
    .unwrap();
    let (text, _) = scenario(&log, "owner.log", LockModel::TenKey, &plain());
    parse(&text, std::path::Path::new("x"), "x").unwrap();
    insta::assert_snapshot!(text);
}

#[test]
fn radio_reports_and_captures_do_too() {
    let csv = read(b"time,type,level\n100,19,1\n160,24,1\n170,161,1\n").unwrap();
    let dated = read(
        b"{\"time\":\"2026-03-01T18:00:00Z\",\"type\":19,\"level\":1}\n\
          {\"time\":\"2026-03-01T18:01:00Z\",\"alarmType\":24,\"alarmLevel\":1}\n\
          {\"time\":\"2026-03-01T18:01:10Z\",\"type\":161,\"level\":1}\n",
    )
    .unwrap();
    let told = |log: &Log| -> Vec<(Nanos, Told)> {
        log.entries
            .iter()
            .map(|entry| (entry.at, entry.told.clone()))
            .collect()
    };
    assert_eq!(told(&csv), told(&dated));
    // As a spreadsheet writes it.
    let marked =
        read("\u{feff}time,type,level\r\n100,19,1\r\n160,24,1\r\n170,161,1\r\n".as_bytes())
            .unwrap();
    assert_eq!(told(&csv), told(&marked));
    let capture = read(
        b"5.0 > BD 0E 02 E7 0B 00 02 31 32 33 00 00 00 00 00 2C\n5.02 < BD 05 02 55 0B 08 AB\n\
          9.5 > BD 04 03 E7 03 1C\n9.52 < BD 04 03 AA 03 51\n10.55 < BD 07 01 E7 27 00 00 81 B8\n\
          10.56 > BD 04 01 AA 27 77\n12 > 01 02\n",
    )
    .unwrap();
    let mut jammed = plain();
    jammed.jams.insert(4);
    let pages: Vec<String> = [(&csv, &plain()), (&capture, &jammed)]
        .map(|(log, guess)| scenario(log, "hub.log", LockModel::TenKey, guess).0)
        .into();
    for page in &pages {
        parse(page, std::path::Path::new("x"), "x").unwrap();
    }
    insta::assert_snapshot!(pages.join("\n"));
}

#[test]
fn mistakes_are_told_with_their_line() {
    let logs: [&[u8]; 17] = [
        b"",
        b"\xFF\xFE",
        b"EVT1\x01\x00",
        b"EVT1",
        b"0.0  01 00\n",
        b"# a comment\n0.0  01 00 00\nnow  01 00 00\n",
        b"0.0  0A 00 00\n",
        b"5.0  02 01 01\n4.0  02 01 01\n",
        b"1.0 > BD 04 XX\n",
        b"1.0 > BD 04\n2.0 BD 05\n",
        b"1.0 >\n",
        b"2.0 > BD\n1.0 < BD\n",
        b"time,type\n",
        b"time,type,level\n1,2,3,4\n",
        b"time,type,level\n1,20,1\n",
        b"{\"time\": 1, \"type\": 19}\n",
        b"{\"time\": \"yesterday\", \"type\": 19, \"level\": 300}\n",
    ];
    let told: Vec<String> = logs
        .iter()
        .map(|log| read(log).unwrap_err().to_string())
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn text_and_bytes_hold_the_same_events() {
    let records = [
        [1, 0, 0, 0, 0, 0, 0, 0],
        [2, 1, 3, 0x39, 0x30, 0, 0, 0],
        [5, 2, 44, 0, 0, 1, 0, 0],
    ];
    let mut from_text = read(text(&records).as_bytes()).unwrap();
    let from_bytes = read(&binary(&records)).unwrap();
    for (index, entry) in from_text.entries.iter_mut().enumerate() {
        entry.line = index + 1;
    }
    assert_eq!(from_text, from_bytes);
    insta::assert_snapshot!(text(&records));
}

#[test]
fn every_slot_has_a_code_of_its_own() {
    for model in LockModel::ALL {
        let log = read(b"0.0 01 00 00\n").unwrap();
        let codes = code::Codes::of(&log, model);
        let keys = |slot: u8| -> Vec<_> {
            let code = codes.slot(slot, 0);
            let digits = code
                .bytes()
                .map(|digit| crate::trace::Key::Digit(digit - b'0'));
            digits
                .map(|key| model.contact(crate::trace::Contact::Key(key)))
                .collect()
        };
        let all: std::collections::BTreeSet<_> = (1..=30).map(keys).collect();
        assert_eq!(all.len(), 30, "{model}");
    }
}

/// A whole frame, in hex.
fn frame(kind: u8, command: u8, args: &[u8]) -> String {
    written(&crate::play::frame(1, kind, command, args))
}

#[test]
fn a_slot_has_the_code_that_the_hub_gave_it_last() {
    let set = |code: &str| {
        let mut keys = code.as_bytes().to_vec();
        keys.resize(8, 0);
        format!("> {}", frame(0xE7, 0x0B, &[&[0, 2], &keys[..]].concat()))
    };
    let answer = |kind: u8, command: u8| format!("< {}", frame(kind, command, &[]));
    let lines = [
        set("4321"),
        answer(0xAA, 0x0B),
        set("5678"),
        answer(0xAA, 0x0B),
        set("9876"),
        answer(0x55, 0x0B),
        format!("> {}", frame(0xE7, 0x0D, &[0, 2])),
        answer(0xAA, 0x0D),
    ];
    let numbered = lines.iter().enumerate();
    let text: String = numbered
        .map(|(at, line)| format!("{at} {line}\n"))
        .collect();
    let log = read(text.as_bytes()).unwrap();
    let codes = code::Codes::of(&log, LockModel::TenKey);
    let slot: Vec<String> = (0..lines.len()).map(|at| codes.slot(2, at)).collect();
    let new = "2002";
    assert_eq!(
        slot,
        ["4321", "4321", "5678", "5678", "5678", "5678", new, new]
    );
    assert_eq!(codes.slot(1, 7), "1234");
}

proptest! {
    #[test]
    fn no_bytes_bring_the_reader_down(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
        let _ = read(&[events::MAGIC, &bytes].concat());
    }

    #[test]
    fn no_text_does(text in "([0-9.]{1,12} ?[<>]? ?([0-9A-F]{2} ){0,14}\n?|\\{\"time\": ?[0-9e.]{1,8}, ?\"type\": ?[0-9]{1,3}, ?\"level\": ?[0-9-]{1,4}\\}\n|[a-z,]{0,20}\n){0,12}") {
        let _ = read(text.as_bytes());
    }

    #[test]
    fn whatever_reads_becomes_a_scenario_that_reads(
        events in proptest::collection::vec((1u8..=9, any::<u8>(), any::<u8>(), 0u32..100_000), 1..20),
        alarms in proptest::collection::vec((any::<u8>(), any::<u8>()), 1..20),
        frames in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 1..12)), 1..12),
        whole in proptest::collection::vec((any::<bool>(), 0usize..3, 0usize..14, proptest::collection::vec(0u8..12, 0..4)), 1..24),
    ) {
        let records: Vec<_> = events.iter().map(|(what, a, b, at)| {
            let [t0, t1, t2, t3] = at.to_le_bytes();
            [*what, *a, *b, t0, t1, t2, t3, 0]
        }).collect();
        let rows: String = alarms.iter().enumerate()
            .map(|(at, (kind, level))| format!("{at},{kind},{level}\n")).collect();
        let lines: String = frames.iter().enumerate().map(|(at, (to, bytes))| {
            format!("{at} {} {}\n", if *to { '>' } else { '<' }, written(bytes))
        }).collect();
        let talk: String = whole.iter().enumerate().map(|(at, (to, kind, command, args))| {
            let commands = [0x03, 0x05, 0x07, 0x09, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x10, 0x18, 0x27, 0x29, 0x2A];
            let bytes = frame([0xE7, 0xAA, 0x55][*kind], commands[*command], args);
            format!("{at} {} {bytes}\n", if *to { '>' } else { '<' })
        }).collect();
        let logs = [talk.into_bytes(), binary(&records), format!("time,type,level\n{rows}").into_bytes(), lines.into_bytes()];
        for log in logs.iter().filter_map(|log| read(log).ok()) {
            let givens = [Given::New, Given::Handed, Given::Programmed];
            for (model, given) in LockModel::ALL.into_iter().flat_map(|model| givens.map(|given| (model, given))) {
                let guess = Guess { given, ..plain() };
                let (text, prelude) = scenario(&log, "any.log", model, &guess);
                match parse(&text, std::path::Path::new("x"), "x") {
                    Ok(scenario) => prop_assert!(prelude < scenario.steps.len()),
                    Err(error) => prop_assert!(false, "{error}\n{text}"),
                }
            }
        }
    }
}

#[test]
fn a_lock_without_its_pack_is_fed_to_be_read() {
    let (mut bench, mut situation) = programmed();
    let fed = events_of(&mut bench, &mut situation, FOREVER);
    let fed = fed.unwrap().unwrap();
    bench.disconnect().unwrap();
    bench
        .run_until(bench.now() + crate::trace::Nanos::from_secs(5))
        .unwrap();
    let unfed = events_of(&mut bench, &mut Situation::default(), FOREVER);
    let unfed = unfed.unwrap().unwrap();
    // What the first reading added stays; the start that the second needed is left out.
    assert_eq!(unfed[..fed.len()], fed);
    let kinds: Vec<u8> = unfed[fed.len()..].iter().map(|record| record[0]).collect();
    assert_eq!(kinds, [7, 7, 7]);
}

#[test]
fn a_code_that_the_hub_reads_was_there() {
    let lines = [
        format!("0 > {}", frame(0xE7, 0x0C, &[0, 4])),
        format!("0 < {}", frame(0xAA, 0x0C, b"7788\0\0\0\0")),
        format!("1 > {}", frame(0xE7, 0x0C, &[0, 1])),
        format!("1 < {}", frame(0xAA, 0x0C, b"1234\0\0\0\0")),
        format!("2 > {}", frame(0xE7, 0x0C, &[0, 5])),
        format!("2 < {}", frame(0xAA, 0x0C, &[0; 8])),
    ];
    let log = read(lines.join("\n").as_bytes()).unwrap();
    let codes = code::Codes::of(&log, LockModel::TenKey);
    assert_eq!(codes.slot(4, 5), "7788");
    // Slot 1 has its code in the state, slot 5 has none.
    let before = |given| -> Vec<u8> {
        let before = codes.before(&log, given).into_iter();
        before.map(|before| before.slot).collect()
    };
    assert_eq!(before(Given::Programmed), [4]);
    assert_eq!(before(Given::Handed), [1, 4]);
}
