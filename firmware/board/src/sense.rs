//! Pack volts and motor current, one shot of both when the lock asks.

use embassy_nrf::peripherals::{P0_03, P0_04, SAADC};
use embassy_nrf::saadc::{ChannelConfig, Config, InterruptHandler, Saadc};
use embassy_nrf::{Peri, bind_interrupts};
use lock_logic::Measured;

bind_interrupts!(struct Irqs {
    SAADC => InterruptHandler;
});

/// Millivolts at the pin that 12 bits are: the 0.6 V reference over a gain of one sixth.
const FULL_SCALE: i32 = 3600;
const STEPS: i32 = 4096;
/// Pack volts over volts at the pin.
const DIVIDER: i32 = 3;
/// Milliamperes in a millivolt across the shunt of 0.5 ohm.
const PER_OHM: i32 = 2;

/// The SAADC's channels.
pub(crate) const PACK: usize = 0;
pub(crate) const MOTOR: usize = 1;

pub(crate) struct Sense {
    saadc: Saadc<'static, 2>,
}

impl Sense {
    pub(crate) fn new(
        saadc: Peri<'static, SAADC>,
        pack: Peri<'static, P0_03>,
        motor: Peri<'static, P0_04>,
    ) -> Self {
        // Single-ended channels default to the internal reference and a gain of one sixth.
        let channels = [
            ChannelConfig::single_ended(pack),
            ChannelConfig::single_ended(motor),
        ];
        Self {
            saadc: Saadc::new(saadc, Irqs, Config::default(), channels),
        }
    }

    /// Both at once, while the motor stands.
    pub(crate) async fn measure(&mut self) -> Measured {
        let mut raw = [0; 2];
        self.saadc.sample(&mut raw).await;
        let raw = raw.map(|steps| i32::from(steps).max(0) * FULL_SCALE);
        Measured {
            pack: rounded(raw[PACK] * DIVIDER),
            motor: rounded(raw[MOTOR] * PER_OHM),
        }
    }
}

/// The first of the converter's steps at which the motor takes so many milliamperes.
pub(crate) const fn motor_steps(milliamperes: u16) -> u16 {
    first_step(milliamperes, PER_OHM)
}

/// The first of the converter's steps at which the pack has so many millivolts.
pub(crate) const fn pack_steps(millivolts: u16) -> u16 {
    first_step(millivolts, DIVIDER)
}

const fn first_step(value: u16, scale: i32) -> u16 {
    let one = (FULL_SCALE * scale) as u32;
    (value as u32 * STEPS as u32).div_ceil(one) as u16
}

/// Steps times a scale, in the scale's own unit.
fn rounded(scaled: i32) -> u16 {
    u16::try_from((scaled + STEPS / 2) / STEPS).unwrap_or(u16::MAX)
}
