//! Telling a run while it is played: which step is in play, how long the rest will take, and each
//! outcome once it is over.

use std::collections::BTreeMap;

use crate::lock::LockModel;
use crate::outcome::{Outcome, Outcomes, Part, Phrase, Rhythm};
use crate::scenario::{Action, GAP, HUB_ANSWER, Hub, PRESS, QUIET, Step, TURN};
use crate::trace::Nanos;

/// Who is told of a run while it is played.
pub trait Spectator {
    /// Step `number` of `of` begins; with it, what is left takes about `left`.
    fn step(&mut self, number: usize, of: usize, step: &Step, left: Nanos);

    /// The lock has done this in step `number`.
    fn outcome(&mut self, number: usize, outcome: &Outcome);
}

/// How long something must have looked the same to be over: longer than any pause in a pattern.
const OVER: Nanos = Nanos::from_secs(1);

/// How often the trace is read again.
const OFTEN: Nanos = Nanos::from_millis(250);

/// Finds out which outcomes of a growing trace are new and over.
#[derive(Debug, Default)]
pub(super) struct Live {
    /// Each outcome by step, part and place, with since when it has been so.
    seen: BTreeMap<(usize, Part, usize), (Outcome, Nanos)>,
    /// How many of each step and part have been told.
    told: BTreeMap<(usize, Part), usize>,
    read: Nanos,
}

impl Live {
    /// Whether it is time to read the trace again.
    pub(super) fn is_due(&self, now: Nanos) -> bool {
        now.since(self.read) >= OFTEN
    }

    /// What is new and over, with the numbers of its steps; at the end of the run all that is new.
    pub(super) fn news(
        &mut self,
        outcomes: &Outcomes,
        now: Nanos,
        ended: bool,
    ) -> Vec<(usize, Outcome)> {
        self.read = now;
        let mut news = Vec::new();
        for block in &outcomes.blocks {
            let mut places: BTreeMap<Part, usize> = BTreeMap::new();
            for outcome in &block.outcomes {
                let place = places.entry(outcome.part).or_default();
                let index = *place;
                *place += 1;
                let told = self.told.entry((block.number, outcome.part)).or_default();
                if index < *told {
                    continue;
                }
                let key = (block.number, outcome.part, index);
                let since = match self.seen.get(&key) {
                    Some((before, since)) if before == outcome => *since,
                    _ => now,
                };
                self.seen.insert(key, (outcome.clone(), since));
                let over = now.since(since) >= OVER && !is_going_on(&outcome.phrase);
                // In their order: what follows waits for what goes on.
                if (over || ended) && index == *told {
                    *told += 1;
                    news.push((block.number, outcome.clone()));
                }
            }
        }
        news
    }
}

const fn is_going_on(phrase: &Phrase) -> bool {
    matches!(
        phrase,
        Phrase::Run(_, None)
            | Phrase::BrownOut(None)
            | Phrase::Light(_, Rhythm::ToEnd)
            | Phrase::Sound(Rhythm::ToEnd, _)
    )
}

/// About how long steps take: what they say, and the least where the lock decides.
pub(super) fn estimate(steps: &[Step], model: LockModel) -> Nanos {
    let sum = |sum: Nanos, time: Nanos| Nanos(sum.0.saturating_add(time.0));
    steps
        .iter()
        .map(|step| match &step.action {
            Action::Press { down, .. } => *down + GAP,
            Action::Enter(entry) => {
                let lock = u64::from(entry.confirm.unwrap_or(model.confirms()));
                Nanos((entry.down + entry.gap).0 * (entry.digits.len() as u64 + lock))
            }
            Action::Wait(time) => *time,
            Action::Settle { .. } => QUIET,
            Action::TurnKey(_) => TURN,
            Action::Hub(Hub::Here | Hub::Away) => Nanos::ZERO,
            Action::Hub(Hub::Pair) => PRESS + GAP + HUB_ANSWER,
            Action::Hub(_) => HUB_ANSWER,
            _ => Nanos::ZERO,
        })
        .fold(Nanos::ZERO, sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(text: &str) -> Outcomes {
        text.parse().unwrap()
    }

    #[test]
    fn an_outcome_is_told_once_when_it_is_over() {
        let mut live = Live::default();
        let mut told = |text: &str, at: u64, ended| -> Vec<String> {
            live.news(&outcomes(text), Nanos::from_millis(at), ended)
                .into_iter()
                .map(|(step, outcome)| format!("{step}: {outcome}"))
                .collect()
        };
        let one = "1  enter 1234\n     +0.820s  keypad  red 1x 150ms";
        let two = "1  enter 1234\n     +0.820s  keypad  red 2x 150/150ms\n     +0.820s  motor  open to end";
        let over = "1  enter 1234\n     +0.820s  keypad  red 2x 150/150ms\n     +0.820s  motor  open 1015ms\n2  settle";
        assert!(told(one, 1_000, false).is_empty());
        assert!(told(two, 1_500, false).is_empty());
        assert_eq!(
            told(two, 2_500, false),
            ["1: +0.820s   keypad  red 2x 150/150ms"]
        );
        assert!(told(over, 3_000, false).is_empty());
        assert_eq!(
            told(over, 4_000, false),
            ["1: +0.820s   motor   open 1015ms"]
        );
        assert!(told(over, 9_000, true).is_empty());
    }

    #[test]
    fn what_is_left_at_the_end_is_told_then() {
        let mut live = Live::default();
        let text = "1  wait 1s\n     +0.100s  beeper  1x 30ms 4000Hz\n     +0.200s  beeper  on to end 4000Hz";
        let told = live.news(&outcomes(text), Nanos::from_secs(1), true);
        assert_eq!(told.len(), 2);
    }
}
