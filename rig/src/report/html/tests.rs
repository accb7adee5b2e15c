//! The page as a reader's browser gets it, without style and script.

use super::*;
use crate::snapshot::{Terms, difference};
use crate::trace::sketch::Sketch;
use crate::trace::{Channel, Contact as Button, Key, ResetCause};

/// A wrong code and an unlock, with most of what a lock can do.
fn trace() -> Trace {
    use crate::trace::Channel::*;
    let key = |digit| Channel::Contact(Button::Key(Key::Digit(digit)));
    let mut sketch = Sketch::default()
        .level(0, BoltExtended, true)
        .sample(0, Supply, 5_800)
        .level(0, Power, true)
        .step(0, "enter 9999");
    for index in 0..4 {
        sketch = sketch
            .pulse(key(9), index * 250, 100)
            .beep(index * 250 + 21, 30);
    }
    sketch = sketch
        .pulse(Contact(Button::Lock), 1_000, 100)
        .step(1_200, "wait 3s")
        .pulses(KeypadRed, 1_220, 3, 150, 150)
        .beep(1_220, 150)
        .beep(1_520, 150)
        .beep(1_820, 150)
        .step(4_200, "enter 1234");
    for index in 0..4 {
        sketch = sketch
            .pulse(key(index as u8 + 1), 4_200 + index * 250, 100)
            .beep(4_221 + index * 250, 30);
    }
    sketch
        .pulse(Contact(Button::Lock), 5_200, 100)
        .step(5_400, "settle")
        .pulse(KeypadGreen, 5_430, 300)
        .pulse(MotorOpen, 5_450, 1_040)
        .sample(5_450, MotorCurrent, 800)
        .sample(5_470, MotorCurrent, 150)
        .sample(5_450, Supply, 5_200)
        .sample(5_470, Supply, 5_700)
        .level(5_500, BoltExtended, false)
        .level(6_450, BoltRetracted, true)
        .sample(6_450, MotorCurrent, 780)
        .sample(6_450, Supply, 5_210)
        .sample(6_490, MotorCurrent, 0)
        .sample(6_490, Supply, 5_800)
        .bytes(6_600, &[0xBD, 0x05, 0x01, 0xAA, 0x07, 0x01, 0x57])
        .reset(7_000, ResetCause::Watchdog)
        .end(8_000)
}

fn page(word: &str) -> String {
    let trace = trace();
    let measured = Outcomes::of(&trace);
    let text = measured.to_string();
    let accepted: Outcomes = text
        .replace("red 3x", "red 5x")
        .replace("open 1040ms", "open 990ms")
        .replace("     +0.030s   keypad  green 1x 300ms\n", "")
        .parse()
        .unwrap();
    let difference = difference(&accepted, &measured, &Terms::default());
    let wrong = ["step 4 +0.050s: \"something\" <never> seen".to_owned()];
    let failed = Section {
        name: "wrong-code",
        title: "A wrong code moves nothing & beeps",
        lock: "ten-key",
        word,
        times: "8.0 s in 12 ms",
        wrong: &wrong,
        run: Some(Recorded {
            trace: &trace,
            measured: &measured,
            accepted: Some(&accepted),
            difference: Some(&difference),
        }),
        log: Some("0.000  <boot>"),
        folder: Some("target/rig/1"),
        again: "rig run scenarios/wrong-code.yaml --lock ten-key",
    };
    let passed = Section {
        name: "unlock",
        word: "pass",
        wrong: &[],
        log: None,
        run: Some(Recorded {
            trace: &trace,
            measured: &measured,
            accepted: Some(&measured),
            difference: None,
        }),
        ..failed
    };
    let skipped = Section {
        name: "hub",
        word: "skipped",
        run: None,
        folder: None,
        ..passed
    };
    let facts = [("bench", "virtual".to_owned()), ("image", "ab".repeat(6))];
    html("rig run", &facts, &[failed, passed, skipped])
}

/// The page's body, checked to be well-formed, one element a line.
fn body(page: &str) -> String {
    let (_, body) = page.split_once("</head>\n").unwrap();
    let (body, _) = body.split_once("<script>").unwrap();
    let mut open = Vec::new();
    for tag in body.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        let name = tag
            .trim_start_matches('/')
            .split([' ', '/'])
            .next()
            .unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "<{tag}>");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert_eq!(open, ["body"]);
    // What is drawn is tested where it is drawn.
    let mut text = String::new();
    for part in body.split("<svg") {
        let rest = part.split_once("</svg>").map_or(part, |(_, rest)| rest);
        text += &rest.replace("<div", "\n<div").replace("<li", "\n<li");
    }
    text.replace("<details", "\n<details")
        .replace("<figure", "\n<figure")
}

#[test]
fn the_page_says_what_changed_beside_the_waveform() {
    insta::assert_snapshot!(body(&page("differs")));
}

#[test]
fn what_passed_is_folded_and_the_same_run_gives_the_same_page() {
    assert_eq!(page("pass"), page("pass"));
    assert!(!page("pass").contains("open=\"open\""));
    assert_eq!(page("error").matches("open=\"open\"").count(), 1);
}

#[test]
fn the_page_needs_nothing_else() {
    let page = page("differs");
    for outside in ["http:", "https:", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}
