//! A sweep's outcome as a table: over which stretches of its points the lock does the same, and between
//! which two it begins to do something else.

use std::fmt;

use super::forks::{Forks, Run};
use super::symptom::kind;
use crate::outcome::{Block, Outcomes, Part};
use crate::play::PlayError;
use crate::scenario::{Given, POINT_HEADING, Scenario, ScenarioError, decimal, parse_over};

/// What the lock did at a point, without when and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The value: `4.6V`.
    pub value: String,
    /// In the order in which it began, by part.
    pub did: Vec<(Part, String)>,
}

/// Points in a row at which the lock does the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Value of the first.
    pub first: String,
    /// Value of the last.
    pub last: String,
    /// How many they are.
    pub count: usize,
    /// What the lock does there.
    pub did: Vec<(Part, String)>,
}

/// The points of a sweep among the outcomes of its run; none where there was no sweep.
pub fn points(outcomes: &Outcomes) -> Vec<Point> {
    outcomes.blocks.iter().filter_map(point).collect()
}

/// What a block says, if it is a point's.
pub fn point(block: &Block) -> Option<Point> {
    let value = block.heading.strip_prefix(POINT_HEADING)?;
    let mut did: Vec<(Part, String)> = Vec::new();
    for outcome in &block.outcomes {
        let new = (outcome.part, kind(outcome));
        // Key clicks are as many as keys, in as many groups as pauses between them.
        if new.1 != "clicks" || !did.contains(&new) {
            did.push(new);
        }
    }
    did.sort_by_key(|(part, _)| *part);
    Some(Point {
        value: value.to_owned(),
        did,
    })
}

/// The points, those beside each other with the same outcome together.
pub fn stretches(points: &[Point]) -> Vec<Stretch> {
    let same = |a: &Point, b: &Point| a.did == b.did;
    points
        .chunk_by(same)
        .filter_map(|points| {
            let (first, last) = (points.first()?, points.last()?);
            Some(Stretch {
                first: first.value.clone(),
                last: last.value.clone(),
                count: points.len(),
                did: first.did.clone(),
            })
        })
        .collect()
}

/// `motor open; keypad green 1x, red 10x`.
pub fn told(did: &[(Part, String)]) -> String {
    let parts = did.chunk_by(|a, b| a.0 == b.0).map(|same| {
        let words: Vec<&str> = same.iter().map(|(_, word)| word.as_str()).collect();
        let part = same.first().map_or("", |(part, _)| part.name());
        format!("{part} {}", words.join(", "))
    });
    match parts.collect::<Vec<String>>().join("; ") {
        nothing if nothing.is_empty() => "nothing".to_owned(),
        told => told,
    }
}

/// `4.0V to 4.5V   6 points   motor none`.
impl fmt::Display for Stretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let range = match self.count {
            1 => self.first.clone(),
            _ => format!("{} to {}", self.first, self.last),
        };
        let s = if self.count == 1 { " " } else { "s" };
        write!(
            f,
            "{range:<20}  {:>4} point{s}  {}",
            self.count,
            told(&self.did)
        )
    }
}

/// A sweep's points, and between which values the lock begins to do something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refined {
    /// Every point that was played, in the order of the range.
    pub points: Vec<Point>,
    /// The values on both sides of each change.
    pub limits: Vec<(String, String)>,
}

/// A sweep that can't be played.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The lock does not get into the scenario's given state.
    #[error("play the sweep: the lock does not get into the state `{}`", .0.name())]
    NotReached(Given),
    /// A list of words can't be looked at more closely.
    #[error("look closer between {before} and {after}: they are not quantities of one unit")]
    NoQuantity {
        /// A value of the sweep.
        before: String,
        /// The next one.
        after: String,
    },
    /// The finest step isn't one.
    #[error(
        "look closer in steps of {step}: write a quantity like the sweep's own, such as {like}"
    )]
    Step {
        /// What was asked for.
        step: String,
        /// A value of the sweep.
        like: String,
    },
    /// A value between two others can't be played.
    #[error("look closer: {0}")]
    Scenario(Box<ScenarioError>),
    /// The rig failed, or was interrupted.
    #[error(transparent)]
    Play(#[from] PlayError),
}

/// Plays a scenario's sweep. With `finest`, plays values between two points that differ, halfway each
/// time, until they are that near.
pub fn refine(
    scenario: &Scenario,
    finest: Option<&str>,
    forks: &mut Forks<'_>,
) -> Result<Refined, SweepError> {
    let mut points = Vec::new();
    for (index, _) in scenario.points() {
        points.extend(play(&scenario.at(index), forks)?);
    }
    let mut limits = Vec::new();
    let mut at = 0;
    while at + 1 < points.len() {
        let (before, after) = (&points[at], &points[at + 1]);
        if before.did == after.did {
            at += 1;
            continue;
        }
        let between = match finest {
            Some(finest) => halfway(&before.value, &after.value, finest)?,
            None => None,
        };
        match between {
            Some(value) => {
                let closer = parse_over(&scenario.source, &scenario.path, &scenario.name, &[value])
                    .map_err(|error| SweepError::Scenario(Box::new(error)))?;
                let found = match closer.sweep {
                    Some(index) => play(&closer.at(index), forks)?,
                    None => None,
                };
                match found {
                    Some(point) => points.insert(at + 1, point),
                    None => at += 1,
                }
            }
            None => {
                limits.push((before.value.clone(), after.value.clone()));
                at += 1;
            }
        }
    }
    Ok(Refined { points, limits })
}

fn play(alone: &Scenario, forks: &mut Forks<'_>) -> Result<Option<Point>, SweepError> {
    match forks.play(alone)? {
        Run::Played(played) => Ok(played.outcomes.blocks.last().and_then(point)),
        Run::NotReached(not_reached) => Err(SweepError::NotReached(not_reached.given)),
    }
}

/// The value halfway between two, a whole number of `finest` from the first; `None` where there is
/// none between them.
fn halfway(before: &str, after: &str, finest: &str) -> Result<Option<String>, SweepError> {
    let step = || SweepError::Step {
        step: finest.to_owned(),
        like: before.to_owned(),
    };
    let no_quantity = || SweepError::NoQuantity {
        before: before.to_owned(),
        after: after.to_owned(),
    };
    let from = Quantity::parse(before).ok_or_else(no_quantity)?;
    let to = Quantity::parse(after).ok_or_else(no_quantity)?;
    let by = Quantity::parse(finest).ok_or_else(step)?;
    if from.unit != to.unit {
        return Err(no_quantity());
    }
    if by.unit != from.unit || by.digits == 0 {
        return Err(step());
    }
    let decimals = from.decimals.max(to.decimals).max(by.decimals);
    let scaled = |quantity: &Quantity<'_>| {
        let scale = 10u64.checked_pow(decimals - quantity.decimals)?;
        quantity.digits.checked_mul(scale)
    };
    let (Some(from_scaled), Some(to_scaled), Some(by)) = (scaled(&from), scaled(&to), scaled(&by))
    else {
        return Err(step());
    };
    let steps = from_scaled.abs_diff(to_scaled).div_ceil(by);
    if steps < 2 {
        return Ok(None);
    }
    let way = steps / 2 * by;
    let value = if from_scaled < to_scaled {
        from_scaled + way
    } else {
        from_scaled - way
    };
    Ok(Some(format!("{}{}", decimal(value, decimals), from.unit)))
}

/// `4.60V` as 460, two decimals and `V`.
struct Quantity<'t> {
    digits: u64,
    decimals: u32,
    unit: &'t str,
}

impl<'t> Quantity<'t> {
    fn parse(text: &'t str) -> Option<Quantity<'t>> {
        let text = text.trim();
        let end = text
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        Some(Quantity {
            digits: format!("{whole}{part}").parse().ok()?,
            decimals: u32::try_from(part.len()).ok()?,
            unit: unit.trim(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTCOMES: &str = "\
1  wait 1s
     +0.100s   keypad  green 1x 300ms
2  sweep 4.4V
     +0.020s   beeper  4x 30/170ms 4000Hz
     +0.820s   keypad  red 10x 100/100ms
3  sweep 4.5V
     +0.020s   beeper  4x 30/170ms 4000Hz
     +0.821s   keypad  red 10x 100/100ms
4  sweep 4.6V
     +0.020s   beeper  4x 30/170ms 4000Hz
     +0.820s   motor   open 1304ms
     +0.820s   keypad  green 1x 300ms
5  sweep 4.7V";

    #[test]
    fn points_with_the_same_outcome_are_told_together() {
        let points = points(&OUTCOMES.parse().unwrap());
        let lines: Vec<String> = stretches(&points).iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        4.4V to 4.5V             2 points  keypad red 10x; beeper clicks
        4.6V                     1 point   motor open; keypad green 1x; beeper clicks
        4.7V                     1 point   nothing
        ");
    }

    #[test]
    fn between_two_points_is_the_one_halfway() {
        let told =
            |before, after, finest| halfway(before, after, finest).map_err(|e| e.to_string());
        assert_eq!(told("4.5V", "4.6V", "0.01V"), Ok(Some("4.55V".into())));
        assert_eq!(told("4.6V", "4.5V", "0.01 V"), Ok(Some("4.55V".into())));
        assert_eq!(told("4.55V", "4.56V", "0.01V"), Ok(None));
        assert_eq!(told("10ms", "20ms", "3ms"), Ok(Some("16ms".into())));
        assert_eq!(told("0%", "100%", "100%"), Ok(None));
        insta::assert_snapshot!(told("alkaline", "lithium", "1").unwrap_err(), @"look closer between alkaline and lithium: they are not quantities of one unit");
        insta::assert_snapshot!(told("4.5V", "4.6V", "5ms").unwrap_err(), @"look closer in steps of 5ms: write a quantity like the sweep's own, such as 4.5V");
    }
}
