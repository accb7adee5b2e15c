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

/// One output that plays one train at a time.
#[derive(Debug)]
struct Channel<T> {
    playing: Option<(Train<T>, Moment)>,
}

impl<T: Copy + Default + PartialEq> Channel<T> {
    const fn new() -> Self {
        Self { playing: None }
    }

    fn play(&mut self, train: Option<Train<T>>, now: Moment) {
        if let Some(train) = train {
            self.playing = Some((train, now));
        }
    }

    /// When the train is over. A colour between the pulses is part of it, a dark one isn't.
    fn end(&self) -> Option<Moment> {
        self.playing.map(|(train, start)| {
            let whole = (train.on_for + train.between_for).times(u64::from(train.count));
            if train.between == T::default() {
                start + (whole - train.between_for)
            } else {
                start + whole
            }
        })
    }

    fn advance(&mut self, now: Moment) {
        if self.end().is_some_and(|end| end <= now) {
            self.playing = None;
        }
    }

    /// The level now, and when it changes next.
    fn level(&self, now: Moment) -> (T, Option<Moment>) {
        let Some((train, start)) = self.playing else {
            return (T::default(), None);
        };
        let period = train.on_for + train.between_for;
        let elapsed = now.since(start).as_micros();
        let begun = start + period.times(elapsed / period.as_micros());
        if now < begun + train.on_for {
            (train.on, Some(begun + train.on_for))
        } else {
            (train.between, Some(begun + period))
        }
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
        if earliest_end(&self.keypad, &self.beeper).is_none() && self.next[0].is_none() {
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
        let was_busy = earliest_end(&self.keypad, &self.beeper).is_some();
        self.keypad.advance(now);
        self.status.advance(now);
        self.beeper.advance(now);
        if earliest_end(&self.keypad, &self.beeper).is_some() {
            return;
        }
        if was_busy {
            self.still_since = now;
        }
        if now >= self.still_since + GAP
            && let Some(cue) = self.next[0].take()
        {
            self.next.rotate_left(1);
            self.play(cue, now);
        }
    }

    pub(crate) fn keypad(&self, now: Moment) -> Light {
        self.keypad.level(now).0
    }

    pub(crate) fn status(&self, now: Moment) -> Light {
        self.status.level(now).0
    }

    pub(crate) fn beeper(&self, now: Moment) -> bool {
        self.beeper.level(now).0 || now < self.click_until
    }

    /// Whether the status LED has something to show.
    pub(crate) fn status_busy(&self) -> bool {
        self.status.playing.is_some()
    }

    /// Whether nothing is shown, sounded or waiting to be.
    pub(crate) fn is_still(&self, now: Moment) -> bool {
        earliest_end(&self.keypad, &self.beeper).is_none()
            && !self.status_busy()
            && self.next[0].is_none()
            && now >= self.click_until
    }

    /// When a level changes next.
    pub(crate) fn deadline(&self, now: Moment) -> Option<Moment> {
        let waiting = self.next[0].is_some() && earliest_end(&self.keypad, &self.beeper).is_none();
        earliest([
            self.keypad.level(now).1,
            self.status.level(now).1,
            self.beeper.level(now).1,
            (now < self.click_until).then_some(self.click_until),
            waiting.then(|| self.still_since + GAP),
        ])
    }
}

fn earliest_end(keypad: &Channel<Light>, beeper: &Channel<bool>) -> Option<Moment> {
    earliest([keypad.end(), beeper.end()])
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
            let levels = (
                feedback.keypad(now),
                feedback.status(now),
                feedback.beeper(now),
            );
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
