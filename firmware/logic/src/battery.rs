//! What the pack can still do, by its volts: low at 4.8 V idle, too low at 4.5 V idle or below
//! 3.6 V under the motor, and well again only from 5.1 V.

use crate::field;

/// Pack volts, in millivolts, at or below which the lock warns.
pub(crate) const LOW: u16 = 4800;
/// Pack volts, in millivolts, at or below which the motor doesn't start.
pub(crate) const TOO_LOW: u16 = if field::EARLY_REFUSAL { 5200 } else { 4500 };
/// Pack volts, in millivolts, below which a running motor stops.
pub(crate) const RUNNING_TOO_LOW: u16 = 3600;
/// Pack volts, in millivolts, from which the warnings end.
pub(crate) const CLEARS: u16 = 5100;

/// What the board's converter may be wrong by, in millivolts: it has a step of 2.6 mV. A pack at a
/// threshold counts as beyond it.
const RESOLUTION: u16 = 2;

/// What the pack can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Charge {
    /// Enough.
    #[default]
    Good,
    /// Works, with a warning after each motor run.
    Low,
    /// The motor doesn't start.
    TooLow,
}

#[derive(Debug, Default)]
pub(crate) struct Battery {
    charge: Charge,
    millivolts: u16,
}

impl Battery {
    /// Takes the pack's idle volts.
    pub(crate) fn idle(&mut self, millivolts: u16) -> Charge {
        self.millivolts = millivolts;
        self.charge = if millivolts <= TOO_LOW + RESOLUTION {
            Charge::TooLow
        } else if millivolts <= LOW + RESOLUTION {
            self.charge.max(Charge::Low)
        } else if millivolts >= CLEARS - RESOLUTION {
            Charge::Good
        } else {
            self.charge
        };
        self.charge
    }

    /// The pack fell below 3.6 V while the motor ran.
    pub(crate) fn collapsed(&mut self) {
        self.charge = Charge::TooLow;
    }

    /// The pack's idle volts when they were last looked at, in millivolts; 0 before.
    pub(crate) fn millivolts(&self) -> u16 {
        self.millivolts
    }

    pub(crate) fn charge(&self) -> Charge {
        self.charge
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_have_hysteresis() {
        let mut battery = Battery::default();
        for (millivolts, charge) in [
            (6000, Charge::Good),
            (4803, Charge::Good),
            (4802, Charge::Low),
            (5097, Charge::Low),
            (4503, Charge::Low),
            (4502, Charge::TooLow),
            (4700, Charge::TooLow),
            (5097, Charge::TooLow),
            (5098, Charge::Good),
            (5097, Charge::Good),
        ] {
            assert_eq!(battery.idle(millivolts), charge, "{millivolts} mV");
        }
    }

    #[test]
    fn a_pack_that_collapsed_stays_too_low_until_it_is_well() {
        let mut battery = Battery::default();
        battery.collapsed();
        assert_eq!(battery.idle(5000), Charge::TooLow);
        assert_eq!(battery.idle(5100), Charge::Good);
    }
}
