//! The two procedures that begin with Program held while the pack goes in. How long it stays held
//! decides: released before 30 s arms the door handing, after it the factory reset.

use crate::time::{Moment, Span};

/// Held this long from power-on, Program arms the factory reset.
pub(crate) const RESET_HOLD: Span = Span::seconds(30);
/// This long the next press is awaited.
pub(crate) const ARMED: Span = Span::seconds(10);

/// How far the procedure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gesture {
    None,
    /// Held since power-on.
    Held,
    /// Held for 30 s and more.
    HeldLong,
    HandingArmed {
        until: Moment,
    },
    ResetArmed {
        until: Moment,
    },
}

/// What the lock has to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Say that the door handing is armed.
    ArmHanding,
    /// Say that the factory reset is armed.
    ArmReset,
    /// Hand the door.
    Hand,
    /// Reset everything.
    Reset,
}

impl Gesture {
    /// Program was released.
    pub(crate) fn release(&mut self, now: Moment) -> Option<Step> {
        match *self {
            Self::Held => {
                *self = Self::HandingArmed { until: now + ARMED };
                Some(Step::ArmHanding)
            }
            Self::HeldLong => {
                *self = Self::ResetArmed { until: now + ARMED };
                None
            }
            _ => None,
        }
    }

    /// Program was pressed; `None` when no procedure waits for that.
    pub(crate) fn press(&mut self) -> Option<Step> {
        let step = match *self {
            Self::HandingArmed { .. } => Step::Hand,
            Self::ResetArmed { .. } => Step::Reset,
            _ => return None,
        };
        *self = Self::None;
        Some(step)
    }

    pub(crate) fn advance(&mut self, now: Moment) -> Option<Step> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return None;
        }
        match *self {
            Self::Held => {
                *self = Self::HeldLong;
                Some(Step::ArmReset)
            }
            _ => {
                *self = Self::None;
                None
            }
        }
    }

    pub(crate) fn deadline(&self) -> Option<Moment> {
        match *self {
            Self::None | Self::HeldLong => None,
            Self::Held => Some(Moment::BOOT + RESET_HOLD),
            Self::HandingArmed { until } | Self::ResetArmed { until } => Some(until),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::BOOT + Span::millis(millis)
    }

    #[test]
    fn released_early_and_pressed_again_hands_the_door() {
        let mut gesture = Gesture::Held;
        assert_eq!(gesture.advance(at(29_999)), None);
        assert_eq!(gesture.release(at(29_999)), Some(Step::ArmHanding));
        assert_eq!(gesture.advance(at(39_998)), None);
        assert_eq!(gesture.press(), Some(Step::Hand));
        assert_eq!(gesture, Gesture::None);
    }

    #[test]
    fn held_for_thirty_seconds_resets_on_the_next_press() {
        let mut gesture = Gesture::Held;
        assert_eq!(gesture.advance(at(30_000)), Some(Step::ArmReset));
        assert_eq!(gesture.press(), None);
        assert_eq!(gesture.release(at(200_000)), None);
        assert_eq!(gesture.press(), Some(Step::Reset));
    }

    #[test]
    fn without_a_press_within_ten_seconds_nothing_happens() {
        let mut gesture = Gesture::Held;
        gesture.release(at(1000));
        assert_eq!(gesture.advance(at(11_000)), None);
        assert_eq!(gesture.press(), None);
        let mut gesture = Gesture::HeldLong;
        gesture.release(at(31_000));
        assert_eq!(gesture.advance(at(41_000)), None);
        assert_eq!(gesture.press(), None);
    }
}
