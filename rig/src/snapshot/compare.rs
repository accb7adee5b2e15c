//! Measured outcomes beside accepted ones: per step and per part, in order, within tolerance.

use std::fmt;

use super::tolerance::{Deviation, Fit, Terms, fit};
use crate::outcome::{Block, Outcome, Outcomes, Part};

/// One outcome that is not as accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Number of the step, from 1.
    pub step: usize,
    /// The step's text.
    pub heading: String,
    /// Which part of the lock it is about.
    pub part: Part,
    /// As accepted; `None` for an outcome that is new.
    pub accepted: Option<Outcome>,
    /// As measured; `None` for an outcome that is gone.
    pub measured: Option<Outcome>,
    /// Where it is the same thing, the numbers out of tolerance.
    pub deviations: Vec<Deviation>,
}

/// The first step that isn't the one that the snapshot was accepted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// Number of the step, from 1.
    pub step: usize,
    /// Its text in the snapshot; `None` where the snapshot has no such step.
    pub accepted: Option<String>,
    /// Its text in the scenario; `None` where the scenario ends before it.
    pub played: Option<String>,
}

/// What is not as accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Set where the scenario has other steps than the snapshot: it wants accepting anew.
    pub stale: Option<Stale>,
    /// Outcomes that differ in steps that both have, in the order of the steps.
    pub changes: Vec<Change>,
}

impl Difference {
    /// Whether all is as accepted.
    pub fn is_empty(&self) -> bool {
        self.stale.is_none() && self.changes.is_empty()
    }
}

/// What differs, and the outcomes to accept in its place: measured, but accepted values wherever
/// those are within tolerance, so that accepting never moves what didn't change.
pub(crate) fn compare(
    accepted: &Outcomes,
    measured: &Outcomes,
    terms: &Terms,
) -> (Difference, Outcomes) {
    let mut difference = Difference {
        stale: stale(accepted, measured),
        changes: Vec::new(),
    };
    let mut merged = Outcomes::default();
    let whole = Span {
        a: (0, accepted.blocks.len()),
        m: (0, measured.blocks.len()),
    };
    let same = |a: usize, m: usize| accepted.blocks[a].heading == measured.blocks[m].heading;
    let mut known = whole.common(same).into_iter().peekable();
    for (m, block) in measured.blocks.iter().enumerate() {
        let block = match known.next_if(|(_, known)| *known == m) {
            Some((a, _)) => {
                compare_block(&accepted.blocks[a], block, terms, &mut difference.changes)
            }
            None => block.clone(),
        };
        merged.blocks.push(block);
    }
    (difference, merged)
}

fn stale(accepted: &Outcomes, measured: &Outcomes) -> Option<Stale> {
    let heading = |outcomes: &Outcomes, index: usize| {
        outcomes
            .blocks
            .get(index)
            .map(|block| block.heading.clone())
    };
    (0..accepted.blocks.len().max(measured.blocks.len()))
        .map(|index| Stale {
            step: index + 1,
            accepted: heading(accepted, index),
            played: heading(measured, index),
        })
        .find(|stale| stale.accepted != stale.played)
}

/// Compares one step. Returns what to accept for it.
fn compare_block(
    accepted: &Block,
    measured: &Block,
    terms: &Terms,
    changes: &mut Vec<Change>,
) -> Block {
    let mut outcomes = measured.outcomes.clone();
    let first_change = changes.len();
    for part in Part::ALL {
        if terms.unseen.contains(&part) {
            continue;
        }
        let of_part = |block: &Block| -> Vec<(usize, Outcome)> {
            let outcomes = block.outcomes.iter().cloned().enumerate();
            outcomes.filter(|(_, o)| o.part == part).collect()
        };
        let (a, m) = (of_part(accepted), of_part(measured));
        let fits =
            |a_index: usize, m_index: usize| fit(&a[a_index].1, &m[m_index].1, terms.tolerance);
        for pair in beside(a.len(), m.len(), fits) {
            let accepted = pair.accepted.map(|index| a[index].1.clone());
            let deviations = match pair.fit {
                Fit::Same => {
                    if let (Some(accepted), Some(index)) = (accepted, pair.measured) {
                        outcomes[m[index].0] = accepted;
                    }
                    continue;
                }
                Fit::Off(deviations) => deviations,
                Fit::Unlike => Vec::new(),
            };
            changes.push(Change {
                step: measured.number,
                heading: measured.heading.clone(),
                part,
                accepted,
                measured: pair.measured.map(|index| m[index].1.clone()),
                deviations,
            });
        }
    }
    changes[first_change..].sort_by_key(|change| {
        let outcome = change.accepted.as_ref().or(change.measured.as_ref());
        outcome.map(|outcome| outcome.at)
    });
    for outcome in &accepted.outcomes {
        if terms.unseen.contains(&outcome.part) {
            let place = outcomes.partition_point(|other| other.at <= outcome.at);
            outcomes.insert(place, outcome.clone());
        }
    }
    Block {
        outcomes,
        ..measured.clone()
    }
}

/// An accepted and a measured outcome that stand beside each other, by index; one may be missing.
pub(crate) struct Pair {
    pub accepted: Option<usize>,
    pub measured: Option<usize>,
    pub fit: Fit,
}

/// Puts two sequences beside each other: as many as possible that fit, between those as many as
/// possible that are the same thing at another time, and what is left in order.
pub(crate) fn beside(
    accepted: usize,
    measured: usize,
    fits: impl Fn(usize, usize) -> Fit,
) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let whole = Span {
        a: (0, accepted),
        m: (0, measured),
    };
    for (gap, same) in whole.split(&whole.common(|a, m| fits(a, m) == Fit::Same)) {
        for (rest, off) in gap.split(&gap.common(|a, m| fits(a, m) != Fit::Unlike)) {
            let (a, m) = (rest.a.1 - rest.a.0, rest.m.1 - rest.m.0);
            pairs.extend((0..a.max(m)).map(|index| Pair {
                accepted: (index < a).then_some(rest.a.0 + index),
                measured: (index < m).then_some(rest.m.0 + index),
                fit: Fit::Unlike,
            }));
            pairs.extend(off.map(|(a, m)| Pair {
                accepted: Some(a),
                measured: Some(m),
                fit: fits(a, m),
            }));
        }
        pairs.extend(same.map(|(a, m)| Pair {
            accepted: Some(a),
            measured: Some(m),
            fit: Fit::Same,
        }));
    }
    pairs
}

/// A stretch of two sequences, each from its first index to before its second.
#[derive(Clone, Copy)]
struct Span {
    a: (usize, usize),
    m: (usize, usize),
}

impl Span {
    /// The longest common subsequence, as pairs of indices.
    fn common(self, same: impl Fn(usize, usize) -> bool) -> Vec<(usize, usize)> {
        let (rows, columns) = (self.a.1 - self.a.0, self.m.1 - self.m.0);
        // longest[r][c]: of what is left from r and c on.
        let mut longest = vec![vec![0usize; columns + 1]; rows + 1];
        let mut equal = vec![vec![false; columns]; rows];
        for r in (0..rows).rev() {
            for c in (0..columns).rev() {
                equal[r][c] = same(self.a.0 + r, self.m.0 + c);
                longest[r][c] = if equal[r][c] {
                    longest[r + 1][c + 1] + 1
                } else {
                    longest[r + 1][c].max(longest[r][c + 1])
                };
            }
        }
        let (mut r, mut c) = (0, 0);
        let mut common = Vec::new();
        while r < rows && c < columns {
            // Fitting is not transitive, so a fit may still cost a longer match further on.
            if equal[r][c] && longest[r][c] == longest[r + 1][c + 1] + 1 {
                common.push((self.a.0 + r, self.m.0 + c));
                (r, c) = (r + 1, c + 1);
            } else if longest[r + 1][c] >= longest[r][c + 1] {
                r += 1;
            } else {
                c += 1;
            }
        }
        common
    }

    /// The gaps before, between and after matches, each with the match that follows it.
    fn split(self, matches: &[(usize, usize)]) -> Vec<(Span, Option<(usize, usize)>)> {
        let (mut a, mut m) = (self.a.0, self.m.0);
        let mut gaps = Vec::new();
        for &(next_a, next_m) in matches {
            let gap = Span {
                a: (a, next_a),
                m: (m, next_m),
            };
            gaps.push((gap, Some((next_a, next_m))));
            (a, m) = (next_a + 1, next_m + 1);
        }
        let rest = Span {
            a: (a, self.a.1),
            m: (m, self.m.1),
        };
        gaps.push((rest, None));
        gaps
    }
}

/// Only what differs: accepted with `-`, measured with `+`, under the step's heading.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Stale {
            step,
            accepted,
            played,
        }) = &self.stale
        {
            let quoted = |text: &Option<String>| match text {
                Some(text) => format!("`{text}`"),
                None => "no such step".to_owned(),
            };
            write!(
                f,
                "the snapshot is of other steps: step {step} was {}, now it is {}",
                quoted(accepted),
                quoted(played)
            )?;
        }
        let mut heading = None;
        for (index, change) in self.changes.iter().enumerate() {
            if index > 0 || self.stale.is_some() {
                writeln!(f)?;
            }
            if heading.replace(change.step) != Some(change.step) {
                writeln!(f, "{}  {}", change.step, change.heading)?;
            }
            change.fmt(f)?;
        }
        Ok(())
    }
}

/// The two lines, the second with what is out of tolerance.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(accepted) = &self.accepted {
            write!(f, "   - {accepted}")?;
        }
        if let Some(measured) = &self.measured {
            if self.accepted.is_some() {
                writeln!(f)?;
            }
            write!(f, "   + {measured}")?;
        }
        for (index, deviation) in self.deviations.iter().enumerate() {
            let gap = if index == 0 { "    (" } else { "; " };
            write!(f, "{gap}{deviation}")?;
        }
        if !self.deviations.is_empty() {
            f.write_str(")")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    const ACCEPTED: &str = "\
1  battery disconnect
2  wait 30s
     +29.951s  status  green 1x 500ms
     +29.951s  beeper  1x 500ms 4000Hz
3  enter 1234
     +0.020s   beeper  4x 30/170ms 4000Hz
     +0.700s   keypad  red 3x 150/150ms
     +0.700s   beeper  3x 150/150ms 4000Hz
     +0.900s   bolt    between
     +1.900s   motor   close 1012ms";

    fn differ(from: &[(&str, &str)]) -> (Difference, Outcomes) {
        let mut measured = ACCEPTED.to_owned();
        for (old, new) in from {
            assert!(measured.contains(old), "{old}");
            measured = measured.replacen(old, new, 1);
        }
        let (accepted, measured) = (ACCEPTED.parse().unwrap(), measured.parse().unwrap());
        compare(&accepted, &measured, &Terms::default())
    }

    #[test]
    fn within_tolerance_nothing_differs_and_the_accepted_text_stays() {
        let (difference, merged) = differ(&[
            ("+29.951s  status", "+30.500s  status"),
            ("close 1012ms", "close 1037ms"),
            ("30/170ms 4000Hz", "28/173ms 3950Hz"),
        ]);
        assert!(difference.is_empty(), "{difference}");
        assert_eq!(merged.to_string(), ACCEPTED);
    }

    #[test]
    fn only_what_changed_is_shown() {
        let (difference, merged) = differ(&[
            ("status  green 1x 500ms", "status  red 1x 500ms"),
            ("+29.951s  beeper", "+30.951s  beeper"),
            ("red 3x 150/150ms", "red 3x 100/165ms"),
            ("+0.700s   beeper  3x", "+0.701s   beeper  4x"),
            ("     +0.900s   bolt    between\n", ""),
            (
                "close 1012ms",
                "close 1014ms\n     +2.500s  motor  open to end",
            ),
        ]);
        assert_snapshot!(difference, @"
        2  wait 30s
           - +29.951s  status  green 1x 500ms
           + +29.951s  status  red 1x 500ms
           - +29.951s  beeper  1x 500ms 4000Hz
           + +30.951s  beeper  1x 500ms 4000Hz    (starts 1000ms later, tolerance 604ms)
        3  enter 1234
           - +0.700s   keypad  red 3x 150/150ms
           + +0.700s   keypad  red 3x 100/165ms    (lasts 50ms shorter, tolerance 8ms; pauses 15ms longer, tolerance 8ms)
           - +0.700s   beeper  3x 150/150ms 4000Hz
           + +0.701s   beeper  4x 150/150ms 4000Hz
           - +0.900s   bolt    between
           + +2.500s   motor   open to end
        ");
        assert_snapshot!(merged, @"
        1  battery disconnect
        2  wait 30s
             +29.951s  status  red 1x 500ms
             +30.951s  beeper  1x 500ms 4000Hz
        3  enter 1234
             +0.020s   beeper  4x 30/170ms 4000Hz
             +0.700s   keypad  red 3x 100/165ms
             +0.701s   beeper  4x 150/150ms 4000Hz
             +1.900s   motor   close 1012ms
             +2.500s   motor   open to end
        ");
    }

    #[test]
    fn other_steps_are_told_as_such() {
        let (difference, merged) = differ(&[
            ("3  enter 1234\n", "3  press lock\n4  enter 1234\n"),
            ("close 1012ms", "close 1013ms"),
        ]);
        assert_snapshot!(difference, @"the snapshot is of other steps: step 3 was `enter 1234`, now it is `press lock`");
        // What both have keeps its accepted values.
        assert!(merged.to_string().contains("close 1012ms"));
        let (shorter, _) = compare(
            &ACCEPTED.parse().unwrap(),
            &"1  battery disconnect".parse().unwrap(),
            &Terms::default(),
        );
        assert_snapshot!(shorter, @"the snapshot is of other steps: step 2 was `wait 30s`, now it is no such step");
    }

    #[test]
    fn parts_that_a_bench_cannot_see_are_neither_missed_nor_lost() {
        let accepted: Outcomes = ACCEPTED.parse().unwrap();
        let blind = ACCEPTED.replace("     +0.900s   bolt    between\n", "");
        let terms = Terms {
            unseen: vec![Part::Bolt],
            ..Terms::default()
        };
        let (difference, merged) = compare(&accepted, &blind.parse().unwrap(), &terms);
        assert!(difference.is_empty());
        assert_eq!(merged, accepted);
    }

    proptest! {
        /// Whatever was measured, accepting it makes it the same, and stays put the second time.
        #[test]
        fn what_is_accepted_is_the_same_afterwards(
            accepted in prop::collection::vec((0u64..300, 0u32..3), 0..12),
            measured in prop::collection::vec((0u64..300, 0u32..3), 0..12),
        ) {
            let outcomes = |list: &[(u64, u32)]| -> Outcomes {
                let mut list = list.to_vec();
                list.sort_unstable();
                let lines: Vec<String> = list
                    .iter()
                    .map(|(at, kind)| match kind {
                        0 => format!("\n     +0.{at:03}s  keypad  green 1x 300ms"),
                        1 => format!("\n     +0.{at:03}s  beeper  1x 30ms 4000Hz"),
                        _ => format!("\n     +0.{at:03}s  keypad  red 3x 150/150ms"),
                    })
                    .collect();
                format!("1  wait 1s{}", lines.concat()).parse().unwrap()
            };
            let (accepted, measured) = (outcomes(&accepted), outcomes(&measured));
            let (_, merged) = compare(&accepted, &measured, &Terms::default());
            let (difference, again) = compare(&merged, &measured, &Terms::default());
            prop_assert!(difference.is_empty(), "{difference}");
            prop_assert_eq!(again, merged);
        }
    }
}
