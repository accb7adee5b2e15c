//! The bolt's moves: a command is checked against the battery, runs the motor, and ends in one of
//! few ways. Closing against a jam reverses to fully open; handing takes two or three runs.

use crate::battery::{Battery, Charge};
use crate::handing::{Bolt, Handing, Next};
use crate::motor::{Bridge, Measured, Run, Stop};
use crate::time::{Moment, Span};

/// The motor rests this long before it runs the other way.
const PAUSE: Span = Span::millis(250);

/// On whose word the bolt moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The keypad; the slot of the code, or 0 for the lock button.
    Keypad(u8),
    Hub,
    AutoLock,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// Open the door: retract the bolt.
    Unlock(Source),
    /// Extend the bolt.
    Lock(Source),
    /// Learn which way the door is hung.
    Hand,
}

impl Command {
    /// The command in the event log: what is done in the high half, on whose word in the low.
    pub(crate) const fn number(self) -> u8 {
        let (what, source) = match self {
            Self::Unlock(source) => (1, Some(source)),
            Self::Lock(source) => (2, Some(source)),
            Self::Hand => (3, None),
        };
        let source = match source {
            None => 0,
            Some(Source::Keypad(_)) => 1,
            Some(Source::Hub) => 2,
            Some(Source::AutoLock) => 3,
        };
        what << 4 | source
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Reached,
    Jammed,
    Handed { retracts: Bridge },
    NotHanded,
}

impl Outcome {
    /// The battery refused the command, in the event log.
    pub(crate) const REFUSED: u8 = 5;

    /// The outcome in the event log.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Reached => 1,
            Self::Jammed => 2,
            Self::Handed { .. } => 3,
            Self::NotHanded => 4,
        }
    }
}

/// What the lock has to say or remember about a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Report {
    /// The motor starts.
    Started(Command),
    /// The battery is too low: the motor doesn't start.
    Refused(Command),
    /// The motor has stopped for good.
    Ended(Command, Outcome),
}

/// Which run of a command this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leg {
    To(Bolt),
    /// Back to fully open, after a jam.
    Back,
    Hand(Handing),
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    Idle,
    /// The pack's idle volts are awaited.
    Checking(Command),
    Running(Command, Leg, Run),
    Paused(Command, Leg, Bridge, Moment),
}

#[derive(Debug)]
pub(crate) struct Motion {
    stage: Stage,
    /// Until when the motor rests after a run.
    rests_until: Moment,
}

impl Motion {
    pub(crate) const fn new() -> Self {
        Self {
            stage: Stage::Idle,
            rests_until: Moment::BOOT,
        }
    }

    /// Begins `command`. Only when idle; another command is told off by [`Motion::busy`].
    pub(crate) fn begin(&mut self, command: Command) {
        self.stage = Stage::Checking(command);
    }

    /// The command under way.
    pub(crate) fn command(&self) -> Option<Command> {
        match self.stage {
            Stage::Idle => None,
            Stage::Checking(command) | Stage::Running(command, ..) | Stage::Paused(command, ..) => {
                Some(command)
            }
        }
    }

    pub(crate) fn busy(&self) -> bool {
        self.command().is_some()
    }

    pub(crate) fn bridge(&self) -> Bridge {
        match self.stage {
            Stage::Running(_, _, run) => run.bridge,
            _ => Bridge::Brake,
        }
    }

    /// Whether the board has to measure now.
    pub(crate) fn wants_sample(&self, now: Moment) -> bool {
        matches!(self.stage, Stage::Checking(_)) && now >= self.rests_until
    }

    /// When there is something to do, a sample aside that is wanted at once.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        match self.stage {
            Stage::Idle => None,
            Stage::Checking(_) => Some(self.rests_until),
            Stage::Running(_, _, run) => Some(run.deadline()),
            Stage::Paused(_, _, _, until) => Some(until),
        }
    }

    /// Takes the sample that [`Motion::wants_sample`] asked for.
    pub(crate) fn measured(
        &mut self,
        now: Moment,
        measured: Measured,
        battery: &mut Battery,
        retracts: Option<Bridge>,
    ) -> Option<Report> {
        let Stage::Checking(command) = self.stage else {
            return None;
        };
        if now < self.rests_until {
            return None;
        }
        self.stage = Stage::Idle;
        if battery.idle(measured.pack) == Charge::TooLow {
            return Some(Report::Refused(command));
        }
        let (leg, bridge) = match (command, retracts) {
            (Command::Hand, _) => (Leg::Hand(Handing::First), Handing::FIRST),
            (Command::Unlock(_), Some(retracts)) => (Leg::To(Bolt::Retracted), retracts),
            (Command::Lock(_), Some(retracts)) => (Leg::To(Bolt::Extended), retracts.reversed()),
            (_, None) => return Some(Report::Ended(command, Outcome::NotHanded)),
        };
        self.stage = Stage::Running(command, leg, Run::start(bridge, now));
        Some(Report::Started(command))
    }

    /// The board has braked a run, because of `stop`.
    pub(crate) fn braked(
        &mut self,
        now: Moment,
        stop: Stop,
        battery: &mut Battery,
        bolt: Bolt,
    ) -> Option<Report> {
        let Stage::Running(command, leg, run) = self.stage else {
            return None;
        };
        if stop == Stop::Collapsed {
            battery.collapsed();
        }
        self.stopped(now, command, leg, run.bridge, stop, bolt)
    }

    /// Takes the bolt's place and the time: ends a pause, and a run that is where it was going, or has
    /// run too long. A run that would begin there doesn't.
    pub(crate) fn advance(&mut self, now: Moment, bolt: Bolt) -> Option<Report> {
        if let Stage::Paused(command, leg, bridge, until) = self.stage
            && now >= until
        {
            self.stage = Stage::Running(command, leg, Run::start(bridge, now));
        }
        let Stage::Running(command, leg, run) = self.stage else {
            return None;
        };
        let target = match leg {
            Leg::To(target) => Some(target),
            Leg::Back => Some(Bolt::Retracted),
            Leg::Hand(_) => None,
        };
        if target == Some(bolt) {
            self.stage = Stage::Idle;
            self.rests_until = now + PAUSE;
            let outcome = match leg {
                Leg::Back => Outcome::Jammed,
                _ => Outcome::Reached,
            };
            return Some(Report::Ended(command, outcome));
        }
        let stop = run.expired(now)?;
        self.stopped(now, command, leg, run.bridge, stop, bolt)
    }

    /// A run ended short of where an end switch would have ended it.
    fn stopped(
        &mut self,
        now: Moment,
        command: Command,
        leg: Leg,
        bridge: Bridge,
        stop: Stop,
        bolt: Bolt,
    ) -> Option<Report> {
        self.stage = Stage::Idle;
        self.rests_until = now + PAUSE;
        let outcome = match leg {
            Leg::Hand(phase) => match phase.ended(bridge, stop, bolt) {
                Next::Run(phase, bridge) => {
                    self.stage = Stage::Paused(command, Leg::Hand(phase), bridge, now + PAUSE);
                    return None;
                }
                Next::Handed { retracts } => Outcome::Handed { retracts },
                Next::Failed => Outcome::NotHanded,
            },
            // An empty pack is no reason to spend more of it.
            Leg::To(Bolt::Extended) if stop != Stop::Collapsed => {
                self.stage = Stage::Paused(command, Leg::Back, bridge.reversed(), now + PAUSE);
                return None;
            }
            Leg::To(_) | Leg::Back => Outcome::Jammed,
        };
        Some(Report::Ended(command, outcome))
    }
}
