use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::snapshot::{Terms, difference};

fn run(text: &str) -> Outcomes {
    text.parse().unwrap()
}

#[test]
fn runs_that_are_all_the_same_are_steady() {
    let runs = vec![run("1  wait 1s\n     +0.020s  keypad  red 3x 150/150ms"); 5];
    let statistics = Statistics::of(&runs);
    assert_eq!(statistics.tolerance, None);
    assert_snapshot!(statistics, @"5 runs: 1 outcome steady, 0 in some runs only; no time ever differed");
}

#[test]
fn spread_drift_and_what_comes_and_goes_are_told() {
    let runs: Vec<Outcomes> = (0..30)
        .map(|index| {
            let flash = if index % 10 == 3 {
                "\n     +0.500s  status  red 1x 50ms"
            } else {
                ""
            };
            let beep = if index == 7 {
                ""
            } else {
                "\n     +0.020s  beeper  1x 30ms 4000Hz"
            };
            run(&format!(
                "1  press 1{beep}\n2  wait 40s{flash}\n     +30.{:03}s  motor  open {}ms",
                index * 3,
                1000 + index % 3,
            ))
        })
        .collect();
    let statistics = Statistics::of(&runs);
    assert_snapshot!(statistics, @"
    1  press 1
         +0.020s   beeper  1x 30ms 4000Hz    (in 29 of 30 runs)
    2  wait 40s
         +0.500s   status  red 1x 50ms    (in 3 of 30 runs)
         +30.000s  motor   open 1000ms
             start  min 30000ms  median 30042ms  p99 30087ms  max 30087ms  drift +60ms
             on     min 1000ms  median 1001ms  p99 1002ms  max 1002ms  drift +0ms
    30 runs: 0 outcomes steady, 2 in some runs only; a tolerance of 0ms + 0.3% would hold them
    ");
    let tolerance = statistics.tolerance.unwrap();
    let terms = Terms {
        tolerance,
        unseen: vec![Part::Status, Part::Beeper],
    };
    for run in &runs {
        assert!(difference(&runs[15], run, &terms).is_empty());
    }
}

#[test]
fn nothing_played_says_nothing() {
    assert_snapshot!(Statistics::of(&[]), @"0 runs: 0 outcomes steady, 0 in some runs only; no time ever differed");
}

proptest! {
    /// The median is between the extremes, and every outcome is counted in every run that had it.
    #[test]
    fn counts_and_ranks_hold(starts in prop::collection::vec(0u64..900, 1..40)) {
        let runs: Vec<Outcomes> = starts
            .iter()
            .map(|at| run(&format!("1  wait 1s\n     +0.{at:03}s  keypad  green 1x 300ms")))
            .collect();
        let statistics = Statistics::of(&runs);
        let outcome = &statistics.steps[0].outcomes[0];
        prop_assert_eq!(outcome.seen, starts.len());
        let spread = outcome.spreads[0];
        prop_assert!(spread.min <= spread.median && spread.median <= spread.p99);
        prop_assert!(spread.p99 <= spread.max);
        prop_assert_eq!(spread.max, starts.iter().max().unwrap() * 1000);
    }
}
