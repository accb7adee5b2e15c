//! What a scenario wants to come of a step, in the words that outcomes use.

use std::fmt;

use super::fields::Reader;
use super::problem::suggest;
use super::values::Wrong;
use super::yaml::Node;

/// A part of the lock that can be seen or heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The motor.
    Motor,
    /// The inside LED.
    Status,
    /// The outside LED.
    Keypad,
    /// The beeper.
    Beeper,
    /// The bolt's end switches.
    Bolt,
}

impl Subject {
    const ALL: [Subject; 5] = [
        Subject::Motor,
        Subject::Status,
        Subject::Keypad,
        Subject::Beeper,
        Subject::Bolt,
    ];

    /// Its name in scenarios and snapshots.
    pub const fn name(self) -> &'static str {
        match self {
            Subject::Motor => "motor",
            Subject::Status => "status",
            Subject::Keypad => "keypad",
            Subject::Beeper => "beeper",
            Subject::Bolt => "bolt",
        }
    }

    /// The words that an outcome of it begins with.
    const fn words(self) -> &'static [&'static str] {
        match self {
            Subject::Motor => &["open", "close"],
            Subject::Status | Subject::Keypad => &["green", "red", "amber"],
            Subject::Beeper => &[],
            Subject::Bolt => &["retracted", "extended"],
        }
    }

    /// Whether its outcomes come in counted pulses.
    const fn counted(self) -> bool {
        matches!(self, Subject::Status | Subject::Keypad | Subject::Beeper)
    }
}

/// What is wanted of one subject during one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Of what.
    pub subject: Subject,
    /// What.
    pub wanted: Wanted,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// No outcome begins in the step.
    Nothing,
    /// These outcomes begin in the step, in this order, others between them or not.
    Outcomes(Vec<Pattern>),
}

/// An outcome, as far as a scenario cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// `open`, `red`; unsaid for the beeper.
    pub word: Option<&'static str>,
    /// How many pulses.
    pub count: Option<u32>,
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.count.map(|count| format!("{count}x"));
        let words: Vec<&str> = self.word.into_iter().chain(count.as_deref()).collect();
        f.write_str(&words.join(" "))
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.subject.name())?;
        match &self.wanted {
            Wanted::Nothing => f.write_str(" none"),
            Wanted::Outcomes(patterns) => {
                for (index, pattern) in patterns.iter().enumerate() {
                    write!(f, "{} {pattern}", if index == 0 { "" } else { "," })?;
                }
                Ok(())
            }
        }
    }
}

/// The expectations of one `expect`.
pub(crate) fn read(reader: &mut Reader, node: &Node) -> Option<Vec<Expectation>> {
    let names = Subject::ALL.map(Subject::name);
    let fields = reader.fields(node, "`expect`", &names)?;
    let mut wanted = Vec::new();
    for subject in Subject::ALL {
        let Some(value) = fields.get(subject.name()) else {
            continue;
        };
        let help = help(subject);
        if value.text().is_some_and(|text| text.trim() == "none") {
            wanted.push(Expectation {
                subject,
                wanted: Wanted::Nothing,
            });
            continue;
        }
        let mut patterns = Vec::new();
        for item in reader.items(value) {
            let what = format!("`{}`", subject.name());
            patterns.push(reader.value(item, &what, &help, |text| pattern(subject, text, &help))?);
        }
        if patterns.is_empty() {
            return reader.wrong(
                &value.span,
                "an empty list wants nothing in particular",
                help,
            );
        }
        wanted.push(Expectation {
            subject,
            wanted: Wanted::Outcomes(patterns),
        });
    }
    if wanted.is_empty() && fields.entries().is_empty() {
        return reader.wrong(
            &node.span,
            "`expect` is empty",
            "write `expect: { motor: none }`",
        );
    }
    Some(wanted)
}

fn pattern(subject: Subject, text: &str, help: &str) -> Result<Pattern, Wrong> {
    let mut pattern = Pattern {
        word: None,
        count: None,
    };
    let mut rest = text.split_whitespace().peekable();
    if !subject.words().is_empty() {
        let word = rest.next().unwrap_or_default();
        pattern.word = subject
            .words()
            .iter()
            .find(|known| **known == word)
            .copied();
        if pattern.word.is_none() {
            return Err(Wrong {
                what: format!("{} is never `{word}`", subject.name()),
                help: match word {
                    "none" => "`none` stands alone".into(),
                    _ => suggest(word, subject.words()),
                },
            });
        }
    }
    if subject.counted()
        && let Some(count) = rest.peek()
    {
        pattern.count = count
            .strip_suffix('x')
            .and_then(|number| number.parse().ok())
            .filter(|count| *count > 0);
        if pattern.count.is_none() {
            return Err(Wrong {
                what: format!("`{count}` is not a count"),
                help: help.to_owned(),
            });
        }
        rest.next();
    }
    match rest.next() {
        None => Ok(pattern),
        Some(extra) => Err(Wrong {
            what: format!("`{extra}` is more than `expect` understands"),
            help: format!("{help}; times are the snapshot's to say"),
        }),
    }
}

fn help(subject: Subject) -> String {
    match subject {
        Subject::Motor => "write `none`, `open`, `close` or a list of them in order".into(),
        Subject::Bolt => "write `none`, `retracted`, `extended` or a list of them in order".into(),
        Subject::Beeper => "write `none`, a count like `3x`, or a list of them in order".into(),
        Subject::Status | Subject::Keypad => {
            "write `none`, a colour and a count like `red 3x`, or a list of them in order".into()
        }
    }
}
