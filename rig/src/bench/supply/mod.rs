//! What feeds the lock: a bench supply on a serial port, a DAC with an amplifier, or a fixed source
//! behind a switch. Each sets a voltage within limits, reads it back, and can cut the lock off.

mod battery;
mod dac;
mod dialect;
mod fixed;
mod i2c;
#[cfg(test)]
#[path = "../../../tests/instrument/mod.rs"]
mod instrument;
mod link;
mod monitor;
mod scpi;

pub(crate) use battery::Battery;
pub(crate) use dac::{Dac, DacSettings};
pub(crate) use dialect::{COMMANDS, DIALECTS, Dialect};
pub(crate) use fixed::Fixed;
#[cfg(test)]
pub(crate) use i2c::fake;
pub(crate) use i2c::{I2c, I2cError, open_bus};
#[cfg(test)]
pub(crate) use instrument::terminal::anonymous;
#[cfg(test)]
pub(crate) use instrument::{Instrument, Trouble, terminal};
pub(crate) use link::{Ends, Link, LinkError, open_port};
pub(crate) use monitor::Monitor;
pub(crate) use scpi::{Scpi, ScpiSettings};

use super::lines::LineError;

/// Volts in thousandths.
pub(crate) type Millivolts = u32;

/// What no supply of a bench may pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limits {
    /// Highest voltage that may be set.
    pub(crate) millivolts: Millivolts,
    /// Current at which a supply that can must cut off, in milliamperes.
    pub(crate) milliamperes: u32,
    /// How far a voltage read back may be off.
    pub(crate) tolerance_millivolts: Millivolts,
}

/// What a supply says that it delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Measured {
    /// Millivolts at its terminals.
    pub(crate) millivolts: i32,
    /// Milliamperes out of them, where it can tell.
    pub(crate) milliamperes: Option<i32>,
}

/// A source of power for the lock. It begins switched off.
pub(crate) trait Supply: Send {
    /// What it is, for people.
    fn name(&self) -> String;

    /// Whether it can be set to any voltage within limits.
    fn adjustable(&self) -> bool;

    /// Sets the voltage, and reads back that it is set. Does not switch on.
    fn set(&mut self, millivolts: Millivolts) -> Result<(), SupplyError>;

    /// Switches on, or off. Off again is no error.
    fn switch(&mut self, on: bool) -> Result<(), SupplyError>;

    /// What it delivers by its own measurement, if it has one. An over-current cut-off is an error.
    fn measure(&mut self) -> Result<Option<Measured>, SupplyError>;
}

/// A supply that doesn't do what it is told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SupplyError {
    /// More than the bench file allows.
    #[error("set {asked} mV: the bench file allows at most {limit} mV")]
    Limit {
        /// What was asked for.
        asked: Millivolts,
        /// The bench file's limit.
        limit: Millivolts,
    },
    /// Another voltage than it has.
    #[error("set {asked} mV: this supply has {fixed} mV and can't be set")]
    NotAdjustable {
        /// What was asked for.
        asked: Millivolts,
        /// What it has.
        fixed: Millivolts,
    },
    /// It read back something else than was set.
    #[error("set the {what} of {supply} to {asked}: it reads back {got}")]
    ReadBack {
        /// Which supply.
        supply: String,
        /// Voltage, current limit or output.
        what: &'static str,
        /// What was set.
        asked: String,
        /// What came back.
        got: String,
    },
    /// It delivers something else than was set.
    #[error("hold {asked} mV: {supply} measures {got} mV, more than {tolerance} mV off")]
    Tolerance {
        /// Which supply or monitor.
        supply: String,
        /// What was set.
        asked: Millivolts,
        /// What was measured.
        got: i32,
        /// How far it may be off.
        tolerance: Millivolts,
    },
    /// It cut off because of too much current.
    #[error("feed the lock: {supply} cut off at its limit of {limit} mA; look for a short circuit")]
    OverCurrent {
        /// Which supply.
        supply: String,
        /// Its limit.
        limit: u32,
    },
    /// An entry of its error queue.
    #[error("control {supply}: it reports {error} after `{command}`")]
    Reported {
        /// Which supply.
        supply: String,
        /// The last command.
        command: String,
        /// Its own words.
        error: String,
    },
    /// The serial port, or what is at its other end.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The I2C bus, or a chip on it.
    #[error(transparent)]
    I2c(#[from] I2cError),
    /// The enable line.
    #[error(transparent)]
    Line(#[from] LineError),
}

/// Refuses what is above the limit.
fn within(asked: Millivolts, limits: &Limits) -> Result<(), SupplyError> {
    if asked > limits.millivolts {
        return Err(SupplyError::Limit {
            asked,
            limit: limits.millivolts,
        });
    }
    Ok(())
}
