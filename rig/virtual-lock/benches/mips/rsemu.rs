//! The same image on the Cortex-M4 of the `rsemu` crate, another interpreter in Rust.

use std::sync::Arc;
use std::time::Duration;

use rsemu::core::space::{AddressSpace, RamStore, Region, UnassignedPolicy};
use rsemu::cpu::arm::v7m::{ArmV7m, Config};

use super::clock::processor_time;

/// Cycles between looks at the clock.
const CHUNK: u64 = 1_000_000;

/// Runs an image for some processor time; the rounds counted at an offset in RAM, and the time.
pub(crate) fn rounds_in(
    image: &[u8],
    offset: u64,
    time: Duration,
) -> Result<(u32, Duration), String> {
    let said = |error: &dyn std::fmt::Debug| format!("{error:?}");
    let flash = Arc::new(RamStore::new(1 << 20));
    flash.write_at(0, image).map_err(|e| said(&e))?;
    let ram = Arc::new(RamStore::new(256 << 10));
    let space = AddressSpace::new("memory", 32).with_unassigned(UnassignedPolicy::FAULT);
    for (name, store, base) in [("flash", &flash, 0), ("ram", &ram, 0x2000_0000)] {
        let region = Region::ram(name, Arc::clone(store));
        space.topology().map(region, base).map_err(|e| said(&e))?;
    }
    let core = ArmV7m::new(Config::CORTEX_M4);
    core.attach_space(Arc::new(space));
    let process = std::process::id();
    let now = || processor_time(process).map_err(|e| said(&e));
    let begin = now()?;
    let mut end = begin;
    while end - begin < time {
        core.run(CHUNK);
        end = now()?;
    }
    let mut rounds = [0; 4];
    ram.read_at(offset, &mut rounds).map_err(|e| said(&e))?;
    Ok((u32::from_le_bytes(rounds), end - begin))
}
