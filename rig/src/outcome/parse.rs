//! Reading outcomes back from a snapshot's text.

use std::str::FromStr;

use super::{
    Block, Colour, Drive, Length, Outcome, Outcomes, Paint, Part, Phrase, Position, Rhythm, byte,
    number,
};
use crate::trace::ResetCause;

/// A line of a snapshot that is neither a step's heading nor an outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read line {line}, `{text}`: {problem}")]
pub struct ParseError {
    /// Counted from 1.
    pub line: usize,
    /// The line as it stands.
    pub text: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl FromStr for Outcomes {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Outcomes, ParseError> {
        let mut blocks: Vec<Block> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let error = |problem| ParseError {
                line: index + 1,
                text: line.trim().to_owned(),
                problem,
            };
            if line.trim().is_empty() {
                continue;
            }
            if line.starts_with(' ') {
                let block = blocks
                    .last_mut()
                    .ok_or_else(|| error("no step's heading stands above it"))?;
                block.outcomes.push(outcome(line).map_err(error)?);
            } else {
                blocks.push(heading(line, blocks.len() + 1).map_err(error)?);
            }
        }
        Ok(Outcomes { blocks })
    }
}

fn heading(line: &str, expected: usize) -> Result<Block, &'static str> {
    let (number, text) = line
        .split_once("  ")
        .ok_or("a step's heading is its number, two spaces and its text")?;
    let number = number
        .parse()
        .map_err(|_| "a step's heading starts with its number")?;
    if number != expected {
        return Err("steps are numbered 1, 2, 3 without a gap");
    }
    Ok(Block {
        number,
        heading: text.trim().to_owned(),
        outcomes: Vec::new(),
    })
}

fn outcome(line: &str) -> Result<Outcome, &'static str> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [at, part, phrase @ ..] = words.as_slice() else {
        return Err("an outcome is a time, a part and what it did");
    };
    let at = time(at).ok_or("an outcome starts with its time, like +0.250s")?;
    let part = Part::ALL
        .into_iter()
        .find(|known| known.name() == *part)
        .ok_or("the part is motor, bolt, status, keypad, beeper, hub or power")?;
    let phrase = match part {
        Part::Motor => run(phrase).ok_or("a motor run is like `open 1012ms`"),
        Part::Bolt => bolt(phrase).ok_or("a bolt position is retracted, between, extended or both"),
        Part::Status | Part::Keypad => light(phrase)
            .ok_or("a light is like `green 1x 500ms`, `red 3x 150/150ms` or `green on to end`"),
        Part::Beeper => {
            sound(phrase).ok_or("a sound is like `1x 500ms 4000Hz` or `3x 150/150ms 4000Hz`")
        }
        Part::Hub => frame(phrase).ok_or("a hub frame is bytes in hex, like `BD 04 01 AA 03 53`"),
        Part::Power => {
            power(phrase).ok_or("a power event is like `brown-out 12ms` or `reset watchdog`")
        }
    }?;
    Ok(Outcome { at, part, phrase })
}

/// `+29.951s`, in milliseconds.
fn time(word: &str) -> Option<u64> {
    let (seconds, millis) = word.strip_prefix('+')?.strip_suffix('s')?.split_once('.')?;
    if millis.len() != 3 {
        return None;
    }
    number::<u64>(seconds)?
        .checked_mul(1000)?
        .checked_add(number(millis)?)
}

/// A number and its unit, as microseconds for each unit.
fn unit(word: &str) -> Option<(&str, u64)> {
    if let Some(number) = word.strip_suffix("ms") {
        Some((number, 1000))
    } else {
        Some((word.strip_suffix("us")?, 1))
    }
}

fn length(word: &str) -> Option<Length> {
    let (text, unit) = unit(word)?;
    Some(Length::from_micros(number::<u64>(text)?.checked_mul(unit)?))
}

fn lasted(words: &[&str]) -> Option<Option<Length>> {
    match words {
        ["to", "end"] => Some(None),
        [word] => Some(Some(length(word)?)),
        _ => None,
    }
}

fn run(words: &[&str]) -> Option<Phrase> {
    let (drive, rest) = words.split_first()?;
    let drive = Drive::ALL
        .into_iter()
        .find(|known| known.name() == *drive)?;
    Some(Phrase::Run(drive, lasted(rest)?))
}

fn bolt(words: &[&str]) -> Option<Phrase> {
    let [word] = words else { return None };
    let position = Position::ALL
        .into_iter()
        .find(|known| known.name() == *word)?;
    Some(Phrase::Bolt(position))
}

fn colour(word: &str) -> Option<Colour> {
    Colour::ALL.into_iter().find(|known| known.name() == word)
}

fn light(words: &[&str]) -> Option<Phrase> {
    let (paint, rest) = words.split_first()?;
    let paint = match paint.split_once('/') {
        Some((first, second)) => Paint::Two(colour(first)?, colour(second)?),
        None => Paint::One(colour(paint)?),
    };
    match (paint, rhythm(rest)?) {
        (Paint::Two(..), Rhythm::Once(_) | Rhythm::ToEnd) => None,
        (paint, rhythm) => Some(Phrase::Light(paint, rhythm)),
    }
}

fn rhythm(words: &[&str]) -> Option<Rhythm> {
    if words == ["on", "to", "end"] {
        return Some(Rhythm::ToEnd);
    }
    let [count, lengths] = words else { return None };
    let count = number(count.strip_suffix('x')?)?;
    match count {
        0 => None,
        1 => Some(Rhythm::Once(length(lengths)?)),
        _ => {
            let (numbers, unit) = unit(lengths)?;
            let (on, off) = numbers.split_once('/')?;
            Some(Rhythm::Pulses {
                count,
                on: Length::from_micros(number::<u64>(on)?.checked_mul(unit)?),
                off: Length::from_micros(number::<u64>(off)?.checked_mul(unit)?),
            })
        }
    }
}

fn sound(words: &[&str]) -> Option<Phrase> {
    let (last, rest) = words.split_last()?;
    Some(match last.strip_suffix("Hz") {
        Some(hertz) => Phrase::Sound(rhythm(rest)?, Some(number(hertz)?)),
        None => Phrase::Sound(rhythm(words)?, None),
    })
}

fn frame(words: &[&str]) -> Option<Phrase> {
    let bytes = words
        .iter()
        .map(|word| byte(word))
        .collect::<Option<Vec<u8>>>()?;
    (!bytes.is_empty()).then_some(Phrase::Frame(bytes))
}

fn power(words: &[&str]) -> Option<Phrase> {
    match words {
        ["brown-out", rest @ ..] => Some(Phrase::BrownOut(lasted(rest)?)),
        ["reset", word] => ResetCause::ALL
            .into_iter()
            .find(|cause| cause.name() == *word)
            .map(Phrase::Reset),
        _ => None,
    }
}
