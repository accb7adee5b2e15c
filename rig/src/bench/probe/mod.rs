//! The debug port of a lock, through any probe that probe-rs knows: flashing an image, and reading
//! and writing the pages where the lock keeps its state. Whatever fails here is the rig's fault or
//! the operator's, never the lock's.

mod flash;
mod image;
mod local;
mod storage;
mod under_reset;

pub use flash::{Erase, FlashReport, Progress};
#[cfg(test)]
pub(crate) use image::tests as image_tests;
pub use image::{Image, ImageError};
pub use local::LocalPort;
pub use storage::Storage;

use probe_rs::config::{Registry, TargetSelector};
use probe_rs::flashing::FlashError;
use probe_rs::probe::list::Lister;
use probe_rs::probe::{DebugProbeError, DebugProbeSelector, WireProtocol};
use probe_rs::{MemoryInterface, Permissions, RegisterId, Session, Target};
use std::ops::Range;
use std::sync::LazyLock;
use std::time::Duration;

/// The chip of every lock that can be flashed.
pub const CHIP: &str = "nRF52840_xxAA";
/// Bytes that are erased together.
pub const SECTOR: u32 = 0x1000;
/// Flash of the nRF52840.
pub const FLASH: Range<u32> = 0..0x10_0000;
/// Where the lock's firmware keeps its journal.
pub const JOURNAL: Range<u32> = 0xF_8000..0x10_0000;

/// FICR INFO.PART, and what it holds in an nRF52840.
const FICR_INFO_PART: u64 = 0x1000_0100;
const PART: u32 = 0x5_2840;
/// `b .` in Thumb, and how far below the stack it finds a place that nothing uses without interrupts.
const BRANCH_TO_SELF: u16 = 0xE7FE;
const BELOW_STACK: u64 = 64;
/// Registers by their number in DCRSR (ARMv7-M architecture, C1.6.3), and bits in them.
const XPSR: RegisterId = RegisterId(16);
const EXCEPTION_NUMBER: u32 = 0x1FF;
const THUMB: u32 = 1 << 24;
const EXCEPTION_MASKS: RegisterId = RegisterId(20);
const PRIMASK: u32 = 1;
/// How long a core may take to halt.
const HALT_TIMEOUT: Duration = Duration::from_millis(500);

/// Found once: the list of all chips takes longer to search than an image to compare.
static TARGET: LazyLock<Option<Target>> = LazyLock::new(|| {
    Registry::from_builtin_families()
        .get_target_by_name(CHIP)
        .ok()
});

/// Why the debug port could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The bench file's selector is not one.
    #[error("understand the probe {selector:?}: expected VID:PID or VID:PID:SERIAL, in hex")]
    Selector {
        /// As written.
        selector: String,
    },
    /// No such probe, or it does not open.
    #[error("open the probe {selector}")]
    Open {
        /// What was asked for.
        selector: String,
        /// What probe-rs says.
        source: DebugProbeError,
    },
    /// The probe is there, the chip does not answer.
    #[error("attach to the chip: is the lock powered and the probe connected?")]
    Attach(#[source] probe_rs::Error),
    /// Another chip than the lock's.
    #[error("use this chip: expected an nRF52840, found part {part:#x}")]
    WrongChip {
        /// FICR INFO.PART as read.
        part: u32,
    },
    /// Reading or writing memory failed.
    #[error("access the chip's memory at {address:#010x}")]
    Memory {
        /// Where.
        address: u32,
        /// What probe-rs says.
        source: probe_rs::Error,
    },
    /// Halting, resetting or resuming the core failed.
    #[error("control the core")]
    Core(#[source] probe_rs::Error),
    /// The range is not made of whole sectors of flash.
    #[error("use {start:#010x}..{end:#010x}: not whole sectors of flash")]
    NotSectors {
        /// First address.
        start: u64,
        /// Address after the last byte.
        end: u64,
    },
    /// probe-rs could not erase or write flash.
    #[error("write flash")]
    Flash(#[source] FlashError),
    /// Flash reads back other than it was written.
    #[error("verify flash at {address:#010x}: read {found:#04x}, wrote {wrote:#04x}")]
    Verify {
        /// The first byte that differs.
        address: u32,
        /// What is there.
        found: u8,
        /// What should be.
        wrote: u8,
    },
}

/// A lock's debug port, attached. Dropping it lets the core run on and powers the debug domain
/// down.
pub struct Probe {
    session: Session,
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Probe").finish_non_exhaustive()
    }
}

impl Probe {
    /// Opens the probe that `selector` names as probe-rs writes it, and attaches to the chip behind
    /// it. The core is left as it is, and a protected chip is not erased.
    ///
    /// # Errors
    ///
    /// When there is no such probe, no chip, or another one.
    pub fn attach(selector: &str) -> Result<Probe, ProbeError> {
        Probe::open(selector, false)
    }

    /// The same with the chip held in reset until the probe has it, for firmware that takes the
    /// debug pins or sleeps too deeply.
    ///
    /// # Errors
    ///
    /// When there is no such probe, no chip, or another one.
    pub fn attach_under_reset(selector: &str) -> Result<Probe, ProbeError> {
        Probe::open(selector, true)
    }

    fn open(selector: &str, under_reset: bool) -> Result<Probe, ProbeError> {
        let parsed: DebugProbeSelector = selector.parse().map_err(|_| ProbeError::Selector {
            selector: selector.to_owned(),
        })?;
        let open = |source| ProbeError::Open {
            selector: selector.to_owned(),
            source,
        };
        let probe = Lister::new().open(parsed).map_err(open)?;
        Probe::attach_by(probe, selector, under_reset)
    }

    /// Attaches by an open probe; `selector` is what errors call it.
    fn attach_by(
        mut probe: probe_rs::probe::Probe,
        selector: &str,
        under_reset: bool,
    ) -> Result<Probe, ProbeError> {
        probe
            .select_protocol(WireProtocol::Swd)
            .map_err(|source| ProbeError::Open {
                selector: selector.to_owned(),
                source,
            })?;
        let target: TargetSelector = match &*TARGET {
            Some(target) if under_reset => under_reset::target(target).into(),
            Some(target) => target.clone().into(),
            None => CHIP.into(),
        };
        let (permissions, registry) = (Permissions::new(), Registry::new());
        let session = if under_reset {
            probe.attach_under_reset_with_registry(target, permissions, &registry)
        } else {
            probe.attach_with_registry(target, permissions, &registry)
        }
        .map_err(ProbeError::Attach)?;
        let mut probe = Probe { session };
        let part = probe.word(FICR_INFO_PART as u32)?;
        if part != PART {
            return Err(ProbeError::WrongChip { part });
        }
        Ok(probe)
    }

    /// Reads `length` bytes at `address`.
    ///
    /// # Errors
    ///
    /// When the chip refuses or the probe is gone.
    pub fn read(&mut self, address: u32, length: usize) -> Result<Vec<u8>, ProbeError> {
        let mut bytes = vec![0; length];
        self.session
            .core(0)
            .and_then(|mut core| core.read(u64::from(address), &mut bytes))
            .map_err(|source| ProbeError::Memory { address, source })?;
        Ok(bytes)
    }

    /// Writes `bytes` to RAM or a register at `address`. Flash takes [`Probe::write_sectors`].
    ///
    /// # Errors
    ///
    /// When the chip refuses or the probe is gone.
    pub fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), ProbeError> {
        self.session
            .core(0)
            .and_then(|mut core| {
                core.write(u64::from(address), bytes)?;
                core.flush()
            })
            .map_err(|source| ProbeError::Memory { address, source })
    }

    /// Stops the core.
    ///
    /// # Errors
    ///
    /// When it does not halt or the probe is gone.
    pub fn halt(&mut self) -> Result<(), ProbeError> {
        let mut core = self.session.core(0).map_err(ProbeError::Core)?;
        core.halt(HALT_TIMEOUT).map(drop).map_err(ProbeError::Core)
    }

    /// Lets the program hang, as one does that waits for ever: the core spins in one place and takes no
    /// interrupt. What the chip's peripherals do goes on.
    ///
    /// # Errors
    ///
    /// When the core does not halt or the probe is gone.
    pub fn hang(mut self) -> Result<(), ProbeError> {
        self.halt()?;
        let mut core = self.session.core(0).map_err(ProbeError::Core)?;
        let mut spin = || -> Result<(), probe_rs::Error> {
            let stack: u64 = core.read_core_reg(core.stack_pointer())?;
            let place = (stack - BELOW_STACK) & !3;
            core.write_16(place, &[BRANCH_TO_SELF])?;
            let exceptions: u32 = core.read_core_reg(EXCEPTION_MASKS)?;
            core.write_core_reg(EXCEPTION_MASKS, exceptions | PRIMASK)?;
            let state: u32 = core.read_core_reg(XPSR)?;
            core.write_core_reg(XPSR, state & EXCEPTION_NUMBER | THUMB)?;
            core.write_core_reg(core.program_counter(), place)?;
            core.run()
        };
        spin().map_err(ProbeError::Core)
    }

    /// Resets the chip, lets it run and detaches.
    ///
    /// # Errors
    ///
    /// When the reset fails or the probe is gone.
    pub fn reset_and_detach(mut self) -> Result<(), ProbeError> {
        let mut core = self.session.core(0).map_err(ProbeError::Core)?;
        core.reset().map_err(ProbeError::Core)
    }

    fn word(&mut self, address: u32) -> Result<u32, ProbeError> {
        self.session
            .core(0)
            .and_then(|mut core| core.read_word_32(u64::from(address)))
            .map_err(|source| ProbeError::Memory { address, source })
    }

    fn set_word(&mut self, address: u32, value: u32) -> Result<(), ProbeError> {
        self.write(address, &value.to_le_bytes())
    }
}

/// An erased sector.
fn blank() -> Vec<u8> {
    vec![0xFF; SECTOR as usize]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;

    #[test]
    fn knows_its_chip() {
        assert!(TARGET.is_some());
    }

    #[test]
    fn says_what_is_wrong_with_a_selector() {
        let error = Probe::attach("the black one").unwrap_err();
        insta::assert_snapshot!(error, @r#"understand the probe "the black one": expected VID:PID or VID:PID:SERIAL, in hex"#);
    }

    #[test]
    fn says_which_probe_does_not_open() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let error = Probe::attach(&format!("20b7:9db1:tcp:{address}")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("open the probe 20b7:9db1:tcp:{address}")
        );
        assert!(error.source().is_some());
    }
}
