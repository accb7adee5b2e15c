//! Learning which way the door is hung: the motor runs one way until the mechanism stops it, then
//! the other, and the end switches tell which way retracts. It ends with the bolt extended.

use crate::motor::{Bridge, Stop};

/// Where the bolt is, by its end switches. Both closed at once is as good as neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bolt {
    Retracted,
    Between,
    Extended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handing {
    /// The first run, to wherever it leads.
    First,
    /// The second run, away from where the first one ended.
    Second { first: Bolt },
    /// A third one, to extend the bolt, when the second retracted it.
    Extending,
}

/// What follows a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another run, this way, after a pause.
    Run(Handing, Bridge),
    /// Handed; this side of the bridge retracts the bolt.
    Handed { retracts: Bridge },
    /// Not handed.
    Failed,
}

impl Handing {
    /// The way of the first run.
    pub(crate) const FIRST: Bridge = Bridge::Open;

    /// A run over `bridge` ended with the bolt at `bolt`.
    pub(crate) fn ended(self, bridge: Bridge, stop: Stop, bolt: Bolt) -> Next {
        if stop != Stop::Stalled || bolt == Bolt::Between {
            return Next::Failed;
        }
        match self {
            Self::First => Next::Run(Self::Second { first: bolt }, bridge.reversed()),
            Self::Second { first } if first == bolt => Next::Failed,
            Self::Second { .. } if bolt == Bolt::Extended => Next::Handed {
                retracts: bridge.reversed(),
            },
            Self::Second { .. } => Next::Run(Self::Extending, bridge.reversed()),
            Self::Extending if bolt == Bolt::Extended => Next::Handed {
                retracts: bridge.reversed(),
            },
            Self::Extending => Next::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays the handing of a door where the runs end as `ends` says.
    fn hand(ends: &[(Stop, Bolt)]) -> (Next, Bridge) {
        let mut phase = Handing::First;
        let mut bridge = Handing::FIRST;
        let mut next = Next::Failed;
        for &(stop, bolt) in ends {
            next = phase.ended(bridge, stop, bolt);
            if let Next::Run(following, way) = next {
                assert_eq!(way, bridge.reversed());
                (phase, bridge) = (following, way);
            }
        }
        (next, bridge)
    }

    const RETRACTED: (Stop, Bolt) = (Stop::Stalled, Bolt::Retracted);
    const EXTENDED: (Stop, Bolt) = (Stop::Stalled, Bolt::Extended);
    const JAMMED: (Stop, Bolt) = (Stop::Stalled, Bolt::Between);
    const FREE: (Stop, Bolt) = (Stop::Expired, Bolt::Between);

    #[test]
    fn one_door_takes_two_runs() {
        let (next, last) = hand(&[RETRACTED, EXTENDED]);
        assert_eq!(
            next,
            Next::Handed {
                retracts: Bridge::Open
            }
        );
        assert_eq!(last, Bridge::Close);
    }

    #[test]
    fn the_other_door_takes_a_third_to_end_extended() {
        let (next, last) = hand(&[EXTENDED, RETRACTED, EXTENDED]);
        assert_eq!(
            next,
            Next::Handed {
                retracts: Bridge::Close
            }
        );
        assert_eq!(last, Bridge::Open);
    }

    #[test]
    fn it_fails_short_of_an_end_or_twice_at_the_same() {
        for ends in [
            &[JAMMED][..],
            &[FREE],
            &[(Stop::Collapsed, Bolt::Retracted)],
            &[(Stop::Expired, Bolt::Retracted)],
            &[RETRACTED, JAMMED],
            &[RETRACTED, FREE],
            &[RETRACTED, RETRACTED],
            &[EXTENDED, EXTENDED],
            &[EXTENDED, RETRACTED, JAMMED],
            &[EXTENDED, RETRACTED, RETRACTED],
        ] {
            assert_eq!(hand(ends).0, Next::Failed, "{ends:?}");
        }
    }
}
