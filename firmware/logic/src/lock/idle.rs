//! The idle lock: with switch 1 on, the status LED blinks every 6 s and tells bolt and battery.

use super::Lock;
use crate::battery::Charge;
use crate::event::What;
use crate::feedback::{Cue, Light};
use crate::gesture::Gesture;
use crate::handing::Bolt;
use crate::hub::Alarm;
use crate::time::{Moment, Span};

const EVERY: Span = Span::seconds(6);

#[derive(Debug, Default)]
pub(super) struct Blink {
    due: Option<Moment>,
    /// It waits for the pack's volts.
    sampling: bool,
}

impl Blink {
    pub(super) fn switch(&mut self, now: Moment, on: bool) {
        self.due = on.then(|| now + EVERY);
    }

    pub(super) fn wants_sample(&self) -> bool {
        self.sampling
    }

    pub(super) fn take_sample(&mut self) -> bool {
        core::mem::take(&mut self.sampling)
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        self.due
    }
}

impl Lock {
    pub(super) fn advance_idle(&mut self, now: Moment) {
        if let Some(due) = self.idle.due
            && now >= due
        {
            self.idle.due = Some(due + EVERY);
            self.idle.sampling = self.is_idle();
        }
    }

    pub(super) fn blink(&mut self, now: Moment) {
        let colour = if self.battery.charge() != Charge::Good {
            Light::Red
        } else if self.bolt() == Bolt::Extended {
            Light::Amber
        } else {
            Light::Green
        };
        self.feedback.play(Cue::Idle(colour), now);
    }

    /// Tells of the pack's charge where it isn't what it was `before`.
    pub(super) fn tell_charge(&mut self, now: Moment, before: Charge) {
        let charge = self.battery.charge();
        if charge == before {
            return;
        }
        let tenths = (self.battery.millivolts() / 100).min(u16::from(u8::MAX)) as u8;
        self.note(now, What::Battery, [charge as u8, tenths]);
        match charge {
            Charge::Good => {}
            Charge::Low => self.alarm(Alarm::BatteryLow, 1),
            Charge::TooLow => self.alarm(Alarm::BatteryCritical, 1),
        }
    }

    /// Whether the lock has nothing to say or do.
    fn is_idle(&self) -> bool {
        !self.feedback.status_busy()
            && !self.motion.busy()
            && self.gesture == Gesture::None
            && self.programming.is_none()
            && self.entry.is_empty()
    }
}
