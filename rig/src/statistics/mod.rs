//! What many runs of one scenario say about its outcomes: how far their numbers spread and drift,
//! which outcomes come and go, and the tolerance that would hold them all.

mod json;
mod show;

use crate::outcome::{Block, Outcome, Outcomes, Part};
use crate::snapshot::{Fit, Measure, Tolerance, beside, like, numbers};

/// Times from here on are long: they tell the share of a tolerance, shorter ones its fixed part.
const LONG: u64 = 1_000_000;

/// Many runs of one scenario on one lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistics {
    /// How many.
    pub runs: usize,
    /// One for each step.
    pub steps: Vec<StepStatistics>,
    /// The least tolerance about the medians that would have passed every run, with half as much again
    /// for those to come; `None` where no number spreads.
    pub tolerance: Option<Tolerance>,
}

/// One step's outcomes over all runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepStatistics {
    /// Number of the step, from 1.
    pub number: usize,
    /// Its text.
    pub heading: String,
    /// In start order.
    pub outcomes: Vec<OutcomeStatistics>,
}

/// One outcome over all runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeStatistics {
    /// As it was in the first run that had it.
    pub outcome: Outcome,
    /// In how many runs it was.
    pub seen: usize,
    /// Its numbers, in the order in which outcomes are written.
    pub spreads: Vec<Spread>,
}

/// One number of an outcome over all runs that had it: microseconds, or hertz for a tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// Which number.
    pub what: Measure,
    /// The least.
    pub min: u64,
    /// The middle one, the lower of two.
    pub median: u64,
    /// What 99 of 100 are at or below.
    pub p99: u64,
    /// The greatest.
    pub max: u64,
    /// How much later runs have more than earlier ones: median of the last third less that of the
    /// first.
    pub drift: i64,
}

impl OutcomeStatistics {
    /// Whether some runs had it and some had not.
    pub fn flakes(&self, runs: usize) -> bool {
        self.seen < runs
    }
}

impl Statistics {
    /// Gathers runs of one scenario, in the order in which they were played.
    pub fn of(runs: &[Outcomes]) -> Statistics {
        let mut steps: Vec<Gathered> = Vec::new();
        for run in runs {
            for (index, block) in run.blocks.iter().enumerate() {
                if steps.len() <= index {
                    steps.push(Gathered::new(block));
                }
                steps[index].add(block);
            }
        }
        let steps: Vec<StepStatistics> = steps.into_iter().map(Gathered::finish).collect();
        let spreads = steps
            .iter()
            .flat_map(|step| &step.outcomes)
            .flat_map(|outcome| &outcome.spreads);
        Statistics {
            runs: runs.len(),
            tolerance: tolerance(spreads),
            steps,
        }
    }

    /// Outcomes that not every run had, with their steps.
    pub fn flaky(&self) -> impl Iterator<Item = (&StepStatistics, &OutcomeStatistics)> {
        self.steps.iter().flat_map(|step| {
            let outcomes = step.outcomes.iter();
            outcomes
                .filter(|outcome| outcome.flakes(self.runs))
                .map(move |outcome| (step, outcome))
        })
    }
}

/// A step while runs are added.
struct Gathered {
    number: usize,
    heading: String,
    outcomes: Vec<Samples>,
}

/// An outcome while runs are added: for each run that had it, its start and other numbers.
struct Samples {
    outcome: Outcome,
    numbers: Vec<Vec<(Measure, u64)>>,
}

impl Gathered {
    fn new(block: &Block) -> Gathered {
        Gathered {
            number: block.number,
            heading: block.heading.clone(),
            outcomes: Vec::new(),
        }
    }

    fn add(&mut self, block: &Block) {
        for part in Part::ALL {
            let known: Vec<usize> = (0..self.outcomes.len())
                .filter(|index| self.outcomes[*index].outcome.part == part)
                .collect();
            let measured: Vec<&Outcome> = block
                .outcomes
                .iter()
                .filter(|outcome| outcome.part == part)
                .collect();
            let pairs = beside(known.len(), measured.len(), |k, m| {
                let known = &self.outcomes[known[k]].outcome;
                if like(&known.phrase, &measured[m].phrase) {
                    Fit::Same
                } else {
                    Fit::Unlike
                }
            });
            let mut added = Vec::new();
            let mut before = None;
            for pair in pairs {
                let known = pair.accepted.map(|index| known[index]);
                let measured = pair.measured.map(|index| measured[index]);
                match (known, measured) {
                    (Some(known), Some(measured)) if pair.fit == Fit::Same => {
                        self.outcomes[known].numbers.push(all_numbers(measured));
                    }
                    (_, Some(measured)) => added.push((before.or(known), measured.clone())),
                    _ => {}
                }
                before = known.or(before);
            }
            // From the back, so that places before stay what they are.
            for (after, outcome) in added.into_iter().rev() {
                let samples = Samples {
                    numbers: vec![all_numbers(&outcome)],
                    outcome,
                };
                let place = after.map_or_else(
                    || {
                        let at = samples.outcome.at;
                        self.outcomes
                            .partition_point(|other| other.outcome.at <= at)
                    },
                    |after| after + 1,
                );
                self.outcomes.insert(place, samples);
            }
        }
    }

    fn finish(self) -> StepStatistics {
        let mut outcomes: Vec<OutcomeStatistics> = self
            .outcomes
            .into_iter()
            .map(|samples| OutcomeStatistics {
                seen: samples.numbers.len(),
                spreads: spreads(&samples.numbers),
                outcome: samples.outcome,
            })
            .collect();
        outcomes.sort_by_key(|statistics| (statistics.outcome.at, statistics.outcome.part));
        StepStatistics {
            number: self.number,
            heading: self.heading,
            outcomes,
        }
    }
}

fn all_numbers(outcome: &Outcome) -> Vec<(Measure, u64)> {
    let start = (Measure::Start, outcome.at.saturating_mul(1000));
    let mut all = vec![start];
    all.extend(numbers(&outcome.phrase));
    all
}

/// The spread of each number; like outcomes have like numbers.
fn spreads(runs: &[Vec<(Measure, u64)>]) -> Vec<Spread> {
    let count = runs.first().map_or(0, Vec::len);
    (0..count)
        .filter_map(|index| {
            let what = runs.first()?.get(index)?.0;
            let in_order: Vec<u64> = runs
                .iter()
                .filter_map(|numbers| Some(numbers.get(index)?.1))
                .collect();
            let mut sorted = in_order.clone();
            sorted.sort_unstable();
            let third = in_order.len().div_ceil(3);
            let early = median(&in_order[..third]);
            let late = median(&in_order[in_order.len() - third..]);
            Some(Spread {
                what,
                min: *sorted.first()?,
                median: rank(&sorted, 50),
                p99: rank(&sorted, 99),
                max: *sorted.last()?,
                drift: late.cast_signed().wrapping_sub(early.cast_signed()),
            })
        })
        .collect()
}

fn median(values: &[u64]) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    rank(&sorted, 50)
}

/// The least value that so many percent are at or below.
fn rank(sorted: &[u64], percent: usize) -> u64 {
    let place = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(place - 1).copied().unwrap_or(0)
}

/// The least tolerance that holds every spread about its median, and half as much again.
fn tolerance<'a>(spreads: impl Iterator<Item = &'a Spread>) -> Option<Tolerance> {
    // Distance from the median, and the median, of every time that spreads.
    let times: Vec<(u64, u64)> = spreads
        .filter(|spread| spread.what != Measure::Tone && spread.max > spread.min)
        .map(|spread| {
            let far = (spread.median - spread.min).max(spread.max - spread.median);
            (far, spread.median)
        })
        .collect();
    let short = times.iter().filter(|(_, median)| *median < LONG);
    let fixed = short.map(|(far, _)| *far).max().unwrap_or(0);
    let permille = times
        .iter()
        .filter(|(_, median)| *median >= LONG)
        .map(|(far, median)| (far.saturating_sub(fixed).saturating_mul(1000)).div_ceil(*median))
        .max()
        .unwrap_or(0);
    let more = |value: u64| (value * 3).div_ceil(2);
    (!times.is_empty()).then(|| Tolerance {
        millis: u32::try_from(more(fixed).div_ceil(1000)).unwrap_or(u32::MAX),
        permille: u32::try_from(more(permille)).unwrap_or(u32::MAX),
    })
}

#[cfg(test)]
mod tests;
