//! Loads and stores as instructions issue them: alignment, regions, the private peripheral bus, and
//! what an access leaves to be done before the next instruction.

use super::bus::{AccessError, Bus, Size, peek, poke};
use super::scb::ccr;
use super::state::{NO_PLAIN_STORE, State};
use super::stop::StopReason;
use crate::time::Ticks;

/// What kept an instruction from completing.
#[derive(Debug)]
pub(super) enum Trap {
    /// The run cannot go on.
    Stop(Box<StopReason>),
    /// UDF.
    Undefined,
    /// Executed with `EPSR.T` clear.
    InvalidState,
    /// A coprocessor that does not exist or is not enabled.
    NoCoprocessor,
    Unaligned,
    DivideByZero,
    /// A bus fault on data at this address.
    DataBus(u32),
    /// A bus fault on an instruction.
    FetchBus,
    /// An instruction from a region that never holds any.
    FetchNever,
    /// A bus fault while floating-point state was stacked lazily.
    LazyBus,
    /// BKPT.
    Breakpoint,
    /// An FPB comparator.
    Comparator,
}

impl Trap {
    pub(super) fn stop(reason: StopReason) -> Trap {
        Trap::Stop(Box::new(reason))
    }
}

impl From<AccessError> for Trap {
    fn from(error: AccessError) -> Trap {
        match error {
            AccessError::Fault { address } => Trap::DataBus(address),
            AccessError::Unmodelled { address, what } => {
                Trap::stop(StopReason::Unmodelled { address, what })
            }
        }
    }
}

/// Address bits that decide whether a store is plain: its region, and those of a misaligned address.
/// See [`State::plain_store`].
pub(super) const fn plain_store(size: Size) -> u32 {
    0xE000_0000 | (size.bytes() as u32 - 1)
}

/// Whether an address is a multiple of the size of what is there.
#[inline(always)]
pub(super) const fn aligned(address: u32, size: Size) -> bool {
    address & (size.bytes() as u32 - 1) == 0
}

/// What the core looks at between instructions. Where an access has changed none of it, the next
/// instruction may follow at once.
fn seen<B: Bus>(bus: &B) -> (u64, Ticks, Ticks, u64, u64) {
    (
        bus.interrupts(),
        bus.next_event(),
        bus.stalled_until(),
        bus.code_generation(),
        bus.ram_generation(),
    )
}

/// How an access leaves the core.
enum Route {
    Bus,
    Private,
}

impl State {
    /// The time of this instruction's accesses.
    pub(super) fn now(&self) -> Ticks {
        Ticks(self.cycles * Ticks::CYCLE.0)
    }

    /// A load by the instruction that starts at `cycles`.
    pub(super) fn load<B: Bus>(
        &mut self,
        bus: &mut B,
        address: u32,
        size: Size,
    ) -> Result<u32, Trap> {
        match aligned(address, size).then(|| peek(bus, address, size)) {
            Some(Some(value)) => Ok(value),
            _ => self.load_special(bus, address, size),
        }
    }

    /// A store by the instruction that starts at `cycles`.
    pub(super) fn store<B: Bus>(
        &mut self,
        bus: &mut B,
        address: u32,
        size: Size,
        value: u32,
    ) -> Result<(), Trap> {
        if address & plain_store(size) == self.plain_store && poke(bus, address, size, value) {
            return Ok(());
        }
        self.store_special(bus, address, size, value)
    }

    /// A load that is unaligned or does not go to memory.
    #[cold]
    #[inline(never)]
    pub(super) fn load_special<B: Bus>(
        &mut self,
        bus: &mut B,
        address: u32,
        size: Size,
    ) -> Result<u32, Trap> {
        let result = match self.route(address, size)? {
            Route::Private => {
                self.resync = true;
                self.polling.accessed();
                self.ppb_read(address, size, false)
            }
            Route::Bus => {
                let before = seen(bus);
                let result = bus.read(address, size, self.now());
                let polls = self.polling.read(bus.is_settled(address), self.cycles);
                self.resync |= polls || seen(bus) != before;
                result
            }
        };
        match result {
            Ok(value) => Ok(value),
            Err(error) => self.data_error(error),
        }
    }

    /// A store that is unaligned, does not go to RAM, or may change decoded code.
    #[cold]
    #[inline(never)]
    pub(super) fn store_special<B: Bus>(
        &mut self,
        bus: &mut B,
        address: u32,
        size: Size,
        value: u32,
    ) -> Result<(), Trap> {
        self.polling.accessed();
        let result = match self.route(address, size)? {
            Route::Private => {
                self.resync = true;
                self.ppb_write(address, size, value, false)
            }
            Route::Bus => {
                let before = seen(bus);
                let result = bus.write(address, size, value, self.now());
                self.resync |= seen(bus) != before;
                result
            }
        };
        let may_be_decoded = match address {
            // Flash, by a word write of the NVMC.
            0..0x2000_0000 => true,
            0x2000_0000..0x4000_0000 => self.plain_store == NO_PLAIN_STORE,
            _ => false,
        };
        if may_be_decoded {
            let (from, to) = self.written.unwrap_or((address, address));
            self.written = Some((from.min(address), to.max(address.saturating_add(4))));
            self.resync = true;
        }
        match result {
            Ok(()) => Ok(()),
            Err(error) => self.data_error(error).map(drop),
        }
    }

    fn route(&self, address: u32, size: Size) -> Result<Route, Trap> {
        let private = address >> 20 == 0xE00;
        if !aligned(address, size) {
            let device = private || matches!(address >> 29, 2 | 5..=7);
            if device || self.scb.ccr & ccr::UNALIGN_TRP != 0 {
                return Err(Trap::Unaligned);
            }
        }
        if private {
            // Only STIR may be open to unprivileged code.
            let user_pend = address == 0xE000_EF00 && self.scb.ccr & ccr::USERSETMPEND != 0;
            if !self.privileged() && !user_pend {
                return Err(Trap::DataBus(address));
            }
            return Ok(Route::Private);
        }
        Ok(Route::Bus)
    }

    /// What a failed access means for the instruction; with `CCR.BFHFNMIGN`, handlers at negative
    /// priority read zero and go on.
    #[cold]
    #[inline(never)]
    pub(super) fn data_error(&mut self, error: AccessError) -> Result<u32, Trap> {
        if matches!(error, AccessError::Fault { .. })
            && self.scb.ccr & ccr::BFHFNMIGN != 0
            && self.execution_priority() < 0
        {
            return Ok(0);
        }
        Err(error.into())
    }
}
