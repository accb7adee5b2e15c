//! What a scenario wants to come of a step, in the words that outcomes use.

use std::fmt;

use super::fields::Reader;
use super::problem::{either, suggest};
use super::values::Wrong;
use super::yaml::Node;
use crate::outcome::{Colour, Drive, Outcome, Paint, Part, Phrase, Position, Rhythm, number};
use crate::trace::ResetCause;

/// Parts that an `expect` can be about.
const PARTS: [Part; 7] = [
    Part::Motor,
    Part::Bolt,
    Part::Status,
    Part::Keypad,
    Part::Beeper,
    Part::Hub,
    Part::Power,
];

const DRIVES: [(&str, Drive); 2] = [("open", Drive::Open), ("close", Drive::Close)];

const POSITIONS: [(&str, Position); 3] = [
    ("retracted", Position::Retracted),
    ("between", Position::Between),
    ("extended", Position::Extended),
];

const PAINTS: [(&str, Paint); 4] = [
    ("green", Paint::One(Colour::Green)),
    ("red", Paint::One(Colour::Red)),
    ("amber", Paint::One(Colour::Amber)),
    ("green/red", Paint::Two(Colour::Green, Colour::Red)),
];

/// What is wanted of one part during one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Of what.
    pub part: Part,
    /// These outcomes begin in the step, in this order, others between them or not. Empty: none
    /// begins in it.
    pub wanted: Vec<Pattern>,
}

/// An outcome, as far as a scenario cares: the times are the snapshot's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// The motor runs this way.
    Run(Drive),
    /// The bolt gets there.
    Bolt(Position),
    /// An LED is lit in this colour, in so many pulses.
    Light(Paint, Option<u32>),
    /// The beeper sounds so many times.
    Sound(u32),
    /// The lock sends the hub a frame of this type that begins with these bytes: for a message of
    /// its own they are command and arguments, for an answer arguments alone.
    Frame(FrameType, Vec<u8>),
    /// The processor has too little voltage.
    BrownOut,
    /// The processor starts again for this reason.
    Reset(ResetCause),
}

/// The type of a frame from the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameType {
    /// It does what it was asked.
    Ack,
    /// It refuses.
    Nak,
    /// It tells something by itself.
    Tells,
}

const FRAMES: [(&str, FrameType); 3] = [
    ("ack", FrameType::Ack),
    ("nak", FrameType::Nak),
    ("tells", FrameType::Tells),
];

impl Expectation {
    /// Whether the outcomes of a step are what is wanted.
    pub fn met_by(&self, outcomes: &[Outcome]) -> bool {
        let mut phrases = outcomes
            .iter()
            .filter(|outcome| outcome.part == self.part)
            .map(|outcome| &outcome.phrase);
        if self.wanted.is_empty() {
            return phrases.next().is_none();
        }
        self.wanted
            .iter()
            .all(|pattern| phrases.any(|phrase| pattern.fits(phrase)))
    }
}

impl Pattern {
    fn fits(&self, phrase: &Phrase) -> bool {
        match (self, phrase) {
            (Pattern::Run(wanted), Phrase::Run(drive, _)) => wanted == drive,
            (Pattern::Bolt(wanted), Phrase::Bolt(position)) => wanted == position,
            (Pattern::Light(wanted, count), Phrase::Light(paint, rhythm)) => {
                wanted == paint && count.is_none_or(|count| pulses(rhythm) == Some(count))
            }
            (Pattern::Sound(count), Phrase::Sound(rhythm, _)) => pulses(rhythm) == Some(*count),
            (Pattern::Frame(wanted, bytes), Phrase::Frame(frame)) => {
                // Start, length, sequence, type, command, arguments, checksum.
                let (kind, begin) = match wanted {
                    FrameType::Ack => (0xAA, 5),
                    FrameType::Nak => (0x55, 5),
                    FrameType::Tells => (0xE7, 4),
                };
                frame.get(3) == Some(&kind)
                    && frame
                        .get(begin..frame.len() - 1)
                        .is_some_and(|rest| rest.starts_with(bytes))
            }
            (Pattern::BrownOut, Phrase::BrownOut(_)) => true,
            (Pattern::Reset(wanted), Phrase::Reset(cause)) => wanted == cause,
            _ => false,
        }
    }
}

/// How many pulses a rhythm has, where the run saw its end.
const fn pulses(rhythm: &Rhythm) -> Option<u32> {
    match rhythm {
        Rhythm::Once(_) => Some(1),
        Rhythm::Pulses { count, .. } => Some(*count),
        Rhythm::ToEnd => None,
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Run(drive) => f.write_str(name(&DRIVES, drive)),
            Pattern::Bolt(position) => f.write_str(name(&POSITIONS, position)),
            Pattern::Light(paint, None) => f.write_str(name(&PAINTS, paint)),
            Pattern::Light(paint, Some(count)) => write!(f, "{} {count}x", name(&PAINTS, paint)),
            Pattern::Sound(count) => write!(f, "{count}x"),
            Pattern::Frame(kind, bytes) => {
                f.write_str(name(&FRAMES, kind))?;
                bytes.iter().try_for_each(|byte| write!(f, " {byte:02X}"))
            }
            Pattern::BrownOut => f.write_str("brown-out"),
            Pattern::Reset(cause) => write!(f, "reset {}", cause.name()),
        }
    }
}

/// As a scenario writes it: `motor none`, `bolt retracted, extended`.
impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.part.name())?;
        if self.wanted.is_empty() {
            return f.write_str("none");
        }
        for (index, pattern) in self.wanted.iter().enumerate() {
            write!(f, "{}{pattern}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

fn name<T: PartialEq>(names: &[(&'static str, T)], value: &T) -> &'static str {
    names
        .iter()
        .find(|(_, known)| known == value)
        .map_or("", |(name, _)| name)
}

/// The expectations of one `expect`.
pub(crate) fn read(reader: &mut Reader, node: &Node) -> Option<Vec<Expectation>> {
    let fields = reader.fields(node, "`expect`", &PARTS.map(Part::name))?;
    if fields.entries().is_empty() {
        return reader.wrong(
            &node.span,
            "`expect` is empty",
            "write `expect: { motor: none }`",
        );
    }
    let mut expectations = Vec::new();
    for part in PARTS {
        let Some(value) = fields.get(part.name()) else {
            continue;
        };
        let mut wanted = Vec::new();
        if value.text().is_none_or(|text| text.trim() != "none") {
            for item in reader.items(value) {
                let what = format!("`{}`", part.name());
                let pattern = |text: &str| pattern(part, text);
                wanted.push(reader.value(item, &what, &help(part), pattern)?);
            }
            if wanted.is_empty() {
                return reader.wrong(
                    &value.span,
                    "an empty list wants nothing in particular",
                    help(part),
                );
            }
        }
        expectations.push(Expectation { part, wanted });
    }
    Some(expectations)
}

fn pattern(part: Part, text: &str) -> Result<Pattern, Wrong> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (pattern, rest) = match (part, words.as_slice()) {
        (Part::Motor, [first, rest @ ..]) => (Pattern::Run(word(part, first, &DRIVES)?), rest),
        (Part::Bolt, [first, rest @ ..]) => (Pattern::Bolt(word(part, first, &POSITIONS)?), rest),
        (Part::Beeper, [first, rest @ ..]) => (Pattern::Sound(count(part, first)?), rest),
        (Part::Hub, [first, rest @ ..]) => {
            let bytes = super::hub::hex(&rest.join(" "))?;
            (Pattern::Frame(word(part, first, &FRAMES)?, bytes), &[][..])
        }
        (Part::Power, ["brown-out", rest @ ..]) => (Pattern::BrownOut, rest),
        (Part::Power, ["reset", cause, rest @ ..]) => {
            let cause = ResetCause::ALL
                .into_iter()
                .find(|known| known.name() == *cause)
                .ok_or_else(|| Wrong {
                    what: format!("power never resets for `{cause}`"),
                    help: suggest(cause, &ResetCause::ALL.map(ResetCause::name)),
                })?;
            (Pattern::Reset(cause), rest)
        }
        (Part::Power, [first, ..]) => {
            return Err(Wrong {
                what: format!("power is never `{first}`"),
                help: help(part),
            });
        }
        (_, [first]) => (Pattern::Light(word(part, first, &PAINTS)?, None), &[][..]),
        (_, [first, second, rest @ ..]) => {
            let paint = word(part, first, &PAINTS)?;
            (Pattern::Light(paint, Some(count(part, second)?)), rest)
        }
        (_, []) => {
            return Err(Wrong {
                what: "this is empty".into(),
                help: help(part),
            });
        }
    };
    match rest.first() {
        None => Ok(pattern),
        Some(extra) => Err(Wrong {
            what: format!("`{extra}` is more than `expect` understands"),
            help: format!("{}; times are the snapshot's to say", help(part)),
        }),
    }
}

fn word<T: Copy>(part: Part, word: &str, names: &[(&'static str, T)]) -> Result<T, Wrong> {
    match names.iter().find(|(name, _)| *name == word) {
        Some((_, value)) => Ok(*value),
        None => {
            let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
            Err(Wrong {
                what: format!("{} is never `{word}`", part.name()),
                help: match word {
                    "none" => "`none` stands alone".into(),
                    _ if word.eq_ignore_ascii_case("none") => "did you mean `none`?".into(),
                    _ => suggest(word, &known),
                },
            })
        }
    }
}

fn count(part: Part, word: &str) -> Result<u32, Wrong> {
    word.strip_suffix('x')
        .and_then(number)
        .filter(|count| *count > 0)
        .ok_or_else(|| Wrong {
            what: format!("`{word}` is not a count"),
            help: help(part),
        })
}

fn help(part: Part) -> String {
    let words = match part {
        Part::Motor => either(["`none`", "`open`", "`close`"]).to_string(),
        Part::Bolt => either(["`none`", "`retracted`", "`between`", "`extended`"]).to_string(),
        Part::Beeper => "`none` or a count like `3x`".into(),
        Part::Hub => "`none`, `ack`, `nak 0A` or `tells 27 00 01`".into(),
        Part::Power => "`none`, `brown-out` or a reason like `reset watchdog`".into(),
        Part::Status | Part::Keypad => "`none` or a colour and a count like `red 3x`".into(),
    };
    format!("write {words}, or a list of them in order")
}
