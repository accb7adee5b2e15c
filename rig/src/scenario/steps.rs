//! The steps of a scenario: each a word, alone or with what it is about.

use super::fields::{Fields, Reader};
use super::problem::suggest;
use super::values::{self, Wrong};
use super::yaml::{Kind, Node, Span};
use super::{
    Action, Entry, GAP, POINT_HEADING, PRESS, SETTLE_LIMIT, Step, battery, expect, hub, sweep,
};
use crate::lock::{Jam, Turn};
use crate::trace::Contact;

/// Every step's word, in the order in which help shows them.
pub(crate) const NAMES: [&str; 17] = [
    "battery",
    "press",
    "hold",
    "release",
    "enter",
    "switch",
    "wait",
    "settle",
    "turn-key",
    "jam",
    "hub",
    "storage",
    "processor",
    "expect",
    "repeat",
    "sweep",
    "note",
];

/// Which way the key is turned.
pub(crate) const TURNS: [&str; 2] = ["lock", "unlock"];

/// How the bolt is blocked, or that it is not.
pub(crate) const JAMS: [&str; 4] = ["closing", "opening", "stuck", "free"];

/// As many steps as a scenario may have, with `repeat` written out.
const MOST_STEPS: usize = 10_000;

/// A step and where it is written.
#[derive(Clone)]
pub(crate) struct Placed {
    pub(crate) step: Step,
    pub(crate) span: Span,
    /// The steps of a sweep's point.
    pub(crate) within: Vec<Placed>,
}

/// The steps of the file, `repeat` written out, `expect` and `note` with the step they belong to.
/// `values` stand in for those of a sweep where they are given.
pub(crate) fn read(
    reader: &mut Reader,
    fields: &Fields<'_>,
    source: &str,
    values: Option<&[String]>,
) -> Option<Vec<Placed>> {
    let help = "list what is done: `steps:` and below it `- battery: connect` and so on";
    let node = fields.need(reader, "the scenario", "steps", help)?;
    let mut list = List {
        source,
        steps: Vec::new(),
        notes: Vec::new(),
        place: Place::Top,
        values,
    };
    list.read(reader, node, help)?;
    if let Some((_, span)) = list.notes.first() {
        return reader.wrong(
            span,
            "nothing follows this note",
            "a note says something about the step after it",
        );
    }
    Some(list.steps)
}

struct List<'s> {
    source: &'s str,
    steps: Vec<Placed>,
    /// Notes for the next step.
    notes: Vec<(String, Span)>,
    place: Place,
    /// Values for a sweep in place of its own.
    values: Option<&'s [String]>,
}

/// Where a step stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the scenario's own list.
    Top,
    /// In a `repeat`.
    Repeat,
    /// In a sweep.
    Sweep,
    /// After a sweep.
    After,
}

impl List<'_> {
    fn read(&mut self, reader: &mut Reader, node: &Node, help: &str) -> Option<()> {
        let Kind::List(items) = &node.kind else {
            return reader.wrong(
                &node.span,
                format!("`steps` is a list, not {}", node.noun()),
                help,
            );
        };
        if items.is_empty() {
            return reader.wrong(&node.span, "there are no steps", help);
        }
        let start = self.steps.len();
        for item in items {
            // A wrong step must not hide the ones after it.
            let _ = self.item(reader, item, start);
        }
        Some(())
    }

    /// One item of a list whose first step has the index `start`.
    fn item(&mut self, reader: &mut Reader, item: &Node, start: usize) -> Option<()> {
        let (word, value) = match &item.kind {
            Kind::Text(text) => (text.as_str(), None),
            Kind::Map(entries) => match entries.as_slice() {
                [(word, value)] => (word.text.as_str(), Some((word, value))),
                [_, (second, _), ..] => {
                    return reader.wrong(
                        &second.span,
                        format!("a step does one thing, and `{}` is a second", second.text),
                        "begin a new step with `- ` for it, or indent it below its step",
                    );
                }
                [] => return reader.wrong(&item.span, "the step is empty", step_help()),
            },
            _ => {
                return reader.wrong(
                    &item.span,
                    format!("a step is a word and a value, not {}", item.noun()),
                    step_help(),
                );
            }
        };
        let word_span = value.map_or(&item.span, |(word, _)| &word.span).clone();
        let span = match value {
            Some((word, value)) => word.span.start..value.span.end.max(word.span.end),
            None => word_span.clone(),
        };
        let value = value
            .map(|(_, value)| value)
            .filter(|value| value.kind != Kind::Nothing);
        if !NAMES.contains(&word) {
            return reader.wrong(
                &word_span,
                format!("there is no step `{word}`"),
                suggest(word, &NAMES),
            );
        }
        if self.place == Place::After && word != "note" {
            return reader.wrong(
                &word_span,
                "nothing follows a sweep",
                match word {
                    "expect" => "what each of its points comes to is the snapshot's to say",
                    _ => "put the step into the sweep's own `steps`, where every point does it",
                },
            );
        }
        if word == "settle" && value.is_none() {
            return self.push(
                reader,
                Action::Settle {
                    limit: SETTLE_LIMIT,
                },
                "settle".into(),
                span,
            );
        }
        let Some(value) = value else {
            return reader.wrong(
                &word_span,
                format!("`{word}` doesn't say what"),
                format!("write {}", example(word)),
            );
        };
        match word {
            "expect" => self.expect(reader, value, &word_span, start),
            "note" => {
                let text = reader.text(value, "`note`", "write what it says after it")?;
                self.notes.push((text.to_owned(), span));
                Some(())
            }
            "repeat" => self.repeat(reader, value, &span),
            "sweep" => self.sweep(reader, value, &span),
            _ => {
                let (action, text) = action(reader, word, value)?;
                self.push(reader, action, text, span)
            }
        }
    }

    fn push(
        &mut self,
        reader: &mut Reader,
        action: Action,
        text: String,
        span: Span,
    ) -> Option<()> {
        if self.steps.len() == MOST_STEPS {
            return reader.wrong(
                &span,
                format!("there are more than {MOST_STEPS} steps"),
                "repeat less often",
            );
        }
        let line = self.source[..span.start].matches('\n').count() + 1;
        let notes = self.notes.drain(..).map(|(note, _)| note).collect();
        self.steps.push(Placed {
            step: Step {
                action,
                text,
                line,
                expect: Vec::new(),
                notes,
            },
            span,
            within: Vec::new(),
        });
        Some(())
    }

    fn expect(
        &mut self,
        reader: &mut Reader,
        value: &Node,
        span: &Span,
        start: usize,
    ) -> Option<()> {
        if self.place == Place::Sweep {
            return reader.wrong(
                span,
                "a sweep has no `expect`",
                "what each of its points comes to is the snapshot's to say",
            );
        }
        let wanted = expect::read(reader, value)?;
        match self.steps.get_mut(start..).and_then(<[Placed]>::last_mut) {
            Some(placed) => {
                placed.step.expect.extend(wanted);
                Some(())
            }
            None => reader.wrong(
                span,
                "no step stands before this `expect`",
                "put it after the step whose outcome it is about",
            ),
        }
    }

    fn repeat(&mut self, reader: &mut Reader, value: &Node, span: &Span) -> Option<()> {
        let fields = reader.fields(value, "`repeat`", &["times", "steps"])?;
        let help = "write `repeat: { times: 3, steps: [...] }`";
        let times = fields.need(reader, "`repeat`", "times", help);
        let steps = fields.need(reader, "`repeat`", "steps", help);
        let times = reader.value(times?, "`times`", help, |text| values::count(text, 1_000))?;
        let start = self.steps.len();
        let place = match self.place {
            Place::Top => std::mem::replace(&mut self.place, Place::Repeat),
            place => place,
        };
        let read = self.read(reader, steps?, help);
        self.place = place;
        read?;
        if let Some((_, span)) = self.notes.first() {
            return reader.wrong(
                span,
                "nothing follows this note",
                "a note says something about the step after it",
            );
        }
        let once = self.steps.get(start..).unwrap_or_default().to_vec();
        if once.len().saturating_mul(times as usize) > MOST_STEPS {
            return reader.wrong(
                span,
                format!("that makes more than {MOST_STEPS} steps"),
                "repeat less often",
            );
        }
        for _ in 1..times {
            self.steps.extend(once.iter().cloned());
        }
        Some(())
    }
}

impl List<'_> {
    /// Every point of a sweep, as a step that does what the sweep's steps do with its value.
    fn sweep(&mut self, reader: &mut Reader, value: &Node, span: &Span) -> Option<()> {
        match self.place {
            Place::Top => {}
            Place::Repeat => {
                return reader.wrong(
                    span,
                    "a sweep can't be repeated",
                    "put the `repeat` into it",
                );
            }
            Place::Sweep | Place::After => {
                return reader.wrong(
                    span,
                    "a sweep has no other one in it",
                    "write a scenario for each value of one of them",
                );
            }
        }
        let written = sweep::read(reader, value, self.values)?;
        let known = reader.problems.len();
        for point in &written.values {
            let mut within = List {
                source: self.source,
                steps: Vec::new(),
                notes: Vec::new(),
                place: Place::Sweep,
                values: None,
            };
            within.read(reader, &sweep::with(written.steps, point), sweep::HELP)?;
            if let Some((_, span)) = within.notes.first() {
                return reader.wrong(
                    span,
                    "nothing follows this note",
                    "a note says something about the step after it",
                );
            }
            // The other points would say the same again.
            if reader.problems.len() > known {
                return None;
            }
            let steps = within.steps.iter().map(|placed| placed.step.clone());
            let action = Action::Point(steps.collect());
            self.push(
                reader,
                action,
                format!("{POINT_HEADING}{point}"),
                span.clone(),
            )?;
            if let Some(placed) = self.steps.last_mut() {
                placed.within = within.steps;
            }
        }
        self.place = Place::After;
        Some(())
    }
}

/// The action called `word`, and how a snapshot names it.
fn action(reader: &mut Reader, word: &str, value: &Node) -> Option<(Action, String)> {
    let help = format!("write {}", example(word));
    Some(match word {
        "battery" => {
            let (battery, text) = battery::read(reader, value, &help)?;
            (Action::Battery(battery), text)
        }
        "press" => press(reader, value, &help)?,
        "hold" => {
            let button = reader.value(value, "`hold`", &help, button)?;
            (Action::Hold(button), format!("hold {button}"))
        }
        "release" => {
            let button = reader.value(value, "`release`", &help, button)?;
            (Action::Release(button), format!("release {button}"))
        }
        "enter" => enter(reader, value, &help)?,
        "switch" => {
            let (number, on) = reader.value(value, "`switch`", &help, switch)?;
            let text = format!("switch {number} {}", if on { "on" } else { "off" });
            (Action::Switch { number, on }, text)
        }
        "wait" => {
            let time = reader.value(value, "`wait`", &help, values::duration)?;
            (Action::Wait(time), format!("wait {}", written(value)))
        }
        "settle" => {
            let limit = reader.value(value, "`settle`", &help, values::duration)?;
            (
                Action::Settle { limit },
                format!("settle {}", written(value)),
            )
        }
        "turn-key" => {
            let index = reader.choice(value, "`turn-key`", &TURNS)?;
            let turn = [Turn::Lock, Turn::Unlock][index];
            (Action::TurnKey(turn), format!("turn-key {}", TURNS[index]))
        }
        "jam" => {
            let index = reader.choice(value, "`jam`", &JAMS)?;
            let jam = [Jam::Closing, Jam::Opening, Jam::Stuck, Jam::Free][index];
            (Action::Jam(jam), format!("jam {}", JAMS[index]))
        }
        "hub" => {
            let (hub, text) = hub::read(reader, value, &help)?;
            (Action::Hub(hub), text)
        }
        "storage" => {
            reader.choice(value, "`storage`", &["corrupt"])?;
            (Action::CorruptStorage, "storage corrupt".to_owned())
        }
        "processor" => {
            reader.choice(value, "`processor`", &["hang"])?;
            (Action::Hang, "processor hang".to_owned())
        }
        _ => return None,
    })
}

fn press(reader: &mut Reader, value: &Node, help: &str) -> Option<(Action, String)> {
    let Kind::Map(_) = value.kind else {
        let button = reader.value(value, "`press`", help, button)?;
        return Some((
            Action::Press {
                button,
                down: PRESS,
            },
            format!("press {button}"),
        ));
    };
    let fields = reader.fields(value, "`press`", &["key", "for"])?;
    let key = fields.need(reader, "`press`", "key", help);
    let time = fields.need(reader, "`press`", "for", help)?;
    let down = reader.value(time, "`for`", help, values::duration);
    let button = reader.value(key?, "`key`", help, button)?;
    let text = format!("press {button} for {}", written(time));
    Some((
        Action::Press {
            button,
            down: down?,
        },
        text,
    ))
}

fn enter(reader: &mut Reader, value: &Node, help: &str) -> Option<(Action, String)> {
    let mut entry = Entry {
        digits: Vec::new(),
        confirm: None,
        down: PRESS,
        gap: GAP,
    };
    let Kind::Map(_) = value.kind else {
        entry.digits = reader.value(value, "`enter`", help, digits)?;
        return Some((Action::Enter(entry), format!("enter {}", written(value))));
    };
    let fields = reader.fields(value, "`enter`", &["code", "confirm", "down", "gap"])?;
    let code = fields.need(reader, "`enter`", "code", help)?;
    entry.digits = reader.value(code, "`code`", help, digits)?;
    let mut text = format!("enter {}", written(code));
    if let Some(node) = fields.get("confirm") {
        let confirm = reader.choice(node, "`confirm`", &["no", "yes"])? == 1;
        entry.confirm = Some(confirm);
        text += if confirm {
            " then lock"
        } else {
            " without lock"
        };
    }
    for (key, time, what) in [
        ("down", &mut entry.down, "down"),
        ("gap", &mut entry.gap, "apart"),
    ] {
        if let Some(node) = fields.get(key) {
            *time = reader.value(node, &format!("`{key}`"), help, values::duration)?;
            text += &format!(" {} {what}", written(node));
        }
    }
    Some((Action::Enter(entry), text))
}

/// The contact that a press, a hold or a release is about.
fn button(text: &str) -> Result<Contact, Wrong> {
    match text.parse::<Contact>() {
        Ok(Contact::Switch(_)) | Err(_) => Err(Wrong {
            what: format!("there is no key `{text}`"),
            help: match super::problem::did_you_mean(text, ["lock", "program", "hub"]) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "keys are 0 to 9, 1/2 to 9/0, lock, program and hub".into(),
            },
        }),
        Ok(contact) => Ok(contact),
    }
}

/// The digits of a code. Any number up to 16: what a lock makes of a wrong length is worth playing.
pub(super) fn digits(text: &str) -> Result<Vec<u8>, Wrong> {
    let help = || "write a code of digits in quotes, like `enter: \"1234\"`".to_owned();
    if text.len() > 16 {
        return Err(Wrong {
            what: format!("`{text}` is longer than 16 digits"),
            help: help(),
        });
    }
    text.bytes()
        .map(|byte| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            _ => Err(Wrong {
                what: format!("`{text}` is not a code"),
                help: help(),
            }),
        })
        .collect()
}

/// `3 off`: a switch and where it goes.
fn switch(text: &str) -> Result<(u8, bool), Wrong> {
    let wrong = |what: String| Wrong {
        what,
        help: "write `switch: 3 off`: 1 is the status LED, 2 auto-lock, 3 audio".into(),
    };
    let (number, state) = text
        .split_once(' ')
        .ok_or_else(|| wrong(format!("`{text}` is not a switch and where it goes")))?;
    let number = match number {
        "1" => 1,
        "2" => 2,
        "3" => 3,
        _ => return Err(wrong(format!("there is no switch `{number}`"))),
    };
    match state.trim() {
        "on" => Ok((number, true)),
        "off" => Ok((number, false)),
        state => Err(wrong(format!("a switch can't be `{state}`"))),
    }
}

/// A quantity as the file has it, without spaces: `1.5 s` and `1.5s` read the same in a snapshot.
pub(super) fn written(node: &Node) -> String {
    node.text().unwrap_or_default().split_whitespace().collect()
}

fn step_help() -> String {
    "write a step like `- wait: 30s`".into()
}

/// How a step is written.
fn example(word: &str) -> &'static str {
    match word {
        "battery" => {
            "`battery: connect`, `battery: disconnect`, `battery: 4.6 V`, `battery: { volts: 4.6 V, resistance: 2 ohm }`, `battery: { chemistry: alkaline, charge: 20% }` or `battery: { cells: [alkaline 80%, ...] }`"
        }
        "press" => "`press: lock` or `press: { key: program, for: 5s }`",
        "hold" => "`hold: program`",
        "release" => "`release: program`",
        "enter" => {
            "`enter: \"1234\"` or `enter: { code: \"1234\", confirm: no, down: 60ms, gap: 140ms }`"
        }
        "switch" => "`switch: 3 off`",
        "wait" => "`wait: 30s`",
        "settle" => "`settle` or `settle: 10s`",
        "turn-key" => "`turn-key: lock` or `turn-key: unlock`",
        "jam" => "`jam: closing`, `jam: opening`, `jam: stuck` or `jam: free`",
        "hub" => {
            "`hub: unlock`, `hub: pair`, `hub: { set-code: \"1234\", slot: 2 }` or `hub: { bytes: \"BD 04 01 E7 07 1A\" }`"
        }
        "storage" => "`storage: corrupt`",
        "processor" => "`processor: hang`",
        "expect" => "`expect: { motor: none, keypad: red 3x }`",
        "repeat" => "`repeat: { times: 3, steps: [...] }`",
        "sweep" => "`sweep: { over: 4.0 V to 6.5 V, by: 0.1 V, steps: [...] }`",
        _ => "`note: ...`",
    }
}
