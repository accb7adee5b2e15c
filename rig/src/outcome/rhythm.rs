//! From spells (on from here to there) to patterns: equal pulses at equal distances become one
//! outcome, so that three beeps read as three beeps.
//!
//! A pattern whose pauses are short, and about as long as its pulses, is one feedback and may run on
//! into later steps. Sparser pulses (key clicks, the idle blink, one long light after another) each
//! answer to their own step, so they are gathered only within one.

use super::{Length, Rhythm};
use crate::trace::{Nanos, Phase, Trace};

/// Something that was on for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spell<K> {
    pub kind: K,
    pub start: Nanos,
    /// `None` when it was still on at the trace's end.
    pub end: Option<Nanos>,
}

/// Pulses of one pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Train<K> {
    pub kind: K,
    pub start: Nanos,
    pub rhythm: Rhythm,
}

/// Pauses longer than this don't belong to a pattern.
const LONGEST_PAUSE: Nanos = Nanos::from_secs(10);

/// Pauses longer than this separate two feedbacks that begin in different steps.
const LONGEST_PAUSE_ACROSS_STEPS: Nanos = Nanos::from_millis(500);

/// Whether two lengths are the same but for jitter: 5 ms and 2 %.
pub(super) fn alike(a: Nanos, b: Nanos) -> bool {
    a.distance(b).0 <= 5_000_000 + a.max(b).0 / 50
}

/// Gathers spells, in start order, into patterns, in start order. `same` says whether two kinds are.
pub(super) fn trains<K: Clone>(
    trace: &Trace,
    spells: &[Spell<K>],
    same: impl Fn(&K, &K) -> bool,
) -> Vec<Train<K>> {
    // The pause between a pulse and the next, where they could be of one pattern.
    let pause = |index: usize| -> Option<Nanos> {
        let (spell, next) = (spells.get(index)?, spells.get(index + 1)?);
        let (end, next_end) = (spell.end?, next.end?);
        let (on, next_on) = (end.since(spell.start), next_end.since(next.start));
        let pause = next.start.since(end);
        let dense = pause.0 <= on.0 + on.0 / 2 && pause <= LONGEST_PAUSE_ACROSS_STEPS;
        let one_step = trace.step_at(spell.start) == trace.step_at(next.start);
        (same(&spell.kind, &next.kind)
            && alike(on, next_on)
            && pause <= LONGEST_PAUSE
            && (dense || one_step))
            .then_some(pause)
    };
    let mut trains = Vec::new();
    let mut index = 0;
    while index < spells.len() {
        let first = &spells[index];
        let count = match pause(index) {
            // The next pulse begins a quicker pattern: it is that one's, not this one's second.
            Some(gap) if pause(index + 1).is_some_and(|next| next < gap && !alike(next, gap)) => 1,
            Some(gap) => {
                let more = (index + 1..)
                    .take_while(|&at| pause(at).is_some_and(|next| alike(next, gap)))
                    .count();
                2 + more
            }
            None => 1,
        };
        trains.push(Train {
            kind: first.kind.clone(),
            start: first.start,
            rhythm: rhythm(&spells[index..index + count]),
        });
        index += count;
    }
    trains
}

fn rhythm<K>(spells: &[Spell<K>]) -> Rhythm {
    let on = |spell: &Spell<K>| spell.end.map(|end| end.since(spell.start));
    match spells {
        [single] => on(single).map_or(Rhythm::ToEnd, |on| Rhythm::Once(Length::from(on))),
        several => {
            let ons: Vec<Nanos> = several.iter().filter_map(on).collect();
            let pauses: Vec<Nanos> = several
                .windows(2)
                .filter_map(|pair| Some(pair[1].start.since(pair[0].end?)))
                .collect();
            Rhythm::Pulses {
                count: u32::try_from(several.len()).unwrap_or(u32::MAX),
                on: mean(&ons).into(),
                off: mean(&pauses).into(),
            }
        }
    }
}

pub(super) fn mean(lengths: &[Nanos]) -> Nanos {
    let sum: u128 = lengths.iter().map(|length| u128::from(length.0)).sum();
    Nanos((sum / lengths.len().max(1) as u128) as u64)
}

/// Cuts off what was before the first step: nothing of it is left where it ended by then.
pub(super) fn since_first_step<K>(trace: &Trace, spells: Vec<Spell<K>>) -> Vec<Spell<K>> {
    let Some(first) = trace.steps.first() else {
        return Vec::new();
    };
    spells
        .into_iter()
        .filter(|spell| spell.end.is_none_or(|end| end > first.start))
        .map(|spell| Spell {
            start: spell.start.max(first.start),
            ..spell
        })
        .collect()
}

/// The spells that `kind` finds in phases; `None` is off.
pub(super) fn spells<K: PartialEq>(
    phases: &[Phase],
    kind: impl Fn([bool; 2]) -> Option<K>,
) -> Vec<Spell<K>> {
    phases
        .iter()
        .enumerate()
        .filter_map(|(index, phase)| {
            Some(Spell {
                kind: kind(phase.levels)?,
                start: phase.start,
                end: phases.get(index + 1).map(|next| next.start),
            })
        })
        .collect()
}
