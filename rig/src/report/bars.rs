//! Outcomes as bars in time, for whatever draws them.

use crate::outcome::{Colour, Drive, Outcome, Paint, Phrase, Position, Rhythm};
use crate::trace::Nanos;

/// Something that lasted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bar {
    pub from: Nanos,
    pub to: Nanos,
    /// Its look, a class of the page's style sheet.
    pub look: &'static str,
    pub title: String,
}

/// The bars of an outcome that begins at `start`; what lasts to the run's end lasts to `end`.
pub(super) fn bars_of(outcome: &Outcome, start: Nanos, end: Nanos) -> Vec<Bar> {
    let title = outcome.phrase.to_string();
    let one = |length: Option<Nanos>, look| {
        vec![Bar {
            from: start,
            to: length.map_or(end, |length| start + length),
            look,
            title: title.clone(),
        }]
    };
    match &outcome.phrase {
        Phrase::Run(way, length) => one(length.map(Nanos::from), drive(*way).0),
        Phrase::Bolt(place) => one(None, position(*place).0),
        Phrase::Light(paint, rhythm) => {
            let (first, second) = match paint {
                Paint::One(one) => (colour(*one).0, None),
                Paint::Two(one, two) => (colour(*one).0, Some(colour(*two).0)),
            };
            pulses(start, end, rhythm, first, second, &title)
        }
        Phrase::Sound(rhythm, _) => pulses(start, end, rhythm, "beep", None, &title),
        Phrase::Frame(bytes) => one(Some(Nanos::from_millis(bytes.len() as u64)), "hub-from"),
        Phrase::BrownOut(length) => one(length.map(Nanos::from), "reset"),
        Phrase::Reset(_) => one(Some(Nanos::ZERO), "reset"),
    }
}

fn pulses(
    start: Nanos,
    end: Nanos,
    rhythm: &Rhythm,
    first: &'static str,
    second: Option<&'static str>,
    title: &str,
) -> Vec<Bar> {
    let bar = |from: Nanos, to: Nanos, look| Bar {
        from,
        to,
        look,
        title: title.to_owned(),
    };
    match rhythm {
        Rhythm::Once(length) => vec![bar(start, start + Nanos::from(*length), first)],
        Rhythm::ToEnd => vec![bar(start, end, first)],
        Rhythm::Pulses { count, on, off } => {
            let (on, off) = (Nanos::from(*on), Nanos::from(*off));
            let mut bars = Vec::new();
            for index in 0..u64::from(*count) {
                let from = start + Nanos(index * (on.0 + off.0));
                bars.push(bar(from, from + on, first));
                if let Some(second) = second {
                    bars.push(bar(from + on, from + on + off, second));
                }
            }
            bars
        }
    }
}

pub(super) const fn drive(drive: Drive) -> (&'static str, &'static str) {
    match drive {
        Drive::Open => ("open", "open"),
        Drive::Close => ("close", "close"),
        Drive::Both => ("both", "both"),
    }
}

pub(super) const fn colour(colour: Colour) -> (&'static str, &'static str) {
    match colour {
        Colour::Green => ("green", "green"),
        Colour::Red => ("red", "red"),
        Colour::Amber => ("amber", "amber"),
    }
}

pub(super) const fn position(position: Position) -> (&'static str, &'static str) {
    match position {
        Position::Retracted => ("retracted", "retracted"),
        Position::Between => ("between", "between"),
        Position::Extended => ("extended", "extended"),
        Position::Both => ("both", "both switches"),
    }
}
