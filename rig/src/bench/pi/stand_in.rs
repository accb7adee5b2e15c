//! A virtual lock behind the lines of a rehearsal, in real time: everything of a real bench but the
//! bench. Its polarity and wiring are those of the bench file.

use std::collections::BTreeMap;

use crate::bench::file::{BenchFile, Closes, Sense};
use crate::bench::lines::{Board, Drive, Gpio, Level, monotonic};
use crate::bench::probe::Image;
use crate::bench::{Bench, BenchError, Supply, VirtualBench};
use crate::scenario::NOMINAL_PACK;
use crate::trace::{Channel, Contact, Nanos, Value};

/// A virtual lock wired as a bench file says.
pub(crate) struct StandIn {
    lock: VirtualBench,
    /// The header's clock at the lock's time zero.
    epoch: Nanos,
    contacts: BTreeMap<Gpio, (Contact, Closes)>,
    signals: BTreeMap<Channel, Sense>,
    enable: Option<(Gpio, Closes)>,
    loopback: BTreeMap<Gpio, Gpio>,
    /// Seen, and not fetched yet.
    pending: Vec<(Gpio, Level, Nanos)>,
    failed: Option<BenchError>,
}

impl StandIn {
    /// A lock as new with this image.
    pub(crate) fn flashed(file: &BenchFile, image: &Image) -> Result<StandIn, BenchError> {
        let (lock, _) = VirtualBench::flashed(file.lock, image)?;
        let contacts = file.contacts.iter();
        let mut stand_in = StandIn {
            lock,
            epoch: monotonic(),
            contacts: contacts
                .map(|(contact, switch)| (switch.line, (*contact, switch.closes)))
                .collect(),
            signals: file.signals.clone(),
            enable: file.enable.map(|enable| (enable.line, enable.closes)),
            loopback: file.loopback.iter().copied().collect(),
            pending: Vec::new(),
            failed: None,
        };
        let levels = stand_in.lock.levels()?;
        for (channel, sense) in stand_in.signals.clone() {
            let on = levels.contains(&(channel, Value::Level(true)));
            let level = level(sense, on);
            stand_in.pending.push((sense.line, level, stand_in.epoch));
        }
        Ok(stand_in)
    }

    /// Someone presses a key of the lock's own, or lets it go.
    #[cfg(test)]
    pub(crate) fn press(
        &mut self,
        contact: Contact,
        closed: bool,
        at: Nanos,
    ) -> Result<(), BenchError> {
        self.advance(at)?;
        self.lock.set(contact, closed)
    }

    fn advance(&mut self, now: Nanos) -> Result<(), BenchError> {
        let until = now.since(self.epoch);
        if until <= self.lock.now() {
            return Ok(());
        }
        for event in self.lock.run_until(until)?.events {
            if let Value::Level(on) = event.value
                && let Some(sense) = self.signals.get(&event.channel)
            {
                let at = event.at + self.epoch;
                self.pending.push((sense.line, level(*sense, on), at));
            }
        }
        Ok(())
    }

    fn obey(&mut self, line: Gpio, drive: Drive, at: Nanos) -> Result<(), BenchError> {
        self.advance(at)?;
        if let Some(back) = self.loopback.get(&line) {
            self.pending
                .push((*back, Level::from(drive == Drive::High), at));
        }
        if let Some((contact, closes)) = self.contacts.get(&line) {
            self.lock.set(*contact, closed(*closes, drive))?;
        }
        match self.enable {
            Some((enable, closes)) if enable == line && closed(closes, drive) => {
                self.lock.supply(Supply {
                    millivolts: NOMINAL_PACK,
                    milliohms: None,
                })
            }
            Some((enable, _)) if enable == line => self.lock.disconnect(),
            _ => Ok(()),
        }
    }
}

impl Board for StandIn {
    fn drive(&mut self, line: Gpio, drive: Drive, at: Nanos) {
        if let Err(error) = self.obey(line, drive, at) {
            self.failed.get_or_insert(error);
        }
    }

    fn changes(&mut self, now: Nanos) -> Result<Vec<(Gpio, Level, Nanos)>, String> {
        if let Some(error) = &self.failed {
            return Err(error.to_string());
        }
        self.advance(now).map_err(|error| error.to_string())?;
        Ok(std::mem::take(&mut self.pending))
    }
}

fn closed(closes: Closes, drive: Drive) -> bool {
    match closes {
        Closes::High => drive == Drive::High,
        Closes::Low | Closes::Sink => drive == Drive::Low,
    }
}

fn level(sense: Sense, on: bool) -> Level {
    match (sense.active, on) {
        (Level::High, true) | (Level::Low, false) => Level::High,
        _ => Level::Low,
    }
}
