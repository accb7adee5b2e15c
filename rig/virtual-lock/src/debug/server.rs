//! Serves a target's debug port to one client at a time on a loopback socket, as a Glasgow probe
//! that probe-rs opens by the selector `20b7:9db1:tcp:127.0.0.1:PORT`. A client that sends nonsense
//! or vanishes ends its own connection and nothing else.

use super::client::Client;
use super::dp::DebugPort;
use super::glasgow::Applet;
use super::target::DebugTarget;
use crate::time::Ticks;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often a thread with nothing to do looks whether it should stop.
const IDLE: Duration = Duration::from_millis(1);
/// The most virtual time that [`Pace::WallClock`] makes up for at once.
const LONGEST_STEP: Duration = Duration::from_millis(50);

/// What makes virtual time pass while a debug port is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Only what the client does: the same transactions take the same virtual time on every
    /// machine, and nothing moves between them.
    Transactions,
    /// The same, and a client that polls for something to end lets it end within a few polls: for
    /// flashing a chip whose time nobody looks at.
    Polls,
    /// What the client does, and the host's clock: for a person at a debugger. Not repeatable.
    WallClock,
}

/// Serves `target` on `listener` until `stop` is set, on this thread.
///
/// # Errors
///
/// When the listener fails. What goes wrong with one client is logged and ends that connection.
pub fn serve(
    listener: &TcpListener,
    target: &mut impl DebugTarget,
    pace: Pace,
    stop: &AtomicBool,
) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let mut server = Server {
        target,
        port: match pace {
            Pace::Polls => DebugPort::hasty(),
            Pace::Transactions | Pace::WallClock => DebugPort::new(),
        },
        pace,
        stop,
        seen: Instant::now(),
    };
    while !stop.load(Ordering::Relaxed) {
        match listener.accept() {
            Ok((client, _)) => {
                tracing::debug!("debugger connected");
                match server.client(client) {
                    Ok(()) => tracing::debug!("debugger left"),
                    Err(error) => tracing::warn!("debugger's connection closed: {error}"),
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                server.follow_wall_clock();
                std::thread::sleep(IDLE);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

struct Server<'a, T> {
    target: &'a mut T,
    port: DebugPort,
    pace: Pace,
    stop: &'a AtomicBool,
    /// Up to when the host's clock has been followed.
    seen: Instant,
}

impl<T: DebugTarget> Server<'_, T> {
    fn client(&mut self, stream: TcpStream) -> std::io::Result<()> {
        let mut client = Client::new(stream, IDLE)?;
        let mut applet = Applet::new();
        let result = self.converse(&mut client, &mut applet);
        applet.disconnect(&mut self.port, self.target);
        result
    }

    fn converse(&mut self, client: &mut Client, applet: &mut Applet) -> std::io::Result<()> {
        let mut bytes = vec![0; 1 << 16];
        let mut answers = Vec::new();
        while !self.stop.load(Ordering::Relaxed) {
            let length = match client.read(&mut bytes) {
                Ok(0) => return Ok(()),
                Ok(length) => length,
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                        self.follow_wall_clock();
                        continue;
                    }
                    ErrorKind::Interrupted => continue,
                    ErrorKind::ConnectionReset => return Ok(()),
                    _ => return Err(error),
                },
            };
            self.follow_wall_clock();
            let result =
                applet.receive(&bytes[..length], &mut self.port, self.target, &mut answers);
            if answers.is_empty() {
                client.acknowledge()?;
            } else {
                client.write_all(&answers)?;
                answers.clear();
            }
            result.map_err(|error| std::io::Error::new(ErrorKind::InvalidData, error))?;
        }
        Ok(())
    }

    fn follow_wall_clock(&mut self) {
        if self.pace == Pace::WallClock {
            let now = Instant::now();
            let step = now.duration_since(self.seen).min(LONGEST_STEP);
            self.seen = now;
            let ticks = Ticks::from_nanos(step.as_nanos() as u64);
            self.port.advance(ticks, self.target);
        }
    }
}

/// A target that is being served on a thread of its own. Dropping it stops the thread.
#[derive(Debug)]
pub struct DebugServer<T> {
    selector: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<std::io::Result<T>>>,
}

/// The serving thread ended without giving its target back.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The socket failed.
    #[error("serve the debug port: {0}")]
    Socket(#[from] std::io::Error),
    /// The target panicked.
    #[error("serve the debug port: its thread panicked")]
    Panicked,
}

impl<T: DebugTarget + Send + 'static> DebugServer<T> {
    /// Starts serving `target` on a loopback port that the system chose.
    ///
    /// # Errors
    ///
    /// When there is no loopback port or thread to be had.
    pub fn start(mut target: T, pace: Pace) -> Result<DebugServer<T>, ServeError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let selector = selector(listener.local_addr()?);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("debug port".to_owned())
            .spawn(move || {
                serve(&listener, &mut target, pace, &stopped)?;
                Ok(target)
            })?;
        Ok(DebugServer {
            selector,
            stop,
            thread: Some(thread),
        })
    }

    /// What probe-rs opens this port by.
    pub fn selector(&self) -> String {
        self.selector.clone()
    }

    /// Stops serving, cuts off a client that is still there, and gives the target back.
    ///
    /// # Errors
    ///
    /// When the thread failed earlier; the target is lost with it.
    pub fn finish(mut self) -> Result<T, ServeError> {
        self.stop.store(true, Ordering::Relaxed);
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => Ok(result?),
            Some(Err(_)) | None => Err(ServeError::Panicked),
        }
    }
}

impl<T> Drop for DebugServer<T> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported by its own hook.
            let _ = thread.join();
        }
    }
}

/// What probe-rs opens a served debug port by.
pub fn selector(address: SocketAddr) -> String {
    format!("20b7:9db1:tcp:{address}")
}

#[cfg(test)]
mod tests {
    use super::super::fake::Fake;
    use super::super::wire::{self, Deframer, Endpoint};
    use super::*;
    use std::net::TcpStream;

    fn address(server: &DebugServer<Fake>) -> String {
        let selector = server.selector();
        selector.strip_prefix("20b7:9db1:tcp:").unwrap().to_owned()
    }

    fn ask(client: &mut (impl Read + Write), endpoint: Endpoint, commands: &[u8]) -> Vec<u8> {
        let mut wire = Vec::new();
        wire::enframe(endpoint, commands, &mut wire);
        client.write_all(&wire).unwrap();
        let mut deframer = Deframer::default();
        let mut bytes = [0; 256];
        loop {
            let length = client.read(&mut bytes).unwrap();
            assert_ne!(length, 0, "connection closed");
            deframer.push(&bytes[..length]);
            if let Some((_, answer)) = deframer.next().unwrap() {
                return answer;
            }
        }
    }

    #[test]
    fn serves_one_client_after_another_and_gives_the_target_back() {
        let server = DebugServer::start(Fake::new(), Pace::Transactions).unwrap();
        assert!(server.selector().starts_with("20b7:9db1:tcp:127.0.0.1:"));
        for _ in 0..3 {
            let mut client = TcpStream::connect(address(&server)).unwrap();
            assert_eq!(ask(&mut client, Endpoint::Root, &[0]), wire::IDENTIFIER);
        }
        let fake = server.finish().unwrap();
        assert_eq!(fake.now, Ticks::default());
    }

    #[test]
    fn nonsense_closes_the_connection_and_the_next_client_is_served() {
        let server = DebugServer::start(Fake::new(), Pace::Transactions).unwrap();
        let mut client = TcpStream::connect(address(&server)).unwrap();
        client.write_all(&[2, 0x77, 0]).unwrap();
        assert!(
            client.read(&mut [0; 8]).is_err(),
            "a plain end of file hangs the driver"
        );
        let mut client = TcpStream::connect(address(&server)).unwrap();
        assert_eq!(ask(&mut client, Endpoint::Root, &[0x11]), [1, 0]);
        server.finish().unwrap();
    }

    #[test]
    fn a_client_that_stays_does_not_hold_the_target() {
        let server = DebugServer::start(Fake::new(), Pace::Transactions).unwrap();
        let mut client = TcpStream::connect(address(&server)).unwrap();
        ask(&mut client, Endpoint::Root, &[0]);
        server.finish().unwrap();
        assert!(
            client.read(&mut [0; 8]).is_err(),
            "a plain end of file hangs the driver"
        );
    }

    #[test]
    fn the_wall_clock_moves_a_target_that_is_left_alone() {
        let server = DebugServer::start(Fake::new(), Pace::WallClock).unwrap();
        let mut client = TcpStream::connect(address(&server)).unwrap();
        ask(&mut client, Endpoint::Root, &[0]);
        std::thread::sleep(Duration::from_millis(5));
        ask(&mut client, Endpoint::Root, &[0]);
        assert!(server.finish().unwrap().now >= Ticks::from_millis(5));
    }
}
