//! The words of outcomes and how they are written.

use std::fmt;

use crate::trace::{Channel, Nanos, ResetCause};

/// A part of the lock that does something. The order is the one of lines that start together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The motor's drive.
    Motor,
    /// The bolt, by its end switches.
    Bolt,
    /// The inside LED.
    Status,
    /// The outside LED.
    Keypad,
    /// The beeper.
    Beeper,
    /// The hub UART, from the lock.
    Hub,
    /// The processor's supply and resets.
    Power,
}

impl Part {
    /// Every part, in order.
    pub const ALL: [Part; 7] = [
        Part::Motor,
        Part::Bolt,
        Part::Status,
        Part::Keypad,
        Part::Beeper,
        Part::Hub,
        Part::Power,
    ];

    /// The channels that its outcomes are read from.
    pub const fn channels(self) -> &'static [Channel] {
        match self {
            Part::Motor => &[Channel::MotorOpen, Channel::MotorClose],
            Part::Bolt => &[Channel::BoltRetracted, Channel::BoltExtended],
            Part::Status => &[Channel::StatusGreen, Channel::StatusRed],
            Part::Keypad => &[Channel::KeypadGreen, Channel::KeypadRed],
            Part::Beeper => &[Channel::Beeper],
            Part::Hub => &[Channel::HubFromLock],
            Part::Power => &[Channel::Power, Channel::Reset],
        }
    }

    /// The parts that can't be told without these channels.
    pub fn without(unseen: &[Channel]) -> Vec<Part> {
        Part::ALL
            .into_iter()
            .filter(|part| {
                part.channels()
                    .iter()
                    .any(|channel| unseen.contains(channel))
            })
            .collect()
    }

    /// Its word in outcome lines.
    pub const fn name(self) -> &'static str {
        match self {
            Part::Motor => "motor",
            Part::Bolt => "bolt",
            Part::Status => "status",
            Part::Keypad => "keypad",
            Part::Beeper => "beeper",
            Part::Hub => "hub",
            Part::Power => "power",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How long something took, in the resolution in which it is written: whole milliseconds, or whole
/// microseconds below one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Length {
    micros: u64,
}

impl Length {
    /// `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Length {
        Length {
            micros: millis.saturating_mul(1000),
        }
    }

    /// `micros` microseconds, rounded to what can be written.
    pub const fn from_micros(micros: u64) -> Length {
        if micros < 1000 {
            Length { micros }
        } else {
            Length::from_millis(micros.saturating_add(500) / 1000)
        }
    }

    /// In microseconds.
    pub const fn micros(self) -> u64 {
        self.micros
    }
}

impl From<Nanos> for Length {
    fn from(nanos: Nanos) -> Length {
        Length::from_micros(nanos.0.saturating_add(500) / 1000)
    }
}

impl From<Length> for Nanos {
    fn from(length: Length) -> Nanos {
        Nanos(length.micros.saturating_mul(1000))
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.micros {
            us @ 1..1000 => write!(f, "{us}us"),
            us => write!(f, "{}ms", us / 1000),
        }
    }
}

/// Which way the motor is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Drive {
    /// By the input called open.
    Open,
    /// By the input called close.
    Close,
    /// By both at once, which must never be.
    Both,
}

/// Where the bolt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Position {
    /// Fully in the door.
    Retracted,
    /// On neither end switch.
    Between,
    /// Fully out.
    Extended,
    /// On both end switches, which no whole mechanism reaches.
    Both,
}

/// The colour that an LED shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Colour {
    /// Only its green half.
    Green,
    /// Only its red half.
    Red,
    /// Both halves.
    Amber,
}

/// One colour, or two in turn without a pause between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Paint {
    /// The same each time.
    One(Colour),
    /// First and second in turn; a pattern's pair of lengths is then theirs, and it counts the pairs.
    Two(Colour, Colour),
}

/// A pattern in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rhythm {
    /// A single pulse.
    Once(Length),
    /// Equal pulses at equal distances.
    Pulses {
        /// Two or more.
        count: u32,
        /// How long each lasts.
        on: Length,
        /// The pause between two.
        off: Length,
    },
    /// On, and not off again before the run ended.
    ToEnd,
}

/// What a part did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phrase {
    /// The motor ran, for so long, or until the run's end.
    Run(Drive, Option<Length>),
    /// The bolt got there.
    Bolt(Position),
    /// An LED was lit.
    Light(Paint, Rhythm),
    /// The beeper sounded, at so many hertz where it was a tone.
    Sound(Rhythm, Option<u32>),
    /// The lock sent these bytes to the hub, as one frame.
    Frame(Vec<u8>),
    /// The processor had too little voltage with the pack in, for so long, or until the run's end.
    BrownOut(Option<Length>),
    /// The processor started again.
    Reset(ResetCause),
}

impl Drive {
    pub(super) const ALL: [Drive; 3] = [Drive::Open, Drive::Close, Drive::Both];
    pub(super) const fn name(self) -> &'static str {
        match self {
            Drive::Open => "open",
            Drive::Close => "close",
            Drive::Both => "both",
        }
    }
}

impl Position {
    pub(super) const ALL: [Position; 4] = [
        Position::Retracted,
        Position::Between,
        Position::Extended,
        Position::Both,
    ];
    pub(super) const fn name(self) -> &'static str {
        match self {
            Position::Retracted => "retracted",
            Position::Between => "between",
            Position::Extended => "extended",
            Position::Both => "both",
        }
    }
}

impl Colour {
    pub(super) const ALL: [Colour; 3] = [Colour::Green, Colour::Red, Colour::Amber];

    /// Its word in outcome lines.
    pub const fn name(self) -> &'static str {
        match self {
            Colour::Green => "green",
            Colour::Red => "red",
            Colour::Amber => "amber",
        }
    }
}

impl fmt::Display for Paint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Paint::One(colour) => f.write_str(colour.name()),
            Paint::Two(first, second) => write!(f, "{}/{}", first.name(), second.name()),
        }
    }
}

impl fmt::Display for Rhythm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rhythm::Once(on) => write!(f, "1x {on}"),
            Rhythm::Pulses { count, on, off } => {
                let (on, off) = (on.micros, off.micros);
                // One unit for both, so the shorter decides.
                if (1..1000).contains(&on) || (1..1000).contains(&off) {
                    write!(f, "{count}x {on}/{off}us")
                } else {
                    write!(f, "{count}x {}/{}ms", on / 1000, off / 1000)
                }
            }
            Rhythm::ToEnd => f.write_str("on to end"),
        }
    }
}

/// `1012ms`, or `to end`.
struct Lasted(Option<Length>);

impl fmt::Display for Lasted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(length) => length.fmt(f),
            None => f.write_str("to end"),
        }
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Phrase::Run(drive, length) => write!(f, "{} {}", drive.name(), Lasted(*length)),
            Phrase::Bolt(position) => f.write_str(position.name()),
            Phrase::Light(paint, rhythm) => write!(f, "{paint} {rhythm}"),
            Phrase::Sound(rhythm, None) => rhythm.fmt(f),
            Phrase::Sound(rhythm, Some(hertz)) => write!(f, "{rhythm} {hertz}Hz"),
            Phrase::Frame(bytes) => {
                for (index, byte) in bytes.iter().enumerate() {
                    let space = if index > 0 { " " } else { "" };
                    write!(f, "{space}{byte:02X}")?;
                }
                Ok(())
            }
            Phrase::BrownOut(length) => write!(f, "brown-out {}", Lasted(*length)),
            Phrase::Reset(cause) => write!(f, "reset {}", cause.name()),
        }
    }
}
