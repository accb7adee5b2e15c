//! The supply of the processor: an LDO for its VDD, and a supervisor that holds it in reset below the
//! brown-out level and for a moment after.

use super::event::Start;
use crate::time::Ticks;

/// Pack volts below which the processor is held in reset.
const BROWN_OUT_VOLTS: f64 = 2.4;
/// What the LDO regulates to, from more than that.
const REGULATED_VOLTS: f64 = 3.3;
/// From good power to the processor's start.
const START_UP: Ticks = Ticks::from_millis(1);

/// A change of the processor's power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PowerChange {
    /// It starts.
    On(Start),
    /// It has stopped.
    Off,
}

/// LDO and supervisor.
#[derive(Clone, Debug)]
pub(crate) struct Power {
    volts: f64,
    powered: bool,
    start_at: Ticks,
    cause: Start,
    change: Option<PowerChange>,
}

impl Power {
    pub(crate) fn new() -> Power {
        Power {
            volts: 0.0,
            powered: false,
            start_at: Ticks::NEVER,
            cause: Start::PowerOn,
            change: None,
        }
    }

    /// The pack's terminals show `volts`, with a pack in or not.
    pub(crate) fn set_volts(&mut self, volts: f64, connected: bool, now: Ticks) {
        self.volts = volts;
        if !connected {
            self.cause = Start::PowerOn;
        }
        if volts < BROWN_OUT_VOLTS {
            self.start_at = Ticks::NEVER;
            if self.powered {
                self.lose(connected);
            }
        } else if !self.powered && self.start_at == Ticks::NEVER {
            self.start_at = now + START_UP;
        }
    }

    /// The processor loses power; with a pack in, what follows is a start after brown-out.
    fn lose(&mut self, connected: bool) {
        self.powered = false;
        self.change = Some(PowerChange::Off);
        if connected {
            self.cause = Start::BrownOut;
        }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.powered
    }

    /// VDD of the processor.
    pub(crate) fn vdd(&self) -> f64 {
        self.volts.clamp(0.0, REGULATED_VOLTS)
    }

    /// When the processor starts.
    pub(crate) fn next_event(&self) -> Ticks {
        self.start_at
    }

    pub(crate) fn advance(&mut self, to: Ticks) {
        if self.start_at <= to {
            self.start_at = Ticks::NEVER;
            self.powered = true;
            self.change = Some(PowerChange::On(self.cause));
            self.cause = Start::BrownOut;
        }
    }

    /// What has changed since this was last asked.
    pub(crate) fn take_change(&mut self) -> Option<PowerChange> {
        self.change.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_starts_a_moment_after_good_power() {
        let mut power = Power::new();
        power.set_volts(6.0, true, Ticks(0));
        power.set_volts(5.0, true, Ticks(10));
        assert_eq!(power.next_event(), START_UP);
        assert!(!power.is_on());
        power.advance(START_UP);
        assert_eq!(power.take_change(), Some(PowerChange::On(Start::PowerOn)));
        assert_eq!(power.take_change(), None);
        assert_eq!(power.vdd(), 3.3);
        power.set_volts(2.5, true, START_UP);
        assert_eq!(power.vdd(), 2.5);
    }

    #[test]
    fn a_dip_is_a_brown_out_and_a_pack_taken_out_is_not() {
        let mut power = Power::new();
        power.set_volts(6.0, true, Ticks(0));
        power.advance(START_UP);
        power.set_volts(2.39, true, START_UP);
        power.set_volts(6.0, true, START_UP);
        power.advance(START_UP + START_UP);
        assert_eq!(power.take_change(), Some(PowerChange::On(Start::BrownOut)));
        power.set_volts(0.0, false, START_UP + START_UP);
        assert_eq!(power.take_change(), Some(PowerChange::Off));
        power.set_volts(6.0, true, Ticks(0));
        power.advance(Ticks::SECOND);
        assert_eq!(power.take_change(), Some(PowerChange::On(Start::PowerOn)));
    }

    #[test]
    fn power_that_does_not_last_starts_nothing() {
        let mut power = Power::new();
        power.set_volts(6.0, true, Ticks(0));
        power.set_volts(0.0, false, Ticks(10));
        assert_eq!(power.next_event(), Ticks::NEVER);
    }
}
