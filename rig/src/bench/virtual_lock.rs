//! The virtual bench: a lock in software, in virtual time. It is flashed through its debug port by
//! probe-rs like any other, once; a clone of a flashed lock is another lock as new.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};

use virtual_lock::VirtualLock;
use virtual_lock::board::signal as board;
use virtual_lock::board::{self as parts, Start, What};
use virtual_lock::cpu::bus::{AccessError, Size};
use virtual_lock::debug::local::LocalProbe;
use virtual_lock::debug::server::{Pace, serve};
use virtual_lock::debug::target::DebugTarget;
use virtual_lock::time::Ticks;

use super::log::{FirmwareLog, LogLine};
use super::probe::{Erase, FlashReport, Image, LocalPort, Probe, ProbeError};
use super::{Bench, BenchError, Capabilities, Capability, Observed, Storage, Supply};
use crate::lock::{Door, Jam, LockModel, Turn};
use crate::trace::{Channel, Contact, Event, Key, Nanos, ResetCause, Value};

/// Ohms of four good alkaline cells, in milliohms, where a scenario doesn't say.
const GOOD_PACK: u32 = 600;

/// Longer than the board's capacitor keeps the processor alive.
const DISCHARGE: Ticks = Ticks::from_millis(60_000);

/// Longer than the board's supervisor holds the processor off after the pack is in.
const POWER_UP: Ticks = Ticks::from_millis(100);

/// A virtual lock on its bench.
#[derive(Debug, Clone)]
pub struct VirtualBench {
    lock: VirtualLock,
    model: LockModel,
    /// Decodes what the firmware logs, where it does.
    log: Option<FirmwareLog>,
}

impl VirtualBench {
    /// A lock as new with `image` in its flash: written by probe-rs through the debug port, verified,
    /// never started; the pack out and time at zero.
    pub fn flashed(
        model: LockModel,
        image: &Image,
    ) -> Result<(VirtualBench, FlashReport), BenchError> {
        let mut lock = VirtualLock::new();
        lock.connect().map_err(stopped)?;
        // A blank chip locks up, which only a debugger takes for nothing out of the way.
        lock.advance(POWER_UP).map_err(BenchError::PowerUp)?;
        let (lock, flashed) = through_probe(LocalProbe::hasty(lock), |mut probe| {
            let report = probe.flash(image, Erase::Nothing, &mut |_| {})?;
            // Still attached when the port closes, so that the halted core never runs.
            Ok((probe, report))
        });
        let (probe, report) = flashed?;
        drop(probe);
        let mut bench = VirtualBench {
            lock,
            model,
            log: None,
        };
        bench.rest()?;
        Ok((bench, report))
    }

    /// A lock whose flash holds nothing.
    pub fn blank(model: LockModel) -> VirtualBench {
        VirtualBench {
            lock: VirtualLock::new(),
            model,
            log: None,
        }
    }

    /// Tells what the firmware logs from now on, decoded by `log`. Nothing else changes by it.
    pub fn listen(&mut self, log: FirmwareLog) {
        self.lock.watch_log(log.control_block());
        self.log = Some(log);
    }

    /// The log lines that have ended since this was last asked.
    fn take_log(&mut self) -> Vec<LogLine> {
        let Some(log) = &mut self.log else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        for chunk in self.lock.take_log() {
            if chunk.restarted {
                log.restart();
            }
            lines.extend(log.decode(Nanos(chunk.at.to_nanos()), &chunk.bytes));
        }
        lines
    }

    /// Runs faster from now on by what `other`, a copy that was played on, knows of the firmware both have.
    pub fn learn(&mut self, other: &VirtualBench) {
        self.lock.learn(&other.lock);
    }

    /// The lock itself, for who serves its debug port or damages it.
    pub fn lock(&mut self) -> &mut VirtualLock {
        &mut self.lock
    }

    /// Serves the lock's debug port on `listener`, by the clock on the wall, until `stop` is set.
    /// What happens meanwhile goes to `tell`, in time order.
    ///
    /// # Errors
    ///
    /// When the socket fails, the lock cannot go on, or `tell` fails.
    pub fn serve(
        &mut self,
        listener: &TcpListener,
        stop: &AtomicBool,
        tell: &mut dyn FnMut(Told) -> std::io::Result<()>,
    ) -> Result<(), BenchError> {
        let mut served = Served {
            bench: self,
            stop,
            tell,
            end: Ok(()),
        };
        serve(listener, &mut served, Pace::WallClock, stop)
            .map_err(|error| BenchError::Serve(error.into()))?;
        served.end
    }

    /// The events since this was last asked.
    fn take_events(&mut self) -> Vec<Event> {
        let events = self.lock.take_events().into_iter().map(|event| {
            let (channel, value) = told(event.what);
            Event {
                at: Nanos(event.at.to_nanos()),
                channel,
                value,
            }
        });
        events.collect()
    }

    /// Takes the pack out, waits until the processor is off, and starts time over.
    fn rest(&mut self) -> Result<(), BenchError> {
        self.lock.disconnect().map_err(stopped)?;
        let end = self.lock.now().saturating_add(DISCHARGE);
        self.lock.run_until(end).map_err(stopped)?;
        self.lock.reset_clock().map_err(stopped)
    }
}

impl Bench for VirtualBench {
    fn model(&self) -> LockModel {
        self.model
    }

    fn capabilities(&self) -> Capabilities {
        let keys: BTreeSet<Contact> = (0..10)
            .filter_map(|digit| self.model.contact(Contact::Key(Key::Digit(digit))))
            .collect();
        let mut capabilities: Capabilities = keys
            .into_iter()
            .chain([Contact::Lock, Contact::Program, Contact::Hub])
            .chain((1..=3).map(Contact::Switch))
            .map(Capability::Contact)
            .collect();
        capabilities.extend([
            Capability::Supply,
            Capability::Voltage,
            Capability::Resistance,
            Capability::Key,
            Capability::Jam,
            Capability::Door(Door::Left),
            Capability::Door(Door::Right),
            Capability::Hub,
            Capability::DebugPort,
            Capability::New,
        ]);
        capabilities
    }

    fn now(&self) -> Nanos {
        Nanos(self.lock.now().to_nanos())
    }

    fn quiet_until(&self) -> Nanos {
        Nanos(self.lock.quiet_until().to_nanos())
    }

    fn levels(&mut self) -> Result<Vec<(Channel, Value)>, BenchError> {
        Ok(self.lock.levels().into_iter().map(told).collect())
    }

    fn set(&mut self, contact: Contact, closed: bool) -> Result<(), BenchError> {
        let contact = match contact {
            Contact::Key(Key::Digit(digit)) => board::Contact::Digit(digit),
            Contact::Key(Key::Pair(first)) => board::Contact::Pair(first),
            Contact::Lock => board::Contact::Lock,
            Contact::Program => board::Contact::Program,
            Contact::Hub => board::Contact::Hub,
            Contact::Switch(number) => board::Contact::Switch(number),
        };
        self.lock.set_contact(contact, closed).map_err(stopped)
    }

    fn supply(&mut self, supply: Supply) -> Result<(), BenchError> {
        let ohms = f64::from(supply.milliohms.unwrap_or(GOOD_PACK)) / 1_000.0;
        let volts = f64::from(supply.millivolts) / 1_000.0;
        let pack =
            parts::Supply::new(volts, ohms).ok_or(BenchError::Unable(Capability::Voltage))?;
        self.lock.set_supply(pack).map_err(stopped)?;
        self.lock.connect().map_err(stopped)
    }

    fn disconnect(&mut self) -> Result<(), BenchError> {
        self.lock.disconnect().map_err(stopped)
    }

    fn turn_key(&mut self, turn: Turn) -> Result<(), BenchError> {
        let way = match turn {
            Turn::Lock => parts::Way::Out,
            Turn::Unlock => parts::Way::In,
        };
        self.lock.turn_key(way).map_err(stopped)
    }

    fn jam(&mut self, jam: Jam) -> Result<(), BenchError> {
        let jam = match jam {
            Jam::Free => None,
            Jam::Closing => Some(parts::Jam::Out(0.5)),
            Jam::Opening => Some(parts::Jam::In(0.5)),
            Jam::Stuck => Some(parts::Jam::Stuck),
        };
        self.lock.set_jam(jam).map_err(stopped)
    }

    fn door(&mut self, door: Door) -> Result<(), BenchError> {
        let handing = match door {
            Door::Left => parts::Handing::Left,
            Door::Right => parts::Handing::Right,
        };
        self.lock.set_door(handing).map_err(stopped)
    }

    fn hub_send(&mut self, bytes: &[u8]) -> Result<(), BenchError> {
        self.lock.hub_send(bytes);
        Ok(())
    }

    fn corrupt_storage(&mut self) -> Result<(), BenchError> {
        let lock = std::mem::take(&mut self.lock);
        let (lock, done) = through_probe(LocalProbe::new(lock), |mut probe| {
            probe.damage_journal()?;
            probe.reset_and_detach()
        });
        self.lock = lock;
        done
    }

    fn hang(&mut self) -> Result<(), BenchError> {
        let lock = std::mem::take(&mut self.lock);
        let (lock, done) = through_probe(LocalProbe::new(lock), Probe::hang);
        self.lock = lock;
        done
    }

    fn read_storage(&mut self) -> Result<Storage, BenchError> {
        let lock = std::mem::take(&mut self.lock);
        let (lock, storage) =
            through_probe(LocalProbe::new(lock), |mut probe| probe.read_storage());
        self.lock = lock;
        storage
    }

    fn write_storage(&mut self, storage: &Storage) -> Result<(), BenchError> {
        let mut lock = std::mem::take(&mut self.lock);
        lock.connect().map_err(stopped)?;
        lock.advance(POWER_UP).map_err(BenchError::PowerUp)?;
        let (lock, written) = through_probe(LocalProbe::new(lock), |mut probe| {
            probe.write_storage(storage)?;
            // Still attached when the port closes, so that the halted core never runs.
            Ok(probe)
        });
        self.lock = lock;
        drop(written?);
        self.rest()?;
        self.take_events();
        self.take_log();
        Ok(())
    }

    fn run_until(&mut self, until: Nanos) -> Result<Observed, BenchError> {
        self.lock
            .run_until(Ticks::from_nanos(until.0))
            .map_err(stopped)?;
        Ok(Observed {
            events: self.take_events(),
            complete_to: self.now(),
            log: self.take_log(),
        })
    }

    /// Nothing can come to harm: there is no contact to open and no supply to turn off.
    fn make_safe(&mut self) -> Result<(), BenchError> {
        Ok(())
    }
}

/// What a lock that is served tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Something happened on the board.
    Event(Event),
    /// The firmware logged something.
    Log(LogLine),
}

/// A bench as its debug port sees it, which tells what happens while the port lets time pass.
struct Served<'a> {
    bench: &'a mut VirtualBench,
    stop: &'a AtomicBool,
    tell: &'a mut dyn FnMut(Told) -> std::io::Result<()>,
    end: Result<(), BenchError>,
}

impl Served<'_> {
    fn tell_all(&mut self) -> std::io::Result<()> {
        let events = self.bench.take_events().into_iter().map(Told::Event);
        let mut all: Vec<Told> = events
            .chain(self.bench.take_log().into_iter().map(Told::Log))
            .collect();
        all.sort_by_key(|told| match told {
            Told::Event(event) => event.at,
            Told::Log(line) => line.at,
        });
        all.into_iter().try_for_each(&mut self.tell)
    }
}

impl DebugTarget for Served<'_> {
    fn powered(&self) -> bool {
        self.bench.lock.powered()
    }

    fn debug_read(&mut self, address: u32, size: Size) -> Result<u32, AccessError> {
        self.bench.lock.debug_read(address, size)
    }

    fn debug_write(&mut self, address: u32, size: Size, value: u32) -> Result<(), AccessError> {
        self.bench.lock.debug_write(address, size, value)
    }

    fn hold_reset(&mut self, asserted: bool) {
        self.bench.lock.hold_reset(asserted);
    }

    fn erase_all(&mut self) {
        self.bench.lock.erase_all();
    }

    fn advance(&mut self, by: Ticks) -> Result<(), String> {
        let advanced = self.bench.lock.advance(by);
        let told = self.tell_all().map_err(BenchError::Tell);
        self.end = advanced.clone().map_err(BenchError::Stopped).and(told);
        if self.end.is_err() {
            self.stop.store(true, Ordering::Relaxed);
        }
        advanced
    }
}

/// Lets `act` attach to a lock's debug port, and gives the lock back.
fn through_probe<R>(
    probe: LocalProbe<VirtualLock>,
    act: impl FnOnce(Probe) -> Result<R, ProbeError>,
) -> (VirtualLock, Result<R, BenchError>) {
    let port = LocalPort::new(probe);
    let result = port.attach().and_then(act);
    (port.finish(), result.map_err(BenchError::from))
}

fn stopped(error: virtual_lock::LockError) -> BenchError {
    BenchError::Virtual(error)
}

impl From<ProbeError> for BenchError {
    fn from(error: ProbeError) -> BenchError {
        BenchError::Probe(Box::new(error))
    }
}

/// What the virtual lock tells, in the words of traces.
fn told(what: What) -> (Channel, Value) {
    match what {
        What::Contact(contact, closed) => {
            let contact = match contact {
                board::Contact::Digit(digit) => Contact::Key(Key::Digit(digit)),
                board::Contact::Pair(first) => Contact::Key(Key::Pair(first)),
                board::Contact::Lock => Contact::Lock,
                board::Contact::Program => Contact::Program,
                board::Contact::Hub => Contact::Hub,
                board::Contact::Switch(number) => Contact::Switch(number),
            };
            (Channel::Contact(contact), Value::Level(closed))
        }
        What::Signal(signal, level) => {
            let channel = match signal {
                board::Signal::MotorOpen => Channel::MotorOpen,
                board::Signal::MotorClose => Channel::MotorClose,
                board::Signal::StatusGreen => Channel::StatusGreen,
                board::Signal::StatusRed => Channel::StatusRed,
                board::Signal::KeypadGreen => Channel::KeypadGreen,
                board::Signal::KeypadRed => Channel::KeypadRed,
                board::Signal::Beeper => Channel::Beeper,
                board::Signal::BoltRetracted => Channel::BoltRetracted,
                board::Signal::BoltExtended => Channel::BoltExtended,
            };
            (channel, Value::Level(level))
        }
        What::Supply(millivolts) => (Channel::Supply, Value::Sample(millivolts)),
        What::MotorCurrent(milliamperes) => (Channel::MotorCurrent, Value::Sample(milliamperes)),
        What::Power(on) => (Channel::Power, Value::Level(on)),
        What::Start(start) => {
            let cause = match start {
                Start::PowerOn => ResetCause::PowerOn,
                Start::BrownOut => ResetCause::BrownOut,
                Start::Pin => ResetCause::Pin,
                Start::Watchdog => ResetCause::Watchdog,
                Start::Soft => ResetCause::Software,
                Start::Lockup => ResetCause::Lockup,
            };
            (Channel::Reset, Value::Reset(cause))
        }
        What::HubToLock(byte) => (Channel::HubToLock, Value::Byte(byte)),
        What::HubFromLock(byte) => (Channel::HubFromLock, Value::Byte(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_seen_in_a_time_that_is_said_to_be_quiet() {
        let (mut bench, _) = crate::play::released::programmed();
        let keys = [1, 2, 3, 4].map(|digit| Contact::Key(Key::Digit(digit)));
        let (mut quiet, mut seen) = (0, 0);
        for (round, contact) in keys.into_iter().chain([Contact::Lock]).enumerate() {
            for closed in [true, false] {
                bench.set(contact, closed).unwrap();
                bench
                    .turn_key([Turn::Lock, Turn::Unlock][round % 2])
                    .unwrap();
                let end = bench.now() + Nanos::from_millis(200 + 700 * round as u64);
                while bench.now() < end {
                    let until = bench.quiet_until();
                    // The core counts whole cycles: a run may end one later.
                    let just_before = until.since(Nanos(16));
                    if just_before > bench.now() {
                        quiet += 1;
                        let before = bench.run_until(just_before).unwrap().events;
                        assert_eq!(before, [], "before {until}");
                    }
                    let next = bench.now() + Nanos::from_millis(1);
                    seen += bench.run_until(next).unwrap().events.len();
                }
            }
        }
        assert!(quiet > 50 && seen > 1_000, "{quiet} quiet, {seen} seen");
    }

    #[test]
    fn contacts_key_and_bolt_are_told_as_they_happen() {
        let mut bench = VirtualBench::blank(LockModel::FiveKey);
        let key = Contact::Key(Key::Pair(3));
        bench.set(key, true).unwrap();
        bench.turn_key(Turn::Lock).unwrap();
        let observed = bench.run_until(Nanos::from_secs(1)).unwrap();
        assert_eq!(observed.complete_to, Nanos::from_secs(1));
        let told: Vec<String> = observed
            .events
            .iter()
            .map(|event| format!("{} {} {:?}", event.at, event.channel, event.value))
            .collect();
        assert_eq!(
            told,
            [
                "0.000s contact 3/4 Level(true)",
                "0.010s bolt retracted Level(false)",
                "0.490s bolt extended Level(true)",
            ]
        );
        let levels = bench.levels().unwrap();
        assert!(levels.contains(&(Channel::BoltExtended, Value::Level(true))));
        assert!(levels.contains(&(Channel::Contact(key), Value::Level(true))));
    }

    #[test]
    fn it_can_close_the_keys_of_its_model_and_no_other() {
        let ten = VirtualBench::blank(LockModel::TenKey).capabilities();
        let five = VirtualBench::blank(LockModel::FiveKey).capabilities();
        let one = Capability::Contact(Contact::Key(Key::Digit(1)));
        let pair = Capability::Contact(Contact::Key(Key::Pair(9)));
        assert!(ten.contains(&one) && !ten.contains(&pair));
        assert!(five.contains(&pair) && !five.contains(&one));
    }

    #[test]
    fn a_contact_that_no_lock_has_is_refused() {
        let mut bench = VirtualBench::blank(LockModel::TenKey);
        let error = bench.set(Contact::Switch(7), true).unwrap_err();
        assert_eq!(
            error.to_string(),
            "touch Switch(7): no lock has this contact"
        );
    }
}
