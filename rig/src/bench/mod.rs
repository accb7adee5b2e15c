//! Benches: what a scenario can be played on. A bench closes contacts, feeds the lock, and tells every
//! edge, its own contacts' too; it knows no scenario. Its time is nanoseconds since an epoch of its
//! own.

pub mod doctor;
mod error;
pub mod file;
mod lines;
pub mod log;
mod owner;
pub mod pi;
pub mod probe;
pub(crate) mod supply;
mod virtual_lock;

use std::collections::BTreeSet;
use std::fmt;

pub use self::virtual_lock::{Told, VirtualBench};
pub use error::BenchError;
pub use probe::Storage;

use self::log::LogLine;
use crate::lock::{Door, Jam, LockModel, Turn};
use crate::trace::{Channel, Contact, Event, Nanos, Value};

/// Something that a bench can do or see and another may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// Close and open this contact.
    Contact(Contact),
    /// Put the pack in and take it out.
    Supply,
    /// Give the pack any voltage.
    Voltage,
    /// Give the pack as much as this, in millivolts.
    Volts(u32),
    /// Give the pack any resistance.
    Resistance,
    /// Turn the key.
    Key,
    /// Block the bolt.
    Jam,
    /// Choose which way the door is hinged.
    Door(Door),
    /// Send and watch bytes on the hub's bus.
    Hub,
    /// Read and write the lock's memory while it runs.
    DebugPort,
    /// A lock that has never been powered, or is flashed to be as new.
    New,
}

/// Reads after "the bench can't ".
impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Capability::Contact(contact) => write!(f, "close `{contact}`"),
            Capability::Supply => f.write_str("put the battery in and out"),
            Capability::Voltage => f.write_str("set the battery's voltage"),
            Capability::Volts(millivolts) => {
                let volts = f64::from(*millivolts) / 1_000.0;
                write!(f, "set the battery's voltage to {volts:.2} V")
            }
            Capability::Resistance => f.write_str("set the battery's resistance"),
            Capability::Key => f.write_str("turn the key"),
            Capability::Jam => f.write_str("jam the bolt"),
            Capability::Door(Door::Left) => f.write_str("hinge the door on the left"),
            Capability::Door(Door::Right) => f.write_str("hinge the door on the right"),
            Capability::Hub => f.write_str("talk on the hub's bus"),
            Capability::DebugPort => f.write_str("reach the lock's debug port"),
            Capability::New => f.write_str("make a lock as new"),
        }
    }
}

/// What a bench can do, by name.
pub type Capabilities = BTreeSet<Capability>;

/// A battery pack, as the lock's terminals see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supply {
    /// Without load, in millivolts.
    pub millivolts: u32,
    /// Inside the whole pack, in milliohms; `None` leaves it as the bench has it.
    pub milliohms: Option<u32>,
}

/// What a bench saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// In time order, none earlier than what was told before.
    pub events: Vec<Event>,
    /// Every event at or before this time has been told.
    pub complete_to: Nanos,
    /// What the firmware logged, where the bench can read it.
    pub log: Vec<LogLine>,
}

/// A lock and what is wired to it.
///
/// A bench that can't do something says so in [`Bench::capabilities`] and fails when it is asked for
/// it nonetheless. Whatever it fails with is a fault of the rig, never of the lock: an event that may
/// have been lost is such a fault too.
pub trait Bench {
    /// The model of the lock on it.
    fn model(&self) -> LockModel;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// The highest voltage that it may give the pack, in millivolts, where there is a limit.
    fn most_volts(&self) -> Option<u32> {
        None
    }

    /// Channels that it never tells anything of, though a lock has them.
    fn unseen(&self) -> Vec<Channel> {
        Vec::new()
    }

    /// Its time now.
    fn now(&self) -> Nanos;

    /// Every level and sample now, for whoever begins to watch.
    fn levels(&mut self) -> Result<Vec<(Channel, Value)>, BenchError>;

    /// Closes or opens a contact, now. Closed stays closed.
    fn set(&mut self, contact: Contact, closed: bool) -> Result<(), BenchError>;

    /// Puts a pack in, now, or changes the one that is in.
    fn supply(&mut self, supply: Supply) -> Result<(), BenchError>;

    /// Takes the pack out, now.
    fn disconnect(&mut self) -> Result<(), BenchError>;

    /// Turns the key or thumb-turn all the way.
    fn turn_key(&mut self, turn: Turn) -> Result<(), BenchError> {
        let _ = turn;
        Err(BenchError::Unable(Capability::Key))
    }

    /// Blocks the bolt, or frees it.
    fn jam(&mut self, jam: Jam) -> Result<(), BenchError> {
        let _ = jam;
        Err(BenchError::Unable(Capability::Jam))
    }

    /// Sends bytes from the hub to the lock, after those that are still being sent.
    fn hub_send(&mut self, bytes: &[u8]) -> Result<(), BenchError> {
        let _ = bytes;
        Err(BenchError::Unable(Capability::Hub))
    }

    /// Damages everything that the lock has written into its journal, through the debug port, and
    /// lets the lock start again. Takes some of the bench's time.
    fn corrupt_storage(&mut self) -> Result<(), BenchError> {
        Err(BenchError::Unable(Capability::DebugPort))
    }

    /// Lets the lock's program hang, through the debug port: it spins in one place and takes no
    /// interrupt, as after a bug. Takes some of the bench's time.
    fn hang(&mut self) -> Result<(), BenchError> {
        Err(BenchError::Unable(Capability::DebugPort))
    }

    /// Reads what the lock keeps without power, through the debug port, while the lock runs. Takes some
    /// of the bench's time.
    fn read_storage(&mut self) -> Result<Storage, BenchError> {
        Err(BenchError::Unable(Capability::DebugPort))
    }

    /// Writes what a lock keeps without power, through the debug port, while the pack is out: the lock is
    /// powered for just that, and doesn't run.
    fn write_storage(&mut self, storage: &Storage) -> Result<(), BenchError> {
        let _ = storage;
        Err(BenchError::Unable(Capability::DebugPort))
    }

    /// Hinges the door; only while the pack is out.
    fn door(&mut self, door: Door) -> Result<(), BenchError> {
        Err(BenchError::Unable(Capability::Door(door)))
    }

    /// Nothing is seen before this, as far as the bench knows, if nothing is done: now, for a real one.
    fn quiet_until(&self) -> Nanos {
        self.now()
    }

    /// Watches until `until`, which must not be in the past. A real bench waits, a virtual one runs.
    fn run_until(&mut self, until: Nanos) -> Result<Observed, BenchError>;

    /// Opens every contact and takes the pack out, however the run ended.
    fn make_safe(&mut self) -> Result<(), BenchError>;
}
