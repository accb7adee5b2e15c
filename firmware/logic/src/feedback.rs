//! What the lock says, in lights and beeps: one [`Cue`] for each thing there is to say, and the
//! players that turn it into levels over time. A new cue takes over the channels that it uses.

use crate::time::{Moment, Span, earliest};

/// What a two-colour LED shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Light {
    /// Dark.
    #[default]
    Off,
    /// Green alone.
    Green,
    /// Red alone.
    Red,
    /// Both.
    Amber,
}

/// Something the lock has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cue {
    /// A valid code, a lock command or a programming step was accepted.
    Accepted,
    /// A wrong code, an entry that timed out, a programming that failed.
    Refused,
    /// The third wrong code in a minute.
    LockedOut,
    Jam,
    LowBattery,
    NotHanded,
    HandingArmed,
    HandingSucceeded,
    HandingFailed,
    ResetArmed,
    ResetDone,
    StorageFault,
    /// The idle blink, in this colour.
    Idle(Light),
}

/// `count` pulses of `on`, with `between` in between.
#[derive(Debug, Clone, Copy)]
struct Train<T> {
    on: T,
    between: T,
    on_for: Span,
    between_for: Span,
    count: u8,
}

const fn pulses<T: Copy>(on: T, between: T, on_for: u64, between_for: u64, count: u8) -> Train<T> {
    Train {
        on,
        between,
        on_for: Span::millis(on_for),
        between_for: Span::millis(between_for),
        count,
    }
}

const fn light(colour: Light, on_for: u64, between_for: u64, count: u8) -> Option<Train<Light>> {
    Some(pulses(colour, Light::Off, on_for, between_for, count))
}

/// The ordinary flash: 150 ms on, 150 ms off.
const fn flashes(colour: Light, count: u8) -> Option<Train<Light>> {
    light(colour, 150, 150, count)
}

impl Cue {
    const fn keypad(self) -> Option<Train<Light>> {
        match self {
            Self::Accepted => light(Light::Green, 300, 0, 1),
            Self::Refused | Self::NotHanded => flashes(Light::Red, 3),
            Self::LockedOut => flashes(Light::Red, 15),
            Self::Jam => light(Light::Red, 600, 0, 1),
            Self::LowBattery => light(Light::Red, 100, 100, 10),
            Self::StorageFault => flashes(Light::Red, 5),
            Self::HandingArmed
            | Self::HandingSucceeded
            | Self::HandingFailed
            | Self::ResetArmed
            | Self::ResetDone
            | Self::Idle(_) => None,
        }
    }

    const fn status(self) -> Option<Train<Light>> {
        match self {
            Self::NotHanded | Self::StorageFault => light(Light::Red, 5000, 0, 1),
            Self::HandingArmed => Some(pulses(Light::Green, Light::Red, 150, 150, 4)),
            Self::HandingSucceeded | Self::ResetArmed => light(Light::Green, 500, 0, 1),
            Self::HandingFailed => flashes(Light::Red, 3),
            Self::ResetDone => flashes(Light::Green, 2),
            Self::Idle(colour) => light(colour, 50, 0, 1),
            Self::Accepted | Self::Refused | Self::LockedOut | Self::Jam | Self::LowBattery => None,
        }
    }

    /// The beeper goes with the light that has its count.
    const fn beeper(self) -> Option<Train<bool>> {
        let leading = match self {
            Self::HandingArmed | Self::Idle(_) => return None,
            Self::HandingSucceeded | Self::HandingFailed | Self::ResetArmed | Self::ResetDone => {
                self.status()
            }
            _ => self.keypad(),
        };
        match leading {
            Some(train) => Some(Train {
                on: true,
                between: false,
                on_for: train.on_for,
                between_for: train.between_for,
                count: train.count,
            }),
            None => None,
        }
    }
}

/// A train that is under way.
#[derive(Debug, Clone, Copy)]
struct Playing<T> {
    train: Train<T>,
    /// What it shows, and until when.
    level: T,
    until: Moment,
    /// In a pulse, rather than between two.
    on: bool,
    /// Pulses after this one.
    left: u8,
}

impl<T: Copy + Default + PartialEq> Playing<T> {
    fn begin(train: Train<T>, now: Moment) -> Self {
        Self {
            train,
            level: train.on,
            until: now + train.on_for,
            on: true,
            left: train.count.saturating_sub(1),
        }
    }

    /// Goes on to the next level; `false` when there is none. A colour between the pulses is part of
    /// the train, behind the last one too, a dark one isn't.
    fn next(&mut self) -> bool {
        let Train {
            on,
            between,
            on_for,
            between_for,
            ..
        } = self.train;
        let (level, lasts) = match (self.on, self.left) {
            (true, 0) if between == T::default() => return false,
            (true, _) => (between, between_for),
            (false, 0) => return false,
            (false, _) => {
                self.left -= 1;
                (on, on_for)
            }
        };
        self.on = !self.on;
        self.level = level;
        self.until = self.until + lasts;
        true
    }
}

/// One output that plays one train at a time.
#[derive(Debug)]
struct Channel<T> {
    playing: Option<Playing<T>>,
}

impl<T: Copy + Default + PartialEq> Channel<T> {
    const fn new() -> Self {
        Self { playing: None }
    }

    fn play(&mut self, train: Option<Train<T>>, now: Moment) {
        if let Some(train) = train {
            self.playing = Some(Playing::begin(train, now));
        }
    }

    const fn is_busy(&self) -> bool {
        self.playing.is_some()
    }

    /// Goes on to what it shows at `now`.
    fn advance(&mut self, now: Moment) {
        while let Some(playing) = &mut self.playing
            && playing.until <= now
        {
            if !playing.next() {
                self.playing = None;
            }
        }
    }

    /// The level since it was last advanced.
    fn level(&self) -> T {
        self.playing
            .map_or_else(T::default, |playing| playing.level)
    }

    /// When the level changes next.
    fn deadline(&self) -> Option<Moment> {
        self.playing.map(|playing| playing.until)
    }
}

/// How long a key clicks.
const CLICK: Span = Span::millis(30);
/// How long a cue waits after the one before it, so that the two can be told apart.
const GAP: Span = Span::millis(300);
/// Cues that wait: after a command's green, a jam, and then a low battery.
const WAITING: usize = 2;

#[derive(Debug)]
pub(crate) struct Feedback {
    keypad: Channel<Light>,
    status: Channel<Light>,
    beeper: Channel<bool>,
    click_until: Moment,
    /// What is said, one after the other, once the keypad's light and the beeper are still, and since
    /// when they are.
    next: [Option<Cue>; WAITING],
    still_since: Moment,
}

impl Feedback {
    pub(crate) const fn new() -> Self {
        Self {
            keypad: Channel::new(),
            status: Channel::new(),
            beeper: Channel::new(),
            click_until: Moment::BOOT,
            next: [None; WAITING],
            still_since: Moment::BOOT,
        }
    }

    /// Says `cue` now.
    pub(crate) fn play(&mut self, cue: Cue, now: Moment) {
        self.keypad.play(cue.keypad(), now);
        self.status.play(cue.status(), now);
        self.beeper.play(cue.beeper(), now);
    }

    /// Says `cue` now, or 300 ms after what is being said.
    pub(crate) fn play_next(&mut self, cue: Cue, now: Moment) {
        if !self.is_speaking() && self.next[0].is_none() {
            self.play(cue, now);
        } else {
            self.play_after(cue, now);
        }
    }

    /// Says `cue` 300 ms after what is about to be said.
    pub(crate) fn play_after(&mut self, cue: Cue, now: Moment) {
        // What finds no room gives way to what is said already.
        if let Some(place) = self.next.iter_mut().find(|place| place.is_none()) {
            *place = Some(cue);
        }
        self.still_since = now;
    }

    /// The click of an accepted key.
    pub(crate) fn click(&mut self, now: Moment) {
        self.click_until = now + CLICK;
    }

    /// Ends what is over and begins what is due.
    pub(crate) fn advance(&mut self, now: Moment) {
        let was_speaking = self.is_speaking();
        self.keypad.advance(now);
        self.status.advance(now);
        self.beeper.advance(now);
        if self.is_speaking() {
            return;
        }
        if was_speaking {
            self.still_since = now;
        }
        if now >= self.still_since + GAP
            && let Some(cue) = self.next[0].take()
        {
            self.next.rotate_left(1);
            self.play(cue, now);
        }
    }

    /// Whether the keypad's light or the beeper plays a train.
    fn is_speaking(&self) -> bool {
        self.keypad.is_busy() || self.beeper.is_busy()
    }

    pub(crate) fn keypad(&self) -> Light {
        self.keypad.level()
    }

    pub(crate) fn status(&self) -> Light {
        self.status.level()
    }

    pub(crate) fn beeper(&self, now: Moment) -> bool {
        self.beeper.level() || now < self.click_until
    }

    /// Whether the status LED has something to show.
    pub(crate) fn status_busy(&self) -> bool {
        self.status.is_busy()
    }

    /// Whether nothing is shown, sounded or waiting to be.
    pub(crate) fn is_still(&self, now: Moment) -> bool {
        !self.is_speaking()
            && !self.status_busy()
            && self.next[0].is_none()
            && now >= self.click_until
    }

    /// When a level changes next.
    pub(crate) fn deadline(&self, now: Moment) -> Option<Moment> {
        let waiting = self.next[0].is_some() && !self.is_speaking();
        earliest([
            self.keypad.deadline(),
            self.status.deadline(),
            self.beeper.deadline(),
            (now < self.click_until).then_some(self.click_until),
            waiting.then(|| self.still_since + GAP),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn at(millis: u64) -> Moment {
        Moment::BOOT + Span::millis(millis)
    }

    /// Changes of (keypad, status, beeper) with their milliseconds, from `feedback`'s deadlines.
    fn changes(feedback: &mut Feedback, start: u64) -> Vec<(u64, Light, Light, bool)> {
        let mut seen = Vec::new();
        let mut now = at(start);
        loop {
            feedback.advance(now);
            let levels = (feedback.keypad(), feedback.status(), feedback.beeper(now));
            if seen.last().is_none_or(|&(_, k, s, b)| (k, s, b) != levels) {
                seen.push((now.as_millis(), levels.0, levels.1, levels.2));
            }
            match feedback.deadline(now) {
                Some(next) => now = next,
                None => return seen,
            }
        }
    }

    fn played(cue: Cue) -> Vec<(u64, Light, Light, bool)> {
        let mut feedback = Feedback::new();
        feedback.play(cue, at(1000));
        changes(&mut feedback, 1000)
    }

    use Light::{Green, Off, Red};

    #[test]
    fn accepted_is_green_and_a_beep_of_300_ms() {
        assert_eq!(
            played(Cue::Accepted),
            [(1000, Green, Off, true), (1300, Off, Off, false)]
        );
    }

    #[test]
    fn refused_is_three_times_150_ms() {
        assert_eq!(
            played(Cue::Refused),
            [
                (1000, Red, Off, true),
                (1150, Off, Off, false),
                (1300, Red, Off, true),
                (1450, Off, Off, false),
                (1600, Red, Off, true),
                (1750, Off, Off, false),
            ]
        );
    }

    #[test]
    fn low_battery_is_ten_times_100_ms() {
        let played = played(Cue::LowBattery);
        assert_eq!(played.len(), 20);
        assert_eq!(played[19], (2900, Off, Off, false));
    }

    #[test]
    fn not_handed_keeps_the_inside_red_for_5_s() {
        let played = played(Cue::NotHanded);
        assert_eq!(played[0], (1000, Red, Red, true));
        assert_eq!(played.last(), Some(&(6000, Off, Off, false)));
        assert_eq!(played.len(), 7);
    }

    #[test]
    fn handing_armed_alternates_four_times_in_silence() {
        let played = played(Cue::HandingArmed);
        assert_eq!(played.len(), 9);
        assert!(
            played
                .iter()
                .all(|&(_, keypad, _, beeper)| keypad == Off && !beeper)
        );
        assert_eq!(played[0].2, Green);
        assert_eq!((played[7].0, played[7].2), (1000 + 7 * 150, Red));
        assert_eq!((played[8].0, played[8].2), (1000 + 8 * 150, Off));
    }

    #[test]
    fn who_looks_late_finds_the_level_of_then() {
        for cue in [Cue::Refused, Cue::HandingArmed, Cue::LowBattery] {
            for (since, keypad, status, beeper) in played(cue) {
                for late in [since, since + 99] {
                    let mut feedback = Feedback::new();
                    feedback.play(cue, at(1000));
                    feedback.advance(at(late));
                    assert_eq!(
                        (
                            feedback.keypad(),
                            feedback.status(),
                            feedback.beeper(at(late))
                        ),
                        (keypad, status, beeper),
                        "{cue:?} at {late} ms"
                    );
                }
            }
        }
    }

    #[test]
    fn the_next_cue_waits_for_the_one_before() {
        let mut feedback = Feedback::new();
        feedback.play(Cue::Jam, at(0));
        feedback.play_next(Cue::Accepted, at(10));
        assert_eq!(
            changes(&mut feedback, 10),
            [
                (10, Red, Off, true),
                (600, Off, Off, false),
                (900, Green, Off, true),
                (1200, Off, Off, false),
            ]
        );
    }

    #[test]
    fn cues_wait_for_each_other() {
        let mut feedback = Feedback::new();
        feedback.play(Cue::Accepted, at(0));
        feedback.play_next(Cue::Jam, at(30));
        feedback.play_next(Cue::LowBattery, at(30));
        let changes = changes(&mut feedback, 30);
        assert_eq!(
            &changes[..5],
            [
                (30, Green, Off, true),
                (300, Off, Off, false),
                (600, Red, Off, true),
                (1200, Off, Off, false),
                (1500, Red, Off, true),
            ]
        );
        assert_eq!(changes.len(), 24);
    }

    #[test]
    fn a_key_clicks_for_30_ms() {
        let mut feedback = Feedback::new();
        feedback.click(at(5));
        assert_eq!(
            changes(&mut feedback, 5),
            [(5, Off, Off, true), (35, Off, Off, false)]
        );
    }
}
