//! The two LEDs. Each has a green and a red half, so a colour is what both lines say together.

use super::rhythm::{Spell, Train, alike, mean, since_first_step, spells, trains};
use super::{Colour, Found, Length, Paint, Part, Phrase, Rhythm};
use crate::trace::{Channel, Nanos, Phase, Trace, phases};

/// Edges of the two halves that are closer than this belong together: nobody sees them apart.
const SKEW: Nanos = Nanos::from_millis(3);

pub(super) fn lights(trace: &Trace) -> Vec<Found> {
    let mut found = light(
        trace,
        Part::Status,
        [Channel::StatusGreen, Channel::StatusRed],
    );
    found.extend(light(
        trace,
        Part::Keypad,
        [Channel::KeypadGreen, Channel::KeypadRed],
    ));
    found
}

fn light(trace: &Trace, part: Part, lines: [Channel; 2]) -> Vec<Found> {
    let phases = without_skew(&phases(trace, lines));
    let lit = spells(&phases, |levels| match levels {
        [false, false] => None,
        [true, false] => Some(Colour::Green),
        [false, true] => Some(Colour::Red),
        [true, true] => Some(Colour::Amber),
    });
    let lit = since_first_step(trace, lit);
    let (alternations, rest) = alternations(lit);
    let single = trains(trace, &rest, |a, b| a == b)
        .into_iter()
        .map(|train| (train.start, Paint::One(train.kind), train.rhythm));
    alternations
        .into_iter()
        .map(|train| (train.start, train.kind, train.rhythm))
        .chain(single)
        .map(|(start, paint, rhythm)| Found {
            start,
            part,
            phrase: Phrase::Light(paint, rhythm),
        })
        .collect()
}

/// Drops phases that are only the one half lagging behind the other.
fn without_skew(phases: &[Phase]) -> Vec<Phase> {
    let mut kept: Vec<Phase> = Vec::new();
    let mut start = None;
    for (index, phase) in phases.iter().enumerate() {
        let begin = start.take().unwrap_or(phase.start);
        let before = index.checked_sub(1).map(|before| phases[before].levels);
        if let (Some(before), Some(next)) = (before, phases.get(index + 1)) {
            let changed = |a: [bool; 2], b: [bool; 2]| [a[0] != b[0], a[1] != b[1]];
            let lagging = changed(before, phase.levels) != changed(phase.levels, next.levels);
            if lagging && next.start.since(phase.start) < SKEW {
                start = Some(begin);
                continue;
            }
        }
        if kept.last().is_none_or(|last| last.levels != phase.levels) {
            kept.push(Phase {
                start: begin,
                levels: phase.levels,
            });
        }
    }
    kept
}

/// Takes out runs of two colours that follow each other in turn without a pause, two pairs or more.
fn alternations(lit: Vec<Spell<Colour>>) -> (Vec<Train<Paint>>, Vec<Spell<Colour>>) {
    let mut found = Vec::new();
    let mut rest = Vec::new();
    let mut index = 0;
    while index < lit.len() {
        let pairs = pairs_from(&lit[index..]);
        if pairs < 2 {
            rest.push(lit[index].clone());
            index += 1;
            continue;
        }
        let run = &lit[index..index + 2 * pairs];
        let length = |offset: usize| {
            let lengths: Vec<Nanos> = run
                .iter()
                .skip(offset)
                .step_by(2)
                .filter_map(|spell| Some(spell.end?.since(spell.start)))
                .collect();
            Length::from(mean(&lengths))
        };
        found.push(Train {
            kind: Paint::Two(run[0].kind, run[1].kind),
            start: run[0].start,
            rhythm: Rhythm::Pulses {
                count: u32::try_from(pairs).unwrap_or(u32::MAX),
                on: length(0),
                off: length(1),
            },
        });
        index += 2 * pairs;
    }
    (found, rest)
}

/// How many whole pairs of alternating colours stand at the front.
fn pairs_from(lit: &[Spell<Colour>]) -> usize {
    let like = |spell: &Spell<Colour>, model: &Spell<Colour>| {
        let (Some(end), Some(model_end)) = (spell.end, model.end) else {
            return false;
        };
        spell.kind == model.kind && alike(end.since(spell.start), model_end.since(model.start))
    };
    let [first, second, ..] = lit else { return 0 };
    if first.kind == second.kind {
        return 0;
    }
    let length = lit
        .iter()
        .enumerate()
        .take_while(|(index, spell)| {
            let model = if index % 2 == 0 { first } else { second };
            let joined = *index == 0 || lit[index - 1].end == Some(spell.start);
            joined && like(spell, model)
        })
        .count();
    length / 2
}
