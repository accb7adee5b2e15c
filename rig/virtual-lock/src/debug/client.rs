//! A debugger's connection, by loopback TCP.

use socket2::SockRef;
use std::io::{ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How long a client may keep its receive window shut.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a read looks again and again before it sleeps: most of a flash write is round trips, and
/// waking a sleeping processor takes longer than the client's next request.
const EAGER: Duration = Duration::from_micros(100);

/// A connection. Dropping it makes the driver's next read fail: it takes an end of file for an answer that
/// is still to come, and would wait for it for ever.
#[derive(Debug)]
pub(crate) struct Client(TcpStream);

impl Client {
    /// Makes it ready: reads return after `idle` at the latest.
    pub(crate) fn new(stream: TcpStream, idle: Duration) -> Result<Client> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        // Closing, or dying, resets the connection.
        SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
        stream.set_read_timeout(Some(idle))?;
        stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
        Ok(Client(stream))
    }

    /// The driver leaves Nagle's algorithm on: what it sends after bytes that get no answer waits until
    /// they are acknowledged, which would otherwise be delayed by 40 ms.
    pub(crate) fn acknowledge(&self) -> Result<()> {
        #[cfg(target_os = "linux")]
        SockRef::from(&self.0).set_tcp_quickack(true)?;
        Ok(())
    }
}

impl Read for Client {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize> {
        self.0.set_nonblocking(true)?;
        let began = Instant::now();
        let mut result = self.0.read(bytes);
        while matches!(&result, Err(error) if error.kind() == ErrorKind::WouldBlock)
            && began.elapsed() < EAGER
        {
            std::thread::yield_now();
            result = self.0.read(bytes);
        }
        self.0.set_nonblocking(false)?;
        match result {
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.0.read(bytes),
            result => result,
        }
    }
}

impl Write for Client {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }
}
