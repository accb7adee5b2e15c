//! What a lock did when it was used, read off its outcomes as its guide reads flashes and beeps.

use crate::outcome::{Block, Colour, Length, Outcome, Paint, Part, Phrase, Position, Rhythm};
use crate::trace::ResetCause;

/// How long a light is on that says "jam", at least.
const LONG: Length = Length::from_millis(450);
/// How long the inside light is red that says "not handed" or "storage fault", at least.
const SOLID: Length = Length::from_millis(3_000);

/// A motor that runs this long without bringing the bolt to its end was stopped for being too slow: the lock
/// gives it 1.5 s.
const TOO_SLOW: Length = Length::from_millis(1_400);

/// What a lock made of being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Neither light nor sound nor movement.
    Silent,
    /// Nothing but clicks.
    Clicks,
    /// The motor brought the bolt in.
    Opened,
    /// The motor brought the bolt out.
    Closed,
    /// It was accepted, and the bolt was there already.
    AlreadyThere,
    /// Red three times.
    Refused,
    /// Red fifteen times: the third wrong code.
    LockedOut,
    /// Red ten times without the motor.
    TooLow,
    /// One long red.
    Jammed,
    /// The motor ran and brought the bolt nowhere, and nothing says so.
    Stopped,
    /// Red five times, and red inside.
    StorageFault,
    /// Red three times, and red inside.
    NotHanded,
    /// The supply fell below what the processor needs.
    BrownedOut,
    /// The program started over.
    Restarted(ResetCause),
}

/// One use of a lock.
#[derive(Debug, Clone)]
pub(super) struct Use {
    pub(super) reaction: Reaction,
    /// It warned of the battery afterwards.
    pub(super) warned: bool,
    /// The motor ran.
    pub(super) moved: bool,
    /// The motor ran for as long as the lock lets it.
    pub(super) ran_out: bool,
    /// What it did, as outcome lines under their steps.
    pub(super) evidence: Vec<String>,
}

impl Use {
    pub(super) fn of(blocks: &[Block]) -> Use {
        let outcomes: Vec<&Outcome> = blocks.iter().flat_map(|block| &block.outcomes).collect();
        let evidence = blocks
            .iter()
            .filter(|block| !block.outcomes.is_empty())
            .flat_map(|block| {
                block
                    .to_string()
                    .lines()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect();
        let reaction = reaction(&outcomes);
        let ran = ran(&outcomes);
        let ran_out = outcomes.iter().any(
            |outcome| matches!(outcome.phrase, Phrase::Run(_, Some(length)) if length >= TOO_SLOW),
        );
        Use {
            reaction,
            moved: ran,
            ran_out,
            warned: ran && has_light(&outcomes, Part::Keypad, Colour::Red, 10, Length::default()),
            evidence,
        }
    }
}

fn reaction(outcomes: &[&Outcome]) -> Reaction {
    for outcome in outcomes {
        match outcome.phrase {
            Phrase::BrownOut(_) | Phrase::Reset(ResetCause::BrownOut) => {
                return Reaction::BrownedOut;
            }
            Phrase::Reset(
                cause @ (ResetCause::Watchdog | ResetCause::Software | ResetCause::Lockup),
            ) => return Reaction::Restarted(cause),
            _ => {}
        }
    }
    let red = |count, on| has_light(outcomes, Part::Keypad, Colour::Red, count, on);
    let solid = has_light(outcomes, Part::Status, Colour::Red, 1, SOLID);
    let any = Length::default();
    if red(5, any) {
        return Reaction::StorageFault;
    }
    if red(3, any) && solid {
        return Reaction::NotHanded;
    }
    if red(15, any) {
        return Reaction::LockedOut;
    }
    if red(1, LONG) {
        return Reaction::Jammed;
    }
    if ran(outcomes) {
        return match position(outcomes) {
            Some(Position::Retracted) => Reaction::Opened,
            Some(Position::Extended) => Reaction::Closed,
            _ => Reaction::Stopped,
        };
    }
    if red(10, any) {
        return Reaction::TooLow;
    }
    if red(3, any) {
        return Reaction::Refused;
    }
    if has_light(outcomes, Part::Keypad, Colour::Green, 1, any) {
        return Reaction::AlreadyThere;
    }
    // Idle blinks and messages to the hub are no answer to a key.
    let answers = |outcome: &&&Outcome| matches!(outcome.part, Part::Keypad | Part::Beeper);
    if outcomes.iter().any(|outcome| answers(&outcome)) {
        Reaction::Clicks
    } else {
        Reaction::Silent
    }
}

fn ran(outcomes: &[&Outcome]) -> bool {
    outcomes
        .iter()
        .any(|outcome| matches!(outcome.phrase, Phrase::Run(..)))
}

/// Where the bolt came to.
fn position(outcomes: &[&Outcome]) -> Option<Position> {
    outcomes
        .iter()
        .rev()
        .find_map(|outcome| match outcome.phrase {
            Phrase::Bolt(position) => Some(position),
            _ => None,
        })
}

/// Whether a light showed a colour so many times, each at least `on` long.
fn has_light(outcomes: &[&Outcome], part: Part, colour: Colour, count: u32, on: Length) -> bool {
    outcomes.iter().any(|outcome| {
        let Phrase::Light(Paint::One(shown), rhythm) = outcome.phrase else {
            return false;
        };
        let (times, long) = match rhythm {
            Rhythm::Once(length) => (1, length >= on),
            Rhythm::Pulses {
                count, on: length, ..
            } => (count, length >= on),
            Rhythm::ToEnd => (1, true),
        };
        outcome.part == part && shown == colour && times == count && long
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcomes;

    fn of(lines: &str) -> (Reaction, bool) {
        let outcomes: Outcomes = format!("1  enter 1234\n{lines}").parse().unwrap();
        let used = Use::of(&outcomes.blocks);
        (used.reaction, used.warned)
    }

    #[test]
    fn flashes_say_what_the_guide_says_they_do() {
        let click = "     +0.020s   beeper  4x 30/170ms 4000Hz\n";
        let with = |lines: &str| of(&format!("{click}{lines}"));
        assert_eq!(of(""), (Reaction::Silent, false));
        assert_eq!(with(""), (Reaction::Clicks, false));
        for (line, reaction) in [
            ("keypad  red 3x 150/150ms", Reaction::Refused),
            ("keypad  red 15x 150/150ms", Reaction::LockedOut),
            ("keypad  red 10x 100/100ms", Reaction::TooLow),
            ("keypad  red 1x 600ms", Reaction::Jammed),
            ("keypad  green 1x 300ms", Reaction::AlreadyThere),
            ("keypad  red 5x 150/150ms", Reaction::StorageFault),
            (
                "power   reset watchdog",
                Reaction::Restarted(ResetCause::Watchdog),
            ),
            ("power   brown-out 20ms", Reaction::BrownedOut),
            ("motor   open 300ms", Reaction::Stopped),
        ] {
            assert_eq!(
                with(&format!("     +0.820s   {line}")).0,
                reaction,
                "{line}"
            );
        }
        assert_eq!(
            with("     +0.820s   status  red 1x 5000ms\n     +0.820s   keypad  red 3x 150/150ms").0,
            Reaction::NotHanded
        );
        assert_eq!(
            with(
                "     +0.820s   motor   open 1015ms\n     +1.820s   bolt    retracted\n     \
                 +2.135s   keypad  red 10x 100/100ms"
            ),
            (Reaction::Opened, true)
        );
    }
}
