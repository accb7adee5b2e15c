//! The nRF52840 around the core: memory map, peripherals, and the events and tasks between them.
//! Peripherals act at exact ticks; between their events nothing is computed.

mod bus;
mod clock;
mod egu;
mod ficr;
mod gpio;
mod gpiote;
mod memory;
mod names;
mod nvmc;
mod power;
mod ppi;
mod pwm;
mod rng;
mod rtc;
mod saadc;
mod temp;
mod timer;
mod uarte;
mod wdt;
mod wires;

pub use gpio::{Drive, PinChange};
pub use memory::{FLASH_SIZE, PAGE_SIZE, RAM_BASE, RAM_SIZE};
pub use wires::SerialByte;

use crate::time::Ticks;
use egu::Egu;
use gpiote::Gpiote;
use memory::Flash;
use nvmc::Nvmc;
use power::{ClockPower, Retained};
use ppi::Ppi;
use pwm::Pwm;
use rng::Rng;
use rtc::Rtc;
use saadc::Saadc;
use temp::Temp;
use timer::Timer;
use uarte::Uarte;
use wdt::Wdt;
use wires::{Gap, Peripheral, Wires};

/// Why the chip is reset while it has power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reset {
    /// The reset pin, or CTRL-AP.
    Pin,
    /// The watchdog.
    Watchdog,
    /// `AIRCR.SYSRESETREQ`, by the program or a debugger.
    Soft,
    /// The core locked up.
    Lockup,
}

/// Ids of the peripherals that do things by themselves.
const TIMED: [u8; 20] = [
    clock::ID,
    0x02,
    saadc::ID,
    0x08,
    0x09,
    0x0A,
    0x0B,
    temp::ID,
    rng::ID,
    wdt::ID,
    0x11,
    0x1A,
    0x1B,
    0x1C,
    nvmc::ID,
    0x21,
    0x22,
    0x24,
    0x28,
    0x2D,
];

/// Where each id is in [`TIMED`], if it is.
const PLACE: [Option<u8>; 64] = {
    let mut place = [None; 64];
    let mut index = 0;
    while index < TIMED.len() {
        place[TIMED[index] as usize] = Some(index as u8);
        index += 1;
    }
    place
};

/// Where the four PWMs are in [`TIMED`].
const PWM_PLACES: [usize; 4] = [13, 15, 16, 19];
const _: () =
    assert!(TIMED[13] == 0x1C && TIMED[15] == 0x21 && TIMED[16] == 0x22 && TIMED[19] == 0x2D);

/// Events routed in one tick before the chain counts as endless.
const ROUTES_A_TICK: usize = 10_000;

/// The chip without its core. A clone is a fork.
#[derive(Clone, Debug)]
pub struct Chip {
    wires: Wires,
    nvmc: Nvmc,
    clock_power: ClockPower,
    gpiote: Gpiote,
    ppi: Ppi,
    saadc: Saadc,
    temp: Temp,
    rng: Rng,
    wdt: Wdt,
    timers: [Timer; 5],
    rtcs: [Rtc; 3],
    egus: [Egu; 6],
    pwms: [Pwm; 4],
    uartes: [Uarte; 2],
    /// When each of [`TIMED`] is due, the earliest of them, when the core has to stop for it, and the
    /// interrupt lines.
    due: [Ticks; TIMED.len()],
    earliest: Ticks,
    next: Ticks,
    interrupts: u64,
    /// The outside world has to look before time goes on.
    attention: bool,
    reactive: u64,
}

impl Default for Chip {
    fn default() -> Self {
        Chip::new()
    }
}

impl Chip {
    /// A chip from the factory, without power: flash and UICR erased.
    pub fn new() -> Chip {
        Chip::with(
            Wires::new(Flash::erased(), Ticks(0)),
            Nvmc::new(),
            Retained::default(),
        )
    }

    fn with(wires: Wires, nvmc: Nvmc, retained: Retained) -> Chip {
        let mut chip = Chip {
            wires,
            nvmc,
            clock_power: ClockPower::new(retained),
            gpiote: Gpiote::new(),
            ppi: Ppi::new(),
            saadc: Saadc::new(),
            temp: Temp::new(),
            rng: Rng::new(),
            wdt: Wdt::new(),
            timers: [0x08, 0x09, 0x0A, 0x1A, 0x1B].map(Timer::new),
            rtcs: [0x0B, 0x11, 0x24].map(Rtc::new),
            egus: [0x14, 0x15, 0x16, 0x17, 0x18, 0x19].map(Egu::new),
            pwms: [0x1C, 0x21, 0x22, 0x2D].map(Pwm::new),
            uartes: [0x02, 0x28].map(Uarte::new),
            due: [Ticks::NEVER; TIMED.len()],
            earliest: Ticks::NEVER,
            next: Ticks::NEVER,
            interrupts: 0,
            attention: false,
            reactive: u64::MAX,
        };
        for id in TIMED {
            chip.refresh(id);
        }
        chip.look();
        chip
    }

    /// Resets everything that `reset` resets: not flash, UICR, RAM, the reset reasons; a soft reset
    /// and a lockup leave the watchdog running and GPREGRET as it is, too (PS, "Reset behavior").
    pub fn reset(&mut self, reset: Reset, now: Ticks) {
        use power::reason;
        let gentle = matches!(reset, Reset::Soft | Reset::Lockup);
        let mut retained = self.clock_power.power.retained.clone();
        if !gentle {
            retained.general = [0; 2];
        }
        retained.reset_reasons |= match reset {
            Reset::Pin => reason::PIN,
            Reset::Watchdog => reason::DOG,
            Reset::Soft => reason::SOFT,
            Reset::Lockup => reason::LOCKUP,
        };
        let rng = self.rng.after_reset();
        let wdt = gentle.then(|| self.wdt.clone()).filter(Wdt::is_running);
        self.rebuild(retained, wdt, now);
        self.rng = rng;
    }

    /// Power has come: everything but flash and UICR is as after power-on reset.
    pub fn power_on(&mut self, vdd: f64, now: Ticks) {
        self.clear_ram();
        self.rebuild(Retained::default(), None, now);
        self.set_vdd(vdd, now);
    }

    /// Power has gone: the pins float, RAM is lost, a flash operation is cut short.
    pub fn power_off(&mut self, now: Ticks) {
        self.wires.now = now;
        self.nvmc.lose_power(&mut self.wires);
        self.rebuild(Retained::default(), None, now);
        self.wires.vdd = 0.0;
    }

    fn rebuild(&mut self, retained: Retained, wdt: Option<Wdt>, now: Ticks) {
        let mut wires = std::mem::replace(&mut self.wires, Wires::new(Flash::erased(), now));
        let mut nvmc = std::mem::replace(&mut self.nvmc, Nvmc::new());
        wires.now = now;
        wires.gpio.reset(gpio::reserved(&wires.flash), now);
        wires.raised.clear();
        wires.watched = [0; 64];
        wires.power_fails = false;
        nvmc.reset();
        if wdt.is_none() {
            wires.lfclk = None;
        }
        let reactive = self.reactive;
        *self = Chip::with(wires, nvmc, retained);
        self.reactive = reactive;
        self.look();
        if let Some(wdt) = wdt {
            self.wdt = wdt;
            self.refresh(wdt::ID);
            self.look();
        }
    }

    /// Starts the chip's time over, from 0, while it has no power.
    pub fn reset_clock(&mut self) {
        self.power_off(Ticks(0));
        self.wires.now = Ticks(0);
    }

    /// The time up to which the chip has acted.
    pub fn now(&self) -> Ticks {
        self.wires.now
    }

    /// When the chip next has something to do, or to show: see [`Chip::advance`].
    pub fn next_event(&self) -> Ticks {
        self.next
    }

    /// Lets time pass until `to`, or until something happens that the board has to know at once: a
    /// pin of [`Chip::react_to`] changes what it drives, a byte has left, the watchdog bites, power
    /// is to be cut, or something is not modelled. With `lines`, an interrupt line that is not among
    /// them stops it too. Returns where it has stopped.
    pub fn advance(&mut self, to: Ticks, lines: Option<u64>) -> Ticks {
        while !self.attention && lines.is_none_or(|lines| self.interrupts == lines) {
            if !self.next_due(to) {
                self.wires.now = self.wires.now.max(to);
                break;
            }
        }
        self.wires.now
    }

    /// Lets time pass to `now` for an access from outside. What is due by then happens first, each at
    /// its own time: the core is up to an instruction ahead of its peripherals.
    fn pass(&mut self, now: Ticks) {
        while self.next_due(now) {}
        self.wires.now = self.wires.now.max(now);
    }

    /// Does what is due next, where that is not after `to`.
    #[inline]
    fn next_due(&mut self, to: Ticks) -> bool {
        let due = self.earliest;
        if due <= to {
            self.do_due(due, to);
        }
        due <= to
    }

    /// Does what is due next, at `due`; more where nobody hears of it until `to`.
    fn do_due(&mut self, due: Ticks, to: Ticks) {
        if self.play_alone(due, to) {
            return;
        }
        self.wires.now = self.wires.now.max(due);
        for (index, id) in TIMED.into_iter().enumerate() {
            if self.due[index] <= self.wires.now {
                if let Some((peripheral, wires)) = self.peripheral(id) {
                    peripheral.advance(wires);
                }
                self.touched(id);
            }
        }
    }

    /// Lets a PWM that is due first go on until `to`, or until another is due, where no other part of
    /// the chip and no interrupt hears of its periods and edges.
    fn play_alone(&mut self, due: Ticks, to: Ticks) -> bool {
        let Some((place, pwm)) = PWM_PLACES
            .into_iter()
            .zip(&mut self.pwms)
            .find(|(place, _)| self.due[*place] == due)
        else {
            return false;
        };
        let others = self.due.iter().enumerate();
        let others = others
            .filter(|(index, _)| *index != place)
            .map(|(_, due)| *due);
        let next = others.min().unwrap_or(Ticks::NEVER);
        let heard = self.gpiote.watched() | self.wires.gpio.inputs() | self.reactive;
        if next <= due || self.attention || !pwm.is_unheard(heard, &self.wires) {
            return false;
        }
        pwm.go_on(to.min(next - Ticks(1)), &mut self.wires);
        self.touched(TIMED[place]);
        true
    }

    /// Pins, one bit each (32 and up are port 1's), whose changes the board reacts to at once.
    pub fn react_to(&mut self, pins: u64) {
        self.reactive = pins;
    }

    /// Whether a pin has changed what it drives since [`Chip::drain_pins`].
    pub fn has_pins(&self) -> bool {
        self.wires.gpio.logged() != 0
    }

    /// Takes the pin changes since this was last called.
    pub fn drain_pins(&mut self) -> impl ExactSizeIterator<Item = PinChange> + '_ {
        self.wires.gpio.drain_log()
    }

    /// Takes the bytes that left by serial lines since this was last called.
    pub fn drain_serial(&mut self) -> impl Iterator<Item = SerialByte> + '_ {
        self.wires.serial_out.drain(..)
    }

    /// Whether the board has to look before time goes on.
    pub fn wants_attention(&self) -> bool {
        self.attention
    }

    /// The board has looked at everything: time may go on.
    pub fn attended(&mut self) {
        self.look();
    }

    /// Whether the watchdog wants the chip reset.
    pub fn watchdog_bites(&self) -> bool {
        self.wdt.bites()
    }

    /// Whether the power loss of [`Chip::cut_power_at`] is due.
    pub fn power_cut_is_due(&self) -> bool {
        self.nvmc.cut_is_due()
    }

    /// What happened by itself and is not modelled, if anything.
    pub fn gap(&self) -> Option<&str> {
        self.wires.gap.as_deref()
    }

    /// Orders power to be lost in the middle of the `nth` flash word write or page erase from now;
    /// 0 takes the order back.
    pub fn cut_power_at(&mut self, nth: u64) {
        self.nvmc.cut_power_at(nth);
    }

    /// Flash word writes and erases since the chip was made.
    pub fn flash_operations(&self) -> u64 {
        self.nvmc.operations()
    }

    /// Notes that something else than the core has written to `address`: decoded code may be stale.
    pub(crate) fn note_foreign_write(&mut self, address: u32) {
        let changes = if (address as usize) < FLASH_SIZE {
            &mut self.wires.code
        } else {
            &mut self.wires.ram_changes
        };
        changes.note(address, address.saturating_add(4));
    }

    /// Whether the page of flash at `address` is one with that of `other`, a fork of the same chip.
    pub(crate) fn shares_flash(&self, other: &Chip, address: u32) -> bool {
        self.wires.flash.shares(&other.wires.flash, address)
    }

    /// CTRL-AP ERASEALL: flash, UICR and RAM are erased.
    pub fn erase_all(&mut self) {
        self.wires.flash.erase_all();
        self.wires.code.note_all();
        self.clear_ram();
    }

    fn clear_ram(&mut self) {
        self.wires.ram.clear();
        let end = RAM_BASE + RAM_SIZE as u32;
        self.wires.ram_changes.note(RAM_BASE, end);
    }

    /// The `N` bytes of RAM at `address` on the system bus, without any effect; `None` elsewhere.
    pub(crate) fn ram<const N: usize>(&self, address: u32) -> Option<[u8; N]> {
        self.wires.ram.load(address.checked_sub(RAM_BASE)?)
    }

    /// Copies `bytes` into flash at `address`, as if it had left the factory so.
    pub fn load(&mut self, address: u32, bytes: &[u8]) {
        for (index, byte) in bytes.iter().enumerate() {
            let at = address + index as u32;
            let shift = 8 * (at & 3);
            let word = self.wires.flash.word(at & !3);
            let word = word & !(0xFF << shift) | u32::from(*byte) << shift;
            self.wires.flash.set_word(at & !3, word);
        }
        self.wires.code.note(address, address + bytes.len() as u32);
    }

    /// What the board does to the line of `pin` (32 and up are port 1's).
    pub fn set_line(&mut self, pin: u8, drive: Drive, now: Ticks) {
        self.pass(now);
        self.wires.gpio.set_outside(pin, drive, self.wires.now);
        self.touched(gpiote::ID);
    }

    /// Volts at an analogue input, 0 to 7.
    pub fn set_analog(&mut self, input: usize, volts: f64) {
        self.wires.analog[input] = volts;
    }

    /// Volts of VDD.
    pub fn set_vdd(&mut self, volts: f64, now: Ticks) {
        self.pass(now);
        self.wires.vdd = volts;
        self.clock_power.power.compare_supply(&mut self.wires);
        self.touched(clock::ID);
    }

    /// A byte has come in on the line of `pin`; each of its bits was `bit` long.
    pub fn serial_in(&mut self, pin: u8, byte: u8, bit: Ticks, now: Ticks) {
        self.pass(now);
        for index in 0..self.uartes.len() {
            if self.uartes[index].receive_pin() == Some(pin) {
                self.uartes[index].receive(byte, bit, &mut self.wires);
                self.touched([0x02, 0x28][index]);
            }
        }
    }

    /// Tells the chip what the core does, where it has changed.
    pub fn set_core_state(&mut self, asleep: bool, halted: bool, now: Ticks) {
        if (asleep, halted) != (self.wires.asleep, self.wires.halted) {
            (self.wires.asleep, self.wires.halted) = (asleep, halted);
            self.pass(now);
            self.wdt.core_changed(&self.wires);
            self.refresh(wdt::ID);
            self.look();
        }
    }

    fn peripheral(&mut self, id: u8) -> Option<(&mut dyn Peripheral, &mut Wires)> {
        let peripheral: &mut dyn Peripheral = match id {
            clock::ID => &mut self.clock_power,
            0x02 => &mut self.uartes[0],
            gpiote::ID => &mut self.gpiote,
            saadc::ID => &mut self.saadc,
            0x08..=0x0A => &mut self.timers[usize::from(id - 0x08)],
            0x0B => &mut self.rtcs[0],
            temp::ID => &mut self.temp,
            rng::ID => &mut self.rng,
            wdt::ID => &mut self.wdt,
            0x11 => &mut self.rtcs[1],
            0x14..=0x19 => &mut self.egus[usize::from(id - 0x14)],
            0x1A | 0x1B => &mut self.timers[usize::from(id - 0x1A) + 3],
            0x1C => &mut self.pwms[0],
            nvmc::ID => &mut self.nvmc,
            0x21 | 0x22 => &mut self.pwms[usize::from(id - 0x21) + 1],
            0x24 => &mut self.rtcs[2],
            0x28 => &mut self.uartes[1],
            0x2D => &mut self.pwms[3],
            _ => return None,
        };
        Some((peripheral, &mut self.wires))
    }

    /// Triggers a task on behalf of PPI. A function of its own, or the addresses of all peripherals are worked
    /// out for each event.
    #[inline(never)]
    fn trigger(&mut self, task: u32) {
        let (id, offset) = (task >> 12 & 0x3F, task & 0xFFF);
        let result = if id == u32::from(ppi::ID) {
            let result = self.ppi.task(offset, &mut self.wires);
            self.ppi_changed();
            result
        } else {
            match self.peripheral(id as u8) {
                Some((peripheral, wires)) => peripheral.task(offset, wires),
                None => Err(Gap),
            }
        };
        if result.is_err() {
            self.wires
                .stop(format!("{}, triggered by PPI", names::register(id, offset)));
        }
        self.refresh(id as u8);
    }

    /// PPI listens to other events than before.
    fn ppi_changed(&mut self) {
        for (index, place) in PWM_PLACES.into_iter().enumerate() {
            self.pwms[index].ppi_changed(&self.wires);
            self.refresh(TIMED[place]);
        }
    }

    /// Carries on what peripheral `id` has started: PPI, pin changes, interrupts, its next event.
    fn touched(&mut self, id: u8) {
        let mut routes = 0;
        loop {
            if self.wires.gpio.has_changes() {
                let changes = self.wires.gpio.take_changes();
                self.gpiote.pins_changed(changes, &mut self.wires);
                self.refresh(gpiote::ID);
            }
            let Some(event) = self.wires.raised.pop() else {
                break;
            };
            // All are known before the first task is done: it may switch channels.
            let mut channels = self.ppi.route(event);
            routes += 1;
            if routes > ROUTES_A_TICK {
                self.wires
                    .stop("an endless chain of events and tasks through PPI".into());
                self.wires.raised.clear();
                break;
            }
            while channels != 0 {
                let tasks = self.ppi.tasks(channels);
                channels &= channels - 1;
                for task in tasks.into_iter().filter(|task| *task != 0) {
                    self.trigger(task);
                }
            }
        }
        self.refresh(id);
        if matches!(id, clock::ID | wdt::ID) && self.wires.lfclk.is_some() {
            for (rtc, id) in self.rtcs.iter_mut().zip([0x0B_usize, 0x11, 0x24]) {
                rtc.lfclk_started(&self.wires);
                if let Some(index) = PLACE[id] {
                    self.due[usize::from(index)] = rtc.next_event();
                }
            }
        }
        self.look();
    }

    /// Notes when peripheral `id` is next due, and the level of its interrupt line.
    fn refresh(&mut self, id: u8) {
        let Some((peripheral, _)) = self.peripheral(id) else {
            return;
        };
        let (next, interrupt) = (peripheral.next_event(), peripheral.interrupt());
        if let Some(index) = PLACE[usize::from(id)] {
            self.due[usize::from(index)] = next;
        }
        self.interrupts = self.interrupts & !(1 << id) | u64::from(interrupt) << id;
    }

    /// Works out when to wake next, and whether the board has to look first.
    fn look(&mut self) {
        self.attention = self.wires.gpio.logged() & self.reactive != 0
            || !self.wires.serial_out.is_empty()
            || self.wires.gap.is_some()
            || self.wdt.bites()
            || self.nvmc.cut_is_due();
        self.earliest = self.due.iter().copied().min().unwrap_or(Ticks::NEVER);
        self.next = match self.attention {
            true => Ticks(0),
            false => self.earliest,
        };
    }
}

#[cfg(test)]
mod tests;
