//! The virtual lock: core, chip and board as one thing that runs in virtual time. What the rig does to it
//! takes effect now; what it does is told as events with their exact tick.

use crate::board::signal::{Contact, Signal};
use crate::board::{
    Board, Event, HUB_BIT, Handing, Jam, PowerChange, Start, Supply, Way, What, wiring,
};
use crate::cpu::bus::Bus;
use crate::cpu::{Core, Exit, Stop};
use crate::log::{LogChunk, LogTap};
use crate::nrf52840::{Chip, Reset};
use crate::time::Ticks;

mod port;
#[cfg(test)]
mod tests;

/// The hub's line into the lock, as the chip counts pins.
const HUB_RXD: u8 = 32 * wiring::HUB_RXD.port + wiring::HUB_RXD.number;

/// Why the lock cannot do what it was asked to, or cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// No lock has this contact.
    #[error("touch {0:?}: no lock has this contact")]
    NoContact(Contact),
    /// The program did something that the model has no truthful answer to.
    #[error("run on: {stop} after {seconds:.6} s")]
    Stopped {
        /// What, and where in the program.
        stop: Stop,
        /// When, since the epoch.
        seconds: Seconds,
    },
    /// A peripheral or the board met something that is not modelled.
    #[error("run on: {what} is not modelled, after {seconds:.6} s")]
    NotModelled {
        /// What.
        what: String,
        /// When, since the epoch.
        seconds: Seconds,
    },
    /// Time can only start over while no pack is in.
    #[error("start time over: the pack is in")]
    Powered,
}

/// A time in messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(Ticks);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.0.to_nanos() as f64 / 1e9;
        std::fmt::Display::fmt(&seconds, f)
    }
}

/// A whole lock. A clone is a fork: both go on from here, each for itself.
#[derive(Clone, Debug)]
pub struct VirtualLock {
    core: Core,
    chip: Chip,
    board: Board,
    /// Up to when everything has happened.
    time: Ticks,
    held_in_reset: bool,
    log: Option<LogTap>,
}

impl Default for VirtualLock {
    fn default() -> Self {
        VirtualLock::new()
    }
}

impl VirtualLock {
    /// A lock as new: no pack, flash and UICR erased, contacts open, a left-hand door, the bolt
    /// retracted, and time 0.
    pub fn new() -> VirtualLock {
        let lock = VirtualLock {
            core: Core::new(),
            chip: Chip::new(),
            board: Board::new(),
            time: Ticks(0),
            held_in_reset: false,
            log: None,
        };
        lock.fresh()
    }

    fn fresh(mut self) -> VirtualLock {
        let motor = [Signal::MotorOpen, Signal::MotorClose].map(|signal| wiring::signal(signal).0);
        let bit = |pin: wiring::Pin| 1 << (32 * pin.port + pin.number);
        self.chip.react_to(bit(motor[0]) | bit(motor[1]));
        self.board.take_events();
        self.pass_on();
        self
    }

    /// Puts `bytes` into flash at `address` as if they had always been there. For tests of the chip: a
    /// lock is flashed through its debug port.
    pub fn load(&mut self, address: u32, bytes: &[u8]) {
        self.chip.load(address, bytes);
    }

    /// Takes over what `other`, a fork, has decoded of the code that both still have in common, so that this
    /// one need not. Nothing of what happens changes by it.
    pub fn learn(&mut self, other: &VirtualLock) {
        let (own, others) = (&self.chip, &other.chip);
        self.core.learn(own, &other.core, others, |page| {
            own.shares_flash(others, page)
        });
    }

    /// Up to when everything has happened, and been told.
    pub fn now(&self) -> Ticks {
        self.time
    }

    /// Closes or opens a contact, now.
    pub fn set_contact(&mut self, contact: Contact, closed: bool) -> Result<(), LockError> {
        if wiring::contact(contact).is_none() {
            return Err(LockError::NoContact(contact));
        }
        self.board.set_contact(contact, closed);
        self.settle()
    }

    /// How long contacts bounce from now on; 0, as at first, is not at all.
    pub fn set_bounce(&mut self, time: Ticks) {
        self.board.set_bounce(time);
    }

    /// Changes the pack that is in, or that will be put in.
    pub fn set_supply(&mut self, supply: Supply) -> Result<(), LockError> {
        self.board.set_pack(supply);
        self.settle()
    }

    /// Puts the pack in.
    pub fn connect(&mut self) -> Result<(), LockError> {
        self.board.connect_pack(true);
        self.settle()
    }

    /// Takes the pack out.
    pub fn disconnect(&mut self) -> Result<(), LockError> {
        self.board.connect_pack(false);
        self.settle()
    }

    /// Hangs the door the other way.
    pub fn set_door(&mut self, handing: Handing) -> Result<(), LockError> {
        self.board.set_handing(handing);
        self.settle()
    }

    /// Begins to turn the key, or thumb-turn, all the way.
    pub fn turn_key(&mut self, to: Way) -> Result<(), LockError> {
        self.board.turn_key(to);
        self.settle()
    }

    /// Puts something in the bolt's way, or takes it out.
    pub fn set_jam(&mut self, jam: Option<Jam>) -> Result<(), LockError> {
        self.board.set_jam(jam);
        self.settle()
    }

    /// Sends bytes from the hub, after those that are still being sent.
    pub fn hub_send(&mut self, bytes: &[u8]) {
        self.board.hub_send(bytes);
    }

    /// Where the bolt is, in travels: 0 is retracted, 1 extended.
    pub fn bolt(&self) -> f64 {
        self.board.bolt()
    }

    /// Orders the pack to be taken out in the middle of the `nth` flash word write or page erase from
    /// now; 0 takes the order back.
    pub fn cut_power_at(&mut self, nth: u64) {
        self.chip.cut_power_at(nth);
    }

    /// Flash word writes and page erases so far.
    pub fn flash_operations(&self) -> u64 {
        self.chip.flash_operations()
    }

    /// Everything that has happened since this was last asked, in time order.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.board.take_events()
    }

    /// Reads what the firmware logs from now on, through the RTT control block at `control` in RAM.
    /// Watching changes nothing of what happens.
    pub fn watch_log(&mut self, control: u32) {
        self.log = Some(LogTap::new(control));
    }

    /// What the firmware has logged since this was last asked; nothing unless it is watched.
    pub fn take_log(&mut self) -> Vec<LogChunk> {
        self.log.as_mut().map(LogTap::take).unwrap_or_default()
    }

    /// Every level and sample as it is now, for whoever begins to watch.
    pub fn levels(&self) -> Vec<What> {
        self.board.levels()
    }

    /// Starts time over at 0, so that nothing that comes depends on what was. Events and log not
    /// yet taken are dropped. Only while no pack is in.
    pub fn reset_clock(&mut self) -> Result<(), LockError> {
        if self.board.has_pack() {
            return Err(LockError::Powered);
        }
        self.core.lose_power();
        self.chip.reset_clock();
        self.take_log();
        self.board.reset_clock();
        self.time = Ticks(0);
        self.pass_on();
        Ok(())
    }

    /// Nothing that can be seen happens before this, unless something is done from outside: the core sleeps until
    /// chip or board have something for it. Now, where it has something to do.
    pub fn quiet_until(&self) -> Ticks {
        let board = self.board.next_event();
        if !self.runs() {
            return board;
        }
        if !self.core.is_sleeping() || self.chip.interrupts() != 0 || self.chip.wants_attention() {
            return self.time;
        }
        board
            .min(self.chip.next_event())
            .min(self.core.next_event())
    }

    /// Runs until `until`, or does nothing where that is past.
    pub fn run_until(&mut self, until: Ticks) -> Result<(), LockError> {
        while self.time < until {
            let next = self.board.next_event().min(until);
            if self.runs() {
                self.execute(next)?;
                self.catch_up(self.core.now(), None)?;
            } else {
                self.catch_up(next, None)?;
            }
        }
        Ok(())
    }

    /// Whether the core executes, or would if it did not sleep.
    fn runs(&self) -> bool {
        self.board.is_on() && !self.held_in_reset
    }

    /// Lets the core run until `next` or whatever comes first, or lets it sleep that long.
    fn execute(&mut self, next: Ticks) -> Result<(), LockError> {
        let exit = self.core.run(&mut self.chip, next);
        if let Some(log) = &mut self.log {
            log.look(&self.chip, self.core.now());
        }
        match exit {
            Exit::Reached => self.chip.set_core_state(false, false, self.core.now()),
            Exit::Sleeping => {
                self.chip.set_core_state(true, false, self.core.now());
                self.sleep(next.min(self.core.next_event()))?;
            }
            Exit::Halted => {
                self.chip.set_core_state(false, true, self.core.now());
                self.core.stand_until(next.min(self.chip.next_event()));
            }
            Exit::ResetRequested => self.reset(Reset::Soft)?,
            Exit::Stopped(stop) => return Err(self.stopped(stop)),
        }
        Ok(())
    }

    /// Lets the chip go on without its core until `next` or until an interrupt line changes.
    fn sleep(&mut self, next: Ticks) -> Result<(), LockError> {
        let lines = self.chip.interrupts();
        while self.time < next && self.runs() && self.chip.interrupts() == lines {
            self.catch_up(next, Some(lines))?;
        }
        self.core.skip_to(self.time.min(next));
        Ok(())
    }

    fn stopped(&self, stop: Stop) -> LockError {
        LockError::Stopped {
            stop,
            seconds: Seconds(self.core.now()),
        }
    }

    /// Brings chip and board to `target`, each event of either in its turn; with `lines`, only until
    /// the interrupt lines are others.
    fn catch_up(&mut self, target: Ticks, lines: Option<u64>) -> Result<(), LockError> {
        loop {
            let stop = target.min(self.board.next_event()).max(self.time);
            let at = match self.runs() {
                true => self.chip.advance(stop, lines),
                false => stop,
            };
            self.time = self.time.max(at);
            if self.chip.wants_attention() {
                self.attend()?;
            } else if self.chip.has_pins() {
                self.show_pins();
            }
            if lines.is_some_and(|lines| self.chip.interrupts() != lines) {
                self.board.pass(self.time);
                return Ok(());
            }
            if at < stop {
                continue;
            }
            if self.board.next_event() > target {
                self.board.pass(self.time);
                return Ok(());
            }
            self.board.advance(stop);
            self.pass_on();
            self.power()?;
        }
    }

    /// Shows the board what the chip's pins do.
    fn show_pins(&mut self) {
        self.board.pins_changed(self.chip.drain_pins());
    }

    /// Does what the chip wants the world to do: pins, bytes, watchdog, power cut.
    fn attend(&mut self) -> Result<(), LockError> {
        self.show_pins();
        let (chip, board) = (&mut self.chip, &mut self.board);
        let mut refused = None;
        for byte in chip.drain_serial() {
            refused = refused.or(board.byte_sent(byte).err());
        }
        if let Some(what) = refused.or(chip.gap().map(String::from)) {
            return Err(LockError::NotModelled {
                what,
                seconds: Seconds(self.time),
            });
        }
        if chip.power_cut_is_due() {
            board.advance(self.time);
            board.connect_pack(false);
        }
        let bites = chip.watchdog_bites();
        chip.attended();
        self.pass_on();
        self.power()?;
        if bites && self.runs() {
            self.reset(Reset::Watchdog)?;
        }
        Ok(())
    }

    /// Passes what the board does to the processor's pins on.
    fn pass_on(&mut self) {
        if !self.board.take_changed() {
            return;
        }
        let now = self.board.now();
        for (pin, drive) in self.board.drain_lines() {
            self.chip.set_line(pin, drive, now);
        }
        let on = self.board.is_on();
        for byte in self.board.drain_bytes().filter(|_| on) {
            self.chip.serial_in(HUB_RXD, byte, HUB_BIT, now);
        }
        for (input, volts) in self.board.analog() {
            self.chip.set_analog(input, volts);
        }
        if on {
            self.chip.set_vdd(self.board.vdd(), now);
        }
    }

    /// Follows the board's supervisor: starts and stops the processor.
    fn power(&mut self) -> Result<(), LockError> {
        let now = self.board.now();
        match self.board.take_power_change() {
            None => Ok(()),
            Some(PowerChange::Off) => {
                self.chip.power_off(now);
                self.core.lose_power();
                self.show_pins();
                self.chip.attended();
                self.pass_on();
                self.power()
            }
            Some(PowerChange::On(start)) => {
                self.chip.power_on(self.board.vdd(), now);
                self.core.lose_power();
                self.core.skip_to(now);
                self.board.note_start(start);
                self.start()
            }
        }
    }

    /// Resets the processor while it has power.
    fn reset(&mut self, reset: Reset) -> Result<(), LockError> {
        let now = self.core.now();
        self.chip.reset(reset, now);
        self.show_pins();
        self.chip.attended();
        self.board.note_start(match reset {
            Reset::Pin => Start::Pin,
            Reset::Watchdog => Start::Watchdog,
            Reset::Soft => Start::Soft,
            Reset::Lockup => Start::Lockup,
        });
        self.start()
    }

    fn start(&mut self) -> Result<(), LockError> {
        if let Some(log) = &mut self.log {
            log.restart(&self.chip);
        }
        self.core
            .reset(&mut self.chip)
            .map_err(|stop| self.stopped(stop))
    }

    /// Carries through what was just done to the board.
    fn settle(&mut self) -> Result<(), LockError> {
        self.pass_on();
        self.power()?;
        self.catch_up(self.time, None)
    }
}
