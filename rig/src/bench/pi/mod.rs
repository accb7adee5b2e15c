//! The bench of a real lock: a Raspberry Pi's lines close its contacts and watch its signals, a
//! supply feeds it. Nothing is driven before the bench is owned and guarded, and nothing stays
//! driven after: contacts open, supply off.

mod flash;
pub mod guard;
pub(crate) mod hub;
mod parts;
mod rail;
mod stand_in;
pub(crate) mod usb;

#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use super::error::chain;
use super::file::{BenchFile, Source};
use super::lines::{Edge, Gpio, Level, LineError, Lines, Reader};
use super::owner::{Owner, OwnerError};
use super::probe::ProbeError;
use super::supply::{LinkError, SupplyError};
use super::{Bench, BenchError, Capabilities, Capability, Observed, Storage, Supply};
use crate::lock::LockModel;
use crate::outcome::Part;
use crate::trace::{Channel, Contact, Event, Nanos, Value};

pub(in crate::bench) use flash::with_probe;
pub(crate) use parts::{
    lines_for_guard, make_lines_safe, open_lines, open_monitor, open_supply, read_signals,
    safe_supply,
};

use guard::Guard;
use hub::HubPort;
use rail::Rail;

/// How long a look at guard and supply may wait for edges.
const LOOK: Duration = Duration::from_millis(50);

/// How long the hub's line takes to rise once the lock is fed; what is read before that is noise.
const LINE_RISES: Nanos = Nanos::from_millis(20);

/// How much later than asked for edges may be complete.
const STALL: Nanos = Nanos::from_secs(2);

/// A fault of the hardware on a bench, or of what it is reached by.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PiError {
    /// The bench is someone else's.
    #[error(transparent)]
    Owner(#[from] OwnerError),
    /// The process that makes the bench safe if this one can't.
    #[error(transparent)]
    Guard(#[from] guard::GuardError),
    /// A line, or its edges.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The supply, or the monitor.
    #[error(transparent)]
    Supply(#[from] SupplyError),
    /// The thread that looks after the supply.
    #[error("look after the supply: {0}")]
    Rail(String),
    /// A supply that neither obeys nor fails.
    #[error(
        "look after the supply: it has not done what it was told within {} s; switch it off by hand",
        .0.as_secs()
    )]
    SupplySilent(Duration),
    /// Which probe.
    #[error(transparent)]
    Usb(#[from] usb::UsbError),
    /// Flashing ended in the middle.
    #[error(
        "flash the lock: {}; its power is off, what is in its flash is incomplete: check the probe's cable and start again",
        chain(.0.as_ref())
    )]
    CutShort(Box<ProbeError>),
    /// A probe that is there and doesn't answer.
    #[error(
        "use the probe: it has said nothing for {} s; the lock's power is off, what is in its flash may be incomplete: unplug the probe, plug it in and start again",
        .0.as_secs()
    )]
    ProbeSilent(Duration),
    /// The thread that has the probe.
    #[error("use the probe: the thread that has it is gone")]
    ProbeGone,
    /// The hub's port.
    #[error(transparent)]
    Hub(LinkError),
    /// The lock that stands in for a real one in a rehearsal.
    #[error("rehearse with a virtual lock: {0}")]
    StandIn(String),
    /// Edges stopped coming in.
    #[error("read edges: none were reported for {STALL} although their time had come")]
    Stalled,
}

impl From<PiError> for BenchError {
    fn from(error: PiError) -> BenchError {
        BenchError::Hardware(Box::new(error))
    }
}

/// The bench that a file describes.
pub struct PiBench {
    file: BenchFile,
    lines: Box<dyn Lines>,
    reader: Reader,
    rail: Rail,
    hub: Option<HubPort>,
    guard: Option<Guard>,
    /// Keeps others out until all the rest is gone.
    _owner: Option<Owner>,
    /// What a watched line is, and at which level it is on.
    watched: BTreeMap<Gpio, (Channel, Level)>,
    /// The header's clock at time zero.
    epoch: Nanos,
    levels: BTreeMap<Channel, Value>,
    /// Seen, and not complete yet.
    pending: Vec<Event>,
    told_to: Nanos,
    /// Since when the lock is fed; `None` while it is not.
    fed: Option<Nanos>,
    safe: bool,
}

impl std::fmt::Debug for PiBench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PiBench")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

impl PiBench {
    /// Takes the bench, has it guarded, makes it safe and begins to watch.
    ///
    /// # Errors
    ///
    /// When someone else has it, or any part of it fails.
    pub fn open(file: BenchFile) -> Result<PiBench, BenchError> {
        Ok(PiBench::open_all(file)?)
    }

    fn open_all(file: BenchFile) -> Result<PiBench, PiError> {
        let owner = Owner::take(&file)?;
        let guard = Guard::start(&file, &owner)?;
        match open_lines(&file) {
            Ok(lines) => PiBench::assemble(file, lines, Some(guard), Some(owner)),
            Err(error) => {
                // Nothing has been touched, and the next command need not wait for a guard.
                guard.release();
                Err(error)
            }
        }
    }

    /// A bench of these parts. Contacts open and the supply goes off before anything else.
    fn assemble(
        file: BenchFile,
        mut lines: Box<dyn Lines>,
        guard: Option<Guard>,
        owner: Option<Owner>,
    ) -> Result<PiBench, PiError> {
        make_lines_safe(&file, &mut *lines)?;
        let rail = Rail::start(open_supply(&file)?, open_monitor(&file)?, file.limits)?;
        let hub = file.hub.as_deref().map(HubPort::open).transpose()?;
        let reader = read_signals(&file, &mut *lines)?;
        let epoch = lines.now();
        let watched = file
            .signals
            .iter()
            .map(|(channel, sense)| (sense.line, (*channel, sense.active)))
            .collect();
        let levels = file
            .contacts
            .keys()
            .map(|contact| (Channel::Contact(*contact), Value::Level(false)))
            .collect();
        let mut bench = PiBench {
            file,
            lines,
            reader,
            rail,
            hub,
            guard,
            _owner: owner,
            watched,
            epoch,
            levels,
            pending: Vec::new(),
            told_to: Nanos::ZERO,
            fed: None,
            safe: true,
        };
        bench.collect(bench.time())?;
        for (line, level) in bench.reader.levels() {
            if let Some((channel, active)) = bench.watched.get(&line) {
                let channel = *channel;
                let on = Value::Level(level == *active);
                bench.levels.entry(channel).or_insert(on);
            }
        }
        Ok(bench)
    }

    /// Now, since the epoch.
    fn time(&self) -> Nanos {
        self.lines.now().since(self.epoch)
    }

    /// Takes in what was seen, until everything up to `until` is known. Returns the time up to
    /// which it is.
    fn collect(&mut self, until: Nanos) -> Result<Nanos, PiError> {
        let target = self.epoch + until;
        loop {
            if let Some(guard) = &mut self.guard {
                guard.check()?;
            }
            let (edges, complete_to) = self.reader.edges(target, LOOK)?;
            for edge in edges {
                self.take(edge);
            }
            for (at, channel, value) in self.rail.samples()? {
                self.note(at.since(self.epoch), channel, value);
            }
            self.hear()?;
            if complete_to >= target {
                return Ok(complete_to.since(self.epoch));
            }
            if self.lines.now() > target + STALL {
                return Err(PiError::Stalled);
            }
        }
    }

    fn take(&mut self, edge: Edge) {
        if let Some((channel, active)) = self.watched.get(&edge.line) {
            let (channel, on) = (*channel, edge.level == *active);
            self.note(edge.at.since(self.epoch), channel, Value::Level(on));
        }
    }

    /// Takes in what the lock said to its hub. A lock without power lets its line fall, which reads
    /// as bytes that nobody sent.
    fn hear(&mut self) -> Result<(), PiError> {
        let Some(hub) = &self.hub else {
            return Ok(());
        };
        for (at, byte) in hub.heard()? {
            let at = at.since(self.epoch);
            if self.fed.is_some_and(|since| at > since + LINE_RISES) {
                self.note(at, Channel::HubFromLock, Value::Byte(byte));
            }
        }
        Ok(())
    }

    /// Notes an event. Nothing is told out of order: what is measured slowly may come too late for
    /// its own time.
    fn note(&mut self, at: Nanos, channel: Channel, value: Value) {
        // The same byte twice is two bytes.
        let state = !matches!(value, Value::Byte(_));
        if state && self.levels.insert(channel, value) == Some(value) {
            return;
        }
        self.pending.push(Event {
            at: at.max(self.told_to),
            channel,
            value,
        });
    }

    fn try_set(&mut self, contact: Contact, closed: bool) -> Result<(), BenchError> {
        let Some(switch) = self.file.contacts.get(&contact).copied() else {
            return Err(BenchError::Unable(Capability::Contact(contact)));
        };
        self.safe = false;
        // Before it: what the lock does about it comes after.
        let at = self.time();
        self.lines
            .set(switch.line, switch.drive(closed))
            .map_err(PiError::from)?;
        self.note(at, Channel::Contact(contact), Value::Level(closed));
        Ok(())
    }

    fn connect(&mut self, supply: Supply) -> Result<(), PiError> {
        self.safe = false;
        self.rail
            .pack(supply.millivolts, supply.milliohms.unwrap_or(0))?;
        let millivolts = i32::try_from(supply.millivolts).unwrap_or(i32::MAX);
        let at = self.time();
        if let Some(enable) = self.file.enable {
            self.lines.set(enable.line, enable.drive(true))?;
        }
        self.fed.get_or_insert(at);
        self.note(at, Channel::Supply, Value::Sample(millivolts));
        Ok(())
    }

    fn cut(&mut self) -> Result<(), PiError> {
        let at = self.time();
        match self.file.enable {
            // The supply stays on behind it, ready for the next time.
            Some(enable) => {
                self.lines.set(enable.line, enable.drive(false))?;
                self.rail.unload();
            }
            None => self.rail.off()?,
        }
        self.hear()?;
        self.fed = None;
        self.note(at, Channel::Supply, Value::Sample(0));
        Ok(())
    }

    /// Power first: a key that opens on a live lock is a key press that ends.
    fn safe_now(&mut self) -> Result<(), PiError> {
        let at = self.time();
        let lines = make_lines_safe(&self.file, &mut *self.lines);
        let supply = self.rail.off();
        self.fed = None;
        self.note(at, Channel::Supply, Value::Sample(0));
        for contact in self.file.contacts.keys().copied().collect::<Vec<_>>() {
            self.note(at, Channel::Contact(contact), Value::Level(false));
        }
        lines?;
        supply?;
        self.safe = true;
        Ok(())
    }
}

impl Bench for PiBench {
    fn model(&self) -> LockModel {
        self.file.lock
    }

    fn capabilities(&self) -> Capabilities {
        let mut can: Capabilities = self
            .file
            .contacts
            .keys()
            .map(|contact| Capability::Contact(*contact))
            .collect();
        can.insert(Capability::Supply);
        // By its probe, or by the lock's own factory reset.
        if self.file.probe.is_some() || self.file.contacts.contains_key(&Contact::Program) {
            can.insert(Capability::New);
        }
        if self.file.hub.is_some() {
            can.insert(Capability::Hub);
        }
        if self.file.probe.is_some() {
            can.insert(Capability::DebugPort);
        }
        if self.rail.adjustable() {
            can.insert(Capability::Voltage);
            // The voltage can follow the current where that is measured and this is set fast enough.
            if self.file.monitor.is_some() && matches!(self.file.supply, Source::Dac(_)) {
                can.insert(Capability::Resistance);
            }
        }
        can
    }

    fn most_volts(&self) -> Option<u32> {
        Some(*self.file.deliverable().end())
    }

    fn unseen(&self) -> Vec<Channel> {
        // What the processor does behind its pins no bench sees.
        let mut unseen = vec![Channel::Power, Channel::Reset];
        if self.hub.is_none() {
            unseen.push(Channel::HubFromLock);
        }
        if self.file.monitor.is_none() {
            unseen.push(Channel::MotorCurrent);
        }
        let signals = Part::ALL.iter().flat_map(|part| part.channels());
        let line = |channel: &Channel| *channel != Channel::HubFromLock;
        unseen.extend(
            signals.filter(|channel| line(channel) && !self.file.signals.contains_key(channel)),
        );
        unseen.sort();
        unseen.dedup();
        unseen
    }

    fn now(&self) -> Nanos {
        self.time()
    }

    fn levels(&mut self) -> Result<Vec<(Channel, Value)>, BenchError> {
        self.collect(self.time())?;
        Ok(self
            .levels
            .iter()
            .map(|(channel, value)| (*channel, *value))
            .collect())
    }

    fn set(&mut self, contact: Contact, closed: bool) -> Result<(), BenchError> {
        self.try_set(contact, closed)
    }

    fn supply(&mut self, supply: Supply) -> Result<(), BenchError> {
        if supply.milliohms.is_some_and(|ohms| ohms > 0)
            && !self.capabilities().contains(&Capability::Resistance)
        {
            return Err(BenchError::Unable(Capability::Resistance));
        }
        Ok(self.connect(supply)?)
    }

    fn disconnect(&mut self) -> Result<(), BenchError> {
        Ok(self.cut()?)
    }

    fn hub_send(&mut self, bytes: &[u8]) -> Result<(), BenchError> {
        let Some(hub) = &mut self.hub else {
            return Err(BenchError::Unable(Capability::Hub));
        };
        for (at, byte) in hub.send(bytes)? {
            let at = at.since(self.epoch);
            self.note(at, Channel::HubToLock, Value::Byte(byte));
        }
        Ok(())
    }

    fn corrupt_storage(&mut self) -> Result<(), BenchError> {
        self.damage_journal()
    }

    fn hang(&mut self) -> Result<(), BenchError> {
        self.hang_program()
    }

    fn read_storage(&mut self) -> Result<Storage, BenchError> {
        self.stored()
    }

    fn write_storage(&mut self, storage: &Storage) -> Result<(), BenchError> {
        self.store(storage)
    }

    fn run_until(&mut self, until: Nanos) -> Result<Observed, BenchError> {
        let complete_to = self.collect(until)?;
        self.pending.sort_by_key(|event| event.at);
        let ready = self
            .pending
            .partition_point(|event| event.at <= complete_to);
        let events = self.pending.drain(..ready).collect();
        self.told_to = complete_to;
        Ok(Observed {
            events,
            complete_to,
            log: Vec::new(),
        })
    }

    fn make_safe(&mut self) -> Result<(), BenchError> {
        Ok(self.safe_now()?)
    }
}

impl Drop for PiBench {
    fn drop(&mut self) {
        if !self.safe
            && let Err(error) = self.safe_now()
        {
            // The guard tries again: it is only told that all is well when it is.
            let _ = writeln!(
                std::io::stderr(),
                "rig: failed to make the bench safe: {error}"
            );
            return;
        }
        if let Some(guard) = self.guard.take() {
            guard.release();
        }
    }
}
