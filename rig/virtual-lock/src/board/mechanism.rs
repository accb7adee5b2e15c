//! Motor, bolt, end switches and key. Between commands the bolt moves in a straight line of time, so
//! that its next event (an end switch, a stall) is worked out, not searched for.

use super::battery::Supply;
use crate::time::Ticks;

/// Volts at which the motor moves the bolt over its whole travel in one second.
const NOMINAL_VOLTS: f64 = 6.0;
/// Amperes of a motor that moves the bolt, at any voltage.
const RUNNING_AMPERES: f64 = 0.15;
/// Ohms of a motor that is held: 0.8 A at 6 V.
const STALLED_OHMS: f64 = 7.5;
/// How close to an end, in travels, its switch is closed.
const SWITCH_ZONE: f64 = 0.02;
/// A person turns the key through the whole travel in so many seconds.
const KEY_SECONDS: f64 = 0.5;

/// Which way the door is hung, and so which way round the motor moves the bolt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Handing {
    /// The `open` input retracts.
    #[default]
    Left,
    /// The `open` input extends.
    Right,
}

/// A direction, or the end that it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// Retracted: unlocked.
    In,
    /// Extended: locked.
    Out,
}

/// What is in the bolt's way. Positions are in travels from retracted (0) to extended (1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Jam {
    /// It cannot move out past here; a bolt that is farther out cannot move out at all.
    Out(f64),
    /// It cannot move in past here; a bolt that is farther in cannot move in at all.
    In(f64),
    /// It cannot move.
    Stuck,
}

/// What the H-bridge does to the motor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bridge {
    Brake,
    Open,
    Close,
}

/// The mechanism of a lock.
#[derive(Clone, Debug)]
pub(crate) struct Mechanism {
    handing: Handing,
    jam: Option<Jam>,
    bridge: Bridge,
    source: Supply,
    /// Where a person turns the key to, until it is there.
    key: Option<Way>,
    /// The bolt was at `position` at `since` and moves by `speed` travels a tick, up to `limit`.
    position: f64,
    since: Ticks,
    speed: f64,
    limit: f64,
    now: Ticks,
}

impl Mechanism {
    /// A bolt that is retracted, in a left-hand door, without power.
    pub(crate) fn new() -> Mechanism {
        Mechanism {
            handing: Handing::Left,
            jam: None,
            bridge: Bridge::Brake,
            source: Supply {
                open_circuit_volts: 0.0,
                internal_ohms: 0.0,
            },
            key: None,
            position: 0.0,
            since: Ticks(0),
            speed: 0.0,
            limit: 0.0,
            now: Ticks(0),
        }
    }

    pub(crate) fn set_handing(&mut self, handing: Handing) {
        self.handing = handing;
        self.plan();
    }

    pub(crate) fn set_jam(&mut self, jam: Option<Jam>) {
        self.jam = jam;
        self.plan();
    }

    pub(crate) fn turn_key(&mut self, to: Way) {
        self.key = Some(to);
        self.plan();
    }

    /// What feeds the H-bridge.
    pub(crate) fn set_source(&mut self, source: Supply) {
        if self.source != source {
            self.source = source;
            self.plan();
        }
    }

    /// The H-bridge's inputs. Both high brakes like both low.
    pub(crate) fn set_bridge(&mut self, open: bool, close: bool) {
        self.bridge = match (open, close) {
            (true, false) => Bridge::Open,
            (false, true) => Bridge::Close,
            _ => Bridge::Brake,
        };
        self.plan();
    }

    /// Where the bolt is, in travels from retracted.
    pub(crate) fn position(&self) -> f64 {
        let moved = self.position + self.speed * (self.now.0 - self.since.0) as f64;
        match self.speed {
            speed if speed > 0.0 => moved.min(self.limit),
            speed if speed < 0.0 => moved.max(self.limit),
            _ => self.position,
        }
    }

    /// Whether the end switch of `way` is closed.
    pub(crate) fn switch(&self, way: Way) -> bool {
        match way {
            Way::In => self.position() <= SWITCH_ZONE,
            Way::Out => self.position() >= 1.0 - SWITCH_ZONE,
        }
    }

    /// Amperes that the motor draws.
    pub(crate) fn amperes(&self) -> f64 {
        if self.bridge == Bridge::Brake {
            return 0.0;
        }
        let stalled = self.source.open_circuit_volts / (STALLED_OHMS + self.source.internal_ohms);
        let turns = self.key.is_some() || self.speed != 0.0;
        if turns {
            RUNNING_AMPERES.min(stalled)
        } else {
            stalled
        }
    }

    fn way_of_motor(&self) -> Option<Way> {
        match (self.bridge, self.handing) {
            (Bridge::Brake, _) => None,
            (Bridge::Open, Handing::Left) | (Bridge::Close, Handing::Right) => Some(Way::In),
            _ => Some(Way::Out),
        }
    }

    /// How far the bolt can move `way` from `position`.
    fn end_of(&self, way: Way, position: f64) -> f64 {
        match (way, self.jam) {
            (_, Some(Jam::Stuck)) => position,
            (Way::Out, Some(Jam::Out(at))) => at.max(position).min(1.0),
            (Way::In, Some(Jam::In(at))) => at.min(position).max(0.0),
            (Way::Out, _) => 1.0,
            (Way::In, _) => 0.0,
        }
    }

    /// Starts a new straight line from here.
    fn plan(&mut self) {
        self.position = self.position();
        self.since = self.now;
        self.speed = 0.0;
        self.limit = self.position;
        let second = Ticks::SECOND.0 as f64;
        if let Some(way) = self.key {
            self.go(way, 1.0 / KEY_SECONDS / second);
            if self.speed != 0.0 {
                return;
            }
            self.key = None;
        }
        let volts = self.source.volts(RUNNING_AMPERES);
        // Below the current that moves the bolt the motor stands.
        let stalled = self.source.open_circuit_volts / (STALLED_OHMS + self.source.internal_ohms);
        if let Some(way) = self.way_of_motor()
            && stalled > RUNNING_AMPERES
        {
            self.go(way, volts / NOMINAL_VOLTS / second);
        }
    }

    fn go(&mut self, way: Way, speed: f64) {
        self.limit = self.end_of(way, self.position);
        if self.limit != self.position {
            self.speed = if way == Way::Out { speed } else { -speed };
        }
    }

    /// The first tick at which the bolt is at `position` or past it, if it moves there.
    fn reaches(&self, position: f64) -> Ticks {
        let way = position - self.position;
        if self.speed == 0.0 || way * self.speed < 0.0 {
            return Ticks::NEVER;
        }
        if (position - self.limit) * self.speed > 0.0 {
            return Ticks::NEVER;
        }
        Ticks(self.since.0 + (way / self.speed).ceil() as u64)
    }

    /// When an end switch changes, the bolt meets something, or the key is there.
    pub(crate) fn next_event(&self) -> Ticks {
        if self.speed == 0.0 {
            return Ticks::NEVER;
        }
        // A hair beyond the boundary of a zone, so that the switch has changed by then.
        let beyond = 1e-12_f64.copysign(self.speed);
        [self.limit, SWITCH_ZONE + beyond, 1.0 - SWITCH_ZONE + beyond]
            .into_iter()
            .map(|position| self.reaches(position))
            .filter(|at| *at > self.now)
            .fold(Ticks::NEVER, Ticks::min)
    }

    /// Lets the bolt move until `to`, which is no later than the next event.
    pub(crate) fn advance(&mut self, to: Ticks) {
        self.now = self.now.max(to);
        if self.speed != 0.0 && self.reaches(self.limit) <= self.now {
            self.position = self.limit;
            self.since = self.now;
            self.speed = 0.0;
            // The key is where it was turned to, or cannot be turned farther.
            self.key = None;
            self.plan();
        }
    }

    /// Time starts over.
    pub(crate) fn reset_clock(&mut self) {
        self.position = self.position();
        (self.now, self.since) = (Ticks(0), Ticks(0));
        self.plan();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed() -> Mechanism {
        let mut mechanism = Mechanism::new();
        mechanism.set_source(Supply {
            open_circuit_volts: 6.0,
            internal_ohms: 0.0,
        });
        mechanism
    }

    /// Advances over every event and tells time in milliseconds, switches and milliamperes.
    fn story(mechanism: &mut Mechanism) -> String {
        let mut lines = String::new();
        while mechanism.next_event() != Ticks::NEVER {
            let at = mechanism.next_event();
            mechanism.advance(at);
            lines += &format!(
                "{:.3} ms: in {} out {} {:.0} mA\n",
                at.0 as f64 / 512_000.0,
                u8::from(mechanism.switch(Way::In)),
                u8::from(mechanism.switch(Way::Out)),
                mechanism.amperes() * 1000.0
            );
        }
        lines
    }

    #[test]
    fn the_bolt_travels_a_second_and_stalls() {
        let mut mechanism = fed();
        mechanism.set_bridge(false, true);
        assert_eq!(mechanism.amperes(), 0.15);
        insta::assert_snapshot!(story(&mut mechanism), @r"
        20.000 ms: in 0 out 0 150 mA
        980.000 ms: in 0 out 1 150 mA
        1000.000 ms: in 0 out 1 800 mA
        ");
        mechanism.set_bridge(false, false);
        assert_eq!(mechanism.amperes(), 0.0);
    }

    #[test]
    fn a_right_hand_door_turns_it_round() {
        let mut mechanism = fed();
        mechanism.set_handing(Handing::Right);
        mechanism.set_bridge(true, false);
        story(&mut mechanism);
        assert!(mechanism.switch(Way::Out));
        mechanism.set_bridge(false, true);
        story(&mut mechanism);
        assert!(mechanism.switch(Way::In));
    }

    #[test]
    fn a_weak_pack_is_slow_and_stalls_low() {
        let mut mechanism = fed();
        mechanism.set_source(Supply {
            open_circuit_volts: 4.8,
            internal_ohms: 4.0,
        });
        mechanism.set_bridge(false, true);
        insta::assert_snapshot!(story(&mut mechanism), @r"
        28.571 ms: in 0 out 0 150 mA
        1400.000 ms: in 0 out 1 150 mA
        1428.571 ms: in 0 out 1 417 mA
        ");
    }

    #[test]
    fn too_weak_a_pack_moves_nothing() {
        let mut mechanism = fed();
        mechanism.set_source(Supply {
            open_circuit_volts: 5.0,
            internal_ohms: 40.0,
        });
        mechanism.set_bridge(false, true);
        assert_eq!(mechanism.next_event(), Ticks::NEVER);
        assert!((mechanism.amperes() - 5.0 / 47.5).abs() < 1e-12);
    }

    #[test]
    fn a_jam_holds_one_way_only() {
        let mut mechanism = fed();
        mechanism.set_jam(Some(Jam::Out(0.5)));
        mechanism.set_bridge(false, true);
        insta::assert_snapshot!(story(&mut mechanism), @r"
        20.000 ms: in 0 out 0 150 mA
        500.000 ms: in 0 out 0 800 mA
        ");
        mechanism.set_bridge(true, false);
        story(&mut mechanism);
        assert!(mechanism.switch(Way::In));
        mechanism.set_jam(Some(Jam::Stuck));
        mechanism.set_bridge(false, true);
        assert_eq!(mechanism.amperes(), 0.8);
    }

    #[test]
    fn freeing_a_jam_lets_a_pushing_motor_go_on() {
        let mut mechanism = fed();
        mechanism.set_jam(Some(Jam::Out(0.5)));
        mechanism.set_bridge(false, true);
        story(&mut mechanism);
        mechanism.set_jam(None);
        assert_eq!(mechanism.amperes(), 0.15);
        story(&mut mechanism);
        assert!(mechanism.switch(Way::Out));
    }

    #[test]
    fn the_key_needs_no_power() {
        let mut mechanism = Mechanism::new();
        mechanism.turn_key(Way::Out);
        insta::assert_snapshot!(story(&mut mechanism), @r"
        10.000 ms: in 0 out 0 0 mA
        490.000 ms: in 0 out 1 0 mA
        500.000 ms: in 0 out 1 0 mA
        ");
        mechanism.turn_key(Way::Out);
        assert_eq!(mechanism.next_event(), Ticks::NEVER);
    }

    #[test]
    fn a_new_time_keeps_the_bolt_where_it_is() {
        let mut mechanism = Mechanism::new();
        mechanism.turn_key(Way::Out);
        story(&mut mechanism);
        mechanism.reset_clock();
        assert!(mechanism.switch(Way::Out));
        assert_eq!(mechanism.next_event(), Ticks::NEVER);
    }
}
