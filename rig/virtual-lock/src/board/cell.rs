//! Cells by chemistry and charge: what each shows without load, and what it has in series. The curves are
//! typical of data sheets at room temperature, at the currents of a lock; between their points they are
//! straight.

use super::battery::Supply;

/// What a cell is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Chemistry {
    /// Zinc and manganese dioxide, the cells a lock is made for: falls slowly, and its resistance
    /// rises as it does.
    Alkaline,
    /// Lithium and iron disulfide, not rechargeable: flat, then gone.
    Lithium,
    /// Nickel-metal hydride, rechargeable: flat at a level that reads as nearly empty.
    NickelMetalHydride,
}

/// Charge, volts without load, and ohms, from empty to full.
type Curve = [(f64, f64, f64)];

const ALKALINE: &Curve = &[
    (0.0, 0.80, 3.0),
    (0.05, 1.05, 1.6),
    (0.10, 1.12, 1.0),
    (0.20, 1.19, 0.60),
    (0.35, 1.25, 0.40),
    (0.60, 1.33, 0.28),
    (0.80, 1.42, 0.20),
    (0.95, 1.52, 0.16),
    (1.0, 1.60, 0.15),
];

const LITHIUM: &Curve = &[
    (0.0, 0.90, 2.0),
    (0.02, 1.40, 0.60),
    (0.05, 1.68, 0.25),
    (0.10, 1.72, 0.18),
    (0.90, 1.76, 0.12),
    (1.0, 1.80, 0.12),
];

const NICKEL_METAL_HYDRIDE: &Curve = &[
    (0.0, 1.00, 0.30),
    (0.05, 1.14, 0.10),
    (0.20, 1.20, 0.05),
    (0.90, 1.20, 0.04),
    (1.0, 1.25, 0.04),
];

/// One of the pack's cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    chemistry: Chemistry,
    charge: f64,
    leak_ohms: f64,
    reversed: bool,
}

impl Cell {
    /// A sound cell, put in right, with `charge` from 0 to 1 left in it. `None` for another charge.
    pub fn new(chemistry: Chemistry, charge: f64) -> Option<Cell> {
        let possible = (0.0..=1.0).contains(&charge);
        possible.then_some(Cell {
            chemistry,
            charge,
            leak_ohms: 0.0,
            reversed: false,
        })
    }

    /// The same cell after it has leaked: what its contacts are covered with has `ohms`. `None` for a
    /// resistance that nothing has.
    pub fn leaking(self, ohms: f64) -> Option<Cell> {
        (ohms.is_finite() && ohms >= 0.0).then_some(Cell {
            leak_ohms: ohms,
            ..self
        })
    }

    /// The same cell, the wrong way round.
    pub fn reversed(self) -> Cell {
        Cell {
            reversed: !self.reversed,
            ..self
        }
    }

    /// The cell as a source.
    pub fn source(self) -> Supply {
        let curve = match self.chemistry {
            Chemistry::Alkaline => ALKALINE,
            Chemistry::Lithium => LITHIUM,
            Chemistry::NickelMetalHydride => NICKEL_METAL_HYDRIDE,
        };
        let (volts, ohms) = at(curve, self.charge);
        Supply {
            open_circuit_volts: if self.reversed { -volts } else { volts },
            internal_ohms: ohms + self.leak_ohms,
        }
    }
}

/// Volts and ohms of `curve` at `charge`.
fn at(curve: &Curve, charge: f64) -> (f64, f64) {
    let after = curve
        .partition_point(|point| point.0 < charge)
        .clamp(1, curve.len() - 1);
    let (low, high) = (curve[after - 1], curve[after]);
    let share = ((charge - low.0) / (high.0 - low.0)).clamp(0.0, 1.0);
    (
        low.1 + share * (high.1 - low.1),
        low.2 + share * (high.2 - low.2),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STALL_OHMS: f64 = 7.5;

    /// Idle volts, and volts while the motor is held, of a pack of four.
    fn line(name: &str, cells: [Cell; 4]) -> String {
        let pack = Supply::in_series(&cells.map(Cell::source));
        let amperes = pack.open_circuit_volts / (STALL_OHMS + pack.internal_ohms);
        let (idle, stalled) = (pack.volts(0.0), pack.volts(amperes));
        format!("{name:<22} {idle:.2} V idle, {stalled:.2} V stalled\n")
    }

    #[test]
    fn the_wrong_cells_are_wrong_each_in_its_way() {
        let cell = |chemistry, charge| Cell::new(chemistry, charge).unwrap();
        let (new, old) = (
            cell(Chemistry::Alkaline, 1.0),
            cell(Chemistry::Alkaline, 0.05),
        );
        let mut table = String::new();
        for percent in [100, 60, 35, 20, 10] {
            let cells = [cell(Chemistry::Alkaline, f64::from(percent) / 100.0); 4];
            table += &line(&format!("alkaline {percent} %"), cells);
        }
        for percent in [100, 50, 10, 5, 2] {
            let cells = [cell(Chemistry::Lithium, f64::from(percent) / 100.0); 4];
            table += &line(&format!("lithium {percent} %"), cells);
        }
        for percent in [100, 90, 20, 5] {
            let cells = [cell(Chemistry::NickelMetalHydride, f64::from(percent) / 100.0); 4];
            table += &line(&format!("NiMH {percent} %"), cells);
        }
        table += &line("one old of four", [new, new, new, old]);
        table += &line(
            "one leaking, 20 ohm",
            [new, new, new, new.leaking(20.0).unwrap()],
        );
        table += &line("one reversed", [new, new, new, new.reversed()]);
        table += &line("all reversed", [new.reversed(); 4]);
        insta::assert_snapshot!(table, @r"
    alkaline 100 %         6.40 V idle, 5.93 V stalled
    alkaline 60 %          5.32 V idle, 4.63 V stalled
    alkaline 35 %          5.00 V idle, 4.12 V stalled
    alkaline 20 %          4.76 V idle, 3.61 V stalled
    alkaline 10 %          4.48 V idle, 2.92 V stalled
    lithium 100 %          7.20 V idle, 6.77 V stalled
    lithium 50 %           6.96 V idle, 6.44 V stalled
    lithium 10 %           6.88 V idle, 6.28 V stalled
    lithium 5 %            6.72 V idle, 5.93 V stalled
    lithium 2 %            5.60 V idle, 4.24 V stalled
    NiMH 100 %             5.00 V idle, 4.90 V stalled
    NiMH 90 %              4.80 V idle, 4.70 V stalled
    NiMH 20 %              4.80 V idle, 4.68 V stalled
    NiMH 5 %               4.56 V idle, 4.33 V stalled
    one old of four        5.85 V idle, 4.59 V stalled
    one leaking, 20 ohm    6.40 V idle, 1.71 V stalled
    one reversed           3.20 V idle, 2.96 V stalled
    all reversed           -6.40 V idle, -5.93 V stalled
    ");
    }

    #[test]
    fn no_cell_has_more_than_all_or_less_than_nothing() {
        assert_eq!(Cell::new(Chemistry::Alkaline, 1.01), None);
        assert_eq!(Cell::new(Chemistry::Alkaline, f64::NAN), None);
        let cell = Cell::new(Chemistry::Alkaline, 0.5).unwrap();
        assert_eq!(cell.leaking(-1.0), None);
    }

    proptest! {
        /// More charge is never fewer volts, nor more resistance.
        #[test]
        fn curves_go_one_way(low in 0.0..1.0f64, more in 0.0..1.0f64) {
            let high = low + (1.0 - low) * more;
            for chemistry in [Chemistry::Alkaline, Chemistry::Lithium, Chemistry::NickelMetalHydride] {
                let source = |charge| Cell::new(chemistry, charge).unwrap().source();
                prop_assert!(source(low).open_circuit_volts <= source(high).open_circuit_volts + 1e-12);
                prop_assert!(source(low).internal_ohms >= source(high).internal_ohms - 1e-12);
            }
        }
    }
}
