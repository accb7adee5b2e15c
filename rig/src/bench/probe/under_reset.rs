//! Attaching while the chip is held in reset. probe-rs asks the core to halt as it leaves reset
//! before it has enabled debug, and a core that was just powered ignores that (ARMv7-M architecture
//! reference manual, C1.6.2, "Debug Halting Control and Status Register"): so here debug comes first.

use std::sync::Arc;

use probe_rs::architecture::arm::core::armv7m::Dhcsr;
use probe_rs::architecture::arm::memory::ArmMemoryInterface;
use probe_rs::architecture::arm::sequences::ArmDebugSequence;
use probe_rs::architecture::arm::{ArmDebugInterface, ArmError, FullyQualifiedApAddress};
use probe_rs::config::DebugSequence;
use probe_rs::{CoreType, MemoryMappedRegister, Permissions, Target};

/// The same chip, attached to under reset by our order of steps.
pub(super) fn target(chip: &Target) -> Target {
    let mut chip = chip.clone();
    if let DebugSequence::Arm(inner) = chip.debug_sequence {
        chip.debug_sequence = DebugSequence::Arm(Arc::new(DebugFirst { inner }));
    }
    chip
}

/// A chip's own sequence, but for the catch of the reset.
#[derive(Debug)]
struct DebugFirst {
    inner: Arc<dyn ArmDebugSequence>,
}

impl ArmDebugSequence for DebugFirst {
    fn debug_device_unlock(
        &self,
        interface: &mut dyn ArmDebugInterface,
        ap: &FullyQualifiedApAddress,
        permissions: &Permissions,
    ) -> Result<(), ArmError> {
        self.inner.debug_device_unlock(interface, ap, permissions)
    }

    fn reset_catch_set(
        &self,
        core: &mut dyn ArmMemoryInterface,
        core_type: CoreType,
        debug_base: Option<u64>,
    ) -> Result<(), ArmError> {
        let mut dhcsr = Dhcsr(0);
        dhcsr.set_c_debugen(true);
        dhcsr.enable_write();
        core.write_word_32(Dhcsr::get_mmio_address(), dhcsr.into())?;
        self.inner.reset_catch_set(core, core_type, debug_base)
    }
}
