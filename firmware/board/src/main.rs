//! The lock's firmware on an nRF52840: it shows the logic what the pins say, does what the logic
//! answers, and sleeps until an edge or the logic's next deadline.
#![no_std]
#![no_main]

mod beeper;
mod flash;
mod hub;
mod motor;
mod sampling;
mod sense;
mod wiring;

#[cfg(not(any(feature = "ten-key", feature = "five-key")))]
compile_error!("the lock's model is a feature: `ten-key` or `five-key`");
#[cfg(all(feature = "ten-key", feature = "five-key"))]
compile_error!("a lock has one model: `ten-key` or `five-key`, not both");

use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU32, Ordering};

use beeper::Beeper;
use defmt_rtt as _;
use embassy_executor::Spawner;
use embassy_futures::select::select;
use embassy_nrf::config::{Config, LfclkSource};
use embassy_nrf::gpio::Input;
use embassy_nrf::wdt::{self, HaltConfig, SleepConfig, Watchdog};
use embassy_nrf::{Peri, pac, peripherals};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use embassy_time::{Duration, Instant, TICK_HZ, Timer};
use flash::Flash;
use lock_journal::Journal;
use lock_logic::{BootReason, ContactSet, FIELD_BUGS, Inputs, Lasting, Lock, Model, Moment};
use motor::Motor;
use sense::Sense;
use wiring::{COUNT, Parts};

#[cfg(feature = "ten-key")]
const MODEL: Model = Model::TenKey;
#[cfg(feature = "five-key")]
const MODEL: Model = Model::FiveKey;

/// A hang is over within four seconds: the watchdog's three and a half, and the boot.
const WATCHDOG_TICKS: u32 = 32_768 * 7 / 2;
/// The idle lock wakes this often to feed the watchdog.
const LONGEST_SLEEP: Duration = Duration::from_secs(3);

/// A contact changed, or the hub sent something.
static CHANGE: Signal<CriticalSectionRawMutex, ()> = Signal::new();

/// What goes on over a restart. GPREGRET wouldn't do: the watchdog clears it (nRF52840 PS, "Reset
/// behavior"). RAM is as it was, or damaged, which the word's check tells.
// `unsafe`, as a section could be one that something else relies on: cortex-m-rt leaves this one to
// anybody, and at a reset as it is. The scenarios storage/hang-in-a-lockout and
// storage/hang-before-auto-lock go over it.
#[unsafe(link_section = ".uninit.lasting")]
static LASTING: AtomicU32 = AtomicU32::new(0);

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    defmt::error!("{}", defmt::Display2Format(info));
    cortex_m::peripheral::SCB::sys_reset()
}

/// Tells the main loop of every edge of one pin. It signals before it waits, so that what changed
/// while nobody waited is looked at too.
#[embassy_executor::task(pool_size = COUNT)]
async fn watch(mut pin: Input<'static>) {
    loop {
        CHANGE.signal(());
        pin.wait_for_any_edge().await;
    }
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let reason = boot_reason();
    let mut config = Config::default();
    // The RC oscillator runs at once; a crystal would have the lock wait for it at every boot.
    config.lfclk_source = LfclkSource::InternalRC;
    let mut parts = Parts::new(embassy_nrf::init(config));
    for pin in parts.contacts {
        match watch(pin) {
            Ok(task) => spawner.spawn(task),
            Err(_) => defmt::error!("no task left to watch a contact"),
        }
    }
    let mut motor = Motor::new(parts.motor);
    let mut beeper = Beeper::new(parts.beeper.0, parts.beeper.1);
    let mut sense = Sense::new(parts.sense.0, parts.sense.1, parts.sense.2);
    let mut watchdog = watchdog(parts.watchdog);
    hub::start(spawner, parts.hub.0, parts.hub.1, parts.hub.2);
    let (mut journal, kept) = Journal::open(Flash::new(parts.flash));
    defmt::info!(
        "lock {=str}, boot {=u8}, state legible {=bool}",
        env!("CARGO_PKG_VERSION"),
        reason as u8,
        kept.state.is_some()
    );
    // Told by their text, which has to be in the image for whoever looks for it.
    for bug in core::hint::black_box(FIELD_BUGS) {
        defmt::warn!("built with {=str}", bug);
    }
    let mut lock = Lock::new(MODEL, reason, kept, wiring::contacts());
    if matches!(reason, BootReason::Watchdog | BootReason::Software) {
        lock.resume(Lasting::from_word(LASTING.load(Ordering::Relaxed)));
    }
    let mut measured = None;
    let mut received = [0; hub::CHUNK];
    let mut glimpses = [(Moment::BOOT, ContactSet::NONE); flash::GLIMPSES];
    loop {
        if let Some(watchdog) = &mut watchdog {
            watchdog.pet();
        }
        let count = hub::take(&mut received);
        let seen = journal.flash_mut().take_seen(&mut glimpses);
        let inputs = Inputs {
            contacts: wiring::contacts(),
            glimpses: &glimpses[..seen],
            received: &received[..count],
            measured: measured.take(),
            braked: motor.braked(),
        };
        let ticks = Instant::now();
        let now = moment(ticks);
        let outputs = lock.step(now, inputs, &mut journal);
        LASTING.store(lock.lasting(now).to_word(), Ordering::Relaxed);
        motor.drive(outputs.bridge);
        parts.status.show(outputs.status);
        parts.keypad.show(outputs.keypad);
        beeper.sound(outputs.beeper);
        while let Some(frame) = lock.next_frame() {
            hub::send(frame);
        }
        if outputs.again || count == hub::CHUNK {
            continue;
        }
        if outputs.measure {
            measured = Some(sense.measure().await);
            continue;
        }
        let wake = wake(ticks, lock.next_deadline(now));
        select(CHANGE.wait(), Timer::at(wake)).await;
    }
}

/// Why the program runs. The chip collects reasons until they are cleared; none is power.
fn boot_reason() -> BootReason {
    let reasons = pac::POWER.resetreas().read();
    pac::POWER.resetreas().write_value(reasons);
    if reasons.0 == 0 {
        BootReason::PowerOn
    } else if reasons.dog() {
        BootReason::Watchdog
    } else if reasons.sreq() {
        BootReason::Software
    } else {
        BootReason::Other
    }
}

/// Starts the watchdog. It outlives a reset by software; one that runs otherwise is left to bite.
fn watchdog(watchdog: Peri<'static, peripherals::WDT>) -> Option<wdt::WatchdogHandle> {
    let mut config = wdt::Config::default();
    config.timeout_ticks = WATCHDOG_TICKS;
    config.action_during_sleep = SleepConfig::Run;
    config.action_during_debug_halt = HaltConfig::Pause;
    match Watchdog::try_new(watchdog, config) {
        Ok((_, [handle])) => Some(handle),
        Err(_) => {
            defmt::error!("another watchdog runs");
            None
        }
    }
}

fn now() -> Moment {
    moment(Instant::now())
}

/// A tick is 15625/512 microseconds.
const _: () = assert!(TICK_HZ * TICK_PARTS == PARTS * 1_000_000);
const TICK_PARTS: u64 = 15_625;
const PARTS: u64 = 512;

fn moment(at: Instant) -> Moment {
    Moment::from_micros(at.as_ticks() * TICK_PARTS / PARTS)
}

/// The tick at or after a deadline, and no later than the watchdog allows, counted from `now`: what
/// is left of so short a time divides as 32 bits.
fn wake(now: Instant, deadline: Option<Moment>) -> Instant {
    const LONGEST: u32 = (LONGEST_SLEEP.as_ticks() * TICK_PARTS) as u32;
    let Some(deadline) = deadline else {
        return now + LONGEST_SLEEP;
    };
    // In parts of a microsecond, as neither microseconds nor ticks are whole in the other.
    let left = (deadline.as_micros() * PARTS).saturating_sub(now.as_ticks() * TICK_PARTS);
    let left = u32::try_from(left).map_or(LONGEST, |left| left.min(LONGEST));
    now + Duration::from_ticks(u64::from(left.div_ceil(TICK_PARTS as u32)))
}
