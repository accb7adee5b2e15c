//! The hub's end of the lock's bus: a serial port at 9600 8N1, read in a thread of its own so that
//! every byte has its time. Bytes are told as they are; what they mean is for others.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use serialport::SerialPort;

use super::PiError;
use crate::bench::lines::monotonic;
use crate::bench::supply::{LinkError, open_port};
use crate::trace::Nanos;

/// Speed of the bus.
const BAUD: u32 = 9_600;

/// Start bit, eight data bits, stop bit.
const BITS: u64 = 10;

/// How long a read waits before it looks whether it is still wanted.
const POLL: Duration = Duration::from_millis(50);

/// A byte from the lock, and when it was there, on the header's clock.
pub(crate) type Heard = (Nanos, u8);

/// The hub's port.
pub(crate) struct HubPort {
    port: Box<dyn SerialPort>,
    name: String,
    heard: Receiver<Result<Heard, LinkError>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// When the last byte sent so far is through.
    busy_until: Nanos,
}

impl HubPort {
    /// Opens a port and listens from now on.
    pub(crate) fn open(name: &str) -> Result<HubPort, PiError> {
        let port = open_port(name, BAUD, POLL).map_err(PiError::Hub)?;
        let ears = port
            .try_clone()
            .map_err(|error| PiError::Hub(gone(name, &error.into())))?;
        let (tell, heard) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::Builder::new()
            .name("hub".to_owned())
            .spawn({
                let (stop, name) = (Arc::clone(&stop), name.to_owned());
                move || listen(ears, &name, &stop, &tell)
            })
            .map_err(|error| PiError::Hub(gone(name, &error)))?;
        Ok(HubPort {
            port,
            name: name.to_owned(),
            heard,
            stop,
            thread: Some(thread),
            busy_until: Nanos::ZERO,
        })
    }

    /// Sends bytes after those that are still being sent; the times at which each is through.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<Vec<Heard>, PiError> {
        let begin = self.busy_until.max(monotonic());
        self.port
            .write_all(bytes)
            .map_err(|error| PiError::Hub(gone(&self.name, &error)))?;
        let times = (1..).zip(bytes).map(|(count, byte)| {
            let bits: u64 = BITS * count;
            let through = begin + Nanos(bits * 1_000_000_000 / u64::from(BAUD));
            (through, *byte)
        });
        let sent: Vec<Heard> = times.collect();
        if let Some((through, _)) = sent.last() {
            self.busy_until = *through;
        }
        Ok(sent)
    }

    /// What the lock sent since the last time.
    pub(crate) fn heard(&self) -> Result<Vec<Heard>, PiError> {
        let mut bytes = Vec::new();
        loop {
            match self.heard.try_recv() {
                Ok(heard) => bytes.push(heard.map_err(PiError::Hub)?),
                Err(TryRecvError::Empty) => return Ok(bytes),
                Err(TryRecvError::Disconnected) => {
                    let error = io::Error::other("the thread that listens is gone");
                    return Err(PiError::Hub(gone(&self.name, &error)));
                }
            }
        }
    }
}

impl Drop for HubPort {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic in it was told by `heard`, or nobody wanted to know.
            let _ = thread.join();
        }
    }
}

fn listen(
    mut port: Box<dyn SerialPort>,
    name: &str,
    stop: &AtomicBool,
    tell: &Sender<Result<Heard, LinkError>>,
) {
    let mut chunk = [0; 64];
    let end: io::Error = loop {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        match port.read(&mut chunk) {
            // A terminal that hung up reads as its end.
            Ok(0) => break io::ErrorKind::UnexpectedEof.into(),
            Ok(count) => {
                let now = monotonic();
                for byte in &chunk[..count] {
                    if tell.send(Ok((now, *byte))).is_err() {
                        return;
                    }
                }
            }
            Err(error) if again(&error) => {}
            Err(error) => break error,
        }
    };
    // A bench that is being closed no longer listens.
    let _ = tell.send(Err(gone(name, &end)));
}

fn again(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

fn gone(port: &str, error: &io::Error) -> LinkError {
    LinkError::Gone {
        port: port.to_owned(),
        reason: error.to_string(),
    }
}
