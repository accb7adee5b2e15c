//! The hands and the watch: does each step on the bench and records what comes of it.

use std::collections::BTreeMap;

use super::live::{Live, Spectator, estimate};
use super::{Limits, Miss, PlayError, Played, Situation, pack};
use crate::bench::log::LogLine;
use crate::bench::{Bench, BenchError, Capability, Supply};
use crate::lock::LockModel;
use crate::outcome::{Outcomes, Part};
use crate::scenario::{
    Action, Battery, Entry, GAP, HUB_ANSWER, Hub, PRESS, QUIET, Request, Step, TURN,
};
use crate::trace::{Channel, Contact, Event, Key, Nanos, Trace, TraceBuilder, Value};

/// How far the bench runs between two looks at deadline and Ctrl-C. No longer than [`QUIET`], so that
/// `settle` ends at the same time however the bench slices it.
const SLICE: Nanos = Nanos::from_millis(500);

/// The same while a hub is there: it answers within this.
const HUB_SLICE: Nanos = Nanos::from_millis(10);

/// How late a bench may be with something for what follows to be done as early as if it weren't.
const LATE: Nanos = Nanos::from_millis(20);

pub(super) struct Player<'b, 'l> {
    bench: &'b mut dyn Bench,
    situation: &'b mut Situation,
    limits: Limits<'l>,
    model: LockModel,
    watch: Watch,
    spectator: Option<&'l mut (dyn Spectator + 'l)>,
    live: Live,
}

/// What has been seen so far. With copies of bench and situation it is all that a run needs to go on
/// from here.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    /// The bench's time at the trace's zero.
    epoch: Nanos,
    trace: TraceBuilder,
    /// How many steps have begun.
    steps: usize,
    /// Every level that isn't low and every sample that isn't zero.
    levels: BTreeMap<Channel, Value>,
    /// When what is being done was due to be done.
    due: Nanos,
    /// When the lock last did something.
    active: Nanos,
    misses: Vec<Miss>,
    log: Vec<LogLine>,
}

impl Watch {
    /// A watch whose trace begins now, with events for every level that isn't low.
    pub(super) fn begin(bench: &mut dyn Bench) -> Result<Watch, BenchError> {
        let epoch = bench.now();
        let mut levels: BTreeMap<Channel, Value> = bench.levels()?.into_iter().collect();
        levels.retain(|_, value| !is_rest(*value));
        let mut trace = Trace::builder();
        for (channel, value) in &levels {
            trace.record(Nanos::ZERO, *channel, *value)?;
        }
        Ok(Watch {
            epoch,
            trace,
            steps: 0,
            levels,
            due: epoch,
            active: epoch,
            misses: Vec::new(),
            log: Vec::new(),
        })
    }

    /// Ends it now, after `steps`, which are those that were played.
    pub(super) fn end(self, bench: &dyn Bench, steps: &[Step]) -> Result<Played, PlayError> {
        // What starts at the very end of the last step is still its own.
        let end = bench.now().since(self.epoch);
        let trace = self.trace.finish(end).map_err(BenchError::from)?;
        let outcomes = Outcomes::of(&trace);
        let mut misses = self.misses;
        let unseen = Part::without(&bench.unseen());
        misses.extend(Miss::find(steps, &outcomes, &unseen));
        misses.sort_by_key(|miss| miss.step);
        Ok(Played {
            trace,
            outcomes,
            misses,
            log: self.log,
            points: Vec::new(),
        })
    }
}

impl<'b, 'l> Player<'b, 'l> {
    /// A player whose trace begins now.
    pub(super) fn new(
        bench: &'b mut dyn Bench,
        situation: &'b mut Situation,
        limits: Limits<'l>,
    ) -> Result<Player<'b, 'l>, BenchError> {
        let watch = Watch::begin(bench)?;
        Ok(Player::resume(bench, situation, limits, watch))
    }

    /// A player that goes on where another one paused.
    pub(super) fn resume(
        bench: &'b mut dyn Bench,
        situation: &'b mut Situation,
        limits: Limits<'l>,
        watch: Watch,
    ) -> Player<'b, 'l> {
        Player {
            model: bench.model(),
            bench,
            situation,
            limits,
            watch,
            spectator: None,
            live: Live::default(),
        }
    }

    /// Tells `spectator` what is going on.
    pub(super) fn before(
        mut self,
        spectator: Option<&'l mut (dyn Spectator + 'l)>,
    ) -> Player<'b, 'l> {
        self.spectator = spectator;
        self
    }

    /// What came of it, if it ended here.
    pub(super) fn so_far(&self) -> Result<Played, PlayError> {
        self.watch.clone().end(self.bench, &[])
    }

    /// The bench's time since the trace's zero.
    pub(super) fn time(&self) -> Nanos {
        self.bench.now().since(self.watch.epoch)
    }

    /// What a channel has now, if that is neither low nor zero.
    pub(super) fn level(&self, channel: Channel) -> Option<Value> {
        self.watch.levels.get(&channel).copied()
    }

    pub(super) fn bench(&self) -> &dyn Bench {
        self.bench
    }

    pub(super) fn situation(&mut self) -> &mut Situation {
        self.situation
    }

    /// What has been seen, for another to go on with.
    pub(super) fn pause(self) -> Watch {
        self.watch
    }

    /// Does all the steps.
    pub(super) fn steps(mut self, steps: &[Step]) -> Result<Played, PlayError> {
        for (index, step) in steps.iter().enumerate() {
            if let Some(spectator) = &mut self.spectator {
                let left = estimate(&steps[index..], self.model);
                spectator.step(index + 1, steps.len(), step, left);
            }
            self.next(step)?;
        }
        self.tell(true)?;
        self.watch.end(self.bench, steps)
    }

    /// Tells the spectator what is new and over.
    fn tell(&mut self, ended: bool) -> Result<(), PlayError> {
        let Some(spectator) = &mut self.spectator else {
            return Ok(());
        };
        let now = self.bench.now().since(self.watch.epoch);
        if !ended && !self.live.is_due(now) {
            return Ok(());
        }
        let trace = self.watch.trace.clone();
        let trace = trace.finish(now).map_err(BenchError::from)?;
        for (number, outcome) in self.live.news(&Outcomes::of(&trace), now, ended) {
            spectator.outcome(number, &outcome);
        }
        Ok(())
    }

    /// Does the next step.
    pub(super) fn next(&mut self, step: &Step) -> Result<(), PlayError> {
        self.limits.check()?;
        let now = self.bench.now().since(self.watch.epoch);
        self.watch
            .trace
            .begin_step(step.text.as_str(), now)
            .map_err(BenchError::from)?;
        self.watch.steps += 1;
        self.step(self.watch.steps, step)
    }

    fn step(&mut self, number: usize, step: &Step) -> Result<(), PlayError> {
        match &step.action {
            Action::Battery(battery) => self.battery(*battery)?,
            Action::Press { button, down } => self.press(*button, *down, GAP)?,
            Action::Hold(button) => self.set(*button, true)?,
            Action::Release(button) => self.set(*button, false)?,
            Action::Enter(entry) => self.enter(entry)?,
            Action::Switch { number, on } => self.set(Contact::Switch(*number), *on)?,
            Action::Wait(time) => self.pass(*time)?,
            Action::Settle { limit } => {
                if let Some(busy) = self.settle(*limit)? {
                    self.watch.misses.push(Miss::unsettled(number, step, &busy));
                }
            }
            Action::TurnKey(turn) => {
                self.bench.turn_key(*turn)?;
                self.pass(TURN)?;
            }
            Action::Jam(jam) => self.bench.jam(*jam)?,
            Action::Hub(hub) => self.hub(hub)?,
            Action::Point(steps) => {
                for step in steps {
                    self.limits.check()?;
                    self.step(number, step)?;
                }
            }
            Action::CorruptStorage => {
                self.bench.corrupt_storage()?;
                self.watch(self.bench.now())?;
            }
            Action::Hang => {
                self.bench.hang()?;
                self.watch(self.bench.now())?;
            }
        }
        Ok(())
    }

    fn battery(&mut self, battery: Battery) -> Result<(), PlayError> {
        match battery {
            Battery::Connect => self.situation.pack_in = true,
            Battery::Disconnect => {
                self.situation.pack_in = false;
                self.bench.disconnect()?;
            }
            Battery::Pack {
                millivolts,
                milliohms,
            } => {
                self.situation.pack = Supply {
                    millivolts,
                    milliohms,
                };
            }
            Battery::Cells(cells) => {
                let mut pack =
                    pack::supply(&cells).ok_or(BenchError::Unable(Capability::Voltage))?;
                let sags = self.bench.capabilities().contains(&Capability::Resistance);
                if !sags && pack::is_stiff(pack) {
                    pack.milliohms = None;
                }
                self.situation.pack = pack;
            }
        }
        if self.situation.pack_in {
            self.bench.supply(self.situation.pack)?;
        }
        Ok(())
    }

    fn set(&mut self, button: Contact, closed: bool) -> Result<(), PlayError> {
        let contact = self
            .model
            .contact(button)
            .ok_or(BenchError::NoContact(button))?;
        Ok(self.bench.set(contact, closed)?)
    }

    fn press(&mut self, button: Contact, down: Nanos, gap: Nanos) -> Result<(), PlayError> {
        self.set(button, true)?;
        self.pass(down)?;
        self.set(button, false)?;
        self.pass(gap)
    }

    fn enter(&mut self, entry: &Entry) -> Result<(), PlayError> {
        for digit in &entry.digits {
            self.press(Contact::Key(Key::Digit(*digit)), entry.down, entry.gap)?;
        }
        if entry.confirm.unwrap_or(self.model.confirms()) {
            self.press(Contact::Lock, entry.down, entry.gap)?;
        }
        Ok(())
    }

    fn hub(&mut self, hub: &Hub) -> Result<(), PlayError> {
        match hub {
            Hub::Here => self.situation.hub.answers = true,
            Hub::Away => self.situation.hub.answers = false,
            Hub::Pair => {
                self.press(Contact::Hub, PRESS, GAP)?;
                self.ask(&Request::Hello)?;
            }
            Hub::Ask(request) => self.ask(request)?,
            Hub::Bytes(bytes) => {
                self.bench.hub_send(bytes)?;
                self.pass(sending(bytes) + HUB_ANSWER)?;
            }
        }
        Ok(())
    }

    fn ask(&mut self, request: &Request) -> Result<(), PlayError> {
        let bytes = self.situation.hub.request(request, self.model);
        self.bench.hub_send(&bytes)?;
        self.pass(sending(&bytes) + HUB_ANSWER)
    }

    /// How far the bench may run at a time.
    fn slice(&self) -> Nanos {
        if !self.situation.hub.answers {
            return SLICE;
        }
        // A hub has nothing to answer before something happens: as many of its slices at once.
        let quiet = self.bench.quiet_until().since(self.bench.now()).min(SLICE);
        Nanos((quiet.0 / HUB_SLICE.0).max(1) * HUB_SLICE.0)
    }

    /// Lets `time` pass.
    fn pass(&mut self, time: Nanos) -> Result<(), PlayError> {
        let now = self.bench.now();
        // A real bench is a little late with everything: that must not add up. Much too late, it
        // starts over.
        let from = if now.since(self.watch.due) > LATE {
            now
        } else {
            self.watch.due.min(now)
        };
        let end = from + time;
        while self.bench.now() < end {
            self.watch(end.min(self.bench.now() + self.slice()))?;
        }
        self.watch.due = end;
        Ok(())
    }

    /// Lets time pass until the lock has been at rest for [`QUIET`], at most `limit`; the channels
    /// that are busy then.
    fn settle(&mut self, limit: Nanos) -> Result<Option<Vec<Channel>>, PlayError> {
        let start = self.bench.now();
        let end = start + limit;
        self.watch.active = start;
        loop {
            let now = self.bench.now();
            let busy: Vec<Channel> = self
                .watch
                .levels
                .keys()
                .copied()
                .filter(|channel| is_activity(*channel))
                .collect();
            let quiet_at = self.watch.active + QUIET;
            if busy.is_empty() && now >= quiet_at {
                return Ok(None);
            }
            if now >= end {
                return Ok(Some(busy));
            }
            let next = if busy.is_empty() {
                quiet_at
            } else {
                now + self.slice()
            };
            self.watch(next.min(now + self.slice()).min(end))?;
        }
    }

    fn watch(&mut self, until: Nanos) -> Result<(), PlayError> {
        self.limits.check()?;
        let observed = self.bench.run_until(until)?;
        for events in observed.events.chunk_by(|a, b| a.channel == b.channel) {
            self.record(events)?;
            let from_lock = |event: &&Event| event.channel == Channel::HubFromLock;
            for event in events.iter().take_while(from_lock) {
                if let Value::Byte(byte) = event.value
                    && let Some(answer) = self.situation.hub.hear(byte, event.at)
                {
                    self.bench.hub_send(&answer)?;
                }
            }
        }
        self.watch
            .log
            .extend(observed.log.into_iter().map(|line| LogLine {
                at: line.at.since(self.watch.epoch),
                ..line
            }));
        if observed.complete_to < until {
            return Err(BenchError::Incomplete {
                until,
                complete_to: observed.complete_to,
            }
            .into());
        }
        self.tell(false)
    }

    /// Writes down events that follow one another on a channel: a tone has thousands.
    fn record(&mut self, events: &[Event]) -> Result<(), BenchError> {
        let Some(last) = events.last() else {
            return Ok(());
        };
        match last.value {
            Value::Level(_) | Value::Sample(_) if is_rest(last.value) => {
                self.watch.levels.remove(&last.channel);
            }
            Value::Level(_) | Value::Sample(_) => {
                self.watch.levels.insert(last.channel, last.value);
            }
            Value::Byte(_) | Value::Reset(_) => {}
        }
        if is_activity(last.channel) {
            self.watch.active = self.watch.active.max(last.at);
        }
        let epoch = self.watch.epoch;
        self.watch.trace.extend(events.iter().map(|event| Event {
            at: event.at.since(epoch),
            ..*event
        }))?;
        Ok(())
    }
}

/// How long bytes take on the hub's bus.
const fn sending(bytes: &[u8]) -> Nanos {
    // 9600 8N1.
    Nanos(bytes.len() as u64 * 1_000_000_000 / 960)
}

/// Whether a channel's value is what a trace takes for granted.
const fn is_rest(value: Value) -> bool {
    matches!(value, Value::Level(false) | Value::Sample(0))
}

/// Whether the lock is up to something while this channel changes or is high.
const fn is_activity(channel: Channel) -> bool {
    matches!(
        channel,
        Channel::MotorOpen
            | Channel::MotorClose
            | Channel::StatusGreen
            | Channel::StatusRed
            | Channel::KeypadGreen
            | Channel::KeypadRed
            | Channel::Beeper
            | Channel::HubFromLock
    )
}
