//! A source with one voltage and no control of its own: real cells, or a plug-in supply. The bench's
//! enable line connects it.

use super::{Measured, Millivolts, Supply, SupplyError};

/// A source with one voltage.
pub(crate) struct Fixed {
    millivolts: Millivolts,
}

impl Fixed {
    /// A source of this voltage.
    pub(crate) fn new(millivolts: Millivolts) -> Fixed {
        Fixed { millivolts }
    }
}

impl Supply for Fixed {
    fn name(&self) -> String {
        format!("fixed {:.2} V", f64::from(self.millivolts) / 1000.0)
    }

    fn adjustable(&self) -> bool {
        false
    }

    fn set(&mut self, millivolts: Millivolts) -> Result<(), SupplyError> {
        if millivolts == self.millivolts {
            return Ok(());
        }
        Err(SupplyError::NotAdjustable {
            asked: millivolts,
            fixed: self.millivolts,
        })
    }

    fn switch(&mut self, _: bool) -> Result<(), SupplyError> {
        // The enable line does it, which a bench with such a source must have.
        Ok(())
    }

    fn measure(&mut self) -> Result<Option<Measured>, SupplyError> {
        Ok(None)
    }
}
