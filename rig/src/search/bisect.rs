//! The first version that goes wrong, among versions in order: half of what is in doubt with every one
//! that is tried, those that can't be tried left out.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::forks::{Forks, Run};
use super::symptom::{Finding, find};
use crate::bench::VirtualBench;
use crate::play::PlayError;
use crate::scenario::{Given, Scenario};

/// What a version turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// It doesn't go wrong in this way.
    Good,
    /// It does.
    Bad,
    /// Nobody can tell, and why.
    Skip(String),
}

/// Where it begins to go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The last version that is good.
    pub good: usize,
    /// The first that is bad. What lies between the two could not be tried.
    pub bad: usize,
    /// How many versions were tried.
    pub tried: usize,
}

impl Found {
    /// The versions between good and bad that could not be tried: it may be one of them.
    pub fn between(&self) -> Range<usize> {
        self.good + 1..self.bad
    }
}

/// Searches `count` versions of which the first is good and the last is bad, as is known. `mark` tries
/// one of them; an error ends the search.
pub fn bisect<E>(count: usize, mut mark: impl FnMut(usize) -> Result<Mark, E>) -> Result<Found, E> {
    let mut found = Found {
        good: 0,
        bad: count.saturating_sub(1),
        tried: 0,
    };
    let mut skipped: BTreeMap<usize, ()> = BTreeMap::new();
    loop {
        let middle = found.good + (found.bad - found.good) / 2;
        let next = found
            .between()
            .filter(|index| !skipped.contains_key(index))
            .min_by_key(|index| index.abs_diff(middle));
        let Some(next) = next else {
            return Ok(found);
        };
        found.tried += 1;
        match mark(next)? {
            Mark::Good => found.good = next,
            Mark::Bad => found.bad = next,
            Mark::Skip(_) => {
                skipped.insert(next, ());
            }
        }
    }
}

/// A search that has nothing to look for.
#[derive(Debug, thiserror::Error)]
pub enum OracleError {
    /// Both do the same.
    #[error("tell good from bad: the bad one does the same as the good one")]
    Same,
    /// The good one can't play the scenario.
    #[error("tell good from bad: the good one does not get into the state `{}`", .0.name())]
    GoodNotReached(Given),
    /// The rig failed, or was interrupted.
    #[error(transparent)]
    Play(#[from] PlayError),
}

/// Tells versions that go wrong in one way from those that don't: by a scenario, a good lock, and what
/// is wrong first on a bad one.
#[derive(Debug)]
pub struct Oracle<'s> {
    scenario: &'s Scenario,
    good: Run,
    target: Finding,
    interrupted: &'s AtomicBool,
    allowed: Duration,
}

/// A version that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What it is.
    pub mark: Mark,
    /// Its run, where it came to that.
    pub run: Option<Run>,
}

impl<'s> Oracle<'s> {
    /// Learns from a good and a bad lock what to look for. A scenario may take `allowed` here.
    pub fn new(
        scenario: &'s Scenario,
        good: VirtualBench,
        bad: VirtualBench,
        interrupted: &'s AtomicBool,
        allowed: Duration,
    ) -> Result<(Oracle<'s>, Run), OracleError> {
        let play = |bench| Forks::new(bench, interrupted, allowed).play(scenario);
        let good = play(good)?;
        let bad = play(bad)?;
        let target = find(scenario, &[], &bad, Some(&good)).into_iter().next();
        let Some(target) = target else {
            return Err(match &good {
                Run::NotReached(not_reached) => OracleError::GoodNotReached(not_reached.given),
                Run::Played(_) => OracleError::Same,
            });
        };
        let oracle = Oracle {
            scenario,
            good,
            target,
            interrupted,
            allowed,
        };
        Ok((oracle, bad))
    }

    /// What goes wrong, as it was seen on the bad lock.
    pub fn target(&self) -> &Finding {
        &self.target
    }

    /// The good lock's run.
    pub fn good(&self) -> &Run {
        &self.good
    }

    /// Tries a version. What the rig fails at leaves it undecided; an interruption is an error.
    pub fn judge(&self, bench: VirtualBench) -> Result<Judged, PlayError> {
        let played = Forks::new(bench, self.interrupted, self.allowed).play(self.scenario);
        let run = match played {
            Ok(run) => run,
            Err(PlayError::Interrupted) => return Err(PlayError::Interrupted),
            Err(error) => {
                return Ok(Judged {
                    mark: Mark::Skip(format!("the rig failed to {error}")),
                    run: None,
                });
            }
        };
        let found = find(self.scenario, &[], &run, Some(&self.good));
        let wrong = found
            .iter()
            .any(|found| found.symptom.is_about(&self.target.symptom));
        let mark = match (&run, wrong) {
            (_, true) => Mark::Bad,
            // Without the state it can't be seen whether the rest works.
            (Run::NotReached(not_reached), false) => Mark::Skip(format!(
                "it does not get into the state `{}`",
                not_reached.given.name()
            )),
            (Run::Played(_), false) => Mark::Good,
        };
        Ok(Judged {
            mark,
            run: Some(run),
        })
    }

    /// What is wrong with a bad version beside another one.
    pub fn wrong(&self, bad: &Run, good: &Run) -> Vec<Finding> {
        find(self.scenario, &[], bad, Some(good))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    fn search(marks: &[Mark]) -> Found {
        bisect(marks.len(), |index| {
            Ok::<Mark, Infallible>(marks[index].clone())
        })
        .unwrap()
    }

    #[test]
    fn neighbours_need_no_search() {
        let found = search(&[Mark::Good, Mark::Bad]);
        assert_eq!((found.good, found.bad, found.tried), (0, 1, 0));
    }

    #[test]
    fn a_thousand_versions_take_ten_tries() {
        let marks: Vec<Mark> = (0..1_000)
            .map(|index| if index < 613 { Mark::Good } else { Mark::Bad })
            .collect();
        let found = search(&marks);
        assert_eq!((found.good, found.bad), (612, 613));
        assert!(found.tried <= 10, "{}", found.tried);
    }

    proptest! {
        /// Whatever can't be tried: the first bad one is in what is left, and all that is left but it
        /// could not be tried.
        #[test]
        fn the_first_bad_one_is_in_what_is_left(
            skips in prop::collection::vec(any::<bool>(), 2..60),
            first in 1usize..60,
        ) {
            let last = skips.len() - 1;
            let first = first.min(last);
            let marks: Vec<Mark> = skips
                .iter()
                .enumerate()
                .map(|(index, skip)| match (index, skip) {
                    (index, true) if index != 0 && index != last => Mark::Skip("no".into()),
                    (index, _) if index < first => Mark::Good,
                    _ => Mark::Bad,
                })
                .collect();
            let found = search(&marks);
            prop_assert!(found.good < first && first <= found.bad);
            prop_assert_eq!(&marks[found.good], &Mark::Good);
            prop_assert_eq!(&marks[found.bad], &Mark::Bad);
            for index in found.between() {
                prop_assert!(matches!(marks[index], Mark::Skip(_)));
            }
        }
    }
}
