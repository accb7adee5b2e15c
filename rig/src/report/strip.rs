//! A step's outcomes as a waveform of letters, accepted above measured, for a terminal.

use std::fmt::Write;

use super::bars::{Bar, bars_of};
use crate::outcome::{Outcome, Part, Phrase};
use crate::snapshot::{Change, Difference};
use crate::trace::Nanos;

/// Letters across.
const WIDTH: u64 = 64;

/// The changed parts of each changed step:
///
/// ```text
/// 2  wait 30s                  29.9s                                                      31.0s
///      beeper  accepted  ···bbbbbbbbbbbbbbbbbbbbbb·········
///              measured  ············bbbbbbbbbbbbbbbbbbbbbb
/// ```
pub fn strip(difference: &Difference) -> String {
    let mut text = String::new();
    let steps = difference.changes.chunk_by(|a, b| a.step == b.step);
    for changes in steps {
        let Some(first) = changes.first() else {
            continue;
        };
        let (from, to) = window(changes);
        let heading = format!("{}  {}", first.step, first.heading);
        let ends = (format!("{from:.1}"), format!("{to:.1}"));
        let gap = (WIDTH as usize).saturating_sub(ends.0.len() + ends.1.len());
        let _ = writeln!(text, "{heading}\n{:23}{}{:gap$}{}", "", ends.0, "", ends.1);
        for part in Part::ALL {
            let of_part = changes.iter().filter(|change| change.part == part);
            let (accepted, measured): (Vec<_>, Vec<_>) = of_part
                .map(|change| (change.accepted.as_ref(), change.measured.as_ref()))
                .unzip();
            if accepted.is_empty() {
                continue;
            }
            let mut name = part.name();
            for (what, outcomes) in [("accepted", accepted), ("measured", measured)] {
                let line = letters(outcomes.into_iter().flatten(), from, to);
                let _ = writeln!(text, "     {name:<6}  {what}  {line}");
                name = "";
            }
        }
    }
    text
}

/// From where to where something changed, with a little around it.
fn window(changes: &[Change]) -> (Nanos, Nanos) {
    let outcomes = || {
        changes
            .iter()
            .flat_map(|change| [&change.accepted, &change.measured])
            .flatten()
    };
    let from = outcomes().map(start).min().unwrap_or_default();
    // What lasts to the run's end is drawn a second long.
    let to = outcomes()
        .flat_map(|outcome| bars(outcome, start(outcome) + Nanos::from_secs(1)))
        .map(|bar| bar.to)
        .max()
        .unwrap_or_default();
    let around = Nanos((to.since(from).0 / 16).max(1_000_000));
    (from.since(around), to + around)
}

fn start(outcome: &Outcome) -> Nanos {
    Nanos::from_millis(outcome.at)
}

fn bars(outcome: &Outcome, end: Nanos) -> Vec<Bar> {
    bars_of(outcome, start(outcome), end)
}

/// One letter for each stretch of time: what was on in it, or a dot.
fn letters<'a>(outcomes: impl Iterator<Item = &'a Outcome>, from: Nanos, to: Nanos) -> String {
    let span = to.since(from).0.max(1);
    let place = |at: Nanos| {
        let offset = u128::from(at.since(from).0) * u128::from(WIDTH);
        ((offset / u128::from(span)) as usize).min(WIDTH as usize - 1)
    };
    let mut line = vec!['·'; WIDTH as usize];
    for outcome in outcomes {
        for bar in bars(outcome, to) {
            let to = match outcome.phrase {
                // It was reached then; how long it stays is another outcome.
                Phrase::Bolt(_) => bar.from,
                _ => Nanos(bar.to.0.saturating_sub(1)).max(bar.from),
            };
            let letter = bar.look.chars().next().unwrap_or('#');
            line[place(bar.from)..=place(to)].fill(letter);
        }
    }
    line.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcomes;
    use crate::snapshot::{Terms, difference};

    #[test]
    fn what_changed_is_drawn_accepted_above_measured() {
        let outcomes = |text: &str| -> Outcomes { text.parse().unwrap() };
        let accepted = outcomes(
            "1  press 1\n     +0.020s  beeper  1x 30ms 4000Hz\n2  wait 30s\n     \
             +29.951s  status  green 1x 500ms\n     +29.951s  beeper  1x 500ms 4000Hz\n3  settle\n     \
             +0.100s  keypad  red 3x 150/150ms\n     +0.300s  bolt  between",
        );
        let measured = outcomes(
            "1  press 1\n     +0.020s  beeper  1x 30ms 4000Hz\n2  wait 30s\n     \
             +29.951s  status  green 1x 500ms\n     +30.851s  beeper  1x 500ms 4000Hz\n3  settle\n     \
             +0.100s  keypad  red 5x 150/150ms\n     +0.200s  motor  open to end",
        );
        insta::assert_snapshot!(strip(&difference(&accepted, &measured, &Terms::default())));
    }
}
