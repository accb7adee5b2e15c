//! Four cells in series, as the one source that a bench plays.

use virtual_lock::board::{Cell as Physical, Chemistry as Material, Supply as Source};

use crate::bench::Supply;
use crate::scenario::{Cell, Chemistry};

/// What four good cells have in series, in milliohms. A source without a resistance of its own plays
/// such cells well enough: under the motor they sag by half a volt.
const GOOD: u32 = 600;

/// Whether these cells are no worse than good ones, so that their voltage is what matters.
pub(super) fn is_stiff(pack: Supply) -> bool {
    pack.milliohms.is_none_or(|milliohms| milliohms <= GOOD)
}

/// What the pack of these cells shows without load and has in series. A pack that is the wrong way
/// round as a whole gives nothing.
pub(super) fn supply(cells: &[Cell; 4]) -> Option<Supply> {
    let mut sources = Vec::new();
    for cell in cells {
        let material = match cell.chemistry {
            Chemistry::Alkaline => Material::Alkaline,
            Chemistry::Lithium => Material::Lithium,
            Chemistry::Nimh => Material::NickelMetalHydride,
        };
        let physical = Physical::new(material, f64::from(cell.charge) / 1_000.0)?
            .leaking(f64::from(cell.leak) / 1_000.0)?;
        let physical = if cell.reversed {
            physical.reversed()
        } else {
            physical
        };
        sources.push(physical.source());
    }
    let pack = Source::in_series(&sources);
    let thousandths = |value: f64| (value.max(0.0) * 1_000.0).round() as u32;
    Some(Supply {
        millivolts: thousandths(pack.open_circuit_volts),
        milliohms: Some(thousandths(pack.internal_ohms)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Cell = Cell {
        chemistry: Chemistry::Alkaline,
        charge: 1_000,
        leak: 0,
        reversed: false,
    };

    #[test]
    fn cells_add_up() {
        let full = supply(&[FULL; 4]).unwrap();
        assert_eq!((full.millivolts, full.milliohms), (6_400, Some(600)));
        let leaking = Cell {
            leak: 20_000,
            ..FULL
        };
        let leaky = supply(&[FULL, FULL, FULL, leaking]).unwrap();
        assert_eq!((leaky.millivolts, leaky.milliohms), (6_400, Some(20_600)));
    }

    #[test]
    fn a_cell_the_wrong_way_round_takes_away() {
        let wrong = Cell {
            reversed: true,
            ..FULL
        };
        assert_eq!(
            supply(&[FULL, FULL, FULL, wrong]).unwrap().millivolts,
            3_200
        );
        assert_eq!(supply(&[wrong; 4]).unwrap().millivolts, 0);
    }

    #[test]
    fn more_than_full_is_no_cell() {
        let over = Cell {
            charge: 1_001,
            ..FULL
        };
        assert_eq!(supply(&[over; 4]), None);
    }
}
