//! A battery played back by a supply: what is set is the open-circuit voltage less what the measured
//! current drops across the resistance inside, so that the lock sees its cells sag.

use super::Millivolts;

/// Most of a new current that one reading may bring in, in thousandths: a supply that follows its
/// own effect at once would oscillate.
const FOLLOW: i64 = 500;

/// A battery as a source with a resistance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Battery {
    open_circuit: Millivolts,
    milliohms: u32,
    /// Current believed to flow, in microamperes.
    microamperes: i64,
}

impl Battery {
    /// A battery without load.
    pub(crate) fn new(open_circuit: Millivolts, milliohms: u32) -> Battery {
        Battery {
            open_circuit,
            milliohms,
            microamperes: 0,
        }
    }

    /// The same battery at rest.
    pub(crate) fn unloaded(self) -> Battery {
        Battery::new(self.open_circuit, self.milliohms)
    }

    /// Whether the voltage depends on the current at all.
    pub(crate) fn sags(&self) -> bool {
        self.milliohms > 0
    }

    /// Takes a reading of the current, in milliamperes.
    pub(crate) fn load(&mut self, milliamperes: i32) {
        let towards = i64::from(milliamperes.max(0)) * 1_000 - self.microamperes;
        self.microamperes += towards * FOLLOW / 1_000;
    }

    /// What its terminals are at.
    pub(crate) fn terminals(&self) -> Millivolts {
        // uA times mOhm is nV.
        let drop = self.microamperes * i64::from(self.milliohms) / 1_000_000;
        let left = i64::from(self.open_circuit) - drop;
        Millivolts::try_from(left).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn old_cells_sag_under_the_motor_and_recover() {
        let mut pack = Battery::new(5_600, 1_600);
        assert_eq!(pack.terminals(), 5_600);
        for _ in 0..20 {
            pack.load(800);
        }
        assert_eq!(pack.terminals(), 5_600 - 1_280 + 1);
        for _ in 0..20 {
            pack.load(0);
        }
        assert_eq!(pack.terminals(), 5_600);
    }

    proptest! {
        /// Whatever is measured, a battery never gives more than without load.
        #[test]
        fn never_above_its_open_circuit(volts in 0u32..9_000, ohms in 0u32..100_000, loads in prop::collection::vec(-5_000i32..5_000, 0..50)) {
            let mut pack = Battery::new(volts, ohms);
            for load in loads {
                pack.load(load);
                prop_assert!(pack.terminals() <= volts);
            }
        }
    }
}
