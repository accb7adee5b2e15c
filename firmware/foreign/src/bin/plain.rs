//! A program without embassy: SysTick as the only clock, a pin set from its handler, and a busy main loop.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::{entry, exception};
use embassy_nrf::pac;

static MILLIS: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    let millis = MILLIS.load(Ordering::Relaxed) + 1;
    MILLIS.store(millis, Ordering::Relaxed);
    let pin = 1 << 15;
    if millis % 2 == 1 {
        pac::P0.outclr().write(|w| w.0 = pin);
    } else {
        pac::P0.outset().write(|w| w.0 = pin);
    }
}

#[entry]
fn main() -> ! {
    pac::P0.outset().write(|w| w.0 = 1 << 15);
    pac::P0.dirset().write(|w| w.0 = 1 << 15);
    let Some(core) = cortex_m::Peripherals::take() else {
        panic!();
    };
    let mut tick = core.SYST;
    tick.set_clock_source(SystClkSource::Core);
    tick.set_reload(64_000 - 1);
    tick.clear_current();
    tick.enable_counter();
    tick.enable_interrupt();
    let mut sum = 0_u32;
    while MILLIS.load(Ordering::Relaxed) < 50 {
        sum = sum.wrapping_mul(31).wrapping_add(7);
    }
    assert!(sum != 1);
    foreign::pass()
}
