//! `rig virtual`: a virtual lock for other people's tools, until Ctrl-C.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

use clap::Args;
use virtual_lock::debug::server::selector;

use super::images::Firmware;
use super::interrupt::{self, INTERRUPTED};
use super::{Exit, Expected};
use crate::bench::probe::CHIP;
use crate::bench::{Bench, Supply, Told, VirtualBench};
use crate::lock::LockModel;
use crate::scenario::NOMINAL_PACK;
use crate::trace::{Channel, Value};

/// Serve a virtual lock's debug port to probe-rs, an editor or a debugger
///
/// The lock has its pack in and runs by the clock on the wall. What its firmware logs is printed with
/// the lock's own time.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  rig virtual --probe 127.0.0.1:7777

and in another terminal, one at a time:
  export PROBE_RS_CHIP=nRF52840_xxAA PROBE_RS_PROBE=20b7:9db1:tcp:127.0.0.1:7777
  probe-rs info --protocol swd --verbose        what the debug port leads to
  probe-rs run lock.elf                         flash, start, and show what it logs
  probe-rs attach lock.elf                      show what it logs, without a reset
  probe-rs gdb --gdb-connection-string 127.0.0.1:1337
  gdb-multiarch lock.elf -ex 'target extended-remote 127.0.0.1:1337'

The command is `cargo install probe-rs-tools`; also download, verify, read, write, reset and erase.")]
pub(crate) struct Virtual {
    /// Loopback address to serve the debug port on; a free port if not said
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = loopback)]
    probe: SocketAddr,
    /// Lock model
    #[arg(long, value_name = "MODEL", default_value = "ten-key", value_parser = super::lock_model)]
    lock: LockModel,
    /// Firmware image to flash first, in place of the newest in firmware/images
    #[arg(long, value_name = "ELF")]
    firmware: Option<PathBuf>,
    /// Flash nothing
    #[arg(long, conflicts_with = "firmware")]
    blank: bool,
}

impl Virtual {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        let listen = |source| Expected::Listen {
            address: self.probe,
            source,
        };
        let listener = TcpListener::bind(self.probe).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        interrupt::listen()?;
        let (mut bench, what) = self.bench()?;
        bench.supply(FULL_PACK).map_err(Expected::Serve)?;
        let selector = selector(address);
        let mut out = std::io::stdout();
        writeln!(
            out,
            "a virtual {} lock with {what}, served until Ctrl-C:",
            self.lock
        )
        .and_then(|()| writeln!(out, "  probe-rs attach --chip {CHIP} --probe {selector}"))
        .map_err(Expected::Print)?;
        let mut print = |told| match line(&told) {
            Some(line) => writeln!(out, "{line}"),
            None => Ok(()),
        };
        bench
            .serve(&listener, &INTERRUPTED, &mut print)
            .map_err(Expected::Serve)?;
        Ok(Exit::Interrupted)
    }

    /// A lock, and what is in its flash.
    fn bench(&self) -> Result<(VirtualBench, String), Expected> {
        if self.blank {
            return Ok((
                VirtualBench::blank(self.lock),
                "nothing in its flash".to_owned(),
            ));
        }
        let firmware = Firmware::chosen(self.firmware.as_deref(), self.lock)?;
        let name = firmware
            .path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let bench = firmware.lock(self.lock)?;
        Ok((bench, name))
    }
}

/// Four good cells.
const FULL_PACK: Supply = Supply {
    millivolts: NOMINAL_PACK,
    milliohms: None,
};

/// The log and the starts; edges are for scenarios.
fn line(told: &Told) -> Option<String> {
    match told {
        Told::Log(line) => Some(line.to_string()),
        Told::Event(event) => match (event.channel, event.value) {
            (Channel::Reset, Value::Reset(cause)) => {
                Some(format!("{:.6}  -- start: {}", event.at, cause.name()))
            }
            _ => None,
        },
    }
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_| "expected an address and a port, as 127.0.0.1:7777".to_owned())?;
    if !address.ip().is_loopback() {
        return Err(
            "a debug port is for this machine alone: expected 127.0.0.1 or [::1]".to_owned(),
        );
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_served() {
        assert!(loopback("127.0.0.1:0").is_ok());
        assert!(loopback("[::1]:7777").is_ok());
        assert!(
            loopback("0.0.0.0:7777")
                .unwrap_err()
                .contains("this machine alone")
        );
        assert!(
            loopback("localhost")
                .unwrap_err()
                .contains("as 127.0.0.1:7777")
        );
    }
}
