//! How far a measured time may be from the accepted one.

use std::fmt;

use crate::outcome::{Length, Outcome, Part, Phrase, Rhythm};

/// Allowed distance from an accepted time: a fixed part for jitter and a share for the clocks. Counts,
/// colours, order and bytes have no tolerance; a tone's frequency has [`Tolerance::TONE_PERMILLE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    /// The fixed part, in milliseconds.
    pub millis: u32,
    /// The share of the accepted time, in thousandths.
    pub permille: u32,
}

impl Tolerance {
    /// Nothing but the accepted value.
    pub const EXACT: Tolerance = Tolerance {
        millis: 0,
        permille: 0,
    };
    /// The share of an accepted frequency that a tone may be off.
    pub const TONE_PERMILLE: u32 = 20;

    /// The allowed distance from an accepted time, both in microseconds.
    pub fn allowed(self, accepted: u64) -> u64 {
        let share = u128::from(accepted) * u128::from(self.permille) / 1000;
        u64::try_from(share)
            .unwrap_or(u64::MAX)
            .saturating_add(u64::from(self.millis) * 1000)
    }
}

/// 5 ms and 2 %.
impl Default for Tolerance {
    fn default() -> Tolerance {
        Tolerance {
            millis: 5,
            permille: 20,
        }
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tolerance { millis, permille } = self;
        write!(f, "{millis}ms + {}", permille / 10)?;
        if permille % 10 > 0 {
            write!(f, ".{}", permille % 10)?;
        }
        f.write_str("%")
    }
}

/// What bounds a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terms {
    /// For times.
    pub tolerance: Tolerance,
    /// Parts that this bench can't see: what is accepted of them is neither checked nor lost.
    pub unseen: Vec<Part>,
}

/// A number that is out of tolerance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deviation {
    /// Which number.
    pub what: Measure,
    /// As accepted; microseconds, or hertz for a tone.
    pub accepted: u64,
    /// As measured, in the same unit.
    pub measured: u64,
    /// How far apart they may be, in the same unit.
    pub allowed: u64,
}

/// A number in an outcome that has a tolerance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// When it begins.
    Start,
    /// How long it lasts, or each pulse.
    On,
    /// The pause between two pulses.
    Off,
    /// The tone's frequency.
    Tone,
}

impl Measure {
    /// A word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Measure::Start => "start",
            Measure::On => "on",
            Measure::Off => "off",
            Measure::Tone => "tone",
        }
    }
}

/// How a measured outcome stands to an accepted one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fit {
    /// Within tolerance.
    Same,
    /// The same thing at another time, or longer or shorter.
    Off(Vec<Deviation>),
    /// Another thing.
    Unlike,
}

pub(crate) fn fit(accepted: &Outcome, measured: &Outcome, tolerance: Tolerance) -> Fit {
    if accepted.part != measured.part || !like(&accepted.phrase, &measured.phrase) {
        return Fit::Unlike;
    }
    let start = (
        Measure::Start,
        accepted.at.saturating_mul(1000),
        measured.at.saturating_mul(1000),
    );
    let rest = numbers(&accepted.phrase)
        .into_iter()
        .zip(numbers(&measured.phrase))
        .map(|((what, accepted), (_, measured))| (what, accepted, measured));
    let off: Vec<Deviation> = std::iter::once(start)
        .chain(rest)
        .filter_map(|(what, accepted, measured)| {
            let allowed = match what {
                Measure::Tone => accepted * u64::from(Tolerance::TONE_PERMILLE) / 1000,
                _ => tolerance.allowed(accepted),
            };
            (accepted.abs_diff(measured) > allowed).then_some(Deviation {
                what,
                accepted,
                measured,
                allowed,
            })
        })
        .collect();
    if off.is_empty() {
        Fit::Same
    } else {
        Fit::Off(off)
    }
}

/// Whether two phrases differ in nothing but their numbers.
pub(crate) fn like(a: &Phrase, b: &Phrase) -> bool {
    match (a, b) {
        (Phrase::Run(a, length_a), Phrase::Run(b, length_b)) => {
            a == b && length_a.is_some() == length_b.is_some()
        }
        (Phrase::BrownOut(a), Phrase::BrownOut(b)) => a.is_some() == b.is_some(),
        (Phrase::Light(a, rhythm_a), Phrase::Light(b, rhythm_b)) => {
            a == b && like_rhythm(rhythm_a, rhythm_b)
        }
        (Phrase::Sound(rhythm_a, a), Phrase::Sound(rhythm_b, b)) => {
            a.is_some() == b.is_some() && like_rhythm(rhythm_a, rhythm_b)
        }
        (Phrase::Bolt(_) | Phrase::Frame(_) | Phrase::Reset(_), _) => a == b,
        _ => false,
    }
}

fn like_rhythm(a: &Rhythm, b: &Rhythm) -> bool {
    match (a, b) {
        (Rhythm::Once(_), Rhythm::Once(_)) | (Rhythm::ToEnd, Rhythm::ToEnd) => true,
        (Rhythm::Pulses { count: a, .. }, Rhythm::Pulses { count: b, .. }) => a == b,
        _ => false,
    }
}

/// The numbers of a phrase that have a tolerance, in an order that like phrases share.
pub(crate) fn numbers(phrase: &Phrase) -> Vec<(Measure, u64)> {
    let on = |length: &Length| (Measure::On, length.micros());
    let rhythm = |rhythm: &Rhythm| match rhythm {
        Rhythm::Once(length) => vec![on(length)],
        Rhythm::Pulses { on: each, off, .. } => {
            vec![on(each), (Measure::Off, off.micros())]
        }
        Rhythm::ToEnd => Vec::new(),
    };
    match phrase {
        Phrase::Run(_, length) | Phrase::BrownOut(length) => length.iter().map(on).collect(),
        Phrase::Light(_, pattern) => rhythm(pattern),
        Phrase::Sound(pattern, hertz) => {
            let mut numbers = rhythm(pattern);
            numbers.extend(hertz.map(|hertz| (Measure::Tone, u64::from(hertz))));
            numbers
        }
        Phrase::Bolt(_) | Phrase::Frame(_) | Phrase::Reset(_) => Vec::new(),
    }
}

/// `starts 1000ms later, tolerance 604ms`; no word of a tolerance where there is none.
impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = self.accepted.abs_diff(self.measured);
        let more = self.measured > self.accepted;
        let (verb, comparative) = match (self.what, more) {
            (Measure::Start, true) => ("starts", "later"),
            (Measure::Start, false) => ("starts", "earlier"),
            (Measure::On, true) => ("lasts", "longer"),
            (Measure::On, false) => ("lasts", "shorter"),
            (Measure::Off, true) => ("pauses", "longer"),
            (Measure::Off, false) => ("pauses", "shorter"),
            (Measure::Tone, true) => ("sounds", "higher"),
            (Measure::Tone, false) => ("sounds", "lower"),
        };
        if self.what == Measure::Tone {
            let allowed = self.allowed;
            return write!(f, "{verb} {by}Hz {comparative}, tolerance {allowed}Hz");
        }
        let (by, allowed) = (Length::from_micros(by), Length::from_micros(self.allowed));
        write!(f, "{verb} {by} {comparative}")?;
        if self.allowed > 0 {
            write!(f, ", tolerance {allowed}")?;
        }
        Ok(())
    }
}
