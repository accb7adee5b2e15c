//! The debug port of a chip in this process, as a probe that probe-rs drives: its sequences and flash
//! algorithms run as with any other, without a socket and a second thread in between.

use std::sync::{Arc, Mutex, PoisonError};

use probe_rs::architecture::arm::sequences::ArmDebugSequence;
use probe_rs::architecture::arm::{
    ArmCommunicationInterface, ArmDebugInterface, ArmError, DapError, DapProbe, RawDapAccess,
    RegisterAddress,
};
use probe_rs::probe::{self, DebugProbe, DebugProbeError, WireProtocol};
use probe_rs::{CoreStatus, Error};
use virtual_lock::debug::local::{LocalProbe, Port, Refusal};
use virtual_lock::debug::target::DebugTarget;

use super::{Probe, ProbeError};

/// SWCLK, which nobody can change.
const SPEED_KHZ: u32 = 8_000;
/// nRESET among the pins of [`RawDapAccess::swj_pins`], and the answer of a probe that can't read them.
const NRESET: u32 = 1 << 7;
const PINS_UNKNOWN: u32 = u32::MAX;

/// A debug port in this process.
#[derive(Debug)]
pub struct LocalPort<T>(Shared<T>);

/// `None` once the target has been taken back.
type Shared<T> = Arc<Mutex<Option<LocalProbe<T>>>>;

impl<T: DebugTarget + Send + 'static> LocalPort<T> {
    /// Wires `probe` up.
    pub fn new(probe: LocalProbe<T>) -> LocalPort<T> {
        LocalPort(Arc::new(Mutex::new(Some(probe))))
    }

    /// Attaches to the chip, as [`Probe::attach`].
    ///
    /// # Errors
    ///
    /// When there is no chip, or another one.
    pub fn attach(&self) -> Result<Probe, ProbeError> {
        let wire = Wire(Arc::clone(&self.0));
        Probe::attach_by(probe::Probe::new(wire), NAME, false)
    }

    /// Takes the target back, as the last access left it: a [`Probe`] that is still attached can do
    /// nothing any more.
    pub fn finish(self) -> T {
        // Whoever panicked has left nothing half done that the target would not show.
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let probe = shared.take().expect("nothing else takes it");
        probe.finish()
    }
}

const NAME: &str = "within the rig";

/// What probe-rs drives.
struct Wire<T>(Shared<T>);

impl<T> std::fmt::Debug for Wire<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wire")
    }
}

impl<T> Wire<T> {
    fn with<R>(&self, act: impl FnOnce(&mut LocalProbe<T>) -> R) -> Result<R, DebugProbeError> {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *shared {
            Some(probe) => Ok(act(probe)),
            None => Err(DebugProbeError::NotAttached),
        }
    }

    fn access<R>(
        &self,
        act: impl FnOnce(&mut LocalProbe<T>) -> Result<R, Refusal>,
    ) -> Result<R, ArmError> {
        self.with(act)?.map_err(|refusal| {
            let error = match refusal {
                Refusal::Fault => DapError::FaultResponse,
                Refusal::NoAcknowledge => DapError::Protocol(WireProtocol::Swd),
            };
            error.into()
        })
    }
}

impl<T: DebugTarget + Send + 'static> DebugProbe for Wire<T> {
    fn get_name(&self) -> &str {
        NAME
    }

    fn speed_khz(&self) -> u32 {
        SPEED_KHZ
    }

    fn set_speed(&mut self, speed_khz: u32) -> Result<u32, DebugProbeError> {
        match speed_khz {
            SPEED_KHZ => Ok(SPEED_KHZ),
            other => Err(DebugProbeError::UnsupportedSpeed(other)),
        }
    }

    fn attach(&mut self) -> Result<(), DebugProbeError> {
        Ok(())
    }

    fn detach(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn target_reset(&mut self) -> Result<(), DebugProbeError> {
        Err(unable("target_reset"))
    }

    fn target_reset_assert(&mut self) -> Result<(), DebugProbeError> {
        self.with(|probe| probe.drive_reset(true))
    }

    fn target_reset_deassert(&mut self) -> Result<(), DebugProbeError> {
        self.with(|probe| probe.drive_reset(false))
    }

    fn active_protocol(&self) -> Option<WireProtocol> {
        Some(WireProtocol::Swd)
    }

    fn select_protocol(&mut self, protocol: WireProtocol) -> Result<(), DebugProbeError> {
        match protocol {
            WireProtocol::Swd => Ok(()),
            WireProtocol::Jtag => Err(DebugProbeError::UnsupportedProtocol(protocol)),
        }
    }

    fn into_probe(self: Box<Self>) -> Box<dyn DebugProbe> {
        self
    }

    fn try_as_dap_probe(&mut self) -> Option<&mut dyn DapProbe> {
        Some(self)
    }

    fn has_arm_interface(&self) -> bool {
        true
    }

    fn try_get_arm_debug_interface<'probe>(
        self: Box<Self>,
        sequence: Arc<dyn ArmDebugSequence>,
    ) -> Result<Box<dyn ArmDebugInterface + 'probe>, (Box<dyn DebugProbe>, ArmError)> {
        // No access overruns another: each has its answer before the next one is made.
        Ok(ArmCommunicationInterface::create(self, sequence, false))
    }
}

impl<T: DebugTarget + Send + 'static> DapProbe for Wire<T> {}

impl<T: DebugTarget + Send + 'static> RawDapAccess for Wire<T> {
    fn raw_read_register(&mut self, address: RegisterAddress) -> Result<u32, ArmError> {
        let mut value = 0;
        if address.is_ap() {
            self.raw_read_block(address, std::slice::from_mut(&mut value))?;
        } else {
            value = self.access(|probe| probe.read(address.lsb()))?;
        }
        Ok(value)
    }

    fn raw_read_block(
        &mut self,
        address: RegisterAddress,
        values: &mut [u32],
    ) -> Result<(), ArmError> {
        self.access(|probe| probe.read_block(address.lsb(), values))
    }

    fn raw_write_register(&mut self, address: RegisterAddress, value: u32) -> Result<(), ArmError> {
        self.raw_write_block(address, &[value])
    }

    fn raw_write_block(
        &mut self,
        address: RegisterAddress,
        values: &[u32],
    ) -> Result<(), ArmError> {
        let half = match address.is_ap() {
            true => Port::Access,
            false => Port::Debug,
        };
        self.access(|probe| probe.write(half, address.lsb(), values))
    }

    fn jtag_sequence(&mut self, _: u8, _: bool, _: u64) -> Result<(), DebugProbeError> {
        Err(unable("jtag_sequence"))
    }

    fn swj_sequence(&mut self, length: u8, bits: u64) -> Result<(), DebugProbeError> {
        let length = u32::from(length);
        self.with(|probe| {
            for (length, bits) in [
                (length.min(32), bits),
                (length.saturating_sub(32), bits >> 32),
            ] {
                if length > 0 {
                    probe.sequence(length, bits as u32);
                }
            }
        })
    }

    fn swj_pins(&mut self, out: u32, select: u32, wait: u32) -> Result<u32, DebugProbeError> {
        if select != NRESET || wait != 0 {
            return Err(unable("swj_pins"));
        }
        self.with(|probe| probe.drive_reset(out & NRESET == 0))?;
        Ok(PINS_UNKNOWN)
    }

    fn into_probe(self: Box<Self>) -> Box<dyn DebugProbe> {
        self
    }

    fn core_status_notification(&mut self, _: CoreStatus) -> Result<(), DebugProbeError> {
        Ok(())
    }
}

fn unable(command_name: &'static str) -> DebugProbeError {
    DebugProbeError::CommandNotSupportedByProbe { command_name }
}
