//! The nRF52840's debug port: a full Arm DPv1 behind an SWJ line, with its two access ports. Reads
//! of an access port are posted (each returns the one before; RDBUFF returns the last), and an access
//! that fails sets the sticky error, which refuses everything until ABORT clears it.

use super::ahb_ap::AhbAp;
use super::ctrl_ap::CtrlAp;
use super::line::Line;
use super::target::DebugTarget;
use crate::time::Ticks;

/// Which half of a debug port an access is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// The debug port's own registers.
    Debug,
    /// The access port and bank that SELECT names.
    Access,
}

/// What an access does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write(u32),
}

/// One register access on the SWD line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Transfer {
    pub(crate) port: Port,
    /// 0, 4, 8 or 0xC.
    pub(crate) address: u8,
    pub(crate) access: Access,
}

/// Why an access was not made. WAIT is not among them: an access here ends within its transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An earlier access failed, or an access port is not powered.
    #[error("the debug port answers FAULT")]
    Fault,
    /// Nothing answers on the line.
    #[error("the debug port does not answer")]
    NoAcknowledge,
}

const DPIDR: u32 = 0x2BA0_1477;

/// ORUNDETECT, MASKLANE, CDBGPWRUPREQ and CSYSPWRUPREQ. Pushed operations and the transaction
/// counter are not there: they read as zero.
const CTRL_WRITABLE: u32 = 0x5000_0F01;
const CTRL_STICKYERR: u32 = 1 << 5;
const CTRL_READOK: u32 = 1 << 6;
const CTRL_CDBGPWRUPREQ: u32 = 1 << 28;
const CTRL_CSYSPWRUPREQ: u32 = 1 << 30;

const ABORT_STKERRCLR: u32 = 1 << 2;

/// DLCR as it resets: one turnaround cycle, synchronous line.
const DLCR: u32 = 0x40;

/// Debug Halting Control and Status Register, which debuggers poll for the core to halt.
const DHCSR: u32 = 0xE000_EDF0;
const DHCSR_S_HALT: u32 = 1 << 17;

/// A debugger that polls is waiting: every further poll lets twice the time pass, from this...
const FIRST_PATIENCE: Ticks = Ticks::from_micros(10);
/// ...up to this.
const MOST_PATIENCE: Ticks = Ticks::from_millis(10);

/// How fast the patience of polls in a row grows, and how far.
#[derive(Debug, Clone, Copy)]
struct Growth {
    factor: u64,
    most: Ticks,
}

/// Where the time that passes is looked at.
const CALM: Growth = Growth {
    factor: 2,
    most: MOST_PATIENCE,
};
/// Where it is not: a debugger sleeps for a millisecond of the host's between polls, and a page is
/// erased in a few.
const HASTY: Growth = Growth {
    factor: 4,
    most: Ticks::from_millis(100),
};

/// The debug port's state.
#[derive(Debug, Clone)]
pub(crate) struct DebugPort {
    line: Line,
    ctrl: u32,
    select: u32,
    sticky_error: bool,
    read_ok: bool,
    /// What RDBUFF and the next read of an access port return.
    posted: u32,
    /// What RESEND returns.
    resend: u32,
    ahb_ap: AhbAp,
    ctrl_ap: CtrlAp,
    /// nRESET, as the probe drives it.
    reset_pin: bool,
    reset_held: bool,
    /// How long the next poll in a row lets pass.
    patience: Ticks,
    growth: Growth,
    /// What polls since the last [`DebugPort::take_patience`] let pass.
    waited: Ticks,
    /// Why the target stopped, once it did.
    stopped: Option<String>,
}

impl DebugPort {
    /// A port that has just got its power.
    pub(crate) fn new() -> DebugPort {
        DebugPort::growing(CALM)
    }

    /// The same where nobody looks at the time that passes.
    pub(crate) fn hasty() -> DebugPort {
        DebugPort::growing(HASTY)
    }

    fn growing(growth: Growth) -> DebugPort {
        DebugPort {
            growth,
            line: Line::new(),
            ctrl: 0,
            select: 0,
            sticky_error: false,
            read_ok: false,
            posted: 0,
            resend: 0,
            ahb_ap: AhbAp::new(),
            ctrl_ap: CtrlAp::default(),
            reset_pin: false,
            reset_held: false,
            patience: FIRST_PATIENCE,
            waited: Ticks::default(),
            stopped: None,
        }
    }

    /// Bits that are no register access, as [`Line::sequence`].
    pub(crate) fn sequence(&mut self, length: u32, bits: u32) {
        self.line.sequence(length, bits);
    }

    /// Drives or frees nRESET.
    pub(crate) fn drive_reset(&mut self, asserted: bool, target: &mut impl DebugTarget) {
        self.reset_pin = asserted;
        self.update_reset(target);
    }

    /// Whether the reset pin is driven.
    pub(crate) fn drives_reset(&self) -> bool {
        self.reset_pin
    }

    fn update_reset(&mut self, target: &mut impl DebugTarget) {
        let hold = self.reset_pin || self.ctrl_ap.holds_reset();
        if hold != self.reset_held {
            self.reset_held = hold;
            target.hold_reset(hold);
        }
    }

    /// Whether an access failed since the flag was last cleared.
    pub(crate) fn sticky_error(&self) -> bool {
        self.sticky_error
    }

    /// As ABORT with STKERRCLR.
    pub(crate) fn clear_sticky_error(&mut self) {
        self.sticky_error = false;
    }

    /// How long the polls since the last call were willing to wait.
    pub(crate) fn take_patience(&mut self) -> Ticks {
        std::mem::take(&mut self.waited)
    }

    /// Lets virtual time pass. A target that stops is logged once and faults from then on.
    pub(crate) fn advance(&mut self, by: Ticks, target: &mut impl DebugTarget) {
        self.ctrl_ap.advance(by);
        if self.stopped.is_none()
            && let Err(reason) = target.advance(by)
        {
            tracing::error!("the target stopped: {reason}");
            self.stopped = Some(reason);
        }
    }

    /// Makes one register access. A read returns its value.
    pub(crate) fn transfer(
        &mut self,
        transfer: Transfer,
        target: &mut impl DebugTarget,
    ) -> Result<Option<u32>, Refusal> {
        if !target.powered() {
            *self = DebugPort {
                reset_pin: self.reset_pin,
                reset_held: self.reset_held,
                patience: self.patience,
                waited: self.waited,
                ..DebugPort::growing(self.growth)
            };
            // A target that has just got its pack takes a while to start.
            self.poll(true);
            self.update_reset(target);
            return Err(Refusal::NoAcknowledge);
        }
        let Transfer {
            port,
            address,
            access,
        } = transfer;
        let reads_dpidr = port == Port::Debug && address == 0 && access == Access::Read;
        if !self.line.access(reads_dpidr) {
            return Err(Refusal::NoAcknowledge);
        }
        match (port, access) {
            (Port::Debug, Access::Read) => self.read_debug_port(address).map(Some),
            (Port::Debug, Access::Write(value)) => {
                self.write_debug_port(address, value).map(|()| None)
            }
            (Port::Access, Access::Read) => self.read_access_port(address, target).map(Some),
            (Port::Access, Access::Write(value)) => self
                .write_access_port(address, value, target)
                .map(|()| None),
        }
    }

    fn read_debug_port(&mut self, address: u8) -> Result<u32, Refusal> {
        match (address, self.select & 0xF) {
            (0x0, _) => Ok(DPIDR),
            (0x4, 0) => Ok(self.ctrl_stat()),
            _ if self.sticky_error => Err(Refusal::Fault),
            (0x4, 1) => Ok(DLCR),
            (0x4, _) => Ok(0),
            (0x8, _) => Ok(self.resend),
            _ => {
                self.read_ok = true;
                self.resend = self.posted;
                Ok(self.posted)
            }
        }
    }

    fn ctrl_stat(&self) -> u32 {
        let mut value = self.ctrl;
        if self.ctrl & CTRL_CDBGPWRUPREQ != 0 {
            value |= CTRL_CDBGPWRUPREQ << 1;
        }
        if self.ctrl & CTRL_CSYSPWRUPREQ != 0 {
            value |= CTRL_CSYSPWRUPREQ << 1;
        }
        if self.sticky_error {
            value |= CTRL_STICKYERR;
        }
        if self.read_ok {
            value |= CTRL_READOK;
        }
        value
    }

    fn write_debug_port(&mut self, address: u8, value: u32) -> Result<(), Refusal> {
        match (address, self.select & 0xF) {
            (0x0, _) => {
                if value & ABORT_STKERRCLR != 0 {
                    self.clear_sticky_error();
                }
            }
            _ if self.sticky_error => return Err(Refusal::Fault),
            (0x4, 0) => self.ctrl = value & CTRL_WRITABLE,
            (0x8, _) => self.select = value,
            _ => tracing::debug!("write of {value:#010x} to reserved DP register {address:#x}"),
        }
        Ok(())
    }

    /// The selected access port's register at `address`, or why there is no access.
    fn register(&mut self, address: u8) -> Result<(u8, u8), Refusal> {
        if self.sticky_error {
            return Err(Refusal::Fault);
        }
        if self.ctrl & CTRL_CDBGPWRUPREQ == 0 {
            self.sticky_error = true;
            return Err(Refusal::Fault);
        }
        Ok((
            (self.select >> 24) as u8,
            (self.select & 0xF0) as u8 | address,
        ))
    }

    fn read_access_port(
        &mut self,
        address: u8,
        target: &mut impl DebugTarget,
    ) -> Result<u32, Refusal> {
        self.read_ok = false;
        let (ap, register) = self.register(address)?;
        let read_from = self.ahb_ap.address();
        let value = match ap {
            0 if self.stopped.is_some() => None,
            0 => match self.ahb_ap.read(register, target) {
                Ok(value) => Some(value),
                Err(error) => {
                    tracing::debug!("debug read: {error}");
                    None
                }
            },
            1 => Some(self.ctrl_ap.read(register)),
            _ => Some(0),
        };
        self.sticky_error |= value.is_none();
        let value = value.unwrap_or(0);
        match ap {
            0 if register == 0x0C && read_from == DHCSR => self.poll(value & DHCSR_S_HALT == 0),
            1 if register == 0x08 => self.poll(self.ctrl_ap.is_erasing()),
            _ => {}
        }
        self.read_ok = true;
        self.resend = std::mem::replace(&mut self.posted, value);
        Ok(self.resend)
    }

    fn write_access_port(
        &mut self,
        address: u8,
        value: u32,
        target: &mut impl DebugTarget,
    ) -> Result<(), Refusal> {
        let (ap, register) = self.register(address)?;
        match ap {
            0 if self.stopped.is_some() => self.sticky_error = true,
            0 => {
                if register >= 0x0C {
                    self.patience = FIRST_PATIENCE;
                }
                if let Err(error) = self.ahb_ap.write(register, value, target) {
                    tracing::debug!("debug write: {error}");
                    self.sticky_error = true;
                }
            }
            1 => {
                self.patience = FIRST_PATIENCE;
                self.ctrl_ap.write(register, value, target);
                self.update_reset(target);
            }
            _ => tracing::debug!("write of {value:#010x} to access port {ap}, which is empty"),
        }
        Ok(())
    }

    /// A debugger read a status that it may be waiting on; `busy` says that it has to go on.
    fn poll(&mut self, busy: bool) {
        if busy {
            self.waited += self.patience;
            let longer = self.patience.0 * self.growth.factor;
            self.patience = Ticks(longer.min(self.growth.most.0));
        } else {
            self.patience = FIRST_PATIENCE;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Fake, RAM};
    use super::*;

    struct Bench {
        port: DebugPort,
        fake: Fake,
        transcript: String,
    }

    impl Bench {
        fn new() -> Bench {
            Bench {
                port: DebugPort::new(),
                fake: Fake::new(),
                transcript: String::new(),
            }
        }

        fn line(&mut self, what: &str, ones: u32, length: u32, bits: u32) {
            for _ in 0..ones {
                self.port.sequence(1, 1);
            }
            self.port.sequence(length, bits);
            self.transcript += &format!("{what}\n");
        }

        fn transfer(&mut self, port: Port, address: u8, access: Access) -> Result<u32, Refusal> {
            let name = match port {
                Port::Debug => "DP",
                Port::Access => "AP",
            };
            let result = self.port.transfer(
                Transfer {
                    port,
                    address,
                    access,
                },
                &mut self.fake,
            );
            self.transcript += &match access {
                Access::Read => format!("read  {name} {address:#x}             "),
                Access::Write(value) => format!("write {name} {address:#x} {value:#010x}  "),
            };
            self.transcript += &match result {
                Ok(Some(value)) => format!("{value:#010x}\n"),
                Ok(None) => "ok\n".to_owned(),
                Err(refusal) => format!("{refusal:?}\n"),
            };
            result.map(Option::unwrap_or_default)
        }

        fn read(&mut self, port: Port, address: u8) -> Result<u32, Refusal> {
            self.transfer(port, address, Access::Read)
        }

        fn write(&mut self, port: Port, address: u8, value: u32) {
            let _ = self.transfer(port, address, Access::Write(value));
        }

        fn attach(&mut self) {
            self.line("line reset", 51, 0, 0);
            self.line("JTAG to SWD", 0, 16, 0xE79E);
            self.line("line reset and idle", 51, 3, 0);
            let _ = self.read(Port::Debug, 0x0);
            self.write(Port::Debug, 0x0, 0x1E);
            self.write(Port::Debug, 0x8, 0);
            let _ = self.read(Port::Debug, 0x4);
            self.write(Port::Debug, 0x4, 0x5000_0F00);
            let _ = self.read(Port::Debug, 0x4);
        }
    }

    #[test]
    fn attaches_and_reads_both_access_ports() {
        let mut bench = Bench::new();
        bench.attach();
        for select in [0x0000_00F0, 0x0100_00F0, 0x0200_00F0] {
            bench.write(Port::Debug, 0x8, select);
            let _ = bench.read(Port::Access, 0xC);
            let _ = bench.read(Port::Debug, 0xC);
        }
        insta::assert_snapshot!(bench.transcript, @"
        line reset
        JTAG to SWD
        line reset and idle
        read  DP 0x0             0x2ba01477
        write DP 0x0 0x0000001e  ok
        write DP 0x8 0x00000000  ok
        read  DP 0x4             0x00000000
        write DP 0x4 0x50000f00  ok
        read  DP 0x4             0xf0000f00
        write DP 0x8 0x000000f0  ok
        read  AP 0xc             0x00000000
        read  DP 0xc             0x24770011
        write DP 0x8 0x010000f0  ok
        read  AP 0xc             0x24770011
        read  DP 0xc             0x02880000
        write DP 0x8 0x020000f0  ok
        read  AP 0xc             0x02880000
        read  DP 0xc             0x00000000
        ");
    }

    #[test]
    fn without_power_nothing_answers_and_the_state_is_gone() {
        let mut bench = Bench::new();
        bench.attach();
        bench.fake.powered = false;
        assert_eq!(bench.read(Port::Debug, 0x4), Err(Refusal::NoAcknowledge));
        bench.fake.powered = true;
        assert_eq!(bench.read(Port::Debug, 0x4), Err(Refusal::NoAcknowledge));
        bench.attach();
        assert_eq!(bench.read(Port::Debug, 0x4), Ok(0xF000_0F00));
    }

    #[test]
    fn access_ports_need_the_debug_domain_powered() {
        let mut bench = Bench::new();
        bench.attach();
        bench.write(Port::Debug, 0x4, 0);
        assert_eq!(bench.read(Port::Access, 0x0), Err(Refusal::Fault));
        assert_eq!(bench.read(Port::Debug, 0x4), Ok(0x20));
    }

    #[test]
    fn reads_are_posted_and_a_failed_one_sticks() {
        let mut bench = Bench::new();
        bench.fake.set_word(RAM, 11);
        bench.fake.set_word(RAM + 4, 22);
        bench.attach();
        bench.transcript.clear();
        bench.write(Port::Access, 0x0, 0x12);
        bench.write(Port::Access, 0x4, RAM);
        for _ in 0..2 {
            let _ = bench.read(Port::Access, 0xC);
        }
        let _ = bench.read(Port::Debug, 0xC);
        let _ = bench.read(Port::Debug, 0x8);
        bench.write(Port::Access, 0x4, 0x7000_0000);
        let _ = bench.read(Port::Access, 0xC);
        let _ = bench.read(Port::Debug, 0xC);
        bench.write(Port::Debug, 0x8, 0xF0);
        let _ = bench.read(Port::Debug, 0x4);
        let _ = bench.read(Port::Debug, 0x0);
        bench.write(Port::Debug, 0x0, ABORT_STKERRCLR);
        let _ = bench.read(Port::Debug, 0x4);
        bench.write(Port::Access, 0x4, RAM);
        insta::assert_snapshot!(bench.transcript, @"
        write AP 0x0 0x00000012  ok
        write AP 0x4 0x20000000  ok
        read  AP 0xc             0x00000000
        read  AP 0xc             0x0000000b
        read  DP 0xc             0x00000016
        read  DP 0x8             0x00000016
        write AP 0x4 0x70000000  ok
        read  AP 0xc             0x00000016
        read  DP 0xc             Fault
        write DP 0x8 0x000000f0  Fault
        read  DP 0x4             0xf0000f60
        read  DP 0x0             0x2ba01477
        write DP 0x0 0x00000004  ok
        read  DP 0x4             0xf0000f40
        write AP 0x4 0x20000000  ok
        ");
    }

    #[test]
    fn polling_a_running_core_waits_longer_each_time() {
        let mut bench = Bench::new();
        bench.attach();
        bench.write(Port::Access, 0x0, 0x2);
        bench.write(Port::Access, 0x4, DHCSR);
        let mut waits = Vec::new();
        for _ in 0..12 {
            let _ = bench.read(Port::Access, 0xC);
            waits.push(bench.port.take_patience().to_nanos() / 1000);
        }
        assert_eq!(
            waits,
            [
                10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10_000, 10_000
            ]
        );
        bench.fake.halted = true;
        let _ = bench.read(Port::Access, 0xC);
        assert_eq!(bench.port.take_patience(), Ticks::default());
    }

    #[test]
    fn a_page_is_erased_within_eight_polls_where_nobody_looks_at_the_time() {
        let mut bench = Bench::new();
        bench.port = DebugPort::hasty();
        bench.attach();
        bench.write(Port::Access, 0x0, 0x2);
        bench.write(Port::Access, 0x4, DHCSR);
        let mut waited = Ticks::default();
        for _ in 0..8 {
            let _ = bench.read(Port::Access, 0xC);
            waited += bench.port.take_patience();
        }
        assert!(waited > Ticks::from_millis(85));
    }

    #[test]
    fn either_reset_holds_the_target() {
        let mut bench = Bench::new();
        bench.attach();
        bench.write(Port::Debug, 0x8, 0x0100_0000);
        bench.write(Port::Access, 0x0, 1);
        assert!(bench.fake.in_reset);
        bench.port.drive_reset(true, &mut bench.fake);
        bench.write(Port::Access, 0x0, 0);
        assert!(bench.fake.in_reset);
        bench.port.drive_reset(false, &mut bench.fake);
        assert!(!bench.fake.in_reset);
    }

    #[test]
    fn a_target_that_stopped_faults() {
        let mut bench = Bench::new();
        bench.attach();
        bench.fake.fails = Some("TWIM0 is not modelled".to_owned());
        bench.port.advance(Ticks::SECOND, &mut bench.fake);
        bench.write(Port::Access, 0x4, RAM);
        let _ = bench.read(Port::Access, 0xC);
        assert_eq!(bench.read(Port::Debug, 0xC), Err(Refusal::Fault));
    }
}
