//! A debugger's connection: by loopback TCP for whoever likes, or by a Unix socket for a debugger in the
//! same process, which costs less than half of a round trip.

use socket2::SockRef;
use std::io::{Read, Result, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How long a client may keep its receive window shut.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// A frame for an endpoint that no driver has.
#[cfg(unix)]
const PARTING: [u8; 3] = [2, 0x77, 0];

/// A connection. Dropping it makes the driver's next read fail: it takes an end of file for an answer that
/// is still to come, and would wait for it for ever.
#[derive(Debug)]
pub(crate) enum Client {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Client {
    /// Makes it ready: reads return after `idle` at the latest.
    pub(crate) fn prepare(&self, idle: Duration) -> Result<()> {
        match self {
            Client::Tcp(stream) => {
                stream.set_nonblocking(false)?;
                stream.set_nodelay(true)?;
                // Closing, or dying, resets the connection.
                SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
                stream.set_read_timeout(Some(idle))?;
                stream.set_write_timeout(Some(WRITE_TIMEOUT))
            }
            #[cfg(unix)]
            Client::Unix(stream) => {
                stream.set_nonblocking(false)?;
                stream.set_read_timeout(Some(idle))?;
                stream.set_write_timeout(Some(WRITE_TIMEOUT))
            }
        }
    }

    /// The driver leaves Nagle's algorithm on: what it sends after bytes that get no answer waits until
    /// they are acknowledged, which would otherwise be delayed by 40 ms.
    pub(crate) fn acknowledge(&self) -> Result<()> {
        #[cfg(target_os = "linux")]
        if let Client::Tcp(stream) = self {
            SockRef::from(stream).set_tcp_quickack(true)?;
        }
        Ok(())
    }
}

impl Read for Client {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize> {
        match self {
            Client::Tcp(stream) => stream.read(bytes),
            #[cfg(unix)]
            Client::Unix(stream) => stream.read(bytes),
        }
    }
}

impl Write for Client {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self {
            Client::Tcp(stream) => stream.write(bytes),
            #[cfg(unix)]
            Client::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> Result<()> {
        match self {
            Client::Tcp(stream) => stream.flush(),
            #[cfg(unix)]
            Client::Unix(stream) => stream.flush(),
        }
    }
}

#[cfg(unix)]
impl Drop for Client {
    fn drop(&mut self) {
        if let Client::Unix(stream) = self {
            // Whoever has left already misses nothing.
            let _ = stream.write_all(&PARTING);
        }
    }
}
