//! A scenario as a file: what [`super::parse`] reads back as the same given state and the same steps.
//! `repeat` stays written out.

use std::fmt::Write;

use super::battery::{cell_text, thousandths};
use super::expect::Expectation;
use super::{Action, Battery, Entry, GAP, Hub, PRESS, Request, SETTLE_LIMIT, Scenario, Step};
use crate::lock::{Door, Jam, LockModel, Turn};
use crate::outcome;
use crate::trace::Nanos;

impl Scenario {
    /// The text of a file that plays this scenario, which has no sweep: of one, a point is written
    /// with its steps as steps of their own.
    pub fn to_yaml(&self) -> String {
        let mut text = format!(
            "title: {}\ngiven: {}\n",
            plain(&self.title),
            self.given.name()
        );
        if self.locks != LockModel::ALL {
            let names: Vec<&str> = self.locks.iter().map(|lock| lock.name()).collect();
            let _ = match names.as_slice() {
                [one] => writeln!(text, "locks: {one}"),
                names => writeln!(text, "locks: [{}]", names.join(", ")),
            };
        }
        if self.door == Door::Right {
            text += "door: right\n";
        }
        if let Some(tolerance) = self.tolerance {
            let _ = writeln!(text, "tolerance: {tolerance}");
        }
        text += "steps:\n";
        for step in &self.flat().steps {
            self::step(&mut text, step);
        }
        text
    }
}

fn step(text: &mut String, step: &Step) {
    for note in &step.notes {
        let _ = writeln!(text, "  - note: {}", plain(note));
    }
    let _ = writeln!(text, "  - {}", action(&step.action));
    let mut rest = step.expect.as_slice();
    while !rest.is_empty() {
        // A mapping has each part once.
        let new = |index: &usize| {
            let before = &rest[..*index];
            before.iter().any(|other| other.part == rest[*index].part)
        };
        let end = (0..rest.len()).find(new).unwrap_or(rest.len());
        let wants: Vec<String> = rest[..end].iter().map(expectation).collect();
        let _ = writeln!(text, "  - expect: {{ {} }}", wants.join(", "));
        rest = &rest[end..];
    }
}

fn expectation(expectation: &Expectation) -> String {
    let patterns: Vec<String> = expectation.wanted.iter().map(ToString::to_string).collect();
    let wanted = match patterns.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    format!("{}: {wanted}", expectation.part.name())
}

fn action(action: &Action) -> String {
    match action {
        Action::Battery(battery) => format!("battery: {}", self::battery(battery)),
        Action::Press { button, down } if *down == PRESS => format!("press: {button}"),
        Action::Press { button, down } => {
            format!("press: {{ key: {button}, for: {} }}", time(*down))
        }
        Action::Hold(button) => format!("hold: {button}"),
        Action::Release(button) => format!("release: {button}"),
        Action::Enter(entry) => format!("enter: {}", self::entry(entry)),
        Action::Switch { number, on } => {
            format!("switch: {number} {}", if *on { "on" } else { "off" })
        }
        Action::Wait(length) => format!("wait: {}", time(*length)),
        Action::Settle { limit } if *limit == SETTLE_LIMIT => "settle".to_owned(),
        Action::Settle { limit } => format!("settle: {}", time(*limit)),
        Action::TurnKey(Turn::Lock) => "turn-key: lock".to_owned(),
        Action::TurnKey(Turn::Unlock) => "turn-key: unlock".to_owned(),
        Action::Jam(jam) => format!(
            "jam: {}",
            match jam {
                Jam::Free => "free",
                Jam::Closing => "closing",
                Jam::Opening => "opening",
                Jam::Stuck => "stuck",
            }
        ),
        Action::Hub(hub) => format!("hub: {}", self::hub(hub)),
        Action::CorruptStorage => "storage: corrupt".to_owned(),
        Action::Hang => "processor: hang".to_owned(),
        Action::Point(_) => String::new(),
    }
}

fn battery(battery: &Battery) -> String {
    match battery {
        Battery::Connect => "connect".to_owned(),
        Battery::Disconnect => "disconnect".to_owned(),
        Battery::Pack {
            millivolts,
            milliohms: None,
        } => format!("{} V", thousandths(*millivolts)),
        Battery::Pack {
            millivolts,
            milliohms: Some(milliohms),
        } => format!(
            "{{ volts: {} V, resistance: {} ohm }}",
            thousandths(*millivolts),
            thousandths(*milliohms)
        ),
        Battery::Cells(cells) => {
            format!(
                "{{ cells: [{}] }}",
                cells.each_ref().map(cell_text).join(", ")
            )
        }
    }
}

fn entry(entry: &Entry) -> String {
    let mut fields = vec![format!("code: {}", code(&entry.digits))];
    if let Some(confirm) = entry.confirm {
        fields.push(format!("confirm: {}", if confirm { "yes" } else { "no" }));
    }
    if entry.down != PRESS {
        fields.push(format!("down: {}", time(entry.down)));
    }
    if entry.gap != GAP {
        fields.push(format!("gap: {}", time(entry.gap)));
    }
    match fields.as_slice() {
        [_] => code(&entry.digits),
        fields => format!("{{ {} }}", fields.join(", ")),
    }
}

fn code(digits: &[u8]) -> String {
    let digits: String = digits
        .iter()
        .map(|digit| char::from(b'0' + digit))
        .collect();
    format!("\"{digits}\"")
}

fn hub(hub: &Hub) -> String {
    let request = match hub {
        Hub::Pair => return "pair".to_owned(),
        Hub::Here => return "here".to_owned(),
        Hub::Away => return "away".to_owned(),
        Hub::Bytes(bytes) => return format!("{{ bytes: \"{}\" }}", outcome::written(bytes)),
        Hub::Ask(request) => request,
    };
    match request {
        Request::Lock => "lock".to_owned(),
        Request::Unlock => "unlock".to_owned(),
        Request::Status => "status".to_owned(),
        Request::Battery => "battery".to_owned(),
        Request::Hello => "hello".to_owned(),
        Request::Clock => "clock".to_owned(),
        Request::SetClock(bcd) => format!("{{ set-clock: \"{}\" }}", outcome::written(bcd)),
        Request::SetCode { slot, digits } => {
            format!("{{ set-code: {}, slot: {slot} }}", code(digits))
        }
        Request::GetCode(slot) => format!("{{ get-code: {slot} }}"),
        Request::DeleteCode(slot) => format!("{{ delete-code: {slot} }}"),
        Request::Event(index) => format!("{{ event: {index} }}"),
    }
}

/// A time as a scenario or a command line has it, in the unit that makes it short.
pub(crate) fn written(time_span: std::time::Duration) -> String {
    time(Nanos(
        u64::try_from(time_span.as_nanos()).unwrap_or(u64::MAX),
    ))
}

/// A time in the unit that makes it short.
fn time(time: Nanos) -> String {
    const UNITS: [(&str, u64); 3] = [("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000)];
    match time.0 {
        nanos if nanos >= 120_000_000_000 && nanos.is_multiple_of(60_000_000_000) => {
            format!("{}min", nanos / 60_000_000_000)
        }
        nanos => {
            let (unit, scale) = UNITS
                .into_iter()
                .rev()
                .find(|(_, scale)| nanos >= *scale)
                .unwrap_or(UNITS[0]);
            let mut text = format!(
                "{}.{:09}",
                nanos / scale,
                nanos % scale * (1_000_000_000 / scale)
            );
            text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
            text + unit
        }
    }
}

/// Text as YAML takes it: in quotes, unless it is plain words.
fn plain(text: &str) -> String {
    let words = |c: char| c.is_alphanumeric() || " _-/().,';+%".contains(c);
    let begins = |c: char| c.is_alphabetic();
    if text.starts_with(begins) && text.chars().all(words) && text.contains(' ') {
        return text.to_owned();
    }
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::{Folder, parse};

    /// Without what a file need not keep.
    fn bare(mut scenario: Scenario) -> Scenario {
        scenario.source.clear();
        for step in &mut scenario.steps {
            step.line = 0;
            step.text.clear();
        }
        scenario
    }

    fn again(scenario: &Scenario) -> Scenario {
        let text = scenario.to_yaml();
        parse(&text, &scenario.path, &scenario.name)
            .unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    #[test]
    fn every_scenario_here_reads_back_as_it_was() {
        let folder = Folder::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios"));
        let files = folder.files().unwrap();
        assert!(files.len() > 40);
        for file in files {
            let mut scenario = folder.load(&file).unwrap().unwrap();
            if let Some(first) = scenario.sweep {
                scenario = scenario.at(first).flat();
                scenario.point = None;
            }
            assert_eq!(bare(again(&scenario)), bare(scenario));
        }
    }

    #[test]
    fn it_reads_like_one_that_a_person_wrote() {
        let source = "\
title: \"Everything: once\"
given: new
locks: ten-key
door: right
tolerance: 7ms + 2.5%
steps:
  - battery: { cells: [alkaline 80%, alkaline 80% leaking 20.0 ohm, nimh 12.5%, lithium 0% reversed] }
  - battery: connect
  - battery: { volts: 4.6 V, resistance: 2.0 ohm }
  - note: \"Nobody: is there.\"
  - press: lock
  - expect: { motor: none, keypad: [green 1x, red 3x] }
  - expect: { keypad: green/red 4x }
  - press: { key: 5, for: 1.5s }
  - enter: { code: \"0012\", confirm: no, down: 15ms, gap: 1.5ms }
  - switch: 3 off
  - settle: 2min
  - hub: { set-code: \"1234\", slot: 2 }
  - hub: { bytes: \"BD 04 01\" }
  - hub: { set-clock: \"14 06 21 03 46 47 06\" }
  - storage: corrupt
  - processor: hang
  - wait: 90s
  - jam: stuck
";
        let scenario = parse(source, Path::new("x.yaml"), "x").unwrap();
        assert_eq!(scenario.to_yaml(), source);
    }

    #[test]
    fn times_are_written_exactly() {
        for nanos in [
            1_000,
            1_500_000,
            15_000_000,
            1_000_000_001,
            90_000_000_000,
            86_400_000_000_000,
        ] {
            let text = time(Nanos(nanos));
            assert_eq!(crate::scenario::duration(&text), Ok(Nanos(nanos)), "{text}");
        }
        assert_eq!(crate::scenario::duration(&time(Nanos(7))), Ok(Nanos(7)));
    }
}
