//! The battery pack: four cells in series, each an open-circuit voltage behind a resistance. What the
//! terminals show depends on what is drawn.

/// A cell, or the whole pack, as a source: volts without load, and ohms inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Supply {
    /// Volts without load; negative where it is in the wrong way round.
    pub open_circuit_volts: f64,
    /// Ohms in series.
    pub internal_ohms: f64,
}

impl Supply {
    /// A source of `open_circuit_volts` behind `internal_ohms`. `None` for what no source is: not a
    /// number, infinite, or a negative resistance.
    pub fn new(open_circuit_volts: f64, internal_ohms: f64) -> Option<Supply> {
        let possible = open_circuit_volts.is_finite() && internal_ohms.is_finite();
        (possible && internal_ohms >= 0.0).then_some(Supply {
            open_circuit_volts,
            internal_ohms,
        })
    }

    /// Sources in series.
    pub fn in_series(cells: &[Supply]) -> Supply {
        Supply {
            open_circuit_volts: cells.iter().map(|cell| cell.open_circuit_volts).sum(),
            internal_ohms: cells.iter().map(|cell| cell.internal_ohms).sum(),
        }
    }

    /// Volts at the terminals while `amperes` are drawn.
    pub fn volts(self, amperes: f64) -> f64 {
        self.open_circuit_volts - self.internal_ohms * amperes
    }
}

/// The pack's compartment.
#[derive(Clone, Debug)]
pub(crate) struct Battery {
    pack: Supply,
    connected: bool,
}

impl Battery {
    /// Four fresh alkaline cells, not connected.
    pub(crate) fn new() -> Battery {
        let pack = Supply {
            open_circuit_volts: 6.0,
            internal_ohms: 0.6,
        };
        Battery {
            pack,
            connected: false,
        }
    }

    pub(crate) fn set(&mut self, pack: Supply) {
        self.pack = pack;
    }

    pub(crate) fn connect(&mut self, connected: bool) {
        self.connected = connected;
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.connected
    }

    /// What feeds the board: nothing without a pack, or with one the wrong way round.
    pub(crate) fn source(&self) -> Supply {
        let feeds = self.connected && self.pack.open_circuit_volts > 0.0;
        match feeds {
            true => self.pack,
            false => Supply {
                open_circuit_volts: 0.0,
                internal_ohms: self.pack.internal_ohms,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminals_sag_under_load() {
        let cell = Supply::new(1.5, 0.25).unwrap();
        let pack = Supply::in_series(&[cell; 4]);
        assert_eq!(pack.volts(0.0), 6.0);
        assert_eq!(pack.volts(0.5), 5.5);
        assert_eq!(Supply::new(1.5, -0.1), None);
        assert_eq!(Supply::new(f64::NAN, 0.1), None);
    }

    #[test]
    fn a_pack_the_wrong_way_round_feeds_nothing() {
        let mut battery = Battery::new();
        battery.connect(true);
        assert_eq!(battery.source().volts(0.0), 6.0);
        battery.set(Supply {
            open_circuit_volts: -6.0,
            internal_ohms: 0.6,
        });
        assert_eq!(battery.source().volts(0.0), 0.0);
    }
}
