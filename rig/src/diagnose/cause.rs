//! The causes that a diagnosis can come to, and what to do about each.

use std::fmt;

/// A part of the triage, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// The cells: idle and under the motor.
    Batteries,
    /// The codes that should open.
    UserCode,
    /// A storage fault, or a program that hangs.
    Glitch,
    /// Whether the lock knows which way its door opens.
    Handing,
    /// Whether it knows its hub.
    HubPairing,
    /// Bolt and key.
    Mechanism,
}

impl Check {
    /// Every one, in the order of the triage.
    pub const ALL: [Check; 6] = [
        Check::Batteries,
        Check::UserCode,
        Check::Glitch,
        Check::Handing,
        Check::HubPairing,
        Check::Mechanism,
    ];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Check::Batteries => "batteries",
            Check::UserCode => "user code",
            Check::Glitch => "glitch",
            Check::Handing => "handing",
            Check::HubPairing => "hub pairing",
            Check::Mechanism => "mechanism",
        }
    }
}

/// Why a lock doesn't do what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// There is no voltage at the lock.
    NoPower,
    /// So few volts that one cell must take away what another gives.
    CellReversed,
    /// Too few volts for the motor.
    BatteryTooLow,
    /// Enough volts until the motor starts.
    BatteryCollapses,
    /// It works still, and warns.
    BatteryLow,
    /// Cells of another kind than the lock is made for.
    WrongCells,
    /// The code isn't one that the lock has.
    WrongCode,
    /// The lock has no code at all.
    NoCode,
    /// On a five-key lock two codes are the same keys, or one begins with the other.
    SharedKeys,
    /// Three wrong codes: the keypad was dead for a minute.
    LockedOut,
    /// What the lock keeps in its flash is illegible.
    StorageFault,
    /// The program hung or restarted while it was used, or needed its power taken.
    Hang,
    /// It has power and answers nothing, whatever is done.
    Dead,
    /// It answers nothing, and nobody sees whether it has power.
    Dark,
    /// It answers the button inside or its hub, but no key.
    KeypadCut,
    /// It does not know which way its door opens.
    NotHanded,
    /// It does not know the hub.
    NotPaired,
    /// It doesn't answer on the hub's bus.
    HubSilent,
    /// The bolt doesn't come in.
    JamOpening,
    /// The bolt doesn't go out.
    JamClosing,
}

impl Cause {
    /// The part of the triage that finds it.
    pub const fn check(self) -> Check {
        match self {
            Cause::NoPower
            | Cause::CellReversed
            | Cause::BatteryTooLow
            | Cause::BatteryCollapses
            | Cause::BatteryLow
            | Cause::WrongCells
            | Cause::Dark => Check::Batteries,
            Cause::WrongCode | Cause::NoCode | Cause::SharedKeys | Cause::LockedOut => {
                Check::UserCode
            }
            Cause::StorageFault | Cause::Hang | Cause::Dead | Cause::KeypadCut => Check::Glitch,
            Cause::NotHanded => Check::Handing,
            Cause::NotPaired | Cause::HubSilent => Check::HubPairing,
            Cause::JamOpening | Cause::JamClosing => Check::Mechanism,
        }
    }

    /// Whether the lock can be used in spite of it.
    pub(super) const fn is_warning(self) -> bool {
        matches!(
            self,
            Cause::BatteryLow | Cause::WrongCells | Cause::SharedKeys
        )
    }

    /// What to do about it.
    pub const fn fix(self) -> &'static str {
        match self {
            Cause::NoPower | Cause::CellReversed => {
                "See that the pack is plugged in and every cell lies as its holder shows, then put in four fresh \
                 alkaline AA cells of one kind. Until then the key opens the door."
            }
            Cause::BatteryTooLow | Cause::BatteryLow => {
                "Replace all four cells at once, by fresh alkaline AA cells of one brand. Codes stay through it."
            }
            Cause::BatteryCollapses => {
                "Take the pack out, look for leaked cells and clean the contacts, then put in four fresh alkaline AA \
                 cells of one brand. Never mix old and new."
            }
            Cause::WrongCells => {
                "Use alkaline AA cells: rechargeable ones sit at the warning level even when full, lithium ones give no \
                 warning before they are empty."
            }
            Cause::WrongCode => {
                "Enter a code that was programmed, slowly and in full. If nobody knows one, program a new one: door \
                 open, Program once, the code, then the lock button."
            }
            Cause::NoCode => {
                "Program a code: door open, Program once, four to eight digits, then the lock button. Green says it is \
                 kept."
            }
            Cause::SharedKeys => {
                "Two digits share a key here: choose codes that differ by their keys, and of which none begins with \
                 another."
            }
            Cause::LockedOut => {
                "Three wrong codes switch the keypad off for a minute. Wait that long without touching it, then enter \
                 the right code."
            }
            Cause::StorageFault => {
                "Only a factory reset cures it: pack out, hold Program, pack in, keep holding for 30 s, let go, press \
                 Program once more. It wipes every code: hand the door and program the codes anew afterwards."
            }
            Cause::Hang => {
                "Take the pack out for a quarter of a minute and put it back. If it comes again, make a factory reset \
                 and update the firmware."
            }
            Cause::Dead => {
                "Check the cable between keypad and inside unit. If a factory reset doesn't wake it either, replace the \
                 lock."
            }
            Cause::Dark => {
                "Put in four fresh alkaline AA cells, each as its holder shows, and see that the pack is plugged in. If \
                 nothing lights up then, check the cable between keypad and inside unit; if a factory reset doesn't \
                 wake it either, replace the lock."
            }
            Cause::KeypadCut => {
                "Check the cable between keypad and inside unit: a pinched wire, a bent pin, a plug that isn't all the \
                 way in. If it is sound, replace the keypad."
            }
            Cause::NotHanded => {
                "Do the door handing: pack out, hold Program, pack in, let go after a few seconds, press Program once. \
                 The bolt moves in and out by itself, and the light inside turns green."
            }
            Cause::NotPaired => {
                "Pair it again: start the hub's search for devices, then press button A inside the lock once. An entry \
                 that the hub still has of it goes first."
            }
            Cause::HubSilent => {
                "Take the pack out and put the hub card in again, firmly. If the keypad works meanwhile, the card is \
                 to be replaced."
            }
            Cause::JamOpening | Cause::JamClosing => {
                "Move the bolt by key with the door open: free there, it is the strike that binds, so move the strike or \
                 the hinges; stiff there too, loosen the mounting screws a little and straighten the latch."
            }
        }
    }
}

/// Reads after "cause: ".
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::NoPower => "the lock has no power",
            Cause::CellReversed => "a cell is in the wrong way round, or the pack is empty",
            Cause::BatteryTooLow => "the battery is too low to run the motor",
            Cause::BatteryCollapses => "the battery collapses under the motor",
            Cause::BatteryLow => "the battery is low",
            Cause::WrongCells => "the cells are not the kind that the lock is made for",
            Cause::WrongCode => "the code is not one of the lock's",
            Cause::NoCode => "no code is programmed",
            Cause::SharedKeys => "two of the codes are the same keys to the lock",
            Cause::LockedOut => "wrong codes have locked the keypad out",
            Cause::StorageFault => "what the lock keeps in its flash is illegible",
            Cause::Hang => "the lock's program hangs",
            Cause::Dead => "the lock has power and answers nothing",
            Cause::Dark => "the lock answers nothing: it has no power, or it is dead",
            Cause::KeypadCut => "the lock is alive, and its keypad is not",
            Cause::NotHanded => "the door handing was never done, or failed",
            Cause::NotPaired => "the lock doesn't know its hub",
            Cause::HubSilent => "the lock doesn't answer on the hub's bus",
            Cause::JamOpening => "the bolt jams as it opens",
            Cause::JamClosing => "the bolt jams as it closes",
        })
    }
}
