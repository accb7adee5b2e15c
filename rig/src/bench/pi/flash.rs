//! Flashing the lock on a real bench: power, attach, write what differs, verify, power off. A probe
//! that attaches only at the second try right after power-up is ordinary; one that goes away in the
//! middle leaves the lock without power and with half an image, and says so.

use std::time::Duration;

use super::{PiBench, PiError, usb};
use crate::bench::probe::{Erase, FlashReport, Image, Probe, ProbeError, Progress};
use crate::bench::{Bench, BenchError, Capability, Supply};
use crate::scenario::NOMINAL_PACK;

/// From power to the first try: the chip's own start takes a millisecond, its supply a little more.
const POWER_UP: Duration = Duration::from_millis(200);

/// How often attaching is tried. The last try holds the chip in reset, for firmware that sleeps or
/// takes the debug pins.
const TRIES: u32 = 4;

/// Between two tries the pack is out this long.
const PAUSE: Duration = Duration::from_millis(500);

impl PiBench {
    /// Writes an image into the lock, powered for just that long.
    ///
    /// # Errors
    ///
    /// When there is no probe, no chip or another one, or flash doesn't verify. Power is off then.
    pub fn flash(
        &mut self,
        image: &Image,
        erase: Erase,
        tell: &mut dyn FnMut(Progress),
    ) -> Result<FlashReport, BenchError> {
        let Some(settings) = self.file.probe.clone() else {
            return Err(BenchError::Unable(Capability::New));
        };
        let selector = usb::selector(&settings.which).map_err(PiError::from)?;
        let flashed = self.attach(&selector).and_then(|mut probe| {
            let report = probe.flash(image, erase, tell).map_err(interrupted)?;
            Ok(report)
        });
        let safe = self.make_safe();
        let report = flashed?;
        safe?;
        Ok(report)
    }

    fn attach(&mut self, selector: &str) -> Result<Probe, BenchError> {
        let mut tries = 1;
        loop {
            let millivolts = NOMINAL_PACK.min(self.file.limits.millivolts);
            self.supply(Supply {
                millivolts,
                milliohms: None,
            })?;
            std::thread::sleep(POWER_UP);
            let attached = if tries == TRIES {
                Probe::attach_under_reset(selector)
            } else {
                Probe::attach(selector)
            };
            match attached {
                Ok(probe) => return Ok(probe),
                // Only what may pass by itself is tried again.
                Err(ProbeError::Attach(_) | ProbeError::Memory { .. }) if tries < TRIES => {
                    self.disconnect()?;
                    std::thread::sleep(PAUSE);
                    tries += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// What to do about a flash that was cut short.
fn interrupted(error: ProbeError) -> BenchError {
    match error {
        error @ (ProbeError::WrongChip { .. } | ProbeError::Verify { .. }) => error.into(),
        error => PiError::CutShort(Box::new(error)).into(),
    }
}
