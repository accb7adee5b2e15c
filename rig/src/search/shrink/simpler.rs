//! What could stand in place of a step's values: first the usual one, then round ones on the way to
//! what the step has. Each is nearer to the usual value than the step's own, or rounder, so trying
//! them comes to an end.

use crate::scenario::{
    Action, Battery, Cell, Chemistry, Entry, GAP, NOMINAL_PACK, PRESS, SETTLE_LIMIT,
};
use crate::trace::Nanos;

/// In milliohms.
const TENTH_OHM: u64 = 100;

/// How many lists of simpler actions there are: for each cell's kind, leak and charge what is nearer to
/// the usual, and what is rounder.
pub(super) const LISTS: usize = 2 * 3 * CELLS;

/// How many cells a pack has.
const CELLS: usize = 4;

/// The actions to try in place of `action`, of list number `which`: all of a list differ from it in the
/// same value, the simplest first. The further back, the nearer to what it has.
pub(super) fn simpler(action: &Action, which: usize) -> Vec<Action> {
    let pick = match which % 2 {
        0 => towards,
        _ => beyond,
    };
    match (action, which / 2) {
        (Action::Press { button, down }, 0) => times(pick, *down, PRESS)
            .map(|down| Action::Press {
                button: *button,
                down,
            })
            .collect(),
        (Action::Wait(time), 0) => times(pick, *time, Nanos::ZERO).map(Action::Wait).collect(),
        (Action::Settle { limit }, 0) => times(pick, *limit, SETTLE_LIMIT)
            .map(|limit| Action::Settle { limit })
            .collect(),
        (Action::Enter(entry), which) => entries(pick, entry, which)
            .into_iter()
            .map(Action::Enter)
            .collect(),
        (Action::Battery(battery), which) => batteries(pick, battery, which)
            .into_iter()
            .map(Action::Battery)
            .collect(),
        (
            Action::Press { .. }
            | Action::Wait(_)
            | Action::Settle { .. }
            | Action::Hold(_)
            | Action::Release(_)
            | Action::Switch { .. }
            | Action::TurnKey(_)
            | Action::Jam(_)
            | Action::Point(_)
            | Action::Hub(_)
            | Action::CorruptStorage
            | Action::Hang,
            _,
        ) => Vec::new(),
    }
}

fn entries(pick: Pick, entry: &Entry, which: usize) -> Vec<Entry> {
    let own = || entry.clone();
    match which {
        0 if entry.confirm.is_some() => vec![Entry {
            confirm: None,
            ..own()
        }],
        1 => times(pick, entry.down, PRESS)
            .map(|down| Entry { down, ..own() })
            .collect(),
        2 => times(pick, entry.gap, GAP)
            .map(|gap| Entry { gap, ..own() })
            .collect(),
        _ => Vec::new(),
    }
}

fn batteries(pick: Pick, battery: &Battery, which: usize) -> Vec<Battery> {
    match battery {
        Battery::Connect | Battery::Disconnect => Vec::new(),
        Battery::Pack {
            millivolts,
            milliohms,
        } => {
            let pack = |millivolts, milliohms| Battery::Pack {
                millivolts,
                milliohms,
            };
            match (which, milliohms) {
                (0, Some(own)) => {
                    let rounder = pick(u64::from(*own), 0, &decades(TENTH_OHM));
                    let rounder = narrowed(rounder).map(|own| pack(*millivolts, Some(own)));
                    std::iter::once(pack(*millivolts, None))
                        .chain(rounder)
                        .collect()
                }
                (1, _) => {
                    let tenths: Vec<u64> = (0..=100).map(|tenth| tenth * 100).collect();
                    let usual = u64::from(NOMINAL_PACK);
                    narrowed(pick(u64::from(*millivolts), usual, &tenths))
                        .map(|own| pack(own, *milliohms))
                        .collect()
                }
                _ => Vec::new(),
            }
        }
        Battery::Cells(all) => {
            let (index, which) = (which / 3, which % 3);
            let Some(own) = all.get(index) else {
                return Vec::new();
            };
            let with = |cell| {
                let mut all = *all;
                all[index] = cell;
                Battery::Cells(all)
            };
            cells(pick, own, which).into_iter().map(with).collect()
        }
    }
}

fn cells(pick: Pick, cell: &Cell, which: usize) -> Vec<Cell> {
    const GOOD: Cell = Cell {
        chemistry: Chemistry::Alkaline,
        charge: 1_000,
        leak: 0,
        reversed: false,
    };
    let mut simpler = match which {
        0 => vec![
            GOOD,
            Cell {
                reversed: false,
                ..*cell
            },
        ],
        1 => {
            let round = [&[0], decades(TENTH_OHM).as_slice()].concat();
            narrowed(pick(u64::from(cell.leak), 0, &round))
                .map(|leak| Cell { leak, ..*cell })
                .collect()
        }
        _ => {
            let tenths: Vec<u64> = (0..=10).map(|tenth| tenth * 100).collect();
            narrowed(pick(u64::from(cell.charge), 1_000, &tenths))
                .map(|charge| Cell { charge, ..*cell })
                .collect()
        }
    };
    simpler.retain(|other| other != cell);
    simpler.dedup();
    simpler
}

/// Times to try in place of `time`, where `usual` is the usual one.
fn times(pick: Pick, time: Nanos, usual: Nanos) -> impl Iterator<Item = Nanos> {
    const MINUTE: u64 = 60_000_000_000;
    let mut round = decades(1_000_000);
    round.retain(|nanos| *nanos < MINUTE);
    // What people say in place of 50 s and 100 s.
    round.extend([30_000_000_000, MINUTE]);
    round.extend([2, 5, 10, 30, 60, 120, 300, 720, 1440].map(|minutes| minutes * MINUTE));
    round.sort_unstable();
    pick(time.0, usual.0, &round).into_iter().map(Nanos)
}

/// 1, 2 and 5 of every power of ten from `unit` on.
fn decades(unit: u64) -> Vec<u64> {
    std::iter::successors(Some(unit), |decade| decade.checked_mul(10))
        .take(12)
        .flat_map(|decade| [1, 2, 5].map(|step| decade.saturating_mul(step)))
        .collect()
}

/// Values to try in place of one's own, given the usual one and round ones.
type Pick = fn(own: u64, usual: u64, round: &[u64]) -> Vec<u64>;

/// The usual value, then the round ones between it and `own`, away from the usual one.
fn towards(own: u64, usual: u64, round: &[u64]) -> Vec<u64> {
    if own == usual {
        return Vec::new();
    }
    let (low, high) = (own.min(usual), own.max(usual));
    let mut values: Vec<u64> = round
        .iter()
        .copied()
        .filter(|value| low < *value && *value < high)
        .collect();
    values.sort_unstable();
    if own < usual {
        values.reverse();
    }
    if usual > 0 || round.contains(&0) {
        values.insert(0, usual);
    }
    values
}

/// Where `own` is neither usual nor round, the next round value farther from the usual one.
fn beyond(own: u64, usual: u64, round: &[u64]) -> Vec<u64> {
    if own == usual || round.contains(&own) {
        return Vec::new();
    }
    let round = round.iter().copied();
    let next = if own > usual {
        round.filter(|value| *value > own).min()
    } else {
        round.filter(|value| *value < own && *value > 0).max()
    };
    next.into_iter().collect()
}

fn narrowed(values: Vec<u64>) -> impl Iterator<Item = u32> {
    values
        .into_iter()
        .filter_map(|value| u32::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(time: &str, usual: Nanos) -> String {
        let own = crate::scenario::duration(time).unwrap();
        let said: Vec<String> = times(towards, own, usual)
            .chain(times(beyond, own, usual))
            .map(|time| time.to_string())
            .collect();
        said.join(" ")
    }

    #[test]
    fn the_usual_time_comes_first_and_round_ones_follow() {
        insta::assert_snapshot!(said("15ms", PRESS), @"0.060s 0.050s 0.020s 0.010s");
        insta::assert_snapshot!(said("3.7s", PRESS), @"0.060s 0.100s 0.200s 0.500s 1.000s 2.000s 5.000s");
        insta::assert_snapshot!(said("29.951s", Nanos::ZERO), @"0.001s 0.002s 0.005s 0.010s 0.020s 0.050s 0.100s 0.200s 0.500s 1.000s 2.000s 5.000s 10.000s 20.000s 30.000s");
        assert_eq!(said("60ms", PRESS), "");
    }

    #[test]
    fn a_pack_goes_back_to_what_it_should_be() {
        let weak = Action::Battery(Battery::Pack {
            millivolts: 5_650,
            milliohms: Some(3_000),
        });
        let said: Vec<String> = (0..LISTS)
            .flat_map(|which| simpler(&weak, which))
            .map(|action| format!("{action:?}"))
            .collect();
        insta::assert_snapshot!(said.join("\n"), @"
        Battery(Pack { millivolts: 5650, milliohms: None })
        Battery(Pack { millivolts: 5650, milliohms: Some(100) })
        Battery(Pack { millivolts: 5650, milliohms: Some(200) })
        Battery(Pack { millivolts: 5650, milliohms: Some(500) })
        Battery(Pack { millivolts: 5650, milliohms: Some(1000) })
        Battery(Pack { millivolts: 5650, milliohms: Some(2000) })
        Battery(Pack { millivolts: 5650, milliohms: None })
        Battery(Pack { millivolts: 5650, milliohms: Some(5000) })
        Battery(Pack { millivolts: 6000, milliohms: Some(3000) })
        Battery(Pack { millivolts: 5900, milliohms: Some(3000) })
        Battery(Pack { millivolts: 5800, milliohms: Some(3000) })
        Battery(Pack { millivolts: 5700, milliohms: Some(3000) })
        Battery(Pack { millivolts: 5600, milliohms: Some(3000) })
        ");
    }

    proptest! {
        /// Trying the alternatives over and over comes to an end.
        #[test]
        fn every_alternative_is_nearer_or_rounder(own in 0u64..20_000, usual in 0u64..20_000) {
            let round: Vec<u64> = decades(1);
            let rank = |value: u64| {
                let rough = value != usual && !round.contains(&value);
                (rough, value.abs_diff(usual))
            };
            let values = [towards(own, usual, &round), beyond(own, usual, &round)].concat();
            for value in values {
                prop_assert!(rank(value) < rank(own), "{value} for {own}, usual {usual}");
            }
        }
    }
}
