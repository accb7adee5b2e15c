//! What a probe does on the SWD line between two answers to a debugger. Virtual time passes by what
//! crosses the line: each frame costs its SWCLK cycles, and a debugger that polls for something to end
//! lets more and more pass. So a session's virtual time depends on what the debugger does, never on how
//! long it takes to do it.
//!
//! probe-rs's Glasgow driver gives up a batch at its first refusal, reads no further answer to it and
//! never clears the sticky error. It is met here: a failed write is reported by its own answer, nothing
//! follows a refusal in its frame, and the sticky error is cleared.

use super::dp::{Access, DebugPort, Port, Refusal, Transfer};
use super::target::DebugTarget;
use crate::time::Ticks;

/// In hertz; SWCLK is this over divisor plus one.
pub(crate) const REFERENCE_CLOCK: u32 = 16_000_000;
const REFERENCE_PERIOD: Ticks = Ticks::PCLK16M;
/// 8 MHz, the fastest that the nRF52840 takes.
pub(crate) const FIRST_DIVISOR: u16 = 1;

/// SWCLK cycles of a whole transfer: request, turnarounds, acknowledge, data and parity.
const TRANSFER_CYCLES: u64 = 46;
/// SWCLK cycles of a transfer without data.
const REFUSAL_CYCLES: u64 = 13;

/// A frame on its way.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    cycles: u64,
}

impl Frame {
    /// Drives `length` bits, lowest first.
    pub(crate) fn sequence(&mut self, length: u32, bits: u32, port: &mut DebugPort) {
        port.sequence(length, bits);
        self.cycles += u64::from(length);
    }

    /// Makes one access. After a refusal the frame ends.
    pub(crate) fn transfer(
        &mut self,
        transfer: Transfer,
        port: &mut DebugPort,
        target: &mut impl DebugTarget,
    ) -> Result<Option<u32>, Refusal> {
        let mut result = port.transfer(transfer, target);
        let writes = matches!(transfer.access, Access::Write(_));
        if writes && transfer.port == Port::Access && port.sticky_error() {
            result = Err(Refusal::Fault);
        }
        self.cycles += match result {
            Ok(_) => TRANSFER_CYCLES,
            Err(_) => REFUSAL_CYCLES,
        };
        if result == Err(Refusal::Fault) {
            port.clear_sticky_error();
        }
        result
    }

    /// Lets the time pass that it took.
    pub(crate) fn end(self, divisor: u16, port: &mut DebugPort, target: &mut impl DebugTarget) {
        let period = REFERENCE_PERIOD.0 * (u64::from(divisor) + 1);
        let time = Ticks(self.cycles * period) + port.take_patience();
        port.advance(time, target);
    }
}
